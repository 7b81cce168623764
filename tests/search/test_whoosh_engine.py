"""WhooshEngine: segments, writers and readers side by side."""

import threading
import time
from dataclasses import replace
from pathlib import Path

import pytest

import search.pointer
import search.snapshot
import search.whoosh_engine
from search.entry import Entry, Request
from search.errors import IndexUnusable, QueryRefused
from search.pointer import POINTER, read_pointer, write_pointer
from search.snapshot import Clock
from search.whoosh_engine import MERGE_AT, WhooshEngine
from tests.contracts.engine_entries import CORPUS, PUBLIC, ask, entry

SEAL = "seal of this installation"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Return the folder of an index that holds CORPUS."""
    WhooshEngine(tmp_path / "index", SEAL).rebuild(CORPUS, 3)
    return tmp_path / "index"


def _segment(folder: Path) -> Path:
    return next(folder.glob("v*/*.seg"))


def test_an_unfinished_write_is_not_part_of_the_index(folder: Path) -> None:
    """What a killed writer left is not seen, and swept by the next one."""
    beside = folder / "v1-1"
    (beside / "jingui_half.seg").write_bytes(b"half")
    (beside / "jingui.tmp").mkdir()
    (beside / "jingui.tmp" / "x").write_bytes(b"x")
    (folder / "v1-2").mkdir()
    (folder / f"{POINTER}.new").write_bytes(b"{")
    engine = WhooshEngine(folder, SEAL)

    assert engine.health().count == 4
    engine.replace([entry("new", "礼堂")], 4)
    assert set(ask(engine, "礼堂")) == {"new"}
    assert not (beside / "jingui_half.seg").exists()
    assert not (beside / "jingui.tmp").exists()
    assert not (folder / "v1-2").exists()


def test_a_failed_rebuild_leaves_the_old_index(folder: Path) -> None:
    """If the catalogue breaks off, the old index stays and nothing lies about."""

    def broken() -> object:
        yield entry("new", "礼堂")
        raise RuntimeError("catalogue is gone")

    engine = WhooshEngine(folder, SEAL)
    with pytest.raises(RuntimeError):
        engine.rebuild(broken(), 9)  # type: ignore[arg-type]

    assert engine.health().count == 4
    assert [path.name for path in folder.glob("v*")] == ["v1-1"]


def test_another_engine_sees_the_change_at_once(folder: Path) -> None:
    """A reader in another process answers from the pointer as it is now."""
    writer, reader = WhooshEngine(folder, SEAL), WhooshEngine(folder, SEAL)
    assert ask(reader, "礼堂") == []

    writer.replace([entry("new", "礼堂")], 4)
    assert ask(reader, "礼堂") == ["new"]
    writer.rebuild([entry("other", "礼堂")], 5)
    assert ask(reader, "礼堂") == ["other"]


def test_rebuild_swaps_the_folder_and_removes_the_old(folder: Path) -> None:
    """Beside, then in place: one folder is left, with a new number."""
    WhooshEngine(folder, SEAL).rebuild(CORPUS, 4)

    assert [path.name for path in folder.glob("v*")] == ["v1-2"]


def test_a_second_writer_is_told_to_come_again(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """While one writes, another gets IndexUnusable with retry, readers go on."""
    monkeypatch.setattr(search.whoosh_engine, "LOCK_WAIT", 0.0)
    engine, other = WhooshEngine(folder, SEAL), WhooshEngine(folder, SEAL)

    def entries() -> object:
        yield entry("first", "礼堂")
        with pytest.raises(IndexUnusable) as locked:
            other.replace([entry("second", "礼堂")], 5)
        assert locked.value.facts == {"reason": "locked", "retry": True}
        assert set(ask(other, "学校")) == {"photo", "minutes"}

    assert engine.rebuild(entries(), 4) == 1  # type: ignore[arg-type]
    assert ask(other, "礼堂") == ["first"]


def test_an_unwritable_folder_says_so(tmp_path: Path) -> None:
    """Where nothing can be written the writer is told, health says missing."""
    (tmp_path / "index").write_bytes(b"a file where the folder should be")
    engine = WhooshEngine(tmp_path / "index", SEAL)

    with pytest.raises(IndexUnusable) as unusable:
        engine.rebuild(CORPUS, 1)
    assert unusable.value.facts["reason"] == "unwritable"
    assert not engine.health().usable


def test_small_segments_are_merged(folder: Path) -> None:
    """Entries added one by one do not leave a segment each."""
    engine = WhooshEngine(folder, SEAL)
    for number in range(60):
        engine.replace([entry(f"{number}", f"第{number}件 礼堂")], number)

    assert len(list(folder.glob("v*/*.seg"))) < 2 * MERGE_AT
    assert len(ask(engine, "礼堂")) == 60


def test_large_results_of_many_segments(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A rebuild of several segments, with twins in different ones, is whole."""
    monkeypatch.setattr(search.whoosh_engine, "SEGMENT_POSTINGS", 300)
    engine = WhooshEngine(tmp_path / "index", SEAL)
    entries = [entry(f"{n % 290:03}", f"第{n}件照片 操场 {n:04}") for n in range(300)]

    assert engine.rebuild(entries, 1) == 290
    assert len(list((tmp_path / "index").glob("v*/*.seg"))) > 3
    assert engine.find(Request("操场 照片", PUBLIC)).total == 290
    assert ask(engine, "0299") == ["009"]
    assert ask(engine, "0009") == []


def test_many_postings_of_one_token(tmp_path: Path) -> None:
    """A token of several blocks, with steps over 255, keeps all its places."""
    engine = WhooshEngine(tmp_path / "index", SEAL)
    entries = [
        entry(f"{n:04}", "操场礼堂" if n % 300 == 0 else "食堂", summary="校舍 " * (n % 5)) for n in range(1500)
    ]
    engine.rebuild(entries, 1)

    assert engine.find(Request("食堂", PUBLIC)).total == 1495
    assert set(ask(engine, "操场礼堂")) == {"0000", "0300", "0600", "0900", "1200"}
    assert engine.find(Request('"校舍校舍"', PUBLIC)).total == 1500 * 3 // 5


def test_p20_a_question_that_takes_too_long_is_refused(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """At the time limit the question is refused, not answered in part."""
    monkeypatch.setattr(search.snapshot, "TIME_LIMIT", -1.0)

    with pytest.raises(QueryRefused) as refused:
        ask(WhooshEngine(folder, SEAL), "学校 操场")
    assert refused.value.facts["limit"] == "time"
    with pytest.raises(QueryRefused):
        Clock(time.monotonic() - 1)()


def test_readers_and_a_writer_at_once(folder: Path) -> None:
    """Threads that ask while another writes always get a whole state."""
    engine = WhooshEngine(folder, SEAL)
    failures: list[BaseException] = []
    done = threading.Event()

    def read() -> None:
        try:
            while not done.is_set():
                page = engine.find(Request("礼堂", PUBLIC, page_size=100))
                assert page.total == len(page.hits)
                assert page.total % 2 == 0
        except BaseException as error:
            failures.append(error)

    threads = [threading.Thread(target=read) for _ in range(3)]
    for thread in threads:
        thread.start()
    for number in range(12):
        engine.replace([entry(f"{number}a", "礼堂"), entry(f"{number}b", "礼堂")], number)
    engine.rebuild([entry(f"{number}", "礼堂") for number in range(10)], 20)
    done.set()
    for thread in threads:
        thread.join()

    assert failures == []
    assert len(ask(engine, "礼堂")) == 10


def test_the_pointer_is_written_whole(folder: Path) -> None:
    """What is written is read again, and nothing else lies beside it."""
    pointer = replace(read_pointer(folder, SEAL), generation=44)
    write_pointer(folder, SEAL, pointer)

    assert read_pointer(folder, SEAL) == pointer
    assert not (folder / f"{POINTER}.new").exists()


def test_surrogates_in_a_record_are_kept(folder: Path) -> None:
    """A broken character in a title is stored and shown, not a failure."""
    engine = WhooshEngine(folder, SEAL)
    engine.replace([Entry("odd", "礼堂\ud800座\x00", PUBLIC, kind="\ud800")], 4)

    assert ask(engine, "礼堂") == ["odd"]
    hit = engine.find(Request("礼堂", PUBLIC)).hits[0]
    assert "".join(mark.text for mark in hit.title) == "礼堂\ud800座\x00"
