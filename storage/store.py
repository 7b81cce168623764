"""The Store port: what every place that keeps bytes must do.

Keys are relative POSIX paths of generated ASCII ids and bag paths. A tree (a
bag) is written through a Draft and becomes visible at once or not at all.
There is one function that writes trees, one that mends a file, and none that
deletes what is kept: destruction gets a port of its own. Only quarantine can be
forgotten, object by object, once it is old.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from typing import BinaryIO, Protocol

from storage.aside import Quarantined


@dataclass(frozen=True, slots=True)
class StoredObject:
    """One object that stands in a store; size in bytes."""

    key: str
    size: int


class Draft(Protocol):
    """A tree being written. Nothing of it is visible before commit."""

    def put(self, path: str, source: BinaryIO, sha256: str | None = None) -> StoredObject:
        """Write one file, reading source once.

        Raises DigestMismatch if sha256 is given and what was read differs,
        AlreadyStored if path is already in this draft, UnsafeName. After a
        failure nothing stands at path: it may be put again from another
        source. Different paths may be put by different threads at once.
        """

    def carry(self, path: str, from_key: str) -> StoredObject:
        """Make the committed object at from_key stand at path, too.

        Its bytes are not read into memory and not changed; a store may share
        them between the two. Raises NotFound.
        """

    def commit(self) -> None:
        """Make the whole tree durable, then visible, in one step.

        After it returns, a power cut does not lose the tree. Raises
        AlreadyStored if the prefix was taken meanwhile; the draft is gone then.
        """

    def abort(self) -> None:
        """Forget everything written. Safe to call twice and after commit."""


class Store(Protocol):
    """A place that keeps bytes."""

    id: str

    def probe(self) -> None:
        """Return if this very store is reachable and carries its marker.

        Raises StoreUnavailable (an empty mount point reads as this, never as
        "all missing") or WrongStore.
        """

    def begin(self, prefix: str) -> Draft:
        """Begin a tree under prefix (no slash at the end).

        Raises AlreadyStored if something stands there.
        """

    def put(self, key: str, source: BinaryIO, sha256: str | None = None) -> StoredObject:
        """Write one object, once and durably. Raises AlreadyStored, DigestMismatch."""

    def open(self, key: str) -> BinaryIO:
        """Open one object for reading from the medium itself, not a cache.

        Raises NotFound, Unreadable (a link is never followed).
        """

    def stat(self, key: str) -> StoredObject:
        """Return the object's size without reading it. Raises NotFound, Unreadable."""

    def list(self, prefix: str) -> Iterator[StoredObject]:
        """Yield every object under prefix, which ends in '/' ("" is all).

        Links and special files are yielded too, with size -1: they are
        there, though no object of ours.
        """

    def folders(self, prefix: str) -> Iterator[str]:
        """Yield the names, sorted, of the folders right under prefix, which ends in '/' or is ""."""

    def mend(self, key: str, source: BinaryIO, sha256: str) -> str | None:
        """Put good bytes at key and return where the old ones went.

        The new bytes are written aside and checked against sha256 first; the
        old object, if any, is kept in quarantine; the key never stands empty
        in between. Returns the quarantine key, or None where nothing stood.
        Raises DigestMismatch and changes nothing if source differs.
        """

    def set_aside(self, key: str) -> str:
        """Move an object that does not belong to quarantine; return its new key."""

    def quarantined(self) -> Iterator[Quarantined]:
        """Yield what lies in quarantine, by key, with where it stood and since when.

        A store around another store gives the other's, sizes as they lie there.
        """

    def forget_quarantined(self, key: str, *, before: date) -> bool:
        """Remove one object of quarantine if it came before that day; return whether it is gone.

        Its note goes with it. It stays where its day folder, its note or the
        medium's own time is not before that day, or where the note is lost.
        Raises UnsafeName for a key outside .quarantine/<day>/: nothing else can
        be touched. A store around another store hands both to it unchanged.
        """

    def sweep_drafts(self, older_than_seconds: float) -> int:
        """Forget drafts that nobody touched for so long and return how many; what is committed stays."""

    def free_bytes(self) -> int | None:
        """Return the room left in bytes, or None where the store cannot tell."""
