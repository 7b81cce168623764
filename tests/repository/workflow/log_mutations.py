"""Changes to a log as whoever owns the database could make them, for tests.

Each works on a raw SQLite connection without triggers and tells what it did.
rows are those that an anchor has told of.
"""

import hashlib
import hmac
import json
import sqlite3
from collections.abc import Callable
from random import Random

TABLES = {"event": "events", "audit": "audit_entries"}
COLUMNS = {
    "event": "type at outcome object_kind object_id agent_name agent_kind detail id".split(),
    "audit": "act at outcome actor_id actor_name actor_kind object_kind object_id".split(),
}
Mutation = Callable[[sqlite3.Connection, Random, str, int], str]


def open_raw(content: bytes) -> sqlite3.Connection:
    """Return a database in memory that nothing protects any more."""
    connection = sqlite3.connect(":memory:", check_same_thread=False, isolation_level=None)
    connection.deserialize(content)
    for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall():
        connection.execute(f"DROP TRIGGER {name}")
    return connection


def _one(connection: sqlite3.Connection, random: Random, log: str, last: int) -> int:
    """Return the number of one row that an anchor has told of."""
    return random.randint(1, last)


def edit_column(connection: sqlite3.Connection, random: Random, log: str, last: int) -> str:
    """Write another word into one column of one row."""
    column, number = random.choice(COLUMNS[log]), _one(connection, random, log, last)
    value = "1999-01-01 00:00:00.000000" if column == "at" else f"x{random.random()}"
    connection.execute(f"UPDATE {TABLES[log]} SET {column} = ? WHERE sequence = ?", (value, number))
    return f"{column} of {log} {number}"


def edit_facts(connection: sqlite3.Connection, random: Random, log: str, last: int) -> str:
    """Add a fact to one row."""
    number = _one(connection, random, log, last)
    told = connection.execute(f"SELECT facts FROM {TABLES[log]} WHERE sequence = ?", (number,)).fetchone()[0]
    facts = json.dumps({**json.loads(told), "forged": random.random()})
    connection.execute(f"UPDATE {TABLES[log]} SET facts = ? WHERE sequence = ?", (facts, number))
    return f"facts of {log} {number}"


def delete_row(connection: sqlite3.Connection, random: Random, log: str, last: int) -> str:
    """Take one row out and leave its seal."""
    number = _one(connection, random, log, last)
    connection.execute(f"DELETE FROM {TABLES[log]} WHERE sequence = ?", (number,))
    return f"row {log} {number}"


def delete_row_and_seal(connection: sqlite3.Connection, random: Random, log: str, last: int) -> str:
    """Take out one row with its seal."""
    number = _one(connection, random, log, last)
    connection.execute(f"DELETE FROM {TABLES[log]} WHERE sequence = ?", (number,))
    connection.execute("DELETE FROM seals WHERE log = ? AND sequence = ?", (log, number))
    return f"row and seal {log} {number}"


def swap_rows(connection: sqlite3.Connection, random: Random, log: str, last: int) -> str:
    """Let two rows change their numbers."""
    one, other = random.sample(range(1, last + 1), 2)
    for old, new in ((one, -1), (other, one), (-1, other)):
        connection.execute(f"UPDATE {TABLES[log]} SET sequence = ? WHERE sequence = ?", (new, old))
    return f"{log} {one} and {other} swapped"


def swap_rows_and_seals(connection: sqlite3.Connection, random: Random, log: str, last: int) -> str:
    """Let two rows change their numbers, and their seals, too."""
    one, other = random.sample(range(1, last + 1), 2)
    for old, new in ((one, -1), (other, one), (-1, other)):
        connection.execute(f"UPDATE {TABLES[log]} SET sequence = ? WHERE sequence = ?", (new, old))
        connection.execute("UPDATE seals SET sequence = ? WHERE log = ? AND sequence = ?", (new, log, old))
    return f"{log} {one} and {other} swapped with seals"


def cut_tail(connection: sqlite3.Connection, random: Random, log: str, last: int) -> str:
    """Cut off the end, rows and seals."""
    number = random.randint(1, last)
    connection.execute(f"DELETE FROM {TABLES[log]} WHERE sequence >= ?", (number,))
    connection.execute("DELETE FROM seals WHERE log = ? AND sequence >= ?", (log, number))
    return f"tail of {log} from {number}"


def cut_tail_and_anchors(connection: sqlite3.Connection, random: Random, log: str, last: int) -> str:
    """Cut off the end, and take the catalogue's own rows of anchors away."""
    connection.execute("DELETE FROM anchors")
    return cut_tail(connection, random, log, last) + " and anchors"


def empty_log(connection: sqlite3.Connection, random: Random, log: str, last: int) -> str:
    """Take out everything, seals and anchors as well."""
    connection.execute(f"DELETE FROM {TABLES[log]}")
    connection.execute("DELETE FROM seals WHERE log = ?", (log,))
    connection.execute("DELETE FROM anchors")
    return f"all of {log}"


def edit_seal(connection: sqlite3.Connection, random: Random, log: str, last: int) -> str:
    """Write another digest or mac into a seal."""
    number, column = _one(connection, random, log, last), random.choice(("digest", "mac"))
    value = hashlib.sha256(str(random.random()).encode()).hexdigest()
    connection.execute(f"UPDATE seals SET {column} = ? WHERE log = ? AND sequence = ?", (value, log, number))
    return f"{column} of the seal of {log} {number}"


def insert_row(connection: sqlite3.Connection, random: Random, log: str, last: int) -> str:
    """Put a row before the first one, where no number is taken."""
    table, number = TABLES[log], -random.randint(0, 9)
    names = [row[1] for row in connection.execute(f"PRAGMA table_info({table})")]
    others = [name for name in names if name != "sequence"]
    values = ", ".join("'another-id'" if name == "id" else name for name in others)
    copied = f"SELECT {number}, {values} FROM {table} LIMIT 1"
    connection.execute(f"INSERT INTO {table} (sequence, {', '.join(others)}) {copied}")
    return f"a row {number} more in {log}"


def chain_anew(connection: sqlite3.Connection, random: Random, log: str, last: int) -> str:
    """Edit a row and make the whole chain anew, with macs under a key that is not ours."""
    told = edit_facts(connection, random, log, last)
    names = [row[1] for row in connection.execute(f"PRAGMA table_info({TABLES[log]})")]
    digest, key = "", random.randbytes(32)
    for values in connection.execute(f"SELECT * FROM {TABLES[log]} ORDER BY sequence").fetchall():
        row = dict(zip(names, values, strict=True))
        row["facts"] = json.loads(row["facts"])
        row["at"] = row["at"].replace(" ", "T").removesuffix(".000000") + "+00:00"
        text = json.dumps(row, ensure_ascii=False, sort_keys=True)
        told_as = text.encode("utf-8", "backslashreplace")
        digest = hashlib.sha256(digest.encode() + b"\n" + told_as).hexdigest()
        mac = hmac.new(key, digest.encode(), hashlib.sha256).hexdigest()
        wanted = (digest, mac, log, row["sequence"])
        connection.execute("UPDATE seals SET digest = ?, mac = ? WHERE log = ? AND sequence = ?", wanted)
    return told + ", chain made anew"


def edit_anchor(connection: sqlite3.Connection, random: Random, log: str, last: int) -> str:
    """Let the catalogue's own anchors tell of a shorter log, and cut it there."""
    told = cut_tail(connection, random, log, last)
    for number, heads in connection.execute("SELECT number, heads FROM anchors").fetchall():
        lower = {**json.loads(heads), log: {"sequence": 0, "count": 0, "digest": ""}}
        connection.execute("UPDATE anchors SET heads = ? WHERE number = ?", (json.dumps(lower), number))
    return told + ", anchors edited"


MUTATIONS: tuple[Mutation, ...] = (
    edit_column,
    edit_facts,
    delete_row,
    delete_row_and_seal,
    swap_rows,
    swap_rows_and_seals,
    cut_tail,
    cut_tail_and_anchors,
    empty_log,
    edit_seal,
    insert_row,
    chain_anew,
    edit_anchor,
)
