"""Does the work that a command asked for, or waits for the worker that does."""

import time
from collections.abc import Callable

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from repository.models.job import Job
from repository.workflow import leases, worker
from repository.workflow.errors import LeaseTaken
from repository.workflow.tools import Tools

Tell = Callable[[int, int], None]
LOOK = 0.5  # seconds


def finish_jobs(tools: Tools, verbs: set[str], tell: Tell) -> None:
    """Return when no job of these verbs waits or runs.

    This process does the work if no worker runs (one lease, case F08);
    otherwise it waits and shows how far the worker is. A job that waits for a
    store that is away is left to the worker.
    """
    while True:
        try:
            hired = worker.hire(tools)
        except LeaseTaken:
            if _wait(tools, verbs, tell):
                return
            continue
        try:
            hired.run(until_idle=True)
        finally:
            worker.dismiss(hired)
        return


def _wait(tools: Tools, verbs: set[str], tell: Tell) -> bool:
    """Wait while another worker works; return whether the jobs are done."""
    start = 0
    while True:
        with tools.database.reading() as session:
            left = _left(session, tools, verbs)
            held = leases.holder(session, leases.WORKER, tools.clock())
        start = max(start, left)
        tell(start - left, start)
        if not left or held is None:
            return not left
        time.sleep(LOOK)


def _left(session: Session, tools: Tools, verbs: set[str]) -> int:
    query = (
        select(func.count()).select_from(Job).where(Job.verb.in_(verbs), Job.state.in_(("queued", "running")))
    )
    return session.scalar(query.where(Job.run_after <= tools.clock())) or 0
