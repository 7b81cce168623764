"""A store under kill -9 before every system call that changes the disk (P1, B01, B02).

Whole or not there, old or good: never half. Each act of the store port is
tried at every such call, not at the places somebody thought of.
"""

import shutil
from pathlib import Path

import pytest

from storage.errors import NotFound
from storage.local import LocalStore, create_store
from tests.contracts.store_contract import read
from tests.journeys import syscalls
from tests.journeys.syscalls import Program
from tests.storage.put_bag import PAYLOAD, VICTIM
from tests.storage.samples import FIRST, SECOND, damage, judge, sample_bag

WHY_NOT = syscalls.why_not()
pytestmark = pytest.mark.skipif(bool(WHY_NOT), reason=WHY_NOT or "runs")
OLD, STRANGER = b"damaged", b"who am I"


def _prepared(folder: Path, act: str) -> Path:
    """Make two stores as the act finds them."""
    stores = [create_store(folder / name, name) for name in ("first", "second")]
    if act == "mend":
        for store in stores:
            sample_bag(store)
        damage(stores[0], f"{FIRST}/{VICTIM}", OLD)
        (stores[0].root / FIRST / "data/objects/stranger.txt").write_bytes(STRANGER)
    return folder


def _assert_old_or_new(folder: Path, act: str, *, acknowledged: bool) -> None:
    """Look at both stores after the kill."""
    for name in ("first", "second"):
        store = LocalStore(name, folder / name)
        store.probe()
        store.sweep_drafts(0)
        standing = {found.key.split("/v")[0] + "/v" + found.key.split("/v")[1][:4]
                    for found in store.list("aips/")}
        assert standing <= {FIRST, SECOND}
        if act == "mend" and name == "first":
            _assert_mended(store, acknowledged=acknowledged)
        else:
            for prefix in standing:
                judge(store, prefix)
        assert not list((folder / name).glob(".drafts/*"))
        if acknowledged and act in ("write", "edit"):
            assert standing == ({FIRST} if act == "write" else {FIRST, SECOND})


def _assert_mended(store: LocalStore, *, acknowledged: bool) -> None:
    at_key = read(store, f"{FIRST}/{VICTIM}")
    good = PAYLOAD[VICTIM].open().read()
    aside = [read(store, one.key) for one in store.list(".quarantine/") if not one.key.endswith(".json")]
    try:
        strange = read(store, f"{FIRST}/data/objects/stranger.txt")
    except NotFound:
        strange = b""
    assert at_key in (OLD, good)
    assert at_key == OLD or OLD in aside
    assert strange == STRANGER or STRANGER in aside
    assert not acknowledged or (at_key == good and not strange)


@pytest.mark.parametrize("act", ["write", "edit", "mend", "log"])
def test_b01_b02_kill_before_every_changing_call_of_a_store(act: str, tmp_path: Path) -> None:
    """Killed before any call, a bag is whole or not there and a mended file is the old or the good one."""
    pattern = _prepared(tmp_path / "pattern", act)
    work = tmp_path / "work"
    program = Program("tests.storage.put_bag", [str(work), act], {})
    shutil.copytree(pattern, work)
    all_points = syscalls.points(program, work, tmp_path / "trace")
    missed = 0

    for point in all_points:
        shutil.rmtree(work)
        shutil.copytree(pattern, work)
        done = syscalls.kill_at(program, point)
        missed += not syscalls.was_killed(done)
        _assert_old_or_new(work, act, acknowledged="ACK" in done.stdout)

    assert len(all_points) >= 6 and missed == 0


#: What a failing disk says to each kind of call: no room, or an input/output error.
ERRORS = {"write": "ENOSPC", "openat": "ENOSPC", "mkdir": "ENOSPC", "link": "EMLINK"}


@pytest.mark.parametrize("act", ["write", "mend", "log"])
def test_b08_b09_b11_every_changing_call_of_a_store_fails_once(act: str, tmp_path: Path) -> None:
    """No room or an input/output error in any call: old or new stands there, and no success is told."""
    pattern = _prepared(tmp_path / "pattern", act)
    work = tmp_path / "work"
    program = Program("tests.storage.put_bag", [str(work), act], {})
    shutil.copytree(pattern, work)
    refused = 0

    for point in syscalls.points(program, work, tmp_path / "trace"):
        shutil.rmtree(work)
        shutil.copytree(pattern, work)
        done = syscalls.fail_at(program, point, ERRORS.get(point.call, "EIO"))
        _assert_old_or_new(work, act, acknowledged="ACK" in done.stdout)
        if done.returncode:
            refused += 1
            assert "ACK" not in done.stdout
            assert "storage.errors" in done.stderr, (point, done.stderr[-1500:])

    assert refused >= 5
