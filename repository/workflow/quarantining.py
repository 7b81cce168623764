"""Looks after quarantine (隔离区): what lies there, and what may go after 90 days.

An object is forgotten only where every sign agrees: its day folder, its note and
the medium's time are older than 90 days, the clock is believed and was when the
object went there, a repair in the log tells of it, and the copy it came from was
read and found good since. Anything else stays (promises P5, P19).
"""

from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from preservation.policy import CopyState
from preservation.premis import EventType
from preservation.repair import QUARANTINE_DAYS
from repository.models.event import Event
from repository.models.package import Copy, Package
from repository.workflow import journal, timekeeping
from repository.workflow.tools import Tools, Work
from storage.aside import Quarantined
from storage.errors import StorageError, UnsafeName
from storage.layout import parse_prefix
from storage.store import Store

_PREFIX_PARTS = 5  # "aips/3f/a2/<item>/v0001"


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
    """Forget what may go; a store that is away is left as it was, and asked again later."""
    failed: StorageError | None = None
    for store in work.tools.stores.values():
        try:
            store.probe()
            for one in lying(work.tools, store):
                if one.may_go:
                    _forget(work, store, one)
        except StorageError as error:
            failed = error
    if failed is not None:
        raise failed


def lying(tools: Tools, store: Store) -> list[Kept]:
    """Return what lies in the quarantine of a store, oldest day first, in a day by their places.

    Raises StorageError.
    """
    found = sorted(store.quarantined(), key=lambda one: (one.day or date.max, one.origin))
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


def _forget(work: Work, store: Store, kept: Kept) -> None:
    """Forget one object, told in the log."""
    line = (work.tools.clock() - timedelta(days=QUARANTINE_DAYS)).date()
    if not store.forget_quarantined(kept.object.key, before=line):
        return
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
