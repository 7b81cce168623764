"""Leases and the worker: one process works, whoever comes late stops."""

import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest
from sqlalchemy import select

from repository.models.event import Event
from repository.models.job import FixityRun, Job, Lease
from repository.workflow import care, facts, jobs, leases, worker
from repository.workflow.errors import LeaseTaken
from repository.workflow.tools import Tools
from tests.archives import (
    ROOT,
    Clock,
    child_environment,
    close,
    environment,
    new_archive,
    photo,
    planned,
    take_in,
)

CHILD = "tests.repository.workflow.child"


def _child(act: str, data: Path, **more: str) -> subprocess.Popen[str]:
    """Start a second real process on the same archive."""
    return subprocess.Popen(
        [sys.executable, "-m", CHILD, act, str(data)],
        cwd=ROOT,
        env=child_environment(environment(data, **more)),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def _until(happened: "object", *, seconds: float = 20.0) -> None:
    """Wait until a condition holds."""
    assert callable(happened)
    end = time.monotonic() + seconds
    while not happened():
        assert time.monotonic() < end, "it did not happen"
        time.sleep(0.05)


def test_a_second_worker_is_refused_with_host_and_process(tools: Tools) -> None:
    """Who comes second learns who works; the first is not disturbed."""
    hired = worker.hire(tools)
    with pytest.raises(LeaseTaken) as refusal:
        worker.hire(tools)

    assert refusal.value.facts == {"name": "worker", "host": socket.gethostname(), "pid": os.getpid()}
    worker.dismiss(hired)
    worker.dismiss(worker.hire(tools))


@pytest.fixture(autouse=True)
def _no_lease(tools: Tools) -> None:
    """Begin with a lease that nobody ever held."""
    with tools.database.writing.begin() as session:
        session.query(Lease).delete()


def test_a_dead_holder_on_this_machine_is_relieved_at_once(tools: Tools) -> None:
    """After kill -9 nobody waits for the lease to run out; the token has grown."""
    child = _child("hold", tools.settings.data)
    assert child.stdout is not None and child.stdout.readline() == "held\n"
    with pytest.raises(LeaseTaken) as refusal:
        worker.hire(tools)
    child.kill()
    child.wait()

    hired = worker.hire(tools)
    assert (refusal.value.facts["pid"], hired.held.token) == (child.pid, 2)
    worker.dismiss(hired)


def test_a_holder_on_another_machine_is_relieved_when_its_term_is_over(tools: Tools, clock: Clock) -> None:
    """Whether a foreign process lives cannot be seen from here; only time tells."""
    with tools.database.writing.begin() as session:
        expires = clock() + leases.TERM
        session.add(Lease(name="worker", holder="far:1:1", host="far", pid=1, token=1, expires_at=expires))
    clock.move(seconds=29)
    with pytest.raises(LeaseTaken):
        worker.hire(tools)
    clock.move(seconds=2)

    hired = worker.hire(tools)
    with tools.database.reading() as session:
        holder = leases.holder(session, "worker", clock())
        assert holder is not None and (holder.host, holder.token) == (socket.gethostname(), 2)
    worker.dismiss(hired)
    with tools.database.reading() as session:
        assert leases.holder(session, "worker", clock()) is None


def test_b27_a_worker_that_wakes_with_an_old_token_stops_and_takes_no_job(tools: Tools, clock: Clock) -> None:
    """The lease has gone to another: renewing fails, nothing is claimed, and the new lease is left alone."""
    slept = worker.hire(tools)
    clock.move(minutes=10)
    other = worker.hire(tools)
    with tools.database.writing.begin() as session:
        session.query(Job).delete()
        jobs.enqueue(session, "carry_log", run_after=clock())
    slept.run(until_idle=True)
    worker.dismiss(slept)

    assert slept.lost and slept.stopping.is_set()
    with tools.database.reading() as session:
        assert jobs.counts(session) == {"queued": 1}
        assert leases.holder(session, "worker", clock()) is not None
    worker.dismiss(other)


def test_b25_two_processes_at_once_take_each_job_once(tools: Tools, clock: Clock) -> None:
    """Two real processes that claim as fast as they can share the jobs without a gap and without a double."""
    with tools.database.writing.begin() as session:
        session.query(Job).delete()
        wanted = [jobs.enqueue(session, "a", run_after=clock()).id for _ in range(60)]
    children = [_child("claim", tools.settings.data) for _ in range(2)]
    for child in children:
        assert child.stdout is not None and child.stdout.readline() == "ready\n"
    for child in children:
        assert child.stdin is not None
        child.stdin.write("go\n")
        child.stdin.flush()
    told = [child.communicate()[0].split() for child in children]

    assert sorted(int(number) for each in told for number in each) == wanted
    assert all(told), "one process took everything: they did not run at once"


def test_b26_the_worker_leaves_a_sign_of_life(tools: Tools, clock: Clock) -> None:
    """The time of the last renewal is a fact that the status page compares with the clock."""
    clock.move(hours=1)
    worker.drain(tools)

    with tools.database.reading() as session:
        assert facts.get(session, facts.CLOCK_ALIVE) == clock().isoformat()


def test_the_clock_only_puts_due_rounds_in_line(tools: Tools) -> None:
    """APScheduler knows the nightly round and the small ones; it does no work itself, also asked twice."""
    scheduler = worker.clock(tools)
    try:
        told = {job.name for job in scheduler.get_jobs()}
        for job in scheduler.get_jobs():
            job.func(*job.args)
            job.func(*job.args)
    finally:
        scheduler.shutdown(wait=False)

    assert told >= {"_begin_round", "when_due", "tick", "ask"}
    with tools.database.reading() as session:
        waiting = [job.verb for job in session.scalars(select(Job).where(Job.state == "queued"))]
    assert sorted(verb for verb in waiting if verb in ("fixity", "reap")) == ["fixity", "reap"]


def test_b29_a_poison_job_is_parked_after_three_tries_and_the_others_go_on(
    tools: Tools, clock: Clock
) -> None:
    """A job that always fails stands parked with its error; a healthy one behind it is done."""
    with tools.database.writing.begin() as session:
        session.query(Job).delete()
        poison = jobs.enqueue(session, "fixity", priority=jobs.FIRST, run_after=clock(), run=999).id
        healthy = jobs.enqueue(session, "carry_log", priority=jobs.LATER, run_after=clock()).id
    for _ in range(4):
        worker.drain(tools)
        clock.move(minutes=5)

    with tools.database.reading() as session:
        job = session.get_one(Job, poison)
        assert (job.state, job.attempts, session.get_one(Job, healthy).state) == ("parked", 3, "done")
        assert job.error.startswith("NoResultFound")


def test_b30_sigterm_in_the_middle_leaves_the_run_in_line_and_it_goes_on_where_it_stopped(
    tmp_path: Path,
) -> None:
    """The worker ends after the copy it reads; the next one checks only what is left; counts add up."""
    data = tmp_path / "other"
    tools = new_archive(data)
    pictures = [photo(tmp_path / f"{n}.png", size=(420, 400), tone=n) for n in range(3)]  # 1/2 MB each
    take_in(tools, *(planned(path, title=f"第{n}次春季运动会") for n, path in enumerate(pictures)))
    with tools.database.writing.begin() as session:
        run_id = care.start(session, tools, tools.software, scope="all").id
    child = _child("work", data, JINGUI_FIXITY_MB_PER_SECOND="1", JINGUI_WORKER_THREADS="1")

    def begun() -> bool:
        with tools.database.reading() as session:
            return session.get_one(FixityRun, run_id).checked > 0

    _until(begun)
    child.send_signal(signal.SIGTERM)
    child.communicate(timeout=20)
    with tools.database.reading() as session:
        run = session.get_one(FixityRun, run_id)
        [job] = session.scalars(select(Job).where(Job.verb == "fixity"))
        assert (child.returncode, job.state, job.attempts, run.finished_at) == (0, "queued", 0, None)
        assert 0 < run.checked < run.expected == 6
        checked = run.checked
    worker.drain(tools)

    with tools.database.reading() as session:
        run = session.get_one(FixityRun, run_id)
        reads = session.scalars(
            select(Event).where(Event.type == "fixity check", Event.object_kind == "item")
        ).all()
        assert (run.checked, run.not_checked, len(reads), checked < 6) == (6, 0, 6, True)
    close(tools)
