"""LocalStore: the contract, and what only a disk can do to us."""

import io
import json
import os
from pathlib import Path

import pytest

from storage import platform
from storage.errors import AlreadyStored, StoreUnavailable, UnsafeName, WrongStore
from storage.local import LocalStore, create_store
from tests.contracts.store_contract import StoreContract, read, sha256


@pytest.fixture
def store(tmp_path: Path) -> LocalStore:
    """An empty store on a disk."""
    return create_store(tmp_path / "store", "first")


class TestLocalStore(StoreContract):
    """The contract holds on a disk."""


class TestLocalStoreWithoutLinks(StoreContract):
    """The contract holds on a file system without hard links (exFAT, some NAS)."""

    @pytest.fixture(autouse=True)
    def no_links(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """Let the one door to links say what such a file system says."""
        monkeypatch.setattr(platform, "link_file", lambda source, target: False)


class TestLocalStoreElsewhere(StoreContract):
    """The contract holds on a POSIX system without Linux's own calls."""

    @pytest.fixture(autouse=True)
    def no_linux(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """Take the way that macOS takes."""
        monkeypatch.setattr(platform.linux, "HAS_RENAME_NEW", False)
        monkeypatch.setattr(platform, "CAN_SYNC_ALL", False)


def test_the_marker_says_in_chinese_what_the_folder_is(store: LocalStore) -> None:
    """A person who finds the folder reads which store it is and what to leave alone."""
    told = json.loads((store.root / ".jingui-store").read_text(encoding="utf-8"))

    assert told["id"] == "first"
    assert told["created"].endswith("Z")
    assert "BagIt" in told["note"] and "请勿" in told["note"]


def test_a_store_is_made_once_and_found_again(store: LocalStore) -> None:
    """Making the same store again returns it with all it holds."""
    store.put("a", io.BytesIO(b"1"))
    again = LocalStore("first", store.root, create=True)

    assert read(again, "a") == b"1"


def test_a_store_is_not_made_in_a_used_folder(tmp_path: Path) -> None:
    """A folder with foreign files becomes no store, and nothing is written to it."""
    (tmp_path / "letter.txt").write_text("mine")
    with pytest.raises(AlreadyStored):
        create_store(tmp_path, "first")

    assert os.listdir(tmp_path) == ["letter.txt"]


def test_a_store_is_made_on_a_fresh_disk(tmp_path: Path) -> None:
    """The lost+found of a fresh file system is in nobody's way, and never listed."""
    (tmp_path / "lost+found").mkdir()
    (tmp_path / "lost+found" / "#12").write_bytes(b"")
    store = create_store(tmp_path, "first")

    assert list(store.list("")) == []


def test_b14_an_empty_mount_point_is_no_store(store: LocalStore) -> None:
    """When the disk is away every act says StoreUnavailable, none says NotFound, nothing is written there."""
    store.put("aips/a", io.BytesIO(b"1"))
    draft = store.begin("aips/b")
    away = store.root.rename(store.root.with_name("away"))
    store.root.mkdir()
    acts = (
        store.probe,
        lambda: store.open("aips/a"),
        lambda: store.stat("aips/a"),
        lambda: list(store.list("")),
        lambda: list(store.list("aips/")),
        lambda: list(store.folders("")),
        lambda: store.put("b", io.BytesIO(b"")),
        lambda: store.begin("b"),
        lambda: store.mend("aips/a", io.BytesIO(b""), sha256(b"")),
        lambda: store.set_aside("aips/a"),
        lambda: store.sweep_drafts(0),
        store.free_bytes,
        draft.commit,
    )
    for act in acts:
        with pytest.raises(StoreUnavailable):
            act()

    assert os.listdir(store.root) == []
    store.root.rmdir()
    away.rename(store.root)
    assert read(store, "aips/a") == b"1"


def test_b14_a_disk_that_goes_away_while_listing_is_told(store: LocalStore) -> None:
    """A list that was cut short by an unmount raises and never looks complete."""
    for number in range(3):
        store.put(f"{number}/a", io.BytesIO(b"1"))
    listing = store.list("")
    next(listing)
    store.root.rename(store.root.with_name("away"))

    with pytest.raises(StoreUnavailable):
        list(listing)


def test_b15_another_store_in_the_place_is_told(store: LocalStore, tmp_path: Path) -> None:
    """A disk with another id stops the work; a marker that is no marker does so, too."""
    other = LocalStore("second", store.root)
    with pytest.raises(WrongStore):
        other.probe()
    with pytest.raises(WrongStore):
        LocalStore("second", store.root, create=True)
    for nonsense in (b"", b"[]", b"{", b'{"name": 1}', b"\xff"):
        os.chmod(store.root / ".jingui-store", 0o644)
        (store.root / ".jingui-store").write_bytes(nonsense)

        with pytest.raises(StoreUnavailable):
            store.probe()


def test_committed_files_are_read_only(store: LocalStore) -> None:
    """No program writes into an archived file by accident."""
    store.put("a", io.BytesIO(b"1"))
    store.mend("b", io.BytesIO(b"1"), sha256(b"1"))

    assert (store.root / "a").stat().st_mode & 0o222 == 0
    assert (store.root / "b").stat().st_mode & 0o222 == 0


def test_a19_what_is_on_the_disk_is_read(store: LocalStore) -> None:
    """A byte changed behind the store's back is read as it now is."""
    store.put("a", io.BytesIO(bytes(100_000)))
    os.chmod(store.root / "a", 0o644)
    with open(store.root / "a", "r+b") as file:
        file.seek(50_000)
        file.write(b"\x01")

    assert read(store, "a")[50_000] == 1


def test_quarantine_notes_say_where_it_stood(store: LocalStore) -> None:
    """Beside each object in quarantine a note names its key and why it went there."""
    store.put("aips/x/照片.jpg", io.BytesIO(b"1"))
    aside = store.set_aside("aips/x/照片.jpg")
    note = json.loads((store.root / (aside + ".json")).read_text())

    assert note["key"] == "aips/x/照片.jpg"
    assert note["why"] == "set aside"
    assert aside.endswith("-照片.jpg")


def test_foreign_names_can_be_set_aside(store: LocalStore) -> None:
    """What a strange program left, with whatever name the disk allows, can be moved to quarantine."""
    names = [b"\xff\xfe.jpg", b"a\\b", b"new\nline", b" ", b"~", b"C:x", "长".encode() * 85]
    (store.root / "aips").mkdir()
    for name in names:
        with open(os.path.join(os.fsencode(store.root), b"aips", name), "wb") as file:
            file.write(name)
    kept = [store.set_aside(found.key) for found in list(store.list(""))]

    assert list(store.list("")) == []
    assert sorted(read(store, key) for key in kept) == sorted(names)


def test_sweeping_removes_only_old_drafts(store: LocalStore) -> None:
    """Abandoned drafts go, living ones, quarantine and objects stay."""
    store.put("a", io.BytesIO(b"1"))
    store.set_aside("a")
    store.put("b", io.BytesIO(b"2"))
    old = store.begin("old")
    old.put("deep/file", io.BytesIO(b"3"))
    (store.root / ".drafts" / "single").write_bytes(b"4")
    for place in (store.root / ".drafts").rglob("*"):
        os.utime(place, (1, 1))
    new = store.begin("new")
    new.put("deep/file", io.BytesIO(b"5"))
    swept = store.sweep_drafts(3600)
    new.commit()

    assert swept == 2
    assert sorted(found.key for found in store.list("")) == ["b", "new/deep/file"]
    assert len(list(store.list(".quarantine/"))) == 2
    assert store.sweep_drafts(0) == 0


def test_a_long_draft_that_still_grows_is_not_swept(store: LocalStore) -> None:
    """A draft begun long ago whose newest file is fresh is alive."""
    draft = store.begin("long")
    draft.put("deep/a", io.BytesIO(b"1"))
    for place in (*(store.root / ".drafts").rglob("*"),):
        os.utime(place, (1, 1))
    draft.put("deep/b", io.BytesIO(b"2"))

    assert store.sweep_drafts(3600) == 0


def test_many_files_are_synced_at_once(store: LocalStore, monkeypatch: pytest.MonkeyPatch) -> None:
    """A big tree is made durable by one call for the file system instead of one per file."""
    synced = []
    real = platform.fsync_file
    monkeypatch.setattr(platform, "fsync_file", lambda place: synced.append(place) or real(place))
    for prefix, count in (("small", 3), ("big", 100)):
        draft = store.begin(prefix)
        for number in range(count):
            draft.put(f"data/{number}", io.BytesIO(b"1"))
        draft.commit()

    assert len(synced) == (3 if platform.CAN_SYNC_ALL else 103)
    assert len(list(store.list(""))) == 103


def test_a_name_that_the_disk_cannot_keep_is_unsafe(store: LocalStore) -> None:
    """A part of more than 255 bytes, or a path too long for the system, is UnsafeName."""
    with pytest.raises(UnsafeName):
        store.put("长" * 86, io.BytesIO(b""))
    with pytest.raises(UnsafeName):
        store.put("/".join(["d" * 200] * 30), io.BytesIO(b""))

    assert list(store.list("")) == []
