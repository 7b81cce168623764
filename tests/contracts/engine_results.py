"""The contract of engines: orders, pages, facets, changes."""

import pytest

from search.engine import Engine
from search.entry import Facet, Request, Sort
from search.errors import QueryRefused
from tests.contracts.engine_entries import ALL, MINUTES, PUBLIC, UNDATED, EngineFixtures, ask, entry, facet


class ResultContract(EngineFixtures):
    """What every engine must do with what it found and was told."""

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
