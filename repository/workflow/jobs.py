"""The job row: slow work, put in line in the caller's own transaction.

The job exists exactly if the commit did (transactional outbox). Who runs it,
claims it here: one transaction, one job, never two with the same lock key.
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session, aliased

from repository.models.job import Job

QUEUED, RUNNING, DONE, PARKED = "queued", "running", "done", "parked"
MAX_ATTEMPTS = 3  # B28, B29: a job that kills its worker is parked after three
FIRST, SOON, LATER = 1, 5, 9
RETRY_AFTER = timedelta(seconds=20)
FURTHEST = timedelta(days=2)  # nothing is ever put off for longer


def enqueue(
    session: Session,
    verb: str,
    *,
    priority: int = SOON,
    lock: str = "",
    dedup: str = "",
    run_after: datetime | None = None,
    **args: Any,
) -> Job:
    """Put work in line and return its row; a queued job with the same dedup key is enough."""
    if dedup:
        waiting = session.scalars(select(Job).where(Job.dedup_key == dedup, Job.state == QUEUED)).first()
        if waiting is not None:
            return waiting
    job = Job(verb=verb, args=args, priority=priority, lock_key=lock, dedup_key=dedup)
    if run_after is not None:
        job.run_after = run_after
    session.add(job)
    session.flush()
    return job


def ask_index(session: Session) -> Job:
    """Leave the one job that tells the index of everything changed."""
    return enqueue(session, "index", priority=FIRST, lock="index", dedup="index")


def ask_seal(session: Session) -> Job:
    """Leave the one job that seals what both logs have new."""
    return enqueue(session, "seal", priority=LATER, lock="seal", dedup="seal")


def ask_derive(session: Session, item_id: str) -> Job:
    """Leave the job that makes the previews of an item; two for one item never run at once."""
    key = f"derive:{item_id}"
    return enqueue(session, "derive", priority=LATER, lock=key, dedup=key, item=item_id)


def any_ready(session: Session, now: datetime) -> bool:
    """Return whether a job may be waiting; cheap, and without the write lock."""
    return (
        session.scalars(select(Job.id).where(Job.state == QUEUED, Job.run_after <= now).limit(1)).first()
        is not None
    )


def claim(session: Session, holder: str, now: datetime, *, skip: tuple[str, ...] = ()) -> Job | None:
    """Take the next job that may run, or None; the caller commits at once. skip names verbs to leave."""
    other = aliased(Job)
    busy = select(other.id).where(
        other.state == RUNNING, other.lock_key == Job.lock_key, other.lock_key != ""
    )
    ready = (
        select(Job)
        .where(Job.state == QUEUED, Job.run_after <= now, Job.verb.not_in(skip), ~busy.exists())
        .order_by(Job.priority, Job.run_after, Job.id)
        .limit(1)
    )
    job = session.scalars(ready).first()
    if job is not None:
        job.state, job.holder, job.started_at, job.attempts = RUNNING, holder, now, job.attempts + 1
    return job


@dataclass(frozen=True, slots=True)
class Claim:
    """A job that a worker took: holder and attempt together name one run of it."""

    job_id: int
    holder: str
    attempt: int


def _claimed(session: Session, claim: Claim) -> Job | None:
    """Return the job if it is still this run's, None if it was given to another meanwhile (B27)."""
    job = session.get_one(Job, claim.job_id)
    is_own = job.state == RUNNING and job.holder == claim.holder and job.attempts == claim.attempt
    return job if is_own else None


def finish(session: Session, claim: Claim, now: datetime) -> bool:
    """Mark a job as done; return False, and change nothing, where it is another run's by now."""
    job = _claimed(session, claim)
    if job is None:
        return False
    job.state, job.finished_at, job.error = DONE, now, ""
    return True


def fail(session: Session, claim: Claim, *, error: str, now: datetime) -> bool:
    """Put a failed job back in line with a growing pause, or park it; False where it is another run's."""
    job = _claimed(session, claim)
    if job is None:
        return False
    job.error = error[:2000]
    if job.attempts < MAX_ATTEMPTS:
        job.state, job.run_after = QUEUED, now + RETRY_AFTER * 3 ** (job.attempts - 1)
    else:
        job.state, job.finished_at = PARKED, now
    return True


def postpone(session: Session, claim: Claim, *, until: datetime, error: str) -> bool:
    """Put a job back without counting the try: what it needs is not there now. False as in finish."""
    job = _claimed(session, claim)
    if job is None:
        return False
    job.state, job.run_after, job.error = QUEUED, until, error[:2000]
    job.attempts -= 1
    return True


def release_orphans(session: Session, holder: str, now: datetime) -> int:
    """Put running jobs of dead workers back in line and return how many.

    Only the holder of the worker lease calls this, so whatever runs under
    another name has lost its process. A job that was begun three times and
    never ended is parked: it may be what kills the worker (B29).
    """
    dead = (Job.state == RUNNING, Job.holder != holder)
    session.execute(
        update(Job)
        .where(*dead, Job.attempts >= MAX_ATTEMPTS)
        .values(state=PARKED, finished_at=now, error="the worker died three times at this job")
    )
    result = session.execute(update(Job).where(*dead).values(state=QUEUED, run_after=now))
    return int(result.rowcount)  # type: ignore[attr-defined]


def bring_back(session: Session, now: datetime) -> int:
    """Let jobs run now that were put in line under a clock that was ahead; return how many (P19)."""
    ahead = (Job.state == QUEUED, Job.run_after > now + FURTHEST)
    result = session.execute(update(Job).where(*ahead).values(run_after=now, created_at=now))
    return int(result.rowcount)  # type: ignore[attr-defined]


def progress(session: Session, job_id: int, done: int, total: int) -> None:
    """Keep how far a job is."""
    session.execute(update(Job).where(Job.id == job_id).values(done=done, total=total))


def retry(session: Session, job: Job, now: datetime) -> None:
    """Let a parked job run again."""
    job.state, job.attempts, job.run_after, job.finished_at = QUEUED, 0, now, None


def counts(session: Session) -> dict[str, int]:
    """Return how many jobs there are in each state."""
    rows = session.execute(select(Job.state, func.count()).group_by(Job.state))
    return {state: count for state, count in rows}


def waiting(session: Session, verbs: Collection[str]) -> frozenset[str]:
    """Return which of these verbs wait or run now."""
    query = select(Job.verb).where(Job.verb.in_(tuple(verbs)), Job.state.in_((QUEUED, RUNNING)))
    return frozenset(session.scalars(query))
