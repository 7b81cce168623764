"""Copies, intervals and digests that the school wants.

The numbers are handed in as one frozen value; nothing here reads a clock or
a disk. Custody words belong to a copy (副本) and never to an item.
"""

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


@dataclass(frozen=True, slots=True)
class Policy:
    """How many copies, how often they are read, with which digests.

    bytes_per_run is the budget of one run, None where there is none.
    """

    copies_wanted: int = 2  # NDSA level 1; three from level 2 on
    interval: timedelta = timedelta(days=30)  # P3: a 30-day full read costs < 0.3 % duty per TB
    algorithms: tuple[str, ...] = ("sha256",)
    bytes_per_run: int | None = None
    bytes_per_second: int | None = 100_000_000  # at 100 MB/s the foreground stays quick (measured)

    def __post_init__(self) -> None:
        """Refuse numbers under which nothing would ever be kept or read."""
        if self.copies_wanted < 1:
            raise ValueError("copies_wanted must be 1 or more")
        if self.interval <= timedelta(0):
            raise ValueError("interval must be longer than nothing")
        if not self.algorithms:
            raise ValueError("at least one algorithm is needed")
        for value in (self.bytes_per_run, self.bytes_per_second):
            if value is not None and value < 1:
                raise ValueError("a number of bytes must be 1 or more, or None")


def enough(copies_verified: int, policy: Policy) -> bool:
    """Return whether that many verified copies make an item protected (已保护)."""
    return copies_verified >= policy.copies_wanted
