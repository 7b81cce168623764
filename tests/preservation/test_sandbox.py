"""The sandbox survives what files do to their readers (P13)."""

import os
import random
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from preservation.errors import ChildFailed
from preservation.sandbox import Limits, Sandbox
from tests.preservation import samples

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="limits of a process need POSIX")
ROOMS = ("tests.preservation.hostile_tasks",)
QUICK = Limits(wall_seconds=1.5, cpu_seconds=30, memory_bytes=320 << 20, file_bytes=1 << 20)


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    """One child, a second and a half."""
    with Sandbox(workers=1, limits=QUICK, extra_rooms=ROOMS) as opened:
        yield opened


@pytest.fixture
def page(tmp_path: Path) -> Path:
    """A file with Chinese in its name and in it."""
    path = tmp_path / "毕业 照片.txt"
    path.write_text("金匮", "utf-8")
    return path


@pytest.mark.parametrize(
    ("task", "reason"),
    [
        ("hostile.spin", "timeout"),
        ("hostile.sleep", "timeout"),
        ("hostile.eat", "memory"),
        ("hostile.crash", "crashed"),
        ("hostile.fault", "crashed"),
        ("hostile.flood", "refused"),
        ("no.such.task", "refused"),
    ],
)
def test_p13_a_bad_task_ends_its_child_alone(sandbox: Sandbox, page: Path, task: str, reason: str) -> None:
    """Whatever a task does, the caller gets a reason and the next file is served."""
    with pytest.raises(ChildFailed) as told:
        sandbox.run(task, page)

    assert told.value.facts["reason"] == reason
    assert told.value.facts["task"] == task
    assert sandbox.run("hostile.tell", page).text("text") == "金匮"


def test_p13_cpu_time_has_its_own_limit(page: Path) -> None:
    """A task that spins ends by CPU time before the wall clock is asked."""
    limits = Limits(wall_seconds=60.0, cpu_seconds=1)
    started = time.monotonic()
    with Sandbox(workers=1, limits=limits, extra_rooms=ROOMS) as sandbox:
        with pytest.raises(ChildFailed) as told:
            sandbox.run("hostile.spin", page)

    assert told.value.facts["reason"] == "timeout"
    assert time.monotonic() - started < 60


def test_p13_written_files_are_limited(sandbox: Sandbox, page: Path, tmp_path: Path) -> None:
    """A task cannot fill the disk: what exceeds the limit is refused."""
    sandbox.run("hostile.write", page, target=str(tmp_path / "small"), size=1 << 19)
    with pytest.raises(ChildFailed) as told:
        sandbox.run("hostile.write", page, target=str(tmp_path / "large"), size=1 << 21)

    assert (tmp_path / "small").stat().st_size == 1 << 19
    assert (tmp_path / "large").stat().st_size <= 1 << 20
    assert told.value.facts["reason"] == "refused"


def test_what_libraries_print_is_no_answer(sandbox: Sandbox, page: Path) -> None:
    """Words on standard output, also from C, do not reach the protocol."""
    answer = sandbox.run("hostile.babble", page)

    assert answer.facts["forged"] is False


def test_a_child_serves_many_files_then_is_replaced(page: Path) -> None:
    """The same process answers until its number of files is reached."""
    with Sandbox(workers=1, limits=Limits(files=3), extra_rooms=ROOMS) as sandbox:
        served = [sandbox.run("hostile.tell", page).number("pid") for _ in range(7)]

    assert served[0] == served[1] == served[2]
    assert served[3] == served[4] == served[5]
    assert len(set(served)) == 3
    assert os.getpid() not in served


def test_a_child_knows_limits_and_no_secrets(
    sandbox: Sandbox, page: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Limits are set before work begins, and our own settings stay with us."""
    monkeypatch.setenv("JINGUI_SECRET_KEY", "not for children")
    answer = sandbox.run("hostile.tell", page)

    assert answer.number("memory") == QUICK.memory_bytes
    assert "JINGUI_SECRET_KEY" not in str(answer.facts["variables"])
    assert answer.facts["is_safe_path"] is True


def test_threads_share_a_pool(page: Path) -> None:
    """More threads than children wait their turn; each gets its own answer."""
    with Sandbox(workers=2, extra_rooms=ROOMS) as sandbox, ThreadPoolExecutor(8) as threads:
        answers = list(threads.map(lambda _: sandbox.run("hostile.tell", page).number("pid"), range(60)))

    assert len(answers) == 60
    assert 1 <= len(set(answers)) <= 2


def test_a_closed_sandbox_leaves_no_process(page: Path) -> None:
    """close() ends the children; asking again starts a new one."""
    sandbox = Sandbox(workers=2, extra_rooms=ROOMS)
    first = sandbox.run("hostile.tell", page).number("pid")
    sandbox.close()
    with pytest.raises(ProcessLookupError):
        os.kill(first, 0)
    second = sandbox.run("hostile.tell", page).number("pid")
    sandbox.close()

    assert second != first


def test_a_child_that_died_between_files_is_replaced(sandbox: Sandbox, page: Path) -> None:
    """A child that the system killed while idle costs the next file nothing, or one reason."""
    first = sandbox.run("hostile.tell", page).number("pid")
    os.kill(first, 9)
    try:
        second = sandbox.run("hostile.tell", page).number("pid")
    except ChildFailed:  # the signal arrived while the line was on its way
        second = sandbox.run("hostile.tell", page).number("pid")

    assert second != first


def test_a_missing_file_is_refused(sandbox: Sandbox, tmp_path: Path) -> None:
    """A file that is not there is an inability, not a damaged file."""
    with pytest.raises(ChildFailed) as told:
        sandbox.run("read.text", tmp_path / "absent.txt", charset="utf-8")

    assert told.value.facts["reason"] == "refused"
    assert told.value.facts["detail"] == "ENOENT"


def test_d06_an_image_bomb_is_not_opened(sandbox: Sandbox, tmp_path: Path) -> None:
    """900 million dots in 110 KB are told as too large; the child lives on."""
    bomb = samples.bomb_png(tmp_path / "bomb.png")
    answer = sandbox.run("read.image", bomb)

    assert bomb.stat().st_size < 150_000
    assert answer.state == "too_large"
    assert (answer.number("width"), answer.number("height")) == (30_000, 30_000)


def test_d07_mutilated_files_never_end_a_child(tmp_path: Path) -> None:
    """Images and documents with bytes changed at random are answered, one by one."""
    chance = random.Random(20_241)
    kinds = ("jpg", "png", "tif", "webp", "jp2")
    images = [samples.photo(tmp_path / f"s.{kind}", (120, 90)) for kind in kinds]
    seeds = [*images, samples.pdf(tmp_path / "s.pdf", ("one", "two"))]
    states = []
    with Sandbox(workers=1) as sandbox:
        for number in range(120):
            seed = seeds[number % len(seeds)]
            content = bytearray(seed.read_bytes())
            for _ in range(chance.choice((1, 3, 20))):
                content[chance.randrange(chance.choice((64, len(content))))] = chance.randrange(256)
            path = tmp_path / "mutilated"
            path.write_bytes(content)
            task = "read.pdf" if seed.suffix == ".pdf" else "read.image"
            states.append(sandbox.run(task, path).state)

    assert set(states) <= {"done", "unreadable", "too_large", "encrypted"}
    assert {"done", "unreadable"} <= set(states)
