"""The next version of a bag: unchanged files are carried, never read, never blessed."""

from pathlib import Path

import pytest

from storage.bag import Carried, Incoming, reread, write_bag
from storage.errors import DigestMismatch, NotFound
from storage.inventory import Inventory
from storage.local import LocalStore, create_store
from storage.memory import MemoryStore
from tests.storage.samples import FIRST, INFO, SECOND, TAGS, damage, judge, sample_bag

THIRD, FOURTH = FIRST.replace("v0001", "v0003"), FIRST.replace("v0001", "v0004")


@pytest.fixture
def store(tmp_path: Path) -> LocalStore:
    """An empty store on a disk."""
    return create_store(tmp_path / "store", "first")


def text(store: LocalStore | MemoryStore, path: str, prefix: str = FIRST) -> str:
    """Return a tag file of a bag."""
    with store.open(f"{prefix}/{path}") as stream:
        return stream.read().decode()


def carried(inventory: Inventory, prefix: str = FIRST) -> list[Carried]:
    """Return the payload of a stored bag as unchanged files of the next version."""
    return [Carried(one.path, f"{prefix}/{one.path}", one.size, one.sha256) for one in inventory.payload]


def test_a_next_version_carries_unchanged_files(store: LocalStore) -> None:
    """A new description makes a valid version; the old files share their bytes and are not read."""
    first = sample_bag(store)
    damage(store, f"{FIRST}/data/objects/0001.jpg", b"\xff\xd8 A PICTURE")  # unread, so unnoticed
    new = Incoming.of_bytes("data/metadata/description.json", b"{}")
    kept = [one for one in carried(first) if one.path != new.path]
    second = write_bag(store, SECOND, payload=[*kept, new], tag_files=TAGS, info=INFO)
    for path in ("data/objects/0001.jpg", "data/objects/0002.tif"):
        assert store.link_count(f"{SECOND}/{path}") == 2

    assert second.get("data/objects/0001.jpg") == first.get("data/objects/0001.jpg")
    with pytest.raises(DigestMismatch):
        reread(store, SECOND, second)


def test_both_versions_stay_valid(store: LocalStore) -> None:
    """Old versions stay verifiable after a new one."""
    first = sample_bag(store)
    new = Incoming.of_bytes("data/metadata/description.json", b"{}")
    kept = [one for one in carried(first) if one.path != new.path]
    second = write_bag(store, SECOND, payload=[*kept, new], tag_files=TAGS, info=INFO)

    assert judge(store, FIRST) and judge(store, SECOND)
    reread(store, FIRST, first)
    reread(store, SECOND, second)


def test_a_carried_file_of_another_size_is_told(store: LocalStore) -> None:
    """A truncated old file is noticed at no cost, and no version is made of it."""
    first = sample_bag(store)
    damage(store, f"{FIRST}/data/objects/0001.jpg", b"")
    with pytest.raises(DigestMismatch):
        write_bag(store, SECOND, payload=carried(first), tag_files={}, info=())

    assert list(store.list(SECOND + "/")) == []


def test_a_carried_file_that_is_gone_is_not_found(store: LocalStore) -> None:
    """Carrying what is not there ends the bag."""
    first = sample_bag(store)
    store.set_aside(f"{FIRST}/data/objects/0001.jpg")

    with pytest.raises(NotFound):
        write_bag(store, SECOND, payload=carried(first), tag_files={}, info=())


def test_a_new_digest_of_a_carried_file_never_blesses_rot(store: LocalStore) -> None:
    """Where another algorithm is wanted the file is read, and its SHA-256 must still be right."""
    first = sample_bag(store)
    known = [
        Carried(one.path, one.from_key, one.size, one.sha256, {"sha512": "0" * 128}) for one in carried(first)
    ]
    names = ("sha256", "sha512")
    write_bag(store, THIRD, payload=known, tag_files={}, info=(), algorithms=names)
    write_bag(store, SECOND, payload=carried(first), tag_files={}, info=(), algorithms=names)
    judge(store, SECOND)
    damage(store, f"{FIRST}/data/objects/0001.jpg", b"\xff\xd8 A PICTURE")

    assert text(store, "manifest-sha512.txt", THIRD).startswith("0" * 128)
    with pytest.raises(DigestMismatch):
        write_bag(store, FOURTH, payload=carried(first), tag_files={}, info=(), algorithms=names)
