"""A store in a bucket of an S3 server.

Objects stand at their keys; the files of a tree under .trees/<prefix>/<token>/, made
visible by its record (s3_tree). A bucket that is gone, a revoked key or another
bucket is "not reachable" and never "all missing" (case C09), and no store is written
to whose server overwrites against If-None-Match.
"""

import json
import time
from collections.abc import Iterator
from datetime import date
from threading import Lock
from typing import BinaryIO

from storage.aside import Quarantined
from storage.errors import AlreadyStored, NotFound, ReadOnly, StorageError, StoreUnavailable, WrongStore
from storage.keys import MARKER, check_new_key, check_prefix
from storage.s3_aside import forget, lying, mend, move
from storage.s3_places import HIDDEN, Places, check_own, check_reading
from storage.s3_probe import keeps_the_first
from storage.s3_sweep import abort_stale, sweep
from storage.s3_tree import Ground, S3Draft
from storage.s3_upload import COPY_MOST, PART, write
from storage.s3_wire import Patience, Place, Wire
from storage.store import StoredObject

_NOTE = (
    "这是金匮（Jingui）数字档案的一个存储。.trees 中每个信息包目录下的一层是一个标准的 BagIt 信息包"
    "（RFC 8493）；aips 中同名目录里的 .jingui-tree 写明哪一层有效。请勿修改或删除其中的对象；"
    ".quarantine 中是被替换下来的损坏文件，.drafts 中是未写完的文件的记录。"
)


class S3Store:
    """A store below a prefix of a bucket. Threads may share it."""

    def __init__(
        self,
        id: str,
        *,
        bucket: str,
        endpoint: str,
        key: str,
        secret: str,
        region: str = "us-east-1",
        prefix: str = "",
        patience: Patience = Patience(),
        part_bytes: int = PART,
        copy_most: int = COPY_MOST,
    ) -> None:
        self.id = id
        start = prefix.strip("/")
        self.wire = Wire(Place(id, bucket, start and f"{start}/", endpoint, region, key, secret), patience)
        self._places = Places(self.wire)
        self._ground = Ground(
            self.wire,
            self.probe,
            self._check_free,
            self._places.locate,
            Lock(),
            part_bytes=part_bytes,
            copy_most=copy_most,
        )
        self._is_proved = False

    def create(self) -> None:
        """Make this place the store of its id; one that is it already stays as it is.

        Raises AlreadyStored if the place holds anything else, WrongStore, ReadOnly
        (the server overwrites where it must not), StoreUnavailable (no bucket: a
        person makes it, with its versions and locks).
        """
        if self.wire.head(MARKER) is None:
            if not self.wire.is_empty(""):
                raise AlreadyStored(store=self.id, reason="not empty")
            self._prove()
            at = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
            told = {"id": self.id, "created": at, "note": _NOTE}
            try:
                self.wire.put(MARKER, json.dumps(told, ensure_ascii=False, indent=1).encode())
            except AlreadyStored:
                pass  # another process of ours was quicker, or the probe below says whose it is
        self.probe()

    def probe(self) -> None:
        """Return if the marker of this store is there; see Store.probe."""
        try:
            found = json.loads(self.wire.read(MARKER))["id"]
        except (NotFound, ValueError, KeyError, TypeError) as error:
            raise StoreUnavailable(store=self.id, reason="no marker") from error
        if found != self.id:
            raise WrongStore(store=self.id, found=found)

    def begin(self, prefix: str) -> S3Draft:
        """Begin a tree; see Store.begin."""
        self._check_writable(prefix)
        self._check_free(prefix)
        return S3Draft(self._ground, prefix)

    def put(self, key: str, source: BinaryIO, sha256: str | None = None) -> StoredObject:
        """Write one object once; see Store.put. It was read back when this returns."""
        self._check_writable(key)
        part_bytes = self._ground.part_bytes
        with self._ground.one_at_a_time:
            self._check_free(key)
            written = write(self.wire, key, source, sha256, only_new=True, part_bytes=part_bytes)
        return StoredObject(key, written.size)

    def open(self, key: str) -> BinaryIO:
        """Open one object; see Store.open. A body that ends too early raises Unreadable."""
        for place in self._places.of(key):
            try:
                return self.wire.get(place)
            except NotFound:
                continue
        raise self._missing(key)

    def stat(self, key: str) -> StoredObject:
        """Return an object's size; see Store.stat."""
        for place in self._places.of(key):
            found = self.wire.head(place)
            if found is not None:
                return StoredObject(key, found.size)
        raise self._missing(key)

    def list(self, prefix: str) -> Iterator[StoredObject]:
        """Yield every object under prefix; see Store.list. Files of a tree come by its record, too (C08)."""
        check_prefix(prefix)
        self.probe()
        tree = self._places.over(prefix[:-1]) if prefix else None
        if tree is not None:
            yield from self._places.files(tree, prefix.removeprefix(f"{tree.prefix}/"))
        elif prefix:
            yield from self._places.at(prefix)
        else:
            yield from self._everything()
        self.probe()  # a store that went away meanwhile has shown less than it holds

    def _everything(self) -> Iterator[StoredObject]:
        for one in self.wire.level(""):
            if isinstance(one, str):
                yield from () if one in HIDDEN else self._places.below(f"{one}/")
            elif one.key not in HIDDEN:
                yield StoredObject(one.key, one.size)

    def folders(self, prefix: str) -> Iterator[str]:
        """Yield the names of the folders right under prefix; see Store.folders."""
        check_prefix(prefix)
        self.probe()
        names = self.wire.folders(prefix)
        if not prefix:
            names -= HIDDEN
        else:
            tree = self._places.fresh(prefix[:-1]) or self._places.over(prefix[:-1])
            if tree is not None:
                names |= self.wire.folders(tree.place + prefix.removeprefix(f"{tree.prefix}/"))
        yield from sorted(names)

    def mend(self, key: str, source: BinaryIO, sha256: str) -> str | None:
        """Put good bytes at key and keep the old ones in quarantine; see Store.mend."""
        self._check_writable(key)
        return mend(self._ground, key, self._places.of_new(key), source, sha256=sha256)

    def set_aside(self, key: str) -> str:
        """Move an object to quarantine; see Store.set_aside. Raises NotFound."""
        check_reading(key)
        check_own(key)
        self.probe()
        place = self._places.locate(key)
        aside = move(self._ground, key, place)
        tree = self._places.over(key)
        if tree is not None and place != key:
            told = self._places.fresh(tree.prefix)
            if told is not None and self._places.is_lost(told):
                self._places.drop(told)
        return aside

    def sweep_drafts(self, older_than_seconds: float) -> int:
        """Remove drafts that nobody touched for so long, and half uploads begun before that; see Store."""
        self.probe()
        abort_stale(self.wire, older_than_seconds)
        return sweep(self.wire, older_than_seconds)

    def quarantined(self) -> Iterator[Quarantined]:
        """Yield what lies in quarantine; see Store.quarantined."""
        self.probe()
        yield from lying(self.wire)

    def forget_quarantined(self, key: str, *, before: date) -> bool:
        """Remove one old object of quarantine; see Store.forget_quarantined."""
        self.probe()
        return forget(self.wire, key, before=before)

    def free_bytes(self) -> int | None:
        """Return None: S3 does not tell its room."""
        self.probe()
        return None

    def _check_writable(self, key: str) -> None:
        """Return if a new object may be written at key. Raises UnsafeName, ReadOnly, StoreUnavailable."""
        check_new_key(key)
        check_own(key)
        self.probe()
        if not self._is_proved:
            self._prove()

    def _prove(self) -> None:
        """Raise ReadOnly for a server that overwrites what it was told to keep."""
        if not keeps_the_first(self.wire):
            raise ReadOnly(store=self.id, reason="no conditional put")
        self._is_proved = True

    def _check_free(self, key: str) -> None:
        """Raise AlreadyStored if something stands at key, below it, or as a file above it."""
        if self._places.is_taken(key):
            raise AlreadyStored(store=self.id, key=key)

    def _missing(self, key: str) -> StorageError:
        """Return NotFound, or StoreUnavailable when the whole store is away (case C09)."""
        try:
            self.probe()
        except StorageError as error:
            return error
        return NotFound(store=self.id, key=key)
