"""P4: random faults against the register: none missed, no false alarm."""

import io
import random

import pytest

from preservation.checks import Outcome
from preservation.fixity import check_copy
from storage.digests import sha256_of
from storage.inventory import FileRecord, Inventory
from storage.memory import MemoryStore

PREFIX = "aips/x/v0001"
PATHS = ("bagit.txt", "manifest-sha256.txt", "data/objects/0001.jpg", "data/objects/0002.txt", "data/empty")


def store_with(chance: random.Random) -> MemoryStore:
    """Return a store with one small package of random bytes."""
    store = MemoryStore("m")
    draft = store.begin(PREFIX)
    for path in PATHS:
        size = 0 if path == "data/empty" else chance.randrange(1, 3000)
        draft.put(path, io.BytesIO(chance.randbytes(size)))
    draft.commit()
    return store


def contents(store: MemoryStore) -> dict[str, bytes]:
    """Return what stands under the prefix, by bag path."""
    start = len(PREFIX) + 1
    return {each.key[start:]: store.content(each.key) for each in store.list(f"{PREFIX}/")}


def inventory_of(store: MemoryStore) -> Inventory:
    """Return the register of what stands now."""
    found = contents(store).items()
    return Inventory.of(FileRecord(path, len(content), sha256_of(content)) for path, content in found)


def hurt(store: MemoryStore, chance: random.Random) -> None:
    """Do one random thing to the package; it may, by chance, change nothing."""
    path = chance.choice(PATHS)
    key = f"{PREFIX}/{path}"
    old = contents(store).get(path, b"")
    at = chance.randrange(len(old) + 1)
    kind = chance.randrange(7)
    if kind == 0 and old:
        store.tamper(key, bytes([old[0] ^ (1 << chance.randrange(8))]) + old[1:])
    elif kind == 1:
        store.tamper(key, old[:at])
    elif kind == 2:
        store.tamper(key, old[:at] + chance.randbytes(2) + old[at:])
    elif kind == 3:
        store.tamper(key, None)
    elif kind == 4:
        store.tamper(f"{PREFIX}/{chance.choice(['data/', ''])}extra", b"x")
    elif kind == 5:
        store.tamper(key, bytes(reversed(old)))
    else:
        store.tamper(key, contents(store).get(chance.choice(PATHS), b""))


@pytest.mark.parametrize("block", range(4))
def test_p4_random_faults(block: int) -> None:
    """In 2,000 seeded packages a reading fails exactly where a byte or a name changed."""
    for seed in range(block * 500, block * 500 + 500):
        chance = random.Random(seed)
        store = store_with(chance)
        inventory, before = inventory_of(store), contents(store)
        for _ in range(chance.randrange(3)):
            hurt(store, chance)
        report = check_copy(store, PREFIX, inventory)
        after = contents(store)
        changed = {path for path in before if after.get(path) != before[path]}
        whole_is_gone = not after

        assert (report.outcome is Outcome.FAILED) == (before != after), seed
        assert whole_is_gone or report.bad_paths == changed, seed
        assert set(report.extra_paths) == set(after) - set(before), seed
