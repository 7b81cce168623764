"""Measure how long planning a round over very many copies takes.

    python -m benchmarks.planning --copies 100000

writes rows only (no bags), and prints the time to plan a nightly round, an urgent
look, a round over everything, and the figures of the care page. Reach: 100,000
copies planned in 0.5 s.
"""

import argparse
import tempfile
import time
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from random import Random

from sqlalchemy import insert

from preservation.schedule import Span
from repository.figures import care_figures
from repository.models.item import Item
from repository.models.package import Copy, Package
from repository.policies import rules
from repository.workflow import planning
from repository.workflow.tools import Tools
from tests.archives import Clock, close, new_archive

STORES = ("main", "second")
ROUNDS = 3


def fill(tools: Tools, count: int) -> None:
    """Write the rows of so many copies, read on days of the last four weeks."""
    random, now = Random(1), tools.clock()
    items, packages, copies = [], [], []
    for number in range(count // len(STORES)):
        key = f"00000000-0000-4000-8000-{number:012}"
        items.append({"id": key, "state": "archived", "version": 1})
        packages.append(
            {
                "id": key,
                "item_id": key,
                "version": 1,
                "prefix": f"aips/{key}",
                "registered_digest": "0" * 64,
                "file_count": 9,
                "byte_count": random.randrange(10_000, 5_000_000),
            }
        )
        for store in STORES:
            at = now - timedelta(minutes=random.randrange(27 * 1440))
            copies.append(
                {"package_id": key, "store_id": store, "state": "ok", "checked_at": at, "tried_at": at}
            )
    with tools.database.writing.begin() as session:
        for model, rows in ((Item, items), (Package, packages), (Copy, copies)):
            session.execute(insert(model), rows)


def seconds(act: Callable[[], object]) -> float:
    """Return the shortest of a few times."""
    found = []
    for _ in range(ROUNDS):
        started = time.perf_counter()
        act()
        found.append(time.perf_counter() - started)
    return min(found)


def planned(tools: Tools, scope: str) -> int:
    """Plan a round, throw it away, and return how many copies it would read."""
    with tools.database.writing() as session:
        expected = planning.start(session, tools, tools.software, scope=scope).expected
        session.rollback()
    return expected


def pressing(tools: Tools) -> bool:
    """Return whether anything presses."""
    with tools.database.reading() as session:
        return planning.is_pressing(session, tools, tools.stores)


def counted(tools: Tools) -> int:
    """Return how many packages are not protected."""
    with tools.database.reading() as session:
        return care_figures(session, rules(session, tools)).under_copied


def main() -> None:
    """Fill, plan, print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--copies", type=int, default=100_000)
    count = parser.parse_args().copies
    with tempfile.TemporaryDirectory() as folder:
        tools = new_archive(Path(folder) / "data", clock=Clock())
        fill(tools, count)
        for scope in (*Span, planning.ALL):
            took = seconds(lambda scope=scope: planned(tools, str(scope)))
            told = f"{planned(tools, str(scope)):,} planned in {took:.3f} s"
            print(f"{count:,} copies, {scope}: {told} (reach 0.5)")
        print(f"does anything press? {seconds(lambda: pressing(tools)):.3f} s")
        print(f"figures of the care page: {seconds(lambda: counted(tools)):.3f} s")
        close(tools)


if __name__ == "__main__":
    main()
