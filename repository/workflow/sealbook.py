"""Carries sealed entries and all seals into the stores, and reads them back.

An object is written once, named by its digest (storage.layout.audit_key); each
line is one seal with the digest before it and, for the audit log, the sealed
entry itself; events travel in the event log (workflow/logbook.py). Each store
has a watermark of its own.
"""

import hashlib
import io
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from repository.models.audit import AuditEntry, Seal
from repository.models.event import Event
from repository.workflow import anchorbook, audit, chains, facts, rollbook
from repository.workflow.chains import AUDIT, EVENT
from repository.workflow.tools import Work
from storage.errors import AlreadyStored, DigestMismatch, NotFound, StorageError, Unreadable
from storage.layout import audit_key
from storage.store import Store

BATCH = 5000  # seals per object


@dataclass(frozen=True, slots=True)
class Span:
    """The numbers from first to last."""

    first: int
    last: int


def carry(work: Work) -> None:
    """Bring every store's seals up to the catalogue's. Raises the last store's trouble, after all."""
    failed: StorageError | None = None
    for store in work.tools.stores.values():
        try:
            store.probe()
            while _carry_batch(work, store):
                pass
            anchorbook.carry(work, store)  # it may have been away when they were made
            rollbook.carry(work, store)
        except StorageError as error:
            failed = error
    if failed is not None:
        raise failed


def _carry_batch(work: Work, store: Store) -> bool:
    """Write one batch into one store; return whether there may be more."""
    name = facts.SEAL_WATERMARK + store.id
    with work.reading() as session:
        after = facts.number(session, name)
        query = select(Seal).where(Seal.number > after).order_by(Seal.number).limit(BATCH)
        seals = session.scalars(query).all()
        told = _told(session, seals)
    if not seals:
        return False
    content = chains.encoded("".join(text + "\n" for text in told))
    digest = hashlib.sha256(content).hexdigest()
    day = work.tools.clock().date()
    try:
        store.put(audit_key(day, digest), io.BytesIO(content), digest)
    except AlreadyStored:
        pass  # a former run wrote it and was stopped before it could say so
    with work.writing() as session:
        facts.put(session, name, str(seals[-1].number))
    return len(seals) == BATCH


def _told(session: Session, seals: Sequence[Seal]) -> list[str]:
    """Return seals as lines: what each seals is told whole, or by the event's id."""
    span = _span(seals, EVENT)
    known = select(Event.sequence, Event.id).where(Event.sequence.between(span.first, span.last))
    events = {row.sequence: row.id for row in session.execute(known)}
    span = _span(seals, AUDIT)
    acts = select(AuditEntry).where(AuditEntry.sequence.between(span.first, span.last))
    entries = {row.sequence: row for row in session.scalars(acts)}
    before: dict[str, str] = {}
    told = []
    for seal in seals:
        one = {name: getattr(seal, name) for name in ("log", "sequence", "number", "digest", "mac")}
        if seal.log not in before:
            before[seal.log] = _before(session, seal)
        one["before"], before[seal.log] = before[seal.log], seal.digest
        if seal.log == EVENT:
            one["event"] = events.get(seal.sequence)
        else:
            entry = entries.get(seal.sequence)
            one["entry"] = None if entry is None else json.loads(audit.line(entry))
        told.append(chains.canonical(one))
    return told


def _before(session: Session, seal: Seal) -> str:
    query = select(Seal.digest).where(Seal.log == seal.log, Seal.sequence < seal.sequence)
    return session.scalars(query.order_by(Seal.sequence.desc()).limit(1)).first() or ""


def _span(seals: Sequence[Seal], log: str) -> Span:
    """Return the first and last number of a log that these seals are of."""
    numbers = [seal.sequence for seal in seals if seal.log == log] or [0]
    return Span(min(numbers), max(numbers))


def lines(store: Store) -> Iterator[dict[str, Any]]:
    """Yield every seal that one store tells; a damaged or unreadable object is passed over."""
    for found in store.list("audit/"):
        try:
            with store.open(found.key) as stream:
                content = stream.read()
        except (DigestMismatch, NotFound, Unreadable):
            continue
        if hashlib.sha256(content).hexdigest() not in found.key:
            continue  # another store has it whole
        yield from (json.loads(text) for text in content.decode().split("\n") if text)
