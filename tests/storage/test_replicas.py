"""Replicas: checked while they stream, per file from a good source, read back."""

import os
from pathlib import Path

import pytest

from storage.bag import Carried, Incoming, reread, write_bag
from storage.errors import DigestMismatch, StorageFull, StoreUnavailable
from storage.inventory import Inventory
from storage.local import LocalStore, create_store
from storage.memory import MemoryStore
from storage.replicas import copy_bag
from tests.storage.samples import FIRST, SECOND, damage, judge, run, sample_bag


@pytest.fixture
def store(tmp_path: Path) -> LocalStore:
    """The store that has the sample bag."""
    return create_store(tmp_path / "store", "first")


@pytest.fixture
def target(tmp_path: Path) -> LocalStore:
    """An empty store for copies."""
    return create_store(tmp_path / "target", "second")


def test_a_copy_is_the_same_bag(store: LocalStore, target: LocalStore) -> None:
    """The copy has every file of the inventory and is valid by itself."""
    inventory = sample_bag(store)
    copy_bag([store], target, FIRST, inventory)

    assert judge(target)
    assert [found.key for found in target.list("")] == [found.key for found in store.list("")]
    reread(target, FIRST, inventory)


def test_copies_go_between_kinds_of_stores(store: LocalStore) -> None:
    """Disk to memory and back is the same bag."""
    inventory = sample_bag(store)
    memory = MemoryStore()
    copy_bag([store], memory, FIRST, inventory)

    reread(memory, FIRST, inventory)


def test_c03_copying_twice_is_success(store: LocalStore, target: LocalStore) -> None:
    """A job that runs again finds its copy there and is content."""
    inventory = sample_bag(store)
    copy_bag([store], target, FIRST, inventory)
    copy_bag([], target, FIRST, inventory)

    assert os.listdir(target.root / ".drafts") == []


@pytest.mark.parametrize("fault", ["flipped", "truncated", "missing", "extra"])
def test_a22_another_bag_in_the_target_is_told_and_kept(
    store: LocalStore, target: LocalStore, fault: str
) -> None:
    """A target that holds something else is DigestMismatch with the path, and is not touched."""
    inventory = sample_bag(store)
    copy_bag([store], target, FIRST, inventory)
    key = f"{FIRST}/data/objects/0001.jpg"
    if fault == "missing":
        target.set_aside(key)
    elif fault == "extra":
        (target.root / FIRST / "premis.xml").write_bytes(b"<fake/>")
    else:
        damage(target, key, b"\xff\xd8 A PICTURE" if fault == "flipped" else b"\xff")
    before = sorted((found.key, found.size) for found in target.list(""))
    with pytest.raises(DigestMismatch) as caught:
        copy_bag([store], target, FIRST, inventory)

    assert caught.value.facts["path"] == ("premis.xml" if fault == "extra" else "data/objects/0001.jpg")
    assert sorted((found.key, found.size) for found in target.list("")) == before


def test_a23_a_damaged_source_makes_no_copy(store: LocalStore, target: LocalStore) -> None:
    """Bytes that differ from the record never reach a copy."""
    inventory = sample_bag(store)
    damage(store, f"{FIRST}/data/objects/0001.jpg", b"\xff\xd8 A PICTURE")
    with pytest.raises(DigestMismatch) as caught:
        copy_bag([store], target, FIRST, inventory)

    assert caught.value.facts["path"] == "data/objects/0001.jpg"
    assert caught.value.facts["tried"] == ("first: ST-004",)
    assert list(target.list("")) == [] and os.listdir(target.root / ".drafts") == []


def test_a20_two_sources_damaged_in_different_files_make_one_good_copy(
    store: LocalStore, target: LocalStore
) -> None:
    """Each file comes from a source that has it right: flipped, missing, unreadable or a link."""
    inventory = sample_bag(store)
    other = MemoryStore("other")
    copy_bag([store], other, FIRST, inventory)
    damage(store, f"{FIRST}/data/objects/0001.jpg", b"\xff\xd8 A PICTURE")
    store.set_aside(f"{FIRST}/bagit.txt")
    other.tamper(f"{FIRST}/data/objects/0002.tif", b"short")
    other.unreadable.add(f"{FIRST}/说明.html")
    copy_bag([store, other], target, FIRST, inventory)

    assert judge(target)
    reread(target, FIRST, inventory)


def test_a21_a_file_that_is_bad_everywhere_is_named(store: LocalStore, target: LocalStore) -> None:
    """When no source has a file right, it is named, and nothing is stored."""
    inventory = sample_bag(store)
    other = MemoryStore("other")
    copy_bag([store], other, FIRST, inventory)
    damage(store, f"{FIRST}/bagit.txt", b"x")
    other.tamper(f"{FIRST}/bagit.txt", None)
    with pytest.raises(DigestMismatch) as caught:
        copy_bag([store, other], target, FIRST, inventory)

    assert caught.value.facts["tried"] == ("first: ST-004", "other: ST-001")
    assert list(target.list("")) == []


def test_sources_that_are_away_may_be_tried_again(store: LocalStore, target: LocalStore) -> None:
    """When every source is away the error says so and is worth another try; one that is there suffices."""
    inventory = sample_bag(store)
    away = MemoryStore("away", unreachable=True)
    with pytest.raises(StoreUnavailable) as caught:
        copy_bag([away], target, FIRST, inventory)
    copy_bag([away, store], target, FIRST, inventory)

    assert caught.value.retryable
    assert judge(target)


def test_b08_a_full_target_has_nothing_of_the_copy(store: LocalStore) -> None:
    """The target's own trouble is told as such and is no fault of the source."""
    inventory = sample_bag(store)
    target = MemoryStore(full_after_bytes=1000)
    with pytest.raises(StorageFull):
        copy_bag([store, store], target, FIRST, inventory)

    assert list(target.list("")) == []


def second_version(store: LocalStore, first: Inventory) -> Inventory:
    """Write a version that carries all payload files but one, and return its inventory."""
    new = Incoming.of_bytes("data/metadata/description.json", b"{}")
    kept = [
        Carried(one.path, f"{FIRST}/{one.path}", one.size, one.sha256)
        for one in first.payload
        if one.path != new.path
    ]
    return write_bag(store, SECOND, payload=[*kept, new], tag_files={}, info=())


def test_a_copy_shares_what_the_target_has_already(store: LocalStore, target: LocalStore) -> None:
    """Unchanged files of an older version are carried in the target instead of copied."""
    first = sample_bag(store)
    copy_bag([store], target, FIRST, first)
    second = second_version(store, first)
    shared = {one.path: f"{FIRST}/{one.path}" for one in first.payload if second.get(one.path) == one}
    copy_bag([store], target, SECOND, second, shared=shared)

    assert judge(target, SECOND)
    assert target.link_count(f"{SECOND}/data/objects/0002.tif") == 2


def test_a_shared_file_that_rotted_in_the_target_is_copied_instead(
    store: LocalStore, target: LocalStore
) -> None:
    """A damaged or lost older file in the target is not carried on; the source gives its bytes."""
    first = sample_bag(store)
    copy_bag([store], target, FIRST, first)
    second = second_version(store, first)
    damage(target, f"{FIRST}/data/objects/0001.jpg", b"\xff\xd8 A PICTURE")
    target.set_aside(f"{FIRST}/data/objects/0002.tif")
    shared = {one.path: f"{FIRST}/{one.path}" for one in second.payload}
    copy_bag([store], target, SECOND, second, shared=shared)

    assert judge(target, SECOND)
    assert target.link_count(f"{SECOND}/data/objects/0001.jpg") == 1


class RacedStore(MemoryStore):
    """A store in which another copier commits the same bag first."""

    def take_in(self, prefix: str, files: dict[str, bytes]) -> None:
        """Take in the other's copy, then ours."""
        super().take_in(prefix, files)
        super().take_in(prefix, files)


def test_p16_two_copiers_of_one_bag_both_succeed(store: LocalStore) -> None:
    """The slower of two copiers finds the bag there, compares it and is content."""
    inventory = sample_bag(store)
    target = RacedStore()
    copy_bag([store], target, FIRST, inventory)

    reread(target, FIRST, inventory)


class LyingStore(MemoryStore):
    """A store whose medium changes what it took in."""

    def take_in(self, prefix: str, files: dict[str, bytes]) -> None:
        """Store, and lose the end of the big file."""
        super().take_in(prefix, {path: content[:400_000] for path, content in files.items()})


def test_c04_a_copy_is_read_back(store: LocalStore) -> None:
    """A target that said yes but stored other bytes is found by reading back."""
    inventory = sample_bag(store)

    with pytest.raises(DigestMismatch) as caught:
        copy_bag([store], LyingStore(), FIRST, inventory)
    assert caught.value.facts["stage"] == "reread"


KILLED_AT = (
    "replica.after_first_file",
    "replica.before_commit",
    "store.before_fsync",
    "store.before_rename",
    "store.after_rename",
    "replica.after_commit",
)


@pytest.mark.parametrize("failpoint", KILLED_AT)
def test_b01_a_killed_copy_is_whole_or_not_there(
    store: LocalStore, target: LocalStore, tmp_path: Path, failpoint: str
) -> None:
    """Kill -9 at each point, then run again: one valid copy, the source untouched, no draft left."""
    inventory = sample_bag(store)
    (tmp_path / "inventory").write_text(inventory.to_text(), encoding="utf-8")
    program = (
        "import sys, pathlib\n"
        "from storage.inventory import Inventory\n"
        "from storage.local import LocalStore\n"
        "from storage.replicas import copy_bag\n"
        "from tests.storage.samples import FIRST\n"
        "source, target, sheet = sys.argv[1:]\n"
        "inventory = Inventory.from_text(pathlib.Path(sheet).read_text(encoding='utf-8'))\n"
        "copy_bag([LocalStore('first', source)], LocalStore('second', target), FIRST, inventory)\n"
        "print('acknowledged')\n"
    )
    words = (str(store.root), str(target.root), str(tmp_path / "inventory"))
    done = run(program, *words, failpoint=failpoint)
    standing = len(list(target.list("")))
    target.sweep_drafts(0)
    again = run(program, *words)

    assert done.returncode == -9 and not done.stdout, done.stderr
    assert standing in (0, len(inventory.files))
    assert again.stdout == "acknowledged\n", again.stderr
    assert judge(target) and judge(store)
    assert os.listdir(target.root / ".drafts") == []
