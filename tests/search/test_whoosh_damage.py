"""WhooshEngine: its folder is lost, damaged, foreign or old."""

import json
import os
import pickle
import random
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

import search.pointer
import search.snapshot
import search.whoosh_engine
from search.entry import Request
from search.errors import IndexUnusable
from search.pointer import POINTER
from search.whoosh_engine import WhooshEngine
from tests.contracts.engine_entries import CORPUS, PUBLIC, ask, entry

SEAL = "seal of this installation"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Return the folder of an index that holds CORPUS."""
    WhooshEngine(tmp_path / "index", SEAL).rebuild(CORPUS, 3)
    return tmp_path / "index"


def _segment(folder: Path) -> Path:
    return next(folder.glob("v*/*.seg"))


def _body(folder: Path) -> dict[str, object]:
    body: dict[str, object] = json.loads((folder / POINTER).read_text("ascii"))
    return body


def _cut(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-7])


def _flip(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(bytes(content))


def _edit(folder: Path, **facts: object) -> None:
    (folder / POINTER).write_text(json.dumps({**_body(folder), **facts}), "ascii")


DAMAGE: dict[str, tuple[Callable[[Path], object], str]] = {
    "no pointer": (lambda folder: (folder / POINTER).unlink(), "missing"),
    "empty pointer": (lambda folder: (folder / POINTER).write_bytes(b""), "damaged"),
    "pointer is a list": (lambda folder: (folder / POINTER).write_bytes(b"[1]"), "damaged"),
    "pointer is deep": (lambda folder: (folder / POINTER).write_bytes(b"[" * 100_000), "damaged"),
    "pointer without code": (lambda folder: (folder / POINTER).write_bytes(b"{}"), "damaged"),
    "pointer is binary": (lambda folder: (folder / POINTER).write_bytes(b"\xff\x00"), "damaged"),
    "pointer edited": (lambda folder: _edit(folder, generation=99), "foreign"),
    "pointer of another code": (lambda folder: _edit(folder, code="0" * 64), "foreign"),
    "segment gone": (lambda folder: _segment(folder).unlink(), "damaged"),
    "segment cut": (lambda folder: _cut(_segment(folder)), "damaged"),
    "segment flipped": (lambda folder: _flip(_segment(folder)), "damaged"),
    "segment empty": (lambda folder: _segment(folder).write_bytes(b""), "damaged"),
    "folder renamed": (lambda folder: (folder / "v1-1").rename(folder / "v9-9"), "damaged"),
}


@pytest.mark.parametrize("case", DAMAGE)
def test_b21_a_lost_or_damaged_index_says_so(folder: Path, case: str) -> None:
    """Health names the reason, find and replace raise, and a rebuild mends it."""
    spoil, reason = DAMAGE[case]
    spoil(folder)
    engine = WhooshEngine(folder, SEAL)

    assert not engine.health().usable
    assert engine.health().reason == reason
    with pytest.raises(IndexUnusable) as unusable:
        ask(engine, "学校")
    assert unusable.value.facts["reason"] == reason
    with pytest.raises(IndexUnusable):
        engine.replace([CORPUS[0]], 4)
    assert engine.rebuild(CORPUS, 5) == 4
    assert set(ask(engine, "学校")) == {"photo", "minutes"}
    assert engine.health().generation == 5


def test_b21_an_index_that_vanishes_while_open_says_so(folder: Path) -> None:
    """An engine that answered before notices that its pointer is gone."""
    engine = WhooshEngine(folder, SEAL)
    assert ask(engine, "学校")
    (folder / POINTER).unlink()

    assert engine.health().reason == "missing"


def test_b21_an_older_index_keeps_its_own_generation(folder: Path) -> None:
    """A pointer put back from before tells its age, so the catalogue can compare."""
    old = (folder / POINTER).read_bytes()
    engine = WhooshEngine(folder, SEAL)
    engine.remove(["photo"], 8)
    assert engine.health().generation == 8
    (folder / POINTER).write_bytes(old)

    assert WhooshEngine(folder, SEAL).health().generation == 3
    assert WhooshEngine(folder, SEAL).health().count == 4


def test_b22_an_index_of_another_installation_is_foreign(folder: Path) -> None:
    """Another seal does not open it."""
    engine = WhooshEngine(folder, "another seal")

    assert engine.health().reason == "foreign"
    with pytest.raises(IndexUnusable):
        ask(engine, "")


def test_an_index_of_another_schema_is_rebuilt(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """After a change of the schema the old index is not read."""
    monkeypatch.setattr(search.pointer, "SCHEMA_VERSION", 2)
    monkeypatch.setattr(search.whoosh_engine, "SCHEMA_VERSION", 2)

    assert WhooshEngine(folder, SEAL).health().reason == "schema"


class _Bomb:
    """A pickle that leaves a file where it is opened."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> tuple[object, tuple[object, ...]]:
        return Path.touch, (self.path,)


@pytest.mark.parametrize("everywhere", [False, True])
def test_m4_a_crafted_index_is_not_unpickled(folder: Path, tmp_path: Path, everywhere: bool) -> None:
    """Nobody's pickle is opened: not in a segment, not in a table of contents."""
    mark = tmp_path / "was-opened"
    bomb = pickle.dumps(_Bomb(mark))
    segment = _segment(folder)
    size = segment.stat().st_size
    segment.write_bytes((bomb * (size // len(bomb) + 1))[:size])
    if everywhere:
        for name in ("_MAIN_1.toc", "_jingui_1.toc", "_jingui_999.toc"):
            (segment.parent / name).write_bytes(bomb)
        (folder / POINTER).write_bytes(bomb)
    engine = WhooshEngine(folder, SEAL)

    assert engine.health().reason == "damaged"
    with pytest.raises(IndexUnusable):
        ask(engine, "学校")
    assert not mark.exists()
    pickle.loads(bomb)
    assert mark.exists()


_WRITER = """
import sys
from pathlib import Path
from search.entry import Entry
from search.whoosh_engine import WhooshEngine
engine = WhooshEngine(Path(sys.argv[1]), sys.argv[2])
for number in range(100_000):
    generation = 10 + number
    engine.replace([Entry(f"{number}", "礼堂", frozenset({"public"}))], generation)
    print(generation, flush=True)
"""


@pytest.mark.skipif(os.name != "posix", reason="kill -9 is POSIX")
@pytest.mark.parametrize("last", [3, 11])
def test_m4_a_killed_writer_loses_nothing_it_reported(folder: Path, last: int) -> None:
    """After kill -9 the index is usable and holds at least what was reported."""
    command = [sys.executable, "-c", _WRITER, str(folder), SEAL]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=Path.cwd()) as process:
        assert process.stdout is not None
        reported = 0
        for _ in range(last):
            reported = int(process.stdout.readline())
        os.kill(process.pid, signal.SIGKILL)
    engine = WhooshEngine(folder, SEAL)
    health = engine.health()

    assert health.usable
    assert health.generation >= reported
    assert health.count == 4 + health.generation - 9
    assert len(ask(engine, "礼堂")) == health.generation - 9
    engine.replace([entry("after", "礼堂")], 99)
    assert "after" in ask(engine, "礼堂")


@pytest.mark.parametrize("seed", range(12))
def test_b21_damage_after_opening_is_no_crash(folder: Path, seed: int) -> None:
    """A segment that goes bad while open gives IndexUnusable or an answer."""
    engine = WhooshEngine(folder, SEAL)
    assert engine.health().usable
    segment = _segment(folder)
    content = bytearray(segment.read_bytes())
    chance = random.Random(seed)
    for place in chance.sample(range(len(content)), len(content) // 20):
        content[place] = chance.randrange(256)
    with segment.open("r+b") as file:
        file.write(content)

    reasons = set()
    for text in ("学校", "图书馆 操场", "gra*", "", "-校"):
        try:
            engine.find(Request(text, PUBLIC))
        except IndexUnusable as unusable:
            reasons.add(unusable.facts["reason"])
    assert reasons <= {"damaged"}
    assert WhooshEngine(folder, SEAL).health().reason == "damaged"
