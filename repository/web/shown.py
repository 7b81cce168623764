"""Rows of an item page as values: description, files, copies, events, edits."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from flask import url_for
from flask_babel import gettext

from repository.description.codes import CODE_LISTS
from repository.description.fields import FieldSpec, fields_for
from repository.models.event import Event
from repository.models.item import Item, Revision
from repository.models.package import Copy, Package, PackagedFile
from repository.permissions import Act, may
from repository.web import words
from repository.web.findings import finding
from repository.web.guards import current_actor
from repository.web.texts import field_word, lang
from repository.workflow.packages import OBJECT


@dataclass(frozen=True, slots=True)
class FileRow:
    """One file for file_table; size in bytes, pages 0 where there is one or nobody knows."""

    name: str
    size: int
    format: str
    sha256: str
    url: str
    pages: int = 0


@dataclass(frozen=True, slots=True)
class CopyRow:
    """One copy for copy_table."""

    store: str
    state: str
    checked_at: datetime | None
    sentence: str


@dataclass(frozen=True, slots=True)
class EventRow:
    """One act for the timeline."""

    at: datetime
    label: str
    outcome: str
    agent: str
    detail: str


@dataclass(frozen=True, slots=True)
class ChangeRow:
    """One field of an edit, before and after."""

    label: str
    before: str
    after: str


@dataclass(frozen=True, slots=True)
class RevisionRow:
    """One edit."""

    number: int
    at: datetime
    agent: str
    reason: str
    changes: tuple[ChangeRow, ...]


def described(item: Item) -> list[tuple[str, str]]:
    """Return (label, text) of everything that is said of an item, in the order of the dictionary."""
    specs = fields_for(item.kind)
    pairs = [(spec.label(item.kind, lang()), _text(spec, item.values.get(spec.name, ""))) for spec in specs]
    known = {spec.name for spec in specs}
    others = [name for name in item.values if name not in known]
    pairs += [(field_word(name, item.kind), _joined(item.values[name])) for name in others]
    columns = (
        ("reference_code", item.reference_code or ""),
        ("kind", words.kind_word(item.kind)),
        ("category", words.category_word(item.category)),
        ("retention", words.retention_word(item.retention)),
        ("access_level", words.access_word(item.access_level)),
    )
    pairs += [(field_word(name), text) for name, text in columns]
    return [(label, text) for label, text in pairs if text]


def _text(spec: FieldSpec, value: str | Sequence[str]) -> str:
    if spec.code_list not in CODE_LISTS:
        return _joined(value)
    codes = [value] if isinstance(value, str) else value
    return words.listed(CODE_LISTS[spec.code_list].label(code, lang()) for code in codes if code)


def _joined(value: str | Sequence[str]) -> str:
    return value if isinstance(value, str) else words.listed(value)


def files_of(item: Item, package: Package | None) -> list[FileRow]:
    """Return the object files of a visible item; a draft's cannot be downloaded yet."""
    if package is None:
        return [FileRow(row.original_name, row.size, "", row.sha256, "") for row in item.staged_files]
    rows = sorted((row for row in package.files if row.role == OBJECT), key=lambda row: row.position)
    allowed = may(current_actor(), Act.DOWNLOAD, item)
    return [_file_row(item, row, allowed) for row in rows]


def _file_row(item: Item, row: PackagedFile, allowed: bool) -> FileRow:
    url = url_for("public.file", item_id=item.id, position=row.position) if allowed else ""
    name = row.format_name or row.mime
    shown = gettext("%(name)s（%(more)s）", name=name, more=row.puid) if row.puid else name
    pages = int(row.facts.get("pages") or 0)
    return FileRow(row.original_name, row.size, shown, row.sha256, url, pages if pages > 1 else 0)


def told_copies(package: Package) -> list[CopyRow]:
    """Return the copies with what their last check found."""
    return [CopyRow(copy.store_id, copy.state, copy.checked_at, _trouble(copy)) for copy in package.copies]


def _trouble(copy: Copy) -> str:
    told = dict.fromkeys(finding(found["code"], found["facts"]) for found in copy.findings)
    return " ".join(list(told)[:3])


def told_events(rows: Iterable[Event]) -> list[EventRow]:
    """Return events in words, newest first as they came."""
    return [
        EventRow(row.at, words.event_word(row.type), row.outcome, row.agent_name, _detail(row))
        for row in rows
    ]


def _detail(row: Event) -> str:
    said = [words.check_word(row.detail)] if row.detail else []
    facts: Mapping[str, Any] = row.facts
    said += [finding(found["code"], found.get("facts")) for found in facts.get("findings", ())[:3]]
    if "store" in facts:
        said.append(str(facts["store"]))
    if "fields" in facts:
        said.append(words.listed(field_word(str(name)) for name in facts["fields"]))
    return " · ".join(said)


def told_revisions(rows: Iterable[Revision]) -> list[RevisionRow]:
    """Return edits with their fields before and after, newest first as they came."""
    return [RevisionRow(row.number, row.at, row.agent_name, row.reason, _changes(row)) for row in rows]


def _changes(row: Revision) -> tuple[ChangeRow, ...]:
    return tuple(dict.fromkeys(_change(change) for change in row.changes))  # kind is told twice


def _change(change: Mapping[str, Any]) -> ChangeRow:
    name = str(change["field"])
    return ChangeRow(field_word(name), _value(name, change["before"]), _value(name, change["after"]))


_COLUMN_WORDS = {
    "kind": words.kind_word,
    "category": words.category_word,
    "retention": words.retention_word,
    "access_level": words.access_word,
}


def _value(name: str, value: str | Sequence[str]) -> str:
    text = _joined(value)
    return _COLUMN_WORDS[name](text) if name in _COLUMN_WORDS and text else text
