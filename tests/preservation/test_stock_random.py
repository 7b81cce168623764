"""200 random changes of two stores: taking stock finds each, and nothing else."""

import random
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from preservation.stock import take_stock
from storage.layout import PackageKey
from tests.preservation.stores_of_bags import Shelf, add_bag, item_id, shelf_of

Told = set[tuple[str, str]]
SEEDS = 200


@dataclass(frozen=True, slots=True)
class Change:
    """One change of a store: what must be told of it, and how to take it back."""

    told: Told
    undo: Callable[[], object]


def _found(shelf: Shelf) -> Told:
    return {(one.code, one.path) for part in take_stock(shelf.store, shelf.ask) for one in part.findings}


def _stray_place(shelf: Shelf, key: PackageKey, dice: random.Random) -> str:
    """Return a place where no package of ours stands."""
    other = item_id(dice)
    return dice.choice(
        (
            f"{key.prefix}.bak",
            f"{key.prefix[:-1]}x",
            f"found/{key.version}",
            f"aips/zz/{other}",
            f"aips/{other[:2]}/{other[2:4]}/{key.item_id}/v0001",
            f"aips/{other[:2]}/{other[2:4]}/{other}/v{key.version:04d}",
            f"aips/{key.prefix.split('/', 1)[1][:5]}/{key.item_id}/v0077",
        )
    )


def _two(shelf: Shelf, dice: random.Random) -> list[PackageKey]:
    return dice.sample(sorted(shelf.packages), 2)


def _aside(shelf: Shelf) -> Path:
    return shelf.root.parent / "aside"


def delete(shelf: Shelf, dice: random.Random) -> Change:
    """Lose a whole package."""
    key = dice.choice(sorted(shelf.packages))
    place = shelf.place(key).rename(_aside(shelf))
    return Change({("ST-101", key.prefix)}, lambda: place.rename(shelf.place(key)))


def move(shelf: Shelf, dice: random.Random) -> Change:
    """Move a package to another place."""
    key = dice.choice(sorted(shelf.packages))
    stray = _stray_place(shelf, key, dice)
    target = shelf.root / stray
    target.parent.mkdir(parents=True, exist_ok=True)
    shelf.place(key).rename(target)
    return Change({("ST-101", key.prefix), ("ST-401", stray)}, lambda: target.rename(shelf.place(key)))


def copy(shelf: Shelf, dice: random.Random) -> Change:
    """Copy a package to another place of the same store."""
    key = dice.choice(sorted(shelf.packages))
    stray = _stray_place(shelf, key, dice)
    shutil.copytree(shelf.place(key), shelf.root / stray)
    return Change({("ST-402", stray)}, lambda: shutil.rmtree(shelf.root / stray))


def swap(shelf: Shelf, dice: random.Random) -> Change:
    """Put two packages in each other's place."""
    one, two = _two(shelf, dice)

    def turn() -> None:
        place = shelf.place(one).rename(_aside(shelf))
        shelf.place(two).rename(shelf.place(one))
        place.rename(shelf.place(two))

    turn()
    told = {("ST-302", one.prefix), ("ST-302", two.prefix)}
    if one.item_id == two.item_id:
        low, high = sorted((one, two))
        told = {("ST-302", low.prefix), ("ST-301", high.prefix)}
    return Change(told, turn)


def overwrite(shelf: Shelf, dice: random.Random) -> Change:
    """Put a copy of one package in the place of another, often an older version over a newer."""
    one, two = _two(shelf, dice)
    if dice.random() < 0.6:
        one, two = PackageKey(one.item_id, 1), PackageKey(one.item_id, 2)
    place = shelf.place(two).rename(_aside(shelf))
    shutil.copytree(shelf.place(one), shelf.place(two))
    is_older = one.item_id == two.item_id and one.version < two.version

    def undo() -> None:
        shutil.rmtree(shelf.place(two))
        place.rename(shelf.place(two))

    return Change({("ST-301" if is_older else "ST-303", two.prefix)}, undo)


def add(shelf: Shelf, dice: random.Random) -> Change:
    """Add a package that the catalogue does not know."""
    known = dice.choice(sorted(shelf.packages))
    key = PackageKey(dice.choice((known.item_id, item_id(dice))), 3)
    add_bag(shelf.store, key)
    return Change({("ST-201", key.prefix)}, lambda: shutil.rmtree(shelf.place(key)))


def add_foreign(shelf: Shelf, dice: random.Random) -> Change:
    """Add a folder of files that are no bag."""
    name = dice.choice(("照片", "aips/misc", "tmp", "aips/0g"))
    (shelf.root / name / "sub").mkdir(parents=True)
    (shelf.root / name / "sub" / "a.jpg").write_bytes(b"x")
    return Change({("ST-403", name)}, lambda: shutil.rmtree(shelf.root / name))


def change_file(shelf: Shelf, dice: random.Random) -> Change:
    """Lose one file of a package, or add one."""
    key = dice.choice(sorted(shelf.packages))
    place = shelf.place(key)
    if dice.random() < 0.4:
        (place / "data" / "extra.txt").write_bytes(b"x")
        return Change({("ST-102", key.prefix)}, (place / "data" / "extra.txt").unlink)
    path = dice.choice(sorted(shelf.packages[key].sizes))
    kept = (place / path).rename(_aside(shelf))
    told = {("ST-102", key.prefix)} | ({("ST-304", key.prefix)} if path == "bag-info.txt" else set())
    return Change(told, lambda: kept.rename(place / path))


CHANGES = (delete, move, copy, swap, overwrite, add, add_foreign, change_file)


@pytest.fixture(scope="module")
def shelves(tmp_path_factory: pytest.TempPathFactory) -> list[Shelf]:
    """Two stores with the same six items of two versions."""
    base = tmp_path_factory.mktemp("stock")
    return [shelf_of(base / name / name, name, items=6, versions=2, seed=1) for name in ("main", "second")]


def test_every_random_change_is_found_and_nothing_else_is_told(shelves: list[Shelf]) -> None:
    """Moved, copied, swapped, deleted, added, put back from old: 200 changes, all found, none false."""
    wrong = []
    for seed in range(SEEDS):
        dice = random.Random(seed)
        hit, other = dice.sample(shelves, 2)
        act = CHANGES[seed % len(CHANGES)]
        change = act(hit, dice)
        found, elsewhere = _found(hit), _found(other) if seed % 10 == 0 else set()
        change.undo()
        if found != change.told or elsewhere:
            wrong.append((seed, act.__name__, found ^ change.told, elsewhere))

    assert wrong == []
    assert [_found(shelf) for shelf in shelves] == [set(), set()]
