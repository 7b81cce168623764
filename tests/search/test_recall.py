"""Recall: whatever stands in a record finds it, everywhere."""

import random
from pathlib import Path

import pytest

from search.analysis import units
from search.engine import Engine
from search.entry import Entry, Page, Request
from search.errors import QueryRefused
from search.memory_engine import MemoryEngine
from search.whoosh_engine import WhooshEngine
from tests.search.corpora import cut, invented, laws

ALL = frozenset({"public", "school", "closed"})
SOURCES = pytest.mark.parametrize("source", ["invented", "laws"])


def _entries(source: str, count: int) -> list[Entry]:
    text = laws(400_000) if source == "laws" else invented() * 2
    return cut(text, count, random.Random(20261121))


def _engines(folder: Path, entries: list[Entry]) -> list[Engine]:
    engines: list[Engine] = [MemoryEngine(), WhooshEngine(folder, "seal")]
    for engine in engines:
        engine.rebuild(entries[: len(entries) // 2], 1)
        engine.replace(entries[len(entries) // 2:], 2)
    return engines


def _found(engine: Engine, text: str) -> set[str]:
    """Return all ids found, over all pages."""
    ids: set[str] = set()
    page = 1
    while True:
        answer = engine.find(Request(text, ALL, page=page, page_size=100))
        ids.update(hit.id for hit in answer.hits)
        if page * 100 >= answer.total:
            assert len(ids) == answer.total
            return ids
        page += 1


def _runs(entry: Entry) -> list[str]:
    """Return the Chinese runs of an entry, as they stand there."""
    runs = [""]
    last = None
    for text in (entry.title, entry.place, entry.summary, entry.extra):
        for unit in units(text):
            if unit.wide and last is not None and unit.start == last.end:
                runs[-1] += text[unit.start:unit.end]
            elif unit.wide:
                runs.append(text[unit.start:unit.end])
            last = unit if unit.wide else None
        last = None
    return runs


@SOURCES
@pytest.mark.parametrize("length", [1, 2, 3, 4])
def test_any_piece_of_a_record_finds_it(tmp_path: Path, source: str, length: int) -> None:
    """Random pieces of one to four characters find the record they come from."""
    entries = _entries(source, 80)
    chance = random.Random(length)
    for engine in _engines(tmp_path, entries):
        for entry in entries[::2]:
            run = chance.choice([run for run in _runs(entry) if len(run) >= length])
            start = chance.randrange(len(run) - length + 1)

            assert entry.id in _found(engine, run[start:start + length])


def _question(entries: list[Entry], chance: random.Random) -> str:
    """Return a question of random words in the whole grammar."""
    words = []
    for _ in range(chance.randrange(1, 4)):
        entry = chance.choice(entries)
        text = chance.choice([entry.title, entry.summary, entry.extra, entry.place, entry.reference_code])
        start = chance.randrange(max(1, len(text) - 8))
        piece = " ".join(text[start:start + chance.randrange(1, 8)].split())
        shape = chance.choice(["{}", "{}", "{}", '"{}"', "-{}", "题名:{}", "地点:{}", "{}|操场", "{}*"])
        words.append(shape.format(piece))
    if chance.random() < 0.2:
        words.append(chance.choice(["1950..1979", "年:1987", "类别:学生", "..1960"]))
    return " ".join(words)


def _answer(engine: Engine, request: Request) -> Page | str:
    """Return the page, or which limit refused the question."""
    try:
        return engine.find(request)
    except QueryRefused as refused:
        return str(refused.facts["limit"])


@SOURCES
def test_e04_engines_agree(tmp_path: Path, source: str) -> None:
    """For two hundred random questions both engines give the same page."""
    entries = _entries(source, 150)
    memory, whoosh = _engines(tmp_path, entries)
    chance = random.Random(7)
    hits = 0
    for _ in range(200):
        text = _question(entries, chance)
        tags = frozenset(chance.sample(sorted(ALL), chance.randrange(1, 4)))
        request = Request(text, tags, page_size=50)
        expected = _answer(memory, request)
        hits += expected.total if isinstance(expected, Page) else 0

        assert _answer(whoosh, request) == expected, text
    assert hits > 200
