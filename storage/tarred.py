"""A bag as one tar stream, and back.

Plain POSIX tar (pax names), members sorted by path, no times and no owners, so that
the same bag is the same stream. Nothing is written anywhere while it is made; every
file is compared with its record while it passes.
"""

import hashlib
import io
import tarfile
from collections.abc import Iterator
from typing import BinaryIO

from storage.errors import DigestMismatch, Unreadable
from storage.inventory import Inventory
from storage.names import check_path
from storage.store import Store

_BLOCK = 1 << 20
_END = bytes(2 * tarfile.BLOCKSIZE)


class _BlockReader(io.RawIOBase, BinaryIO):
    """A stream over blocks that are made when they are asked for."""

    def __init__(self, blocks: Iterator[bytes]) -> None:
        self._blocks = blocks
        self._rest = memoryview(b"")

    def readable(self) -> bool:
        """Return True."""
        return True

    def readinto(self, buffer: bytearray | memoryview) -> int:  # type: ignore[override]
        """Fill the buffer and return the bytes given, 0 at the end."""
        while not self._rest:
            block = next(self._blocks, None)
            if block is None:
                return 0
            self._rest = memoryview(block)
        got = min(len(buffer), len(self._rest))
        buffer[:got] = self._rest[:got]
        self._rest = self._rest[got:]
        return got


def as_tar(store: Store, prefix: str, inventory: Inventory) -> BinaryIO:
    """Return the bag at prefix as a tar stream, to be read once.

    Reading raises DigestMismatch where a file differs from its record, and
    the errors of the store.
    """
    return _BlockReader(_blocks(store, prefix, inventory))


def _blocks(store: Store, prefix: str, inventory: Inventory) -> Iterator[bytes]:
    for record in inventory.files:
        info = tarfile.TarInfo(record.path)
        info.size, info.mode = record.size, 0o644
        yield info.tobuf(tarfile.PAX_FORMAT)
        digest, size = hashlib.sha256(), 0
        with store.open(f"{prefix}/{record.path}") as stream:
            while block := stream.read(_BLOCK):
                digest.update(block)
                size += len(block)
                yield block
        if (digest.hexdigest(), size) != (record.sha256, record.size):
            raise DigestMismatch(key=prefix, path=record.path, expected=record.sha256, store=store.id)
        yield bytes(-size % tarfile.BLOCKSIZE)
    yield _END


def from_tar(source: BinaryIO, store: Store, prefix: str) -> None:
    """Write the bag that a tar stream holds into a store at prefix.

    Raises Unreadable (no tar, or a member that is no plain file), UnsafeName,
    AlreadyStored; then nothing stands there.
    """
    draft = store.begin(prefix)
    try:
        with tarfile.open(fileobj=source, mode="r|") as tar:
            for member in tar:
                content = tar.extractfile(member) if member.isreg() else None
                if content is None:
                    raise Unreadable(key=prefix, path=member.name, reason="no plain file")
                draft.put(check_path(member.name), _BlockReader(iter(lambda: content.read(_BLOCK), b"")))
        draft.commit()
    except tarfile.TarError as error:
        draft.abort()
        raise Unreadable(key=prefix, reason=str(error)) from error
    except BaseException:
        draft.abort()
        raise
