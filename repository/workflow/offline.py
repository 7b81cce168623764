"""Offline media (离线介质): disks in a cupboard as copies.

A medium is a row, its copies are rows of Copy with its id as store_id; the disk itself
carries the id in its marker. Every act is in the event log with the new values, so that
a rebuild from the stores knows the media, too.
"""

import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session

from preservation.checks import Outcome
from preservation.policy import CopyState
from preservation.premis import EventType
from repository.models.event import Event
from repository.models.keeping import Medium, MediumState
from repository.models.package import Copy, Package
from repository.permissions import Act, Actor, may
from repository.workflow import audit, journal
from repository.workflow.errors import Incomplete, Refused, Taken
from repository.workflow.medium_errors import MediumRefused
from repository.workflow.tools import Tools
from storage import ages

MEDIUM = "medium"
PREFIX = "disk_"
#: What the log tells of a medium; the id is the event's subject.
COLUMNS = ("name", "owner", "place", "rotation_days", "check_days", "recipients", "state", "note")
MOST_DAYS = 3650


@dataclass(frozen=True, slots=True)
class Enrolment:
    """What a person says of a disk; recipients are age public keys, empty for an open disk."""

    name: str
    owner: str
    place: str
    rotation_days: int = 90
    check_days: int = 365
    recipients: tuple[str, ...] = ()
    note: str = ""


@dataclass(frozen=True, slots=True)
class Overdue:
    """A medium that should have been brought: act is "write" or "check"; days since it was due."""

    medium_id: str
    name: str
    owner: str
    place: str
    act: str
    due: datetime
    days: int


def subject(medium: Medium) -> journal.Subject:
    """Return the subject of an event on a medium."""
    return journal.Subject(MEDIUM, medium.id)


def enrol(session: Session, tools: Tools, actor: Actor, told: Enrolment) -> Medium:
    """Enter a disk and return its row. Raises Refused, Incomplete, Taken, ages.NotAnIdentity."""
    _check_right(actor)
    values = _checked(told)
    if session.scalars(select(Medium.id).where(Medium.name == values["name"])).first():
        raise Taken(name=values["name"])
    now = tools.clock()
    medium = Medium(id=PREFIX + secrets.token_hex(4), created_at=now, state=str(MediumState.IN_USE), **values)
    session.add(medium)
    session.flush()
    facts = {name: getattr(medium, name) for name in COLUMNS}
    journal.record(session, EventType.CREATION, subject(medium), actor=actor, at=now, facts=facts)
    audit.record(session, "medium.enrol", actor=actor, at=now, about=subject(medium), facts=facts)
    return medium


def change(session: Session, tools: Tools, actor: Actor, medium: Medium, told: Enrolment) -> None:
    """Save name, owner, place, intervals and note; who can open it never changes. Raises as enrol."""
    _check_right(actor)
    values = {name: value for name, value in _checked(told).items() if name != "recipients"}
    same = select(Medium.id).where(Medium.name == values["name"], Medium.id != medium.id)
    if session.scalars(same).first():
        raise Taken(name=values["name"])
    changed = {name: value for name, value in values.items() if getattr(medium, name) != value}
    if changed:
        _tell_change(session, tools, actor, medium, changed)


def give_up(session: Session, tools: Tools, actor: Actor, medium: Medium, *, state: MediumState) -> int:
    """Call a medium lost or retired and return how many copies count no more.

    Raises Refused, MediumRefused.
    """
    _check_right(actor)
    in_use(medium)
    held = session.scalar(select(func.count()).select_from(Copy).where(Copy.store_id == medium.id)) or 0
    session.execute(delete(Copy).where(Copy.store_id == medium.id))
    _tell_change(session, tools, actor, medium, {"state": str(state)}, copies=held)
    return held


def _tell_change(
    session: Session, tools: Tools, actor: Actor, medium: Medium, changed: dict[str, Any], **more: Any
) -> None:
    now = tools.clock()
    for name, value in changed.items():
        setattr(medium, name, value)
    told = {**changed, **more}
    about = subject(medium)
    journal.record(session, EventType.MODIFICATION, about, actor=actor, at=now, facts=told)
    audit.record(session, "medium.change", actor=actor, at=now, about=about, facts=told)


def _check_right(actor: Actor) -> None:
    if not may(actor, Act.MANAGE_SYSTEM):
        raise Refused()


def _checked(told: Enrolment) -> dict[str, Any]:
    words = ("name", "owner", "place", "note")
    values: dict[str, Any] = {name: getattr(told, name).strip() for name in words}
    missing = [f"medium_{name}" for name in ("name", "owner", "place") if not values[name]]
    for name in ("rotation_days", "check_days"):
        values[name] = getattr(told, name)
        if not 1 <= values[name] <= MOST_DAYS:
            missing.append(name)
    if missing or len(values["name"]) > 80 or len(values["owner"]) > 80 or len(values["place"]) > 120:
        raise Incomplete(missing=tuple(missing or ("medium_name",)))
    values["recipients"] = "\n".join(ages.check_recipient(one) for one in told.recipients)
    return values


def named(session: Session, name: str) -> Medium | None:
    """Return a medium by its name or id."""
    query = select(Medium).where((Medium.name == name) | (Medium.id == name))
    return session.scalars(query).first()


def in_use(medium: Medium) -> None:
    """Return if a medium is neither lost nor retired. Raises MediumRefused."""
    if medium.state != MediumState.IN_USE:
        raise MediumRefused(why="gone", medium=medium.name)


def recipients(medium: Medium) -> tuple[str, ...]:
    """Return who can open a sealed medium; nothing for an open one."""
    return tuple(medium.recipients.split())


def rotation_due(medium: Medium) -> datetime:
    """Return when a medium should be brought and written."""
    return (medium.written_at or medium.created_at) + timedelta(days=medium.rotation_days)


def check_due(medium: Medium) -> datetime:
    """Return when a medium should be read wholly."""
    return (medium.checked_at or medium.created_at) + timedelta(days=medium.check_days)


def overdue(session: Session, now: datetime) -> list[Overdue]:
    """Return every medium in use that should have been brought by now, the longest first (A125)."""
    found = []
    for medium in session.scalars(select(Medium).where(Medium.state == MediumState.IN_USE)):
        for act, due in (("write", rotation_due(medium)), ("check", check_due(medium))):
            if due < now:
                days = (now - due).days
                row = Overdue(medium.id, medium.name, medium.owner, medium.place, act, due, days)
                found.append(row)
    return sorted(found, key=lambda one: (one.due, one.medium_id, one.act))


def replant(session: Session) -> int:
    """Make the media and their copies that only the log still tells of; return how many copies.

    They are unknown until they were read. A medium that is known stays as it is.
    """
    told = select(Event).where(Event.object_kind == MEDIUM).order_by(Event.sequence)
    fresh: dict[str, Medium] = {}
    for event in session.scalars(told).all():
        if event.type == EventType.CREATION and session.get(Medium, event.object_id) is None:
            medium = Medium(id=event.object_id, created_at=event.at, **event.facts)
            session.add(medium)
            session.flush()
            fresh[medium.id] = medium
        elif event.object_id in fresh:
            _apply(fresh[event.object_id], event)
    return _replant_copies(session, {one.id for one in fresh.values() if one.state == MediumState.IN_USE})


def _apply(medium: Medium, event: Event) -> None:
    if event.type == EventType.MODIFICATION:
        for name in COLUMNS:
            if name in event.facts:
                setattr(medium, name, event.facts[name])
    elif event.type == EventType.REPLICATION:
        medium.written_at = event.at
    elif event.type == EventType.FIXITY_CHECK:
        medium.checked_at = event.at


def _replant_copies(session: Session, media: set[str]) -> int:
    if not media:
        return 0
    rows = session.execute(select(Package.item_id, Package.version, Package.id))
    packages = {(row.item_id, row.version): row.id for row in rows}
    rows_of_copies = session.execute(select(Copy.package_id, Copy.store_id))
    known = {(row.package_id, row.store_id) for row in rows_of_copies}
    made = 0
    query = select(Event).where(Event.type == EventType.REPLICATION, Event.object_kind == journal.ITEM)
    for event in session.scalars(query):
        package = packages.get((event.object_id, event.facts.get("version", 0)))
        store = str(event.facts.get("store"))
        if package is None or store not in media or (package, store) in known:
            continue
        known.add((package, store))
        unknown = {"state": str(CopyState.UNKNOWN), "outcome": str(Outcome.NOT_RUN)}
        session.add(Copy(package_id=package, store_id=store, created_at=event.at, **unknown))
        made += 1
    return made


def told(medium: Medium) -> dict[str, Any]:
    """Return a medium for the dump of the catalogue."""
    times = {
        name: None if at is None else at.isoformat()
        for name, at in (("created_at", medium.created_at), ("written_at", medium.written_at))
    }
    return {"id": medium.id, **{name: getattr(medium, name) for name in COLUMNS}, **times}
