"""Measure a stocktake over very many small packages.

    python -m benchmarks.stocktake --packages 100000

makes the packages in one store (benchmarks/many.py), takes stock, stops after
a third, goes on, and prints time a package and memory at every eighth part.
Reach: 1 ms a package, memory that does not grow.
"""

import argparse
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path

from sqlalchemy import select

from benchmarks.many import fill
from benchmarks.sweep import memory
from repository.models.watch import Report
from repository.workflow import taking_stock
from repository.workflow.tools import Tools, Work
from tests.archives import close, new_archive


@dataclass(slots=True)
class Pause:
    """Stops a stocktake after so many parts, and tells the memory on the way."""

    after: int
    seen: int = 0
    memories: list[float] = field(default_factory=list)

    def __call__(self) -> bool:
        """Return whether to stop now."""
        self.seen += 1
        if self.seen % 32 == 0:
            self.memories.append(memory())
        return self.seen == self.after


def main() -> None:
    """Make, measure, print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--packages", type=int, default=100_000)
    count = parser.parse_args().packages
    with tempfile.TemporaryDirectory() as folder:
        data = Path(folder) / "data"
        tools = new_archive(data, JINGUI_STORES=f"main={data / 'stores' / 'main'}", JINGUI_COPIES="1")
        fill(tools, count, tell=lambda done: None if done % 20_000 else print(f"made {done}"))
        measure(tools, count)
        close(tools)


def measure(tools: Tools, count: int) -> None:
    """Take stock in two goes and print what it took."""
    pause, began = Pause(after=86), time.perf_counter()
    try:
        taking_stock.stocktake(Work(tools, {"store": "main"}, stopping=pause))
    except InterruptedError:
        print(f"stopped after {time.perf_counter() - began:.1f} s, going on")
    taking_stock.stocktake(Work(tools, {"store": "main"}, stopping=pause))
    seconds = time.perf_counter() - began
    with tools.database.reading() as session:
        report = session.scalars(select(Report).where(Report.kind == taking_stock.REPORT)).one()
        told = {name: report.facts[name] for name in ("expected", "standing", "objects", "codes")}
    print(f"{report.outcome} {told}")
    print(f"{seconds:.1f} s, {seconds / count * 1000:.3f} ms a package")
    print(f"MiB on the way: {[round(one) for one in pause.memories]}")


if __name__ == "__main__":
    main()
