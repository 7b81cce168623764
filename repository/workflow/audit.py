"""Writes the audit log (审计日志) of acts on the system.

Accounts, sign-ins, settings, exports, restores: what no PREMIS event tells.
An entry is a row in the caller's transaction; only the worker seals it
(workflow/sealing.py). Values are JSON, so that no typed text can forge a line
(case E18). Never hand in a password, a token or a key.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.orm import Session

from preservation.checks import Outcome
from repository.models.audit import AuditEntry
from repository.permissions import Actor
from repository.workflow import jobs
from repository.workflow.journal import Subject

SYSTEM, ACCOUNT, JOB = "system", "account", "job"
NAME_LIMIT, ID_LIMIT, ACT_LIMIT = 80, 64, 60
_COLUMNS = (
    "sequence",
    "act",
    "outcome",
    "actor_id",
    "actor_name",
    "actor_kind",
    "object_kind",
    "object_id",
    "facts",
)


def record(
    session: Session,
    act: str,
    *,
    actor: Actor,
    at: datetime,
    about: Subject | None = None,
    outcome: Outcome = Outcome.PASSED,
    facts: Mapping[str, Any] | None = None,
) -> AuditEntry:
    """Write one entry, ask for its seal, and return it; act is two English words, "account.made"."""
    row = AuditEntry(
        at=at,
        act=act[:ACT_LIMIT],
        outcome=str(outcome),
        actor_id=actor.id or "",
        actor_name=actor.name[:NAME_LIMIT],
        actor_kind=actor.kind,
        object_kind="" if about is None else about.kind,
        object_id="" if about is None else about.id[:ID_LIMIT],
        facts=dict(facts or {}),
    )
    session.add(row)
    jobs.ask_seal(session)
    return row


def line(entry: AuditEntry) -> str:
    """Return an entry as one line of canonical JSON."""
    told = {name: getattr(entry, name) for name in _COLUMNS}
    return json.dumps({**told, "at": entry.at.isoformat()}, ensure_ascii=False, sort_keys=True)


def row(told: Mapping[str, Any]) -> AuditEntry:
    """Return the entry that a line tells."""
    return AuditEntry(**{name: told[name] for name in _COLUMNS}, at=datetime.fromisoformat(told["at"]))


@dataclass(frozen=True, slots=True)
class Wanted:
    """What narrows the list: "" and None narrow nothing. since and until are UTC, until is left out."""

    act: str = ""
    person: str = ""
    about: str = ""
    since: datetime | None = None
    until: datetime | None = None

    def tests(self) -> list[ColumnElement[bool]]:
        """Return the conditions of a question."""
        found: list[ColumnElement[bool]] = []
        if self.act:
            found.append(AuditEntry.act == self.act)
        if self.person:
            found.append(AuditEntry.actor_name.contains(self.person, autoescape=True))
        if self.about:
            found.append(AuditEntry.object_id.startswith(self.about, autoescape=True))
        if self.since is not None:
            found.append(AuditEntry.at >= self.since)
        if self.until is not None:
            found.append(AuditEntry.at < self.until)
        return found


def entries(session: Session, wanted: Wanted, *, limit: int, skip: int = 0) -> Sequence[AuditEntry]:
    """Return entries of the log, newest first."""
    query = select(AuditEntry).where(*wanted.tests()).order_by(AuditEntry.sequence.desc())
    return session.scalars(query.limit(limit).offset(skip)).all()


def count(session: Session, wanted: Wanted) -> int:
    """Return how many entries there are."""
    return session.scalar(select(func.count()).select_from(AuditEntry).where(*wanted.tests())) or 0


def acts(session: Session) -> Sequence[str]:
    """Return every act that stands in the log."""
    return session.scalars(select(AuditEntry.act).distinct().order_by(AuditEntry.act)).all()


def entry(session: Session, number: int) -> AuditEntry | None:
    """Return one entry by its number."""
    return session.get(AuditEntry, number)
