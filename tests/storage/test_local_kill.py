"""LocalStore under kill -9 and failures at each fail-point: old or new, never half."""

import io
import os
from pathlib import Path

import pytest

from storage.errors import DigestMismatch, NotFound, StorageFull
from storage.local import LocalStore, create_store
from tests.contracts.store_contract import read, sha256
from tests.storage.samples import run


@pytest.fixture
def store(tmp_path: Path) -> LocalStore:
    """An empty store on a disk."""
    return create_store(tmp_path / "store", "first")


KILLED_AT = ("store.before_fsync", "store.before_rename", "store.after_rename")


@pytest.mark.parametrize("failpoint", KILLED_AT)
@pytest.mark.parametrize("act", ["tree", "put"])
def test_b01_a_killed_write_is_whole_or_not_there(store: LocalStore, failpoint: str, act: str) -> None:
    """Kill -9 at each point leaves the old state or the new one; the sweep clears the rest."""
    program = (
        "import io, sys\n"
        "from storage.local import LocalStore\n"
        "store = LocalStore('first', sys.argv[1])\n"
        "if sys.argv[2] == 'put': store.put('tree/a', io.BytesIO(b'1'))\n"
        "else:\n"
        "    draft = store.begin('tree')\n"
        "    draft.put('a', io.BytesIO(b'1')); draft.put('b', io.BytesIO(b'2')); draft.commit()\n"
        "print('acknowledged')\n"
    )
    done = run(program, str(store.root), act, failpoint=failpoint)
    left = [found.key for found in store.list("")]
    whole = ["tree/a"] if act == "put" else ["tree/a", "tree/b"]
    store.sweep_drafts(0)

    assert done.returncode == -9 and not done.stdout, done.stderr
    assert left == (whole if failpoint == "store.after_rename" else [])
    assert os.listdir(store.root / ".drafts") == []
    assert [found.key for found in store.list("")] == left


@pytest.mark.parametrize("failpoint", ["mend.after_aside", "mend.before_replace", "mend.after_replace"])
def test_b02_a_killed_mend_leaves_old_or_new_never_none(store: LocalStore, failpoint: str) -> None:
    """Kill -9 at each point of a mend: at the key are old or good bytes, and a second mend ends it."""
    store.put("a", io.BytesIO(b"old"))
    program = (
        "import hashlib, io, sys\n"
        "from storage.local import LocalStore\n"
        "digest = hashlib.sha256(b'good').hexdigest()\n"
        "LocalStore('first', sys.argv[1]).mend('a', io.BytesIO(b'good'), digest)\n"
    )
    done = run(program, str(store.root), failpoint=failpoint)
    left = read(store, "a")
    store.mend("a", io.BytesIO(b"good"), sha256(b"good"))

    assert done.returncode == -9, done.stderr
    assert left == (b"good" if failpoint == "mend.after_replace" else b"old")
    assert read(store, "a") == b"good"
    assert b"old" in [read(store, found.key) for found in store.list(".quarantine/")]
    assert list(store.links_from_outside("")) == []


@pytest.mark.parametrize("failpoint", ["aside.after_note", "aside.after_move"])
def test_b02_a_killed_set_aside_loses_nothing(store: LocalStore, failpoint: str) -> None:
    """Kill -9 at each point of set_aside: the object stands at its key or in quarantine."""
    store.put("a", io.BytesIO(b"foreign"))
    program = (
        "import sys; from storage.local import LocalStore\n"
        "LocalStore('first', sys.argv[1]).set_aside('a')\n"
    )
    done = run(program, str(store.root), failpoint=failpoint)
    places = [found.key for place in ("", ".quarantine/") for found in store.list(place)]

    assert done.returncode == -9, done.stderr
    assert [read(store, key) for key in places if not key.endswith(".json")] == [b"foreign"]


def test_a_failure_of_each_kind_is_raised_at_a_failpoint(
    store: LocalStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A disk that is full before the rename is StorageFull, and the draft is gone."""
    monkeypatch.setenv("JINGUI_FAILPOINT", "store.before_rename:full")
    draft = store.begin("tree")
    draft.put("a", io.BytesIO(b"1"))
    with pytest.raises(StorageFull):
        draft.commit()
    with pytest.raises(StorageFull):
        store.put("b", io.BytesIO(b"1"))
    with pytest.raises(NotFound):
        draft.commit()

    assert list(store.list("")) == []
    assert os.listdir(store.root / ".drafts") == []


def test_mending_a_failing_disk_keeps_the_old_object(
    store: LocalStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A mend that runs out of room after the old bytes were linked leaves them at the key."""
    store.put("a", io.BytesIO(b"old"))
    monkeypatch.setenv("JINGUI_FAILPOINT", "mend.before_replace:full")
    with pytest.raises(StorageFull):
        store.mend("a", io.BytesIO(b"good"), sha256(b"good"))

    assert read(store, "a") == b"old"
    assert os.listdir(store.root / ".drafts") == []
    with pytest.raises(DigestMismatch):
        store.mend("a", io.BytesIO(b"x"), sha256(b"good"))
