"""The acts of the whole archive that the kill matrix stops before every changing system call.

An act is a program over one data folder, what it starts from, and what must
be true afterwards. tests/journeys/test_kill_calls.py tries some places of
each act, `python -m benchmarks.kills` tries all.
"""

import shutil
import subprocess
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from repository import queries
from repository.models.job import FixityRun
from repository.models.package import Copy
from repository.permissions import access_tags
from repository.workflow import care, worker
from repository.workflow.tools import Tools
from search.entry import Request
from tests.archives import ARCHIVIST, close, environment, new_archive, photo, planned, take_in
from tests.journeys import syscalls
from tests.journeys.afterwards import assert_nothing_half, restarted
from tests.journeys.killed import TITLE
from tests.journeys.syscalls import Point, Program

SOURCE = "老校门.jpg"


@dataclass(frozen=True, slots=True)
class Act:
    """prepare makes what stands before; check looks after the kill at what stands and what was said."""

    name: str
    prepare: Callable[[Path], None]
    check: Callable[[Path, str], None]
    words: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Result:
    """One kill; killed is false where the program came to its end before the call."""

    point: Point
    killed: bool


class Matrix:
    """One act with its pattern folder, its points, and a place to try them."""

    def __init__(self, act: Act, folder: Path) -> None:
        """Prepare the pattern and list the points."""
        self.act, self.pattern, self.work = act, folder / "pattern", folder / "work"
        act.prepare(self.pattern)
        self.program = Program(
            "tests.journeys.killed",
            [f"{act.name}-here", str(self.work / "data"), *(str(self.work / word) for word in act.words)],
            environment(self.work / "data", JINGUI_CLAMD=""),
        )
        self._lay()
        self.points = syscalls.points(self.program, self.work, folder / "trace")

    def try_at(self, point: Point) -> Result:
        """Kill the act before a call, look, start again, look again. Raises AssertionError."""
        self._lay()
        done = syscalls.kill_at(self.program, point)
        self.act.check(self.work / "data", done.stdout)
        return Result(point, syscalls.was_killed(done))

    def _lay(self) -> None:
        shutil.rmtree(self.work, ignore_errors=True)
        subprocess.run(["cp", "-a", str(self.pattern), str(self.work)], check=True)


def _prepare_ingest(folder: Path) -> None:
    close(new_archive(folder / "data"))
    photo(folder / SOURCE)


def _check_ingest(data: Path, said: str) -> None:
    tools = restarted(data)
    assert_nothing_half(tools)
    if "ACK" in said:
        assert tools.index.find(Request(TITLE, access_tags(ARCHIVIST))).total == 1
    close(tools)


def _prepare_repair(folder: Path) -> None:
    """Leave one damaged file in each store, found by a run."""
    tools = new_archive(folder / "data")
    take_in(tools, planned(photo(folder / SOURCE), title=TITLE))
    main, second = (spec.root for spec in tools.settings.store_specs)
    [image] = main.glob("aips/*/*/*/v0001/data/objects/0001.jpg")
    [tag] = second.glob("aips/*/*/*/v0001/bag-info.txt")
    for path in (image, tag):
        path.chmod(0o644)
        path.write_bytes(path.read_bytes()[:-1] + b"?")
    _whole_round(tools)
    close(tools)


def _check_repair(data: Path, said: str) -> None:
    for store in ("main", "second"):
        [bag] = (data / "stores" / store).glob("aips/*/*/*/v0001")
        assert (bag / "data/objects/0001.jpg").stat().st_size > 0
        assert (bag / "bag-info.txt").stat().st_size > 0
    tools = restarted(data)
    with tools.database.writing.begin() as session:
        for troubled in queries.troubled_copies(session, tools.software):
            care.ask_repair(session, tools, tools.software, session.get_one(Copy, troubled.copy.id))
    worker.drain(tools)
    run = _whole_round(tools)
    assert (run.expected, run.checked) == (2, 2)
    assert_nothing_half(tools)
    close(tools)


def _whole_round(tools: Tools) -> FixityRun:
    with tools.database.writing.begin() as session:
        run_id = care.start(session, tools, tools.software, scope="all").id
    worker.drain(tools)
    with tools.database.reading() as session:
        return session.get_one(FixityRun, run_id)


ACTS = (
    Act("ingest", _prepare_ingest, _check_ingest, (SOURCE,)),
    Act("repair", _prepare_repair, _check_repair),
)
