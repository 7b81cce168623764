"""What ran, when, and what it found: heartbeats and reports."""

from datetime import datetime
from typing import Any

from sqlalchemy import Index, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from repository.models.base import Base, utc_now


class Heartbeat(Base):
    """One regular duty: when it last began, ended and ended well. trouble is "" where it ended well."""

    __tablename__ = "heartbeats"

    name: Mapped[str] = mapped_column(String(40), primary_key=True)
    began_at: Mapped[datetime | None]
    ended_at: Mapped[datetime | None]
    good_at: Mapped[datetime | None]
    trouble: Mapped[str] = mapped_column(Text, default="")


class Report(Base):
    """What a drill, an audit, a repair or a check of the checker found; facts hold the figures.

    kind is backup, drill, audit, canary, repair, upgrade or medium; outcome one
    of preservation.checks.Outcome; subject what it is about (a store, an item).
    """

    __tablename__ = "reports"
    __table_args__ = (Index("ix_reports_kind_at", "kind", "at"),)

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=True)
    kind: Mapped[str] = mapped_column(String(12))
    at: Mapped[datetime] = mapped_column(default=utc_now)
    outcome: Mapped[str] = mapped_column(String(10))
    subject: Mapped[str] = mapped_column(String(80), default="")
    facts: Mapped[dict[str, Any]] = mapped_column(default=dict)
