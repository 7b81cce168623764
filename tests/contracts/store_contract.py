"""What every Store must do: one test per sentence of the port.

A test class of a store inherits StoreContract and gives a `store` fixture that
makes an empty store, and `damage` where its medium can be changed from outside.
"""

import hashlib
import io
import threading
from datetime import UTC, date, datetime, timedelta
from typing import BinaryIO

import pytest

from storage.errors import AlreadyStored, DigestMismatch, NotFound, UnsafeName
from storage.store import Store, StoredObject

UNSAFE = ["", "/a", "a//b", "a/", "../a", "a/../b", "a/./b", "a\\b", "C:/a", "c:a", "~/a", "~root/a", "a\0b"]
OWN = [".jingui-store", ".drafts/a", ".quarantine/a", ".quarantine"]


def sha256(content: bytes) -> str:
    """Return the digest that stores ask for."""
    return hashlib.sha256(content).hexdigest()


def read(store: Store, key: str) -> bytes:
    """Return what stands at a key."""
    with store.open(key) as stream:
        return stream.read()


class BrokenSource(io.RawIOBase):
    """A source whose sender goes away after some bytes."""

    def __init__(self, content: bytes) -> None:
        self._content = io.BytesIO(content)

    def readable(self) -> bool:
        """Return True."""
        return True

    def readinto(self, buffer: bytearray) -> int:  # type: ignore[override]
        """Give the content, then fail."""
        got = self._content.readinto(buffer)
        if not got:
            raise ConnectionResetError("gone")
        return got


class StoreContract:
    """The conformance suite of the Store port: longer than a file should be, as it is one list."""

    def test_probe_returns_for_a_store_that_is_there(self, store: Store) -> None:
        """A reachable store with its marker passes the probe."""

        assert store.probe() is None
        assert store.id

    def test_a_draft_is_invisible_before_commit(self, store: Store) -> None:
        """Nothing of a draft is listed, opened or counted before its commit."""
        draft = store.begin("aips/x")
        draft.put("data/a.txt", io.BytesIO(b"one"))

        assert list(store.list("")) == []
        with pytest.raises(NotFound):
            store.open("aips/x/data/a.txt")

    def test_a_committed_tree_is_all_there(self, store: Store) -> None:
        """After commit every file of the draft stands under the prefix."""
        draft = store.begin("aips/x")
        told = draft.put("data/照片.jpg", io.BytesIO(b"one"), sha256(b"one"))
        draft.put("bagit.txt", io.BytesIO(b""))
        draft.commit()

        assert told.size == 3
        assert sorted(store.list("aips/x/"), key=lambda found: found.key) == [
            StoredObject("aips/x/bagit.txt", 0),
            StoredObject("aips/x/data/照片.jpg", 3),
        ]
        assert read(store, "aips/x/data/照片.jpg") == b"one"

    def test_a_draft_refuses_a_wrong_digest(self, store: Store) -> None:
        """Bytes that differ from the announced digest are not in the draft; another source may follow."""
        draft = store.begin("aips/x")
        with pytest.raises(DigestMismatch) as caught:
            draft.put("data/a", io.BytesIO(b"bad"), sha256(b"good"))
        draft.put("data/a", io.BytesIO(b"good"), sha256(b"good"))
        draft.commit()

        assert caught.value.facts["found"] == sha256(b"bad")
        assert read(store, "aips/x/data/a") == b"good"

    def test_a_draft_takes_each_path_once(self, store: Store) -> None:
        """A path, a file above it or a folder of its name can't be put twice in a draft."""
        draft = store.begin("aips/x")
        draft.put("data/a", io.BytesIO(b"1"))
        for path in ("data/a", "data/a/b", "data"):
            with pytest.raises(AlreadyStored):
                draft.put(path, io.BytesIO(b"2"))
        draft.commit()

        assert read(store, "aips/x/data/a") == b"1"

    @pytest.mark.parametrize("path", UNSAFE)
    def test_d13_unsafe_paths_are_refused_in_a_draft(self, store: Store, path: str) -> None:
        """A path that could leave its place is refused before anything is written."""
        draft = store.begin("aips/x")
        with pytest.raises(UnsafeName):
            draft.put(path, io.BytesIO(b"1"))
        draft.abort()

        assert list(store.list("")) == []

    @pytest.mark.parametrize("key", UNSAFE + OWN)
    def test_d13_unsafe_keys_are_refused(self, store: Store, key: str) -> None:
        """No key can leave the store or stand in the store's own places."""
        source = io.BytesIO(b"1")

        with pytest.raises(UnsafeName):
            store.put(key, source)
        with pytest.raises(UnsafeName):
            store.begin(key)
        with pytest.raises(UnsafeName):
            store.mend(key, source, sha256(b"1"))

    @pytest.mark.parametrize("key", ["../a", "/etc/hosts", "a/../../b", "a\0b", ""])
    def test_d13_reading_never_leaves_the_store(self, store: Store, key: str) -> None:
        """Open, stat and set_aside refuse a key that points outside."""
        for act in (store.open, store.stat, store.set_aside):
            with pytest.raises(UnsafeName):
                act(key)

    def test_a_source_that_breaks_leaves_nothing(self, store: Store) -> None:
        """When the sender goes away the error passes on and nothing stands at the key."""
        source: BinaryIO = BrokenSource(b"half")  # type: ignore[assignment]
        draft = store.begin("aips/x")
        with pytest.raises(ConnectionResetError):
            draft.put("data/a", source)
        draft.put("data/a", io.BytesIO(b"whole"))
        draft.commit()
        with pytest.raises(ConnectionResetError):
            store.put("b", BrokenSource(b"half"))  # type: ignore[arg-type]

        assert [found.key for found in store.list("")] == ["aips/x/data/a"]

    def test_begin_refuses_a_taken_prefix(self, store: Store) -> None:
        """Where something stands no tree begins: at the prefix, below it, or as a file above it."""
        store.put("aips/x/data/a", io.BytesIO(b"1"))

        for prefix in ("aips/x", "aips", "aips/x/data/a", "aips/x/data/a/b"):
            with pytest.raises(AlreadyStored):
                store.begin(prefix)

    def test_of_two_drafts_one_wins_whole(self, store: Store) -> None:
        """When the prefix was taken meanwhile, commit raises AlreadyStored and the other tree stays."""
        first, second = store.begin("aips/x"), store.begin("aips/x")
        first.put("a", io.BytesIO(b"1"))
        second.put("b", io.BytesIO(b"2"))
        first.commit()
        with pytest.raises(AlreadyStored):
            second.commit()
        second.abort()

        assert [found.key for found in store.list("")] == ["aips/x/a"]

    @pytest.mark.parametrize("key", ["aips", "aips/x", "aips/x/a"])
    def test_a_place_taken_meanwhile_is_seen_at_commit(self, store: Store, key: str) -> None:
        """An object put at, above or below the prefix of a draft wins, and stays."""
        draft = store.begin("aips/x")
        draft.put("a", io.BytesIO(b"1"))
        store.put(key, io.BytesIO(b"first"))
        with pytest.raises(AlreadyStored):
            draft.commit()

        assert [found.key for found in store.list("")] == [key]
        assert read(store, key) == b"first"

    def test_an_aborted_draft_is_forgotten(self, store: Store) -> None:
        """Abort leaves nothing, may be called twice, and ends the draft."""
        draft = store.begin("aips/x")
        draft.put("a", io.BytesIO(b"1"))
        draft.abort()
        draft.abort()
        with pytest.raises(NotFound):
            draft.put("b", io.BytesIO(b"1"))
        with pytest.raises(NotFound):
            draft.commit()

        assert list(store.list("")) == []

    def test_abort_after_commit_changes_nothing(self, store: Store) -> None:
        """A committed tree survives the abort of its draft."""
        draft = store.begin("aips/x")
        draft.put("a", io.BytesIO(b"1"))
        draft.commit()
        draft.abort()

        assert read(store, "aips/x/a") == b"1"

    def test_carry_makes_a_committed_object_stand_twice(self, store: Store) -> None:
        """A carried file has the same bytes under both keys."""
        store.put("aips/x/v0001/data/a", io.BytesIO(b"kept"))
        draft = store.begin("aips/x/v0002")
        told = draft.carry("data/a", "aips/x/v0001/data/a")
        draft.commit()

        assert told.size == 4
        assert read(store, "aips/x/v0002/data/a") == read(store, "aips/x/v0001/data/a") == b"kept"

    def test_mending_one_of_two_carried_files_leaves_the_other(self, store: Store) -> None:
        """Shared bytes are never written through one of their names."""
        store.put("aips/x/v0001/data/a", io.BytesIO(b"kept"))
        draft = store.begin("aips/x/v0002")
        draft.carry("data/a", "aips/x/v0001/data/a")
        draft.commit()
        store.mend("aips/x/v0002/data/a", io.BytesIO(b"new!"), sha256(b"new!"))

        assert read(store, "aips/x/v0001/data/a") == b"kept"
        assert read(store, "aips/x/v0002/data/a") == b"new!"

    def test_carry_refuses_what_is_not_there_or_taken(self, store: Store) -> None:
        """Carrying nothing is NotFound, carrying onto a taken path AlreadyStored."""
        store.put("a/b", io.BytesIO(b"1"))
        draft = store.begin("aips/x")
        with pytest.raises(NotFound):
            draft.carry("data/a", "a/none")
        with pytest.raises(NotFound):
            draft.carry("data/a", "a")
        draft.carry("data/a", "a/b")

        with pytest.raises(AlreadyStored):
            draft.carry("data/a", "a/b")
        with pytest.raises(UnsafeName):
            draft.carry("../a", "a/b")

    def test_put_writes_once(self, store: Store) -> None:
        """A second put at a key raises AlreadyStored and overwrites nothing."""
        told = store.put("log/a", io.BytesIO(b"first"), sha256(b"first"))
        for key in ("log/a", "log/a/b", "log"):
            with pytest.raises(AlreadyStored):
                store.put(key, io.BytesIO(b"second"))

        assert told == StoredObject("log/a", 5)
        assert read(store, "log/a") == b"first"

    def test_put_refuses_a_wrong_digest(self, store: Store) -> None:
        """Bytes that differ from the announced digest are not stored."""
        with pytest.raises(DigestMismatch):
            store.put("log/a", io.BytesIO(b"bad"), sha256(b"good"))

        assert list(store.list("")) == []

    def test_p16_of_many_writers_of_one_key_one_wins(self, store: Store) -> None:
        """Threads that put the same key at once get one success and clear refusals, nothing else."""
        told: list[str] = []

        def write(number: int) -> None:
            try:
                store.put("log/same", io.BytesIO(b"%d" % number * 1000))
                told.append(f"stored {number}")
            except AlreadyStored:
                told.append("taken")

        threads = [threading.Thread(target=write, args=(number,)) for number in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

        stored = [word for word in told if word != "taken"]
        assert len(told) == 8 and len(stored) == 1
        assert read(store, "log/same") == stored[0].split()[1].encode() * 1000

    def test_big_objects_come_back_as_they_went(self, store: Store) -> None:
        """Content of several blocks and a rest is kept byte for byte."""
        content = bytes(range(256)) * 4096 + b"rest"
        store.put("big", io.BytesIO(content), sha256(content))

        assert read(store, "big") == content
        assert store.stat("big").size == len(content)

    def test_open_and_stat_say_not_found(self, store: Store) -> None:
        """What is not there, or is only a folder, is NotFound."""
        store.put("a/b", io.BytesIO(b"1"))

        for key in ("none", "a", "a/b/c", "a/none"):
            with pytest.raises(NotFound):
                store.open(key)
            with pytest.raises(NotFound):
                store.stat(key)

    def test_list_wants_whole_folder_names(self, store: Store) -> None:
        """'v1/' lists v1 and never v10; a prefix without its slash is refused."""
        store.put("v1/a", io.BytesIO(b"1"))
        store.put("v10/a", io.BytesIO(b"1"))

        assert [found.key for found in store.list("v1/")] == ["v1/a"]
        assert sorted(found.key for found in store.list("")) == ["v1/a", "v10/a"]
        assert list(store.list("v2/")) == []
        with pytest.raises(UnsafeName):
            list(store.list("v1"))

    def test_folders_are_named_without_their_files(self, store: Store) -> None:
        """folders() names what is right under a prefix, sorted, without files and the store's own."""
        for key in ("b/x/1", "b/y/1", "a/1", "file"):
            store.put(key, io.BytesIO(b"1"))
        store.set_aside("b/y/1")

        assert list(store.folders("")) == ["a", "b"]
        assert list(store.folders("b/"))[0] == "x"
        assert list(store.folders("none/")) == []
        with pytest.raises(UnsafeName):
            list(store.folders("b"))

    def test_mend_replaces_and_keeps_the_old_bytes(self, store: Store) -> None:
        """After mend the good bytes stand at the key and the old ones in quarantine, unseen by list."""
        store.put("aips/x/a", io.BytesIO(b"rotten"))
        aside = store.mend("aips/x/a", io.BytesIO(b"good"), sha256(b"good"))

        assert read(store, "aips/x/a") == b"good"
        assert aside is not None and read(store, aside) == b"rotten"
        assert [found.key for found in store.list("")] == ["aips/x/a"]
        assert aside in [found.key for found in store.list(".quarantine/")]

    def test_mend_refuses_bad_bytes_and_changes_nothing(self, store: Store) -> None:
        """A source that differs from the digest leaves the old object, and nothing in quarantine."""
        store.put("aips/x/a", io.BytesIO(b"rotten"))
        with pytest.raises(DigestMismatch):
            store.mend("aips/x/a", io.BytesIO(b"bad too"), sha256(b"good"))

        assert read(store, "aips/x/a") == b"rotten"
        assert list(store.list(".quarantine/")) == []

    def test_a05_mend_fills_an_empty_place(self, store: Store) -> None:
        """Where nothing stood, mend returns None and the object stands, with its folders."""
        aside = store.mend("aips/x/data/deep/a", io.BytesIO(b"good"), sha256(b"good"))

        assert aside is None
        assert read(store, "aips/x/data/deep/a") == b"good"

    def test_set_aside_moves_and_loses_nothing(self, store: Store) -> None:
        """An object set aside is gone from its key and whole in quarantine."""
        store.put("aips/x/extra", io.BytesIO(b"foreign"))
        aside = store.set_aside("aips/x/extra")

        assert read(store, aside) == b"foreign"
        assert list(store.list("")) == []
        with pytest.raises(NotFound):
            store.stat("aips/x/extra")
        with pytest.raises(NotFound):
            store.set_aside("aips/x/extra")

    def test_a_place_that_was_cleared_can_be_used_again(self, store: Store) -> None:
        """When everything of a tree was set aside, a new tree may begin there."""
        store.put("aips/x/data/a", io.BytesIO(b"1"))
        store.set_aside("aips/x/data/a")
        draft = store.begin("aips/x")
        draft.put("data/a", io.BytesIO(b"2"))
        draft.commit()

        assert read(store, "aips/x/data/a") == b"2"

    def test_quarantine_tells_where_each_object_stood(self, store: Store) -> None:
        """What lies in quarantine is told once, with its old key, why and since when."""
        store.put("aips/x/a", io.BytesIO(b"rotten"))
        store.put("aips/x/b.json", io.BytesIO(b"{}"))
        mended = store.mend("aips/x/a", io.BytesIO(b"good"), sha256(b"good"))
        moved = store.set_aside("aips/x/b.json")
        told = {one.key: one for one in store.quarantined()}

        assert set(told) == {mended, moved}
        assert {(one.origin, one.why) for one in told.values()} == {
            ("aips/x/a", "mended"),
            ("aips/x/b.json", "set aside"),
        }
        assert all(one.day is not None and one.at is not None for one in told.values())

    def test_p5_quarantine_is_only_forgotten_when_old(self, store: Store) -> None:
        """What came today stays for any earlier day; nothing outside quarantine can be forgotten."""
        store.put("aips/x/a", io.BytesIO(b"foreign"))
        aside = store.set_aside("aips/x/a")
        today = datetime.now(UTC).date()
        young = store.forget_quarantined(aside, before=today)
        old = store.forget_quarantined(aside, before=today + timedelta(days=2))

        assert (young, old) == (False, True)
        assert list(store.quarantined()) == list(store.list(".quarantine/")) == []
        assert store.forget_quarantined(aside, before=today + timedelta(days=2)) is False
        store.put("aips/x/keep", io.BytesIO(b"kept"))
        for key in ("aips/x/keep", ".quarantine", ".quarantine/../aips", ".quarantine/a/../b", OWN[0]):
            with pytest.raises(UnsafeName):
                store.forget_quarantined(key, before=date.max)
        assert read(store, "aips/x/keep") == b"kept"

    def test_free_bytes_is_a_number_or_none(self, store: Store) -> None:
        """A store tells its room in bytes, or None where it cannot."""
        room = store.free_bytes()

        assert room is None or room > 0

    def test_an_empty_tree_is_nothing(self, store: Store) -> None:
        """Committing a draft without files leaves nothing that is listed."""
        store.begin("aips/x").commit()

        assert list(store.list("")) == []
