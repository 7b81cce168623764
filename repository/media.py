"""What is known of offline media: the only door to read them.

Numbers and places, no titles: whoever may see the care page may see these.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import Select, func, select
from sqlalchemy.orm import Session

from repository.models.job import Job
from repository.models.keeping import Medium, MediumState
from repository.models.package import Copy, Package
from repository.models.watch import Report

WRITE, CHECK = "medium_write", "medium_check"


@dataclass(frozen=True, slots=True)
class MediumFigures:
    """One medium and what it holds: copies, those found bad, packages not yet on it and their bytes."""

    medium: Medium
    copies: int
    good: int
    bad: int
    waiting: int
    waiting_bytes: int


def figures(session: Session, medium_id: str = "") -> list[MediumFigures]:
    """Return every medium (or one), those in use first, by name."""
    query = select(Medium).order_by(Medium.state != MediumState.IN_USE, Medium.name)
    media = session.scalars(query.where(Medium.id == medium_id) if medium_id else query).all()
    return _rows(session, media)


@dataclass(frozen=True, slots=True)
class _Held:
    copies: int = 0
    good: int = 0
    bad: int = 0
    size: int = 0


def _rows(session: Session, media: Sequence[Medium]) -> list[MediumFigures]:
    """Count what lies on each medium, and what does not."""
    good = func.count().filter(Copy.state == "ok")
    bad = func.count().filter(Copy.state.in_(("damaged", "missing", "unreadable")))
    query = select(Copy.store_id, func.count(), good, bad, func.sum(Package.byte_count))
    query = query.join(Package).where(Copy.store_id.in_([one.id for one in media])).group_by(Copy.store_id)
    held = {row[0]: _Held(row[1], row[2], row[3], row[4]) for row in session.execute(query)}
    packages, size = session.execute(
        select(func.count(), func.coalesce(func.sum(Package.byte_count), 0)).select_from(Package)
    ).one()
    told = []
    for one in media:
        there = held.get(one.id, _Held())
        lacking = one.state == MediumState.IN_USE
        waiting = MediumFigures(
            medium=one,
            copies=there.copies,
            good=there.good,
            bad=there.bad,
            waiting=packages - there.copies if lacking else 0,
            waiting_bytes=size - there.size if lacking else 0,
        )
        told.append(waiting)
    return told


def under_way(session: Session, medium_id: str) -> Job | None:
    """Return the work on a medium that waits or runs."""
    return session.scalars(_work(medium_id).where(Job.state.in_(("queued", "running")))).first()


def last_failure(session: Session, medium_id: str) -> Job | None:
    """Return the last work on a medium if it was given up."""
    job = session.scalars(_work(medium_id)).first()
    return job if job is not None and job.state == "parked" else None


def _work(medium_id: str) -> Select[Job]:
    return select(Job).where(Job.lock_key == lock(medium_id)).order_by(Job.id.desc()).limit(1)


def lock(medium_id: str) -> str:
    """Return what two works on one medium may not hold at once."""
    return f"medium:{medium_id}"


def reports(session: Session, medium_id: str, *, limit: int) -> list[Report]:
    """Return what was last written to and read from a medium."""
    query = select(Report).where(Report.kind == "medium", Report.subject == medium_id)
    return list(session.scalars(query.order_by(Report.id.desc()).limit(limit)))


def names(session: Session) -> dict[str, str]:
    """Return the names of all media by id."""
    return {row.id: row.name for row in session.execute(select(Medium.id, Medium.name))}
