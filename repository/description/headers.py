"""Column headers of spreadsheets -> field names.

Everybody calls a column something else. Headers are compared without spaces,
width, case, stars and remarks in brackets. What is not known is None: the
import asks, it never guesses.
"""

import re
from collections.abc import Mapping
from types import MappingProxyType

from repository.description.fields import COLUMNS, FIELDS, FieldSpec
from repository.description.widths import narrow_all

_REMARK = re.compile(r"[(\[【〔].*?[)\]】〕]")
_NOISE = re.compile(r"[\s*:：★※·._\-/]")
_PREFIX = re.compile(r"^(?:dc|dcterms|dct|m[0-9]{1,2})(?=[:.\s])[:.\s]", re.IGNORECASE)


def header_to_field(header: str) -> str | None:
    """Return the field (or column) that a header means, or None: 拍摄时间 -> date, 档号 -> reference_code."""
    for wanted in (header, _REMARK.sub("", narrow_all(header)), _PREFIX.sub("", narrow_all(header).strip())):
        found = _WORDS.get(_plain(wanted))
        if found:
            return found
    return None


def import_headers() -> tuple[str, ...]:
    """Return the headers of the sheet that we offer for filling in: columns first, then all fields."""
    return tuple(row.label_zh for row in (*COLUMNS, *FIELDS))


def _plain(header: str) -> str:
    return _NOISE.sub("", narrow_all(header)).lower()


def _words_of(row: FieldSpec) -> tuple[str, ...]:
    return (*row.aliases, *(name for of_kind in row.labels for name in of_kind[1:]))


def _words() -> Mapping[str, str]:
    words: dict[str, str] = {}
    rows = (*COLUMNS, *FIELDS)
    for row in rows:  # names and labels win over aliases
        for word in (row.name, row.label_zh, row.label_en):
            words.setdefault(_plain(word), row.name)
    for row in rows:
        for word in _words_of(row):
            words.setdefault(_plain(word), row.name)
    for row in rows:  # then Dublin Core names: the first field of an element stands for it
        if row.dc:
            words.setdefault(row.dc, row.name)
    return MappingProxyType(words)


_WORDS = _words()
