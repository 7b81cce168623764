"""The events that a bag tells, as far as it is believed.

A bag may come from anybody: it speaks of its own item alone, cannot say that
the item was given up here, nor which digest is registered of itself or of a
later version. What stands in the log already stays.
"""

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from preservation.premis import EventType
from repository.models.event import Event
from repository.workflow import journal
from repository.workflow.packages import Contents

_REGISTERING = (str(EventType.INGESTION_END), str(EventType.MODIFICATION))
_COLUMNS = (
    "id",
    "type",
    "outcome",
    "object_kind",
    "object_id",
    "agent_name",
    "agent_kind",
    "detail",
    "facts",
)


def add(session: Session, contents: Contents) -> None:
    """Write the events that a bag tells of its own item and the catalogue does not know."""
    told = [event for event in contents.events if _is_believed(contents, event)]
    known = set(session.scalars(select(Event.id).where(Event.id.in_([event["id"] for event in told]))))
    for event in _once(told, known):
        row = {name: event[name] for name in _COLUMNS}
        session.add(Event(**row, at=datetime.fromisoformat(event["at"])))


def _is_believed(contents: Contents, event: dict[str, Any]) -> bool:
    if event["object_kind"] != journal.ITEM or event["object_id"] != contents.item_id:
        return False
    if event["type"] in _REGISTERING:
        version = event["facts"].get("version")
        return isinstance(version, int) and version < contents.version
    return bool(event["type"] != EventType.DEACCESSION)


def _once(told: list[dict[str, Any]], known: set[str]) -> Iterator[dict[str, Any]]:
    for event in told:
        if event["id"] not in known:
            known.add(event["id"])
            yield event
