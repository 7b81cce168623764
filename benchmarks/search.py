"""Search: build and answer times of WhooshEngine here.

    python -m benchmarks.search [--records 20000] [--rounds 40]

Prints build speed, p50 and p95 of each kind of question, and their ratio to a
plain scan (fold every text, look for the words) of the same records in the
same run: on a shared machine a ratio says more than a time. Records are cut
from the statutes of JINGUI_CORPORA where it is set, else from invented words.
"""

import argparse
import os
import random
import resource
import statistics
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter

from search.entry import Entry, Request, Sort
from search.folding import fold
from search.whoosh_engine import WhooshEngine

TAGS = frozenset({"public", "school"})
_SYLLABLES = (
    "学校师生年级班图书馆操场礼堂毕业合影开典礼运动会先进集体教职工档案文件记录会议老照片校史人事基建设备"
    "财务统计报表名册证书奖状讲话致辞来宾参观访问实验室宿舍食堂大门校长主任同志代表团委工会春夏秋冬东西南北"
)


@dataclass(frozen=True, slots=True)
class Figure:
    """One kind of question with its times in milliseconds."""

    name: str
    times: list[float]

    def line(self, scan: float) -> str:
        """Return the figures as one line; scan is the plain scan's median."""
        middle = statistics.median(self.times)
        high = sorted(self.times)[int(len(self.times) * 0.95)]
        return f"{self.name:34}{middle:9.1f}{high:9.1f}{middle / scan:9.4f}{high / scan:9.4f}"


def _source(chance: random.Random) -> str:
    """Return a long Chinese text to cut records from."""
    folder = os.environ.get("JINGUI_CORPORA")
    if folder:
        return "".join(path.read_text("utf-8") for path in sorted((Path(folder) / "laws").rglob("*.md")))
    words = ["".join(chance.choices(_SYLLABLES, k=chance.choice((2, 2, 2, 3, 4)))) for _ in range(8000)]
    frequent = [1 / (rank + 5) for rank in range(len(words))]
    pieces = chance.choices(words, frequent, k=500_000)
    return "".join(word + "，" if chance.random() < 0.15 else word for word in pieces)


def _records(text: str, count: int, chance: random.Random) -> Iterator[Entry]:
    """Yield records of 350 characters, an eighth of them dated within a decade."""
    for number in range(count):
        start = chance.randrange(len(text) - 350)
        year = chance.choice([None, *range(1935, 2025)])
        yield Entry(
            id=f"r{number:06}",
            title=text[start:start + 20],
            tags=frozenset({chance.choice(("public", "public", "school", "closed"))}),
            kind=chance.choice(("photo", "document", "object")),
            category=chance.choice(("校史", "学生", "人事", "教学", "基建")),
            people=(text[start + 20:start + 23],),
            reference_code=f"J019-ZP·{year or 0}-{number:06}",
            reference_sort=f"J019 {number:06}",
            summary=text[start + 23:start + 100],
            extra=text[start + 100:start + 350],
            first_year=year,
            last_year=year,
            date_sort=str(year or ""),
        )


def _timed(act: Callable[[], object]) -> float:
    start = perf_counter()
    act()
    return (perf_counter() - start) * 1000


def _scan(records: list[Entry], words: list[str]) -> int:
    """Return how many records hold all words, by reading every one."""
    folded = [fold(word) for word in words]
    found = 0
    for record in records:
        text = fold("\n".join((record.title, *record.people, record.summary, record.extra)))
        found += not TAGS.isdisjoint(record.tags) and all(word in text for word in folded)
    return found


def _common(text: str, size: int) -> list[str]:
    """Return the hundred most common Chinese words of this size."""
    counts: dict[str, int] = {}
    sample = text[:400_000]
    for start in range(len(sample) - size):
        piece = sample[start:start + size]
        if all("\u4e00" <= char <= "\u9fff" for char in piece):
            counts[piece] = counts.get(piece, 0) + 1
    return sorted(counts, key=lambda piece: -counts[piece])[:100]


def _questions(text: str, records: list[Entry], chance: random.Random) -> dict[str, Callable[[], Request]]:
    """Return a maker of requests for each kind of question."""
    ones, twos, fours = _common(text, 1), _common(text, 2), _common(text, 4)

    def ask(question: str, **more: object) -> Request:
        """Return a request of a reader who sees three quarters."""
        return Request(question, TAGS, **more)  # type: ignore[arg-type]

    return {
        "one character": lambda: ask(chance.choice(ones)),
        "common two-character term": lambda: ask(chance.choice(twos)),
        "AND of three common terms": lambda: ask(" ".join(chance.sample(twos, 3))),
        "common term NOT another": lambda: ask("{} -{}".format(*chance.sample(twos, 2))),
        "OR of two": lambda: ask("|".join(chance.sample(twos, 2))),
        "phrase of four common characters": lambda: ask(f'"{chance.choice(fours)}"'),
        "phrase of nine from a record": lambda: ask(chance.choice(records).title[:9]),
        "term in the title": lambda: ask(f"题名:{chance.choice(twos)}"),
        "reference code, exact": lambda: ask(chance.choice(records).reference_code),
        "prefix (100 words)": lambda: ask(f"{chance.randrange(len(records)) // 100:04}*"),
        "years and a term": lambda: ask(f"1950..1969 {chance.choice(twos)}"),
        "everything, facets, by date": lambda: ask("", sort=Sort.DATE_DOWN),
        "term, facets, two filters": lambda: ask(
            chance.choice(twos), filters=(("category", "校史"), ("kind", "photo"))
        ),
        "term, first page of 20": lambda: ask(chance.choice(ones), page=1),
        "term, page 50": lambda: ask(chance.choice(ones), page=50),
        "page of 100 with snippets": lambda: ask(chance.choice(twos), page_size=100),
    }


def _added(engine: WhooshEngine, number: int) -> None:
    """Add one record and find it."""
    engine.replace([Entry(f"new{number}", f"新增记录{number}号", TAGS)], number)
    assert engine.find(Request(f"新增记录{number}号", TAGS)).total == 1


def main(argv: list[str] | None = None) -> None:
    """Build an index, ask it, print the figures."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--records", type=int, default=20_000)
    parser.add_argument("--rounds", type=int, default=40)
    options = parser.parse_args(argv)
    chance = random.Random(1)
    text = _source(chance)
    records = list(_records(text, options.records, chance))
    with tempfile.TemporaryDirectory() as name:
        _run(Path(name), text, records, options.rounds)


def _run(folder: Path, text: str, records: list[Entry], rounds: int) -> None:
    chance = random.Random(2)
    engine = WhooshEngine(folder, "benchmark")
    built = _timed(lambda: engine.rebuild(records, 1))
    size = sum(path.stat().st_size for path in folder.rglob("*.seg"))
    own = sum(len("".join((r.title, *r.people, r.summary, r.extra)).encode()) for r in records)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(f"{len(records)} records, {own / 1e6:.1f} MB of text")
    print(f"build {len(records) / built * 1000:.0f} docs/s, index/text {size / own:.1f}, peak {peak:.0f} MiB")
    print(f"open with check of all digests {_timed(engine.health):.0f} ms")
    twos = _common(text, 2)
    scan = statistics.median(_timed(lambda: _scan(records, chance.sample(twos, 2))) for _ in range(3))
    print(f"plain scan {scan:.0f} ms; ratios are parts of it")
    print(f"{'question':34}{'p50 ms':>9}{'p95 ms':>9}{'p50/scan':>9}{'p95/scan':>9}")
    for name, maker in _questions(text, records, chance).items():
        requests = [maker() for _ in range(rounds)]
        print(Figure(name, [_timed(lambda r=r: engine.find(r)) for r in requests]).line(scan))  # type: ignore
    adds = [_timed(lambda n=n: _added(engine, n)) for n in range(2, 2 + rounds)]  # type: ignore[misc]
    print(Figure("add one record and find it", adds).line(scan))


if __name__ == "__main__":
    main()
