"""Brings entries, seals and anchors back from the stores (a part of rebuild).

The chain in the stores is a tree where a database of yesterday went on: the
longest way is followed from where the catalogue's own chain ends, as far as
rows and seals agree. What lies beside it comes behind, under new numbers,
and the worker seals it anew (case B17).
"""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from sqlalchemy import func, insert, select
from sqlalchemy.orm import Session
from sqlalchemy.orm.attributes import flag_modified

from repository.models.audit import Anchor, AuditEntry, Seal
from repository.models.event import Event
from repository.workflow import anchorbook, audit, chains, facts, jobs, sealbook, sealing, sealkey
from repository.workflow.anchorbook import Witness
from repository.workflow.branches import Line
from repository.workflow.chains import AUDIT, EVENT, LOGS
from repository.workflow.tools import Tools
from storage.errors import Unreadable


@dataclass(frozen=True, slots=True)
class Scions:
    """What the stores tell: seals by log and digest, which of them each store has, and anchors."""

    seals: Mapping[str, Mapping[str, Line]]
    carried: Mapping[str, frozenset[str]]
    anchors: tuple[Witness, ...]


def gather(tools: Tools) -> Scions:
    """Return what the stores tell of seals and anchors. Raises StoreUnavailable."""
    seals: dict[str, dict[str, Line]] = {log: {} for log in LOGS}
    carried: dict[str, frozenset[str]] = {}
    anchors: list[Witness] = []
    for store in tools.stores.values():
        told = list(sealbook.lines(store))
        for one in told:
            seals[one["log"]].setdefault(one["digest"], one)
        carried[store.id] = frozenset(one["digest"] for one in told)
        anchors.extend(one for one in anchorbook.read(store) if one.whole)
    return Scions(seals, carried, tuple(anchors))


def numbers(session: Session, scions: Scions) -> dict[str, int]:
    """Return the number of each event on the way that will be followed, by the event's id."""
    return {told["event"]: told["sequence"] for told in _way(session, scions, EVENT)}


def _way(session: Session, scions: Scions, log: str) -> Iterator[Line]:
    """Yield the seals behind the catalogue's last one: the longest way, in order."""
    told = scions.seals[log]
    depth: dict[str, int] = {}
    following: dict[str, str] = {}
    for line in sorted(told.values(), key=lambda line: (line["sequence"], line["digest"]), reverse=True):
        reach = depth.get(line["digest"], 0) + 1
        if reach > depth.get(line["before"], 0):
            depth[line["before"]], following[line["before"]] = reach, line["digest"]
    last = sealing.last_seal(session, log)
    digest = following.get("" if last is None else last.digest)
    while digest is not None:
        yield told[digest]
        digest = following.get(digest)


def graft(session: Session, tools: Tools, scions: Scions) -> None:
    """Add entries, seals and anchors that the catalogue lacks; its events must stand by now."""
    ways = {log: {told["sequence"]: told for told in _way(session, scions, log)} for log in LOGS}
    _add_entries(session, scions, ways[AUDIT])
    before = session.scalar(select(func.max(Seal.number))) or 0
    for log, way in ways.items():
        _add_seals(session, log, way)
    _add_anchors(session, tools, scions.anchors)
    for store_id, digests in scions.carried.items():
        facts.put(session, facts.SEAL_WATERMARK + store_id, str(_carried_up_to(session, digests)))
    _keep_border(session, tools, after=before)
    jobs.ask_seal(session)


def _content(line: Mapping[str, object]) -> str:
    """Return an entry without its number, as text."""
    return chains.canonical({name: value for name, value in line.items() if name != "sequence"})


def _add_entries(session: Session, scions: Scions, way: Mapping[int, Line]) -> None:
    """Add the entries on the way under their numbers, then those beside it that are not known, behind."""
    stand = {row.sequence: json.loads(audit.line(row)) for row in session.scalars(select(AuditEntry))}
    for number, line in way.items():
        if number not in stand and line["entry"] is not None:
            stand[number] = line["entry"]
            session.add(audit.row(line["entry"]))
    session.flush()
    known = {_content(entry) for entry in stand.values()}
    told = [line["entry"] for line in scions.seals[AUDIT].values() if line["entry"] is not None]
    for entry in sorted(told, key=lambda entry: (entry["at"], entry["sequence"])):
        if _content(entry) not in known:
            known.add(_content(entry))
            row = audit.row(entry)
            row.sequence = None  # type: ignore[assignment]
            session.add(row)
            session.flush()


def _add_seals(session: Session, log: str, way: Mapping[int, Line]) -> None:
    """Add seals along the way, as far as each row is the one that was sealed."""
    last, model = sealing.last_seal(session, log), LOGS[log]
    after, digest = (0, "") if last is None else (last.sequence, last.digest)
    rows = select(*model.__table__.columns).where(model.sequence > after).order_by(model.sequence)
    seals: list[dict[str, object]] = []
    for row in session.execute(rows):
        told = way.get(row.sequence)
        if told is None or told["before"] != digest:
            break
        digest = chains.chained(digest, chains.line(log, row))
        if digest != told["digest"]:
            break
        seals.append({"log": log, "sequence": row.sequence, "digest": digest, "mac": told["mac"]})
    if seals:
        session.execute(insert(Seal), seals)


def _add_anchors(session: Session, tools: Tools, told: tuple[Witness, ...]) -> None:
    """Add the anchors whose number is free, and note where each one stands."""
    now = tools.clock().isoformat()
    for one in sorted(told, key=lambda one: one.number):
        row = session.get(Anchor, one.number)
        if row is None:
            row = Anchor(number=one.number, at=one.at, heads=one.heads, mac=one.mac, carried={})
            session.add(row)
        if anchorbook.witness(row).digest == one.digest and one.where not in row.carried:
            row.carried[one.where] = now
            flag_modified(row, "carried")
    session.flush()


def _carried_up_to(session: Session, digests: frozenset[str]) -> int:
    """Return the number up to which a store has every seal of the catalogue."""
    last = 0
    for row in session.execute(select(Seal.number, Seal.digest).order_by(Seal.number)):
        if row.digest not in digests:
            break
        last = row.number
    return last


def _keep_border(session: Session, tools: Tools, *, after: int) -> None:
    """Tell the key, if it is at hand, that the seals that came back are of another one, where they are.

    after is the last one that stood here before: what does not fit there is forged, not of a former key.
    """
    try:
        key = sealkey.read(tools.settings.audit_key_file)
    except Unreadable:
        return
    if key is None:
        return  # the worker will make one, and knows by then where the old ones end
    for row in session.scalars(select(Seal).where(Seal.number > after).order_by(Seal.number.desc())):
        if not key.fits(row.digest, row.mac):
            sealkey.move_border(tools.settings.audit_key_file, key, after=row.number)
            return


def add_events(session: Session, fresh: list[Event], numbered: Mapping[str, int]) -> None:
    """Write events under the numbers of the way, else their old ones; where those are gone, behind (B17)."""
    taken = set(session.scalars(select(Event.sequence)))
    last = max(session.scalar(select(func.max(Event.sequence))) or 0, *numbered.values(), 0)
    behind = []
    for event in fresh:
        number = numbered.get(event.id) or (event.sequence if event.sequence > last else 0)
        if number and number not in taken:
            taken.add(number)
            event.sequence = number
            session.add(event)
        else:
            behind.append(event)
    session.flush()
    for event in behind:
        event.sequence = None  # type: ignore[assignment]
        session.add(event)
        session.flush()
