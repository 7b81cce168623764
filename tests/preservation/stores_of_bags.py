"""A small archive of real bags in folders, and what its catalogue would know."""

import random
import uuid
from dataclasses import dataclass, field
from pathlib import Path

from preservation.stock import Expected, Known
from storage.bag import Incoming, write_bag
from storage.layout import PackageKey
from storage.local import create_store
from storage.manifest import InfoLine
from storage.store import Store


def item_id(seed: random.Random) -> str:
    """Return a fresh id of an item."""
    return str(uuid.UUID(int=seed.getrandbits(128), version=4))


def add_bag(store: Store, key: PackageKey, *, size: int = 20) -> dict[str, int]:
    """Write the bag of a package and return the size of each of its files."""
    content = f"{key.item_id} {key.version}\n".encode().ljust(size, b".")
    inventory = write_bag(
        store,
        key.prefix,
        payload=[Incoming.of_bytes("data/objects/0001.txt", content)],
        tag_files={},
        info=[
            InfoLine("Bagging-Date", "2026-01-01"),
            InfoLine("Internal-Sender-Identifier", key.item_id),
            InfoLine("Jingui-Item-Version", str(key.version)),
        ],
    )
    return {file.path: file.size for file in inventory.files}


@dataclass(slots=True)
class Shelf:
    """One store and what the catalogue knows of it."""

    store: Store
    root: Path
    packages: dict[PackageKey, Expected] = field(default_factory=dict)
    destroyed: set[str] = field(default_factory=set)

    def ask(self, shard: str) -> Known:
        """Return what is known of a shard."""
        packages = {key: one for key, one in self.packages.items() if key.item_id[:2] == shard}
        return Known(packages, frozenset(self.destroyed))

    def place(self, key: PackageKey) -> Path:
        """Return the folder of a package."""
        return self.root / key.prefix


def shelf_of(root: Path, name: str, *, items: int, versions: int, seed: int) -> Shelf:
    """Return a store with so many items; every second item has bags of equal sizes."""
    store = create_store(root, name)
    shelf = Shelf(store, store.root)
    dice = random.Random(seed)
    for number in range(items):
        own = item_id(dice)
        for version in range(1, versions + 1):
            key = PackageKey(own, version)
            sizes = add_bag(store, key, size=100 if number % 2 else 200 + 10 * number + version)
            shelf.packages[key] = Expected(key, True, sizes)
    return shelf
