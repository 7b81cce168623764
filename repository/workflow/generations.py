"""Which backups are kept: 7 daily, 4 weekly, 12 monthly. Pure.

Generations are counted, never aged: the newest of each of the last seven days
THAT HAVE A BACKUP, and so on. So no clock, however wrong, makes a backup old
(promise P19), and a year without backups removes none.
"""

from collections.abc import Callable, Iterable
from datetime import datetime

DAILY, WEEKLY, MONTHLY = 7, 4, 12


def spare(made: Iterable[datetime], now: datetime) -> frozenset[datetime]:
    """Return the times of the backups that no generation needs; the newest never is one.

    A backup from the future (made before the clock was put right) counts for
    nothing and is not spare.
    """
    known = sorted((at for at in made if at <= now), reverse=True)
    kept = set(known[:1])
    for most, period in ((DAILY, _day), (WEEKLY, _week), (MONTHLY, _month)):
        kept |= _newest_of_each(known, period, most)
    return frozenset(known) - kept


def _newest_of_each(
    newest_first: list[datetime], period: Callable[[datetime], str], most: int
) -> set[datetime]:
    first: dict[str, datetime] = {}
    for at in newest_first:
        first.setdefault(period(at), at)
    return set(list(first.values())[:most])


def _day(at: datetime) -> str:
    return at.strftime("%Y-%m-%d")


def _week(at: datetime) -> str:
    return "{}-{}".format(*at.isocalendar()[:2])


def _month(at: datetime) -> str:
    return at.strftime("%Y-%m")
