"""Writes due packages onto a mounted offline medium.

Nothing is removed from a medium and nothing on it is overwritten. A run that was
stopped goes on: what stands is read and counted. An open medium is a store like the
others (bags, log, judge); a sealed one holds age files and lists of them.
"""

import hashlib
import io
import os
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from pathlib import Path

from sqlalchemy import delete, select
from sqlalchemy.orm import Session, selectinload

from preservation.checks import Outcome
from preservation.policy import CopyState
from preservation.premis import EventType
from repository.models.event import Event
from repository.models.keeping import Medium
from repository.models.package import Copy, Package
from repository.models.watch import Report
from repository.workflow import facts, journal, logbook, mending, offline, sealbook
from repository.workflow.medium_errors import MediumRefused
from repository.workflow.packages import inventory_of
from repository.workflow.tools import Tools, Work
from storage import ages
from storage.disks import disk_of
from storage.errors import AlreadyStored, StorageFull, WrongStore
from storage.failpoints import reach
from storage.inventory import Inventory
from storage.keys import SYSTEMS
from storage.layout import package_prefix
from storage.local import LocalStore, create_store
from storage.marker import has_marker
from storage.replicas import copy_bag
from storage.sealed_files import SEALED, SealedFile, put_list, put_sealed, read_lists, seal_bag
from storage.store import Store

BATCH = 50  # sealed files a list
_PER_FILE, _SPARE = 8192, 32 << 20  # bytes: what a file and a disk need beside their content


@dataclass(frozen=True, slots=True)
class Due:
    """One package that a medium lacks; size in bytes of its content."""

    package_id: str
    size: int
    files: int


@dataclass(frozen=True, slots=True)
class _Parcel:
    """One package as its register tells it, as values that outlive the session."""

    package_id: str
    item_id: str
    version: int
    prefix: str
    inventory: Inventory
    store_ids: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Written:
    """What one run wrote; bytes are those of the packages, mended copies that had been bad."""

    packages: int
    bytes: int
    mended: int


def mounted(tools: Tools, medium: Medium, folder: Path, *, same_disk: bool = False) -> LocalStore:
    """Return the mounted medium; an empty folder becomes it at its first writing.

    Raises MediumRefused, StoreUnavailable, ReadOnly.
    """
    look(tools, medium, folder, same_disk=same_disk)
    try:
        return create_store(folder, medium.id)
    except AlreadyStored as error:
        raise MediumRefused(why="not_empty", medium=medium.name, folder=str(folder)) from error


def look(tools: Tools, medium: Medium, folder: Path, *, same_disk: bool = False) -> None:
    """Return if the folder is this medium, or may become it. Raises MediumRefused, StoreUnavailable."""
    offline.in_use(medium)
    told = {"medium": medium.name, "folder": str(folder)}
    if not folder.is_absolute() or not folder.is_dir():
        raise MediumRefused(why="absent", **told)
    place = folder.resolve()
    if has_marker(str(place)):
        _check_known(medium, place, told)
        return
    own = [tools.settings.data, *(one.root for one in tools.settings.store_specs if one.kind == "folder")]
    if any(place == one.resolve() or one.resolve() in place.parents for one in own):
        raise MediumRefused(why="inside", **told)
    if medium.written_at is not None:
        raise MediumRefused(why="blank", **told)
    if not same_disk and disk_of(place) in {disk_of(one) for one in own if one.is_dir()}:
        raise MediumRefused(why="same_disk", **told)
    if set(os.listdir(place)) - SYSTEMS:
        raise MediumRefused(why="not_empty", **told)


def _check_known(medium: Medium, place: Path, told: dict[str, str]) -> None:
    try:
        LocalStore(medium.id, place).probe()
    except WrongStore as error:
        raise MediumRefused(why="other", found=error.facts.get("found"), **told) from error


def due(session: Session, medium: Medium) -> list[Due]:
    """Return every package without a copy on the medium, oldest first."""
    there = select(Copy.package_id).where(Copy.store_id == medium.id)
    query = (
        select(Package.id, Package.byte_count, Package.file_count)
        .where(Package.id.not_in(there))
        .order_by(Package.created_at, Package.version)
    )
    return [Due(*row) for row in session.execute(query)]


def _parcel(work: Work, one: Due) -> _Parcel:
    """Return a package with the stores to copy from, copies that were good at their last reading first."""
    query = select(Package).where(Package.id == one.package_id)
    with work.reading() as session:
        found = session.scalars(
            query.options(selectinload(Package.files), selectinload(Package.copies))
        ).one()
        ranked = sorted(found.copies, key=lambda copy: copy.state != CopyState.OK)
        names = tuple(copy.store_id for copy in ranked)
        return _Parcel(found.id, found.item_id, found.version, found.prefix, inventory_of(found), names)


def medium_write(work: Work) -> None:
    """Write everything due onto the medium in args["folder"]; args: medium, folder, same_disk."""
    with work.reading() as session:
        medium = session.get_one(Medium, work.args["medium"])
        session.expunge(medium)
    write(work, medium, Path(work.args["folder"]), same_disk=bool(work.args.get("same_disk")))


def write(work: Work, medium: Medium, folder: Path, *, same_disk: bool = False) -> Written:
    """Write what the medium lacks, read it back, and return the figures.

    Raises MediumRefused, StorageFull (before anything is written), the errors of the disk.
    """
    store = mounted(work.tools, medium, folder, same_disk=same_disk)
    store.sweep_drafts(0)
    mended = _mend(work, medium, store)
    with work.reading() as session:
        waiting = due(session, medium)
    _check_room(store, waiting)
    reach("medium.before_write")
    count = 0
    for batch in _batches(waiting, 1 if not medium.recipients else BATCH):
        if work.stopping():
            raise InterruptedError("the worker is stopping; the medium goes on at its next start")
        _write_batch(work, medium, store, [_parcel(work, one) for one in batch])
        count += len(batch)
        work.tell(count, len(waiting))
    written = Written(len(waiting), sum(one.size for one in waiting), mended)
    _tell_end(work, medium, store, written)
    _carry_log(work, medium, store)
    return written


def _mend(work: Work, medium: Medium, store: LocalStore) -> int:
    """Mend copies that the last check found bad; a sealed one is written anew. Returns how many."""
    bad = (CopyState.DAMAGED, CopyState.MISSING, CopyState.UNREADABLE)
    query = select(Copy.id).where(Copy.store_id == medium.id, Copy.state.in_(bad))
    with work.reading() as session:
        copies = session.scalars(query).all()
    if medium.recipients and copies:
        with work.writing() as session:
            session.execute(delete(Copy).where(Copy.id.in_(copies)))
    elif copies:
        tools = replace(work.tools, stores={**work.tools.stores, medium.id: store})
        for copy_id in copies:
            mending.repair(replace(work, tools=tools, args={"copy": copy_id}))
    return len(copies)


def _batches(waiting: Sequence[Due], size: int) -> Iterator[Sequence[Due]]:
    for start in range(0, len(waiting), size):
        yield waiting[start:][:size]


def _check_room(store: Store, waiting: Sequence[Due]) -> None:
    """Raise StorageFull before the first byte if all of it will not fit."""
    left, wanted = store.free_bytes(), sum(one.size + one.files * _PER_FILE for one in waiting) + _SPARE
    if waiting and left is not None and left < wanted:
        raise StorageFull(store=store.id, wanted=wanted, left=left)


def _write_batch(work: Work, medium: Medium, store: LocalStore, batch: Sequence[_Parcel]) -> None:
    """Write packages, read them back, then write down that they are there."""
    sealed: dict[str, SealedFile] = {}
    now = work.tools.clock()
    for one in batch:
        sources = [work.tools.stores[name] for name in one.store_ids if name in work.tools.stores]
        if medium.recipients:
            sealed[one.package_id] = seal_bag(
                store,
                sources,
                one.prefix,
                one.inventory,
                recipients=offline.recipients(medium),
                scratch=work.tools.scratch,
                at=now.isoformat(),
            )
        else:
            copy_bag(sources, store, one.prefix, one.inventory, shared=_shared(store, one))
        reach("medium.after_package")
    if sealed:
        put_list(store, list(sealed.values()))
    reach("medium.before_register")
    with work.writing() as session:
        for one in batch:
            copy = Copy(package_id=one.package_id, store_id=medium.id, created_at=now)
            copy.state, copy.outcome = str(CopyState.OK), str(Outcome.PASSED)
            copy.checked_at = copy.tried_at = now
            session.add(copy)
            told = {"store": medium.id, "version": one.version, "digest": one.inventory.digest}
            if one.package_id in sealed:
                told["sealed"] = asdict(sealed[one.package_id])
            about = journal.of_item(one.item_id)
            journal.record(session, EventType.REPLICATION, about, actor=work.agent, at=now, facts=told)
    reach("medium.after_register")


def _shared(store: LocalStore, one: _Parcel) -> dict[str, str]:
    """Return where an older version on this medium may hold the same bytes."""
    if one.version == 1:
        return {}
    older = package_prefix(one.item_id, one.version - 1)
    standing = {found.key.removeprefix(f"{older}/"): found.size for found in store.list(f"{older}/")}
    return {
        record.path: f"{older}/{record.path}"
        for record in one.inventory.payload
        if standing.get(record.path) == record.size
    }


def _tell_end(work: Work, medium: Medium, store: LocalStore, written: Written) -> None:
    now = work.tools.clock()
    told = {"act": "write", **asdict(written), "free": store.free_bytes()}
    with work.writing() as session:
        row = session.get_one(Medium, medium.id)
        row.written_at = now
        row.checked_at = row.checked_at or now  # every byte of it was read back just now
        about = offline.subject(row)
        journal.record(session, EventType.REPLICATION, about, actor=work.agent, at=now, facts=told)
        passed = str(Outcome.PASSED)
        session.add(Report(kind="medium", at=now, outcome=passed, subject=medium.id, facts=told))


def _carry_log(work: Work, medium: Medium, store: LocalStore) -> None:
    """Bring the medium's event log up to the catalogue's, sealed like the packages or open with the seals."""
    if not medium.recipients:
        alone = Work(replace(work.tools, stores={medium.id: store}), {})
        logbook.carry_log(alone)
        sealbook.carry(alone)
        return
    name = facts.LOG_WATERMARK + medium.id
    while True:
        with work.reading() as session:
            after = facts.number(session, name)
            query = select(Event).where(Event.sequence > after).order_by(Event.sequence)
            events = session.scalars(query.limit(logbook.BATCH)).all()
        if not events:
            return
        content = "".join(logbook.line(event) + "\n" for event in events).encode()
        _seal_log(work.tools, medium, store, content, at=events[0].at)
        with work.writing() as session:
            facts.put(session, name, str(events[-1].sequence))


def _seal_log(tools: Tools, medium: Medium, store: LocalStore, content: bytes, *, at: datetime) -> None:
    digest = hashlib.sha256(content).hexdigest()
    key = f"{SEALED}/log/{at:%Y/%m/%d}/{digest}.jsonl.age"
    if key in read_lists(store):
        return
    with tempfile.TemporaryFile(dir=tools.scratch) as file:
        ages.encrypt(io.BytesIO(content), file, offline.recipients(medium))
        file.seek(0, os.SEEK_SET)
        put_list(store, [put_sealed(store, key, file, at=tools.clock().isoformat())])
