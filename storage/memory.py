"""A store in memory, for tests and trials.

It keeps every sentence of the Store port, and it can fail like a disk: knobs
make it unreachable, full, read-only or unreadable, and damage what it holds.
"""

import io
import threading
from collections.abc import Iterator
from datetime import date
from typing import BinaryIO

from storage.aside import Quarantined, check_quarantine_key, note_of, quarantined
from storage.digests import HashingReader, blocks
from storage.errors import (
    AlreadyStored,
    DigestMismatch,
    NotFound,
    ReadOnly,
    StorageFull,
    StoreUnavailable,
    Unreadable,
)
from storage.failpoints import reach
from storage.faults import translated
from storage.keys import OWN, QUARANTINE, check_new_key, check_prefix, quarantine_key
from storage.names import check_path
from storage.store import StoredObject


def _read(source: BinaryIO, key: str, sha256: str | None) -> bytes:
    """Return all of source. Raises DigestMismatch."""
    passing = HashingReader(source, ("sha256",) if sha256 else ())
    content = b"".join(bytes(block) for block in blocks(passing))
    found = passing.digests().get("sha256")
    if found != sha256:
        raise DigestMismatch(key=key, expected=sha256, found=found)
    return content


class MemoryDraft:
    """A tree in memory that nobody sees before commit."""

    def __init__(self, store: "MemoryStore", prefix: str) -> None:
        self._store = store
        self._prefix = prefix
        self._files: dict[str, bytes] | None = {}

    def put(self, path: str, source: BinaryIO, sha256: str | None = None) -> StoredObject:
        """Write one file; see Draft.put."""
        files = self._open_files()
        self._check_free(path)
        content = _read(source, path, sha256)
        self._store.check_room(len(content) + sum(map(len, list(files.values()))))
        files[path] = content
        return StoredObject(path, len(content))

    def carry(self, path: str, from_key: str) -> StoredObject:
        """Share the bytes of a committed object; see Draft.carry."""
        files = self._open_files()
        self._check_free(path)
        files[path] = self._store.content(from_key)
        return StoredObject(path, len(files[path]))

    def commit(self) -> None:
        """Make the tree visible at once; see Draft.commit."""
        files = self._open_files()
        self._files = None
        with translated(writing=True, key=self._prefix):
            reach("store.before_fsync")
            reach("store.before_rename")
        self._store.take_in(self._prefix, files)
        with translated(writing=True, key=self._prefix):
            reach("store.after_rename")

    def abort(self) -> None:
        """Forget everything."""
        self._files = None

    def _open_files(self) -> dict[str, bytes]:
        """Return the files of a draft that still lives. Raises NotFound."""
        if self._files is None:
            raise NotFound(key=self._prefix, reason="the draft is gone")
        return self._files

    def _check_free(self, path: str) -> None:
        """Raise UnsafeName or AlreadyStored if path can't be written."""
        check_path(path)
        for taken in list(self._open_files()):
            if path == taken or path.startswith(taken + "/") or taken.startswith(path + "/"):
                raise AlreadyStored(key=path)


class MemoryStore:
    """A store in memory. Knobs (plain attributes): unreachable, read_only, unreadable, full_after_bytes."""

    def __init__(
        self, id: str = "memory", *, unreachable: bool = False, full_after_bytes: int | None = None
    ) -> None:
        self.id = id
        self.unreachable = unreachable
        self.full_after_bytes = full_after_bytes
        self.read_only = False
        self.unreadable: set[str] = set()
        self._objects: dict[str, bytes] = {}
        self._notes: dict[str, bytes] = {}
        self._lock = threading.RLock()

    def probe(self) -> None:
        """Return if reachable; see Store.probe."""
        if self.unreachable:
            raise StoreUnavailable(store=self.id, reason="unreachable")

    def begin(self, prefix: str) -> MemoryDraft:
        """Begin a tree; see Store.begin."""
        self._check_writable()
        check_new_key(prefix)
        self._check_free(prefix)
        return MemoryDraft(self, prefix)

    def put(self, key: str, source: BinaryIO, sha256: str | None = None) -> StoredObject:
        """Write one object once; see Store.put."""
        self._check_writable()
        check_new_key(key)
        self._check_free(key)
        content = _read(source, key, sha256)
        self.check_room(len(content))
        with self._lock:
            self._check_free(key)
            self._objects[key] = content
        return StoredObject(key, len(content))

    def open(self, key: str) -> BinaryIO:
        """Open one object; see Store.open."""
        return io.BytesIO(self.content(key))

    def stat(self, key: str) -> StoredObject:
        """Return an object's size; see Store.stat."""
        return StoredObject(key, len(self.content(key)))

    def list(self, prefix: str) -> Iterator[StoredObject]:
        """Yield the objects under prefix, by key; see Store.list."""
        self.probe()
        check_prefix(prefix)
        with self._lock:
            found = sorted((key, len(content)) for key, content in self._objects.items())
        for key, size in found:
            if key.startswith(prefix) and (prefix or key.split("/", 1)[0] not in OWN):
                yield StoredObject(key, size)

    def folders(self, prefix: str) -> Iterator[str]:
        """Yield the names of the folders right under prefix; see Store.folders."""
        rests = (found.key.removeprefix(prefix) for found in self.list(prefix))
        yield from sorted({rest.split("/", 1)[0] for rest in rests if "/" in rest})

    def mend(self, key: str, source: BinaryIO, sha256: str) -> str | None:
        """Put good bytes at key; see Store.mend."""
        self._check_writable()
        check_new_key(key)
        content = _read(source, key, sha256)
        self.check_room(len(content))
        with self._lock, translated(writing=True, key=key):
            aside = quarantine_key(key) if key in self._objects else None
            if aside is not None:
                self._objects[aside] = self._objects[key]
                self._notes[aside] = note_of(key, why="mended")
            reach("mend.after_aside")
            reach("mend.before_replace")
            self._objects[key] = content
            self.unreadable.discard(key)
            reach("mend.after_replace")
        return aside

    def set_aside(self, key: str) -> str:
        """Move an object to quarantine; see Store.set_aside."""
        self._check_writable()
        check_new_key(key)
        with self._lock:
            if key not in self._objects:
                raise NotFound(key=key)
            aside = quarantine_key(key)
            self._objects[aside] = self._objects.pop(key)
            self._notes[aside] = note_of(key, why="set aside")
        return aside

    def quarantined(self) -> Iterator[Quarantined]:
        """Yield what lies in quarantine; see Store.quarantined."""
        for found in list(self.list(f"{QUARANTINE}/")):
            yield quarantined(found.key, found.size, note=self._notes.get(found.key))

    def forget_quarantined(self, key: str, *, before: date) -> bool:
        """Remove one old object of quarantine; see Store.forget_quarantined."""
        self._check_writable()
        content = self._objects.get(check_quarantine_key(key), b"")
        known = quarantined(key, len(content), note=self._notes.get(key))
        if key not in self._objects or not known.is_before(before):
            return False
        with self._lock, translated(writing=True, key=key):
            self._objects.pop(key)
            reach("quarantine.after_forget")
            self._notes.pop(key)
        return True

    def sweep_drafts(self, older_than_seconds: float) -> int:
        """Return 0: a draft in memory is gone with the process that wrote it."""
        self.probe()
        return 0

    def free_bytes(self) -> int | None:
        """Return the room left where full_after_bytes is set."""
        self.probe()
        if self.full_after_bytes is None:
            return None
        return max(0, self.full_after_bytes - sum(map(len, self._objects.values())))

    def tamper(self, key: str, content: bytes | None) -> None:
        """Change (or with None lose) an object behind the store's back, as a failing disk does."""
        with self._lock:
            self._objects.pop(key, None)
            if content is not None:
                self._objects[key] = content

    def content(self, key: str) -> bytes:
        """Return the bytes at key. Raises StoreUnavailable, UnsafeName, NotFound, Unreadable."""
        self.probe()
        check_path(key)
        if key in self.unreadable:
            raise Unreadable(key=key)
        if key not in self._objects:
            raise NotFound(key=key)
        return self._objects[key]

    def check_room(self, size: int) -> None:
        """Raise StorageFull if size more bytes do not fit."""
        left = self.free_bytes()
        if left is not None and size > left:
            raise StorageFull(store=self.id, wanted=size, left=left)

    def take_in(self, prefix: str, files: dict[str, bytes]) -> None:
        """Make a finished tree visible at once. Raises AlreadyStored and takes nothing."""
        self._check_writable()
        with self._lock:
            self._check_free(prefix)
            self._objects.update({f"{prefix}/{path}": content for path, content in files.items()})

    def _check_writable(self) -> None:
        """Raise StoreUnavailable or ReadOnly if nothing can be written now."""
        self.probe()
        if self.read_only:
            raise ReadOnly(store=self.id)

    def _check_free(self, key: str) -> None:
        """Raise AlreadyStored if something stands at key, below it, or as a file above it."""
        for taken in list(self._objects):
            if key == taken or taken.startswith(key + "/") or key.startswith(taken + "/"):
                raise AlreadyStored(key=key)
