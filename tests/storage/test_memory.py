"""MemoryStore: the contract, and failing like a disk."""

import io

import pytest

from storage.errors import NotFound, ReadOnly, StorageFull, StoreUnavailable, Unreadable
from storage.memory import MemoryStore
from tests.contracts.store_contract import StoreContract, read, sha256


@pytest.fixture
def store() -> MemoryStore:
    """An empty store in memory."""
    return MemoryStore()


class TestMemoryStore(StoreContract):
    """The contract holds in memory."""


def test_b14_an_unreachable_store_never_says_missing(store: MemoryStore) -> None:
    """Every act on an unreachable store is StoreUnavailable, which may be tried again."""
    store.put("a", io.BytesIO(b"1"))
    store.unreachable = True
    acts = (
        store.probe,
        lambda: store.open("a"),
        lambda: store.stat("a"),
        lambda: list(store.list("")),
        lambda: list(store.folders("")),
        lambda: store.put("b", io.BytesIO(b"")),
        lambda: store.begin("b"),
        lambda: store.mend("a", io.BytesIO(b""), sha256(b"")),
        lambda: store.set_aside("a"),
        store.free_bytes,
    )
    for act in acts:
        with pytest.raises(StoreUnavailable) as caught:
            act()

        assert caught.value.retryable
    store.unreachable = False
    assert read(store, "a") == b"1"


def test_b08_a_full_store_keeps_what_it_has(store: MemoryStore) -> None:
    """Writing beyond the room is StorageFull, for puts, drafts and mends; reading goes on."""
    store.full_after_bytes = 4
    store.put("a", io.BytesIO(b"1234"))
    draft = store.begin("x")

    with pytest.raises(StorageFull):
        store.put("b", io.BytesIO(b"5"))
    with pytest.raises(StorageFull):
        draft.put("b", io.BytesIO(b"5"))
    with pytest.raises(StorageFull):
        store.mend("a", io.BytesIO(b"5"), sha256(b"5"))
    assert store.free_bytes() == 0
    assert [found.key for found in store.list("")] == ["a"]


def test_a_draft_counts_its_own_files(store: MemoryStore) -> None:
    """The files of a draft fill the room that the store has."""
    store.full_after_bytes = 5
    draft = store.begin("x")
    draft.put("a", io.BytesIO(b"123"))

    with pytest.raises(StorageFull):
        draft.put("b", io.BytesIO(b"456"))


def test_b13_a_read_only_store_reads_and_refuses_writing(store: MemoryStore) -> None:
    """Reads go on, writes say ReadOnly."""
    store.put("a", io.BytesIO(b"1"))
    draft = store.begin("x")
    store.read_only = True

    assert read(store, "a") == b"1"
    for act in (lambda: store.put("b", io.BytesIO(b"")), lambda: store.begin("y"), draft.commit):
        with pytest.raises(ReadOnly):
            act()


def test_a18_an_unreadable_object_is_not_missing(store: MemoryStore) -> None:
    """An object that can't be read says Unreadable until it is mended."""
    store.put("a", io.BytesIO(b"1"))
    store.unreadable.add("a")
    with pytest.raises(Unreadable):
        store.open("a")
    store.mend("a", io.BytesIO(b"2"), sha256(b"2"))

    assert read(store, "a") == b"2"


def test_tampering_changes_what_is_read(store: MemoryStore) -> None:
    """What a test tampers with is read as it now is; None loses it."""
    store.put("a", io.BytesIO(b"1"))
    store.tamper("a", b"X")
    seen = read(store, "a")
    store.tamper("a", None)

    assert seen == b"X"
    with pytest.raises(NotFound):
        store.open("a")


def test_failpoints_are_reached_in_memory_too(store: MemoryStore, monkeypatch: pytest.MonkeyPatch) -> None:
    """A full disk before the rename leaves nothing of the tree."""
    monkeypatch.setenv("JINGUI_FAILPOINT", "store.before_rename:full")
    draft = store.begin("x")
    draft.put("a", io.BytesIO(b"1"))
    with pytest.raises(StorageFull):
        draft.commit()

    assert list(store.list("")) == []
