"""A picture of the whole catalogue in one file (SQLite).

The live file is never copied: what stands in its WAL would be lost (case
F02). VACUUM INTO writes one consistent state, whoever writes meanwhile. The
sums over all tables tell whether two files hold the same rows, whatever
their schema: they know no model.
"""

import hashlib
import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

from repository.models.database import Database
from storage.platform import fsync_dir, fsync_file

#: Alembic's own note changes with every migration.
_NOT_SUMMED = frozenset({"alembic_version"})
_BATCH = 2000  # rows fetched at a time


@dataclass(frozen=True, slots=True)
class TableSum:
    """What one table holds: the columns summed over, how many rows, SHA-256 of all values by key."""

    columns: tuple[str, ...]
    rows: int
    sha256: str


def file_of(database: Database) -> Path | None:
    """Return the catalogue's file, None where it is no SQLite file."""
    url = database.engine.url
    if database.engine.dialect.name != "sqlite" or not url.database or url.database == ":memory:":
        return None
    return Path(url.database)


def copy_into(source: Path, target: Path) -> None:
    """Write one consistent state of the catalogue into a new file, durably. Raises sqlite3.Error, OSError."""
    with _opened(source) as connection:
        connection.execute("VACUUM INTO ?", (str(target),))
    fsync_file(target)  # VACUUM INTO itself syncs nothing
    fsync_dir(target.parent)


def trouble_in(path: Path) -> str:
    """Return what is wrong with a catalogue file, "" where nothing is: pages, indexes, references."""
    try:
        with _opened(path) as connection:
            told = str(connection.execute("PRAGMA integrity_check(1)").fetchone()[0])
            if told != "ok":
                return told
            broken = connection.execute("PRAGMA foreign_key_check").fetchone()
            return "" if broken is None else f"{broken[0]} refers to a missing row of {broken[2]}"
    except sqlite3.Error as error:
        return str(error)


def revision_of(path: Path) -> str:
    """Return the schema revision of a catalogue file, "" where there is none. Raises sqlite3.Error."""
    with _opened(path) as connection:
        if "alembic_version" not in _tables(connection):
            return ""
        row = connection.execute("SELECT version_num FROM alembic_version").fetchone()
        return "" if row is None else str(row[0])


def table_sums(path: Path, *, like: Mapping[str, TableSum] | None = None) -> dict[str, TableSum]:
    """Return the sum of each table; with like only its tables, and of them only the columns named there.

    A table or column that is gone is left out of what comes back. Raises sqlite3.Error.
    """
    sums = {}
    with _opened(path) as connection:
        for name in _tables(connection) - _NOT_SUMMED:
            if like is None or name in like:
                sums[name] = _sum(connection, name, None if like is None else like[name].columns)
    return sums


def one(path: Path, question: str) -> object:
    """Return the first value of the answer to a question in SQL, None for no answer. Raises sqlite3.Error."""
    with _opened(path) as connection:
        row = connection.execute(question).fetchone()
        return None if row is None else row[0]


def column(path: Path, question: str) -> list[str]:
    """Return the first value of every row of the answer as text. Raises sqlite3.Error."""
    with _opened(path) as connection:
        return [str(row[0]) for row in connection.execute(question)]


@contextmanager
def _opened(path: Path) -> Iterator[sqlite3.Connection]:
    with closing(sqlite3.connect(f"{path.resolve().as_uri()}?mode=rw", uri=True, timeout=15)) as connection:
        connection.isolation_level = None
        yield connection


def _tables(connection: sqlite3.Connection) -> set[str]:
    told = connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")
    return {str(name) for (name,) in told if not name.startswith("sqlite_")}


def _sum(connection: sqlite3.Connection, table: str, wanted: tuple[str, ...] | None) -> TableSum:
    told = connection.execute(f'PRAGMA table_info("{table}")').fetchall()
    names = [str(row[1]) for row in told]
    columns = tuple(sorted(names) if wanted is None else [name for name in wanted if name in names])
    keys = [str(row[1]) for row in sorted(told, key=lambda row: row[5]) if row[5]] or list(columns)
    hasher, rows = hashlib.sha256(), 0
    listed = ", ".join(f'"{name}"' for name in columns)
    order = ", ".join(f'"{name}"' for name in keys)
    cursor = connection.execute(f'SELECT {listed} FROM "{table}" ORDER BY {order}')
    while batch := cursor.fetchmany(_BATCH):
        rows += len(batch)
        for row in batch:
            hasher.update(repr(row).encode())
    return TableSum(columns, rows, hasher.hexdigest())
