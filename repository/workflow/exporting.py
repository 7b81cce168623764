"""Exports any selection of packages: bags that live without us (promises P15, P18).

Every file is compared with the register while it is copied; a bad copy gives
way to another store's. An item without a good copy is left out and told, never
passed over in silence. Who asks is asked again when the work is done: nobody
carries out what he may not read (case E11).
"""

import os
import shutil
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from sqlalchemy import select
from sqlalchemy.orm import Session, selectinload

from preservation.checks import Outcome
from preservation.premis import EventType
from repository import queries
from repository.description.export_list import (
    CSV_NAME,
    JSON_NAME,
    MAP_NAME,
    OutFile,
    OutItem,
    OutList,
    map_csv,
    to_csv,
    to_json,
)
from repository.models.item import Item
from repository.models.package import Package, PackagedFile
from repository.permissions import CATALOGUED, Act, Actor, may
from repository.workflow import audit, facts, journal
from repository.workflow.exchange_errors import NothingToExport, TargetTaken
from repository.workflow.outward import FORMS, Piece, Sink, fetch, is_free, sink
from repository.workflow.outward_names import FOLDER_BYTES, Names, folder_wish
from repository.workflow.packages import OBJECT, register_is_whole
from repository.workflow.reading import original_of
from repository.workflow.tools import Tools
from storage.errors import StorageFull, Unreadable
from storage.faults import translated
from storage.platform import free_room

CHUNK = 500  # items a question, events a transaction
Tell = Callable[[int, int], None]


@dataclass(frozen=True, slots=True)
class Wish:
    """What is to go out: items, in which form; original_names: plain files instead of bags."""

    ids: tuple[str, ...]
    form: str = "zip"
    original_names: bool = False
    all_versions: bool = False

    def __post_init__(self) -> None:
        if self.form not in FORMS:
            raise ValueError(f"no form of export: {self.form}")


@dataclass(frozen=True, slots=True)
class _Parcel:
    """One package version as read from the register; a value that outlives the session."""

    item_id: str
    title: str
    reference_code: str
    version: int
    digest: str
    is_whole: bool
    pieces: tuple[Piece, ...]
    files: tuple[OutFile, ...]


def allowed(session: Session, actor: Actor, ids: Iterable[str]) -> list[str]:
    """Return those ids, in their order and once, whose archived items actor may read and download."""
    wanted = list(dict.fromkeys(ids))
    found: dict[str, Item] = {}
    for start in range(0, len(wanted), CHUNK):
        found |= queries.items(session, actor, wanted[start:start + CHUNK])
    return [
        item_id
        for item_id in wanted
        if item_id in found
        and found[item_id].state in CATALOGUED
        and may(actor, Act.READ_ITEM, found[item_id])
        and may(actor, Act.DOWNLOAD, found[item_id])
    ]


def run(tools: Tools, actor: Actor, wish: Wish, target: Path, *, tell: Tell) -> OutList:
    """Write an export to target and return its list.

    Raises TargetTaken, NothingToExport (nothing that actor may read), and
    StorageError for the place it goes to; then nothing stays at target.
    """
    if not is_free(target) or (wish.form != "folder" and os.path.lexists(target)):
        raise TargetTaken(path=str(target))
    with tools.database.reading() as session:
        parcels = list(_parcels(session, actor, wish))
        school = facts.get(session, facts.SCHOOL_NAME)
    if not parcels:
        raise NothingToExport()
    _check_room(target, parcels, wish)
    with translated(writing=True, path=target.name):
        out = sink(target, wish.form)
        try:
            items = tuple(_all(tools, wish, parcels, out, tell))
            told = OutList(
                made_at=tools.clock().isoformat(),
                software=tools.software.name,
                school=school,
                form="names" if wish.original_names else "bags",
                items=items,
            )
            _add_lists(out, told)
            out.close()
        except BaseException:
            out.give_up()
            raise
    _keep_record(tools, actor, wish, told)
    return told


def _parcels(session: Session, actor: Actor, wish: Wish) -> Iterator[_Parcel]:
    ids = allowed(session, actor, wish.ids)
    for start in range(0, len(ids), CHUNK):
        chunk = ids[start:start + CHUNK]
        query = (
            select(Package, Item)
            .join(Item, Item.id == Package.item_id)
            .where(Package.item_id.in_(chunk))
            .options(selectinload(Package.files), selectinload(Package.copies))
            .order_by(Package.version)
        )
        if not wish.all_versions:
            query = query.where(Package.version == Item.version)
        rows = sorted(session.execute(query), key=lambda row: chunk.index(row.Item.id))
        for row in rows:
            yield _parcel(row.Package, row.Item, wish)
        session.expunge_all()


def _parcel(package: Package, item: Item, wish: Wish) -> _Parcel:
    rows = [row for row in package.files if row.role == OBJECT or not wish.original_names]
    names = Names()
    paths = [names.give(row.original_name) if wish.original_names else row.path for row in rows]
    return _Parcel(
        item_id=item.id,
        title=item.title,
        reference_code=item.reference_code or "",
        version=package.version,
        digest=package.registered_digest,
        is_whole=register_is_whole(package),
        pieces=tuple(
            Piece(original_of(package, row), path) for row, path in zip(rows, paths, strict=True)
        ),
        files=tuple(_told_file(row, path) for row, path in zip(rows, paths, strict=True)),
    )


def _told_file(row: PackagedFile, path: str) -> OutFile:
    return OutFile(path, row.size, row.sha256, row.original_name, row.original_raw)


def _check_room(target: Path, parcels: Sequence[_Parcel], wish: Wish) -> None:
    """Raise StorageFull unless all of it fits, with one bag put together aside."""
    sizes = [sum(file.size for file in parcel.files) for parcel in parcels]
    wanted = sum(sizes) + (max(sizes) if wish.form != "folder" else 0) + (1 << 20)
    place = next(each for each in (target, *target.absolute().parents) if each.is_dir())
    with translated(writing=True, path=target.name):
        left = free_room(place).bytes
    if left < wanted:
        raise StorageFull(wanted=wanted, left=left)


def _all(
    tools: Tools, wish: Wish, parcels: Sequence[_Parcel], out: Sink, tell: Tell
) -> Iterator[OutItem]:
    """Carry out every parcel; a place of an item holds all its versions where these are wanted."""
    names = Names()
    for name in (CSV_NAME, JSON_NAME, MAP_NAME):
        names.give(name)
    for done, parcel in enumerate(parcels, start=1):
        wanted = folder_wish(parcel.title, parcel.reference_code)
        if wish.all_versions:
            wanted = f"{wanted} v{parcel.version:04d}"
        name = names.give(wanted, most=FOLDER_BYTES)
        yield _one(tools, parcel, out, name=name, wanted=wanted)
        tell(done, len(parcels))


def _one(tools: Tools, parcel: _Parcel, out: Sink, *, name: str, wanted: str) -> OutItem:
    told = OutItem(
        id=parcel.item_id,
        title=parcel.title,
        reference_code=parcel.reference_code,
        version=parcel.version,
        folder="",
        digest=parcel.digest,
    )
    if not parcel.is_whole:
        return replace(told, reason="register")
    folder = out.aside / parcel.item_id
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    for piece in parcel.pieces:
        try:
            fetch(tools, piece, folder)
        except Unreadable:
            shutil.rmtree(folder)
            return replace(told, reason="no_good_copy", path=piece.path)
    out.take(name, folder)
    return replace(told, folder=name, wanted=wanted, files=parcel.files)


def _add_lists(out: Sink, told: OutList) -> None:
    lists = {CSV_NAME: to_csv(told), JSON_NAME: to_json(told), MAP_NAME: map_csv(told)}
    for name, content in lists.items():
        if content:
            path = out.aside / name
            path.write_bytes(content)
            out.take(name, path)


def _keep_record(tools: Tools, actor: Actor, wish: Wish, told: OutList) -> None:
    """Write one event for each item that went out, and one entry of the audit log."""
    kind = EventType.DISSEMINATION if wish.original_names else EventType.EXPORTING
    gone = [item for item in told.items if not item.reason]
    for start in range(0, len(gone), CHUNK):
        with tools.database.writing.begin() as session:
            for item in gone[start:start + CHUNK]:
                journal.record(
                    session,
                    kind,
                    journal.of_item(item.id),
                    actor=actor,
                    at=tools.clock(),
                    facts={"version": item.version, "digest": item.digest, "form": wish.form},
                )
    with tools.database.writing.begin() as session:
        audit.record(
            session,
            "items.exported",
            actor=actor,
            at=tools.clock(),
            outcome=Outcome.WARNED if told.left_out else Outcome.PASSED,
            facts={
                "form": wish.form,
                "names": wish.original_names,
                "items": len(gone),
                "left_out": len(told.left_out),
                "ids": [item.id for item in told.items[:CHUNK]],
            },
        )
