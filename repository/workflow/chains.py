"""How a row of a log is told and chained: pure arithmetic of both logs.

A digest in the chain is SHA-256 over the digest before it and the row as
canonical JSON (RFC 8785 in spirit: sorted names, one way to write).
"""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from repository.models.audit import AuditEntry
from repository.models.event import Event
from repository.workflow import audit, logbook

EVENT, AUDIT = "event", "audit"
#: Each log by its name.
LOGS: Mapping[str, type[Any]] = {EVENT: Event, AUDIT: AuditEntry}


def line(log: str, row: Any) -> str:
    """Return a row of a log as canonical JSON; row has the columns as attributes."""
    return logbook.line(row) if log == EVENT else audit.line(row)


def canonical(values: Mapping[str, Any]) -> str:
    """Return values as canonical JSON."""
    return json.dumps(values, ensure_ascii=False, sort_keys=True)


def encoded(text: str) -> bytes:
    """Return canonical JSON as bytes; half a surrogate pair goes in as its JSON escape (case E18)."""
    return text.encode("utf-8", "backslashreplace")


def chained(before: str, told: str) -> str:
    """Return the digest of a row that is told so, after the digest before it ("" for the first)."""
    return hashlib.sha256(before.encode() + b"\n" + encoded(told)).hexdigest()


@dataclass(frozen=True, slots=True)
class Head:
    """Where the chain of a log stands: last row sealed, how many seals, digest of the last one."""

    sequence: int = 0
    count: int = 0
    digest: str = ""

    def told(self) -> dict[str, Any]:
        """Return it as an anchor tells it."""
        return {"sequence": self.sequence, "count": self.count, "digest": self.digest}
