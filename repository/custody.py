"""What was written down about copies and runs: their histories.

Built on queries.py: a title is told only where the item itself may be seen;
that a copy exists and how it fares may be seen by whoever cares for copies.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from repository import queries
from repository.models.event import Event
from repository.models.item import Item
from repository.models.job import FixityRun
from repository.models.package import Copy, Package
from repository.models.watch import Report
from repository.permissions import Actor
from repository.queries import TroubledCopy

FIXITY_CHECK = "fixity check"
REPAIR = "repair"  # the kind of a report


def kept_copy(session: Session, actor: Actor, copy_id: str) -> TroubledCopy:
    """Return one copy with its package, and its item if actor may see it. Raises NotVisible."""
    copy = queries.copy(session, copy_id)
    package: Package = copy.package
    seen = queries.items(session, actor, (package.item_id,))
    return TroubledCopy(copy, package, seen.get(package.item_id))


def copy_events(session: Session, copy: Copy, *, limit: int = 100) -> Sequence[Event]:
    """Return the events that tell of this very copy (its store and version), newest first."""
    query = select(Event).where(
        Event.object_kind == "item",
        Event.object_id == copy.package.item_id,
        Event.facts["store"].as_string() == copy.store_id,
        Event.facts["version"].as_integer() == copy.package.version,
    )
    return session.scalars(query.order_by(Event.sequence.desc()).limit(limit)).all()


@dataclass(frozen=True, slots=True)
class RunTrouble:
    """A check of a run that did not end well; item only where actor may see it."""

    event: Event
    item: Item | None


def run_troubles(session: Session, actor: Actor, run: FixityRun, *, limit: int = 200) -> list[RunTrouble]:
    """Return the checks that did not end well while a run was under way, in their order."""
    query = select(Event).where(
        Event.type == FIXITY_CHECK,
        Event.object_kind == "item",
        Event.outcome != "passed",
        Event.at >= run.started_at,
    )
    if run.finished_at is not None:
        query = query.where(Event.at <= run.finished_at)
    rows = session.scalars(query.order_by(Event.sequence).limit(limit)).all()
    seen = queries.items(session, actor, {row.object_id for row in rows})
    return [RunTrouble(row, seen.get(row.object_id)) for row in rows]


@dataclass(frozen=True, slots=True)
class RepairTold:
    """The report on one repair; item only where actor may see it."""

    report: Report
    item: Item | None


def repair_reports(session: Session, actor: Actor, *, limit: int = 20, skip: int = 0) -> list[RepairTold]:
    """Return the reports on repairs, newest first; titles only of visible items."""
    query = select(Report).where(Report.kind == REPAIR).order_by(Report.id.desc())
    rows = session.scalars(query.limit(limit).offset(skip)).all()
    seen = queries.items(session, actor, {row.subject for row in rows})
    return [RepairTold(row, seen.get(row.subject)) for row in rows]


def repair_count(session: Session) -> int:
    """Return how many reports on repairs there are."""
    return session.scalar(select(func.count()).select_from(Report).where(Report.kind == REPAIR)) or 0


def repair_report(session: Session, actor: Actor, report_id: int) -> RepairTold | None:
    """Return one report on a repair, None where there is none of that number."""
    row = session.get(Report, report_id)
    if row is None or row.kind != REPAIR:
        return None
    return RepairTold(row, queries.items(session, actor, (row.subject,)).get(row.subject))


def repairs_of(session: Session, copy: Copy, *, limit: int = 5) -> Sequence[Report]:
    """Return the last reports on repairs of one copy, newest first."""
    query = select(Report).where(
        Report.kind == REPAIR,
        Report.subject == copy.package.item_id,
        Report.facts["copy"].as_string() == copy.id,
    )
    return session.scalars(query.order_by(Report.id.desc()).limit(limit)).all()
