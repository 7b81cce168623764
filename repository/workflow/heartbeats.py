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
        """Return whether nothing good was heard for too long; a sign from the future is none (P19)."""
        return abs(now - self.since) > self.within


def began(session: Session, name: str, now: datetime) -> None:
    """Note that a duty begins."""
    _row(session, name).began_at = now


def ended(session: Session, name: str, now: datetime, *, trouble: str = "") -> None:
    """Note that a duty ended, well where there is no trouble."""
    told = _row(session, name)
    told.ended_at, told.trouble = now, trouble[:500]
    if not trouble:
        told.good_at = now


def beat(session: Session, name: str, now: datetime) -> None:
    """Note that a duty was done, at once and well."""
    began(session, name, now)
    ended(session, name, now)


def row(session: Session, name: str) -> Heartbeat | None:
    """Return what is known of a duty, None for nothing."""
    return session.get(Heartbeat, name)


def trouble_of(session: Session, name: str) -> str:
    """Return what went wrong when a duty ended last, "" for nothing."""
    told = row(session, name)
    return "" if told is None else told.trouble


def expect(session: Session, names: Collection[str], now: datetime) -> None:
    """From now on expect these duties, as far as they are known and not expected yet."""
    for name in DUTIES.keys() & set(names):
        if session.get(Fact, _EXPECTED + name) is None:
            facts.put(session, _EXPECTED + name, now.isoformat())


def beats(session: Session) -> list[Beat]:
    """Return every duty that is expected or was heard of, in the order of DUTIES. Two statements."""
    told = {one.name: one for one in session.scalars(select(Heartbeat))}
    asked = session.scalars(select(Fact).where(Fact.name.startswith(_EXPECTED, autoescape=True)))
    expected = {fact.name.removeprefix(_EXPECTED): datetime.fromisoformat(fact.value) for fact in asked}
    found = []
    for name, within in DUTIES.items():
        one = told.get(name) or Heartbeat(name=name, trouble="")
        signs = [one.good_at, _under_way(one), expected.get(name)]
        heard = [at for at in signs if at is not None] or [at for at in (one.ended_at,) if at is not None]
        if heard:
            since = max(heard)
            found.append(Beat(name, within, one.began_at, one.ended_at, one.good_at, one.trouble, since))
    return found


def _under_way(told: Heartbeat) -> datetime | None:
    """Return when a run began that has not ended; one whose process died counts until it is too old."""
    if told.began_at is None or (told.ended_at is not None and told.ended_at >= told.began_at):
        return None
    return told.began_at


def _row(session: Session, name: str) -> Heartbeat:
    told = row(session, name)
    if told is None:
        told = Heartbeat(name=name, trouble="")
        session.add(told)
        session.flush()
    return told
