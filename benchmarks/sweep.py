"""Measure a fixity round over very many small packages.

    python -m benchmarks.sweep --packages 100000

makes the packages in one store (benchmarks/many.py), plans a round over all
of them, stops it in the middle, goes on, and prints: planning time, database
time and reading time a copy, and memory at every tenth. Reach: planned in
0.5 s, 0.3 ms of database work a copy, memory that does not grow.
"""

import argparse
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from sqlalchemy import event

from benchmarks.many import multiply, unsynced
from repository.models.job import FixityRun
from repository.workflow import care
from repository.workflow.tools import Tools, Work
from tests.archives import Clock, close, new_archive


@dataclass(slots=True)
class Watch:
    """Adds up the time that the database takes, and counts statements."""

    seconds: float = 0.0
    statements: int = 0
    began: float = field(default=0.0)

    def listen(self, tools: Tools) -> None:
        """Watch every statement and commit of the catalogue from now on."""
        engine = tools.database.engine
        event.listen(engine, "before_cursor_execute", self._begin)
        event.listen(engine, "after_cursor_execute", self._end)

    def _begin(self, *arguments: Any) -> None:
        self.began = time.perf_counter()

    def _end(self, *arguments: Any) -> None:
        self.seconds += time.perf_counter() - self.began
        self.statements += 1


def memory() -> float:
    """Return the memory of this process in MiB."""
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith("VmRSS"):
            return int(line.split()[1]) / 1024
    return 0.0


def main() -> None:
    """Make, plan, sweep in two parts, print."""
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--packages", type=int, default=2_000)
    count = arguments.parse_args().packages
    with tempfile.TemporaryDirectory() as folder:
        clock = Clock()
        data = Path(folder) / "data"
        tools = new_archive(data, clock=clock, JINGUI_STORES=f"main={data / 'stores' / 'main'}")
        multiply(tools, count, tell=lambda done: print(f"made {done}", end="\r", flush=True))
        clock.move(days=40)
        sweep(tools, clock, count)
        close(tools)


def sweep(tools: Tools, clock: Clock, count: int) -> None:
    """Plan and read one round over everything; stop in the middle once."""
    started = time.perf_counter()
    with tools.database.writing.begin() as session:
        run_id = care.start(session, tools, tools.software, scope="all").id
    print(f"\n{count} packages planned in {time.perf_counter() - started:.2f} s")
    clock.move(minutes=1)
    watch = Watch()
    watch.listen(tools)
    marks: list[float] = []
    started = time.perf_counter()
    with unsynced():  # what a commit waits for the disk is the disk's, not ours
        try:
            care.fixity(_work(tools, run_id, count, marks, stop_at=count // 2))
        except InterruptedError:
            print(f"stopped at {count // 2}, goes on")
        care.fixity(_work(tools, run_id, count, marks, stop_at=count * 2))
    spent = time.perf_counter() - started
    with tools.database.reading() as session:
        run = session.get_one(FixityRun, run_id)
        print(f"checked {run.checked} of {run.expected}, {run.files} files, not checked {run.not_checked}")
    print(f"{spent / count * 1000:.2f} ms a copy, of it {watch.seconds / count * 1000:.2f} ms database")
    print(f"{watch.statements / count:.1f} statements a copy")
    print("memory at each tenth, MiB: " + " ".join(f"{mark:.0f}" for mark in marks))


def _work(tools: Tools, run_id: int, count: int, marks: list[float], *, stop_at: int) -> Work:
    seen = [0]

    def tell(done: int, total: int) -> None:
        seen[0] = done
        if done % max(1, count // 10) == 0:
            marks.append(memory())

    return Work(tools, {"run": run_id}, tell, lambda: seen[0] >= stop_at)


if __name__ == "__main__":
    main()
