"""Grammar: a query tree for any text, or QueryRefused."""

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from search.analysis import units
from search.errors import QueryRefused
from search.grammar import MAX_CLAUSES, CategoryIs, Clause, Query, Words, Years, parse
from tests.search.corpora import naughty


def _words(text: str, field: str = "", *, prefix: bool = False) -> Words:
    found = list(units(text))
    return Words(
        units=tuple(unit.text for unit in found),
        offsets=tuple(unit.position for unit in found),
        wide=tuple(unit.wide for unit in found),
        field=field,
        prefix=prefix,
    )


@pytest.mark.parametrize(
    ("text", "clauses"),
    [
        ("毕业 合影", [Clause((_words("毕业"),)), Clause((_words("合影"),))]),
        ("毕业　合影", [Clause((_words("毕业"),)), Clause((_words("合影"),))]),
        ('"first class"', [Clause((_words("first class"),))]),
        ("“开学 典礼”", [Clause((_words("开学 典礼"),))]),
        ('"开口', [Clause((_words("开口"),))]),
        ("-合影", [Clause((_words("合影"),), True)]),
        ("－合影", [Clause((_words("合影"),), True)]),
        ("J019-ZP", [Clause((_words("J019-ZP"),))]),
        ("a1|b1 c1", [Clause((_words("a1"), _words("b1"))), Clause((_words("c1"),))]),
        ("照片 ｜ 合影", [Clause((_words("照片"), _words("合影")))]),
        ("题名:合影", [Clause((_words("合影", "title"),))]),
        ("Ｔｉｔｌｅ：合影", [Clause((_words("合影", "title"),))]),
        ('人物:"张 三"', [Clause((_words("张 三", "people"),))]),
        ("-题名:合影", [Clause((_words("合影", "title"),), True)]),
        ("access:*", [Clause((_words("access"),))]),
        ("access:public", [Clause((_words("access:public"),))]),
        ("grad*", [Clause((_words("grad", prefix=True),))]),
        ("ｇｒａｄ＊", [Clause((_words("grad", prefix=True),))]),
        ("张*", [Clause((_words("张"),))]),
        ("张三ab*", [Clause((_words("张三ab", prefix=True),))]),
        ("1950..1959", [Clause((Years(1950, 1959),))]),
        ("１９５０..1959", [Clause((Years(1950, 1959),))]),
        ("1959..1950", [Clause((Years(1950, 1959),))]),
        ("1950..", [Clause((Years(1950, None),))]),
        ("年:1956", [Clause((Years(1956, 1956),))]),
        ("年：1950-1959", [Clause((Years(1950, 1959),))]),
        ("年度:1956年", [Clause((Years(1956, 1956),))]),
        ("年:五六", [Clause((_words("年:五六"),))]),
        ("..", []),
        ("类别:学生", [Clause((CategoryIs("学生"),))]),
        ("| | |", []),
        ("- * \" : ：", []),
    ],
)
def test_reads_the_language(text: str, clauses: list[Clause]) -> None:
    """Each form of the language has its tree."""
    assert list(parse(text).clauses) == clauses


def test_empty_is_everything_and_signs_are_nothing() -> None:
    """No text asks for all; a text of signs only asks for nothing."""
    assert parse("  ") == Query()
    assert parse("!!!").nothing
    assert not parse("").nothing


@pytest.mark.parametrize(
    ("text", "limit"),
    [
        ("操" * 65, "term"),
        ('"' + "操" * 65 + '"', "term"),
        ("操 " * 101, "query"),
        ("操" * 50_000, "query"),
        ("(" * 2000, "query"),
        ("操 " * (MAX_CLAUSES + 1), "clauses"),
        ("|".join(["操"] * (MAX_CLAUSES + 1)), "clauses"),
        ("w*", "prefix"),
        ("题名:w*", "prefix"),
        ("校w*", "prefix"),
    ],
)
def test_e28_limits_are_refused_with_facts(text: str, limit: str) -> None:
    """Long queries, long terms, many clauses and short prefixes are refused."""
    with pytest.raises(QueryRefused) as refused:
        parse(text)

    assert refused.value.facts["limit"] == limit
    assert refused.value.code == "SE-001"


@given(st.text(max_size=220) | st.text(alphabet='学a1 -"“”:：|｜*.题名年类别()[]{}\\~^\u3000\n', max_size=220))
@example("\ud800:\x00*")
@example("년:..")
def test_parse_raises_nothing_but_refusals(text: str) -> None:
    """Whatever is written is a tree or is refused."""
    try:
        query = parse(text)
    except QueryRefused as refused:
        assert refused.facts
        return
    assert all(part for clause in query.clauses for part in clause.options)
    assert all(words.units for words in query.words())


def test_e27_naughty_strings_are_plain_text() -> None:
    """Strings that break programs are parsed or refused like any other."""
    for text in naughty():
        try:
            parse(text)
        except QueryRefused as refused:
            assert refused.facts["limit"] in ("query", "term", "clauses", "prefix")
