"""Taking stock: each way in which a store and its catalogue may differ, by its case."""

import io
import os
import random
import shutil
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from preservation.canaries import plant
from preservation.stock import Count, Expected, Known, take_stock
from storage.digests import sha256_of
from storage.encrypted import seal_store
from storage.errors import StoreUnavailable, Unreadable
from storage.layout import PackageKey
from storage.local import LocalStore, create_store
from storage.memory import MemoryStore
from storage.sealed_stream import KEY_BYTES
from storage.store import Store, StoredObject
from tests.preservation.stores_of_bags import Shelf, add_bag, item_id, shelf_of


@pytest.fixture
def shelf(tmp_path: Path) -> Shelf:
    """A store with three items of two versions."""
    return shelf_of(tmp_path / "main", "main", items=3, versions=2, seed=3)


def _told(shelf: Shelf) -> set[tuple[str, str]]:
    return {(one.code, one.path) for part in take_stock(shelf.store, shelf.ask) for one in part.findings}


def _count(shelf: Shelf) -> Count:
    total = Count()
    for part in take_stock(shelf.store, shelf.ask):
        total = total.plus(part.count)
    return total


def _keys(shelf: Shelf) -> list[PackageKey]:
    return sorted(shelf.packages)


def test_a_store_that_agrees_has_no_finding(shelf: Shelf) -> None:
    """Where everything stands as registered nothing is said, and the counts add up."""
    shelf.store.put(f"log/2026/01/02/{sha256_of(b'{}')}.jsonl", io.BytesIO(b"{}"))

    assert _told(shelf) == set()
    assert _count(shelf) == Count(expected=6, standing=6, objects=6 * 5 + 1)


def test_b18_a_package_that_is_not_there_is_told_and_nothing_is_removed(shelf: Shelf) -> None:
    """A catalogue newer than the store tells its packages as missing; the others stay as they are."""
    gone = _keys(shelf)[1]
    shutil.rmtree(shelf.place(gone))
    before = sorted(shelf.root.rglob("*"))

    assert _told(shelf) == {("ST-101", gone.prefix)}
    assert _count(shelf).missing == 1
    assert sorted(shelf.root.rglob("*")) == before


def test_a_whole_shard_that_is_gone_is_missing(shelf: Shelf) -> None:
    """Nothing listed under a shard means that every copy of it is missing."""
    shutil.rmtree(shelf.root / "aips")

    assert _told(shelf) == {("ST-101", key.prefix) for key in _keys(shelf)}


def test_a_lacking_file_another_size_and_a_stranger_are_a_difference(shelf: Shelf) -> None:
    """Names and sizes are compared; the finding counts what differs."""
    one = _keys(shelf)[0]
    (shelf.place(one) / "data" / "objects" / "0001.txt").write_bytes(b"longer than before" * 30)
    (shelf.place(one) / "Thumbs.db").write_bytes(b"x")
    (finding,) = [f for part in take_stock(shelf.store, shelf.ask) for f in part.findings]

    assert (finding.code, finding.path) == ("ST-102", one.prefix)
    assert (finding.fact("lacking"), finding.fact("differ"), finding.fact("extra")) == ("0", "1", "1")
    assert _count(shelf).wrong == 1


def test_a13_a_moved_bag_is_known_by_the_id_inside(shelf: Shelf) -> None:
    """A renamed bag folder is told with the package that it is; its own place is empty."""
    one = _keys(shelf)[0]
    place = shelf.place(one)
    place.rename(place.with_name("v0001.bak"))

    assert _told(shelf) == {("ST-101", one.prefix), ("ST-401", f"{one.prefix}.bak")}


def test_a14_two_swapped_bags_are_found(shelf: Shelf) -> None:
    """Two bags in each other's place, each valid, are both told as swapped, although all sizes agree."""
    add = [PackageKey(item_id(random.Random(n)), 1) for n in (1, 2)]
    for key in add:
        shelf.packages[key] = Expected(key, True, add_bag(shelf.store, key))
    first, second = add
    spare = shelf.root / "spare"
    shelf.place(first).rename(spare)
    shelf.place(second).rename(shelf.place(first))
    spare.rename(shelf.place(second))

    assert _told(shelf) == {("ST-302", first.prefix), ("ST-302", second.prefix)}


def test_a15_a_bag_copied_under_another_name_is_a_duplicate(shelf: Shelf) -> None:
    """The same id under two prefixes is told, also where the second place looks like a package's."""
    one = _keys(shelf)[0]
    shutil.copytree(shelf.place(one), shelf.root / "backup" / "old")
    other = PackageKey(item_id(random.Random(8)), 1)
    shutil.copytree(shelf.place(one), shelf.place(other))

    assert _told(shelf) == {("ST-402", "backup/old"), ("ST-402", other.prefix)}


def test_a25_an_older_version_over_a_newer_one_is_a_regression(shelf: Shelf) -> None:
    """A bag that says a lower version than its place is told as put back from an old copy."""
    old, new = _keys(shelf)[:2]
    shutil.rmtree(shelf.place(new))
    shutil.copytree(shelf.place(old), shelf.place(new))

    assert ("ST-301", new.prefix) in _told(shelf)


def test_b17_a_package_newer_than_the_catalogue_is_offered(shelf: Shelf) -> None:
    """A package that the catalogue does not know is told as unknown, no loss."""
    fresh = PackageKey(_keys(shelf)[0].item_id, 3)
    add_bag(shelf.store, fresh)

    assert _told(shelf) == {("ST-201", fresh.prefix)}


def test_a_copy_that_nobody_registered_is_told(shelf: Shelf) -> None:
    """A known package in a store of which the catalogue has no copy is a copy to register."""
    one = _keys(shelf)[0]
    shelf.packages[one] = replace(shelf.packages[one], is_copied=False)

    assert _told(shelf) == {("ST-202", one.prefix)}


class _Forgetful(LocalStore):
    """A store whose listing lacks one package, as an eventually consistent one does."""

    hidden = ""

    def list(self, prefix: str) -> Iterator[StoredObject]:
        """Yield everything but what is hidden."""
        return (one for one in super().list(prefix) if not one.key.startswith(self.hidden))


def test_c08_a_listing_that_lacks_a_package_is_no_loss(shelf: Shelf) -> None:
    """What a listing lacks is asked for by name before it is called missing."""
    one = _keys(shelf)[0]
    store = _Forgetful("main", shelf.root)
    store.hidden = one.prefix
    shelf.store = store

    assert _told(shelf) == {("ST-103", one.prefix)}
    assert _count(shelf).missing == 0


def test_c11_objects_of_a_destroyed_item_are_told(shelf: Shelf) -> None:
    """What was destroyed and still stands is told; nothing is purged."""
    ghost = PackageKey(item_id(random.Random(5)), 1)
    add_bag(shelf.store, ghost)
    shelf.destroyed.add(ghost.item_id)

    assert _told(shelf) == {("ST-203", ghost.prefix)}
    assert shelf.place(ghost).is_dir()


def test_a_half_written_package_and_foreign_things_are_told(shelf: Shelf) -> None:
    """A folder that is no bag, loose files at any height and strange folders are told as what they are."""
    half = PackageKey(item_id(random.Random(6)), 1)
    shelf.place(half).mkdir(parents=True)
    (shelf.place(half) / "bagit.txt").write_bytes(b"x")
    (shelf.root / "readme.txt").write_bytes(b"x")
    (shelf.root / "aips" / "zz").mkdir()
    (shelf.root / "aips" / "zz" / "a.jpg").write_bytes(b"x")
    loose = shelf.place(_keys(shelf)[0]).parent / "notes.txt"
    loose.write_bytes(b"x")

    assert _told(shelf) == {
        ("ST-204", half.prefix),
        ("ST-403", "readme.txt"),
        ("ST-403", "aips/zz"),
        ("ST-403", loose.relative_to(shelf.root).as_posix()),
    }


def test_a_log_object_that_changed_is_told(shelf: Shelf) -> None:
    """A log object bears the digest of its content as its name."""
    for root in ("log", "audit", "anchors"):
        shelf.store.put(f"{root}/2026/01/02/{sha256_of(b'good')}.json", io.BytesIO(b"good"))
    changed = shelf.root / "log" / "2026" / "01" / "02" / f"{sha256_of(b'good')}.json"
    changed.write_bytes(b"evil")

    assert _told(shelf) == {("ST-404", changed.relative_to(shelf.root).as_posix())}


def test_b14_a_store_that_is_away_tells_nothing(shelf: Shelf) -> None:
    """Without its marker a folder is no store: no package is called missing."""
    (shelf.root / ".jingui-store").unlink()

    with pytest.raises(StoreUnavailable):
        _told(shelf)


class _Leaving(LocalStore):
    """A store that goes away in the middle of its listing."""

    def list(self, prefix: str) -> Iterator[StoredObject]:
        """Yield the first half, then lose the marker."""
        for number, one in enumerate(super().list(prefix)):
            if number == 10:
                (self.root / ".jingui-store").unlink(missing_ok=True)
                shutil.rmtree(self.root / "aips", ignore_errors=True)
            yield one


def test_a_store_that_goes_away_meanwhile_tells_nothing_missing(shelf: Shelf) -> None:
    """Nothing is called missing by a listing that broke off."""
    shelf.store = _Leaving("main", shelf.root)

    with pytest.raises(StoreUnavailable):
        _told(shelf)


class _Hiding(LocalStore):
    """A store with one shard that cannot be listed."""

    shard = ""

    def list(self, prefix: str) -> Iterator[StoredObject]:
        """Yield until the shard that cannot be read."""
        for one in super().list(prefix):
            if one.key.startswith(self.shard):
                raise Unreadable(key=self.shard, reason="EIO")
            yield one


def test_a_shard_that_cannot_be_listed_is_not_looked_at_and_the_others_are(shelf: Shelf) -> None:
    """An unreadable folder is told as not looked at; a loss elsewhere is found all the same."""
    store = _Hiding("main", shelf.root)
    store.shard = f"aips/{_keys(shelf)[0].item_id[:2]}"
    shelf.store = store
    gone = _keys(shelf)[-1]
    shutil.rmtree(shelf.place(gone))

    assert _told(shelf) == {("ST-104", store.shard), ("ST-101", gone.prefix), ("ST-405", "")}
    assert _count(shelf).not_looked == 2


def test_parts_that_are_done_are_not_looked_at_again(shelf: Shelf) -> None:
    """A stocktake goes on where it stopped: shards behind it are passed over."""
    asked: list[str] = []

    def ask(shard: str) -> Known:
        asked.append(shard)
        return shelf.ask(shard)

    first = _keys(shelf)[0].item_id[:2]
    list(take_stock(shelf.store, ask, done=frozenset({first})))

    assert first not in asked
    assert {key.item_id[:2] for key in _keys(shelf)} - {first} <= set(asked)


@pytest.mark.skipif(os.name == "nt", reason="links need rights there")
def test_a_link_in_a_package_is_a_difference(shelf: Shelf) -> None:
    """A file replaced by a link is not what was registered."""
    one = _keys(shelf)[0]
    file = shelf.place(one) / "data" / "objects" / "0001.txt"
    content = file.read_bytes()
    file.unlink()
    (shelf.root.parent / "elsewhere").write_bytes(content)
    file.symlink_to(shelf.root.parent / "elsewhere")

    assert _told(shelf) == {("ST-102", one.prefix)}


def _sealed(tmp_path: Path) -> Store:
    return seal_store(create_store(tmp_path / "sealed", "sealed"), b"k" * KEY_BYTES)


@pytest.mark.parametrize("make", [_sealed, lambda folder: MemoryStore("memory")], ids=["sealed", "memory"])
def test_every_kind_of_store_is_taken_stock_of(tmp_path: Path, make: Callable[[Path], Store]) -> None:
    """A sealed store agrees with the catalogue by its plain sizes; what is lost is told."""
    shelf = Shelf(make(tmp_path), tmp_path)
    for number in (1, 2):
        key = PackageKey(item_id(random.Random(number)), 1)
        shelf.packages[key] = Expected(key, True, add_bag(shelf.store, key))
    plant(shelf.store, 1)
    agreed = _told(shelf)
    lost = _keys(shelf)[0]
    for one in list(shelf.store.list(f"{lost.prefix}/")):
        shelf.store.set_aside(one.key)

    assert agreed == set()
    assert _told(shelf) == {("ST-101", lost.prefix)}
