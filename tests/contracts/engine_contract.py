"""The contract of engines: one suite, many engines.

A test class of an engine inherits EngineContract and gives the fixture
engine, which is usable and empty.
"""

import pytest

from search.engine import Engine
from search.entry import Request, Sort
from search.errors import QueryRefused
from tests.contracts.engine_entries import PUBLIC, ask, entry
from tests.contracts.engine_results import ResultContract


class EngineContract(ResultContract):
    """What every engine must do: find text, keep access."""

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
