"""A package's content: what a bag tells of its item, both ways.

compose() says what goes into a bag; read() says what a bag tells; register()
writes rows from that and from nothing else. Ingest registers what it has read
back from the store, so a rebuild finds exactly what was registered (P6).
"""

import json
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from repository.models.event import Event
from repository.models.item import Item, Revision
from repository.models.package import Package, PackagedFile
from repository.workflow import logbook
from storage.digests import digest_stream, sha256_of
from storage.errors import DigestMismatch, Unreadable
from storage.inventory import FileRecord, Inventory
from storage.layout import package_prefix
from storage.manifest import parse_manifest
from storage.store import Store

OBJECT, METADATA, TAG = "object", "metadata", "tag"
RECORD = "data/metadata/catalogue.json"
SCHEMA = "jingui-package/1"
#: One per algorithm of the policy, in force now or when the bag was written.
_TAG_MANIFESTS = frozenset(f"tagmanifest-{name}.txt" for name in ("sha256", "sha384", "sha512", "sm3"))
#: Columns of an item that its bag tells.
ITEM_COLUMNS = (
    "kind",
    "title",
    "values",
    "reference_code",
    "reference_sort",
    "category",
    "retention",
    "access_level",
    "date_edtf",
    "date_sort",
    "first_year",
    "last_year",
    "depositor_name",
    "override",
    "revision",
    "collection_id",
    "intake",
)


@dataclass(frozen=True, slots=True)
class ObjectFile:
    """One file of the item as its bag tells it; path is inside the bag, size in bytes."""

    path: str
    position: int
    size: int
    sha256: str
    original_name: str
    original_raw: str = ""
    puid: str = ""
    format_name: str = ""
    mime: str = ""
    facts: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Contents:
    """Everything that one package version tells of its item."""

    item_id: str
    version: int
    made_at: datetime
    created_at: datetime
    modified_at: datetime
    columns: dict[str, Any]
    files: tuple[ObjectFile, ...]
    events: tuple[dict[str, Any], ...] = ()
    revisions: tuple[dict[str, Any], ...] = ()
    school: dict[str, str] = field(default_factory=dict)
    ancestors: tuple[dict[str, Any], ...] = ()

    @property
    def prefix(self) -> str:
        """Return where the bag stands in every store."""
        return package_prefix(self.item_id, self.version)

    def to_plain(self) -> dict[str, Any]:
        """Return plain JSON values."""
        return {
            "schema": SCHEMA,
            "item": {
                "id": self.item_id,
                "version": self.version,
                "created_at": self.created_at.isoformat(),
                "modified_at": self.modified_at.isoformat(),
                **self.columns,
            },
            "made_at": self.made_at.isoformat(),
            "files": [{name: getattr(file, name) for name in ObjectFile.__slots__} for file in self.files],
            "events": list(self.events),
            "revisions": list(self.revisions),
            "school": self.school,
            "ancestors": list(self.ancestors),
        }

    @staticmethod
    def from_plain(told: dict[str, Any]) -> "Contents":
        """Return the contents that to_plain told."""
        item = told["item"]
        return Contents(
            item_id=item["id"],
            version=item["version"],
            made_at=datetime.fromisoformat(told["made_at"]),
            created_at=datetime.fromisoformat(item["created_at"]),
            modified_at=datetime.fromisoformat(item["modified_at"]),
            columns={name: item[name] for name in ITEM_COLUMNS},
            files=tuple(ObjectFile(**file) for file in told["files"]),
            events=tuple(told["events"]),
            revisions=tuple(told["revisions"]),
            school=told["school"],
            ancestors=tuple(told["ancestors"]),
        )


def told_event(event: Event) -> dict[str, Any]:
    """Return an event as a bag tells it (without the catalogue's own number)."""
    told: dict[str, Any] = json.loads(logbook.line(event))
    told.pop("sequence")
    return told


def told_revision(revision: Revision) -> dict[str, Any]:
    """Return a revision as a bag tells it."""
    return {
        "number": revision.number,
        "at": revision.at.isoformat(),
        "agent_name": revision.agent_name,
        "reason": revision.reason,
        "changes": revision.changes,
    }


def read(store: Store, prefix: str) -> Contents:
    """Return what the bag at prefix tells. Raises NotFound, Unreadable, DigestMismatch."""
    with store.open(f"{prefix}/{RECORD}") as stream:
        content = stream.read()
    try:
        return Contents.from_plain(json.loads(content))
    except (ValueError, KeyError, TypeError) as damage:
        raise DigestMismatch(key=f"{prefix}/{RECORD}", reason="not our record") from damage


def register(session: Session, contents: Contents, inventory: Inventory) -> Package:
    """Write a package's rows; the item's too if this is its newest version.

    Registering twice changes nothing. The caller adds copies and events.
    """
    known = session.scalars(
        select(Package).where(Package.item_id == contents.item_id, Package.version == contents.version)
    ).first()
    if known is not None:
        return known
    item = session.get(Item, contents.item_id)
    if item is None:
        item = Item(id=contents.item_id, created_at=contents.created_at, version=0)
        session.add(item)
    if contents.version > item.version:
        _tell_item(session, item, contents)
    session.flush()
    package = Package(
        item_id=contents.item_id,
        version=contents.version,
        prefix=contents.prefix,
        registered_digest=inventory.digest,
        revision=contents.columns["revision"],
        file_count=len(inventory.files),
        byte_count=inventory.total_bytes,
        created_at=contents.made_at,
        files=list(file_rows(contents, inventory)),
    )
    session.add(package)
    session.flush()
    return package


def _tell_item(session: Session, item: Item, contents: Contents) -> None:
    """Bring the item's row to what the bag tells; an edit made meanwhile is newer and stays."""
    item.version, item.state = contents.version, "archived"
    if item.revision is not None and item.revision > contents.columns["revision"]:
        return
    for name in ITEM_COLUMNS:
        setattr(item, name, contents.columns[name])
    item.modified_at = contents.modified_at
    session.flush()
    have = set(session.scalars(select(Revision.number).where(Revision.item_id == item.id)))
    for told in contents.revisions:
        if told["number"] not in have:
            session.add(Revision(item_id=item.id, **{**told, "at": datetime.fromisoformat(told["at"])}))


def file_rows(contents: Contents, inventory: Inventory) -> Iterable[PackagedFile]:
    """Yield the rows of a package's files, told by its bag."""
    objects = {file.path: file for file in contents.files}
    for record in inventory.files:
        told = objects.get(record.path)
        row = PackagedFile(path=record.path, size=record.size, sha256=record.sha256, role=_role(record, told))
        if told is not None:
            row.position, row.original_name, row.original_raw = (
                told.position,
                told.original_name,
                told.original_raw,
            )
            row.puid, row.format_name, row.mime, row.facts = (
                told.puid,
                told.format_name,
                told.mime,
                told.facts,
            )
        yield row


def _role(record: FileRecord, told: ObjectFile | None) -> str:
    if told is not None:
        return OBJECT
    return METADATA if record.path.startswith("data/") else TAG


def inventory_of(package: Package) -> Inventory:
    """Return the registered file list of a package."""
    return Inventory.of(FileRecord(path=row.path, size=row.size, sha256=row.sha256) for row in package.files)


def register_is_whole(package: Package) -> bool:
    """Return whether the registered list still has its registered digest (case A26)."""
    return inventory_of(package).digest == package.registered_digest


def measure(store: Store, prefix: str) -> Inventory:
    """Return the file list of a bag by reading every byte of it."""
    records = []
    for found in store.list(f"{prefix}/"):
        with store.open(found.key) as stream:
            sha256 = digest_stream(stream, ("sha256",))["sha256"]
        records.append(FileRecord(path=found.key.removeprefix(f"{prefix}/"), size=found.size, sha256=sha256))
    return Inventory.of(records)


def declared(store: Store, prefix: str) -> Inventory:
    """Return the file list that a bag's own manifests tell, without reading its payload.

    To be believed only if its digest is the registered one. Raises NotFound, Unreadable.
    """
    sizes = {found.key.removeprefix(f"{prefix}/"): found.size for found in store.list(f"{prefix}/")}
    digests: dict[str, str] = {}
    for name in ("manifest-sha256.txt", "tagmanifest-sha256.txt"):
        with store.open(f"{prefix}/{name}") as stream:
            content = stream.read()
        try:
            text = content.decode()
        except UnicodeDecodeError as damage:
            raise Unreadable(key=f"{prefix}/{name}", reason="manifest") from damage
        for entry in parse_manifest(text):
            digests[entry.path] = entry.digest
    for name in _TAG_MANIFESTS & sizes.keys():  # no manifest tells these
        with store.open(f"{prefix}/{name}") as stream:
            digests[name] = sha256_of(stream.read())
    return Inventory.of(
        FileRecord(path=path, size=sizes.get(path, -1), sha256=sha256) for path, sha256 in digests.items()
    )
