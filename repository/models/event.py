"""The append-only log of acts on objects (PREMIS 3 events)."""

from datetime import datetime
from typing import Any

from sqlalchemy import Index, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from repository.models.append_only import refuse_changes
from repository.models.base import Base, new_id, utc_now


class Event(Base):
    """One act on one object, also a failed one. Never changed, never removed.

    sequence is the order of writing; log objects in the stores carry the rows
    on, so that the log outlives the database (workflow/logbook.py).
    """

    __tablename__ = "events"
    __table_args__ = (Index("ix_events_object", "object_kind", "object_id"),)

    sequence: Mapped[int] = mapped_column(primary_key=True, autoincrement=True)
    id: Mapped[str] = mapped_column(String(36), unique=True, default=new_id)
    type: Mapped[str] = mapped_column(String(60))
    at: Mapped[datetime] = mapped_column(default=utc_now)
    outcome: Mapped[str] = mapped_column(String(10))
    object_kind: Mapped[str] = mapped_column(String(12))
    object_id: Mapped[str] = mapped_column(String(64))
    agent_name: Mapped[str] = mapped_column(String(80))
    agent_kind: Mapped[str] = mapped_column(String(12))
    detail: Mapped[str] = mapped_column(Text, default="")
    facts: Mapped[dict[str, Any]] = mapped_column(default=dict)


refuse_changes(Event.__table__)
