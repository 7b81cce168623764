"""The catalogue's database: durable, strict, append-only where it matters."""

import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import delete, inspect, select, text, update
from sqlalchemy.exc import IntegrityError, OperationalError, StatementError

from repository.models import tables
from repository.models.account import Account
from repository.models.base import Base
from repository.models.database import BUSY_SECONDS, Database, open_database
from repository.models.event import Event
from repository.models.item import Item, Revision
from repository.models.job import FixityRun
from repository.models.migrating import is_current, migrate
from repository.models.school import Fact

#: A process that takes the write lock, says so, and holds it until its input ends.
HOLDER = """
import sqlite3, sys
connection = sqlite3.connect(sys.argv[1], isolation_level=None)
connection.execute("BEGIN IMMEDIATE")
print("held", flush=True)
sys.stdin.read()
"""


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    """A migrated, empty catalogue."""
    made = open_database(f"sqlite:///{tmp_path / 'catalogue.sqlite'}")
    migrate(made)
    yield made
    made.engine.dispose()


def _event() -> Event:
    return Event(
        type="capture",
        outcome="passed",
        object_kind="item",
        object_id="x",
        agent_name="n",
        agent_kind="person",
    )


@pytest.mark.parametrize(
    ("pragma", "value"),
    [
        ("journal_mode", "wal"),
        ("synchronous", 2),
        ("foreign_keys", 1),
        ("busy_timeout", BUSY_SECONDS * 1000),
        ("trusted_schema", 0),
    ],
)
def test_m3_each_connection_is_opened_the_safe_way(database: Database, pragma: str, value: object) -> None:
    """WAL with synchronous FULL loses nothing in a power cut; foreign keys hold; a lock is waited for."""
    with database.reading() as session:
        assert session.scalar(text(f"PRAGMA {pragma}")) == value


def test_migrations_make_exactly_what_the_models_say(database: Database) -> None:
    """A fresh database migrated to the head differs from the models in nothing."""
    assert tables.ROOMS
    with database.engine.connect() as connection:
        assert (
            compare_metadata(
                MigrationContext.configure(connection, opts={"compare_type": False}), Base.metadata
            )
            == []
        )
        assert set(inspect(connection).get_table_names()) == set(Base.metadata.tables) | {"alembic_version"}


def test_migrating_twice_changes_nothing_and_is_seen(tmp_path: Path) -> None:
    """An empty file is not current; after migrating it is, and again."""
    fresh = open_database(f"sqlite:///{tmp_path / 'new.sqlite'}")
    before = is_current(fresh)
    migrate(fresh)
    migrate(fresh)

    assert (before, is_current(fresh)) == (False, True)
    fresh.engine.dispose()


@pytest.mark.parametrize("change", [update(Event).values(outcome="passed"), delete(Event)])
def test_the_event_log_refuses_change_and_removal(database: Database, change: object) -> None:
    """Not even SQL can touch a written event."""
    with database.writing.begin() as session:
        session.add(_event())
    with pytest.raises(IntegrityError, match="append-only"), database.writing.begin() as session:
        session.execute(change)  # type: ignore[call-overload]

    with database.reading() as session:
        assert len(session.scalars(select(Event)).all()) == 1


def test_times_come_back_aware_and_in_utc(database: Database) -> None:
    """08:00 in Shanghai is stored as 00:00 UTC and comes back with its zone."""
    shanghai = datetime(2026, 5, 1, 8, tzinfo=timezone(timedelta(hours=8)))
    with database.writing.begin() as session:
        session.add(Fact(name="x", changed_at=shanghai))

    with database.reading() as session:
        assert session.get_one(Fact, "x").changed_at == datetime(2026, 5, 1, tzinfo=UTC)
        assert session.get_one(Fact, "x").changed_at.tzinfo is UTC


def test_a_time_without_a_zone_is_refused(database: Database) -> None:
    """A naive time is not guessed."""
    with pytest.raises(StatementError, match="without a zone"), database.writing.begin() as session:
        session.add(Fact(name="x", changed_at=datetime(2026, 5, 1)))


@pytest.mark.parametrize(
    "row",
    [
        Item(reference_code="Y001-XSH-1"),
        Item(depositor_id="nobody"),
        Revision(item_id="nothing", number=1, agent_name="x"),
        Account(username="GuanLi", full_name="x", password_hash="x"),
    ],
    ids=["a code twice", "an unknown depositor", "a revision of nothing", "a username in capitals"],
)
def test_what_may_not_be_is_refused_by_the_database_itself(database: Database, row: object) -> None:
    """Constraints hold even if a verb forgot to ask."""
    with database.writing.begin() as session:
        session.add(Item(reference_code="Y001-XSH-1"))
    with pytest.raises(IntegrityError), database.writing.begin() as session:
        session.add(row)


def test_an_item_is_restricted_until_someone_says_otherwise(database: Database) -> None:
    """Default deny begins in the row."""
    with database.writing.begin() as session:
        session.add(Item(id="x"))

    with database.reading() as session:
        assert session.get_one(Item, "x").access_level == "restricted"


def test_a_run_tells_what_is_without_a_verdict() -> None:
    """not_checked is what is left of expected."""
    run = FixityRun(expected=9, checked=4, failed=2, unreadable=1)

    assert run.not_checked == 2


def test_b20_a_lock_held_by_another_process_is_an_error_after_the_wait_and_readers_go_on(
    tmp_path: Path,
) -> None:
    """While another process holds the write lock, reading works; writing fails, and works afterwards."""
    path = tmp_path / "catalogue.sqlite"
    patient = open_database(f"sqlite:///{path}")
    migrate(patient)
    hasty = open_database(f"sqlite:///{path}", busy_seconds=0.1)
    other = subprocess.Popen(
        [sys.executable, "-c", HOLDER, str(path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert other.stdout is not None and other.stdout.readline() == "held\n"
    try:
        with pytest.raises(OperationalError) as failure, hasty.writing.begin() as session:
            session.add(Fact(name="late"))
        with hasty.reading() as session:
            seen = session.scalars(select(Fact)).all()
    finally:
        other.communicate()
    with hasty.writing.begin() as session:
        session.add(Fact(name="now"))

    assert isinstance(failure.value.orig, sqlite3.OperationalError) and "locked" in str(failure.value.orig)
    assert seen == []
    with patient.reading() as session:
        assert session.scalars(select(Fact.name)).all() == ["now"]
    patient.engine.dispose()
    hasty.engine.dispose()


def test_two_writers_wait_for_each_other(database: Database) -> None:
    """A writing session takes the lock at once: what it read is still true when it writes."""
    impatient = open_database(str(database.engine.url), busy_seconds=0.05)
    with database.writing.begin() as first:
        first.scalars(select(Fact)).all()
        with pytest.raises(OperationalError), impatient.writing.begin() as second:
            second.scalars(select(Fact)).all()
    with impatient.writing.begin() as second:
        assert second.scalars(select(Fact)).all() == []
    impatient.engine.dispose()
