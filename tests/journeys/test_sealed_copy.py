"""A copy that leaves the house sealed: kept, judged, mended, and enough to rebuild all."""

import shutil
from pathlib import Path

from sqlalchemy import select

from preservation.policy import CopyState
from repository.models.package import Copy
from repository.workflow import care, dumping, rebuilding, worker
from repository.workflow.tools import Tools
from tests.archives import close, new_archive, photo, planned, take_in

CANARY = "墨痕仅此一处"


def _stores(tmp_path: Path, *names: str) -> str:
    places = {"main": f"main={tmp_path}/main", "away": f"away=sealed+{tmp_path}/away"}
    return ",".join(places[name] for name in names)


def _check_all(tools: Tools) -> None:
    with tools.database.writing.begin() as session:
        care.start(session, tools, tools.software, scope="all", repair=True)
    worker.drain(tools)


def _states(tools: Tools) -> dict[str, set[str]]:
    found: dict[str, set[str]] = {}
    with tools.database.reading() as session:
        for copy in session.scalars(select(Copy)):
            found.setdefault(copy.store_id, set()).add(copy.state)
    return found


def _items(tools: Tools) -> list[tuple[str, int, list[str]]]:
    """Return what came back of each item: title, version, digests."""
    with tools.database.reading() as session:
        items = dumping.dump(session)["items"]
    digests = {one["id"]: [p["registered_digest"] for p in one["packages"]] for one in items}
    return [(one["title"], one["version"], digests[one["id"]]) for one in items]


def test_p6_e34_a_sealed_copy_is_kept_judged_mended_and_rebuilt_from(tmp_path: Path) -> None:
    """A flipped bit in the sealed folder is found and mended; then, alone, that folder gives all back."""
    tools = new_archive(tmp_path / "data", JINGUI_STORES=_stores(tmp_path, "main", "away"))
    take_in(
        tools,
        planned(photo(tmp_path / "1.jpg", tone=1), title=f"校庆合影 {CANARY}"),
        planned(photo(tmp_path / "2.jpg", tone=2), title="运动会"),
    )
    assert _states(tools) == {"main": {"ok"}, "away": {"ok"}}
    sealed = sorted((tmp_path / "away/aips").rglob("*.jpg"))
    content = bytearray(sealed[0].read_bytes())
    content[len(content) // 2] ^= 1
    sealed[0].chmod(0o644)
    sealed[0].write_bytes(bytes(content))
    _check_all(tools)
    mended = _states(tools)
    _check_all(tools)
    before = _items(tools)
    close(tools)
    files = [path for path in (tmp_path / "away").rglob("*") if path.is_file()]
    readable = [path for path in files if CANARY.encode() in path.read_bytes()]
    shutil.rmtree(tmp_path / "main")
    for name in ("catalogue.sqlite", "catalogue.sqlite-wal", "catalogue.sqlite-shm"):
        (tmp_path / "data" / name).unlink(missing_ok=True)
    shutil.rmtree(tmp_path / "data/index")
    again = new_archive(tmp_path / "data", empty=True, JINGUI_STORES=_stores(tmp_path, "away"))
    done = rebuilding.rebuild(again, lambda at, of: None)
    worker.drain(again)
    _check_all(again)
    after = _items(again)

    assert mended == {"main": {CopyState.OK}, "away": {CopyState.OK}}
    assert readable == []
    assert (done.packages, done.refused) == (2, ())
    assert after == before
    assert _states(again) == {"away": {"ok"}}
    assert len(list((tmp_path / "away/.quarantine").rglob("*.jpg"))) == 1
    close(again)
