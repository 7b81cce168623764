"""Clears up after a crash; never touches what stands in a store."""

from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from repository.models.item import Item
from repository.models.job import Job
from repository.workflow import deposit, facts, indexing, jobs, replicating, states
from repository.workflow.tools import Work
from storage.errors import StorageError

#: Unfinished things younger than this may still be in the making.
AGE_SECONDS = 3600


@dataclass(frozen=True, slots=True)
class Reaped:
    """How much was cleared or asked for again."""

    drafts: int
    staged: int
    asked: int


def reap(work: Work, *, age_seconds: int | None = None) -> Reaped:
    """Remove abandoned drafts and staged files, and ask again for work that lost its job."""
    age = work.args.get("age_seconds", AGE_SECONDS) if age_seconds is None else age_seconds
    drafts = 0
    for store in work.tools.stores.values():
        try:
            store.probe()
            drafts += store.sweep_drafts(age)
        except StorageError:
            continue  # a store that is away is reported by the care page
    with work.reading() as session:
        keep = deposit.referenced(session)
    staged = work.tools.staging.sweep(set(keep), age)
    with work.writing() as session:
        asked = _ask_again(work, session)
        facts.put(session, facts.LAST_REAPED, work.tools.clock().isoformat())
    return Reaped(drafts, staged, asked)


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
