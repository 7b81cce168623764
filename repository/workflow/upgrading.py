"""Brings an older catalogue to this software's schema, or leaves it untouched (A126, case B04).

Only after a verified backup of exactly these rows. The change is made on a
copy, compared with the old rows, and put in place by one rename: whenever it
is stopped, the catalogue has the old schema or the new one, never half.
Nobody else may have the catalogue open meanwhile: SQLite itself says so.
"""

import os
import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import asdict, dataclass
from datetime import timedelta
from pathlib import Path

from preservation.checks import Outcome
from repository.models.database import open_database
from repository.models.migrating import MigrationFailed, Schema, migrate, newest_revision, schema_of
from repository.models.snapshot import TableSum, file_of, revision_of, table_sums, trouble_in
from repository.models.watch import Report
from repository.workflow import backing, backup_sheets
from repository.workflow.backup_refusals import BackupDamaged, BackupRefused, UpgradeRefused
from repository.workflow.backup_sheets import Sheet
from repository.workflow.tools import Tools
from storage.errors import StorageError, StorageFull
from storage.failpoints import reach
from storage.platform import CAN_RENAME_OPEN, FileLock, fsync_dir, fsync_file

FRESH = timedelta(hours=24)
WAIT_SECONDS = 300.0  # for another process that upgrades this very catalogue
_NEW = ".upgrading"
_JOURNALS = ("-wal", "-shm", "-journal")


@dataclass(frozen=True, slots=True)
class Upgraded:
    """What an upgrade did; rows compared, time in seconds."""

    before: str
    after: str
    backup: str
    tables: int
    rows: int
    seconds: float


def upgrade(tools: Tools) -> Upgraded | None:
    """Bring the catalogue to the newest schema; None where it has it (also by another process meanwhile).

    A catalogue without any schema is made. Raises UpgradeRefused; then it is as it was.
    """
    standing = schema_of(tools.database)
    if standing is Schema.NONE:
        migrate(tools.database)
    if standing in (Schema.NONE, Schema.CURRENT):
        return None
    if standing is Schema.NEWER:
        raise UpgradeRefused(reason="newer")
    catalogue = file_of(tools.database)
    if catalogue is None:
        raise UpgradeRefused(reason="dialect")
    tools.database.engine.dispose()  # our own connections would keep us out
    with _one_at_a_time(tools):
        if schema_of(tools.database) is Schema.CURRENT:
            return None
        tools.database.engine.dispose()
        return _upgrade(tools, catalogue)


@contextmanager
def _one_at_a_time(tools: Tools) -> Iterator[None]:
    """Wait for another process that does the same. Raises UpgradeRefused after a long while."""
    lock = FileLock(tools.settings.data / "upgrade.lock")
    until = time.monotonic() + WAIT_SECONDS
    while not lock.acquire():
        if time.monotonic() > until:
            raise UpgradeRefused(reason="open")
        time.sleep(0.1)
    try:
        yield
    finally:
        lock.release()


def _upgrade(tools: Tools, catalogue: Path) -> Upgraded:
    began, at = time.monotonic(), tools.clock()
    before = revision_of(catalogue)
    new = catalogue.with_name(catalogue.name + _NEW)
    try:
        _clear(new)
        sheet = _fresh_backup(tools, catalogue)
        reach("upgrade.after_backup")
        with _closed_to_others(catalogue) as connection:
            sums = _changed(connection, new, sheet)
            if CAN_RENAME_OPEN:
                _put(new, catalogue)
        if not CAN_RENAME_OPEN:
            _put(new, catalogue)
    except OSError as error:
        raise UpgradeRefused(reason="failed", told=str(error)) from error
    finally:
        _clear(new)
    rows = sum(told.rows for told in sums.values())
    seconds = round(time.monotonic() - began, 2)
    done = Upgraded(before, newest_revision(), sheet.file, len(sums), rows, seconds)
    with tools.database.writing.begin() as session:
        told = asdict(done)
        session.add(Report(kind="upgrade", at=at, outcome=Outcome.PASSED, subject=sheet.file, facts=told))
    return done


def _put(new: Path, catalogue: Path) -> None:
    reach("upgrade.before_rename")
    os.replace(new, catalogue)
    fsync_dir(catalogue.parent)
    reach("upgrade.after_rename")


def _clear(new: Path) -> None:
    for suffix in ("", *_JOURNALS):
        new.with_name(new.name + suffix).unlink(missing_ok=True)


def _fresh_backup(tools: Tools, catalogue: Path) -> Sheet:
    """Return a verified backup of exactly these rows: the newest one, or a new one. Raises UpgradeRefused."""
    try:
        now = tools.clock()
        newest = backup_sheets.newest(tools.settings.backups_folder, now)
        if newest is not None and timedelta(0) <= now - newest.made_at <= FRESH:
            if newest.tables_sha256 == backup_sheets.tables_digest(table_sums(catalogue)):
                return newest
        return backing.make(tools)
    except (BackupRefused, BackupDamaged) as error:
        raise UpgradeRefused(reason="backup", why=error.facts.get("reason", "")) from error
    except StorageFull as error:
        raise UpgradeRefused(reason="full") from error
    except (StorageError, sqlite3.Error) as error:
        raise UpgradeRefused(reason="backup", why=str(error)) from error


@contextmanager
def _closed_to_others(catalogue: Path) -> Iterator[sqlite3.Connection]:
    """Hold the catalogue alone, its WAL written back; whoever has it open keeps us out.

    Leaving WAL mode asks for every other connection to be gone, and leaves no
    journal beside the file that the new one must never meet.
    """
    with closing(sqlite3.connect(catalogue, timeout=1)) as connection:
        connection.isolation_level = None
        try:
            connection.execute("PRAGMA locking_mode=EXCLUSIVE")
            mode = str(connection.execute("PRAGMA journal_mode=DELETE").fetchone()[0])
            connection.execute("BEGIN EXCLUSIVE")
            connection.execute("COMMIT")
        except sqlite3.OperationalError as error:
            raise UpgradeRefused(reason="open") from error
        if mode != "delete":
            raise UpgradeRefused(reason="open")
        yield connection


def _changed(connection: sqlite3.Connection, new: Path, sheet: Sheet) -> dict[str, TableSum]:
    """Make the changed copy and return the sums of the old rows, which it still holds."""
    connection.execute("VACUUM INTO ?", (str(new),))
    fsync_file(new)
    reach("upgrade.after_copy")
    sums = table_sums(new)
    if backup_sheets.tables_digest(sums) != sheet.tables_sha256:
        raise UpgradeRefused(reason="changed")
    database = open_database(f"sqlite:///{new}")
    try:
        migrate(database)
    except MigrationFailed as error:
        raise UpgradeRefused(reason="failed", told=str(error)) from error
    finally:
        database.engine.dispose()
    reach("upgrade.after_migrate")
    trouble = trouble_in(new)
    if trouble:
        raise UpgradeRefused(reason="compare", told=trouble)
    after = table_sums(new, like=sums)
    differ = sorted(name for name in sums if after.get(name) != sums[name])
    if differ:
        raise UpgradeRefused(reason="compare", told=", ".join(differ))
    for suffix in _JOURNALS:
        if new.with_name(new.name + suffix).exists():
            raise UpgradeRefused(reason="failed", told=suffix)
    fsync_file(new)
    return sums
