"""Lets the check and the repair of one copy wait for each other.

A run that meets a copy while it is mended takes it last, after the repair; what
a check read before another verdict was written is old, and is read again
(check() in care.py compares tried_at). So a copy that was mended is never
written down as damaged afterwards.
"""

import time
from collections.abc import Iterator, Sequence

from sqlalchemy import select

from repository.models.job import FixityRun, Job
from repository.models.package import Copy
from repository.workflow import jobs
from repository.workflow.tools import Work

LOOK_EVERY = 0.2  # seconds between two looks at a repair that runs


def in_turn(work: Work, wanted: Sequence[str]) -> Iterator[str]:
    """Yield the copies of a run; one that is being mended comes last, unless its repair gave the verdict."""
    busy = []
    for copy_id in wanted:
        if copy_id in mended_now(work):
            busy.append(copy_id)
        else:
            yield copy_id
    for copy_id in busy:
        while copy_id in mended_now(work) and not work.stopping():
            time.sleep(LOOK_EVERY)
        if _awaits_verdict(work, copy_id):
            yield copy_id


def mended_now(work: Work) -> frozenset[str]:
    """Return the ids of the copies whose repair is running."""
    query = select(Job.lock_key).where(Job.verb == "repair", Job.state == jobs.RUNNING)
    with work.reading() as session:
        return frozenset(key.removeprefix("copy:") for key in session.scalars(query))


def _awaits_verdict(work: Work, copy_id: str) -> bool:
    """Return whether a copy has no verdict yet since the run began."""
    with work.reading() as session:
        run = session.get_one(FixityRun, work.args["run"])
        tried_at = session.get_one(Copy, copy_id).tried_at
        return tried_at is None or tried_at < run.started_at
