"""Writing on a disk: one file, or a tree that appears at once.

Order (reliability 6.1): bytes under a temporary name on the same file system,
sync of files, then of folders from the bottom up, rename as the commit point,
sync of the folders above. A failed sync loses the draft; it is never asked again.
"""

import os
import secrets
import shutil
from collections.abc import Callable
from typing import BinaryIO

from storage import platform
from storage.digests import blocks, new_hasher
from storage.errors import AlreadyStored, DigestMismatch, NotFound, Unreadable
from storage.failpoints import reach
from storage.faults import ABSENT, translated
from storage.keys import DRAFTS
from storage.names import check_path
from storage.store import StoredObject

#: From so many files on, one sync of the whole file system costs less than one per file (measured: 400
#: files of 100 KB 0.03 s against 0.10 s). Below it other programs' unwritten bytes are not waited for.
SYNC_ALL_FROM = 64


def write_file(path: str, source: BinaryIO, sha256: str | None, *, key: str, sync: bool) -> int:
    """Write source, read once, to a path that must be free and return the bytes written.

    Raises DigestMismatch, AlreadyStored and the errors of a full or broken
    disk; then nothing stands at path.
    """
    with translated(writing=True, key=key):
        try:
            fd = platform.open_new(path)
        except (FileExistsError, NotADirectoryError) as error:
            raise AlreadyStored(key=key) from error
    done = False
    try:
        size = _pour(fd, source, sha256, key=key, sync=sync)
        done = True
    finally:
        os.close(fd)
        if not done:
            os.unlink(path)
    return size


def _pour(fd: int, source: BinaryIO, sha256: str | None, *, key: str, sync: bool) -> int:
    """Write source into an open file and return the bytes written. Raises DigestMismatch."""
    hasher = new_hasher("sha256") if sha256 else None
    size = 0
    for block in blocks(source):
        if hasher:
            hasher.update(block)
        with translated(writing=True, key=key):
            size += platform.write_all(fd, block)
    if hasher and hasher.hexdigest() != sha256:
        raise DigestMismatch(key=key, expected=sha256, found=hasher.hexdigest())
    if sync:
        with translated(writing=True, key=key):
            reach("store.before_fsync")
            os.fsync(fd)
    return size


def make_parents(root: str, place: str) -> None:
    """Make the folders between root and place. Raises AlreadyStored where a file is in the way."""
    parent = os.path.dirname(place)
    if not platform.is_straight(parent):
        raise Unreadable(key=os.path.relpath(parent, root), reason="link")
    try:
        os.makedirs(parent, exist_ok=True)
    except (FileExistsError, NotADirectoryError) as error:
        raise AlreadyStored(key=os.path.relpath(place, root)) from error


def sync_parents(root: str, place: str) -> None:
    """Make the names from place up to root durable."""
    folder = place
    while folder != root:
        folder = os.path.dirname(folder)
        platform.fsync_dir(folder)


def _clear_empty(place: str) -> None:
    """Remove the empty folders at place, as far as they are empty."""
    if os.path.islink(place):
        return
    for folder, _, _ in os.walk(place, topdown=False):
        try:
            os.rmdir(folder)
        except OSError:
            return  # something stands there: the rename will say so


class LocalDraft:
    """A tree below .drafts that becomes visible by one rename."""

    def __init__(self, root: str, prefix: str, *, probe: Callable[[], None]) -> None:
        self._root = root
        self._prefix = prefix
        self._probe = probe
        self._place = os.path.join(root, DRAFTS, secrets.token_hex(16))
        self._written: list[str] = []
        self._sync_fd: int | None = None
        self._alive = True
        with translated(writing=True, key=prefix):
            os.makedirs(self._place)
            if platform.CAN_SYNC_ALL:
                self._sync_fd = os.open(self._place, os.O_RDONLY)

    def put(self, path: str, source: BinaryIO, sha256: str | None = None) -> StoredObject:
        """Write one file; see Draft.put. It becomes durable with the commit."""
        place = self._ready(path)
        size = write_file(place, source, sha256, key=path, sync=False)
        self._written.append(place)
        return StoredObject(path, size)

    def carry(self, path: str, from_key: str) -> StoredObject:
        """Give a committed object a second name; see Draft.carry.

        Sharing one file between the versions of one package in one store is
        acceptable: the copies that count stand in other stores, versions of
        one package on one disk share its fate anyway, nothing here writes into
        a committed file (mend puts a new one), and it is read-only. A link to
        anything else is a fault (case A17): LocalStore.links_from_outside.
        """
        target = self._ready(path)
        source = os.path.join(self._root, check_path(from_key))
        with translated(writing=False, key=from_key):
            try:
                fd = platform.open_nofollow(source, straight=True)
            except ABSENT as error:
                self._probe()  # a store that is away has lost nothing
                raise NotFound(key=from_key) from error
        try:
            with translated(writing=True, key=path):
                self._share(fd, source, target)
            return StoredObject(path, os.fstat(fd).st_size)
        finally:
            os.close(fd)

    def _share(self, fd: int, source: str, target: str) -> None:
        """Link source to target, or let the kernel copy it where links are not possible."""
        try:
            if platform.link_file(source, target):
                return
            copy = platform.open_new(target)
        except FileExistsError as error:
            raise AlreadyStored(key=os.path.relpath(target, self._place)) from error
        try:
            platform.copy_contents(fd, copy)
        except OSError:
            os.unlink(target)
            raise
        finally:
            os.close(copy)
        self._written.append(target)

    def commit(self) -> None:
        """Make the tree durable, then visible; see Draft.commit."""
        self._check_alive()
        final = os.path.join(self._root, self._prefix)
        try:
            self._probe()
            with translated(writing=True, key=self._prefix):
                reach("store.before_fsync")
                self._sync()
                make_parents(self._root, final)
                reach("store.before_rename")
                _clear_empty(final)
                self._rename(final)
        except BaseException:
            self.abort()
            raise
        self._close()
        with translated(writing=True, key=self._prefix):
            reach("store.after_rename")
            sync_parents(self._root, final)
            platform.fsync_dir(os.path.join(self._root, DRAFTS))

    def _rename(self, final: str) -> None:
        """Make the tree visible. Raises AlreadyStored."""
        try:
            platform.rename_new(self._place, final)
        except (FileExistsError, NotADirectoryError) as error:
            raise AlreadyStored(key=self._prefix) from error

    def _sync(self) -> None:
        """Make every file and folder of the draft durable."""
        if self._sync_fd is not None and len(self._written) >= SYNC_ALL_FROM:
            platform.sync_all(self._sync_fd)
            return
        for place in self._written:
            platform.fsync_file(place)
        for folder, _, _ in os.walk(self._place, topdown=False):
            platform.fsync_dir(folder)

    def abort(self) -> None:
        """Forget everything written; see Draft.abort."""
        if self._alive:
            self._close()
            shutil.rmtree(self._place, ignore_errors=True)  # what stays is for sweep_drafts

    def _close(self) -> None:
        """End the draft: nothing more can be written through it."""
        self._alive = False
        if self._sync_fd is not None:
            os.close(self._sync_fd)
            self._sync_fd = None

    def _check_alive(self) -> None:
        """Raise NotFound when the draft was committed or aborted."""
        if not self._alive:
            raise NotFound(key=self._prefix, reason="the draft is gone")

    def _ready(self, path: str) -> str:
        """Return where a new file of the draft goes, with its folders made."""
        self._check_alive()
        place = os.path.join(self._place, check_path(path))
        with translated(writing=True, key=path):
            try:
                os.makedirs(os.path.dirname(place), exist_ok=True)
            except (FileExistsError, NotADirectoryError) as error:
                raise AlreadyStored(key=path) from error
        return place
