"""An offline medium as a source: for what is lost online, and for a whole rebuild.

A sealed medium is opened into a folder first, with the identity of one of its
recipients; what comes out is a store like the others.
"""

import tempfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

from sqlalchemy import select

from preservation.policy import CopyState
from repository.models.keeping import Medium
from repository.models.package import Copy, Package
from repository.workflow import mending
from repository.workflow.medium_errors import MediumRefused
from repository.workflow.medium_writing import mounted
from repository.workflow.tools import Work
from storage import ages
from storage.errors import AlreadyStored, NotFound, StorageError
from storage.layout import log_key
from storage.local import LocalStore, create_store
from storage.sealed_files import SEALED, open_bag, read_lists
from storage.store import Store

Tell = Callable[[int, int], None]
_BAD = (CopyState.DAMAGED, CopyState.MISSING, CopyState.UNREADABLE)


@dataclass(frozen=True, slots=True)
class Attached:
    """What was mended from a medium: copies that were bad, and those that still are."""

    asked: int
    left: int


@dataclass(frozen=True, slots=True)
class Opened:
    """What came out of a sealed medium; refused are keys that could not be opened."""

    packages: int
    log_objects: int
    refused: tuple[str, ...]


def attach(work: Work, medium: Medium, folder: Path, *, secret: str = "") -> Attached:
    """Mend every bad online copy with the medium as a further source.

    Raises MediumRefused (also why="no_identity"), ages.CannotOpen, ages.NotAnIdentity.
    """
    store = mounted(work.tools, medium, folder)
    if medium.recipients and not secret:
        raise MediumRefused(why="no_identity", medium=medium.name, folder=str(folder))
    copies = _bad_copies(work)
    with tempfile.TemporaryDirectory(dir=work.tools.scratch) as scratch:
        source: Store = store
        if medium.recipients:
            source = create_store(Path(scratch) / "opened", medium.id)
            for prefix in sorted(set(copies.values())):
                _open_one(store, prefix, source, secret=secret, scratch=Path(scratch))
        tools = replace(work.tools, stores={**work.tools.stores, medium.id: source})
        for done, copy_id in enumerate(copies, start=1):
            mending.repair(replace(work, tools=tools, args={"copy": copy_id}))
            work.tell(done, len(copies))
    return Attached(len(copies), len(_bad_copies(work)))


def _open_one(source: Store, prefix: str, into: Store, *, secret: str, scratch: Path) -> None:
    """Open one package where the medium has it; what it has not is left to the other sources."""
    try:
        open_bag(source, prefix, into, secret=secret, scratch=scratch)
    except NotFound:
        return


def _bad_copies(work: Work) -> Mapping[str, str]:
    """Return the bad copies in configured stores with the prefixes of their packages."""
    query = select(Copy.id, Package.prefix).join(Package)
    query = query.where(Copy.state.in_(_BAD), Copy.store_id.in_(tuple(work.tools.stores)))
    with work.reading() as session:
        return {row.id: row.prefix for row in session.execute(query)}


def open_all(source: LocalStore, into: LocalStore, *, secret: str, scratch: Path, tell: Tell) -> Opened:
    """Open every listed package and log object of a sealed medium into an open store; safe to run again.

    It needs no catalogue. Raises ages.CannotOpen at once where the identity is not
    one of the recipients, ages.NotAnIdentity, and the errors of the target.
    """
    listed = sorted(read_lists(source))
    refused: list[str] = []
    packages = log_objects = 0
    for done, path in enumerate(listed, start=1):
        try:
            if path.startswith(f"{SEALED}/log/"):
                _open_log(source, path, into, secret=secret, scratch=scratch)
                log_objects += 1
            else:
                prefix = path.removeprefix(f"{SEALED}/").removesuffix(".tar.age")
                _open_new(source, prefix, into, secret=secret, scratch=scratch)
                packages += 1
        except ages.CannotOpen as failure:
            if failure.facts.get("reason") == "key":
                raise
            refused.append(path)
        except ages.NotAnIdentity:
            raise
        except StorageError as failure:
            into.probe()  # a target that went away ends the work
            if failure.retryable:
                raise
            refused.append(path)
        tell(done, len(listed))
    return Opened(packages, log_objects, tuple(refused))


def _open_new(source: LocalStore, prefix: str, into: LocalStore, *, secret: str, scratch: Path) -> None:
    try:
        open_bag(source, prefix, into, secret=secret, scratch=scratch)
    except AlreadyStored:
        return  # a former run opened it: a tree stands whole or not at all


def _open_log(source: LocalStore, path: str, into: LocalStore, *, secret: str, scratch: Path) -> None:
    *_, year, month, day, name = path.split("/")
    digest = name.partition(".")[0]
    key = log_key(datetime(int(year), int(month), int(day)).date(), digest)
    with source.open(path) as sealed, tempfile.TemporaryFile(dir=scratch) as plain:
        ages.decrypt(sealed, plain, secret)
        plain.seek(0)
        try:
            into.put(key, plain, digest)
        except AlreadyStored:
            return
