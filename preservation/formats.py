"""Formats: the table, a file's format, its extension.

Pure: names in, rows out. The rows are data (data/formats.json), so that an
archivist can read and change them. The acceptance follows GB/T 18894-2016,
DA/T 50-2014 and DA/T 78-2019: "yes" is an archival format, "warn" is kept but
should be converted, "no" is not taken in.
"""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from importlib import resources
from types import MappingProxyType
from typing import Any

from preservation.checks import Finding, Outcome

FAMILIES = ("image", "document", "text", "audio", "video", "office", "archive", "executable", "unknown")


@dataclass(frozen=True, slots=True)
class FormatRow:
    """What the house thinks of one format."""

    mime: str
    family: str
    extensions: tuple[str, ...]
    accepted: str  # "yes", "warn" or "no"
    risk: str  # "low", "medium" or "high": how likely it cannot be opened in ten years
    maker: str  # who makes access copies: "image", "document", "text" or "none"
    aliases: tuple[str, ...] = ()
    puids: tuple[str, ...] = ()


#: A format that the table does not know is kept, with a warning.
UNKNOWN = FormatRow(
    mime="application/octet-stream",
    family="unknown",
    extensions=(),
    accepted="warn",
    risk="high",
    maker="none",
)


def _row(raw: dict[str, Any]) -> FormatRow:
    """Return one row of the JSON table as a value."""
    lists = {name: tuple(raw[name]) for name in ("extensions", "aliases", "puids")}
    return FormatRow(**{**raw, **lists})


def _read() -> tuple[FormatRow, ...]:
    text = resources.files("preservation").joinpath("data/formats.json").read_text("utf-8")
    return tuple(_row(raw) for raw in json.loads(text))


FORMATS = _read()
_BY_MIME: Mapping[str, FormatRow] = MappingProxyType(
    {mime: row for row in FORMATS for mime in (row.mime, *row.aliases)}
)
_BY_PUID: Mapping[str, FormatRow] = MappingProxyType({puid: row for row in FORMATS for puid in row.puids})


def by_mime(mime: str) -> FormatRow:
    """Return the row of a MIME type or one of its aliases, UNKNOWN if none."""
    return _BY_MIME.get(mime.partition(";")[0].strip().lower(), UNKNOWN)


def by_puid(puid: str) -> FormatRow:
    """Return the row of a PRONOM identifier, UNKNOWN if none lists it."""
    return _BY_PUID.get(puid, UNKNOWN)


def by_extension(extension: str) -> tuple[FormatRow, ...]:
    """Return the rows that use an extension (without dot, any case)."""
    wanted = extension.lower()
    return tuple(row for row in FORMATS if wanted in row.extensions)


def extension_of(name: str) -> str:
    """Return the last extension of a name, lower case, without dot, or ""."""
    stem, dot, extension = name.rpartition(".")
    return extension.strip().lower() if dot and stem else ""


@dataclass(frozen=True, slots=True)
class Judgement:
    """What one judge said; outcome NOT_RUN where it could not be asked."""

    source: str  # "pronom", "libmagic" or "own"
    outcome: Outcome
    mime: str = ""
    puid: str = ""
    name: str = ""
    version: str = ""
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Format:
    """The format of a file; mime is never empty, charset only for text."""

    puid: str
    name: str
    mime: str
    version: str
    source: str
    warnings: tuple[str, ...] = ()
    charset: str = ""
    judgements: tuple[Judgement, ...] = ()

    @property
    def row(self) -> FormatRow:
        """Return what the house thinks of the format."""
        return by_mime(self.mime)


def format_from(facts: Mapping[str, object]) -> Format:
    """Return the format that a child told as facts."""
    told: dict[str, Any] = {name: value for name, value in facts.items() if name != "judgements"}
    rows: Any = facts["judgements"]
    judgements = tuple(Judgement(**{**row, "outcome": Outcome(row["outcome"])}) for row in rows)
    return Format(**{**told, "warnings": tuple(told["warnings"]), "judgements": judgements})


def extension_findings(format: Format, name: str) -> tuple[Finding, ...]:
    """Return what is wrong with the extension of name for that content."""
    return tuple(_extension_findings(format, name))


def _extension_findings(format: Format, name: str) -> Iterator[Finding]:
    extension = extension_of(name)
    row = format.row
    facts = (("extension", extension), ("mime", format.mime), ("family", row.family))
    if not extension:
        yield Finding("IN-131", Outcome.WARNED, name, facts)
        return
    expected = by_extension(extension)
    if extension in row.extensions:
        return
    if not expected or row.family == "unknown":
        yield Finding("IN-132", Outcome.WARNED, name, facts)
    elif row.family == "executable" or any(one.family == "executable" for one in expected):
        yield Finding("IN-133", Outcome.FAILED, name, facts)
    elif any(one.family == row.family for one in expected):
        yield Finding("IN-134", Outcome.WARNED, name, facts)
    else:
        yield Finding("IN-130", Outcome.FAILED, name, facts)
