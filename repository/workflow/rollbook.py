"""The roll of accounts (账号名册) in every store: who there was, never how they sign in.

Written once whenever it changed, named by its digest. After a rebuild each
account stands there again with its roles and without a password that anybody
knows: `account reset` gives a first one (promise P6, secrets excepted).
"""

import hashlib
import io
import json
from datetime import datetime
from typing import Any

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from repository.models.account import Account
from repository.workflow import accounts, facts
from repository.workflow.tools import Tools, Work
from storage.errors import AlreadyStored, DigestMismatch, NotFound, Unreadable
from storage.layout import ROLLS, roll_key
from storage.store import Store

SCHEMA = "jingui-accounts/1"
_COLUMNS = ("id", "username", "full_name", "staff_number", "roles", "active", "language")


def told(session: Session) -> list[dict[str, Any]]:
    """Return what may be told of every account, by user name."""
    return [
        {**{name: getattr(row, name) for name in _COLUMNS}, "created_at": row.created_at.isoformat()}
        for row in session.scalars(select(Account).order_by(Account.username))
    ]


def carry(work: Work, store: Store) -> None:
    """Write the roll into a store if it changed since it was written there last. Raises StorageError."""
    name = facts.ROLL + store.id
    with work.reading() as session:
        roll, before = told(session), facts.get(session, name)
    digest = hashlib.sha256(_canonical(roll)).hexdigest()
    if not roll or digest == before:
        return
    now = work.tools.clock()
    content = _canonical({"schema": SCHEMA, "at": now.isoformat(), "accounts": roll})
    sha256 = hashlib.sha256(content).hexdigest()
    try:
        store.put(roll_key(now.date(), sha256), io.BytesIO(content), sha256)
    except AlreadyStored:
        pass  # a former run wrote it and was stopped before it could say so
    with work.writing() as session:
        facts.put(session, name, digest)


def recall(session: Session, tools: Tools) -> int:
    """Make the accounts of the newest roll that the catalogue does not know; return how many."""
    rolls = [roll for store in tools.stores.values() for roll in _rolls(store)]
    newest = max(rolls, key=lambda roll: str(roll["at"]), default=None)
    made = 0
    for row in [] if newest is None else newest["accounts"]:
        same = or_(Account.id == row["id"], Account.username == row["username"])
        if session.scalars(select(Account.id).where(same)).first() is None:
            values = {name: row[name] for name in _COLUMNS}
            session.add(
                Account(
                    **values,
                    created_at=datetime.fromisoformat(row["created_at"]),
                    password_hash=accounts.nobodys_hash(),
                    must_change_password=True,
                )
            )
            made += 1
    session.flush()
    return made


def _rolls(store: Store) -> list[dict[str, Any]]:
    """Return every whole roll of a store; a damaged one is passed over: another tells as much."""
    found = []
    for one in store.list(f"{ROLLS}/"):
        try:
            with store.open(one.key) as stream:
                content = stream.read()
        except (DigestMismatch, NotFound, Unreadable):
            continue
        if hashlib.sha256(content).hexdigest() in one.key:
            found.append(json.loads(content))
    return found


def _canonical(value: object) -> bytes:
    return json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode()
