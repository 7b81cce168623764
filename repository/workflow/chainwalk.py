"""Walks the chain of one log from its first row to its last.

Reads rows and seals side by side, in batches, and tells each place where they
do not agree. A break is told once: the walk goes on from the seal that stands.
"""

import json
from collections.abc import Mapping, Set
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import Row, Select, exists, func, select
from sqlalchemy.orm import Session

from preservation.checks import Finding, Outcome
from repository.models.audit import Seal
from repository.workflow import chains
from repository.workflow.chains import LOGS, Head
from repository.workflow.sealkey import SealKey

MOST_TOLD = 100  # findings of one log that are told one by one; all are counted
_BATCH = 1000  # rows in memory at once
_NEAR = 20  # rows looked at on both sides for one that changed places
_MOST_NEAR = 20  # breaks that are looked at so closely


@dataclass(slots=True)
class Walk:
    """What was seen of one log. passed are the wanted digests that were met; unchecked seals had no key."""

    log: str
    findings: list[Finding] = field(default_factory=list)
    wrong: int = 0
    head: Head = field(default_factory=Head)
    passed: set[str] = field(default_factory=set)
    unchecked: int = 0
    is_behind: bool = False  # the border of a former key was passed: from here on every seal is of this one
    unsealed: int = 0
    unsealed_since: datetime | None = None

    def tell(self, code: str, sequence: int, **facts: object) -> None:
        """Note one thing that is wrong with the row of this number."""
        self.wrong += 1
        if len(self.findings) < MOST_TOLD:
            told = {"log": self.log, "number": sequence, **facts}
            pairs = tuple((name, str(value)) for name, value in told.items())
            self.findings.append(Finding(code, Outcome.FAILED, f"{self.log}/{sequence}", pairs))


def walk(session: Session, log: str, *, key: SealKey | None, wanted: Set[str]) -> Walk:
    """Return what a log's rows, seals and macs tell; key None: macs are not looked at."""
    seen = Walk(log)
    for pair in session.execute(_pairs(log), execution_options={"yield_per": _BATCH}):
        _judge(session, seen, pair, key)
        seen.head = Head(pair.seal_sequence, seen.head.count + 1, pair.seal_digest)
        if pair.seal_digest in wanted:
            seen.passed.add(pair.seal_digest)
    _between(session, seen)
    model = LOGS[log]
    query = select(func.count(), func.min(model.at)).where(model.sequence > seen.head.sequence)
    seen.unsealed, seen.unsealed_since = session.execute(query).one()
    return seen


def _pairs(log: str) -> Select[Any]:
    """Return the question for every seal of a log with the row it seals, if that is there."""
    model = LOGS[log]
    seal = (
        Seal.number.label("seal_number"),
        Seal.sequence.label("seal_sequence"),
        Seal.digest.label("seal_digest"),
        Seal.mac.label("seal_mac"),
    )
    query = select(*seal, *model.__table__.columns).outerjoin(model, model.sequence == Seal.sequence)
    return query.where(Seal.log == log).order_by(Seal.sequence, Seal.number)


def _judge(session: Session, seen: Walk, pair: Row[Any], key: SealKey | None) -> None:
    """Compare one seal with its row, its mac and the seal before it."""
    number, before = pair.seal_sequence, seen.head
    if key is not None and not 0 < pair.seal_number <= key.after:
        seen.is_behind = True
    if not seen.is_behind:
        seen.unchecked += 1
    if seen.is_behind and key is not None and not key.fits(pair.seal_digest, pair.seal_mac):
        seen.tell("AU-006", number)
    elif pair.sequence is None:
        seen.tell("AU-002", number)
    elif chains.chained(before.digest, chains.line(seen.log, pair)) != pair.seal_digest:
        if number > before.sequence + 1:
            seen.tell("AU-003", number, after=before.sequence)
        elif other := _changed_places(session, seen, pair):
            seen.tell("AU-004", number, other=other)
        else:
            seen.tell("AU-001", number)


def _changed_places(session: Session, seen: Walk, pair: Row[Any]) -> int:
    """Return the number under which the row now stands that was sealed as this one; 0 for none near."""
    if seen.wrong >= _MOST_NEAR:
        return 0
    model, number = LOGS[seen.log], pair.seal_sequence
    near = select(model).where(model.sequence.between(number - _NEAR, number + _NEAR))
    for row in session.scalars(near):
        told = {**json.loads(chains.line(seen.log, row)), "sequence": number}
        if chains.chained(seen.head.digest, chains.canonical(told)) == pair.seal_digest:
            return int(row.sequence)
    return 0


def _between(session: Session, seen: Walk) -> None:
    """Tell the rows that stand before the last sealed one and have no seal."""
    model = LOGS[seen.log]
    sealed = exists().where(Seal.log == seen.log, Seal.sequence == model.sequence)
    strange = select(model.sequence).where(model.sequence <= seen.head.sequence, ~sealed)
    for number in session.scalars(strange.order_by(model.sequence)):
        seen.tell("AU-005", number)


def counts(session: Session) -> Mapping[str, int]:
    """Return how many rows each log has."""
    return {log: session.scalar(select(func.count()).select_from(model)) or 0 for log, model in LOGS.items()}
