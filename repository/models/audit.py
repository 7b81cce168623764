"""The audit log (审计日志) of people's acts, and the seals over both logs.

Rows are written once. A web process writes entries; only the worker, which
holds the sealing key, writes seals: each seals the row and the seal before
it, so that an edit, a removal or a new order shows (promise P10).
"""

from datetime import datetime
from typing import Any

from sqlalchemy import Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from repository.models.append_only import refuse_changes
from repository.models.base import Base, utc_now


class AuditEntry(Base):
    """One act of one person or of the software on the system: who, what, on what, how it ended."""

    __tablename__ = "audit_entries"
    __table_args__ = (Index("ix_audit_entries_object", "object_kind", "object_id"),)

    sequence: Mapped[int] = mapped_column(primary_key=True, autoincrement=True)
    at: Mapped[datetime] = mapped_column(default=utc_now, index=True)
    act: Mapped[str] = mapped_column(String(60))
    outcome: Mapped[str] = mapped_column(String(10))
    actor_id: Mapped[str] = mapped_column(String(36), default="")
    actor_name: Mapped[str] = mapped_column(String(80))
    actor_kind: Mapped[str] = mapped_column(String(12))
    object_kind: Mapped[str] = mapped_column(String(12), default="")
    object_id: Mapped[str] = mapped_column(String(64), default="")
    facts: Mapped[dict[str, Any]] = mapped_column(default=dict)


class Seal(Base):
    """The seal of one row of one log; log is "event" or "audit", sequence that row's number.

    digest chains: SHA-256 over the digest before it (of the same log) and the
    row's canonical JSON; mac is the HMAC-SHA-256 of digest under the key.
    """

    __tablename__ = "seals"
    __table_args__ = (UniqueConstraint("log", "sequence"),)

    number: Mapped[int] = mapped_column(primary_key=True, autoincrement=True)
    log: Mapped[str] = mapped_column(String(8))
    sequence: Mapped[int]
    digest: Mapped[str] = mapped_column(String(64))
    mac: Mapped[str] = mapped_column(String(64))


class Anchor(Base):
    """Where both chains stood at a time, written off the machine (见证).

    heads tells each log's last sequence, count and digest, and the key's id; carried
    into which stores the anchor was written, and when.
    """

    __tablename__ = "anchors"

    number: Mapped[int] = mapped_column(primary_key=True, autoincrement=True)
    at: Mapped[datetime] = mapped_column(default=utc_now)
    heads: Mapped[dict[str, Any]] = mapped_column(default=dict)
    mac: Mapped[str] = mapped_column(String(64))
    carried: Mapped[dict[str, Any]] = mapped_column(default=dict)


for _table in (AuditEntry.__table__, Seal.__table__):
    refuse_changes(_table)
