"""Says how stores and units are looked after, each change told in the log.

The rules themselves are read by repository/policies.py. A change is a PREMIS
policy assignment with the new values, so that a rebuild brings them back.
"""

from dataclasses import dataclass
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from preservation.policy import StoreKind
from preservation.premis import EventType
from repository.models.collection import Collection
from repository.models.event import Event
from repository.models.keeping import StoreCard
from repository.permissions import Act, Actor, may
from repository.workflow import audit, journal
from repository.workflow.errors import Incomplete, Refused
from repository.workflow.tools import Tools

LONGEST_PLACE = 120
MOST_DAYS, MOST_GB, MOST_COPIES = 3650, 1_000_000, 20
_CARD = ("kind", "place", "interval_days", "nightly_gb")
_UNIT = ("copies", "places")


@dataclass(frozen=True, slots=True)
class StoreWish:
    """What a school says of a store; None: as the kind of store and the settings say."""

    kind: StoreKind
    place: str = ""
    interval_days: int | None = None
    nightly_gb: int | None = None


@dataclass(frozen=True, slots=True)
class UnitWish:
    """What a unit needs; None: as the unit above it."""

    copies: int | None = None
    places: int | None = None


def assign_store(session: Session, tools: Tools, actor: Actor, store_id: str, wish: StoreWish) -> StoreCard:
    """Keep what is said of a configured store and return its card. Raises Refused, Incomplete."""
    _check(actor)
    wrong = [
        name
        for name, value, most in (
            ("interval_days", wish.interval_days, MOST_DAYS),
            ("nightly_gb", wish.nightly_gb, MOST_GB),
        )
        if value is not None and not 1 <= value <= most
    ]
    if len(wish.place) > LONGEST_PLACE or not wish.place.isprintable():
        wrong.append("place")
    if store_id not in tools.stores:
        wrong.append("store")
    if wrong:
        raise Incomplete(missing=tuple(wrong))
    told = {
        "kind": str(wish.kind),
        "place": wish.place.strip(),
        "interval_days": wish.interval_days,
        "nightly_gb": wish.nightly_gb,
    }
    card = _put_card(session, store_id, told)
    _tell(session, tools, actor, journal.Subject(journal.STORE, store_id), told)
    return card


def assign_unit(session: Session, tools: Tools, actor: Actor, unit: Collection, wish: UnitWish) -> None:
    """Keep how many copies and places a unit needs. Raises Refused, Incomplete."""
    _check(actor)
    told = {"copies": wish.copies, "places": wish.places}
    wrong = tuple(name for name, value in told.items() if value is not None and not 1 <= value <= MOST_COPIES)
    if wrong:
        raise Incomplete(missing=wrong)
    unit.copies, unit.places = wish.copies, wish.places
    _tell(session, tools, actor, journal.Subject(journal.COLLECTION, unit.id), told)


def recall(session: Session) -> None:
    """Bring back what the log tells last of each store and unit (a part of rebuild)."""
    query = select(Event).where(Event.type == str(EventType.POLICY_ASSIGNMENT))
    for event in session.scalars(query.order_by(Event.at, Event.sequence)):
        if event.object_kind == journal.STORE and set(event.facts) == set(_CARD):
            _put_card(session, event.object_id, event.facts)
        elif event.object_kind == journal.COLLECTION and set(event.facts) == set(_UNIT):
            unit = session.get(Collection, event.object_id)
            if unit is not None:
                unit.copies, unit.places = event.facts["copies"], event.facts["places"]


def told_cards(session: Session) -> list[dict[str, Any]]:
    """Return every card as plain values, for the dump."""
    rows = session.scalars(select(StoreCard).order_by(StoreCard.store_id))
    return [{"store_id": row.store_id, **{name: getattr(row, name) for name in _CARD}} for row in rows]


def _check(actor: Actor) -> None:
    if not may(actor, Act.MANAGE_SYSTEM):
        raise Refused()


def _put_card(session: Session, store_id: str, told: dict[str, Any]) -> StoreCard:
    card = session.get(StoreCard, store_id) or StoreCard(store_id=store_id)
    for name in _CARD:
        setattr(card, name, told[name])
    session.add(card)
    return card


def _tell(
    session: Session, tools: Tools, actor: Actor, about: journal.Subject, told: dict[str, Any]
) -> None:
    at = tools.clock()
    journal.record(session, EventType.POLICY_ASSIGNMENT, about, actor=actor, at=at, facts=told)
    audit.record(session, "policy.changed", actor=actor, at=at, about=about, facts=told)
