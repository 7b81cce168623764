"""A store on a disk.

Everything on the disk is distrusted: links are never followed, an empty mount
point is no store (the marker says which is), and reading drops the page cache
first so that the medium answers (performance.md: only that exposed a flipped bit).
"""

import io
import os
import secrets
import stat
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import BinaryIO

from storage import platform
from storage.aside import Quarantined
from storage.errors import AlreadyStored, NotFound, StorageError, Unreadable, UnsafeName
from storage.failpoints import reach
from storage.faults import ABSENT, translated
from storage.keys import DRAFTS, OWN, SYSTEMS, check_new_key, check_prefix
from storage.local_draft import LocalDraft, make_parents, sync_parents, write_file
from storage.local_walk import entries, holds_nothing, linked_from_outside, sweep_drafts, walk
from storage.marker import check_marker, has_marker, write_marker
from storage.quarantine import forget, keep_beside, lying, move_aside
from storage.store import StoredObject
from storage.verifier import lay_verifier


class _Medium(io.FileIO):
    """A file whose read errors are ours (case B12)."""

    def readinto(self, buffer: bytearray | memoryview) -> int:  # type: ignore[override]
        """Fill the buffer and return the bytes read."""
        with translated(writing=False):
            return super().readinto(buffer)

    def readall(self) -> bytes:
        """Return the rest of the file."""
        with translated(writing=False):
            return super().readall()


def create_store(root: str | os.PathLike[str], id: str) -> "LocalStore":
    """Make a folder the store of that id and return it.

    Raises AlreadyStored if the folder holds anything (also another store's
    marker), ReadOnly, StorageFull. A folder that is this store already is returned.
    """
    place = os.path.realpath(root)
    with translated(writing=True, store=id):
        os.makedirs(place, mode=0o700, exist_ok=True)  # student files are for the service's account alone
        if not has_marker(place):
            if set(os.listdir(place)) - SYSTEMS:
                raise AlreadyStored(store=id, root=place, reason="not empty")
            write_marker(place, id)
            lay_verifier(place)
    store = LocalStore(id, place)
    store.probe()
    return store


class LocalStore:
    """A store in a folder of a disk. It has no state of its own: threads may share it."""

    def __init__(self, id: str, root: str | os.PathLike[str], *, create: bool = False) -> None:
        self.id = id
        self.root = Path(os.path.realpath(root))
        self._root = str(self.root)
        if create:
            create_store(root, id)

    def probe(self) -> None:
        """Return if the marker of this store is there; see Store.probe."""
        check_marker(self._root, self.id)

    def begin(self, prefix: str) -> LocalDraft:
        """Begin a tree; see Store.begin."""
        check_new_key(prefix)
        self.probe()
        self._check_free(prefix)
        return LocalDraft(self._root, prefix, probe=self.probe)

    def put(self, key: str, source: BinaryIO, sha256: str | None = None) -> StoredObject:
        """Write one object once; see Store.put."""
        check_new_key(key)
        self.probe()
        self._check_free(key)
        place, draft = self._place(key), self._draft()
        size = write_file(draft, source, sha256, key=key, sync=True)
        try:
            with translated(writing=True, key=key):
                make_parents(self._root, place)
                reach("store.before_rename")
                try:
                    platform.rename_new(draft, place)
                except (FileExistsError, NotADirectoryError) as error:
                    raise AlreadyStored(key=key) from error
        except BaseException:
            os.unlink(draft)
            raise
        with translated(writing=True, key=key):
            reach("store.after_rename")
            sync_parents(self._root, place)
        return StoredObject(key, size)

    def open(self, key: str) -> BinaryIO:
        """Open one object for reading from the disk itself; see Store.open."""
        with translated(writing=False, store=self.id, key=key):
            try:
                fd = platform.open_nofollow(self._place(key), straight=True)
            except ABSENT as error:
                raise self._missing(key) from error
            except Unreadable as error:
                raise Unreadable(store=self.id, key=key, reason=error.facts["reason"]) from error
            platform.drop_cache(fd)
            return io.BufferedReader(_Medium(fd))

    def stat(self, key: str) -> StoredObject:
        """Return an object's size; see Store.stat."""
        return StoredObject(key, self._lstat(key).st_size)

    def link_count(self, key: str) -> int:
        """Return how many names an object has on this disk. Raises NotFound, Unreadable."""
        return self._lstat(key).st_nlink

    def links_from_outside(self, folder: str) -> Iterator[StoredObject]:
        """Yield each object under folder ("aips/.../<item>/") that has a name outside it, too.

        Versions of one package share unchanged files, and quarantine keeps what
        was replaced; any other second name is a fault: one write damages both
        (case A17).
        """
        check_prefix(folder)
        self.probe()
        found = linked_from_outside(self._root, folder)
        if found:  # a version committed while we looked reads like a stranger: look again
            found &= linked_from_outside(self._root, folder)
        for key in sorted(found):
            yield self.stat(key)

    def list(self, prefix: str) -> Iterator[StoredObject]:
        """Yield every object under prefix, folder by folder; see Store.list.

        Raises Unreadable for a folder that can't be read: an incomplete list
        must not look complete.
        """
        check_prefix(prefix)
        self.probe()
        for found in walk(self._root, prefix):
            yield StoredObject(found.key, found.size)
        self.probe()  # a disk that went away meanwhile has shown less than it holds

    def folders(self, prefix: str) -> Iterator[str]:
        """Yield the names of the folders right under prefix; see Store.folders."""
        check_prefix(prefix)
        self.probe()
        for entry in entries(self._root, prefix):
            if entry.is_dir(follow_symlinks=False):
                yield entry.name

    def mend(self, key: str, source: BinaryIO, sha256: str) -> str | None:
        """Put good bytes at key and keep the old ones in quarantine; see Store.mend."""
        check_new_key(key)
        self.probe()
        place, draft = self._place(key), self._draft()
        write_file(draft, source, sha256, key=key, sync=True)
        try:
            with translated(writing=True, key=key):
                make_parents(self._root, place)
                aside = keep_beside(self._root, key) if os.path.lexists(place) else None
                reach("mend.after_aside")
                reach("mend.before_replace")
                os.replace(draft, place)
        except BaseException:
            os.unlink(draft)
            raise
        with translated(writing=True, key=key):
            reach("mend.after_replace")
            sync_parents(self._root, place)
        return aside

    def set_aside(self, key: str) -> str:
        """Move an object to quarantine; see Store.set_aside. Raises NotFound."""
        self.probe()
        place = self._place(key)
        if key.split("/", 1)[0] in OWN:
            raise UnsafeName(key=key, reason="the store's own place")
        if not os.path.lexists(place) or stat.S_ISDIR(os.lstat(place).st_mode):
            raise NotFound(store=self.id, key=key)
        if not platform.is_straight(os.path.dirname(place)):
            raise Unreadable(store=self.id, key=key, reason="link")
        with translated(writing=True, key=key):
            return move_aside(self._root, key)

    def quarantined(self) -> Iterator[Quarantined]:
        """Yield what lies in quarantine; see Store.quarantined."""
        self.probe()
        with translated(writing=False, store=self.id):
            yield from lying(self._root)

    def forget_quarantined(self, key: str, *, before: date) -> bool:
        """Remove one old object of quarantine; see Store.forget_quarantined."""
        self.probe()
        with translated(writing=True, store=self.id, key=key):
            return forget(self._root, key, before=before)

    def free_bytes(self) -> int | None:
        """Return the room left in bytes."""
        self.probe()
        with translated(writing=True, store=self.id):
            return platform.free_room(self._root).bytes

    def sweep_drafts(self, older_than_seconds: float) -> int:
        """Remove drafts that nobody touched for so long and return how many.

        The only place that removes: what was never committed.
        """
        self.probe()
        with translated(writing=True, store=self.id):
            return sweep_drafts(self._root, older_than_seconds)

    def _draft(self) -> str:
        """Return a new name below .drafts for one file."""
        folder = os.path.join(self._root, DRAFTS)
        with translated(writing=True, store=self.id):
            os.makedirs(folder, exist_ok=True)
        return os.path.join(folder, secrets.token_hex(16))

    def _place(self, key: str) -> str:
        """Return where a key stands. Raises UnsafeName if that is not inside the store.

        More than check_path allows may stand there (names from elsewhere, which
        list shows): all that counts is that the key can't leave the root.
        """
        parts = key.replace(os.sep, "/").split("/")
        if "\0" in key or any(part in {"", ".", ".."} for part in parts):
            raise UnsafeName(key=key, reason="leaves its place")
        if os.sep != "/" and ("\\" in key or ":" in key):
            raise UnsafeName(key=key, reason="leaves its place")
        return os.path.join(self._root, *parts)

    def _check_free(self, key: str) -> None:
        """Raise AlreadyStored if something stands at key, below it, or as a file above it."""
        place = self._place(key)
        with translated(writing=True, key=key):
            if not holds_nothing(place):
                raise AlreadyStored(store=self.id, key=key)
            while (place := os.path.dirname(place)) != self._root:
                if os.path.isfile(place):
                    raise AlreadyStored(store=self.id, key=key)

    def _lstat(self, key: str) -> os.stat_result:
        """Return what the disk says about an object. Raises NotFound, Unreadable."""
        place = self._place(key)
        with translated(writing=False, store=self.id, key=key):
            try:
                told = os.lstat(place)
            except (FileNotFoundError, NotADirectoryError) as error:
                raise self._missing(key) from error
        if stat.S_ISDIR(told.st_mode):
            raise self._missing(key)
        if not stat.S_ISREG(told.st_mode) or not platform.is_straight(place):
            raise Unreadable(store=self.id, key=key, reason="link")
        return told

    def _missing(self, key: str) -> StorageError:
        """Return NotFound, or StoreUnavailable when the whole store is away (case B14)."""
        try:
            self.probe()
        except StorageError as error:
            return error
        return NotFound(store=self.id, key=key)
