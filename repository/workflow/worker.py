"""Runs jobs: name -> verb, a few threads, one process under a lease.

EVERY JOB MAY RUN TWICE: a step first asks the catalogue whether it is done.
APScheduler is the clock and nothing more; the lease row decides who works.
This loop is one of the two places that catch every exception: a job that
fails is told about in its row and tried again, never swallowed.
"""

import logging
import threading
import time
import traceback
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from apscheduler.schedulers.background import BackgroundScheduler
from sqlalchemy.orm import Session

from repository.models.job import Job
from repository.permissions import Actor
from repository.workflow import (
    backup_rounds,
    drilling,
    facts,
    heartbeats,
    jobs,
    leases,
    locating,
    planning,
    rounds,
    timekeeping,
    watching,
)
from repository.workflow.tools import Tools, Work
from repository.workflow.verbs import VERBS
from storage.errors import StorageError

log = logging.getLogger("jingui.worker")

PAUSE = 0.3  # seconds between two looks at an empty line
INDEX_REST = 0.7  # seconds between two commits of the index: what comes meanwhile goes in with one
RENEW_EVERY = 8.0  # seconds; the lease lasts 30
AWAY = timedelta(minutes=5)  # a store that is full or away is tried again after this


@dataclass(slots=True)
class Worker:
    """One worker: claims jobs and runs them until it is stopped."""

    tools: Tools
    held: leases.Held
    stopping: threading.Event = field(default_factory=threading.Event)
    lost: bool = False
    index_rests_until: float = 0.0  # monotonic

    @property
    def _index_rests(self) -> bool:
        return time.monotonic() < self.index_rests_until

    def run(self, *, until_idle: bool = False) -> None:
        """Run jobs until stopped, or until none is left that may run now.

        A job whose end cannot be written down (a locked catalogue) ends the
        worker with that error: the next worker finds the job and runs it again.
        """
        threads = max(1, self.tools.settings.worker_threads)
        with ThreadPoolExecutor(threads, thread_name_prefix="job") as pool:
            try:
                self._loop(pool, threads, until_idle=until_idle)
            finally:
                self.stopping.set()  # also after Ctrl-C: what runs stops at its next step

    def work_off(self) -> None:
        """Run all jobs that may run now, one after the other in this very thread."""
        while job := self._claim(index_rests=False):
            self._run_one(job)

    def _loop(self, pool: ThreadPoolExecutor, threads: int, *, until_idle: bool) -> None:
        running: list[Future[None]] = []
        next_renewal = 0.0
        while not self.stopping.is_set():
            if time.monotonic() >= next_renewal:
                if not self._renew():
                    return
                next_renewal = time.monotonic() + RENEW_EVERY
            for ended in [future for future in running if future.done()]:
                running.remove(ended)
                ended.result()
            rests = self._index_rests  # asked once: a rest that ends meanwhile is not nothing to do
            job = self._claim(index_rests=rests) if len(running) < threads else None
            if job is not None:
                running.append(pool.submit(self._run_one, job))
            elif until_idle and not running and not rests:
                return
            else:
                self.stopping.wait(PAUSE if not until_idle else 0.02)

    def _renew(self) -> bool:
        with self.tools.database.writing.begin() as session:
            kept = leases.renew(session, self.held, self.tools.clock())
            facts.put(session, facts.CLOCK_ALIVE, self.tools.clock().isoformat())
            heartbeats.beat(session, heartbeats.WORKER, self.tools.clock())
            timekeeping.mark(session, self.tools.clock())
        if not kept:
            log.error("the worker lease has gone to another process; stopping")
            self.lost = True
        return kept

    def _claim(self, *, index_rests: bool) -> Job | None:
        with self.tools.database.reading() as session:
            if not jobs.any_ready(session, self.tools.clock()):
                return None
        with self.tools.database.writing.begin() as session:
            skip = ("index",) if index_rests else ()
            job = jobs.claim(session, self.held.holder, self.tools.clock(), skip=skip)
            if job is not None:
                session.flush()
                session.expunge(job)
            return job

    def _run_one(self, job: Job) -> None:
        work = Work(self.tools, dict(job.args), self._teller(job.id), self.stopping.is_set, _asker(job))
        self._begin(job)
        try:
            VERBS[job.verb](work)
            if job.verb == "index":
                self.index_rests_until = time.monotonic() + INDEX_REST
        except StorageError as error:
            self._store_trouble(job, error)
        except InterruptedError as pause:
            with self.tools.database.writing.begin() as session:
                jobs.postpone(session, _claim_of(job), until=self.tools.clock(), error=str(pause))
        except Exception as error:  # the job loop: told in the row, tried again, parked after three
            log.error("job %s %s failed\n%s", job.id, job.verb, traceback.format_exc())
            told = f"{type(error).__name__}: {error}"
            with self.tools.database.writing.begin() as session:
                jobs.fail(session, _claim_of(job), error=told, now=self.tools.clock())
                self._end(session, job, trouble=told)
        else:
            with self.tools.database.writing.begin() as session:
                jobs.finish(session, _claim_of(job), self.tools.clock())
                self._end(session, job)

    def _begin(self, job: Job) -> None:
        """Note that a regular duty begins."""
        if job.verb in heartbeats.DUTIES:
            with self.tools.database.writing.begin() as session:
                heartbeats.began(session, job.verb, self.tools.clock())

    def _end(self, session: Session, job: Job, *, trouble: str = "") -> None:
        if job.verb in heartbeats.DUTIES:
            heartbeats.ended(session, job.verb, self.tools.clock(), trouble=trouble)

    def _store_trouble(self, job: Job, error: StorageError) -> None:
        log.warning("job %s %s: %s", job.id, job.verb, error)
        with self.tools.database.writing.begin() as session:
            if error.retryable:
                jobs.postpone(session, _claim_of(job), until=self.tools.clock() + AWAY, error=str(error))
            else:
                jobs.fail(session, _claim_of(job), error=str(error), now=self.tools.clock())
            self._end(session, job, trouble=str(error))

    def _teller(self, job_id: int) -> Callable[[int, int], None]:
        last = [0.0]

        def tell(done: int, total: int) -> None:
            if time.monotonic() - last[0] < 0.5 and done < total:
                return
            last[0] = time.monotonic()
            with self.tools.database.writing.begin() as session:
                jobs.progress(session, job_id, done, total)

        return tell


def _claim_of(job: Job) -> jobs.Claim:
    return jobs.Claim(job.id, job.holder, job.attempts)


def _asker(job: Job) -> Actor | None:
    name = job.args.get("asked_by")
    return None if name is None else Actor(None, name, frozenset(), "person")


def hire(tools: Tools) -> Worker:
    """Return a worker that holds the lease, or raise LeaseTaken.

    What a dead worker left running is put back in line.
    """
    now = tools.clock()
    with tools.database.writing.begin() as session:
        held = leases.take(session, leases.WORKER, now)
        jobs.release_orphans(session, held.holder, now)
    return Worker(tools, held)


def dismiss(worker: Worker) -> None:
    """Give the lease back."""
    worker.stopping.set()
    if not worker.lost:
        with worker.tools.database.writing.begin() as session:
            leases.give_back(session, worker.held, worker.tools.clock())


def drain(tools: Tools, *, in_this_thread: bool = False) -> None:
    """Do all work that can be done now, then return. Raises LeaseTaken."""
    worker = hire(tools)
    try:
        if in_this_thread:
            worker.work_off()
        else:
            worker.run(until_idle=True)
    finally:
        dismiss(worker)


def clock(tools: Tools) -> BackgroundScheduler:
    """Return the started clock that puts due rounds in line."""
    scheduler = BackgroundScheduler(timezone=None)
    rounds.begin(tools, VERBS)
    scheduler.add_job(rounds.tick, "interval", minutes=5, args=[tools])
    scheduler.add_job(rounds.ask, "interval", hours=6, args=[tools, "carry_log"])
    scheduler.add_job(rounds.ask, "interval", minutes=10, args=[tools, "watch"])
    daily = {"hour": watching.DIGEST_HOUR, "misfire_grace_time": 3600 * 15}
    scheduler.add_job(rounds.ask, "cron", args=[tools, "digest"], **daily)
    scheduler.add_job(
        _begin_round, "cron", hour=tools.settings.fixity_hour, args=[tools], misfire_grace_time=3600 * 20
    )
    soon = datetime.now(UTC) + timedelta(minutes=1)  # a machine that is off at night begins now
    scheduler.add_job(_begin_round, "interval", minutes=20, args=[tools], next_run_time=soon)
    for ask_due in (backup_rounds.ask_due, drilling.ask_due):
        scheduler.add_job(rounds.when_due, "interval", hours=1, args=[tools, ask_due], next_run_time=soon)
    scheduler.add_job(rounds.ask, "interval", minutes=15, args=[tools, "reap"])
    scheduler.add_job(rounds.catch_up, "interval", minutes=30, args=[tools], next_run_time=datetime.now(UTC))
    scheduler.add_job(rounds.ask, "interval", hours=1, args=[tools, "tidy_exchange"])
    scheduler.add_job(rounds.ask, "interval", minutes=5, args=[tools, "receipts"])
    weekly = {"day_of_week": "sun", "hour": 5, "misfire_grace_time": 3600 * 24}
    scheduler.add_job(rounds.ask, "cron", args=[tools, "stocktake"], **weekly)
    scheduler.add_job(rounds.ask, "cron", args=[tools, "audit_verify"], **weekly)
    scheduler.add_job(rounds.ask, "interval", hours=6, args=[tools, "anchor"], next_run_time=soon)
    scheduler.add_job(rounds.ask, "interval", hours=24, args=[tools, "quarantine"])
    scheduler.start()
    return scheduler


def _begin_round(tools: Tools) -> None:
    """Begin the night's round, also where the machine slept through the night, or one for what presses."""
    locating.refresh(tools)
    there = planning.answering(tools)
    rounds.in_transaction(tools, lambda session: planning.start_round(session, tools, there=there))
