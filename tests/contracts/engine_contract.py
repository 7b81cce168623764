"""The contract of every search engine: one suite, many engines.

A test class of an engine inherits EngineContract and gives the fixture
engine, which is usable and empty.
"""

from dataclasses import replace

import pytest

from search.engine import Engine
from search.entry import Entry, Facet, Page, Request, Sort
from search.errors import QueryRefused

ALL = frozenset({"public", "school", "closed"})
PUBLIC = frozenset({"public"})


def entry(name: str, title: str, **facts: object) -> Entry:
    """Return an entry for everybody, with these facts."""
    made = Entry(id=name, title=title, tags=PUBLIC)
    return replace(made, **facts)  # type: ignore[arg-type]


PHOTO = entry(
    "photo",
    "1956年師範學校附屬小學開學典禮合影",
    kind="photo",
    category="校史",
    reference_code="J019-ZP·1956·D30-001-001",
    reference_sort="J019 0001",
    people=("张三丰", "喆嬭"),
    place="圖書館前",
    creator="校办 赵六",
    summary="前排左起第三人为老校长，后排有大学教师。",
    first_year=1956,
    last_year=1956,
    date_sort="1956-09-01",
)
CLASS = entry(
    "class",
    "2019级3班毕业照",
    kind="photo",
    category="学生",
    reference_code="J019-ZP·2019·D30-001-002",
    reference_sort="J019 0002",
    people=("𠮷野", "李四"),
    first_year=2019,
    last_year=2019,
    date_sort="2019-06-30",
    extra="学 生 名 单：王 五，孙\n七。Ｃｌａｓｓ　Ｌｉｓｔ ＡＢＣ１２３",
)
MINUTES = entry(
    "minutes",
    "校务会议记录",
    kind="document",
    category="校史",
    number="校发〔1956〕12号",
    summary="讨论图书馆馆舍与学校操场。",
    extra="The Headmaster opened the meeting; graduates were present.",
    first_year=1950,
    last_year=1952,
    date_sort="1950-01-01",
)
UNDATED = entry("undated", "铜钟", kind="object", summary="操场里的旧钟")
CORPUS = (PHOTO, CLASS, MINUTES, UNDATED)


def ask(engine: Engine, text: str, *, tags: frozenset[str] = ALL, sort: Sort = Sort.RELEVANCE) -> list[str]:
    """Return the ids found, in order."""
    page = engine.find(Request(text, tags, sort=sort, page_size=100))
    return [hit.id for hit in page.hits]


def facet(page: Page, name: str) -> dict[str, int]:
    """Return the counts of one facet by value."""
    found = next(one for one in page.facets if one.name == name)
    return {value.value: value.count for value in found.values}


class EngineContract:
    """What every engine must do."""

    @pytest.fixture
    def engine(self) -> Engine:
        """Return a usable, empty engine."""
        raise NotImplementedError

    @pytest.fixture
    def filled(self, engine: Engine) -> Engine:
        """Return an engine that holds CORPUS."""
        engine.rebuild(CORPUS, 1)
        return engine

    # Chinese and other text

    @pytest.mark.parametrize(
        ("text", "ids"),
        [
            ("校", {"photo", "minutes"}),
            ("学校", {"photo", "minutes"}),
            ("學校", {"photo", "minutes"}),
            ("馆", {"photo", "minutes"}),
            ("館", {"photo", "minutes"}),
            ("里", {"undated"}),
            ("裏", {"undated"}),
            ("裡", {"undated"}),
            ("图书馆", {"photo", "minutes"}),
            ("師範学校附属小学", {"photo"}),
            ("师范附属", set()),
            ("2019级3班", {"class"}),
            ("３班", {"class"}),
            ("2019", {"class"}),
            ("喆嬭", {"photo"}),
            ("嬭", {"photo"}),
            ("𠮷", {"class"}),
            ("𠮷野", {"class"}),
            ("ＡＢＣ１２３", {"class"}),
            ("abc123", {"class"}),
            ("ABC123", {"class"}),
            ("abc", set()),
            ("headmaster", {"minutes"}),
            ("GRAD*", {"minutes"}),
            ("grad", set()),
            ("名单", {"class"}),
            ("王五", {"class"}),
            ("孙七", {"class"}),
            ("校发〔1956〕12号", {"minutes"}),
        ],
    )
    def test_finds_text(self, filled: Engine, text: str, ids: set[str]) -> None:
        """Any part of a Chinese sentence is found, in any width and script."""
        found = ask(filled, text)

        assert set(found) == ids

    @pytest.mark.parametrize(
        ("text", "ids"),
        [
            ("学校 合影", {"photo"}),
            ("学校 -合影", {"minutes"}),
            ("学校 -大学", {"minutes"}),
            ("-学校", {"class", "undated"}),
            ('"开学典礼合影"', {"photo"}),
            ('"headmaster opened"', {"minutes"}),
            ('"opened headmaster"', set()),
            ("合影|铜钟", {"photo", "undated"}),
            ("-合影|铜钟", {"class", "minutes"}),
            ("题名:学校", {"photo"}),
            ("題名：學校", {"photo"}),
            ("title:学校", {"photo"}),
            ("人物:张三", {"photo"}),
            ("人物:学校", set()),
            ("地点:图书馆", {"photo"}),
            ("责任者:赵六", {"photo"}),
            ("档号:J019", {"photo", "class"}),
            ("文号:12号", {"minutes"}),
            ("类别:校史", {"photo", "minutes"}),
            ("類別:校史", {"photo", "minutes"}),
            ("年:1956", {"photo"}),
            ("年:1951", {"minutes"}),
            ("1950..1959", {"photo", "minutes"}),
            ("年:1959-1950", {"photo", "minutes"}),
            ("2000..", {"class"}),
            ("..1952", {"minutes"}),
            ("照片 1956", set()),
            ("", {"photo", "class", "minutes", "undated"}),
            ("！？", set()),
        ],
    )
    def test_understands_the_grammar(self, filled: Engine, text: str, ids: set[str]) -> None:
        """Words, phrases, fields, years, or and not narrow what is found."""
        found = ask(filled, text)

        assert set(found) == ids

    def test_a_phrase_stays_in_its_field(self, engine: Engine) -> None:
        """The end of one field and the beginning of the next are no phrase."""
        engine.rebuild([entry("a", "运动", people=("会长", "员工"), summary="会场")], 1)

        assert ask(engine, "运动会") == []
        assert ask(engine, "长员") == []

    # Access

    @pytest.mark.parametrize(
        "text", ["access:*", "access:public", "tags:closed", "student:*", "access:closed 密"]
    )
    def test_e27_access_in_the_query_is_plain_text(self, engine: Engine, text: str) -> None:
        """A user cannot reach the access tags through his words."""
        engine.rebuild([entry("a", "密", tags=frozenset({"closed"})), entry("b", "操场")], 1)

        assert ask(engine, text, tags=PUBLIC) == []

    def test_an_entry_without_tags_is_found_by_nobody(self, engine: Engine) -> None:
        """No tag on the entry, or none with the reader, is no access."""
        engine.rebuild([entry("a", "操场", tags=frozenset()), entry("b", "操场")], 1)

        assert ask(engine, "操场") == ["b"]
        assert ask(engine, "操场", tags=frozenset()) == []

    @pytest.mark.parametrize("text", ["", "学校", "密", "校", "grad*", "操场 -密", "年:1956", "学校|密"])
    @pytest.mark.parametrize("sort", list(Sort))
    def test_e04_hidden_entries_change_no_answer(self, filled: Engine, text: str, sort: Sort) -> None:
        """Hits, order, totals, facets and snippets are as if they were not there."""
        requests = [
            Request(text, PUBLIC, sort=sort),
            Request(text, PUBLIC, sort=sort, page=2, page_size=1),
            Request(text, PUBLIC, (("category", "校史"),), sort),
        ]
        before = [filled.find(request) for request in requests]

        closed = frozenset({"closed"})
        hidden = [
            entry(f"{n}", "学校密密" * 9, tags=closed, category="密", extra="graduate gradual 操场 " * 30)
            for n in range(9)
        ]
        filled.replace(hidden, 2)

        assert [filled.find(request) for request in requests] == before
        assert len(ask(filled, "密")) == 9

    def test_e04_hidden_words_do_not_count_as_expansions(self, filled: Engine) -> None:
        """A prefix is not refused for words that only hidden entries hold."""
        words = " ".join(f"grad{n:04}" for n in range(250))
        filled.replace([entry("hidden", words, tags=frozenset({"closed"}))], 2)

        assert ask(filled, "grad*", tags=PUBLIC) == ["minutes"]
        with pytest.raises(QueryRefused) as refused:
            ask(filled, "grad*")
        assert refused.value.facts["limit"] == "expansions"

    # Order, pages, facets

    def test_a_hit_in_the_title_comes_first(self, engine: Engine) -> None:
        """Title before people, summary, full text, however often it is there."""
        engine.rebuild(
            [
                entry("extra", "一", extra="操场" * 50),
                entry("summary", "二", summary="操场操场操场"),
                entry("people", "三", people=("操场",)),
                entry("title", "四在操场"),
                entry("code", "五", reference_code="操场"),
            ],
            1,
        )

        assert ask(engine, "操场")[1:] == ["title", "people", "summary", "extra"]

    def test_the_exact_reference_code_comes_first(self, engine: Engine) -> None:
        """A whole reference code puts its entry before all others."""
        engine.rebuild(
            [
                entry("longer", "J019-ZP-1 与 J019-ZP-1", reference_code="J019-ZP-1-2"),
                entry("exact", "照片", reference_code="J019-ZP-1"),
            ],
            1,
        )

        assert ask(engine, "ｊ019-zp-1") == ["exact", "longer"]

    @pytest.mark.parametrize(
        ("sort", "ids"),
        [
            (Sort.DATE, ["minutes", "photo", "class", "undated"]),
            (Sort.DATE_DOWN, ["class", "photo", "minutes", "undated"]),
            (Sort.REFERENCE_CODE, ["photo", "class", "minutes", "undated"]),
        ],
    )
    def test_orders(self, filled: Engine, sort: Sort, ids: list[str]) -> None:
        """The undated and the uncoded stand last in every order."""
        assert ask(filled, "", sort=sort) == ids

    def test_pages_hold_everything_once(self, engine: Engine) -> None:
        """The pages one after another are the whole result."""
        engine.rebuild((entry(f"{n:03}", "操场", date_sort=str(n % 7)) for n in range(45)), 1)
        for sort in Sort:
            pages = [
                engine.find(Request("操场", PUBLIC, sort=sort, page=page, page_size=20)) for page in (1, 2, 3)
            ]
            ids = [hit.id for page in pages for hit in page.hits]

            assert [len(page.hits) for page in pages] == [20, 20, 5]
            assert ids == ask(engine, "操场", sort=sort)
            assert {page.total for page in pages} == {45}
            assert len(set(ids)) == 45

    @pytest.mark.parametrize(
        "request_",
        [
            Request("操场", PUBLIC, page=0),
            Request("操场", PUBLIC, page=501, page_size=20),
            Request("操场", PUBLIC, page_size=101),
            Request("操场", PUBLIC, page_size=0),
            Request("操场", PUBLIC, (("access", "closed"),)),
            Request("操" * 65, PUBLIC),
            Request("操 " * 101, PUBLIC),
            Request("操 " * 21, PUBLIC),
            Request("a*", PUBLIC),
        ],
    )
    def test_p20_over_a_limit_is_refused(self, filled: Engine, request_: Request) -> None:
        """Pages, sizes, filters and terms beyond the limits are refused with facts."""
        with pytest.raises(QueryRefused) as refused:
            filled.find(request_)

        assert refused.value.facts["limit"]

    def test_facets_count_the_whole_result(self, filled: Engine) -> None:
        """Facets are over all hits, not over the page; decades stand in time."""
        page = filled.find(Request("", ALL, page_size=1))

        assert facet(page, "category") == {"校史": 2, "学生": 1}
        assert facet(page, "kind") == {"photo": 2, "document": 1, "object": 1}
        assert list(facet(page, "decade").items()) == [("1950", 2), ("2010", 1), ("undated", 1)]
        assert all(isinstance(one, Facet) for one in page.facets)

    @pytest.mark.parametrize(
        ("filters", "ids"),
        [
            ((("category", "校史"),), {"photo", "minutes"}),
            ((("category", "校史"), ("kind", "photo")), {"photo"}),
            ((("category", "校史"), ("category", "学生")), {"photo", "minutes", "class"}),
            ((("decade", "1950"),), {"photo", "minutes"}),
            ((("decade", "undated"),), {"undated"}),
            ((("kind", "none"),), set()),
        ],
    )
    def test_filters_narrow(
        self, filled: Engine, filters: tuple[tuple[str, str], ...], ids: set[str]
    ) -> None:
        """Filters of two names both hold, two values of one name widen."""
        page = filled.find(Request("", ALL, filters))

        assert {hit.id for hit in page.hits} == ids
        assert page.total == len(ids)

    # Highlights

    def test_marks_what_was_asked(self, filled: Engine) -> None:
        """Title and snippet are the original text in pieces, the hits marked."""
        hit = filled.find(Request("学校 操场", ALL)).hits[0]

        assert hit.id == "minutes"
        assert "".join(mark.text for mark in hit.title) == MINUTES.title
        assert [mark.text for mark in hit.snippet if mark.hit] == ["学校", "操场"]

    def test_marks_the_original_characters(self, filled: Engine) -> None:
        """The marked piece is what was typed, not its folded form."""
        hit = filled.find(Request("学校", ALL)).hits[0]

        assert [mark.text for mark in hit.title if mark.hit] == ["學校"]

    # Changes

    def test_replace_puts_in_place(self, filled: Engine) -> None:
        """An entry of the same id takes the place of the old one."""
        count = filled.replace([entry("photo", "礼堂"), entry("new", "礼堂")], 7)

        assert count == 2
        assert set(ask(filled, "礼堂")) == {"photo", "new"}
        assert "photo" not in ask(filled, "典礼")
        assert filled.health().count == 5
        assert filled.health().generation == 7

    def test_replace_of_twins_keeps_the_last(self, filled: Engine) -> None:
        """The same id twice in one batch is one entry."""
        filled.replace([entry("x", "礼堂"), entry("x", "食堂")], 2)

        assert ask(filled, "礼堂") == []
        assert ask(filled, "食堂") == ["x"]

    def test_rebuild_of_twins_keeps_the_last(self, engine: Engine) -> None:
        """The same id twice in a rebuild is one entry."""
        count = engine.rebuild([entry("x", "礼堂"), entry("y", "礼堂"), entry("x", "食堂")], 2)

        assert count == 2
        assert ask(engine, "礼堂") == ["y"]
        assert ask(engine, "食堂") == ["x"]

    def test_a_failed_replace_changes_nothing(self, filled: Engine) -> None:
        """If the entries break off in the middle none of them is found."""

        def broken() -> object:
            yield entry("new", "礼堂")
            raise RuntimeError("catalogue is gone")

        with pytest.raises(RuntimeError):
            filled.replace(broken(), 9)  # type: ignore[arg-type]

        assert ask(filled, "礼堂") == []
        assert filled.health().generation == 1

    def test_remove_forgets(self, filled: Engine) -> None:
        """Removed entries are gone; unknown ids are no error."""
        filled.remove(["photo", "nobody"], 3)

        assert "photo" not in ask(filled, "")
        assert filled.health().count == 3
        assert filled.health().generation == 3

    def test_rebuild_forgets_the_rest(self, filled: Engine) -> None:
        """After a rebuild only its entries are there."""
        filled.rebuild([UNDATED], 5)

        assert ask(filled, "") == ["undated"]
        assert filled.health().count == 1
        assert filled.health().generation == 5

    def test_an_empty_index_answers(self, engine: Engine) -> None:
        """Nothing indexed is no error."""
        engine.rebuild([], 0)

        assert ask(engine, "学校") == []
        assert engine.health().usable

    def test_many_small_changes_add_up(self, engine: Engine) -> None:
        """Entries added one by one, changed and removed, are all as last said."""
        engine.rebuild([], 0)
        for n in range(30):
            engine.replace([entry(f"{n}", f"第{n}件 操场")], n)
        for n in range(0, 30, 3):
            engine.replace([entry(f"{n}", f"第{n}件 礼堂")], 100 + n)
        engine.remove([f"{n}" for n in range(1, 30, 3)], 200)

        assert set(ask(engine, "操场")) == {f"{n}" for n in range(2, 30, 3)}
        assert set(ask(engine, "礼堂")) == {f"{n}" for n in range(0, 30, 3)}
        assert engine.health().count == 20
