"""Opens the catalogue's database the safe way.

SQLite: WAL, synchronous=FULL (with NORMAL a power cut lost 20 of 20 committed
transactions, reliability M3), foreign keys on, and BEGIN IMMEDIATE for
sessions that write, so that two writers wait for each other and not fail.
"""

import sqlite3
from dataclasses import dataclass

from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.orm import Session, sessionmaker
from sqlalchemy.pool import ConnectionPoolEntry

BUSY_SECONDS = 15


@dataclass(frozen=True, slots=True)
class Database:
    """The engine and its two kinds of session: for reading and for writing."""

    engine: Engine
    reading: sessionmaker[Session]
    writing: sessionmaker[Session]


def _prepare_sqlite(connection: DBAPIConnection, entry: ConnectionPoolEntry) -> None:
    if not isinstance(connection, sqlite3.Connection):
        return
    connection.isolation_level = None  # we say BEGIN ourselves
    for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON", "trusted_schema=OFF"):
        connection.execute(f"PRAGMA {pragma}")


def _begin(connection: Connection) -> None:
    writes = connection.get_execution_options().get("jingui_writes", False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")


def open_database(url: str, *, busy_seconds: float = BUSY_SECONDS) -> Database:
    """Return the database at url; it is not touched before the first session.

    busy_seconds is how long a session waits for another's lock before it fails.
    """
    engine = create_engine(url, connect_args={"timeout": busy_seconds} if url.startswith("sqlite") else {})
    if engine.dialect.name == "sqlite":
        event.listen(engine, "connect", _prepare_sqlite)
        event.listen(engine, "begin", _begin)
    writing = engine.execution_options(jingui_writes=True)
    return Database(engine, sessionmaker(engine), sessionmaker(writing))


def damage(database: Database) -> str:
    """Return what SQLite finds wrong with the pages of its file, "" where all are well (case B19).

    Raises DatabaseError where the file is no database, or locked.
    """
    if database.engine.dialect.name != "sqlite":
        return ""
    with database.engine.connect() as connection:
        told = str(connection.exec_driver_sql("PRAGMA quick_check(1)").scalar())
    return "" if told == "ok" else told.splitlines()[-1]
