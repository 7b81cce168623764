"""Whether the machine's clock may be believed (promise P19).

The highest time that the worker ever saw is kept in the catalogue. A clock that is more than a day
away from it, ahead or behind, is in doubt: nothing that depends on an age (destruction, pruning,
release) is done, until a person confirms the time. Reading and checking go on all the same.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from repository.models.event import Event
from repository.permissions import Act, Actor, may
from repository.workflow import facts
from repository.workflow.errors import Refused

#: A clock this far from the mark is in doubt; a night without power is no doubt.
DOUBT = timedelta(hours=24)
#: A machine that was off over some days is believed after half an hour of steady going,
#: one that was off over a long holiday after a day; nothing longer without a person's word.
WEEK, SOON = timedelta(days=10), timedelta(minutes=30)
HOLIDAY, STEADY = timedelta(days=100), timedelta(hours=24)
#: Two looks further apart than this do not show that the clock went steadily between them.
LONGEST_STEP = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Standing:
    """Whether the clock is believed; mark is None before the first look, ahead may be negative."""

    trusted: bool
    mark: datetime | None
    ahead: timedelta


def standing(session: Session, now: datetime) -> Standing:
    """Return how the clock stands to the mark."""
    mark_at = _time(session, facts.CLOCK_MARK)
    if mark_at is None:
        return Standing(True, None, timedelta(0))
    return Standing(abs(now - mark_at) <= DOUBT, mark_at, now - mark_at)


def trusted(session: Session, now: datetime) -> bool:
    """Return whether ages may be counted with this clock; ask before anything is removed for its age."""
    return standing(session, now).trusted


def mark(session: Session, now: datetime) -> bool:
    """Keep the time if it is believed, and return whether it is; the worker calls this with each renewal."""
    told = standing(session, now)
    if told.trusted or _went_steadily(session, now, told):
        _keep(session, now if told.mark is None or not told.trusted else max(now, told.mark))
        return True
    return False


def recall(session: Session) -> None:
    """After a rebuild let the log's last event be the mark: no catalogue begins under a wrong clock."""
    latest = session.scalar(select(func.max(Event.at)))
    if latest is not None and not facts.get(session, facts.CLOCK_MARK):
        facts.put(session, facts.CLOCK_MARK, latest.isoformat())


def confirm(session: Session, actor: Actor, now: datetime) -> Standing:
    """Believe the clock because a person looked at it; return how it stood before. Raises Refused."""
    if not may(actor, Act.MANAGE_SYSTEM):
        raise Refused()
    told = standing(session, now)
    _keep(session, now)
    return told


def _keep(session: Session, now: datetime) -> None:
    facts.put(session, facts.CLOCK_MARK, now.isoformat())
    if facts.get(session, facts.CLOCK_DOUBTED_SINCE):
        facts.put(session, facts.CLOCK_DOUBTED_SINCE, "")
        facts.put(session, facts.CLOCK_DOUBTED_LAST, "")


def _went_steadily(session: Session, now: datetime, told: Standing) -> bool:
    """Return whether a clock has gone steadily since the machine was off; keeps this look."""
    since, last = _time(session, facts.CLOCK_DOUBTED_SINCE), _time(session, facts.CLOCK_DOUBTED_LAST)
    if since is None or last is None or not timedelta(0) <= now - last <= LONGEST_STEP:
        since = now
        facts.put(session, facts.CLOCK_DOUBTED_SINCE, now.isoformat())
    facts.put(session, facts.CLOCK_DOUBTED_LAST, now.isoformat())
    if not timedelta(0) < told.ahead <= HOLIDAY:
        return False
    return now - since >= (SOON if told.ahead <= WEEK else STEADY)


def _time(session: Session, name: str) -> datetime | None:
    told = facts.get(session, name)
    return datetime.fromisoformat(told) if told else None
