"""Dates as people write them -> a value that can be sorted.

What was written is kept and shown as written; beside it stands EDTF (ISO
8601-2). A form that we do not know is refused with the reason: a wrong date
that nobody notices is worse than none. "Undated" is a value of its own.
"""

from dataclasses import dataclass
from enum import StrEnum

from repository.description.date_words import read_date
from repository.description.edtf_values import bounds, members
from repository.description.errors import DateRefused, DateUnreadable

MAX_LENGTH = 100  # characters as written
MAX_EDTF = 80  # characters; only a list of many dates is longer, and the catalogue keeps no more


class Certainty(StrEnum):
    """How sure the writer was."""

    EXACT = "exact"
    APPROXIMATE = "approximate"
    UNCERTAIN = "uncertain"
    UNDATED = "undated"


@dataclass(frozen=True, slots=True)
class DateValue:
    """A date: text as written, EDTF beside it, and what sorting and ranges need.

    first_year and last_year are None on an open side and where undated. sort is the
    earliest day "YYYY-MM-DD" (of an open beginning: the first day of its known end),
    "" where undated.
    """

    text: str
    edtf: str
    first_year: int | None
    last_year: int | None
    certainty: Certainty
    sort: str

    @property
    def is_undated(self) -> bool:
        """Return whether nothing is known."""
        return self.certainty is Certainty.UNDATED


def parse_date(text: str) -> DateValue:
    """Return what a written date means.

    Raises DateRefused: DateUnreadable, NoSuchDay, DatesBackwards or DateAmbiguous.
    """
    written = text.strip()
    if len(written) > MAX_LENGTH:
        raise DateUnreadable(text=written[:MAX_LENGTH])
    try:
        return _value(written, read_date(written))
    except DateRefused as refused:
        raise type(refused)(**{**refused.facts, "text": written}) from refused


def date_from_edtf(edtf: str, text: str = "") -> DateValue:
    """Return the value of an EDTF text ("" or XXXX is undated), shown as text or else as the EDTF."""
    known = "" if edtf == "XXXX" else edtf
    return _value(text or edtf, known)


def _value(text: str, edtf: str) -> DateValue:
    if not edtf:
        return DateValue(text, "", None, None, Certainty.UNDATED, "")
    if len(edtf) > MAX_EDTF:
        raise DateUnreadable(text=text)
    found = bounds(edtf)
    earliest = found.first or bounds(members(edtf)[-1]).first
    return DateValue(text, edtf, _year(found.first), _year(found.last), _certainty(edtf), earliest)


def _year(day: str) -> int | None:
    return int(day[:4]) if day else None


def _certainty(edtf: str) -> Certainty:
    if any(mark in edtf for mark in "?%["):
        return Certainty.UNCERTAIN
    return Certainty.APPROXIMATE if any(mark in edtf for mark in "~X") else Certainty.EXACT
