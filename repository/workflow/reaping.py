"""Clears up after a crash; never touches what stands in a store."""

import os
import shutil
import time
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import select
from sqlalchemy.orm import Session

from repository.models.item import Item
from repository.models.job import Job
from repository.workflow import deposit, facts, indexing, jobs, recovering, replicating, states
from repository.workflow.tools import Work
from storage.errors import StorageError

#: Unfinished things younger than this may still be in the making.
AGE_SECONDS = 3600
#: Scratch that nobody touched for so long has lost its maker (case F05); these folders are tidied by theirs.
SCRATCH_SECONDS = 24 * 3600
_TIDIED = frozenset({"exports", "imports"})


@dataclass(frozen=True, slots=True)
class Reaped:
    """How much was cleared or asked for again."""

    drafts: int
    staged: int
    asked: int
    scratch: int = 0


def reap(work: Work, *, age_seconds: int | None = None, uploads_seconds: int | None = None) -> Reaped:
    """Remove abandoned drafts, staged files and scratch, and ask again for work that lost its job.

    uploads_seconds is the age for staged files, where another process may be
    receiving one just now.
    """
    age = work.args.get("age_seconds", AGE_SECONDS) if age_seconds is None else age_seconds
    drafts = 0
    for store in work.tools.stores.values():
        try:
            store.probe()
            drafts += store.sweep_drafts(age)
        except StorageError:
            continue  # a store that is away is reported by the care page
    with work.reading() as session:
        keep = {*deposit.referenced(session), *recovering.waiting_for_rebuild(session, work.tools)}
    staged = work.tools.staging.sweep(keep, age if uploads_seconds is None else uploads_seconds)
    cleared = sweep_scratch(work.tools.scratch)
    with work.writing() as session:
        asked = _ask_again(work, session)
        facts.put(session, facts.LAST_REAPED, work.tools.clock().isoformat())
    return Reaped(drafts, staged, asked, cleared)


def sweep_scratch(folder: Path, *, older_than_seconds: float = SCRATCH_SECONDS) -> int:
    """Remove what lies in scratch and was not touched for so long; return how many things that were."""
    cleared = 0
    for place in sorted(folder.iterdir()) if folder.is_dir() else ():
        if place.name in _TIDIED or time.time() - _last_touched(place) < older_than_seconds:
            continue
        if place.is_dir() and not place.is_symlink():
            shutil.rmtree(place, ignore_errors=True)
        else:
            place.unlink(missing_ok=True)
        cleared += not os.path.lexists(place)
    return cleared


def _last_touched(place: Path) -> float:
    """Return when a thing, or anything in it, was changed last, in seconds since 1970."""
    newest = 0.0
    for root, folders, names in os.walk(place):
        for one in (root, *(os.path.join(root, name) for name in names)):
            newest = max(newest, _changed(one))
    return max(newest, _changed(str(place)))


def _changed(path: str) -> float:
    try:
        return os.lstat(path).st_mtime
    except FileNotFoundError:
        return 0.0  # gone meanwhile


def _ask_again(work: Work, session: Session) -> int:
    """Leave jobs for accepted items without one, for lacking copies, and for a wrong index."""
    waiting = session.scalars(select(Item.id).where(Item.state == states.ACCEPTED)).all()
    busy = set(session.scalars(select(Job.lock_key).where(Job.state.in_(("queued", "running", "parked")))))
    asked = 0
    for item_id in waiting:
        if f"item:{item_id}" not in busy:
            jobs.enqueue(session, "ingest", lock=f"item:{item_id}", dedup=f"ingest:{item_id}", item=item_id)
            asked += 1
    asked += replicating.catch_up(session, work.tools)
    indexing.check_index(session, work.tools)
    return asked


def reap_job(work: Work) -> None:
    """Run reap as a job."""
    reap(work)
