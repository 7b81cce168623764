"""Plans fixity runs: which copies belong to a run, and which stores are away.

A run marks its copies (Copy.run_id) at its start; a verdict takes the mark off.
A store that does not answer is no part of a run: its copies keep their state and
the run tells how many it could not look at (联系不上).
"""

from collections.abc import Collection, Iterable, Iterator
from datetime import datetime, timedelta
from itertools import islice

from sqlalchemy import ColumnElement, Select, and_, func, or_, select, update
from sqlalchemy.orm import Session

from preservation.policy import StoreRule
from preservation.schedule import AHEAD, NEAR, PRESSING, CopyDue, Queue, Span, plan, slot_of
from repository.models.job import FixityRun, Job
from repository.models.package import Copy, Package
from repository.permissions import Act, Actor, may
from repository.policies import GB, rules
from repository.workflow import audit, facts, jobs
from repository.workflow.errors import Refused
from repository.workflow.journal import Subject
from repository.workflow.tools import Tools
from storage.errors import StorageError

ALL = "all"  # the scope of a run over every copy; the others are preservation.schedule.Span
#: A copy that could not be judged is not tried again before this, except by the nightly round.
TRIED = timedelta(hours=20)
BATCH = 5000  # copies after which a run looks who has joined it


def answering(tools: Tools) -> frozenset[str]:
    """Return the stores that answer now. Disks are read: let go of the database first."""
    found = set()
    for name, store in tools.stores.items():
        try:
            store.probe()
            found.add(name)
        except StorageError:
            continue  # told by the run, and by the care page
    return frozenset(found)


def start(
    session: Session,
    tools: Tools,
    actor: Actor,
    *,
    scope: str,
    repair: bool = False,
    there: Collection[str] | None = None,
) -> FixityRun:
    """Put a run in line and return its row; a run that is under way is returned instead.

    scope is "all" or a Span; there names the stores that answer (answering(), all of them where it
    was not asked). What presses joins a run that is under way. A run whose job was given up (parked)
    gets a new job: no run may stand in the way of all later ones. Raises Refused.
    """
    if not may(actor, Act.RUN_CARE):
        raise Refused()
    present = tuple(name for name in tools.stores if there is None or name in there)
    run = session.scalars(select(FixityRun).where(FixityRun.finished_at.is_(None))).first()
    if run is not None:
        _mark(session, run, _chosen(session, tools, present, Span.URGENT, budget=None))
    else:
        run = FixityRun(scope=scope, asked_by=actor.name, started_at=tools.clock(), repair=repair)
        run.expected, run.checked, run.failed, run.unreadable = 0, 0, 0, 0
        session.add(run)
        session.flush()
        _fill(session, tools, run, present)
        if actor.kind == "person":
            about = Subject("run", str(run.id))
            told = {"scope": scope, "expected": run.expected}
            audit.record(session, "fixity.started", actor=actor, at=tools.clock(), about=about, facts=told)
    _put_in_line(session, run)
    return run


def _fill(session: Session, tools: Tools, run: FixityRun, present: tuple[str, ...]) -> None:
    """Mark the copies of a new run, and count those of the stores that do not answer."""
    held = {store_id: count for store_id, count in session.execute(_per_store())}
    if run.scope == ALL:
        run.away = {name: count for name, count in held.items() if name not in present}
        told = session.execute(update(Copy).where(Copy.store_id.in_(present)).values(run_id=run.id))
        run.expected = int(told.rowcount)  # type: ignore[attr-defined]
        return
    span, budget = Span(run.scope), tools.settings.fixity_gb * GB or None
    _mark(session, run, _chosen(session, tools, present, span, budget=budget))
    absent = tuple(name for name in tools.stores if name not in present)
    waiting = len(_chosen(session, tools, absent, span, budget=budget)) if absent else 0
    if waiting:
        run.away = {name: held[name] for name in absent if held.get(name)}


def _per_store() -> Select[str, int]:
    return select(Copy.store_id, func.count()).group_by(Copy.store_id)


def _mark(session: Session, run: FixityRun, chosen: list[CopyDue]) -> None:
    """Let copies belong to a run; one that does already is not counted twice."""
    free = and_(Copy.run_id.is_(None) | (Copy.run_id != run.id))
    for first in range(0, len(chosen), 500):
        ids = [one.key for one in islice(chosen, first, first + 500)]
        told = session.execute(update(Copy).where(Copy.id.in_(ids), free).values(run_id=run.id))
        run.expected += int(told.rowcount)  # type: ignore[attr-defined]


def _put_in_line(session: Session, run: FixityRun) -> None:
    """Leave the job of a run, unless one waits or runs."""
    dedup = f"fixity:{run.id}"
    active = select(Job.id).where(Job.dedup_key == dedup, Job.state.in_((jobs.QUEUED, jobs.RUNNING)))
    if session.scalars(active).first() is None:
        jobs.enqueue(session, "fixity", priority=jobs.LATER, lock="fixity", dedup=dedup, run=run.id)


def _chosen(
    session: Session, tools: Tools, store_ids: Iterable[str], span: Span, *, budget: int | None
) -> list[CopyDue]:
    """Return what a round over these stores reads now."""
    now, told = tools.clock(), rules(session, tools).stores
    totals: dict[str, int] = {}
    if span is Span.DAILY:
        query = select(Copy.store_id, func.sum(Package.byte_count)).join(Package).group_by(Copy.store_id)
        totals = {name: int(size) for name, size in session.execute(query)}
    queues = [
        Queue(told[name], totals.get(name, 0), _queue(session, told[name], now, span)) for name in store_ids
    ]
    return plan(queues, now=now, span=span, budget_bytes=budget)


def _queue(session: Session, rule: StoreRule, now: datetime, span: Span) -> Iterator[CopyDue]:
    """Yield the copies of a store: asked for, never read (or by a wrong clock), then from the oldest on."""
    unread = or_(Copy.checked_at.is_(None), Copy.checked_at > now + AHEAD)
    rest = Copy.asked_at.is_(None)
    yield from _copies(session, rule, now, span, Copy.asked_at.is_not(None))
    if span is not Span.URGENT:
        yield from _copies(session, rule, now, span, rest, unread)
    limits = {Span.URGENT: now - rule.interval + PRESSING, Span.DUE: now - rule.interval + NEAR}
    yield from _copies(session, rule, now, span, rest, Copy.checked_at <= limits.get(span, now + AHEAD))


def _copies(
    session: Session, rule: StoreRule, now: datetime, span: Span, *which: ColumnElement[bool]
) -> Iterator[CopyDue]:
    query = (
        select(Copy.id, Package.byte_count, Copy.checked_at, Copy.asked_at)
        .join(Package)
        .where(Copy.store_id == rule.id, *which)
        .order_by(Copy.checked_at, Copy.id)
        .execution_options(yield_per=500)
    )
    if span is Span.URGENT:
        query = query.where(_not_tried(now))
    for row in session.execute(query):
        yield CopyDue(row.id, row.byte_count, row.checked_at, row.asked_at is not None)


def _not_tried(now: datetime) -> ColumnElement[bool]:
    """Return the condition that nobody tried in vain a short while ago; a time ahead is no time (B23)."""
    return or_(
        Copy.tried_at.is_(None),
        Copy.tried_at < now - TRIED,
        Copy.tried_at > now + AHEAD,
        Copy.tried_at == Copy.checked_at,
        Copy.asked_at > Copy.tried_at,
    )


def is_pressing(session: Session, tools: Tools, there: Collection[str]) -> bool:
    """Return whether a copy in a store that answers is asked for or too old to wait for the night."""
    now, told, asked = tools.clock(), rules(session, tools).stores, Copy.asked_at.is_not(None)
    old = [
        and_(Copy.store_id == name, or_(asked, Copy.checked_at <= now - rule.interval + PRESSING))
        for name, rule in told.items()
        if name in there
    ]
    query = select(Copy.id).where(or_(*old), _not_tried(now)).limit(1)
    return bool(old) and session.scalars(query).first() is not None


def start_round(
    session: Session, tools: Tools, *, there: Collection[str] | None = None
) -> FixityRun | None:
    """Put the scheduled round in line and return it, None where there is nothing to do now.

    Each night is claimed once, whoever asks (B25); between the nights a round is begun
    only for what presses: asked for by an event, or past its term.
    """
    repair = tools.settings.auto_repair
    if claim_night(session, tools):
        return start(session, tools, tools.software, scope=Span.DAILY, repair=repair, there=there)
    if not is_pressing(session, tools, tools.stores if there is None else there):
        return None
    return start(session, tools, tools.software, scope=Span.URGENT, repair=repair, there=there)


def claim_night(session: Session, tools: Tools) -> bool:
    """Return whether this night's round is ours: true once a night, for one of all who ask."""
    night = slot_of(tools.clock(), hour=tools.settings.fixity_hour).isoformat()
    if facts.get(session, facts.FIXITY_NIGHT) == night:
        return False
    facts.put(session, facts.FIXITY_NIGHT, night)
    return True


def release(session: Session, run: FixityRun, there: Collection[str]) -> None:
    """Take the copies of the stores that do not answer out of a run, and tell how many they were."""
    waiting = select(Copy.store_id, func.count()).where(Copy.run_id == run.id).group_by(Copy.store_id)
    gone = {name: count for name, count in session.execute(waiting) if name not in there}
    if gone:
        absent = (Copy.run_id == run.id, Copy.store_id.in_(tuple(gone)))
        session.execute(update(Copy).where(*absent).values(run_id=None))
        run.expected -= sum(gone.values())
        run.away = {**run.away, **{name: max(run.away.get(name, 0), count) for name, count in gone.items()}}


def waiting(session: Session, run_id: int) -> list[str]:
    """Return the copies of a run that wait for a verdict, the most urgent first."""
    query = select(Copy.id).where(Copy.run_id == run_id)
    return list(session.scalars(query.order_by(Copy.asked_at.is_(None), Copy.checked_at, Copy.id)))


def forget(session: Session, run: FixityRun) -> None:
    """Let go of the copies that a run leaves without a verdict."""
    session.execute(update(Copy).where(Copy.run_id == run.id).values(run_id=None))


def ask_early(
    session: Session, *, at: datetime, store_id: str = "", package_ids: Collection[str] = ()
) -> int:
    """Put the copies of a store, of packages (or of both together) at the head of the queue; return how many.

    They are read within a day (P3) and count as verified only then: trust is lost on touch.
    """
    which = [Copy.store_id == store_id] if store_id else []
    if package_ids:
        which.append(Copy.package_id.in_(tuple(package_ids)))
    if not which:
        return 0
    told = session.execute(update(Copy).where(*which).values(asked_at=at))
    return int(told.rowcount)  # type: ignore[attr-defined]
