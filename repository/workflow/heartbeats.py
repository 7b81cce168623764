"""Which duty ran when: a silence is told, not waited out.

Each regular duty leaves a row when it begins and ends. A duty that has not
ended well for longer than DUTIES allows is overdue (P17: nothing regular is
silent for more than 26 hours without an alarm). Duties count from the
first start of a worker that knows them, so a new one is not late at once.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from repository.models.school import Fact
from repository.models.watch import Heartbeat
from repository.workflow import facts

WORKER, CLOCK, MAIL = "worker", "clock", "mail"
DAY = timedelta(hours=26)  # once a day, and two hours to be late
WEEK = timedelta(days=8)
_EXPECTED = "expected_since."  # + duty; the name of a fact

#: Duty (a verb of the worker, or one of the two above) -> within what time it must end well again.
DUTIES: Mapping[str, timedelta] = {
    WORKER: timedelta(minutes=5),
    CLOCK: timedelta(minutes=30),
    "watch": timedelta(hours=2),
    "fixity": DAY,
    "carry_log": DAY,
    "reap": timedelta(hours=6),
    "digest": DAY,
    "backup": DAY,
    "anchor": DAY,
    "drill": WEEK,
    "audit_verify": WEEK,
    "stocktake": WEEK,
}


@dataclass(frozen=True, slots=True)
class Beat:
    """How one duty fares: times in UTC, None for never; trouble as its last end told it, "" for none.

    since is the last sign of it that counts (a good end, or a beginning that
    is still under way, or when it was first expected).
    """

    name: str
    within: timedelta
    began: datetime | None
    ended: datetime | None
    good: datetime | None
    trouble: str
    since: datetime

    def is_overdue(self, now: datetime) -> bool:
        """Return whether nothing good was heard for too long."""
        return now - self.since > self.within


def began(session: Session, name: str, now: datetime) -> None:
    """Note that a duty begins."""
    _row(session, name).began_at = now


def ended(session: Session, name: str, now: datetime, *, trouble: str = "") -> None:
    """Note that a duty ended, well where there is no trouble."""
    row = _row(session, name)
    row.ended_at, row.trouble = now, trouble[:500]
    if not trouble:
        row.good_at = now


def beat(session: Session, name: str, now: datetime) -> None:
    """Note that a duty was done, at once and well."""
    began(session, name, now)
    ended(session, name, now)


def trouble_of(session: Session, name: str) -> str:
    """Return what went wrong when a duty ended last, "" for nothing."""
    row = session.get(Heartbeat, name)
    return "" if row is None else row.trouble


def expect(session: Session, names: Collection[str], now: datetime) -> None:
    """From now on expect these duties, as far as they are known and not expected yet."""
    for name in DUTIES.keys() & set(names):
        if session.get(Fact, _EXPECTED + name) is None:
            facts.put(session, _EXPECTED + name, now.isoformat())


def beats(session: Session) -> list[Beat]:
    """Return every duty that is expected or was heard of, in the order of DUTIES. Two statements."""
    told = {row.name: row for row in session.scalars(select(Heartbeat))}
    asked = session.scalars(select(Fact).where(Fact.name.startswith(_EXPECTED, autoescape=True)))
    expected = {fact.name.removeprefix(_EXPECTED): datetime.fromisoformat(fact.value) for fact in asked}
    found = []
    for name, within in DUTIES.items():
        row = told.get(name) or Heartbeat(name=name, trouble="")
        signs = [row.good_at, _under_way(row), expected.get(name)]
        heard = [at for at in signs if at is not None] or [at for at in (row.ended_at,) if at is not None]
        if heard:
            found.append(
                Beat(name, within, row.began_at, row.ended_at, row.good_at, row.trouble, max(heard))
            )
    return found


def _under_way(row: Heartbeat) -> datetime | None:
    """Return when a run began that has not ended; one whose process died counts until it is too old."""
    if row.began_at is None or (row.ended_at is not None and row.ended_at >= row.began_at):
        return None
    return row.began_at


def _row(session: Session, name: str) -> Heartbeat:
    row = session.get(Heartbeat, name)
    if row is None:
        row = Heartbeat(name=name, trouble="")
        session.add(row)
        session.flush()
    return row
