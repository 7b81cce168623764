"""Pages: server time and SQL statements with many records in the catalogue.

    python -m benchmarks.web [--records 10000] [--rounds 30]

Fills a catalogue with described records (rows only, no bags), builds the
index, and asks for each page in one process on SQLite. Prints p50 and p95 in
milliseconds, their ratio to the plainest page (/healthz) of the same run, and
the number of SQL statements. Reach: p95 <= 60 ms, <= 12 statements.
"""

import argparse
import random
import statistics
import tempfile
from collections.abc import Callable
from pathlib import Path
from time import perf_counter
from typing import Any

from flask.testing import FlaskClient
from sqlalchemy import event, insert

from repository.app import create_app
from repository.models.base import new_id
from repository.models.item import Item
from repository.models.package import Copy, Package, PackagedFile, Rendition
from repository.workflow import facts, indexing, worker
from repository.workflow.tools import Tools
from storage.layout import package_prefix
from tests.archives import PASSWORD, close, new_archive

_WORDS = "运动会 毕业 合影 植树 校庆 实验 课堂 操场 图书馆 会议 典礼 参观 比赛 演讲 合唱 老师 学生 礼堂 大门 宿舍".split()
_LEVELS = ("public", "public", "internal", "restricted")


def fill(tools: Tools, count: int) -> list[str]:
    """Write count archived records (package, files, two copies, thumbnail) and return their ids."""
    chance = random.Random(7)
    now = tools.clock()
    tables: dict[type, list[dict[str, Any]]] = {
        Item: [],
        Package: [],
        PackagedFile: [],
        Copy: [],
        Rendition: [],
    }
    for number in range(count):
        item_id, package_id, year = new_id(), new_id(), chance.randint(1930, 2025)
        title = f"{year}年{''.join(chance.sample(_WORDS, 3))}第{number}号"
        tables[Item].append(
            {
                "id": item_id,
                "kind": chance.choice(("photo", "document")),
                "state": "archived",
                "title": title,
                "values": {
                    "title": title,
                    "date": str(year),
                    "place": chance.choice(_WORDS),
                    "people": ["陆明川"],
                },
                "reference_code": f"Y001-SX·{year}·Y-{number:05d}",
                "reference_sort": f"{year}{number:05d}",
                "category": chance.choice(("SX", "XSH", "XS", "JX")),
                "retention": "Y",
                "access_level": chance.choice(_LEVELS),
                "date_edtf": str(year),
                "date_sort": f"{year}-01-01",
                "first_year": year,
                "last_year": year,
                "version": 1,
                "generation": number + 1,
            }
        )
        prefix = package_prefix(item_id, 1)
        tables[Package].append(
            {
                "id": package_id,
                "item_id": item_id,
                "version": 1,
                "prefix": prefix,
                "registered_digest": "0" * 64,
                "file_count": 3,
                "byte_count": 300_000,
                "created_at": now,
            }
        )
        for path, role, position in (("data/objects/0001.jpg", "object", 1), ("bagit.txt", "tag", 0)):
            tables[PackagedFile].append(
                {
                    "package_id": package_id,
                    "path": path,
                    "role": role,
                    "size": 100_000,
                    "sha256": f"{number:064x}",
                    "position": position,
                    "original_name": f"{title}.jpg",
                    "mime": "image/jpeg",
                }
            )
        for store_id in tools.stores:
            tables[Copy].append(
                {
                    "package_id": package_id,
                    "store_id": store_id,
                    "state": "ok",
                    "outcome": "passed",
                    "checked_at": now,
                }
            )
        tables[Rendition].append(
            {
                "item_id": item_id,
                "sha256": f"{number:064x}",
                "position": 1,
                "kind": "thumbnail",
                "path": "x.jpg",
            }
        )
    with tools.database.writing.begin() as session:
        for table, rows in tables.items():
            session.execute(insert(table), rows)
        facts.put(session, facts.GENERATION, str(count))
        indexing.ask_rebuild(session, why="benchmark")
    worker.drain(tools)
    return [row["id"] for row in tables[Item]]


def timed(ask: Callable[[], Any], rounds: int) -> list[float]:
    """Return the milliseconds of each round, the first (cold) one left out."""
    ask()
    times = []
    for _ in range(rounds):
        start = perf_counter()
        ask()
        times.append((perf_counter() - start) * 1000)
    return sorted(times)


def main() -> None:
    """Ask for each page and print its figures."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--records", type=int, default=10_000)
    parser.add_argument("--rounds", type=int, default=30)
    told = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        tools = new_archive(Path(folder) / "data")
        ids = fill(tools, told.records)
        app = create_app(tools.settings, tools)
        app.config["WTF_CSRF_ENABLED"] = False
        client = app.test_client()
        client.post("/login", data={"username": "guanli", "password": PASSWORD})
        report(client, tools, ids, told.rounds)
        close(tools)


def report(client: FlaskClient, tools: Tools, ids: list[str], rounds: int) -> None:
    """Print one line a page."""
    statements = [0]
    event.listen(
        tools.database.engine,
        "before_cursor_execute",
        lambda *_: statements.__setitem__(0, statements[0] + 1),
    )
    pages = (
        "/healthz",
        "/",
        f"/items/{ids[5]}",
        "/browse",
        "/browse?page=20",
        "/search?q=毕业",
        "/search?q=校庆&page=20",
        "/desk",
        "/desk/items",
        "/desk/inbox",
        "/care",
        "/figures",
    )
    plain = 0.0
    print(f"{'page':34}{'p50 ms':>9}{'p95 ms':>9}{'/healthz':>9}{'SQL':>6}")
    for page in pages:
        statements[0] = 0
        status = client.get(page).status_code
        count = statements[0]
        times = timed(lambda page=page: client.get(page), rounds)  # type: ignore[misc]
        plain = plain or statistics.median(times)
        p95 = times[int(len(times) * 0.95)]
        print(f"{page[:33]:34}{statistics.median(times):9.1f}{p95:9.1f}{p95 / plain:9.1f}{count:6}  {status}")


if __name__ == "__main__":
    main()
