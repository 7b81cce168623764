"""F08: the command line and the running archive share one lease; nothing is done twice."""

import json
import subprocess
import sys
import time
from pathlib import Path

from sqlalchemy import func, select

from repository.config import from_env
from repository.models.event import Event
from repository.models.job import FixityRun, Lease
from repository.wiring import build_tools
from tests.archives import ROOT, child_environment, close, environment, jingui


def start(data: Path, *words: str) -> subprocess.Popen[str]:
    """Start a command on an archive as a process of its own."""
    return subprocess.Popen(
        [sys.executable, "-m", "repository", *words],
        cwd=ROOT,
        env=child_environment(environment(data)),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def test_f08_two_checks_at_once_read_each_copy_once(data: Path) -> None:
    """One works, the other waits for its result; both tell counts that add up and end with 0."""
    racing = [start(data, "fixity", "run", "--all", "--json") for _ in range(2)]
    said = [process.communicate(timeout=200) for process in racing]
    told = [json.loads(out) for out, _ in said]
    tools = build_tools(from_env(environment(data)))
    with tools.database.reading() as session:
        runs = session.scalars(select(FixityRun)).all()
        first = {run.id: (run.expected, run.checked, run.not_checked) for run in runs}
        is_read = (Event.type == "fixity check", Event.object_kind == "item")
        reads = session.scalar(select(func.count()).where(*is_read))
    close(tools)

    assert [process.returncode for process in racing] == [0, 0], said
    assert {one["run"] for one in told} == first.keys()
    assert set(first.values()) == {(6, 6, 0)}
    assert reads == 6 * len(first)


def holder(data: Path) -> int:
    """Return the process that holds the worker's lease, 0 for none."""
    tools = build_tools(from_env(environment(data)))
    with tools.database.reading() as session:
        lease = session.get(Lease, "worker")
        pid = lease.pid if lease is not None and lease.holder else 0
    close(tools)
    return pid


def test_f08_a_check_beside_a_running_worker_is_done_by_that_worker(data: Path) -> None:
    """The command puts the run in line, waits for it and tells its result; the lease stays where it was."""
    worker = start(data, "worker")
    try:
        end = time.monotonic() + 60
        while holder(data) != worker.pid:
            assert time.monotonic() < end and worker.poll() is None, "the worker did not start"
            time.sleep(0.2)
        done = jingui(data, "fixity", "run", "--all", "--json")
        held = holder(data)
    finally:
        worker.terminate()
        worker.communicate(timeout=60)

    assert (done.returncode, held) == (0, worker.pid), done.stderr
    assert json.loads(done.stdout)["checked"] == 6


def test_f08_a_second_worker_says_who_works_and_ends(data: Path) -> None:
    """Whoever starts a second one is told host and process, exit code 1."""
    worker = start(data, "worker")
    try:
        end = time.monotonic() + 60
        while holder(data) != worker.pid:
            assert time.monotonic() < end and worker.poll() is None, "the worker did not start"
            time.sleep(0.2)
        second = jingui(data, "worker")
    finally:
        worker.terminate()
        worker.communicate(timeout=60)

    assert (second.returncode, f"进程 {worker.pid}" in second.stdout) == (1, True)


def test_the_check_up_at_the_command_line(data: Path) -> None:
    """Without a worker it says so in a sentence and ends with 1; the sentence has no title in it."""
    done = jingui(data, "health")
    as_json = json.loads(jingui(data, "health", "--json").stdout)

    assert "校门" not in done.stdout
    assert done.returncode == (1 if as_json["alarms"] else 0)
    assert all(one["sentence"] in done.stdout for one in as_json["alarms"])


def test_a_trial_notice_without_any_way_is_not_called_sent(data: Path) -> None:
    """Exit code 2: it could not be tried."""
    done = jingui(data, "notify", "test")

    assert (done.returncode, "没有设置" in done.stdout) == (2, True)
