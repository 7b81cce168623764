"""Hash once, in many algorithms.

A stream is read one time into one reused buffer; every digest asked for is made
from that pass. SHA-256 is the bag's own; SM3 (国密杂凑, GB/T 32905) and others
are there where the system's hashlib has them.
"""

import hashlib
import io
from collections.abc import Iterable, Iterator
from typing import BinaryIO

BLOCK = 256 * 1024  # bytes; between 64 KiB and 4 MiB the size made no difference


def is_available(name: str) -> bool:
    """Return whether this machine can make digests of that name."""
    try:
        hashlib.new(name, usedforsecurity=False)
    except ValueError:
        return False
    return True


def new_hasher(name: str) -> "hashlib._Hash":
    """Return an empty hasher. Raises ValueError for an unknown name."""
    return hashlib.new(name, usedforsecurity=False)


def blocks(stream: BinaryIO, size: int = BLOCK) -> Iterator[memoryview]:
    """Yield the stream in blocks; each is valid only until the next is asked for."""
    read_into = getattr(stream, "readinto", None)
    if read_into is None:
        while block := stream.read(size):
            yield memoryview(block)
        return
    buffer = bytearray(size)
    view = memoryview(buffer)
    while (got := read_into(buffer)) != 0:
        if got is None:
            raise BlockingIOError("the stream has no bytes yet")  # "nothing yet" must not read as "the end"
        yield view[:got]


def digest_stream(
    stream: BinaryIO, names: Iterable[str] = ("sha256",), chunk: int = BLOCK
) -> dict[str, str]:
    """Read a stream once to its end and return one hex digest per algorithm."""
    hashers = {name: new_hasher(name) for name in names}
    for block in blocks(stream, chunk):
        for hasher in hashers.values():
            hasher.update(block)
    return {name: hasher.hexdigest() for name, hasher in hashers.items()}


def sha256_of(content: bytes) -> str:
    """Return the SHA-256 of bytes in memory, in hex."""
    return hashlib.sha256(content).hexdigest()


class HashingReader(io.RawIOBase, BinaryIO):
    """A stream that hashes whatever is read through it. It does not close its source."""

    def __init__(self, source: BinaryIO, names: Iterable[str] = ("sha256",)) -> None:
        self._source = source
        self._read_into = getattr(source, "readinto", None)
        self._hashers = {name: new_hasher(name) for name in names}
        self.size = 0

    def readable(self) -> bool:
        """Return True."""
        return True

    def readinto(self, buffer: bytearray | memoryview) -> int | None:  # type: ignore[override]
        """Fill the buffer and return the bytes read, 0 at the end."""
        view = memoryview(buffer)
        if self._read_into is not None:
            got: int | None = self._read_into(view)
            if got is None:
                return None
        else:
            block = self._source.read(len(view))
            got = len(block)
            view[:got] = block
        if got:
            self.size += got
            for hasher in self._hashers.values():
                hasher.update(view[:got])
        return got

    def digests(self) -> dict[str, str]:
        """Return the hex digests of what passed so far."""
        return {name: hasher.hexdigest() for name, hasher in self._hashers.items()}
