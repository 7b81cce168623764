"""EDTF texts: what we accept and the first and last day.

ISO 8601-2 (EDTF) as far as an archive needs it: dates, seasons, X for unknown
last digits, ~ ? %, intervals with open ends, one-of [ ] and all-of { } sets.
Written by ourselves because the edtf library 5.0.2 takes 5 ms a date and errs:
it knows 2023-02-29, refuses a season with a mark, and makes infinity of open
ends and the years 0 to 9999 of XXXX. Our tests compare with it where it is right.
"""

import re
from calendar import monthrange
from dataclasses import dataclass
from functools import lru_cache

from repository.description.errors import DatesBackwards, DateUnreadable, NoSuchDay

FIRST_YEAR, LAST_YEAR = 1000, 2999  # what a school archive can hold; 7805 is a slip of the pen
_SINGLE = re.compile(
    r"^(?P<y>[0-9]{4}|[0-9]{3}X|[0-9]{2}XX)(?:-(?P<m>[0-9]{2}|XX)(?:-(?P<d>[0-9]{2}|XX))?)?(?P<mark>[?~%]?)$"
)
#: First and last month of each season; a winter is told by its December, as it began.
_SEASONS = {21: (3, 5), 22: (6, 8), 23: (9, 11), 24: (12, 12)}
_LISTS = re.compile(r"^[\[{](?P<inner>[^\[\]{}]+)[\]}]$")


@dataclass(frozen=True, slots=True)
class Single:
    """One EDTF date in parts; X stands where nobody knows, "" where nothing is said."""

    year: str
    month: str = ""
    day: str = ""
    mark: str = ""


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
    first_year, last_year = int(one.year.replace("X", "0")), int(one.year.replace("X", "9"))
    if not one.month.isdigit():
        if one.day.isdigit():
            raise DateUnreadable(text=text)
        return Bounds(f"{first_year}-01-01", f"{last_year}-12-31")
    month = int(one.month)
    if not (1 <= month <= 12 or (month in _SEASONS and not one.day)):
        raise NoSuchDay(text=text, part="month")
    first_month, last_month = _SEASONS.get(month, (month, month))
    length = monthrange(last_year, last_month)[1]
    if one.day.isdigit() and not 1 <= int(one.day) <= length:
        raise NoSuchDay(text=text, part="day")
    first_day, last_day = (int(one.day),) * 2 if one.day.isdigit() else (1, length)
    first, last = f"{first_year}-{first_month:02d}", f"{last_year}-{last_month:02d}"
    return Bounds(f"{first}-{first_day:02d}", f"{last}-{last_day:02d}")
