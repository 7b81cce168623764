"""Sees where each store lies, and finds out by itself when one was moved.

A folder that was copied to another disk looks the same and is not: trust is
lost on touch. Its copies keep their state, count as not verified, and are read
first (P3: within a day). Where a store lies also tells which stores share a disk.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass

from sqlalchemy.orm import Session

from preservation.checks import Outcome
from preservation.premis import EventType
from repository.policies import SEAT
from repository.workflow import facts, journal, planning
from repository.workflow.tools import Tools
from storage.disks import Seat, seat_of
from storage.errors import StorageError


@dataclass(frozen=True, slots=True)
class Moved:
    """A store that lies elsewhere than before, and how many copies are to be read for it."""

    store_id: str
    copies: int


def refresh(tools: Tools) -> list[Moved]:
    """Look where the stores lie and write it down; return those that were moved."""
    seats = look(tools)
    with tools.database.reading() as session:
        if not _fresh(session, seats):
            return []
    with tools.database.writing.begin() as session:
        return note(session, tools, seats)


def look(tools: Tools) -> dict[str, Seat]:
    """Return where each folder store lies now. Disks are read: let go of the database first."""
    found = {}
    for spec in tools.settings.store_specs:
        if spec.kind != "folder" or spec.id not in tools.stores:
            continue
        try:
            tools.stores[spec.id].probe()
            found[spec.id] = seat_of(spec.root)
        except StorageError:
            continue  # away or another store's disk: told elsewhere, and no reason to distrust copies
    return found


def note(session: Session, tools: Tools, seats: Mapping[str, Seat]) -> list[Moved]:
    """Keep where the stores lie; what was moved is told in the log and asked to be read."""
    moved = []
    for store_id, seat in _fresh(session, seats).items():
        before = facts.get(session, SEAT + store_id)
        facts.put(session, SEAT + store_id, _told(seat))
        if before and json.loads(before)["marker"] != seat.marker:
            moved.append(Moved(store_id, planning.ask_early(session, at=tools.clock(), store_id=store_id)))
            journal.record(
                session,
                EventType.REFRESHMENT,
                journal.Subject(journal.STORE, store_id),
                actor=tools.software,
                at=tools.clock(),
                outcome=Outcome.WARNED,
                detail="moved",
                facts={"copies": moved[-1].copies},
            )
    return moved


def _told(seat: Seat) -> str:
    return json.dumps({"disk": seat.disk, "marker": seat.marker}, sort_keys=True)


def _fresh(session: Session, seats: Mapping[str, Seat]) -> dict[str, Seat]:
    """Return the seats that are not written down yet."""
    return {name: seat for name, seat in seats.items() if facts.get(session, SEAT + name) != _told(seat)}
