"""EDTF texts: what we accept and the first and last day.

ISO 8601-2 (EDTF) as far as an archive needs it: dates, seasons, X for unknown
last digits, ~ ? %, intervals with open ends, one-of [ ] and all-of { } sets.
The edtf library answers for single dates only; where it is wrong (measured:
open ends become minus infinity, XXXX the years 0 to 9999, 2023-02-29 is taken,
a season with a mark is refused) we answer ourselves.
"""

import re
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from time import struct_time

from edtf import parse_edtf

from repository.description.errors import DatesBackwards, DateUnreadable, NoSuchDay

FIRST_YEAR, LAST_YEAR = 1000, 2999  # what a school archive can hold; 7805 is a slip of the pen
_SINGLE = re.compile(
    r"^(?P<y>[0-9]{4}|[0-9]{3}X|[0-9]{2}XX)(?:-(?P<m>[0-9]{2}|XX)(?:-(?P<d>[0-9]{2}|XX))?)?(?P<mark>[?~%]?)$"
)
_LISTS = re.compile(r"^[\[{](?P<inner>[^\[\]{}]+)[\]}]$")


@dataclass(frozen=True, slots=True)
class Single:
    """One EDTF date in parts; X stands where nobody knows, "" where nothing is said."""

    year: str
    month: str = ""
    day: str = ""
    mark: str = ""

    def __str__(self) -> str:
        return "-".join(part for part in (self.year, self.month, self.day) if part) + self.mark


@dataclass(frozen=True, slots=True)
class Bounds:
    """First and last day, ISO; "" on an open side."""

    first: str
    last: str


def single(text: str) -> Single | None:
    """Return a single EDTF date in parts, or None where the text has another shape."""
    found = _SINGLE.match(text)
    if found is None:
        return None
    return Single(found["y"], found["m"] or "", found["d"] or "", found["mark"])


def members(edtf: str) -> tuple[str, ...]:
    """Return the dates inside an EDTF text; "" is an open end. A single date is its own member."""
    inner = _LISTS.match(edtf)
    if inner is None:
        return tuple("" if end == ".." else end for end in edtf.split("/"))
    return tuple(end for one in inner["inner"].split(",") for end in one.strip().split(".."))


@lru_cache(maxsize=4096)
def bounds(edtf: str) -> Bounds:
    """Return the first and last day of an EDTF text.

    Raises DateUnreadable (not EDTF, or not in the part we take), NoSuchDay, DatesBackwards.
    """
    dates = members(edtf)
    if not any(dates) or ("/" in edtf and len(dates) != 2) or "" in dates[1:-1]:
        raise DateUnreadable(text=edtf)
    found = [_bounds_of(one) if one else Bounds("", "") for one in dates]
    pairs = zip(found, found[1:], strict=False)
    if any(a.first and b.last and a.first > b.last for a, b in pairs):
        raise DatesBackwards(text=edtf)
    return Bounds(found[0].first, found[-1].last)


def _bounds_of(text: str) -> Bounds:
    one = single(text)
    if one is None or ("X" in one.year and one.month):
        raise DateUnreadable(text=text)
    if not FIRST_YEAR <= int(one.year.replace("X", "0")) <= LAST_YEAR:
        raise NoSuchDay(text=text, part="year")
    if one.day.isdigit():
        return _day(one, text)
    if one.month.isdigit() and not _is_month(int(one.month), season=not one.day):
        raise NoSuchDay(text=text, part="month")
    parsed = parse_edtf(str(Single(one.year, one.month, one.day)))
    first, last = parsed.lower_strict(), parsed.upper_strict()
    return Bounds(_iso(first), _iso(last))


def _day(one: Single, text: str) -> Bounds:
    if one.month == "XX":
        raise DateUnreadable(text=text)
    try:
        day = date(int(one.year), int(one.month), int(one.day)).isoformat()
    except ValueError as wrong:
        raise NoSuchDay(text=text, part="day") from wrong
    return Bounds(day, day)


def _is_month(number: int, *, season: bool) -> bool:
    return 1 <= number <= 12 or (season and 21 <= number <= 24)


def _iso(day: struct_time) -> str:
    return f"{day.tm_year:04d}-{day.tm_mon:02d}-{day.tm_mday:02d}"
