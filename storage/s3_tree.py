"""A tree in S3: its files first, one record last.

The files of a draft stand under .trees/<prefix>/<token>/, where nobody looks; the
record <prefix>/.jingui-tree names the token, is written once (If-None-Match) and is
the commit point: before it nothing is visible, with it everything, and of two
drafts one wins. What a crash leaves has a note in .drafts/, by which a sweep finds it.
"""

import json
import secrets
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from threading import Lock
from typing import BinaryIO

from storage.errors import AlreadyStored, NotFound, StorageError, StoreUnavailable, Unreadable
from storage.failpoints import reach
from storage.faults import translated
from storage.keys import DRAFTS
from storage.names import check_path
from storage.s3_upload import COPY_MOST, PART, copy, write
from storage.s3_wire import Wire
from storage.store import StoredObject

TREES = ".trees"
RECORD = ".jingui-tree"


@dataclass(frozen=True, slots=True)
class Tree:
    """A committed tree: where its files are, and which it had at its commit."""

    prefix: str
    token: str
    paths: tuple[str, ...]

    @property
    def place(self) -> str:
        """Return the key under which the files stand, with its slash."""
        return files_of(self.prefix, self.token)


def files_of(prefix: str, token: str) -> str:
    """Return the key under which the files of a draft stand, with its slash."""
    return f"{TREES}/{prefix}/{token}/"


def read_tree(wire: Wire, prefix: str) -> Tree | None:
    """Return the tree at prefix, None where none was committed. Raises Unreadable for a damaged record."""
    try:
        told = json.loads(wire.read(f"{prefix}/{RECORD}"))
        return Tree(prefix, str(told["token"]), tuple(told["paths"]))
    except NotFound:
        return None
    except (ValueError, KeyError, TypeError) as error:
        raise Unreadable(store=wire.place.store, key=prefix, reason="record") from error


@dataclass(frozen=True, slots=True)
class Ground:
    """What a draft needs of its store."""

    wire: Wire
    probe: Callable[[], None]
    check_free: Callable[[str], None]
    locate: Callable[[str], str]
    one_at_a_time: Lock  # what must not pass If-None-Match at once: Swift looks before the bytes come
    part_bytes: int = PART
    copy_most: int = COPY_MOST


class S3Draft:
    """A tree whose files are uploaded and read back one by one."""

    def __init__(self, ground: Ground, prefix: str) -> None:
        self._ground = ground
        self._wire = ground.wire
        self._prefix = prefix
        self._token = secrets.token_hex(16)
        self._files: dict[str, bool] = {}  # path -> is written
        self._lock = Lock()
        self._alive = True
        note = json.dumps({"prefix": prefix}).encode()
        self._wire.put(self._note, note)

    @property
    def _note(self) -> str:
        return f"{DRAFTS}/{self._token}"

    def put(self, path: str, source: BinaryIO, sha256: str | None = None) -> StoredObject:
        """Write one file; see Draft.put. It was read back when this returns."""
        self._claim(path)
        try:
            place = self._place(path)
            part_bytes = self._ground.part_bytes
            written = write(self._wire, place, source, sha256, only_new=False, part_bytes=part_bytes)
        except BaseException:
            self._release(path)
            raise
        self._files[path] = True
        return StoredObject(path, written.size)

    def carry(self, path: str, from_key: str) -> StoredObject:
        """Let the server copy a committed object; see Draft.carry."""
        self._claim(path)
        try:
            source = self._ground.locate(from_key)
            found = self._wire.head(source)
            if found is None:
                raise NotFound(store=self._wire.place.store, key=from_key)
            copy(self._wire, source, self._place(path), found.size, most=self._ground.copy_most)
            copied = self._wire.head(self._place(path))
            if copied is None or copied.size != found.size:
                raise StoreUnavailable(store=self._wire.place.store, key=path, reason="copy differs")
        except BaseException:
            self._release(path)
            raise
        self._files[path] = True
        return StoredObject(path, found.size)

    def commit(self) -> None:
        """Make the tree visible by writing its record; see Draft.commit.

        When no answer comes to the record it may stand or not: then nothing is
        removed, and a sweep looks which it is.
        """
        self._check_alive()
        try:
            self._ground.probe()
            with translated(writing=True, key=self._prefix):
                reach("store.before_fsync")
            if self._wire.head(self._note) is None:  # swept: the files are no longer all there
                raise NotFound(store=self._wire.place.store, key=self._prefix, reason="the draft is gone")
            with translated(writing=True, key=self._prefix):
                reach("store.before_rename")
        except BaseException:
            self.abort()
            raise
        try:
            with self._ground.one_at_a_time:
                self._ground.check_free(self._prefix)
                self._write_record()
        except AlreadyStored:
            self.abort()
            raise
        finally:
            self._alive = False
        with translated(writing=True, key=self._prefix):
            reach("store.after_rename")
        self._forget(self._note)

    def _write_record(self) -> None:
        """Write what makes the tree visible. Raises AlreadyStored."""
        if not self._files:
            return  # an empty tree is nothing
        at = datetime.now(UTC).isoformat(timespec="seconds")
        told = {"token": self._token, "committed": at, "paths": sorted(self._files)}
        key = f"{self._prefix}/{RECORD}"
        self._wire.put(key, json.dumps(told, ensure_ascii=False).encode())
        tree = read_tree(self._wire, self._prefix)
        if tree is None or tree.token != self._token:  # some servers let two pass the condition at once
            raise AlreadyStored(store=self._wire.place.store, key=self._prefix)

    def abort(self) -> None:
        """Forget everything written; see Draft.abort."""
        if self._alive:
            self._alive = False
            for path in self._files:
                self._forget(self._place(path))
            self._forget(self._note)

    def _forget(self, key: str) -> None:
        """Remove an object of this draft; what stays is for sweep_drafts."""
        try:
            self._wire.delete(key)
        except StorageError:
            return

    def _place(self, path: str) -> str:
        return files_of(self._prefix, self._token) + path

    def _claim(self, path: str) -> None:
        """Take a path for the caller. Raises NotFound, UnsafeName, AlreadyStored."""
        self._check_alive()
        check_path(path)
        with self._lock:
            for taken in self._files:
                if path == taken or path.startswith(taken + "/") or taken.startswith(path + "/"):
                    raise AlreadyStored(key=path)
            self._files[path] = False

    def _release(self, path: str) -> None:
        """Let a path be put again after a failure."""
        self._forget(self._place(path))
        with self._lock:
            del self._files[path]

    def _check_alive(self) -> None:
        """Raise NotFound when the draft was committed or aborted."""
        if not self._alive:
            raise NotFound(key=self._prefix, reason="the draft is gone")
