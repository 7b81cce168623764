"""description.json: what a bag says about its item.

Written into every package and enough to rebuild the catalogue from the bags
alone: the item's columns, the description, the files with their original
names, where it hangs (ancestors) and what happened to it (history). Ancestors
and history are rows of the catalogue, carried word for word. The same values
give the same bytes. A newer schema is refused, unknown keys are passed over.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from repository.description.columns import ItemColumns
from repository.description.crosswalk import date_facts, to_dat46
from repository.description.errors import DescriptionUnreadable
from repository.description.packed import EventFact, FileFact
from repository.description.value import Description

SCHEMA = "jingui-description/1"
MAX_BYTES = 64 << 20  # a description is kilobytes; more is damage or an attack

Row = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class BagDescription:
    """All that description.json tells, except what is derived from the rest (date, dat46)."""

    columns: ItemColumns
    description: Description
    files: tuple[FileFact, ...] = ()
    ancestors: tuple[Row, ...] = ()
    history: tuple[Row, ...] = ()
    events: tuple[EventFact, ...] = ()
    school: str = ""


def bag_description(told: BagDescription) -> bytes:
    """Return description.json: UTF-8, keys sorted, one space of indent, a new line at the end.

    Half surrogates (names that were no UTF-8) become JSON escapes and come back as they were.
    """
    dat46 = to_dat46(
        told.description, told.columns, files=told.files, events=told.events, school=told.school
    )
    plain = {
        "schema": SCHEMA,
        "school": told.school,
        "item": told.columns.to_plain(),
        "description": told.description.to_plain(),
        "date": date_facts(told.description.text("date")),
        "files": [one.to_plain() for one in told.files],
        "ancestors": [dict(row) for row in told.ancestors],
        "history": [dict(row) for row in told.history],
        "dat46": dat46,
    }
    return to_bytes(plain)


def to_bytes(plain: object) -> bytes:
    """Return canonical JSON bytes, also for dat46.json on its own."""
    written = json.dumps(plain, ensure_ascii=False, sort_keys=True, indent=1, allow_nan=False)
    return (written + "\n").encode("utf-8", "backslashreplace")


def read_bag_description(content: bytes) -> BagDescription:
    """Return what a description.json tells (without events: they are in PREMIS).

    Raises DescriptionUnreadable with the reason: size, json, schema, or the part that is damaged.
    """
    if len(content) > MAX_BYTES:
        raise DescriptionUnreadable(reason="size")
    try:
        plain = json.loads(content, parse_constant=_refuse_constant)
    except (ValueError, RecursionError) as damage:
        raise DescriptionUnreadable(reason="json") from damage
    if not isinstance(plain, dict) or plain.get("schema") != SCHEMA:
        raise DescriptionUnreadable(reason="schema")
    return BagDescription(
        columns=ItemColumns.from_plain(plain.get("item")),
        description=Description.from_plain(plain.get("description")),
        files=tuple(FileFact.from_plain(one) for one in _rows(plain, "files")),
        ancestors=_rows(plain, "ancestors"),
        history=_rows(plain, "history"),
        school=_text(plain, "school"),
    )


def _refuse_constant(name: str) -> None:
    raise ValueError(name)  # NaN and Infinity are no JSON: we could not write them again


def _rows(plain: Mapping[str, Any], name: str) -> tuple[Row, ...]:
    rows: Sequence[Any] = plain.get(name, ())
    if not isinstance(rows, (list, tuple)) or not all(isinstance(row, dict) for row in rows):
        raise DescriptionUnreadable(reason=name)
    return tuple(MappingProxyType(row) for row in rows)


def _text(plain: Mapping[str, Any], name: str) -> str:
    found = plain.get(name, "")
    if not isinstance(found, str):
        raise DescriptionUnreadable(reason=name)
    return found
