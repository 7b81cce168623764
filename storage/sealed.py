"""Many files as one sealed file: a tar inside age, written and read in one pass.

Nothing is ever whole in memory, and nothing stands open on a disk on the way:
what goes in is sealed as it is read. Only plain files with safe names come out.
"""

import io
import tarfile
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import BinaryIO

from storage import ages
from storage.errors import DigestMismatch, UnsafeName
from storage.names import check_path

_BLOCK = 1 << 20  # bytes read at a time
_RECORD = 512  # bytes; tar pads each member to a whole number of these


@dataclass(frozen=True, slots=True)
class Member:
    """One file to be sealed: its path, its size in bytes, its bytes (closed by the writer)."""

    path: str
    size: int
    stream: BinaryIO


def seal(members: Iterable[Member], target: BinaryIO, recipients: Iterable[str]) -> None:
    """Write all members into target, sealed for the recipients.

    Raises NotAnIdentity, DigestMismatch (a file changed its size while it was
    read), OSError, and whatever the members raise.
    """
    with io.BufferedReader(_Tarred(_blocks(members)), _BLOCK) as plain:
        ages.encrypt(plain, target, recipients)


def unseal(source: BinaryIO, secret: str, take: Callable[[str, BinaryIO], None]) -> None:
    """Open a sealed file and hand each file in it, path and stream, to take, in the order of writing.

    Raises CannotOpen (cut, damaged, another's key), UnsafeName, NotAnIdentity, OSError.
    """
    with ages.opened(source, secret) as plain:
        try:
            with tarfile.open(fileobj=plain, mode="r|") as tar:
                for info in tar:
                    stream = tar.extractfile(info) if info.isreg() else None
                    if stream is None:
                        raise UnsafeName(name=info.name, reason="not a file")
                    take(check_path(info.name), stream)  # type: ignore[arg-type]
        except tarfile.TarError as error:
            raise ages.CannotOpen(reason="damaged") from error


def _blocks(members: Iterable[Member]) -> Iterator[bytes]:
    """Yield the bytes of a tar file."""
    for member in members:
        info = tarfile.TarInfo(member.path)
        info.size, info.mode = member.size, 0o600
        yield info.tobuf(tarfile.PAX_FORMAT)
        with member.stream as stream:
            left = member.size
            while block := stream.read(min(_BLOCK, left) if left else 1):
                left -= len(block)
                if left < 0:
                    break
                yield block
        if left:
            raise DigestMismatch(path=member.path, reason="size")
        yield bytes(-member.size % _RECORD)
    yield bytes(2 * _RECORD)


class _Tarred(io.RawIOBase):
    """The blocks of a generator as a stream."""

    def __init__(self, source: Iterator[bytes]) -> None:
        self._source = source
        self._left = memoryview(b"")

    def readable(self) -> bool:
        """Return that it can be read."""
        return True

    def readinto(self, buffer: bytearray | memoryview) -> int:  # type: ignore[override]
        """Fill the buffer and return the bytes read, 0 at the end."""
        while not self._left:
            following = next(self._source, None)
            if following is None:
                return 0
            self._left = memoryview(following)
        size = min(len(buffer), len(self._left))
        buffer[:size] = self._left[:size]
        self._left = self._left[size:]
        return size
