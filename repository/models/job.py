"""Work for the worker, and who holds which lease."""

from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Index, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from repository.models.base import Base, utc_now

#: Not "now": a clock that is set back must not keep a job waiting (B23).
AT_ONCE = datetime(1970, 1, 1, tzinfo=UTC)


class Job(Base):
    """One piece of slow work (作业); verb is a name in workflow/verbs.py.

    state is queued, running, done or parked (given up after three tries). Two
    running jobs never share a lock_key; a dedup_key is queued once at a time.
    """

    __tablename__ = "jobs"
    __table_args__ = (Index("ix_jobs_next", "state", "priority", "run_after", "id"),)

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=True)
    verb: Mapped[str] = mapped_column(String(40))
    args: Mapped[dict[str, Any]] = mapped_column(default=dict)
    state: Mapped[str] = mapped_column(String(10), default="queued")
    priority: Mapped[int] = mapped_column(default=5)  # small runs first
    lock_key: Mapped[str] = mapped_column(String(80), default="")
    dedup_key: Mapped[str] = mapped_column(String(120), default="", index=True)
    attempts: Mapped[int] = mapped_column(default=0)
    run_after: Mapped[datetime] = mapped_column(default=AT_ONCE)
    holder: Mapped[str] = mapped_column(String(120), default="")
    done: Mapped[int] = mapped_column(default=0)
    total: Mapped[int] = mapped_column(default=0)
    error: Mapped[str] = mapped_column(Text, default="")
    created_at: Mapped[datetime] = mapped_column(default=utc_now)
    started_at: Mapped[datetime | None]
    finished_at: Mapped[datetime | None]


class Lease(Base):
    """One holder at a time; token grows with each change of holder (fencing, B27)."""

    __tablename__ = "leases"

    name: Mapped[str] = mapped_column(String(40), primary_key=True)
    holder: Mapped[str] = mapped_column(String(120), default="")
    host: Mapped[str] = mapped_column(String(80), default="")
    pid: Mapped[int] = mapped_column(default=0)
    token: Mapped[int] = mapped_column(default=0)
    expires_at: Mapped[datetime] = mapped_column(default=utc_now)


class FixityRun(Base):
    """One sweep over copies. expected = checked + failed + unreadable + not_checked.

    Counts are of copies; checked are those found good.
    """

    __tablename__ = "fixity_runs"

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=True)
    scope: Mapped[str] = mapped_column(String(8))  # urgent, due, daily or all
    asked_by: Mapped[str] = mapped_column(String(80))
    started_at: Mapped[datetime] = mapped_column(default=utc_now)
    finished_at: Mapped[datetime | None]
    expected: Mapped[int] = mapped_column(default=0)
    checked: Mapped[int] = mapped_column(default=0)
    failed: Mapped[int] = mapped_column(default=0)
    unreadable: Mapped[int] = mapped_column(default=0)
    files: Mapped[int] = mapped_column(default=0)
    bytes: Mapped[int] = mapped_column(default=0)
    repair: Mapped[bool] = mapped_column(default=False)
    canaries: Mapped[dict[str, Any]] = mapped_column(default=dict)  # store id -> what the checker missed
    invalid: Mapped[bool] = mapped_column(default=False)  # the checker missed a planted damage
    away: Mapped[dict[str, Any]] = mapped_column(default=dict)  # store id -> copies not read

    @property
    def not_checked(self) -> int:
        """Return how many copies are still without a verdict."""
        return self.expected - self.checked - self.failed - self.unreadable
