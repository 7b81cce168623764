"""A sealed store in a bucket of a real S3 server: what leaves the house is sealed there, too."""

import io
import os
from pathlib import Path

import pytest

from storage.bag import Incoming, write_bag
from storage.encrypted import EncryptedStore, seal_store
from storage.errors import DigestMismatch, WrongKey
from storage.local import create_store
from storage.replicas import copy_bag
from storage.s3 import S3Store
from tests.contracts.store_contract import read, sha256
from tests.servers.buckets import client, new_store
from tests.servers.swift import Swift
from tests.storage.samples import FIRST

KEY = bytes(range(32))
CANARY = "仅此一处的字句 canary-51c0".encode()


@pytest.fixture
def inner(swift: Swift) -> S3Store:
    """An empty place in a bucket; parts of 64 KiB."""
    return new_store(swift.endpoint, part_bytes=64 * 1024)


def test_e34_a_bag_is_sealed_on_s3_and_comes_back(inner: S3Store, tmp_path: Path) -> None:
    """A bag of several parts is copied there and read back; no object of the bucket holds a readable word."""
    store = seal_store(inner, KEY)
    home = create_store(tmp_path / "home", "home")
    content = CANARY * 20_000 + os.urandom(1000)
    payload = [Incoming.of_bytes("data/objects/0001.txt", content)]
    inventory = write_bag(home, FIRST, payload=payload, tag_files={}, info=[])
    copy_bag([home], store, FIRST, inventory)
    place = inner.wire.place
    s3 = client(place.endpoint)
    told = s3.list_objects_v2(Bucket=place.bucket, Prefix=place.prefix)["Contents"]
    bodies = [s3.get_object(Bucket=place.bucket, Key=one["Key"])["Body"].read() for one in told]

    assert {one.key.removeprefix(f"{FIRST}/"): one.size for one in store.list(f"{FIRST}/")} == {
        record.path: record.size for record in inventory.files
    }
    assert read(store, f"{FIRST}/data/objects/0001.txt") == content
    assert len(bodies) > 5 and not [body for body in bodies if CANARY in body]


def test_a_sealed_object_on_s3_is_mended_and_another_key_refused(inner: S3Store) -> None:
    """mend and carry keep their promises around S3; with another key nothing is read or written."""
    store = seal_store(inner, KEY)
    store.put("aips/x/v0001/a", io.BytesIO(b"rotten"))
    aside = store.mend("aips/x/v0001/a", io.BytesIO(b"good"), sha256(b"good"))
    draft = store.begin("aips/x/v0002")
    draft.carry("a", "aips/x/v0001/a")
    draft.commit()

    assert aside is not None and read(store, aside) == b"rotten"
    assert read(store, "aips/x/v0002/a") == b"good"
    with pytest.raises(WrongKey):
        EncryptedStore(inner, bytes(32)).put("b", io.BytesIO(b""))
    with pytest.raises(DigestMismatch):
        store.put("c", io.BytesIO(b"bad"), sha256(b"good"))
