"""Copies, places, intervals and digests that the school wants.

The numbers are handed in as frozen values; nothing here reads a clock or
a disk. Custody words belong to a copy (副本) and never to an item.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum


class CopyState(StrEnum):
    """What is known about one copy. A new or moved copy is unknown."""

    OK = "ok"
    DAMAGED = "damaged"
    MISSING = "missing"
    UNREADABLE = "unreadable"
    UNKNOWN = "unknown"


class StoreKind(StrEnum):
    """How near a store is: a disk of this machine is read often, one far away seldom."""

    LOCAL = "local"
    REPLICA = "replica"


@dataclass(frozen=True, slots=True)
class Wanted:
    """How many verified copies an item needs, and in how many different places."""

    copies: int = 2  # NDSA level 1; three from level 2 on
    places: int = 1  # NDSA level 1 asks for two; two folders of one disk are one place


@dataclass(frozen=True, slots=True)
class StoreRule:
    """How one store is looked after. nightly_bytes None: no budget of its own."""

    id: str
    kind: StoreKind
    place: str
    interval: timedelta
    nightly_bytes: int | None = None


@dataclass(frozen=True, slots=True)
class Policy:
    """How many copies, how often they are read, with which digests.

    bytes_per_run is the budget of one run, None where there is none.
    """

    copies_wanted: int = 2
    places_wanted: int = 1
    interval: timedelta = timedelta(days=30)  # P3: a 30-day full read costs < 0.3 % duty per TB
    replica_interval: timedelta = timedelta(days=90)  # P3: read back over a network
    algorithms: tuple[str, ...] = ("sha256",)
    bytes_per_run: int | None = None
    bytes_per_second: int | None = 100_000_000  # at 100 MB/s the foreground stays quick (measured)

    def __post_init__(self) -> None:
        """Refuse numbers under which nothing would ever be kept or read."""
        if self.copies_wanted < 1 or self.places_wanted < 1:
            raise ValueError("copies_wanted and places_wanted must be 1 or more")
        if min(self.interval, self.replica_interval) <= timedelta(0):
            raise ValueError("interval must be longer than nothing")
        if not self.algorithms:
            raise ValueError("at least one algorithm is needed")
        for value in (self.bytes_per_run, self.bytes_per_second):
            if value is not None and value < 1:
                raise ValueError("a number of bytes must be 1 or more, or None")

    @property
    def wanted(self) -> Wanted:
        """Return what holds where no unit says otherwise."""
        return Wanted(self.copies_wanted, self.places_wanted)

    def interval_of(self, kind: StoreKind) -> timedelta:
        """Return after how long a copy in such a store is to be read again."""
        return self.replica_interval if kind is StoreKind.REPLICA else self.interval


def enough(verified_places: Sequence[str], wanted: Wanted) -> bool:
    """Return whether verified copies in these places (one entry a copy) make an item protected (已保护)."""
    return len(verified_places) >= wanted.copies and len(set(verified_places)) >= wanted.places
