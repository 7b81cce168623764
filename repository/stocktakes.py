"""The reports of stocktakes (清点): which there are, and which copies they speak of.

Places of packages are told, never titles: whoever may see the care page may see these.
"""

from collections.abc import Collection, Sequence

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from repository.models.job import Job
from repository.models.package import Copy, Package
from repository.models.watch import Report

VERB = "stocktake"  # the job's name
REPORT = "audit"  # kind of the report; its subject is the store
_OURS = (Report.kind == REPORT, func.json_type(Report.facts, "$.codes") == "object")
_BATCH = 200


def reports(session: Session, *, limit: int, skip: int = 0) -> Sequence[Report]:
    """Return the last reports, newest first."""
    query = select(Report).where(*_OURS).order_by(Report.id.desc())
    return session.scalars(query.limit(limit).offset(skip)).all()


def report_count(session: Session) -> int:
    """Return how many reports there are."""
    return session.scalar(select(func.count()).select_from(Report).where(*_OURS)) or 0


def report(session: Session, report_id: int) -> Report | None:
    """Return one report of a stocktake, None where there is none of that number."""
    return session.scalars(select(Report).where(*_OURS, Report.id == report_id)).first()


def under_way(session: Session) -> Sequence[Job]:
    """Return the stocktakes that wait or run; done of total parts tells how far each is."""
    active = select(Job).where(Job.verb == VERB, Job.state.in_(("queued", "running")))
    return session.scalars(active.order_by(Job.id)).all()


def copies_at(session: Session, store_id: str, prefixes: Collection[str]) -> dict[str, str]:
    """Return the ids of the copies of a store that should stand at these places, by place."""
    named = sorted(set(prefixes))[:_BATCH]
    query = select(Package.prefix, Copy.id).join(Copy).where(Package.prefix.in_(named))
    rows = session.execute(query.where(Copy.store_id == store_id))
    return {prefix: copy_id for prefix, copy_id in rows}
