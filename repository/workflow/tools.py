"""What a verb works with: stores, index, child processes, clock.

Tools is built once by wiring.py and handed down; nothing here is global.
"""

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from sqlalchemy.orm import Session

from preservation.policy import Policy
from preservation.sandbox import Sandbox
from preservation.virus import Scanner
from repository.config import Settings
from repository.models.database import Database
from repository.permissions import Actor
from repository.workflow.notices import CodeVoice, Voice
from search.engine import Engine
from storage.staging import Staging
from storage.store import Store


def now_utc() -> datetime:
    """Return the present time, aware, in UTC."""
    return datetime.now(UTC)


@dataclass(frozen=True, slots=True)
class Tools:
    """Everything foreign that verbs use. stores keeps the configured order."""

    settings: Settings
    database: Database
    stores: Mapping[str, Store]
    staging: Staging
    index: Engine
    sandbox: Sandbox
    scanner: Scanner
    policy: Policy
    renditions: Path
    scratch: Path
    software: Actor
    clock: Callable[[], datetime] = now_utc
    voice: Voice = CodeVoice()

    @property
    def first_store(self) -> Store:
        """Return the store that commits first."""
        return next(iter(self.stores.values()))


def _silent(done: int, total: int) -> None:
    return None


def _never() -> bool:
    return False


@dataclass(frozen=True, slots=True)
class Work:
    """One run of one job: its arguments and how to report progress.

    Every job may run twice: a step first asks the catalogue whether it is
    done. No transaction is open while a disk is read: a verb opens reading()
    or writing() for a moment, closes it, and works in between.
    """

    tools: Tools
    args: dict[str, Any]
    tell: Callable[[int, int], None] = _silent
    stopping: Callable[[], bool] = _never
    actor: Actor | None = field(default=None)

    def reading(self) -> AbstractContextManager[Session]:
        """Return a session that only reads."""
        return self.tools.database.reading()

    def writing(self) -> AbstractContextManager[Session]:
        """Return a session that commits when its block ends well."""
        return self.tools.database.writing.begin()

    @property
    def agent(self) -> Actor:
        """Return who answers for the work: the person who asked, or the software."""
        return self.actor or self.tools.software
