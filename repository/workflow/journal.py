"""Writes PREMIS events, in the transaction of what they tell.

Every act on an object leaves one, also a failed act. The rows are carried
into the stores by workflow/logbook.py.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from preservation.checks import Outcome
from preservation.premis import EventType
from repository.models.event import Event
from repository.permissions import Actor
from repository.workflow import jobs

ITEM, COLLECTION, SCHOOL, STORE = "item", "collection", "school", "store"
LOG_DEDUP = "logbook"


@dataclass(frozen=True, slots=True)
class Subject:
    """What an event is about."""

    kind: str
    id: str


def of_item(item_id: str) -> Subject:
    """Return the subject of an event on an item or its packages."""
    return Subject(ITEM, item_id)


def has(session: Session, event: EventType, about: Subject) -> bool:
    """Return whether such an event on this subject is known."""
    query = select(Event.id).where(
        Event.type == event, Event.object_kind == about.kind, Event.object_id == about.id
    )
    return session.scalars(query.limit(1)).first() is not None


def record(
    session: Session,
    event: EventType,
    about: Subject,
    *,
    actor: Actor,
    at: datetime,
    outcome: Outcome = Outcome.PASSED,
    detail: str = "",
    facts: Mapping[str, Any] | None = None,
) -> Event:
    """Write one event and see to it that the logbook carries it on."""
    row = Event(
        type=str(event),
        at=at,
        outcome=str(outcome),
        object_kind=about.kind,
        object_id=about.id,
        agent_name=actor.name,
        agent_kind=actor.kind,
        detail=detail,
        facts=dict(facts or {}),
    )
    session.add(row)
    jobs.enqueue(session, "carry_log", priority=jobs.LATER, lock="logbook", dedup=LOG_DEDUP)
    jobs.ask_seal(session)
    return row
