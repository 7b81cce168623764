"""One written date without a qualifier -> EDTF.

A table of forms, each a pattern and a small builder; the first that fits the
whole text answers. The text has come through dates.py: numerals are Arabic,
spaces are gone, width is narrow. Two-digit years are taken where only one
reading is left, marked ? where it is likely, and refused elsewhere.
"""

import re
from collections.abc import Callable, Mapping
from types import MappingProxyType

from repository.description.errors import DateAmbiguous, NoSuchDay
from repository.description.tables import table

ERAS = table("eras")
_REIGNS: Mapping[str, list[int]] = MappingProxyType(ERAS["reigns"])
_REIGN = "|".join(_REIGNS)
_SEASONS = "春夏秋冬"  # 21 to 24 in EDTF
_Y, _M, _D = "(?P<y>[0-9]{4})", "(?P<m>[0-9]{1,2})", "(?P<d>[0-9]{1,2})"
_LEAVERS = "(?:初中|高中|大学|中专|小学)?(?:毕业)?(?:生|班|照|合影|留念)?"
_CENTURY = "(?:(?P<c>1[1-9]|2[0-9]|30)世纪|(?P<last>上个?世纪))"
_PART = "(?P<part>初期?|前期|中期?|后期|末期?)?"
_MONTHS_OF_PART = {"上半年": ("01", "06"), "下半年": ("07", "12")}
_DAYS_OF_PART = {"上旬": ("01", "10"), "中旬": ("11", "20"), "下旬": ("21", "")}
_LAST_DAY = ("31", "29", "31", "30", "31", "30", "31", "31", "30", "31", "30", "31")
_AUTUMN_TERM, _SPRING_TERM = ("-09~", "-01~"), ("-02~", "-07~")
_TERMS = {"": ("", ""), "1": _AUTUMN_TERM, "上": _AUTUMN_TERM, "2": _SPRING_TERM, "下": _SPRING_TERM}

Match = re.Match[str]


def _joined(found: Match, year: str) -> str:
    """Join year, month and day; EDTF has seasons as months 21-24, so months are judged here."""
    said = found.groupdict()
    month, day = said.get("m") or "", said.get("d") or ""
    if month and not 1 <= int(month) <= 12:
        raise NoSuchDay(text=found[0], part="month")
    return "-".join([year, *(part.zfill(2) for part in (month, day) if part)])


def _ymd(found: Match) -> str:
    return _joined(found, found["y"])


def _compact(found: Match) -> str:
    """19780500 and 19780000 are the old way (DA/T 18) to say that day or month is unknown."""
    month, day = found["m"], found["d"] or "00"
    if (month == "00" and day != "00") or int(month) > 12:
        raise NoSuchDay(text=found[0], part="month")
    return "-".join([found["y"], *(part for part in (month, day) if part != "00")])


def _unknown_digits(found: Match) -> str:
    return str(found["k"]) + "X" * (4 - len(found["k"]))


def _unknown_month(found: Match) -> str:
    return f"{found['y']}-XX{'-XX' if found['d'] else ''}"


def _unknown_day(found: Match) -> str:
    return f"{_ymd(found)}-XX"


def _season(found: Match) -> str:
    return f"{found['y']}-{21 + _SEASONS.index(found['s'])}"


def _half_year(found: Match) -> str:
    first, last = _MONTHS_OF_PART[found["part"]]
    return f"{found['y']}-{first}/{found['y']}-{last}"


def _ten_days(found: Match) -> str:
    year, month = int(found["y"]), _ymd(found)[5:]
    first, last = _DAYS_OF_PART[found["part"]]
    short = month == "02" and (year % 4 or (year % 100 == 0 and year % 400))
    last = last or ("28" if short else _LAST_DAY[int(month) - 1])
    return f"{year}-{month}-{first}/{year}-{month}-{last}"


def _turn_of_year(found: Match) -> str:
    return f"{found['y']}-{'01' if found['part'] == '初' else '12'}~"


def _decade_from(start: int, part: str) -> str:
    """Early is 0-3, middle 4-6, late 7-9: a custom, so both ends are approximate."""
    if not part:
        return f"{start // 10}X"
    first, last = {"初": (0, 3), "前": (0, 3), "中": (4, 6)}.get(part[0], (7, 9))
    return f"{start + first}~/{start + last}~"


def _century(found: Match) -> int:
    return 20 if found["last"] else int(found["c"])


def _decade_of_century(found: Match) -> str:
    return _decade_from((_century(found) - 1) * 100 + int(found["t"]), found["part"] or "")


def _bare_decade(found: Match) -> str:
    tens = int(found["t"])
    if tens < 30:
        raise DateAmbiguous(text=found[0], first=f"19{tens:02d}年代", second=f"20{tens:02d}年代")
    return _decade_from(1900 + tens, found["part"] or "")


def _two_decades(found: Match) -> str:
    first, last = int(found["t"]) // 10, int(found["u"]) // 10
    century = found["c"] or found["last"]
    if not century and first < 3:
        raise DateAmbiguous(text=found[0], first=f"19{first}0年代", second=f"20{first}0年代")
    hundreds = (_century(found) - 1) if century else 19
    return f"{hundreds}{first}X/{hundreds}{last}X"


def _cohort(found: Match) -> str:
    """七八届 is 1978; 08届 is likely 2008 and 37届 likely 1937, and both are told with a question mark."""
    year = int(found["yy"])
    return f"19{year}" if year >= 50 else f"19{year}?" if year >= 30 else f"20{year:02d}?"


def _short_year(found: Match) -> str:
    year = int(found["yy"])
    if year < 50 or (year % 10 == 0 and not found["m"]):  # 37年 may be 民国 37; 60年 may be sixty years
        raise DateAmbiguous(text=found[0], first=f"19{year:02d}年", second=f"20{year:02d}年")
    return _joined(found, f"19{year}")


def _republic(found: Match) -> str:
    """民国 1 is 1912; months and days are of the common calendar since then."""
    year = 1 if found["n"] == "元" else int(found["n"])
    if not 1 <= year <= 120:
        raise NoSuchDay(text=found[0], part="reign")
    return _joined(found, str(1911 + year))


def _reign(found: Match) -> str:
    """Years of emperors are lunar: a month is told by its year only; the last two may fall in the next."""
    first, length = _REIGNS[found["reign"]]
    year = 1 if found["n"] == "元" else int(found["n"])
    if not 1 <= year <= length:
        raise NoSuchDay(text=found[0], part="reign")
    common, month = first + year - 1, found["lunar"] or ""
    if month in ("11", "12", "冬", "腊"):
        return f"[{common},{common + 1}]"
    return f"{common}~" if month else str(common)


def _school_year(found: Match) -> str:
    start = int(found["y"])
    end = found["z"] or str(start + 1)
    end = str(start)[:2] + end if len(end) == 2 else end
    if int(end) != start + 1:
        raise NoSuchDay(text=found[0], part="school_year")
    term = _TERMS[found["term"] or ""]
    first, last = term
    return f"{end if term is _SPRING_TERM else start}{first}/{end}{last}"


def _short_span(found: Match) -> str:
    """1956-58 and 1978-79: there is no such month, so the second part is a year."""
    year, end = int(found["y"]), int(found["z"])
    if end <= year % 100:
        raise NoSuchDay(text=found[0], part="month")
    return f"{year}/{year // 100}{end}"


def _season_or_span(found: Match) -> str:
    """1978-21 is a spring in EDTF; 1920-24 is a winter or five years."""
    year, end = found["y"], found["z"]
    if int(end) > int(year) % 100:
        season = _SEASONS[int(end) - 21]
        raise DateAmbiguous(text=found[0], first=f"{year}年{season}", second=f"{year}—{year[:2]}{end}")
    return f"{year}-{end}"


def _refused_order(found: Match) -> str:
    raise DateAmbiguous(text=found[0], first=f"{found['y']}年{found['a']}月{found['b']}日",
                        second=f"{found['y']}年{found['b']}月{found['a']}日")


def _period(found: Match) -> str:
    return str(ERAS["periods"][found[0]])


_U = "[X×?□*某]"

_FORMS: tuple[tuple[str, Callable[[Match], str]], ...] = (
    (f"{_Y}(?:年度?|年间|年期间)?", _ymd),
    (f"{_Y}年{_M}月份?", _ymd),
    (f"{_Y}年{_M}月{_D}[日号]?", _ymd),
    (f"{_Y}[.、]{_M}", _ymd),
    (f"{_Y}/(?P<m>0?[1-9]|1[0-2])", _ymd),
    (f"{_Y}-(?P<m>0?[1-9]|1[0-2])", _ymd),
    (f"{_Y}(?P<sep>[./、-]){_M}(?P=sep){_D}[日号]?", _ymd),
    ("(?P<y>[0-9]{4})(?P<m>[0-9]{2})(?P<d>[0-9]{2})?", _compact),
    ("(?P<y>[0-9]{4})-(?P<z>2[1-4])年?", _season_or_span),
    ("(?P<y>[0-9]{4})-(?P<z>[0-9]{2})年?", _short_span),
    (f"(?P<k>[0-9]{{3}}){_U}年?", _unknown_digits),
    (f"(?P<k>[0-9]{{2}}){_U}{{2}}年?", _unknown_digits),
    (f"{_Y}年{_U}+月(?P<d>{_U}+日)?", _unknown_month),
    (f"{_Y}年{_M}月{_U}+日", _unknown_day),
    (f"{_Y}年\\(?月份?(?P<d>日)?(?:不详|不明|未知)\\)?", _unknown_month),
    (f"{_Y}年{_M}月\\(?日期?(?:不详|不明|未知)\\)?", _unknown_day),
    (f"{_Y}年(?:月日?|\\(?(?:具体)?(?:日期|时间)(?:不详|不明|未知)\\)?)", _ymd),
    (f"{_Y}年{_M}月日", _ymd),
    (f"{_Y}年?(?P<s>[春夏秋冬])[季天]?", _season),
    (f"{_Y}年?(?P<part>[上下]半年)", _half_year),
    (f"{_Y}年{_M}月份?(?P<part>[上中下]旬)", _ten_days),
    (f"{_Y}年{_M}月份?(?:初|中|底|末)", _ymd),
    (f"{_Y}年(?P<part>初|底|末)", _turn_of_year),
    (f"{_CENTURY}(?P<t>[0-9]0)年代{_PART}", _decade_of_century),
    (f"(?P<t>[0-9]0)年代{_PART}", _bare_decade),
    (f"(?P<hundreds>[0-9]{{2}})(?P<t>[0-9]0)年代{_PART}",
     lambda found: _decade_from(int(found["hundreds"]) * 100 + int(found["t"]), found["part"] or "")),
    ("(?P<k>[0-9]{3})0S", _unknown_digits),
    (f"{_CENTURY}?(?P<t>[2-9]0)[、和至到—~-](?P<u>[3-9]0)年代", _two_decades),
    (_CENTURY, lambda found: f"{_century(found) - 1}XX"),
    (f"{_Y}[届级]{_LEAVERS}", _ymd),
    (f"(?P<yy>[0-9]{{2}})[届级]{_LEAVERS}", _cohort),
    ("(?P<yy>[0-9]{2})年(?:(?P<m>[0-9]{1,2})月(?:(?P<d>[0-9]{1,2})[日号]?)?)?", _short_year),
    ("(?:中华)?民国(?P<n>[0-9]{1,3}|元)年(?:(?P<m>[0-9]{1,2})月(?:(?P<d>[0-9]{1,2})[日号]?)?)?", _republic),
    (f"(?:清朝?|大清)?(?P<reign>{_REIGN})(?P<n>[0-9]{{1,2}}|元)年"
     "(?:闰?(?P<lunar>[0-9]{1,2}|[正冬腊])月.{0,4})?", _reign),
    (f"{_Y}(?:[-—~至到/](?P<z>[0-9]{{4}}|[0-9]{{2}}))?(?:学年度?|年学年)(?:第?(?P<term>[12上下])学期)?", _school_year),
    ("(?P<a>[0-9]{1,2})[./-](?P<b>[0-9]{1,2})[./-](?P<y>[0-9]{4})", _refused_order),
    ("|".join(ERAS["periods"]), _period),
)


_COMPILED = tuple((re.compile(pattern), build) for pattern, build in _FORMS)


def plain_form(text: str) -> str | None:
    """Return the EDTF of a date in one of the forms, or None where no form fits.

    Raises NoSuchDay or DateAmbiguous where a form fits but the date cannot be or can be two.
    """
    for pattern, build in _COMPILED:
        found = pattern.fullmatch(text)
        if found:
            return build(found)
    return None
