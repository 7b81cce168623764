"""A bag of ours comes back, or from another school that uses Jingui.

It is registered as the package it is: the same id, the same bytes, its events
kept. What the catalogue knows already is never overwritten; a version that
differs is told. What does not fit here (another school's tree, a reference
code that is taken) is changed by a new version, openly.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path

from sqlalchemy import select
from sqlalchemy.orm import Session

from preservation.checks import Outcome
from preservation.policy import CopyState
from preservation.premis import EventType
from repository.description.codes import CATEGORIES, KINDS
from repository.description.errors import DescriptionError
from repository.description.value import Description
from repository.models.item import Item
from repository.models.package import Copy, Package
from repository.permissions import AccessLevel, Actor
from repository.workflow import (
    facts,
    fitting,
    jobs,
    journal,
    packages,
    replicating,
    told_events,
    tombstones,
)
from repository.workflow.packages import RECORD, SCHEMA, Contents
from repository.workflow.tools import Tools
from storage.bag import reread
from storage.digests import digest_stream
from storage.errors import AlreadyStored, StorageError, UnsafeName
from storage.inventory import FileRecord, Inventory

_MOST_BYTES = 256 << 20
_TEXTS = ("title", "reference_sort", "retention", "date_edtf", "date_sort", "depositor_name", "override")


@dataclass(slots=True)
class Batch:
    """What one import has registered so far: further versions of these items may follow."""

    fresh: set[str] = field(default_factory=set)


@dataclass(frozen=True, slots=True)
class Restored:
    """What became of one bag of ours; why is "record" where its record cannot be believed."""

    outcome: str
    item_id: str = ""
    title: str = ""
    version: int = 0
    why: str = ""


def is_ours(bag: Path) -> bool:
    """Return whether a bag carries a record of ours."""
    return _told(bag).get("schema") == SCHEMA


def order(bag: Path) -> tuple[str, int, str]:
    """Return what bags are sorted by: item, then the newest version first."""
    item = _told(bag).get("item")
    told = item if isinstance(item, Mapping) else {}
    version = told.get("version", 0)
    return str(told.get("id", "")), -version if isinstance(version, int) else 0, str(bag)


def _told(bag: Path) -> dict[str, object]:
    path = bag / RECORD
    try:
        if path.is_symlink() or path.stat().st_size > _MOST_BYTES:
            return {}
        found = json.loads(path.read_bytes())
    except (OSError, ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}


def restore(tools: Tools, actor: Actor, bag: Path, batch: Batch, *, name: str) -> Restored:
    """Register a judged bag of ours as the package it is, or say why not."""
    contents = believed(bag)
    if contents is None:
        return Restored("refused", why="record")
    told = Restored("known", contents.item_id, str(contents.columns["title"]), contents.version)
    inventory = _measured(bag)
    with tools.database.reading() as session:
        known = session.get(Item, contents.item_id) is not None
        is_gone = contents.item_id in tombstones.gone(session)
        digest = session.scalar(
            select(Package.registered_digest).where(
                Package.item_id == contents.item_id, Package.version == contents.version
            )
        )
    if is_gone:  # a rebuild would follow the tombstone, and take it away again (E35)
        return replace(told, outcome="refused", why="given_up")
    if digest is not None or (known and contents.item_id not in batch.fresh):
        return told if digest == inventory.digest else replace(told, outcome="differs")
    if not _stored(tools, bag, contents, inventory):
        return replace(told, outcome="differs")
    batch.fresh.add(contents.item_id)
    with tools.database.writing.begin() as session:
        _register(session, tools, actor, contents, inventory, name=name)
    return replace(told, outcome="restored")


def believed(bag: Path) -> Contents | None:
    """Return what a bag tells, or None where it tells what cannot be: it may come from anybody."""
    try:
        contents = Contents.from_plain(_told(bag))
        prefix, columns = contents.prefix, contents.columns
        times = [datetime.fromisoformat(told["at"]) for told in (*contents.events, *contents.revisions)]
        times += [contents.made_at, contents.created_at, contents.modified_at]
        sound = (
            bool(prefix)
            and columns["access_level"] in set(AccessLevel)
            and CATEGORIES.get(columns["category"]) is not None
            and KINDS.get(columns["kind"]) is not None
            and isinstance(columns["revision"], int)
            and all(isinstance(columns[name], str) for name in _TEXTS)
            and all(isinstance(columns[name], str | None) for name in ("reference_code", "collection_id"))
            and all(isinstance(columns[name], int | None) for name in ("first_year", "last_year"))
            and isinstance(columns["intake"], dict)
            and bool(Description.from_plain({"kind": columns["kind"], "values": columns["values"]}).values)
            and all(time.tzinfo is not None for time in times)
            and all(told["type"] in set(EventType) for told in contents.events)
            and all(told["outcome"] in set(Outcome) for told in contents.events)
        )
        for file in contents.files:
            place = bag / file.path
            sound = sound and file.path.startswith("data/objects/") and ".." not in Path(file.path).parts
            sound = sound and place.is_file() and not place.is_symlink()
    except (KeyError, TypeError, ValueError, AttributeError, UnsafeName, DescriptionError):
        return None
    return contents if sound and contents.files else None


def _measured(bag: Path) -> Inventory:
    records = []
    for path in sorted(path for path in bag.rglob("*") if path.is_file()):
        with open(path, "rb") as stream:
            sha256 = digest_stream(stream)["sha256"]
        records.append(
            FileRecord(path=path.relative_to(bag).as_posix(), size=path.stat().st_size, sha256=sha256)
        )
    return Inventory.of(records)


def _stored(tools: Tools, bag: Path, contents: Contents, inventory: Inventory) -> bool:
    """Put the very bag into the first store and read it back; False where something else stands there."""
    store = tools.first_store
    try:
        draft = store.begin(contents.prefix)
    except AlreadyStored:
        try:
            return packages.measure(store, contents.prefix).digest == inventory.digest
        except StorageError:
            return False
    try:
        for record in inventory.files:
            with open(bag / record.path, "rb") as stream:
                draft.put(record.path, stream, record.sha256)
        draft.commit()
    except BaseException:
        draft.abort()
        raise
    reread(store, contents.prefix, inventory)
    return True


def _register(
    session: Session, tools: Tools, actor: Actor, contents: Contents, inventory: Inventory, *, name: str
) -> None:
    known = session.get(Item, contents.item_id)
    fitted = contents if known is not None else fitting.fitted(session, contents)
    package = packages.register(session, fitted, inventory)
    now, store = tools.clock(), tools.first_store
    session.add(
        Copy(
            package_id=package.id,
            store_id=store.id,
            state=CopyState.OK,
            outcome=Outcome.PASSED,
            checked_at=now,
            tried_at=now,
            created_at=now,
        )
    )
    told_events.add(session, contents)
    about = journal.of_item(contents.item_id)
    journal.record(
        session,
        EventType.TRANSFER,
        about,
        actor=actor,
        at=now,
        detail=fitting.IMPORTED,
        facts={"from": str(contents.school.get("name", "")), "bag": name, "version": contents.version},
    )
    journal.record(
        session,
        EventType.INGESTION_END if contents.version == 1 else EventType.MODIFICATION,
        about,
        actor=tools.software,
        at=now,
        facts={"version": package.version, "digest": package.registered_digest, "store": store.id},
    )
    item = session.get_one(Item, contents.item_id)
    item.generation = facts.next_generation(session)
    if fitted is not contents:
        fitting.tell(session, item, contents, fitting.Act(actor, now, fitting.IMPORTED))
    replicating.wanted(session, tools, package)
    jobs.ask_index(session)
    jobs.ask_derive(session, item.id)
