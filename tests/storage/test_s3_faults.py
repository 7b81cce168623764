"""P4, A22: every kind of damage to a copy in a bucket of a real server is found and rightly blamed."""

from dataclasses import dataclass

import pytest

from preservation.checks import Outcome
from preservation.fixity import check_copy
from storage.errors import NotFound
from storage.replicas import copy_bag
from storage.s3 import S3Store
from tests.bags.faults import KINDS, judge
from tests.bags.making import StoredBag, stored_bag
from tests.servers.buckets import new_store
from tests.servers.swift import Swift


@dataclass(frozen=True, slots=True)
class BucketHand:
    """A hand in a bag in a bucket: requests of its own, past the store."""

    store: S3Store
    prefix: str
    folder: str

    def raw(self, path: str) -> bytes | None:
        """Return the bytes of an object."""
        try:
            return self.store.wire.read(self.folder + path)
        except NotFound:
            return None

    def put_raw(self, path: str, content: bytes | None) -> None:
        """Put or remove an object."""
        if content is None:
            self.store.wire.delete(self.folder + path)
        else:
            self.store.wire.put(self.folder + path, content, only_new=False)

    def put(self, path: str, content: bytes) -> None:
        """Put an object."""
        self.put_raw(path, content)


@pytest.fixture(scope="module")
def bag(tmp_path_factory: pytest.TempPathFactory) -> StoredBag:
    """Return a small good bag on a disk."""
    payload = {f"data/{n}.bin": bytes([n]) * (200 + n) for n in range(3)} | {"data/é.txt": b"accent"}
    return stored_bag(tmp_path_factory.mktemp("one") / "one", payload)


def test_p4_a22_every_kind_of_damage_in_a_bucket(swift: Swift, bag: StoredBag) -> None:
    """One fault of each kind: exactly what changed is blamed, with the right word; undone, all is good."""
    store = new_store(swift.endpoint)
    copy_bag([bag.store], store, bag.prefix, bag.inventory)
    one = next(each.key for each in store.wire.list(".trees/") if each.key.endswith("/bagit.txt"))
    hand = BucketHand(store, bag.prefix, one.removesuffix("bagit.txt"))
    files = {record.path: bag.file(record.path).read_bytes() for record in bag.inventory.files}
    judged = [judge(hand, bag.prefix, bag.inventory, files, kind=kind, seed=7) for kind in KINDS]

    assert [told for told in judged if not told.is_right] == []
    assert check_copy(store, bag.prefix, bag.inventory).outcome is Outcome.PASSED
