"""The catalogue as canonical JSON: equal dumps are equal catalogues.

It holds what must survive: the tree, every item with its access level and
history, packages with their file lists, where copies stand, all events and
acts, and the accounts without their passwords. It holds no jobs, and not how
copies fared at the last check: that is earned again by reading them.
"""

import json
from collections.abc import Iterator
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session, selectinload

from repository.models.audit import AuditEntry
from repository.models.collection import Collection
from repository.models.event import Event
from repository.models.item import Item, Revision
from repository.models.keeping import Medium, Receipt
from repository.models.package import Package, PackagedFile
from repository.workflow import assigning, audit, facts, offline, receipting, rollbook, states
from repository.workflow.packages import ITEM_COLUMNS, told_event, told_revision

REBUILT = "catalogue.rebuilt"
_UNIT = ("id", "parent_id", "level", "code", "title", "position", "copies", "places")
_FILE = (
    "path",
    "role",
    "size",
    "sha256",
    "position",
    "original_name",
    "original_raw",
    "puid",
    "format_name",
    "mime",
    "facts",
)


def dump(session: Session) -> dict[str, Any]:
    """Return the whole catalogue as plain values in a fixed order."""
    return {
        "school": {
            "name": facts.get(session, facts.SCHOOL_NAME),
            "fonds_code": facts.get(session, facts.FONDS_CODE),
        },
        "accounts": rollbook.told(session),
        "collections": list(_collections(session)),
        "stores": assigning.told_cards(session),
        "items": list(_items(session)),
        "media": [offline.told(medium) for medium in session.scalars(select(Medium).order_by(Medium.id))],
        "receipts": [
            receipting.document(row, facts.get(session, facts.RECEIPT_KEY + row.key_id))
            for row in session.scalars(select(Receipt).order_by(Receipt.id))
        ],
        "events": [told_event(event) for event in session.scalars(select(Event).order_by(Event.id))],
        "audit": sorted(_acts(session)),
    }


def _acts(session: Session) -> Iterator[str]:
    """Yield the entries of the audit log without their numbers, but for what a rebuild tells of itself."""
    for entry in session.scalars(select(AuditEntry).where(AuditEntry.act != REBUILT)):
        told = json.loads(audit.line(entry))
        told.pop("sequence")
        yield json.dumps(told, ensure_ascii=False, sort_keys=True)


def to_text(told: dict[str, Any]) -> str:
    """Return a dump as canonical JSON text."""
    return json.dumps(told, ensure_ascii=False, sort_keys=True, indent=1)


def _collections(session: Session) -> Iterator[dict[str, Any]]:
    ordered = select(Collection).order_by(Collection.position, Collection.code, Collection.id)
    for row in session.scalars(ordered):
        yield {name: getattr(row, name) for name in _UNIT}


def _items(session: Session) -> Iterator[dict[str, Any]]:
    query = select(Item).where(Item.state == states.ARCHIVED).order_by(Item.id)
    for item in session.scalars(query):
        revisions = session.scalars(
            select(Revision).where(Revision.item_id == item.id).order_by(Revision.number)
        )
        yield {
            "id": item.id,
            "state": item.state,
            "version": item.version,
            "created_at": item.created_at.isoformat(),
            "modified_at": item.modified_at.isoformat(),
            **{name: getattr(item, name) for name in ITEM_COLUMNS},
            "revisions": [told_revision(revision) for revision in revisions],
            "packages": list(_packages(session, item)),
        }


def _packages(session: Session, item: Item) -> Iterator[dict[str, Any]]:
    query = (
        select(Package)
        .where(Package.item_id == item.id)
        .order_by(Package.version)
        .options(selectinload(Package.files), selectinload(Package.copies))
    )
    for package in session.scalars(query):
        yield {
            "version": package.version,
            "prefix": package.prefix,
            "registered_digest": package.registered_digest,
            "revision": package.revision,
            "created_at": package.created_at.isoformat(),
            "files": [_file(file) for file in package.files],
            "copies": sorted(copy.store_id for copy in package.copies),
        }


def _file(file: PackagedFile) -> dict[str, Any]:
    return {name: getattr(file, name) for name in _FILE}
