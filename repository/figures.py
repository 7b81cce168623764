"""The numbers about copies, runs, jobs and holdings; no titles are told here.

Whoever may see the care page or the statistics may see these: they count
over everything, also over what the reader of the page may not open.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from repository.models.event import Event
from repository.models.item import Item
from repository.models.job import FixityRun, Job
from repository.models.package import Copy, Package, PackagedFile
from repository.models.watch import Report
from repository.permissions import CATALOGUED
from repository.policies import Rules

TROUBLED = ("damaged", "missing", "unreadable")


@dataclass(frozen=True, slots=True)
class CareFigures:
    """How the copies fare. The states add up to copies.

    files counts the files of all packages once per copy. oldest is the
    check longest ago, None where no copy was ever checked. overdue were not
    read in time, asked are to be read again after an event (a move, a restore).
    invalid: the last run's checker missed a planted damage.
    """

    items: int
    copies: int
    ok: int
    damaged: int
    missing: int
    unreadable: int
    unknown: int
    files: int
    bytes: int
    oldest: datetime | None
    lost: int
    under_copied: int
    overdue: int = 0
    asked: int = 0
    invalid: bool = False

    @property
    def troubled(self) -> int:
        """Return how many copies need someone to act."""
        return self.damaged + self.missing + self.unreadable


def care_figures(session: Session, rules: Rules) -> CareFigures:
    """Return the figures of the care dashboard (numbers only, no titles), by the rules in force."""
    states = session.execute(select(Copy.state, func.count()).group_by(Copy.state))
    by_state = {state: count for state, count in states}
    kept = select(
        func.coalesce(func.sum(Package.file_count), 0),
        func.coalesce(func.sum(Package.byte_count), 0),
        func.min(Copy.checked_at),
    ).join(Copy, Copy.package_id == Package.id)
    few = select(Package.id).outerjoin(Copy).group_by(Package.id).having(rules.is_short())
    if rules.units:
        few = few.join(Item, Item.id == Package.item_id).group_by(Item.collection_id)
    copies = select(func.count()).select_from(Copy)
    last_run = select(FixityRun.invalid).where(FixityRun.finished_at.is_not(None))
    counts = (
        select(func.count()).select_from(Item).where(Item.state.in_(CATALOGUED)),
        copies.where(func.json_array_length(Copy.lost) > 0),
        select(func.count()).select_from(few.subquery()),
        copies.where(rules.is_overdue()),
        copies.where(Copy.asked_at.is_not(None)),
        last_run.order_by(FixityRun.id.desc()).limit(1),
    )
    told = session.execute(kept.add_columns(*(count.scalar_subquery() for count in counts))).one()
    return CareFigures(
        items=told[3],
        copies=sum(by_state.values()),
        ok=by_state.get("ok", 0),
        damaged=by_state.get("damaged", 0),
        missing=by_state.get("missing", 0),
        unreadable=by_state.get("unreadable", 0),
        unknown=by_state.get("unknown", 0),
        files=told[0],
        bytes=told[1],
        oldest=told[2],
        lost=told[4],
        under_copied=told[5],
        overdue=told[6],
        asked=told[7],
        invalid=bool(told[8]),
    )


def troubled_count(session: Session) -> int:
    """Return how many copies are damaged, missing or unreadable."""
    return session.scalar(select(func.count()).select_from(Copy).where(Copy.state.in_(TROUBLED))) or 0


def copies_per_store(session: Session) -> dict[str, dict[str, int]]:
    """Return how many copies each store holds, per state."""
    found: dict[str, dict[str, int]] = {}
    for store_id, state, count in session.execute(
        select(Copy.store_id, Copy.state, func.count()).group_by(Copy.store_id, Copy.state)
    ):
        found.setdefault(store_id, {})[state] = count
    return found


def not_replicated(session: Session, store_ids: Collection[str]) -> int:
    """Return how many copies are still to be made: each package belongs into each store."""
    packages = select(func.count()).select_from(Package).scalar_subquery()
    there = select(func.count()).select_from(Copy).where(Copy.store_id.in_(tuple(store_ids)))
    return session.scalar(select(packages * len(store_ids) - there.scalar_subquery())) or 0


def fixity_runs(session: Session, *, limit: int = 20, skip: int = 0) -> Sequence[FixityRun]:
    """Return the last fixity runs, newest first."""
    query = select(FixityRun).order_by(FixityRun.id.desc())
    return session.scalars(query.limit(limit).offset(skip)).all()


def fixity_run_count(session: Session) -> int:
    """Return how many fixity runs there were."""
    return session.scalar(select(func.count()).select_from(FixityRun)) or 0


def has_ended_run(session: Session) -> bool:
    """Return whether a fixity run ever came to its end."""
    query = select(FixityRun.id).where(FixityRun.finished_at.is_not(None)).limit(1)
    return session.scalars(query).first() is not None


def report_kinds(session: Session) -> frozenset[str]:
    """Return of which kinds there is a report."""
    return frozenset(session.scalars(select(Report.kind).distinct()))


def fixity_run(session: Session, run_id: int) -> FixityRun | None:
    """Return one run, None where there is no such run."""
    return session.get(FixityRun, run_id)


def run_under_way(session: Session) -> FixityRun | None:
    """Return the run that waits or runs, None where none does."""
    return session.scalars(select(FixityRun).where(FixityRun.finished_at.is_(None)).limit(1)).first()


def open_jobs(session: Session, *, limit: int = 50) -> Sequence[Job]:
    """Return jobs that wait, run or were given up."""
    query = select(Job).where(Job.state != "done").order_by(Job.state, Job.priority, Job.id).limit(limit)
    return session.scalars(query).all()


@dataclass(frozen=True, slots=True)
class LineFigures:
    """How the worker's line fares: jobs that wait or run, those that do so for too long, those given up."""

    open: int
    stuck: int
    parked: int


def line_figures(session: Session, *, stuck_before: datetime) -> LineFigures:
    """Return how the worker's line fares; stuck is what is open and older than that time."""
    is_open = Job.state.in_(("queued", "running"))
    counts = (
        func.count().filter(is_open),
        func.count().filter(is_open, Job.created_at < stuck_before),
        func.count().filter(Job.state == "parked"),
    )
    return LineFigures(*session.execute(select(*counts).where(Job.state != "done")).one())


def parked_count(session: Session) -> int:
    """Return how many jobs were given up."""
    return session.scalar(select(func.count()).select_from(Job).where(Job.state == "parked")) or 0


def job(session: Session, job_id: int) -> Job | None:
    """Return one job, None where there is no such job."""
    return session.get(Job, job_id)


def in_repair(session: Session) -> frozenset[str]:
    """Return the ids of the copies whose repair waits or runs."""
    query = select(Job.lock_key).where(Job.verb == "repair", Job.state.in_(("queued", "running")))
    return frozenset(key.removeprefix("copy:") for key in session.scalars(query))


def last_event(session: Session, event_type: str = "") -> Event | None:
    """Return the event written last (of one type), None where there is none."""
    query = select(Event).where(Event.type == event_type) if event_type else select(Event)
    return session.scalars(query.order_by(Event.sequence.desc()).limit(1)).first()


@dataclass(frozen=True, slots=True)
class Amount:
    """How much there is of something: items, original files, their bytes."""

    name: str
    items: int
    files: int
    bytes: int


@dataclass(frozen=True, slots=True)
class Holdings:
    """What the archive holds, counted in several ways; years are those of taking in, as text."""

    by_category: Sequence[Amount]
    by_kind: Sequence[Amount]
    by_access: Sequence[Amount]
    by_depositor: Sequence[Amount]
    by_year: dict[str, dict[str, int]]  # category -> year -> items

    @property
    def total(self) -> Amount:
        """Return the sum over all categories."""
        rows = self.by_category
        return Amount("", sum(r.items for r in rows), sum(r.files for r in rows), sum(r.bytes for r in rows))

    @property
    def years(self) -> list[str]:
        """Return every year in which something was taken in, in order."""
        return sorted({year for counted in self.by_year.values() for year in counted})

    @property
    def heads(self) -> list[tuple[str, str]]:
        """Return the years as heads of columns of numbers."""
        return [(year, "num") for year in self.years]

    def in_year(self, year: str) -> int:
        """Return how many items were taken in that year."""
        return sum(counted.get(year, 0) for counted in self.by_year.values())


def holdings(session: Session, *, utc_offset_hours: int) -> Holdings:
    """Return what the archive holds; the offset tells which year an hour belongs to."""
    year = func.strftime("%Y", Item.created_at, f"{utc_offset_hours:+d} hours")
    query = select(Item.category, year, func.count()).where(Item.state.in_(CATALOGUED))
    by_year: dict[str, dict[str, int]] = {}
    for category, taken_in, count in session.execute(query.group_by(Item.category, year)):
        by_year.setdefault(category, {})[taken_in] = count
    return Holdings(
        by_category=_amounts(session, "category"),
        by_kind=_amounts(session, "kind"),
        by_access=_amounts(session, "access_level"),
        by_depositor=_amounts(session, "depositor_name"),
        by_year=by_year,
    )


def _amounts(session: Session, by: str) -> Sequence[Amount]:
    """Return amounts of catalogued items by one column, most items first."""
    column = getattr(Item, by)
    items = func.count(Item.id.distinct())
    query = (
        select(column, items, func.count(PackagedFile.id), func.coalesce(func.sum(PackagedFile.size), 0))
        .select_from(Item)
        .outerjoin(Package, (Package.item_id == Item.id) & (Package.version == Item.version))
        .outerjoin(PackagedFile, (PackagedFile.package_id == Package.id) & (PackagedFile.role == "object"))
        .where(Item.state.in_(CATALOGUED))
        .group_by(column)
        .order_by(items.desc(), column)
    )
    return [Amount(*row) for row in session.execute(query)]
