"""Dates: what people write, what is understood, what is refused."""

from datetime import date

import pytest
from edtf import parse_edtf
from hypothesis import given, settings
from hypothesis import strategies as st

from repository.description.date_labels import humanise
from repository.description.dates import Certainty, date_from_edtf, parse_date
from repository.description.edtf_values import bounds
from repository.description.errors import (
    DateAmbiguous,
    DateRefused,
    DatesBackwards,
    DateUnreadable,
    NoSuchDay,
)

READ = [
    ("1978", "1978"), ("1978年", "1978"), ("1978年度", "1978"), ("公元1978年", "1978"), ("一九七八年", "1978"),
    ("二〇〇八年", "2008"), ("二○○八年", "2008"), ("二零零八年五月十二日", "2008-05-12"), ("１９７８年５月", "1978-05"),
    ("1978-05", "1978-05"), ("1978.5", "1978-05"), ("1978/5", "1978-05"), ("197805", "1978-05"),
    ("1978-05-01", "1978-05-01"), ("1978-5-1", "1978-05-01"), ("1978.5.1", "1978-05-01"),
    ("1978/5/1", "1978-05-01"), ("1978、5、1", "1978-05-01"), ("1978 5 1", "1978-05-01"),
    ("19780501", "1978-05-01"), ("1978年5月1日", "1978-05-01"), ("1978 年 5 月 1 日", "1978-05-01"),
    ("1978年5月1号", "1978-05-01"), ("一九七八年十二月三十一日", "1978-12-31"), ("1978年5月1日（星期一）", "1978-05-01"),
    ("2008-05-12 00:00:00", "2008-05-12"), ("2008-05-12T10:20:30+08:00", "2008-05-12"),
    ("19780500", "1978-05"), ("19780000", "1978"), ("1978年 月 日", "1978"), ("1978年5月 日", "1978-05"),
    ("2024-02-29", "2024-02-29"), ("摄于1956年春", "1956-21"), ("（1956年）", "1956"),
    ("约1956年", "1956~"), ("大约1956年5月", "1956-05~"), ("1956年前后", "1956~"), ("1956年左右", "1956~"),
    ("约摄于1956年", "1956~"), ("約1956年", "1956~"), ("ca. 1956", "1956~"), ("1956年(约)", "1956~"),
    ("1956?", "1956?"), ("1956年？", "1956?"), ("1956年（存疑）", "1956?"), ("可能1956年", "1956?"),
    ("约1956年?", "1956%"), ("[1978]", "1978?"), ("[19780501]", "1978-05-01?"),
    ("五十年代", "195X"), ("50年代", "195X"), ("1950年代", "195X"), ("20世纪50年代", "195X"), ("1950s", "195X"),
    ("二十世纪五十年代", "195X"), ("上世纪八十年代", "198X"), ("约五十年代", "195X~"), ("195?年", "195X"),
    ("19××年", "19XX"), ("20世纪", "19XX"), ("五六十年代", "195X/196X"), ("五、六十年代", "195X/196X"),
    ("五十年代初", "1950~/1953~"), ("1950年代末期", "1957~/1959~"), ("五十年代末至六十年代初", "1957~/1963~"),
    ("1950—60年代", "195X/196X"), ("1948年5月(民国三十七年)", "1948-05"), ("1956年以前", "[..1956]"), ("1956年之前",
                                                                                          "[..1956]"),
    ("1956年前", "[..1956]"), ("不晚于1956年", "[..1956]"),
    ("1956年以后", "[1956..]"), ("1956年后", "[1956..]"), ("不早于1956年", "[1956..]"), ("解放前", "[..1949]"),
    ("五十年代以前", "[..195X]"), ("1956年起", "1956/.."), ("1956年至今", "1956/.."), ("1963年9月1日—", "1963-09-01/.."),
    ("至1956年", "../1956"), ("1950年和1956年之间", "[1950..1956]"), ("1956年或1957年", "[1956,1957]"),
    ("1950—1956", "1950/1956"), ("1950-1956", "1950/1956"), ("1950~1956", "1950/1956"), ("1950～1956年",
                                                                                         "1950/1956"),
    ("1950年至1956年", "1950/1956"), ("1956-58", "1956/1958"), ("1978/79", "1978/1979"), ("文革期间", "1966/1976"),
    ("1978年5月1日至3日", "1978-05-01/1978-05-03"), ("1978年5月1—3日", "1978-05-01/1978-05-03"),
    ("1978年5—7月", "1978-05/1978-07"), ("1978年5月-7月", "1978-05/1978-07"), ("1978年春至秋", "1978-21/1978-23"),
    ("1978年9月—1979年7月", "1978-09/1979-07"), ("1978.9-1979.7", "1978-09/1979-07"),
    ("1978.5.1-5.3", "1978-05-01/1978-05-03"), ("1956/1/1-1956/2/2", "1956-01-01/1956-02-02"),
    ("20080512-20080513", "2008-05-12/2008-05-13"), ("1978年5月上旬", "1978-05-01/1978-05-10"),
    ("1978年2月下旬", "1978-02-21/1978-02-28"), ("1980年2月下旬", "1980-02-21/1980-02-29"),
    ("1978年上半年", "1978-01/1978-06"), ("1978年底", "1978-12~"), ("1978年冬", "1978-24"), ("1978年夏季", "1978-22"),
    ("民国三十七年", "1948"), ("民國三十七年", "1948"), ("中華民國三十七年", "1948"), ("民国元年", "1912"),
    ("民国37年5月", "1948-05"), ("民国37年5月6日", "1948-05-06"), ("民国三十六年至三十八年", "1947/1949"),
    ("民国三十七年（1948年5月）", "1948-05"), ("光绪三十年", "1904"), ("宣统元年", "1909"), ("光绪三十年五月", "1904~"),
    ("光绪三十年十二月", "[1904,1905]"), ("光绪三十年(1904年)", "1904"),
    ("1978届", "1978"), ("七八届", "1978"), ("七八级", "1978"), ("1978届高中毕业生", "1978"), ("08届", "2008?"),
    ("78-82级", "1978/1982"), ("78年5月", "1978-05"), ("六七年", "1967"),
    ("1978-1979学年", "1978/1979"), ("1978学年", "1978/1979"), ("1978—1979学年度第一学期", "1978-09~/1979-01~"),
    ("1978-1979学年下学期", "1979-02~/1979-07~"), ("1978年×月×日", "1978-XX-XX"), ("1978年5月×日", "1978-05-XX"),
    ("1956~", "1956~"), ("195X", "195X"), ("[1955..1958]", "[1955..1958]"), ("1956/1958", "1956/1958"),
    ("../1950", "../1950"), ("1950/..", "1950/.."), ("{1955,1957}", "{1955,1957}"), ("1978-21", "1978-21"),
]

UNDATED = ["", "  ", "年代不详", "不详", "未知", "时间不详", "无", "-", "/", "？", "unknown", "n.d.", "XXXX"]

UNREADABLE = [
    "昨天", "5月1日", "十月", "农历五月", "第15届", "30年前", "五十年前", "78年前", "约", "至", "约约约", "-0500", "Y17000",
    "1978年国庆", "50—56年", "1950—1951—1952", "1950或1951或1952", "1950—" * 20, "197O年", "196几年", "78.5.1",
    "1978-5-",
    "公元前100年", "1978-02-3X", "1X78", "X978", "195X-05", "[..]", "[]", "1950/1951/1952", "一" * 100, "9" * 101,
    "{" + ",".join(["1950"] * 18) + "}",
    "1978S2", "1956年以前起", "卅卅年", "1978-XX-01", "廿十年", "一二十年", "三廿年", "约年代不详", "１" * 60, "٣٤٥٦", "①978年",
]

NO_SUCH_DAY = [
    "1978-02-30", "2023-02-29", "1900-02-29", "1978年6月31日", "19780231", "1978-13", "1978.21", "197821",
    "1978年13月", "1978-13-XX", "1978-00", "1978-00-00",
    "19780005", "民国三十七年十三月", "民国0年", "光绪五十年", "7805", "0978", "1978-1980学年",
    "1978年21月上旬", "1956-05-32", "1978年0月上旬",
]

AMBIGUOUS = ["二三十年代", "1920-24", "5/1/1978", "01.05.1978", "37年5月", "二十年代", "10年代", "五十年", "民国三十七年(1949年)"]

BACKWARDS = ["1956/1950", "1956年至1950年", "1998—02", "1978年5月3日至1日", "[1956..1950]"]


@pytest.mark.parametrize(("written", "edtf"), READ)
def test_written_dates_become_edtf(written: str, edtf: str) -> None:
    """Each form of the table is understood, shown as written, and lies within its own bounds."""
    found = parse_date(written)

    assert found.edtf == edtf
    assert found.text == written.strip()
    assert found.sort <= (bounds(edtf).last or "9")
    assert len(found.sort) == 10


@pytest.mark.parametrize("written", UNDATED)
def test_undated_is_a_value_of_its_own(written: str) -> None:
    """An undated thing has no year at all, never the year 0."""
    found = parse_date(written)

    assert found.is_undated
    assert (found.edtf, found.first_year, found.last_year, found.sort) == ("", None, None, "")


@pytest.mark.parametrize("written", UNREADABLE)
def test_unknown_forms_are_refused(written: str) -> None:
    """A form that is not known is refused, not guessed; the refusal repeats what was written."""
    with pytest.raises(DateUnreadable) as refused:
        parse_date(written)

    assert refused.value.code == "DE-011"
    assert written.startswith(str(refused.value.facts["text"]))


@pytest.mark.parametrize("written", NO_SUCH_DAY)
def test_days_that_never_were_are_refused(written: str) -> None:
    """A known form of a day, month or reign year that does not exist is refused."""
    with pytest.raises(NoSuchDay):
        parse_date(written)


@pytest.mark.parametrize("written", AMBIGUOUS)
def test_two_readings_are_refused_with_both(written: str) -> None:
    """Where a form can mean two times, both readings are told."""
    with pytest.raises(DateAmbiguous) as refused:
        parse_date(written)

    assert refused.value.facts["first"] != refused.value.facts["second"]


@pytest.mark.parametrize("written", BACKWARDS)
def test_spans_that_run_backwards_are_refused(written: str) -> None:
    """A span that ends before it begins is refused."""
    with pytest.raises(DatesBackwards):
        parse_date(written)


@pytest.mark.parametrize(
    ("written", "first", "last", "certainty", "sort"),
    [
        ("1978年5月1日", 1978, 1978, Certainty.EXACT, "1978-05-01"),
        ("约1956年", 1956, 1956, Certainty.APPROXIMATE, "1956-01-01"),
        ("五十年代", 1950, 1959, Certainty.APPROXIMATE, "1950-01-01"),
        ("1956年以前", None, 1956, Certainty.UNCERTAIN, "1956-01-01"),
        ("1956年以后", 1956, None, Certainty.UNCERTAIN, "1956-01-01"),
        ("../1950", None, 1950, Certainty.EXACT, "1950-01-01"),
        ("/1950", None, 1950, Certainty.EXACT, "1950-01-01"),
        ("1950/", 1950, None, Certainty.EXACT, "1950-01-01"),
        ("1950—1956", 1950, 1956, Certainty.EXACT, "1950-01-01"),
        ("1978年冬", 1978, 1978, Certainty.EXACT, "1978-12-01"),
        ("08届", 2008, 2008, Certainty.UNCERTAIN, "2008-01-01"),
        ("1956-05-XX", 1956, 1956, Certainty.APPROXIMATE, "1956-05-01"),
    ],
)
def test_years_sort_and_certainty(
    written: str, first: int | None, last: int | None, certainty: Certainty, sort: str
) -> None:
    """Years, sort key and certainty follow from the EDTF; an open side has no year."""
    found = parse_date(written)

    assert (found.first_year, found.last_year) == (first, last)
    assert (found.certainty, found.sort) == (certainty, sort)


@pytest.mark.parametrize(
    ("edtf", "chinese", "english"),
    [
        ("1956~", "约1956年", "circa 1956"), ("195X", "1950年代", "1950s"), ("19XX", "20世纪", "20th century"),
        ("1956/1958", "1956年至1958年", "1956 to 1958"), ("1978-05-01", "1978年5月1日", "1 May 1978"),
        ("1978-21", "1978年春", "spring 1978"), ("[..1956]", "1956年以前", "1956 or before"),
        ("[1956,1957]", "1956年或1957年", "1956 or 1957"), ("", "年代不详", "date unknown"),
        ("XXXX", "年代不详", "date unknown"), ("1956%", "约1956年（存疑）", "circa 1956 (uncertain)"),
        ("1978-05", "1978年5月", "May 1978"), ("{1955,1957}", "1955年和1957年", "1955 and 1957"),
        ("1956/..", "1956年起", "from 1956"), ("../1956", "截至1956年", "until 1956"), ("20XX", "21世纪",
                                                                                   "21st century"),
        ("1956-XX", "1956年（月份不详）", "1956"), ("no edtf", "no edtf", "no edtf"),
        ("[1950..1956]", "1950年至1956年之间", "between 1950 and 1956"),
    ],
)
def test_edtf_is_told_in_plain_words(edtf: str, chinese: str, english: str) -> None:
    """EDTF is told in plain Chinese and English."""

    assert humanise(edtf) == chinese
    assert humanise(edtf, "en") == english


quiet = settings(deadline=None)  # other work on the machine must not fail a test

days = st.dates(date(1000, 1, 1), date(2999, 12, 31)).map(date.isoformat)
singles = st.one_of(
    days,
    days.map(lambda day: day[:7]),
    days.map(lambda day: day[:4]),
    days.map(lambda day: day[:3] + "X"),
    days.map(lambda day: day[:2] + "XX"),
    days.map(lambda day: day[:7] + "-XX"),
    days.map(lambda day: day[:4] + "-XX-XX"),
    st.builds("{}-{}".format, st.integers(1000, 2999), st.integers(21, 24)),
)
marked = st.builds("{}{}".format, singles, st.sampled_from(["", "~", "?", "%"]))
opened = st.builds("".join, st.tuples(st.sampled_from(["../", ""]), singles).filter(lambda pair: pair[0]))


@quiet
@given(st.one_of(marked, opened, *(singles.map(form.format) for form in ("{}/..", "[..{}]", "[{}..]"))))
def test_plain_chinese_is_read_back(edtf: str) -> None:
    """Whatever humanise says in Chinese, parse_date understands as the same EDTF."""

    assert parse_date(humanise(edtf)).edtf == edtf


@quiet
@given(singles, singles, st.sampled_from(["", "~", "?", "%"]))
def test_spans_are_read_back(first: str, last: str, mark: str) -> None:
    """Spans in plain Chinese come back (a mark holds for both ends), unless they run backwards."""
    first, last = sorted((first, last))
    try:
        edtf = date_from_edtf(f"{first}{mark}/{last}{mark}").edtf
    except DatesBackwards:
        return

    assert parse_date(humanise(edtf)).edtf == edtf


@settings(max_examples=40, deadline=None)
@given(singles)
def test_bounds_agree_with_the_edtf_library(edtf: str) -> None:
    """For single dates without a mark our first and last day are those of the edtf library."""
    theirs = parse_edtf(edtf)
    ours = bounds(edtf)

    assert [int(part) for part in ours.first.split("-")] == list(theirs.lower_strict())[:3]
    assert [int(part) for part in ours.last.split("-")] == list(theirs.upper_strict())[:3]


@quiet
@given(st.dates(date(1000, 1, 1), date(2999, 12, 31)))
def test_every_day_sorts_by_itself(day: date) -> None:
    """A full date in any common form is that very day."""
    iso = day.isoformat()
    forms = (iso, f"{day.year}年{day.month}月{day.day}日", iso.replace("-",
                                                                    ""), f"{day.year}.{day.month}.{day.day}")

    assert {parse_date(form).sort for form in forms} == {iso}


@quiet
@given(st.text("0123456789一二三十〇年月日约前后以至到或—-~/.[]{}(),X?%世纪代届级春民国光绪元 不详", max_size=30))
def test_any_text_is_read_or_refused(text: str) -> None:
    """No text makes anything else than a value whose bounds hold, or a refusal with a code."""
    try:
        found = parse_date(text)
    except DateRefused as refused:
        assert refused.code.startswith("DE-01")
        return

    assert found.is_undated == (found.edtf == "")
    assert found.is_undated or (found.first_year or 0) <= (found.last_year or 9999)


@quiet
@given(st.text(max_size=40))
def test_any_unicode_is_read_or_refused(text: str) -> None:
    """The same for any Unicode."""
    try:
        found = parse_date(text)
    except DateRefused:
        return

    assert found.text == text.strip()
