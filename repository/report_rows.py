"""The reports of drills, backups and upgrades, as pages and commands read them.

Reports hold figures and verdicts, never the content of an item, so no access
tag narrows them; the routes that show them name their act.
"""

from collections.abc import Sequence

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from repository.models.watch import Report


def newest(session: Session, kind: str) -> Report | None:
    """Return the newest report of a kind, None where there is none."""
    return next(iter(listed(session, kind, limit=1)), None)


def listed(session: Session, kind: str, *, limit: int = 20, skip: int = 0) -> Sequence[Report]:
    """Return the reports of a kind, newest first."""
    query = select(Report).where(Report.kind == kind).order_by(Report.id.desc())
    return session.scalars(query.limit(limit).offset(skip)).all()


def counted(session: Session, kind: str) -> int:
    """Return how many reports of a kind there are."""
    return session.scalar(select(func.count()).select_from(Report).where(Report.kind == kind)) or 0


def one(session: Session, kind: str, report_id: int) -> Report | None:
    """Return one report of a kind, None where there is none of that number."""
    found = session.get(Report, report_id)
    return found if found is not None and found.kind == kind else None
