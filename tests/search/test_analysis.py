"""Analysis: folding keeps offsets, units and tokens agree."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from search.analysis import Unit, spread, squeeze, units
from search.fields import BAND, BANDS, FIELD_OF, band_at, decade, tokens, weight
from search.folding import fold
from tests.contracts.engine_entries import CLASS, UNDATED, entry
from tests.search.corpora import naughty


def _texts(text: str) -> list[str]:
    return [unit.text for unit in units(text)]


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("學校", "学校"),
        ("圖書館", "图书馆"),
        ("裏裡", "里里"),
        ("衞爲羣峯", "卫为群峰"),
        ("ＡＢＣ１２３", "abc123"),
        ("二〇一九", "二零一九"),
        ("一九五○", "一九五零"),
        ("École", "ecole"),
        ("學　校", "学 校"),
    ],
)
def test_folds_to_one_form(one: str, other: str) -> None:
    """Scripts, widths, capitals and accents are one."""
    assert fold(one) == fold(other)


@given(st.text())
def test_folding_keeps_offsets_and_is_stable(text: str) -> None:
    """The folded text is as long as the text, and folding again changes nothing."""
    folded = fold(text)

    assert len(folded) == len(text)
    assert fold(folded) == folded


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2019级3班", ["2019", "级", "3", "班"]),
        ("Hello, IMG_12!", ["hello", "img", "12"]),
        ("喆嬭𠮷", [fold("喆"), fold("嬭"), "𠮷"]),
        ("Cafe\u0301 au lait", ["cafe", "au", "lait"]),
        ("葛\U000e0100城", ["葛", "城"]),
        ("零\u200b宽", ["零", "宽"]),
        ("かな カナ 한국", ["か", "な", "カ", "ナ", "한", "국"]),
        ("，。！？", []),
        ("", []),
    ],
)
def test_cuts_into_units(text: str, expected: list[str]) -> None:
    """Chinese characters are units of one, other words whole."""
    assert _texts(text) == expected


def test_ocr_spaces_do_not_part_chinese() -> None:
    """Spaces and one line break inside a Chinese run leave it together."""
    places = [unit.position for unit in units("学 校\u3000图\n书，馆\n\n长")]

    assert places == [0, 1, 2, 3, 5, 7]


def test_offsets_are_those_of_the_original() -> None:
    """Start and end cut the unit out of what was typed."""
    text = "ＡＢＣ，學 校𠮷"

    assert [text[unit.start:unit.end] for unit in units(text)] == ["ＡＢＣ", "學", "校", "𠮷"]


def _expected(found: list[Unit]) -> dict[str, list[int]]:
    tokens_: dict[str, list[int]] = {}
    for unit in found:
        tokens_.setdefault(unit.text, []).append(unit.position)
    for unit, after in zip(found, found[1:], strict=False):
        if unit.wide and after.wide and after.position == unit.position + 1:
            tokens_.setdefault(unit.text + after.text, []).append(unit.position)
    return tokens_


@given(st.text(alphabet="学校圖書館里裏𠮷aB1 ２\n\t,，-\u0301\u200b_|", max_size=60))
def test_tokens_are_the_units_and_their_pairs(text: str) -> None:
    """The quick way that fills the index gives what the units say."""
    quick: dict[str, list[int]] = {}
    spread(text, 0, 1000, quick)

    assert quick == _expected(list(units(text)))


@given(st.text(alphabet="学校aB ，", max_size=40), st.integers(0, 12))
def test_a_limit_cuts_the_end_off(text: str, limit: int) -> None:
    """With a limit only the units before it are there."""
    quick: dict[str, list[int]] = {}
    spread(text, 0, limit, quick)
    short = [unit for unit in units(text) if unit.position < limit]

    assert quick == _expected(short)


def test_naughty_strings_are_analysed() -> None:
    """No string breaks the analysis."""
    for text in naughty():
        assert len(fold(text)) == len(text)
        assert all(unit.text for unit in units(text))


def test_bands_follow_each_other_by_tier() -> None:
    """Bands do not overlap, the higher tier stands first, three bytes hold all."""
    ends = [band.start + band.size for band in BANDS]

    assert [band.start for band in BANDS[1:]] == ends[:-1]
    assert [band.tier for band in BANDS] == sorted((band.tier for band in BANDS), reverse=True)
    assert ends[-1] <= 1 << 24
    assert all(band_at(band.start) is band and band_at(band.start + band.size - 1) is band for band in BANDS)


def test_field_names_are_known_in_both_scripts() -> None:
    """A field is named in Chinese of either script or in English."""
    names = ("題名", "题名", "TITLE", "責任者", "檔號", "類別", "年")

    assert [FIELD_OF[fold(name)] for name in names] == [
        "title",
        "title",
        "title",
        "creator",
        "code",
        "category",
        "year",
    ]


def test_tokens_of_an_entry_lie_in_their_bands() -> None:
    """The position of a token tells its field."""
    found = tokens(CLASS)

    assert band_at(found["毕业"][0]) == BAND["title"]
    assert band_at(found["𠮷野"][0]) == BAND["people"]
    assert {band_at(place).name for place in found["2019"]} == {"title", "code", "year"}


def test_a_weight_is_of_its_tier() -> None:
    """Many hits in a low tier weigh less than one in a higher."""
    title, summary, extra = BAND["title"].start, BAND["summary"].start, BAND["extra"].start

    assert weight([title]) > weight([summary, summary + 1] * 500) > weight([extra]) > 0
    assert weight([title, extra]) > weight([title])


def test_decades() -> None:
    """The decade is that of the first year known."""
    assert decade(CLASS) == "2010"
    assert decade(UNDATED) == "undated"
    assert decade(entry("a", "b", last_year=1949)) == "1940"


def test_squeeze_compares_codes() -> None:
    """Codes are compared without width, capitals and spaces."""
    assert squeeze("Ｊ019 - zp") == "j019-zp"
