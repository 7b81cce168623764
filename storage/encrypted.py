"""A store around a store: what leaves the house is sealed.

Keys and sizes are as they are inside, every byte is sealed with AES-256-GCM
(sealed_stream.py). A note at the top tells the name of the key, never the key:
a missing or wrong key reads as "another key" and never as damage (case E34).
"""

import io
import json
import tempfile
from collections.abc import Iterator
from datetime import date
from typing import BinaryIO

from storage.aside import Quarantined
from storage.digests import digest_stream
from storage.errors import AlreadyStored, DigestMismatch, NotFound, UnsafeName, WrongKey
from storage.keys import check_new_key
from storage.sealed_stream import CHUNK, KEY_BYTES, OpenedReader, SealingReader, key_id, plain_size
from storage.store import Draft, Store, StoredObject

NOTE = "sealed.json"
_SPOOL = 8 << 20  # sealed bytes that wait in memory; more wait in a temporary file
_TOLD = (
    "本存储中的内容已用 AES-256-GCM 加密，格式见金匮（Jingui）的 storage/sealed_stream.py。"
    "打开它需要编号如 key_id 的密钥；密钥不在这里。"
)


def seal_of(inner: Store) -> str | None:
    """Return the name of the key that a store is sealed with, None for an open store."""
    try:
        with inner.open(NOTE) as stream:
            told = json.loads(stream.read(1 << 16))
            return str(told["key_id"])
    except NotFound:
        return None
    except (ValueError, KeyError, TypeError) as error:
        raise WrongKey(store=inner.id, found="?") from error


def seal_store(inner: Store, key: bytes) -> "EncryptedStore":
    """Make an empty store a sealed one and return it; one with this seal stays as it is.

    Raises AlreadyStored if something open stands there, WrongKey.
    """
    if seal_of(inner) is None:
        if next(iter(inner.list("")), None) is not None:
            raise AlreadyStored(store=inner.id, reason="not empty")
        told = {"format": "jingui sealed object v1", "cipher": "AES-256-GCM", "chunk": CHUNK}
        text = json.dumps({**told, "key_id": key_id(key), "note": _TOLD}, ensure_ascii=False, indent=1)
        inner.put(NOTE, io.BytesIO(text.encode() + b"\n"))
    store = EncryptedStore(inner, key)
    store.probe()
    return store


class _SealedDraft:
    """A tree being written sealed; see Draft."""

    def __init__(self, inner: Draft, key: bytes) -> None:
        self._inner, self._key = inner, key

    def put(self, path: str, source: BinaryIO, sha256: str | None = None) -> StoredObject:
        """Seal one file; see Draft.put."""
        sealing = SealingReader(self._key, source, sha256, name=path)
        self._inner.put(path, sealing)
        return StoredObject(path, sealing.size)

    def carry(self, path: str, from_key: str) -> StoredObject:
        """Share the sealed bytes: what seals them does not depend on where they stand; see Draft.carry."""
        return _plain(self._inner.carry(path, from_key))

    def commit(self) -> None:
        """Make the whole tree durable; see Draft.commit."""
        self._inner.commit()

    def abort(self) -> None:
        """Forget everything written."""
        self._inner.abort()


class EncryptedStore:
    """A sealed store. Threads may share it."""

    def __init__(self, inner: Store, key: bytes) -> None:
        if len(key) != KEY_BYTES:
            raise WrongKey(store=inner.id, found="length")
        self.id = inner.id
        self.inner = inner
        self._key = key

    def probe(self) -> None:
        """Return if the store is there and sealed with our key. Raises also WrongKey."""
        self.inner.probe()
        found = seal_of(self.inner)
        if found != key_id(self._key):
            raise WrongKey(store=self.id, expected=key_id(self._key), found=found)

    def begin(self, prefix: str) -> Draft:
        """Begin a tree; see Store.begin."""
        self._check(prefix)
        return _SealedDraft(self.inner.begin(prefix), self._key)

    def put(self, key: str, source: BinaryIO, sha256: str | None = None) -> StoredObject:
        """Seal one object; see Store.put."""
        self._check(key)
        sealing = SealingReader(self._key, source, sha256, name=key)
        self.inner.put(key, sealing)
        return StoredObject(key, sealing.size)

    def open(self, key: str) -> BinaryIO:
        """Open one object; see Store.open. Raises DigestMismatch, also later, where it was changed."""
        size = self.inner.stat(key).size
        sealed = self.inner.open(key)
        try:
            return io.BufferedReader(OpenedReader(self._key, sealed, size, name=key), CHUNK)
        except DigestMismatch:
            sealed.close()
            self.probe()  # sealed with another key is no damage
            raise
        except BaseException:
            sealed.close()
            raise

    def stat(self, key: str) -> StoredObject:
        """Return the plain size; see Store.stat."""
        return _plain(self.inner.stat(key))

    def list(self, prefix: str) -> Iterator[StoredObject]:
        """Yield every object under prefix with its plain size; see Store.list."""
        for found in self.inner.list(prefix):
            if found.key != NOTE:
                yield _plain(found)

    def folders(self, prefix: str) -> Iterator[str]:
        """Yield the names of the folders right under prefix; see Store.folders."""
        return self.inner.folders(prefix)

    def links_from_outside(self, folder: str) -> Iterator[StoredObject]:
        """Yield objects under folder with a name outside it, where the store inside can see it."""
        look = getattr(self.inner, "links_from_outside", None)
        if look is not None:
            yield from (_plain(found) for found in look(folder))

    def mend(self, key: str, source: BinaryIO, sha256: str) -> str | None:
        """Put good bytes at key and keep the old ones in quarantine; see Store.mend."""
        self._check(key)
        with tempfile.SpooledTemporaryFile(_SPOOL) as spool:  # the store inside asks for the sealed digest
            sealing = SealingReader(self._key, source, sha256, name=key)
            while block := sealing.read(CHUNK):
                spool.write(block)
            spool.seek(0)
            sealed = digest_stream(_as_binary(spool))["sha256"]
            spool.seek(0)
            return self.inner.mend(key, _as_binary(spool), sealed)

    def set_aside(self, key: str) -> str:
        """Move an object to quarantine, sealed as it is; see Store.set_aside."""
        if key == NOTE:
            raise UnsafeName(key=key, reason="the store's own place")
        return self.inner.set_aside(key)

    def quarantined(self) -> Iterator[Quarantined]:
        """Yield what lies in quarantine, sizes as they lie there; see Store.quarantined."""
        return self.inner.quarantined()

    def forget_quarantined(self, key: str, *, before: date) -> bool:
        """Remove one old object of quarantine; see Store.forget_quarantined."""
        return self.inner.forget_quarantined(key, before=before)

    def sweep_drafts(self, older_than_seconds: float) -> int:
        """Forget old drafts; see Store.sweep_drafts."""
        return self.inner.sweep_drafts(older_than_seconds)

    def free_bytes(self) -> int | None:
        """Return the room left in sealed bytes."""
        return self.inner.free_bytes()

    def _check(self, key: str) -> None:
        """Return if something may be written at key with our key. Raises UnsafeName, WrongKey."""
        check_new_key(key)
        if key.split("/", 1)[0] == NOTE:
            raise UnsafeName(key=key, reason="the store's own place")
        self.probe()


def _plain(sealed: StoredObject) -> StoredObject:
    return sealed if sealed.size < 0 else StoredObject(sealed.key, plain_size(sealed.size))


def _as_binary(spool: "tempfile.SpooledTemporaryFile[bytes]") -> BinaryIO:
    return spool  # type: ignore[return-value]
