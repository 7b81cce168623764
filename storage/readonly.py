"""A store that nobody writes through: for drills and audits.

Whatever would change the store is refused before the store hears of it.
"""

from collections.abc import Iterator
from datetime import date
from typing import BinaryIO, NoReturn

from storage.aside import Quarantined
from storage.errors import ReadOnly
from storage.store import Draft, Store, StoredObject


class ReadOnlyStore:
    """Another store, to be read only; every writing call raises ReadOnly."""

    def __init__(self, inner: Store) -> None:
        self._inner = inner
        self.id = inner.id

    def probe(self) -> None:
        """Ask the store behind it."""
        self._inner.probe()

    def open(self, key: str) -> BinaryIO:
        """Open an object of the store behind it."""
        return self._inner.open(key)

    def stat(self, key: str) -> StoredObject:
        """Return an object's size."""
        return self._inner.stat(key)

    def list(self, prefix: str) -> Iterator[StoredObject]:
        """Yield what stands under prefix."""
        return self._inner.list(prefix)

    def folders(self, prefix: str) -> Iterator[str]:
        """Yield the folders under prefix."""
        return self._inner.folders(prefix)

    def free_bytes(self) -> int | None:
        """Return the room left in the store behind it."""
        return self._inner.free_bytes()

    def quarantined(self) -> Iterator[Quarantined]:
        """Yield what lies in quarantine."""
        return self._inner.quarantined()

    def begin(self, prefix: str) -> Draft:
        """Refuse."""
        self._refuse(prefix)

    def put(self, key: str, source: BinaryIO, sha256: str | None = None) -> StoredObject:
        """Refuse."""
        self._refuse(key)

    def mend(self, key: str, source: BinaryIO, sha256: str) -> str | None:
        """Refuse."""
        self._refuse(key)

    def set_aside(self, key: str) -> str:
        """Refuse."""
        self._refuse(key)

    def forget_quarantined(self, key: str, *, before: date) -> bool:
        """Refuse."""
        self._refuse(key)

    def sweep_drafts(self, older_than_seconds: float) -> int:
        """Sweep nothing: drafts belong to those who write."""
        return 0

    def _refuse(self, key: str) -> NoReturn:
        raise ReadOnly(store=self.id, key=key, reason="drill")
