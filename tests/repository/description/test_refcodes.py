"""Reference codes: the examples of DA/T 13-2022, look-alikes, sorting."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from repository.description.errors import ReferenceCodeRefused
from repository.description.refcodes import (
    compose_item,
    is_valid,
    next_number,
    normalise_code,
    parse,
    sort_key,
)

EXAMPLES = [
    ("J019-ZY·JC·CC·2019·D30-001-001", "ZY", "2019", "D30", ("001", "001")),
    ("J019-KU·01·2017-001-001", "KU", "2017", "", ("001", "001")),
    ("A002-RS-001-002", "RS", "", "", ("001", "002")),
    ("X032-KJ·JJ·02-005-054", "KJ", "", "", ("005", "054")),
    ("K021-ZP·2019·D30-025-005", "ZP", "2019", "D30", ("025", "005")),
    ("A439-WS·2015·D30·003-005", "WS", "2015", "D30", ("005",)),
    ("Z109-WS·2011·Y·办公室-0001", "WS", "2011", "Y", ("0001",)),
    ("Z008-WS·2019·Y-037", "WS", "2019", "Y", ("037",)),
    ("J019-LY·2019·Y-001", "LY", "2019", "Y", ("001",)),
    ("C015-WY·TZGG·2019·D10-00001", "WY", "2019", "D10", ("00001",)),
    ("B168-SW·2015·Y-001", "SW", "2015", "Y", ("001",)),
    ("2019-SX11-001-001", "SX", "2019", "", ("001", "001")),
    ("J019-2019-SX11-001-001", "SX", "2019", "", ("001", "001")),
]


@pytest.mark.parametrize(("code", "main", "year", "retention", "numbers"), EXAMPLES)
def test_examples_of_the_standard(
    code: str, main: str, year: str, retention: str, numbers: tuple[str, ...]
) -> None:
    """Each published example is taken apart and put together again."""
    found = parse(code)

    assert str(found) == code and is_valid(code)
    assert (found.main_class, found.year, found.retention, found.numbers) == (main, year, retention, numbers)
    assert f"{found.scope}-{found.item}" == code


@pytest.mark.parametrize("dot", ["·", "•", "・", "．", ".", "‧", "∙", "･"])
@pytest.mark.parametrize("dash", ["-", "－", "—", "–", "‐", "−", "——"])
def test_look_alikes_are_understood(dot: str, dash: str) -> None:
    """Any dot and any dash that a keyboard gives leads to the one right code."""
    typed = f" j019{dash}sx{dot}１９７８{dot}y {dash} 0001"

    assert normalise_code(typed) == "J019-SX·1978·Y-0001"
    assert str(parse(typed)) == "J019-SX·1978·Y-0001"


@pytest.mark.parametrize(
    ("code", "reason"),
    [("", "length"), ("A" * 101, "length"), ("J019", "levels"), ("J019-SX", "levels"), ("2019", "levels"),
     ("J019-SX-1-2-3-4", "levels"), ("19-SX-1", "fonds"), ("JJ19-SX-1", "fonds"), ("J019-sx!-1", "category"),
     ("J019-1978-Y-0001", "category"), ("J019-SX··Y-1", "category"), ("J019-SX·1978·Y-", "number"),
     ("J019-SX·1978·Y-A1", "number"), ("J019--1", "levels"), ("J019-声像-1", "category")],
)
def test_broken_codes_are_refused_with_the_reason(code: str, reason: str) -> None:
    """What breaks the pattern is refused, and the part is named."""
    with pytest.raises(ReferenceCodeRefused) as refused:
        parse(code)

    assert refused.value.facts["reason"] == reason
    assert not is_valid(code)


def test_compose_item() -> None:
    """A code is composed in the order class, year, retention; parts that are not there are left out."""

    assert compose_item("J019", "SX", year="1978", retention="Y", number=1) == "J019-SX·1978·Y-0001"
    assert compose_item("J019", "SX", year="", retention="D30", number=12, width=3) == "J019-SX·D30-012"
    assert compose_item("J019", "SX", year="1978", retention="Y", number=12345) == "J019-SX·1978·Y-12345"


@pytest.mark.parametrize(
    ("fonds", "category", "number"), [("19", "SX", 1), ("J019", "", 1), ("J019", "SX", 0), ("J019", "sx", 1)]
)
def test_bad_parts_are_not_composed(fonds: str, category: str, number: int) -> None:
    """A part that breaks the pattern is refused."""
    with pytest.raises(ReferenceCodeRefused):
        compose_item(fonds, category, year="", retention="", number=number)


def test_next_number_counts_inside_its_scope() -> None:
    """The next number is one more than the largest, look-alikes included, other scopes and parts apart."""
    codes = ("J019-SX·1978·Y-0009", "J019-SX.1978.Y-0010", "J019-SX·1979·Y-0400", "J019-SX·1978·Y-0500-001")

    assert next_number(codes, "J019-SX·1978·Y") == 11
    assert next_number((), "J019-SX·1978·Y") == 1


def test_codes_sort_by_parts() -> None:
    """Numbers sort as numbers, a shorter code before its continuation, whatever dots were typed."""
    right = ["A001-SX-1", "A001-SX·1978·D10-2", "A001-SX·1978·Y-2", "A001-SX.1978.Y-10",
             "A001-SX·1978·Y-10-1",
             "A001-SX·1979·Y-1", "A001-SX2-1", "A001-SX11-1", "A002-SX-1"]

    assert sorted(reversed(right), key=sort_key) == right


valid = st.builds(
    compose_item,
    st.from_regex(r"[A-Z][0-9]{3}", fullmatch=True),
    st.from_regex(r"[A-CE-XZ][A-Z]{0,3}[0-9]{0,4}", fullmatch=True),
    year=st.one_of(st.just(""), st.integers(1800, 2099).map(str)),
    retention=st.sampled_from(["", "Y", "D30", "D10"]),
    number=st.integers(1, 999_999),
)


@settings(deadline=None)
@given(valid)
def test_composed_codes_are_parsed_back(code: str) -> None:
    """Whatever is composed is valid, stable under tidying and comes back the same."""

    assert str(parse(code)) == code == normalise_code(code)


@settings(deadline=None)
@given(st.integers(1, 999_999), st.integers(1, 999_999))
def test_item_numbers_sort_as_numbers(one: int, other: int) -> None:
    """Inside a scope the sort key follows the number, however it was padded."""
    first, second = (sort_key(f"J019-SX·1978·Y-{number}") for number in (one, other))

    assert (first < second) == (one < other)
    assert sort_key(f"J019-SX·1978·Y-{one:06d}") == first


@settings(deadline=None)
@given(st.text(max_size=40))
def test_any_text_is_parsed_or_refused(text: str) -> None:
    """No text makes anything else than a code or a refusal; the sort key is always there."""
    assert isinstance(sort_key(text), str)
    try:
        found = parse(text)
    except ReferenceCodeRefused:
        return

    assert parse(str(found)) == found
