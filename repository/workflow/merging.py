"""Brings what is missing here out of a backup, and tells what differs (case F06).

Nothing that stands here is overwritten or removed, whichever side is newer:
a backup taken into a living archive adds rows and uploads, and a list of
differences is for people. Packages come from the stores, which are asked first.
"""

import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from repository.models.account import Account
from repository.models.base import Base
from repository.models.collection import Collection
from repository.models.database import open_database
from repository.models.event import Event
from repository.models.item import Item, Revision
from repository.models.keeping import Medium, Receipt, StoreCard
from repository.models.migrating import migrate
from repository.models.submission import StagedFile, Submission
from repository.permissions import Actor
from repository.workflow import audit, indexing, jobs, rebuilding, states, tombstones
from repository.workflow.backup_contents import CATALOGUE, STAGING
from repository.workflow.tools import Tools
from storage.faults import translated
from storage.platform import fsync_dir

HERE, BACKUP, UNKNOWN = "here", "backup", "unknown"
#: Rows of one kind by their key, in an order in which each refers only to what came before.
_PLAIN = (Collection, Submission, StoreCard, Medium, Receipt)
#: Columns that tell which of two rows of one key is newer; the higher one is.
_AGES: dict[type[Base], tuple[str, ...]] = {
    Account: ("epoch", "last_sign_in"),
    Item: ("version", "revision", "modified_at"),
    Collection: (),
    Medium: ("written_at", "checked_at"),
    StoreCard: (),
}
#: What changes by itself and is no difference to anybody.
_IGNORED = frozenset({"generation", "last_sign_in", "intake", "reason"})


@dataclass(frozen=True, slots=True)
class Difference:
    """One thing that is not the same here and in the backup; newer is here, backup or unknown."""

    kind: str
    id: str
    name: str
    newer: str


@dataclass(frozen=True, slots=True)
class Merged:
    """How many rows were (or would be) added by table, and what differs and stays as it is here."""

    added: dict[str, int]
    differ: tuple[Difference, ...]


def compare(tools: Tools, unpacked: Path) -> Merged:
    """Return what a merge would do; nothing is written here."""
    return _merge(tools, unpacked, write=False)


def merge(tools: Tools, actor: Actor, unpacked: Path) -> Merged:
    """Add what is missing here from an unpacked backup and return what was done. Raises StorageError."""
    rebuilding.rebuild(tools, lambda done, total: None)
    _bring_uploads(tools, unpacked)
    merged = _merge(tools, unpacked, write=True)
    with tools.database.writing.begin() as session:
        told = {"added": merged.added, "differ": len(merged.differ)}
        audit.record(session, "backup.merged", actor=actor, at=tools.clock(), facts=told)
    return merged


def _bring_uploads(tools: Tools, unpacked: Path) -> None:
    """Copy the uploads that are not here: bytes before rows, as at every hand-in."""
    source = unpacked / STAGING
    with translated(writing=True):
        for folder in sorted(source.iterdir()) if source.is_dir() else ():
            target = tools.staging.root / folder.name
            if not target.exists():
                fsync_dir(folder)
                shutil.move(folder, target)
                fsync_dir(tools.staging.root)


def _merge(tools: Tools, unpacked: Path, *, write: bool) -> Merged:
    other = open_database(f"sqlite:///{unpacked / CATALOGUE}")
    try:
        migrate(other)
        with other.reading() as theirs, tools.database.writing() as ours:
            found = _Merging(ours, theirs)
            found.run()
            if write:
                indexing.ask_rebuild(ours, why="rebuild")
                for item_id in found.new_items:
                    jobs.ask_derive(ours, item_id)
                ours.commit()
            else:
                ours.rollback()
            return Merged(found.added, tuple(found.differ))
    finally:
        other.engine.dispose()


class _Merging:
    """One merge: two sessions, and what was found."""

    def __init__(self, ours: Session, theirs: Session) -> None:
        self.ours, self.theirs = ours, theirs
        self.added: dict[str, int] = {}
        self.differ: list[Difference] = []
        self.new_items: list[str] = []
        self.gone = tombstones.gone(ours) | tombstones.gone(theirs)

    def run(self) -> None:
        """Add accounts, the tree, events, and items that were still on their way."""
        self._accounts()
        for model in _PLAIN:
            self._plain(model)
        self._events()
        self._items()

    def _accounts(self) -> None:
        taken = set(self.ours.scalars(select(Account.username)))
        for row in self.theirs.scalars(select(Account)):
            own = self.ours.get(Account, row.id)
            if own is not None:
                self._note(own, row, row.username)
            elif row.username in taken:
                self.differ.append(Difference("accounts", row.id, row.username, UNKNOWN))
            else:
                self._add(row)
        self.ours.flush()

    def _plain(self, model: type[Base]) -> None:
        for row in self.theirs.scalars(select(model)):
            own = self.ours.get(model, _key(row))
            if own is None:
                self._add(row)
                self.ours.flush()
            elif model in _AGES:
                self._note(own, row, str(getattr(row, "title", "") or getattr(row, "name", "")))

    def _events(self) -> None:
        known = set(self.ours.scalars(select(Event.id)))
        for row in self.theirs.scalars(select(Event).order_by(Event.sequence)):
            if row.id not in known:
                self._add(row, without=("sequence",))
        self.ours.flush()

    def _items(self) -> None:
        codes = set(self.ours.scalars(select(Item.reference_code)))
        for row in self.theirs.scalars(select(Item)):
            own = self.ours.get(Item, row.id)
            if own is not None:
                self._note(own, row, row.title)
            elif row.state == states.ARCHIVED or row.id in self.gone:
                if row.id not in self.gone:  # no store has its package: a person must know
                    self.differ.append(Difference("items", row.id, row.title, BACKUP))
            else:
                without = ("reference_code",) if row.reference_code in codes else ()
                self._add(row, without=without)
                self.ours.flush()
                self.new_items.append(row.id)
                for part in self._parts(row.id):
                    self._add(part)
                self.ours.flush()

    def _parts(self, item_id: str) -> Iterator[Base]:
        yield from self.theirs.scalars(select(Revision).where(Revision.item_id == item_id))
        yield from self.theirs.scalars(select(StagedFile).where(StagedFile.item_id == item_id))

    def _add(self, row: Base, *, without: tuple[str, ...] = ()) -> None:
        told = {name: value for name, value in _values(row).items() if name not in without}
        self.ours.add(type(row)(**told))
        name = row.__tablename__
        self.added[name] = self.added.get(name, 0) + 1

    def _note(self, own: Base, other: Base, name: str) -> None:
        """Keep a difference between two rows of one key."""
        ours, theirs = _values(own), _values(other)
        if any(ours[column] != theirs[column] for column in ours.keys() - _IGNORED):
            newer = _newer(ours, theirs, _AGES[type(own)])
            self.differ.append(Difference(own.__tablename__, str(_key(own)), name, newer))


def _values(row: Base) -> dict[str, Any]:
    return {attribute.key: getattr(row, attribute.key) for attribute in row.__mapper__.column_attrs}


def _key(row: Base) -> Any:
    return row.__mapper__.primary_key_from_instance(row)[0]


def _newer(ours: dict[str, Any], theirs: dict[str, Any], columns: tuple[str, ...]) -> str:
    for name in columns:
        if ours[name] != theirs[name]:
            if ours[name] is None or theirs[name] is None:
                return HERE if theirs[name] is None else BACKUP
            return HERE if ours[name] > theirs[name] else BACKUP
    return UNKNOWN
