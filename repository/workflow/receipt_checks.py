"""Is this receipt genuine, and is what it tells of still there? (promise P7)

Anybody with the code may ask. Names are told only to who may read them; to
others there are numbers and verdicts (P11). Nothing is claimed that was not
looked at: when each copy was read last stands beside it.
"""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session, selectinload

from preservation.policy import CopyState
from repository import queries
from repository.models.item import Item
from repository.models.keeping import Receipt
from repository.models.package import Package
from repository.models.submission import Submission
from repository.permissions import Actor, Role
from repository.workflow import facts, states
from repository.workflow.exchange_errors import ReceiptUnknown
from repository.workflow.packages import OBJECT
from repository.workflow.receipt_sheets import read_code
from storage.signatures import is_signed, key_id


@dataclass(frozen=True, slots=True)
class ItemNow:
    """One item of a receipt as it stands now.

    is_kept: in the catalogue, archived; same_digest: its package is registered as the
    receipt says; same_files: its newest version holds the same files; checked_at is the
    oldest last reading of its good copies. title is "" for who may not read it.
    """

    number: int
    files: int
    title: str
    reference_code: str
    was_kept: bool
    is_kept: bool
    same_digest: bool
    same_files: bool
    copies: int
    checked_at: datetime | None

    @property
    def is_good(self) -> bool:
        """Return whether all that can be looked at is as it should be."""
        same = self.same_files and (self.same_digest or not self.was_kept)
        return self.is_kept and same and self.copies > 0


@dataclass(frozen=True, slots=True)
class Verdict:
    """A receipt and what became of it. told is its content; is_genuine: signed by a key of this archive."""

    receipt: Receipt
    told: Mapping[str, Any]
    is_genuine: bool
    items: tuple[ItemNow, ...]

    @property
    def is_good(self) -> bool:
        """Return whether it is genuine and everything it tells of is well."""
        return self.is_genuine and all(item.is_good for item in self.items)


@dataclass(frozen=True, slots=True)
class Match:
    """A file of a receipt; number counts all its files from 1, name is "" for who may not read it."""

    number: int
    item: int
    name: str


def by_code(session: Session, typed: str) -> Receipt:
    """Return the receipt with a typed code. Raises ReceiptUnknown."""
    code = read_code(typed)
    row = session.scalars(select(Receipt).where(Receipt.code == code)).first() if code else None
    if row is None:
        raise ReceiptUnknown()
    return row


def may_see(session: Session, actor: Actor, row: Receipt) -> bool:
    """Return whether a receipt may be shown whole: to archivists and to who handed the things in."""
    if Role.ARCHIVIST in actor.roles:
        return True
    submission = session.get(Submission, row.submission_id)
    return submission is not None and actor.id is not None and submission.depositor_id == actor.id


def is_genuine(session: Session, row: Receipt) -> bool:
    """Return whether digest and signature fit the content, by a key that this archive knows as its own."""
    content = row.content.encode()
    public = facts.get(session, facts.RECEIPT_KEY + row.key_id)
    fits = bool(public) and key_id(public) == row.key_id
    same = hashlib.sha256(content).hexdigest() == row.digest
    return fits and same and is_signed(content, row.signature, public)


def verdict(session: Session, actor: Actor, row: Receipt) -> Verdict:
    """Return what a receipt says and how its items fare now, in five questions to the catalogue."""
    told = json.loads(row.content)
    whole = may_see(session, actor, row)
    ids = [item["id"] for item in told["items"]]
    rows = {item.id: item for item in session.scalars(select(Item).where(Item.id.in_(ids)))}
    seen = {item_id for item_id in queries.items(session, actor, ids)}
    query = select(Package).where(Package.item_id.in_(ids))
    packages: dict[tuple[str, int], Package] = {
        (one.item_id, one.version): one
        for one in session.scalars(query.options(selectinload(Package.files), selectinload(Package.copies)))
    }
    items = tuple(
        _now(number, item, rows.get(item["id"]), packages, names=whole or item["id"] in seen)
        for number, item in enumerate(told["items"], start=1)
    )
    return Verdict(row, told, is_genuine(session, row), items)


def _now(
    number: int,
    told: Mapping[str, Any],
    row: Item | None,
    packages: Mapping[tuple[str, int], Package],
    *,
    names: bool,
) -> ItemNow:
    then = packages.get((told["id"], told["version"]))
    newest = None if row is None else packages.get((row.id, row.version))
    held = set() if newest is None else {file.sha256 for file in newest.files if file.role == OBJECT}
    good = [] if newest is None else [copy for copy in newest.copies if copy.state == CopyState.OK]
    times = [copy.checked_at for copy in good if copy.checked_at is not None]
    return ItemNow(
        number=number,
        files=len(told["files"]),
        title=told["title"] if names else "",
        reference_code=told["reference_code"] if names else "",
        was_kept=bool(told["digest"]),
        is_kept=row is not None and row.state == states.ARCHIVED,
        same_digest=then is not None and then.registered_digest == told["digest"],
        same_files=newest is not None and {file["sha256"] for file in told["files"]} <= held,
        copies=len(good),
        checked_at=min(times, default=None),
    )


def compare(session: Session, actor: Actor, row: Receipt, *, sha256: str) -> list[Match]:
    """Return which files of a receipt have this SHA-256 (hex)."""
    told = json.loads(row.content)
    whole = may_see(session, actor, row)
    seen = set(queries.items(session, actor, [item["id"] for item in told["items"]]))
    found, number = [], 0
    for place, item in enumerate(told["items"], start=1):
        for file in item["files"]:
            number += 1
            if file["sha256"] == sha256.strip().lower():
                found.append(Match(number, place, file["name"] if whole or item["id"] in seen else ""))
    return found
