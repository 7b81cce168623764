"""Everything that somebody must know of, found anew from rows and disks.

Nothing here is remembered but since when (workflow/watching.py keeps that):
an alarm ends when its cause does. A check that was not run raises an alarm,
it never passes for a good one (P17).
"""

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta

from sqlalchemy import func, select, union
from sqlalchemy.orm import Session

from preservation.checks import Outcome
from repository.models.job import FixityRun, Job
from repository.models.keeping import Medium, MediumState
from repository.models.package import Copy, Package
from repository.models.watch import Report
from repository.policies import rules
from repository.workflow import (
    canaries,
    facts,
    folders,
    heartbeats,
    indexing,
    jobs,
    leases,
    offline,
    timekeeping,
)
from repository.workflow.folders import FolderState
from repository.workflow.looking import Looks
from repository.workflow.notices import AMBER, RED, Alarm
from repository.workflow.room import reserve_of
from repository.workflow.tools import Tools

DAY = timedelta(days=1)
LOG = "log"  # what the report on the audit log is about
STUCK = timedelta(hours=26)  # a job that waits so long waits for something that does not come
AWAY_TOO_LONG = timedelta(hours=26)
CERTIFICATE_DAYS = 21
CLUTTER_PERCENT = 20  # of a disk, taken by scratch and quarantine together (F05)
#: What a duty's own trouble is told of; the others show in the alarms about their subject.
_TOLD_DUTIES = ("backup", "drill", "anchor", "audit_verify", "stocktake", "fixity", "carry_log", "digest")
#: Whose last report counts, whatever it is about; and whose last one about each store or medium counts.
_REPORTS, _REPORTS_EACH = ("backup", "drill", "upgrade"), ("audit", "medium")
#: A folder of ours that refuses writing; any other name is a store's.
_NOT_WRITABLE = {folders.DATA: "folder_not_writable", folders.BACKUPS: "backups_not_writable"}


def alarms(session: Session, tools: Tools, now: datetime, looks: Looks) -> list[Alarm]:
    """Return what is wrong now, red first, then by weight; looks are what the disks answered."""
    dead = worker_alarm(session, now)
    found = [
        *([] if dead is None else [dead]),
        *_copies(session),
        *_checks(session),
        *_disks(tools, looks),
        *_replication(session, tools, now),
        *_work(session, now),
        *_duties(session, now),
        *_reports(session, tools),
        *_media(session, now),
        *_system(session, tools, now, looks),
    ]
    return sorted(found, key=lambda alarm: alarm.level != RED)


def worker_alarm(session: Session, now: datetime) -> Alarm | None:
    """Return the alarm that nobody works, None where somebody does. The web asks this itself."""
    lease = leases.holder(session, leases.WORKER, now)
    told = facts.get(session, facts.CLOCK_ALIVE)
    heard = datetime.fromisoformat(told) if told else None
    is_late = heard is None or now - heard > heartbeats.DUTIES[heartbeats.WORKER]
    if lease is not None or not is_late:
        return None
    return Alarm("worker_dead", RED, since=heard)


def _duties(session: Session, now: datetime) -> Iterator[Alarm]:
    for beat in heartbeats.beats(session):
        if beat.name == heartbeats.WORKER:
            continue
        if beat.is_overdue(now):
            yield Alarm("overdue", RED, beat.name, {"good": _told(beat.good)}, beat.since)
        elif beat.trouble and beat.name in _TOLD_DUTIES:
            yield Alarm("duty_failed", AMBER, beat.name, {"error": beat.trouble[:200]}, beat.ended)
    lost = heartbeats.trouble_of(session, heartbeats.MAIL)
    if lost:
        yield Alarm("mail_failed", AMBER, facts={"error": lost[:200]})


def _disks(tools: Tools, looks: Looks) -> Iterator[Alarm]:
    first = tools.settings.store_specs[0].id
    for state in looks.folders:
        if state.name == first and not state.writable:
            yield Alarm("first_store_away", RED, state.name, {"error": state.trouble})
        elif not state.writable:
            code = _NOT_WRITABLE.get(state.name, "store_away")
            yield Alarm(code, AMBER if code == "store_away" else RED, state.name, {"error": state.trouble})
        else:
            yield from _room(tools, state)
    for clutter in looks.clutter:
        if clutter.percent >= CLUTTER_PERCENT:
            yield Alarm("clutter", AMBER, clutter.name, {"bytes": clutter.bytes, "percent": clutter.percent})


def _room(tools: Tools, state: FolderState) -> Iterator[Alarm]:
    if state.free is None:
        return
    wanted = reserve_of(tools.settings).wanted(state.total)
    told = {"free": state.free, "wanted": wanted}
    if state.free < wanted:
        yield Alarm("disk_full", RED, state.name, told)
    elif state.free < 2 * wanted:
        yield Alarm("disk_low", AMBER, state.name, told)


def _copies(session: Session) -> Iterator[Alarm]:
    counted = session.execute(select(Copy.state, func.count()).group_by(Copy.state))
    states = {state: count for state, count in counted}
    lost = session.scalar(select(func.count()).where(func.json_array_length(Copy.lost) > 0)) or 0
    if lost:
        yield Alarm("copies_lost", RED, facts={"count": lost})
    bad = states.get("damaged", 0) + states.get("missing", 0)
    if bad:
        yield Alarm("copies_bad", RED, facts={"count": bad})
    if states.get("unreadable"):
        yield Alarm("copies_unreadable", AMBER, facts={"count": states["unreadable"]})


def _checks(session: Session) -> Iterator[Alarm]:
    ended = select(FixityRun).where(FixityRun.finished_at.is_not(None)).order_by(FixityRun.id.desc())
    run = session.scalars(ended.limit(1)).first()
    if run is not None and run.invalid:
        told = {"stores": sorted(canaries.distrusted(run))}
        yield Alarm("run_invalid", RED, str(run.id), told, run.finished_at)


def _replication(session: Session, tools: Tools, now: datetime) -> Iterator[Alarm]:
    """Yield the backlog of copies, with the age of the oldest (C12), and what was read too long ago."""
    there = (Copy.package_id == Package.id) & Copy.store_id.in_(tuple(tools.stores))
    behind = (
        select(Package.id, Package.created_at)
        .outerjoin(Copy, there)
        .where(Package.created_at < now - DAY)
        .group_by(Package.id)
        .having(func.count(Copy.id) < len(tools.stores))
        .subquery()
    )
    count, oldest = session.execute(select(func.count(), func.min(behind.c.created_at))).one()
    if count:
        hours = int((now - oldest) / timedelta(hours=1))
        yield Alarm("backlog", RED, facts={"count": count, "hours": hours}, since=oldest + DAY)
    late, oldest = session.execute(
        select(func.count(), func.min(Copy.checked_at)).where(rules(session, tools).is_overdue())
    ).one()
    if late:
        days = None if oldest is None else (now - oldest).days
        yield Alarm("copies_overdue", AMBER, facts={"count": late, "days": days})


def _work(session: Session, now: datetime) -> Iterator[Alarm]:
    parked = session.scalar(select(func.count()).where(Job.state == jobs.PARKED)) or 0
    if parked:
        yield Alarm("jobs_parked", AMBER, facts={"count": parked})
    waits = (Job.state.in_((jobs.QUEUED, jobs.RUNNING)), Job.created_at < now - STUCK)
    stuck, oldest = session.execute(select(func.count(), func.min(Job.created_at)).where(*waits)).one()
    if stuck:
        yield Alarm("jobs_stuck", AMBER, facts={"count": stuck}, since=oldest + STUCK)
    full = (Job.verb == "ingest", Job.state == jobs.QUEUED, Job.error.startswith("ST-007"))
    waiting = session.scalar(select(func.count()).where(*full)) or 0
    if waiting:
        yield Alarm("intake_waits", RED, facts={"count": waiting})


def _reports(session: Session, tools: Tools) -> Iterator[Alarm]:
    """Yield the last reports that did not pass."""
    of_kind = select(func.max(Report.id)).where(Report.kind.in_(_REPORTS)).group_by(Report.kind)
    of_each = select(func.max(Report.id)).where(Report.kind.in_(_REPORTS_EACH))
    newest = union(of_kind, of_each.group_by(Report.kind, Report.subject))
    in_use = set(session.scalars(select(Medium.id).where(Medium.state == MediumState.IN_USE)))
    watched = {LOG, *tools.stores, *in_use}
    for row in session.scalars(select(Report).where(Report.id.in_(newest))):
        is_ours = row.kind in _REPORTS or row.subject in watched  # a lost disk alarms nobody any more
        if is_ours and row.outcome in (Outcome.FAILED, Outcome.NOT_RUN):
            level = RED if row.outcome == Outcome.FAILED else AMBER
            about = row.subject if row.subject in tools.stores else ""
            facts_ = {"kind": row.kind, "about": about, "outcome": row.outcome, "report": row.id}
            subject = row.kind if row.kind in _REPORTS else f"{row.kind}.{row.subject}"
            yield Alarm("report_failed", level, subject, facts_, row.at)


def _media(session: Session, now: datetime) -> Iterator[Alarm]:
    """Yield each offline medium that should have been brought by now (A125)."""
    for one in offline.overdue(session, now):
        told = {"name": one.name, "act": one.act, "days": one.days}
        yield Alarm("media_overdue", AMBER, f"{one.medium_id}.{one.act}", told, one.due)


def _system(session: Session, tools: Tools, now: datetime, looks: Looks) -> Iterator[Alarm]:
    if not timekeeping.trusted(session, now):
        yield Alarm("clock_doubted", RED)
    trouble = indexing.trouble_with(session, looks.index)
    if trouble:
        yield Alarm("index_wrong", AMBER, facts={"why": trouble})
    certificate = looks.certificate
    if certificate.trouble:
        yield Alarm("certificate_bad", RED, facts={"error": certificate.trouble})
    elif certificate.until is not None and certificate.until - now < timedelta(days=CERTIFICATE_DAYS):
        yield Alarm("certificate_ends", AMBER, facts={"days": max(0, (certificate.until - now).days)})


def _told(at: datetime | None) -> str:
    return "" if at is None else at.isoformat()


def worst(found: Sequence[Alarm]) -> str:
    """Return the worst level, "" where there is no alarm."""
    levels = {alarm.level for alarm in found}
    return RED if RED in levels else AMBER if AMBER in levels else ""
