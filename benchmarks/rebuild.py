"""Measure rebuilding the catalogue from the stores alone (promise P6).

    python -m benchmarks.rebuild --items 10000

makes the packages, dumps the catalogue, removes it, rebuilds it from the
stores with the command line in a process of its own, and compares the dumps.
Reach: 10,000 items within 30 minutes on two cores, dump equal.
"""

import argparse
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from benchmarks.many import fill
from repository.workflow import dumping, worker
from repository.workflow.tools import Tools
from tests.archives import ROOT, close, environment, new_archive


def main() -> None:
    """Make, dump, remove, rebuild, compare, print."""
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--items", type=int, default=1_000)
    count = arguments.parse_args().items
    with tempfile.TemporaryDirectory() as folder:
        data = Path(folder) / "data"
        tools = new_archive(data)
        making = _seconds(lambda: fill(tools, count))
        worker.drain(tools)  # carries the log into the stores
        before = _dump(tools)
        close(tools)
        for path in data.glob("catalogue.sqlite*"):
            path.unlink()
        rebuilding = _seconds(lambda: _rebuild(data))
        tools = new_archive(data, empty=True)
        after = _dump(tools)
        close(tools)
    same = _same(before, after)
    print(f"{count} items in 2 stores, made in {making:.0f} s")
    print(f"rebuilt in {rebuilding:.0f} s, {rebuilding / count * 1000:.0f} ms an item, dump equal: {same}")
    peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss
    print(f"peak memory of the rebuild: {peak / 1024:.0f} MiB")
    if not same:
        raise SystemExit(1)


def _dump(tools: Tools) -> dict[str, Any]:
    with tools.database.reading() as session:
        return dumping.dump(session)


def _same(before: dict[str, Any], after: dict[str, Any]) -> bool:
    """Return whether all that was is there again; previews made anew have told of themselves meanwhile."""
    known = {told["id"] for told in before["events"]}
    events = [told for told in after["events"] if told["id"] in known]
    return dumping.to_text(before) == dumping.to_text({**after, "events": events})


def _rebuild(data: Path) -> None:
    command = [sys.executable, "-m", "repository", "rebuild", "catalogue", "--json"]
    subprocess.run(command, cwd=ROOT, env={**os.environ, **environment(data)}, check=True)


def _seconds(work: Callable[[], object]) -> float:
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


if __name__ == "__main__":
    main()
