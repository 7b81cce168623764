"""Looks after quarantine (隔离区): what lies there, and what may go after 90 days.

An object is forgotten only where every sign agrees: its day folder, its note and
the medium's time are older than 90 days, the clock is believed and was when the
object went there, a repair in the log tells of it, and the copy it came from was
read and found good since. Anything else stays (promises P5, P19).
"""

import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from datetime import date, datetime, timedelta

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from preservation.policy import CopyState
from preservation.premis import EventType
from preservation.repair import QUARANTINE_DAYS
from repository.models.event import Event
from repository.models.package import Copy, Package
from repository.workflow import facts, journal, timekeeping
from repository.workflow.tools import Tools, Work
from storage.aside import Quarantined
from storage.errors import StorageError, UnsafeName
from storage.layout import parse_prefix
from storage.store import Store

_PREFIX_PARTS = 5  # "aips/3f/a2/<item>/v0001"
FIGURES = "quarantine."  # + store id: the name of a fact


@dataclass(frozen=True, slots=True)
class QuarantineFigures:
    """What lay in the quarantine of one store when it was looked at last; oldest is a day or ""."""

    store_id: str
    count: int = 0
    bytes: int = 0
    oldest: str = ""
    at: str = ""


@dataclass(frozen=True, slots=True)
class Kept:
    """One object in quarantine with what the catalogue knows of it.

    until is the last day on which it is surely kept, None where its note is lost;
    may_go is said only where every sign agrees now.
    """

    store_id: str
    object: Quarantined
    item_id: str
    path: str
    until: date | None
    may_go: bool


def sweep(work: Work) -> None:
    """Forget what may go and keep the figures of what stays; a store that is away is left as it was."""
    failed: StorageError | None = None
    for store in work.tools.stores.values():
        try:
            store.probe()
            kept = lying(work.tools, store)
            gone = [one for one in kept if one.may_go and _forget(work, store, one)]
            _keep_figures(work, store.id, [one for one in kept if one not in gone])
        except StorageError as error:
            failed = error
    if failed is not None:
        raise failed


def lying(tools: Tools, store: Store) -> list[Kept]:
    """Return what lies in the quarantine of a store, oldest first. Raises StorageError."""
    found = list(store.quarantined())
    now = tools.clock()
    with tools.database.reading() as session:
        is_trusted = timekeeping.trusted(session, now)
        told = _told_by_repairs(session, store.id)
        return [_kept(session, store.id, one, now=now, told=told if is_trusted else {}) for one in found]


def _told_by_repairs(session: Session, store_id: str) -> dict[str, Event]:
    """Return the event that tells of each quarantine key of a store."""
    query = select(Event).where(
        Event.type == str(EventType.RECOVERY), Event.facts["store"].as_string() == store_id
    )
    return {key: event for event in session.scalars(query) for key in event.facts.get("quarantined", ())}


def _kept(
    session: Session, store_id: str, one: Quarantined, *, now: datetime, told: dict[str, Event]
) -> Kept:
    """Return one object with what the catalogue knows of it."""
    parts = one.origin.split("/")
    prefix, path = "/".join(parts[:_PREFIX_PARTS]), "/".join(parts[_PREFIX_PARTS:])
    try:
        item_id = parse_prefix(prefix).item_id
    except UnsafeName:
        item_id, prefix, path = "", "", one.origin
    until = None
    if one.at is not None and one.day is not None:
        until = max(one.day, one.at.date()) + timedelta(days=QUARANTINE_DAYS)
    event = told.get(one.key)
    may_go = (
        event is not None
        and one.is_before((now - timedelta(days=QUARANTINE_DAYS)).date())
        and event.at < now - timedelta(days=QUARANTINE_DAYS)
        and _clock_was_right(session, event)
        and _is_good_since(session, store_id, prefix, max(event.at, one.at or event.at))
    )
    return Kept(store_id, one, item_id, path, until, may_go)


def _clock_was_right(session: Session, event: Event) -> bool:
    """Return whether no event that was written earlier has a later time: the clock had not gone back."""
    latest = session.scalar(select(func.max(Event.at)).where(Event.sequence < event.sequence))
    return latest is None or latest <= event.at + timekeeping.DOUBT


def _is_good_since(session: Session, store_id: str, prefix: str, at: datetime) -> bool:
    """Return whether the copy was read whole and found good after that time."""
    query = select(Copy.id).join(Package).where(
        Package.prefix == prefix,
        Copy.store_id == store_id,
        Copy.state == str(CopyState.OK),
        Copy.checked_at > at,
    )
    return session.scalars(query).first() is not None


def _forget(work: Work, store: Store, kept: Kept) -> bool:
    """Forget one object, told in the log; return whether it is gone."""
    line = (work.tools.clock() - timedelta(days=QUARANTINE_DAYS)).date()
    if not store.forget_quarantined(kept.object.key, before=line):
        return False
    with work.writing() as session:
        journal.record(
            session,
            EventType.DELETION,
            journal.Subject(journal.STORE, store.id),  # no word on the item: that is as it was
            actor=work.tools.software,
            at=work.tools.clock(),
            detail="quarantine",
            facts={
                "item": kept.item_id,
                "path": kept.path,
                "quarantine": kept.object.key,
                "bytes": kept.object.size,
                "since": kept.object.at.isoformat() if kept.object.at else "",
            },
        )
    return True


def _keep_figures(work: Work, store_id: str, kept: Iterable[Kept]) -> None:
    rows = list(kept)
    days = sorted(one.object.day.isoformat() for one in rows if one.object.day)
    told = QuarantineFigures(
        store_id,
        count=len(rows),
        bytes=sum(one.object.size for one in rows),
        oldest=days[0] if days else "",
        at=work.tools.clock().isoformat(),
    )
    with work.writing() as session:
        facts.put(session, FIGURES + store_id, json.dumps(asdict(told)))


def figures(session: Session, store_ids: Iterable[str]) -> list[QuarantineFigures]:
    """Return what lay in each store's quarantine at the last look; stores never looked at are left out."""
    told = (facts.get(session, FIGURES + store_id) for store_id in store_ids)
    return [QuarantineFigures(**json.loads(text)) for text in told if text]
