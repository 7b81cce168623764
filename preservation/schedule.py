"""Which copies are to be read now.

Pure: copies, clock and numbers are handed in. Asked for by an event first,
then never read, then the oldest. Each night reads a share of every store even
if nothing is due, so that what was taken in on one day never comes due on one
day (P3: every byte of a local copy at least every 30 days, of a replica 90).
"""

import heapq
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta, tzinfo
from enum import StrEnum
from typing import Final

from preservation.policy import StoreRule

#: A round is nightly and may take a day: what the next one would read too late belongs to this one.
NEAR: Final = timedelta(days=2)
#: What is read at once, without waiting for the night.
PRESSING: Final = timedelta(hours=3)
#: A reading dated later than this was noted under a wrong clock: its age is not known (B23).
AHEAD: Final = timedelta(days=1)
_ASKED, _NEVER, _READ = range(3)


class Span(StrEnum):
    """How much a round takes: what presses, what is due, or a whole night's share."""

    URGENT = "urgent"
    DUE = "due"
    DAILY = "daily"


@dataclass(frozen=True, slots=True)
class CopyDue:
    """One copy as the schedule sees it; size in bytes, last_checked aware UTC or None."""

    key: str
    size: int
    last_checked: datetime | None
    asked: bool = False  # an event (a restore, a moved disk) wants it read within a day


@dataclass(frozen=True, slots=True)
class Queue:
    """The copies of one store: those asked for, then those never read, then from the oldest on.

    copies may be an iterator: no more of it is taken than is read tonight.
    """

    rule: StoreRule
    total_bytes: int
    copies: Iterable[CopyDue]


def standing(copy: CopyDue, now: datetime) -> int:
    """Return the first key by which a queue is sorted; the second is last_checked."""
    if copy.asked:
        return _ASKED
    return _NEVER if copy.last_checked is None or copy.last_checked > now + AHEAD else _READ


def must(copy: CopyDue, *, now: datetime, rule: StoreRule, span: Span) -> bool:
    """Return whether a copy is read whatever it costs: asked for, or too old before the next round ends."""
    margin = PRESSING if span is Span.URGENT else NEAR
    at = copy.last_checked
    return copy.asked or (at is not None and now - at >= rule.interval - margin)


def plan(
    queues: Iterable[Queue], *, now: datetime, span: Span, budget_bytes: int | None
) -> list[CopyDue]:
    """Return the copies to read now, the most urgent first.

    No more than budget_bytes altogether and nightly_bytes a store, None for no
    limit; only what must be read is read beyond them.
    """
    night = _Night(budget_bytes)
    lines = (_Line(queue, now, span, night).waiting() for queue in queues)
    chosen = []
    for one in heapq.merge(*lines, key=lambda one: one.order):
        if one.line.takes(one):
            chosen.append(one.copy)
    return chosen


@dataclass(slots=True)
class _Night:
    """What one round has to spend, None for no limit, and has spent."""

    budget: int | None
    spent: int = 0
    has_giant: bool = False  # a copy that was never read and is larger than any night's budget


@dataclass(frozen=True, slots=True)
class _Waiting:
    copy: CopyDue
    order: tuple[int, float, str]
    must: bool
    line: "_Line"


class _Line:
    """One store's queue in one night."""

    def __init__(self, queue: Queue, now: datetime, span: Span, night: _Night) -> None:
        self._queue, self._now, self._span, self._night = queue, now, span, night
        self._share = daily_share(queue.total_bytes, queue.rule.interval) if span is Span.DAILY else 0
        self._spent = 0
        self._over = False

    def waiting(self) -> Iterator[_Waiting]:
        """Yield the copies in their order until this line is over."""
        rule = self._queue.rule
        for copy in self._queue.copies:
            rank = standing(copy, self._now)
            at = copy.last_checked
            deadline = (at + rule.interval).timestamp() if rank == _READ and at is not None else 0.0
            pressing = must(copy, now=self._now, rule=rule, span=self._span)
            if rank == _READ and not pressing and (self._over or self._spent >= self._share):
                return
            if self._span is Span.URGENT and not pressing:
                continue
            yield _Waiting(copy, (rank, deadline, copy.key), pressing, self)

    def takes(self, one: _Waiting) -> bool:
        """Return whether a copy is read tonight, and count it."""
        size = one.copy.size
        if not one.must and not self._fits(size, self._spent, self._night.spent):
            fits_a_night = self._fits(size, 0, 0)
            if one.order[0] == _READ and fits_a_night:
                self._over = True  # another night; what fits in no night does not hold up the others
            is_night = self._span is Span.DAILY and not self._night.has_giant
            if one.order[0] == _READ or fits_a_night or not is_night:
                return False
            self._night.has_giant = True  # never read and never due: one a night, or it waits for ever
        self._spent += size
        self._night.spent += size
        return True

    def _fits(self, size: int, spent: int, spent_by_all: int) -> bool:
        own, all_ = self._queue.rule.nightly_bytes, self._night.budget
        return (own is None or spent + size <= own) and (all_ is None or spent_by_all + size <= all_)


def daily_share(total_bytes: int, interval: timedelta) -> int:
    """Return the bytes to read each night so that all is read before anything presses.

    A tenth more than the plain share leaves room for nights that did not happen.
    """
    nights = max(1.0, (interval - NEAR) / timedelta(days=1))
    return int(total_bytes * 1.1 / nights) + 1


def slot_of(now: datetime, *, hour: int, zone: tzinfo | None = None) -> date:
    """Return the night that a moment belongs to: the local day whose round began last (zone None: here)."""
    local = now.astimezone(zone)
    return local.date() if local.hour >= hour else local.date() - timedelta(days=1)
