"""What a receipt (接收回执) says: canonical JSON, put together from the catalogue.

It tells what is true when it is issued, also what is not done yet; a copy
counts here only if it was read and found good.
"""

import hashlib
import json
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session, selectinload

from preservation.policy import CopyState
from repository.models.item import Item
from repository.models.keeping import StoreCard
from repository.models.package import Package, PackagedFile
from repository.models.submission import Submission
from repository.workflow import facts, replicating, states
from repository.workflow.packages import OBJECT
from repository.workflow.reading import Original, original_of
from repository.workflow.tools import Tools
from storage.digests import is_available

SCHEMA = "jingui-receipt/1"
SM3 = "sm3"
#: Crockford's letters: no I, L, O or U, which are read as 1, 1, 0 and V.
_LETTERS = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_READ_AS = str.maketrans({"O": "0", "I": "1", "L": "1", "U": "V", "-": "", " ": ""})
_GROUP, _GROUPS = 4, 3


@dataclass(frozen=True, slots=True)
class Wanting:
    """A file whose SM3 is still to be computed: where in the sheet it stands, where its bytes are."""

    item: int
    file: int
    original: Original


@dataclass(frozen=True, slots=True)
class Sheet:
    """A receipt before it has a number: plain values, and the files that lack a digest."""

    told: dict[str, Any]
    wanting: tuple[Wanting, ...] = field(default=())

    @property
    def is_complete(self) -> bool:
        """Return whether everything handed in is kept in verified copies."""
        return bool(self.told["complete"])


def sheet(session: Session, tools: Tools, submission: Submission) -> Sheet:
    """Return what can be said of a submission now."""
    query = select(Item).where(Item.submission_id == submission.id).order_by(Item.created_at, Item.id)
    rows = session.scalars(query.options(selectinload(Item.staged_files))).all()
    places = {card.store_id: card.place for card in session.scalars(select(StoreCard))}
    items, wanting = [], list[Wanting]()
    for number, row in enumerate(rows):
        package = _package(session, row)
        if package is None:
            items.append(_waiting(row))
            continue
        wanting += _wanting(package, number)
        items.append(_kept(session, tools, row, package, places))
    told = {
        "schema": SCHEMA,
        "school": {
            "name": facts.get(session, facts.SCHOOL_NAME),
            "fonds_code": facts.get(session, facts.FONDS_CODE),
        },
        "submission": {
            "id": submission.id,
            "depositor": submission.depositor_name,
            "received_at": submission.created_at.isoformat(),
        },
        "software": tools.software.name,
        "items": items,
        "complete": bool(items) and all(item["protected"] for item in items),
    }
    return Sheet(told, tuple(wanting))


def _package(session: Session, row: Item) -> Package | None:
    if row.state != states.ARCHIVED:
        return None
    query = select(Package).where(Package.item_id == row.id, Package.version == row.version)
    return session.scalars(query.options(selectinload(Package.files), selectinload(Package.copies))).first()


def _about(row: Item) -> dict[str, Any]:
    return {"id": row.id, "title": row.title, "reference_code": row.reference_code or "", "state": row.state}


def _waiting(row: Item) -> dict[str, Any]:
    """Return what is said of an item that is not archived yet: its files as they were received."""
    files = [
        {"name": file.original_name, "size": file.size, "sha256": file.sha256, SM3: file.digests.get(SM3, "")}
        for file in row.staged_files
    ]
    return {**_about(row), "protected": False, "version": 0, "digest": "", "files": files, "copies": []}


def _kept(
    session: Session, tools: Tools, row: Item, package: Package, places: Mapping[str, str]
) -> dict[str, Any]:
    copies = [
        {
            "store": copy.store_id,
            "place": places.get(copy.store_id, ""),
            "verified_at": copy.checked_at.isoformat(),
        }
        for copy in package.copies
        if copy.state == CopyState.OK and copy.checked_at is not None
    ]
    return {
        **_about(row),
        "protected": replicating.protected(session, tools, package),
        "version": package.version,
        "digest": package.registered_digest,
        "files": [
            {"name": file.original_name, "size": file.size, "sha256": file.sha256, SM3: ""}
            for file in _objects(package)
        ],
        "copies": copies,
    }


def _objects(package: Package) -> list[PackagedFile]:
    return sorted((row for row in package.files if row.role == OBJECT), key=lambda row: row.position)


def _wanting(package: Package, item: int) -> list[Wanting]:
    if not is_available(SM3):
        return []
    return [Wanting(item, n, original_of(package, row)) for n, row in enumerate(_objects(package))]


def canonical(told: Mapping[str, Any]) -> str:
    """Return the one text of these values: sorted, without blanks."""
    return json.dumps(told, ensure_ascii=False, sort_keys=True, separators=(",", ":"))


def new_code(text: str) -> str:
    """Return a short code for a receipt, "K7QM-2F9T-0XWE": 60 bits of its digest and of chance."""
    number = int.from_bytes(hashlib.sha256(text.encode() + secrets.token_bytes(16)).digest()[:8], "big")
    letters = "".join(_LETTERS[number >> (5 * place) & 31] for place in range(_GROUP * _GROUPS))
    return "-".join(letters[start:start + _GROUP] for start in range(0, len(letters), _GROUP))


def read_code(typed: str) -> str:
    """Return a typed code as it is written on the receipt; what can be no code comes back as ""."""
    letters = "".join(typed.upper().split()).translate(_READ_AS)
    if len(letters) != _GROUP * _GROUPS or any(letter not in _LETTERS for letter in letters):
        return ""
    return "-".join(letters[start:start + _GROUP] for start in range(0, len(letters), _GROUP))
