"""Which copies are to be read now.

Pure: copies, clock and numbers are handed in. Never checked first, then the
oldest, within the budget of bytes; what is overdue is always read (P3: every
byte of a local copy at least every 30 days).
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from preservation.policy import CopyState, Policy

_NEVER: Final = -1.0


@dataclass(frozen=True, slots=True)
class CopyDue:
    """One copy as the schedule sees it; size in bytes, last_checked aware UTC or None."""

    key: str
    size: int
    last_checked: datetime | None
    state: CopyState = CopyState.UNKNOWN


@dataclass(frozen=True, slots=True)
class CareFigures:
    """How well the copies are looked after; the states add up to copies."""

    copies: int
    bytes: int
    ok: int
    damaged: int
    missing: int
    unreadable: int
    unknown: int
    never_checked: int
    oldest: datetime | None
    oldest_age: timedelta | None


def due(
    copies: Iterable[CopyDue], *, now: datetime, policy: Policy, budget_bytes: int | None
) -> list[CopyDue]:
    """Return the copies to read now, in order.

    budget_bytes None means no budget: all of them. A copy larger than the
    budget is not passed over for ever: it comes first one day, and the first
    copy is always read. Overdue copies are read whatever they cost.
    """
    waiting = sorted(copies, key=_order)
    if budget_bytes is None:
        return waiting
    limit = now - policy.interval
    chosen: list[CopyDue] = []
    spent = 0
    for copy in waiting:
        is_overdue = copy.last_checked is not None and copy.last_checked <= limit
        if not (is_overdue or not chosen or spent + copy.size <= budget_bytes):
            continue
        chosen.append(copy)
        spent += copy.size
    return chosen


def _order(copy: CopyDue) -> tuple[float, str]:
    """Return what the copies are sorted by; the key makes the order the same each time."""
    return (_NEVER if copy.last_checked is None else copy.last_checked.timestamp(), copy.key)


def daily_budget(total_bytes: int, policy: Policy, *, runs_per_day: int = 1) -> int:
    """Return the bytes to read in one run so that all is read within the interval.

    A tenth more than the plain share leaves room for runs that did not happen.
    """
    runs = max(1.0, policy.interval / timedelta(days=1) * runs_per_day)
    return int(total_bytes * 1.1 / runs) + 1


def figures(copies: Iterable[CopyDue], now: datetime) -> CareFigures:
    """Return the figures for the care page (保存)."""
    states = dict.fromkeys(CopyState, 0)
    count = total = never = 0
    oldest: datetime | None = None
    for copy in copies:
        count += 1
        total += copy.size
        states[copy.state] += 1
        if copy.last_checked is None:
            never += 1
        elif oldest is None or copy.last_checked < oldest:
            oldest = copy.last_checked
    return CareFigures(
        copies=count,
        bytes=total,
        ok=states[CopyState.OK],
        damaged=states[CopyState.DAMAGED],
        missing=states[CopyState.MISSING],
        unreadable=states[CopyState.UNREADABLE],
        unknown=states[CopyState.UNKNOWN],
        never_checked=never,
        oldest=oldest,
        oldest_age=None if oldest is None else now - oldest,
    )
