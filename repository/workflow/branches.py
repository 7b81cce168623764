"""What an anchor means that lies on no chain of this catalogue.

A database of yesterday that went on working has a chain of its own from there
(case B17). The stores still hold the seals of the other life: if every row
they seal is in this catalogue, too, under whatever number, nothing is lost
and it is told as renumbered; else the rows that are gone are told.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from preservation.checks import Finding, Outcome
from repository.models.audit import AuditEntry, Seal
from repository.models.event import Event
from repository.workflow import chains, logbook, sealbook
from repository.workflow.sealkey import SealKey
from repository.workflow.tools import Tools
from repository.workflow.verdicts import Stray, finding
from storage.errors import StorageError

Line = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Books:
    """What the stores tell: seals by log and digest, events by id."""

    seals: Mapping[str, Mapping[str, Line]]
    events: Mapping[str, Line]


@dataclass(slots=True)
class Branch:
    """The other life of one log: seals that were followed, numbers of rows that are gone."""

    seals: set[str] = field(default_factory=set)
    gone: list[int] = field(default_factory=list)


def explain(tools: Tools, strays: Sequence[Stray], key: SealKey | None) -> list[Finding]:
    """Return what the strays mean: one finding for each log."""
    books = read(tools)
    findings = []
    with tools.database.reading() as session:
        for log in chains.LOGS:
            of_log = [stray for stray in strays if stray.log == log]
            if of_log:
                findings.append(_explained(session, books, of_log, key))
    return findings


def read(tools: Tools) -> Books:
    """Return the seals and events that the reachable stores tell."""
    seals: dict[str, dict[str, Line]] = {log: {} for log in chains.LOGS}
    events: dict[str, Line] = {}
    for store in tools.stores.values():
        try:
            store.probe()
            for told in sealbook.lines(store):
                seals[told["log"]].setdefault(told["digest"], told)
            for told in logbook.lines(store):
                events.setdefault(told["id"], told)
        except StorageError:
            continue  # a store that is away is told by itself
    return Books(seals, events)


def row_of(books: Books, told: Line) -> str | None:
    """Return the row that a seal's line seals as canonical JSON; None where the stores do not tell it."""
    if told["log"] == chains.AUDIT:
        row = told["entry"]
    else:
        row = books.events.get(told["event"])
    if row is None:
        return None
    text = chains.canonical({**row, "sequence": told["sequence"]})
    return text if chains.chained(told["before"], text) == told["digest"] else None


def _explained(session: Session, books: Books, strays: list[Stray], key: SealKey | None) -> Finding:
    """Follow each stray back to our chain; the first that cannot be followed, or lacks rows, is told."""
    branch = Branch()
    for stray in strays:
        known = _follow(session, books, stray, key=key, branch=branch)
        if not known or branch.gone:
            code = "AU-007" if stray.is_cut else "AU-008"
            facts = {"log": stray.log, "anchor": stray.anchor, "at": stray.at.isoformat()}
            facts |= {"number": min(branch.gone, default=stray.head.sequence), "anchors": len(strays)}
            return finding(code, Outcome.FAILED, f"anchor/{stray.anchor}", **facts)
    log = strays[0].log
    return finding("AU-012", Outcome.WARNED, log, log=log, count=len(branch.seals), anchors=len(strays))


def _follow(
    session: Session, books: Books, stray: Stray, *, key: SealKey | None, branch: Branch
) -> bool:
    """Walk from a stray to where its branch leaves our chain; return whether the stores tell every step."""
    digest = stray.head.digest
    while digest and digest not in branch.seals:
        told = books.seals[stray.log].get(digest)
        text = None if told is None else row_of(books, told)
        if told is None or text is None or (key is not None and not key.fits(digest, told["mac"])):
            return False
        if _is_ours(session, stray.log, told):
            return True
        branch.seals.add(digest)
        if not is_known(session, stray.log, json.loads(text)):
            branch.gone.append(told["sequence"])
        digest = told["before"]
    return True


def _is_ours(session: Session, log: str, told: Line) -> bool:
    """Return whether a seal is one of our chain."""
    query = select(Seal.number).where(Seal.log == log, Seal.sequence == told["sequence"])
    return session.scalars(query.where(Seal.digest == told["digest"])).first() is not None


def is_known(session: Session, log: str, told: Line) -> bool:
    """Return whether the catalogue has this very row, under whatever number."""
    if log == chains.EVENT:
        rows: Select[Any] = select(Event).where(Event.id == told["id"])
    else:
        at = datetime.fromisoformat(told["at"])
        about = AuditEntry.object_id == told["object_id"]
        rows = select(AuditEntry).where(AuditEntry.at == at, AuditEntry.act == told["act"], about)
    found = (json.loads(chains.line(log, row)) for row in session.scalars(rows))
    return any({**row, "sequence": 0} == {**told, "sequence": 0} for row in found)
