"""Writes the audit log (审计日志) of acts on the system.

Accounts, sign-ins, settings, exports, restores: what no PREMIS event tells.
An entry is a row in the caller's transaction; only the worker seals it
(workflow/sealing.py). Values are JSON, so that no typed text can forge a line
(case E18). Never hand in a password, a token or a key.
"""

import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any

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
