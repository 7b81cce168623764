"""The line of jobs: one transaction, one runner, three tries."""

from datetime import timedelta

import pytest
from sqlalchemy.orm import Session

from repository.models.job import Job
from repository.workflow import jobs, rounds
from repository.workflow.jobs import Claim
from repository.workflow.tools import Tools
from tests.archives import Clock


@pytest.fixture
def line(tools: Tools) -> Tools:
    """An archive whose line is empty."""
    with tools.database.writing.begin() as session:
        session.query(Job).delete()
    return tools


def _take(session: Session, clock: Clock, holder: str = "h") -> Job:
    job = jobs.claim(session, holder, clock())
    assert job is not None
    session.flush()
    return job


def _claim(job: Job) -> Claim:
    return Claim(job.id, job.holder, job.attempts)


def test_the_job_exists_exactly_if_the_commit_did(line: Tools) -> None:
    """A change that is rolled back takes its job with it."""
    with pytest.raises(RuntimeError), line.database.writing.begin() as session:
        jobs.enqueue(session, "derive", item="x")
        raise RuntimeError("the change failed")

    with line.database.reading() as session:
        assert jobs.counts(session) == {}


def test_a_waiting_job_with_the_same_dedup_key_is_enough_a_running_one_is_not(
    line: Tools, clock: Clock
) -> None:
    """What changes while a job runs needs another run: the running one may have looked already."""
    with line.database.writing.begin() as session:
        first = jobs.enqueue(session, "index", dedup="index", run_after=clock())
        assert jobs.enqueue(session, "index", dedup="index").id == first.id
        _take(session, clock)
        again = jobs.enqueue(session, "index", dedup="index")

        assert (again.id != first.id, jobs.counts(session)) == (True, {"running": 1, "queued": 1})


def test_two_jobs_with_one_lock_never_run_at_once(line: Tools, clock: Clock) -> None:
    """The second waits until the first is over; a job without a lock passes by."""
    with line.database.writing.begin() as session:
        for verb, lock in (("a", "item:1"), ("b", "item:1"), ("c", "")):
            jobs.enqueue(session, verb, lock=lock, run_after=clock())
        first = _take(session, clock)
        assert (first.verb, _take(session, clock).verb, jobs.claim(session, "h", clock())) == ("a", "c", None)
        jobs.finish(session, _claim(first), clock())

        assert _take(session, clock).verb == "b"


def test_small_priorities_come_first_then_who_waits_longest(line: Tools, clock: Clock) -> None:
    """A page's job overtakes a nightly one; among equals the line is kept."""
    with line.database.writing.begin() as session:
        for verb, priority in (
            ("late", jobs.LATER),
            ("first", jobs.FIRST),
            ("one", jobs.SOON),
            ("two", jobs.SOON),
        ):
            jobs.enqueue(session, verb, priority=priority, run_after=clock())

        assert [_take(session, clock).verb for _ in range(4)] == ["first", "one", "two", "late"]


def test_a_job_for_later_is_not_taken_before_its_time(line: Tools, clock: Clock) -> None:
    """run_after is kept to the second."""
    with line.database.writing.begin() as session:
        jobs.enqueue(session, "a", run_after=clock() + timedelta(seconds=60))
        clock.move(seconds=59)
        assert (jobs.any_ready(session, clock()), jobs.claim(session, "h", clock())) == (False, None)
        clock.move(seconds=1)

        assert jobs.any_ready(session, clock()) and _take(session, clock).verb == "a"


def test_b29_a_failing_job_is_tried_three_times_with_growing_pauses_then_parked(
    line: Tools, clock: Clock
) -> None:
    """20 s, then 60 s, then it waits for a person, with the last error in the row."""
    with line.database.writing.begin() as session:
        jobs.enqueue(session, "a", run_after=clock())
        pauses = []
        for number in range(3):
            job = _take(session, clock)
            jobs.fail(session, _claim(job), error=f"no {number}" + "x" * 5000, now=clock())
            pauses.append(round((job.run_after - clock()).total_seconds()) if job.state == "queued" else None)
            clock.move(seconds=pauses[-1] or 0)
        assert pauses == [20, 60, None]
        assert (job.state, job.error[:4], len(job.error), job.finished_at) == (
            "parked",
            "no 2",
            2000,
            clock(),
        )
        jobs.retry(session, job, clock())

        assert (_take(session, clock).attempts, job.finished_at) == (1, None)


def test_a_postponed_job_does_not_lose_a_try(line: Tools, clock: Clock) -> None:
    """A store that is away for weeks never parks a job."""
    with line.database.writing.begin() as session:
        jobs.enqueue(session, "a", run_after=clock())
        for _ in range(10):
            job = _take(session, clock)
            jobs.postpone(session, _claim(job), until=clock() + timedelta(minutes=5), error="away")
            clock.move(minutes=5)

        assert (job.state, job.attempts, job.error) == ("queued", 0, "away")


def test_b28_jobs_of_a_dead_worker_go_back_in_line_and_one_that_kills_is_parked(
    line: Tools, clock: Clock
) -> None:
    """Only jobs of other holders are released; one begun three times without an end may be the killer."""
    with line.database.writing.begin() as session:
        for verb in ("a", "killer", "mine"):
            jobs.enqueue(session, verb, run_after=clock())
        dead, killer = _take(session, clock, "dead"), _take(session, clock, "dead")
        killer.attempts = jobs.MAX_ATTEMPTS
        mine = _take(session, clock, "alive")
        released = jobs.release_orphans(session, "alive", clock())
        session.expire_all()

        assert (released, dead.state, killer.state, mine.state) == (1, "queued", "parked", "running")
        assert "three times" in killer.error


@pytest.mark.parametrize("how", ["finish", "fail", "postpone"])
def test_b27_a_run_that_slept_through_its_lease_ends_nobody_elses_run(
    line: Tools, clock: Clock, how: str
) -> None:
    """The late writer changes nothing where the job was given to another worker meanwhile."""
    with line.database.writing.begin() as session:
        jobs.enqueue(session, "a", run_after=clock())
        late = _claim(_take(session, clock, "slept"))
        jobs.release_orphans(session, "new", clock())
        session.expire_all()
        job = _take(session, clock, "new")
        ended = {
            "finish": lambda: jobs.finish(session, late, clock()),
            "fail": lambda: jobs.fail(session, late, error="late", now=clock()),
            "postpone": lambda: jobs.postpone(session, late, until=clock(), error="late"),
        }[how]()
        session.flush()

        assert (ended, job.state, job.holder, job.attempts, job.error) == (False, "running", "new", 2, "")
        assert jobs.finish(session, _claim(job), clock())


def test_progress_is_kept(line: Tools, clock: Clock) -> None:
    """How far a job is stands in its row for the page to show."""
    with line.database.writing.begin() as session:
        job = jobs.enqueue(session, "a")
        jobs.progress(session, job.id, 3, 7)
        session.refresh(job)

        assert (job.done, job.total) == (3, 7)


def test_p19_what_failed_under_a_clock_ten_years_ahead_does_not_wait_ten_years(
    line: Tools, clock: Clock
) -> None:
    """Once the clock is right, the next tick brings the job back; its dedup key would keep out any other."""
    with line.database.writing.begin() as session:
        jobs.enqueue(session, "backup", dedup="backup", run_after=clock())
    clock.move(days=3650)
    with line.database.writing.begin() as session:
        jobs.postpone(session, _claim(_take(session, clock)), until=clock(), error="the store is away")
    clock.move(days=-3650)
    rounds.tick(line)

    with line.database.reading() as session:
        assert jobs.any_ready(session, clock())


def test_what_is_put_off_for_an_hour_keeps_its_hour(line: Tools, clock: Clock) -> None:
    """Only what no verb would ask for is brought back."""
    with line.database.writing.begin() as session:
        jobs.enqueue(session, "notify", run_after=clock() + timedelta(hours=1))
        assert jobs.bring_back(session, clock()) == 0

    with line.database.reading() as session:
        assert not jobs.any_ready(session, clock())
