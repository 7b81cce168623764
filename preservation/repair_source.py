"""Read files for a repair: the target's own, and another copy's.

What goes wrong here is the source's fault, never the target's; a source that
does not answer gives no verdict on what it holds (cases B14, B15, C09).
"""

import io
from dataclasses import dataclass
from typing import BinaryIO, Final

from preservation.errors import PreservationError
from storage.digests import blocks, new_hasher
from storage.errors import DigestMismatch, NotFound, StorageError, StoreUnavailable, Unreadable, WrongStore
from storage.store import Store

LOOKS: Final = 2  # a first bad read is no verdict, neither on a target nor on a source (A24)


class SourceFailed(PreservationError):
    """A source could not be read; the target is not to blame."""

    code = "PR-003"


class SourceAway(SourceFailed):
    """A source does not answer, or another store stands in its place: it may still have good bytes."""

    code = "PR-004"


class SourceReader(io.RawIOBase, BinaryIO):
    """Reads a file of another store, and tells its failures from the target's."""

    def __init__(self, store: Store, key: str) -> None:
        """Open the file. Raises SourceAway, SourceFailed."""
        self._stream: BinaryIO | None = None
        self._facts = {"store": store.id, "key": key}
        try:
            self._stream = store.open(key)
        except (StorageError, OSError) as error:
            raise self._failure(error) from error

    def readable(self) -> bool:
        """Return True."""
        return True

    def readinto(self, buffer: bytearray | memoryview) -> int:  # type: ignore[override]
        """Fill the buffer and return the bytes read, 0 at the end. Raises SourceAway, SourceFailed."""
        if self._stream is None:
            return 0
        try:
            block = self._stream.read(len(buffer))
        except (StorageError, OSError) as error:
            raise self._failure(error) from error
        buffer[: len(block)] = block
        return len(block)

    def close(self) -> None:
        """Close the file of the other store, too."""
        if self._stream is not None:
            self._stream.close()
        super().close()

    def _failure(self, error: Exception) -> SourceFailed:
        is_away = isinstance(error, (StoreUnavailable, WrongStore))
        return (SourceAway if is_away else SourceFailed)(**self._facts, reason=error)


@dataclass(frozen=True, slots=True)
class Seen:
    """What one read of a file gave; size in bytes."""

    sha256: str
    size: int


def look(store: Store, key: str, wanted: str) -> Seen | None:
    """Return what stands at key, None where nothing can be read; a first bad read does not count.

    Raises StoreUnavailable, WrongStore.
    """
    seen = None
    for _ in range(LOOKS):
        try:
            seen = _read(store, key)
        except (DigestMismatch, NotFound, Unreadable, OSError):
            continue
        if seen.sha256 == wanted:
            break
    return seen


def _read(store: Store, key: str) -> Seen:
    """Return what one read gives. Raises NotFound, Unreadable, OSError, StoreUnavailable, WrongStore."""
    hasher, size = new_hasher("sha256"), 0
    with store.open(key) as stream:
        for block in blocks(stream):
            hasher.update(block)
            size += len(block)
    return Seen(hasher.hexdigest(), size)
