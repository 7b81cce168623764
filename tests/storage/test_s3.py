"""S3Store on a real Swift: the contract, and how trees and parts stand in the bucket."""

import io
import os
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from storage.bag import reread
from storage.errors import AlreadyStored, DigestMismatch, NotFound, ReadOnly, WrongStore
from storage.layout import packages
from storage.local import LocalStore
from storage.replicas import copy_bag
from storage.s3 import S3Store
from storage.store import StoredObject
from tests.contracts.store_contract import StoreContract, read, sha256
from tests.servers.buckets import client, new_store, shared_bucket, store_in
from tests.servers.swift import KEY, SECRET, Swift
from tests.storage.samples import FIRST, SECOND, sample_bag

KIB = 1024
CHILD = """
import io, sys
from storage.bag import write_bag, Incoming
from storage.s3 import S3Store
bucket, prefix, endpoint, key, secret, at = sys.argv[1:]
store = S3Store("cloud", bucket=bucket, prefix=prefix, endpoint=endpoint, key=key, secret=secret)
write_bag(store, at, payload=[Incoming.of_bytes("data/a", b"one")], tag_files={}, info=[])
"""


@pytest.fixture
def store(swift: Swift) -> S3Store:
    """An empty store below a prefix of its own; parts of 64 KiB."""
    return new_store(swift.endpoint, part_bytes=64 * KIB, copy_most=100 * KIB)


class TestS3Store(StoreContract):
    """The contract holds on an S3 server."""

    @pytest.fixture
    def store(self, swift: Swift) -> S3Store:
        """An empty store with parts of the usual size."""
        return new_store(swift.endpoint)


def _again(store: S3Store, **more: object) -> S3Store:
    """Return the same store as another process would see it."""
    place = store.wire.place
    return store_in(place.bucket, place.endpoint, place.store, prefix=place.prefix, **more)


def _killed(store: S3Store, failpoint: str) -> None:
    """Write a small bag in a process that is killed at a fail-point."""
    place = store.wire.place
    words = [place.bucket, place.prefix, place.endpoint, KEY, SECRET, FIRST]
    env = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[2]), "JINGUI_FAILPOINT": failpoint}
    done = subprocess.run([sys.executable, "-c", CHILD, *words], env=env, capture_output=True, timeout=60)
    assert done.returncode < 0, done.stderr


def test_a_bag_is_copied_there_and_back(store: S3Store, tmp_path: Path) -> None:
    """A bag of a disk copied to S3 and from there to a new disk is the same bag, and is seen by others."""
    disk = LocalStore("disk", tmp_path / "a", create=True)
    other = LocalStore("new", tmp_path / "b", create=True)
    inventory = sample_bag(disk)
    copy_bag([disk], store, FIRST, inventory)
    copy_bag([disk], store, FIRST, inventory)
    copy_bag([_again(store)], other, FIRST, inventory)

    reread(other, FIRST, inventory)
    assert [key.prefix for key in packages(_again(store))] == [FIRST]
    assert list(_again(store).folders(f"{FIRST}/")) == ["data"]
    assert {found.key for found in store.list(f"{FIRST}/data/metadata/")} == {
        f"{FIRST}/data/metadata/description.json"
    }


def test_large_files_go_in_parts_and_are_carried_in_parts(store: S3Store) -> None:
    """A file above the threshold is whole in a draft, when carried to the next version, and when mended."""
    content = bytes(range(256)) * 4 * 201
    draft = store.begin(FIRST)
    draft.put("data/big", io.BytesIO(content), sha256(content))
    draft.commit()
    draft = store.begin(SECOND)
    told = draft.carry("data/big", f"{FIRST}/data/big")
    draft.commit()
    aside = store.mend(f"{SECOND}/data/big", io.BytesIO(content[::-1]), sha256(content[::-1]))

    assert told == StoredObject("data/big", len(content))
    assert read(store, f"{FIRST}/data/big") == content
    assert read(store, f"{SECOND}/data/big") == content[::-1]
    assert aside is not None and read(store, aside) == content
    assert not store.wire.uploads()


def test_a_large_object_is_written_once(store: S3Store) -> None:
    """Of two uploads in parts to one key the second is refused; a wrong digest leaves nothing."""
    content = bytes(100 * KIB)
    store.put("log/big", io.BytesIO(content))
    with pytest.raises(AlreadyStored):
        store.put("log/big", io.BytesIO(content))
    late = store.wire.start("log/big")
    part = store.wire.ask("upload_part", "log/big", UploadId=late.id, PartNumber=1, Body=b"late")
    with pytest.raises(AlreadyStored):
        store.wire.finish(late, {1: part["ETag"]}, only_new=True)
    store.wire.drop(late)
    with pytest.raises(DigestMismatch):
        store.put("log/other", io.BytesIO(content), sha256(b"another"))

    assert [found.key for found in store.list("log/")] == ["log/big"]
    assert not store.wire.uploads()


@pytest.mark.parametrize("failpoint", ["bag.after_first_file", "store.before_rename"])
def test_a_writer_killed_before_the_record_leaves_nothing_to_see(store: S3Store, failpoint: str) -> None:
    """What a crash left is invisible, does not hinder the next writer, and is swept when it is old enough."""
    _killed(store, failpoint)
    hidden = len(list(store.wire.list(".trees/")))
    seen = list(store.list("")), list(packages(store)), store.sweep_drafts(3600)
    inventory = sample_bag(store)
    swept = store.sweep_drafts(0)

    assert hidden > 0 and seen == ([], [], 0)
    assert swept == 1 and store.sweep_drafts(0) == 0
    assert len(list(store.wire.list(".trees/"))) == len(inventory.files)
    assert not list(store.wire.list(".drafts/"))
    reread(store, FIRST, inventory)


def test_a_writer_killed_after_the_record_has_written(store: S3Store) -> None:
    """From the record on the tree is whole; a sweep removes the note and nothing else."""
    _killed(store, "store.after_rename")
    swept = store.sweep_drafts(0)

    assert swept == 0 and not list(store.wire.list(".drafts/"))
    assert read(store, f"{FIRST}/data/a") == b"one"
    with pytest.raises(AlreadyStored):
        store.begin(FIRST)


def test_a_draft_that_was_swept_cannot_commit(store: S3Store) -> None:
    """A draft whose files a sweep removed is gone: no record names files that are not there."""
    draft = store.begin(FIRST)
    draft.put("a", io.BytesIO(b"1"))
    swept = store.sweep_drafts(0)
    with pytest.raises(NotFound):
        draft.commit()

    assert swept == 1
    assert list(store.list("")) == []


def test_a_tree_that_was_lost_whole_may_be_written_again(swift: Swift, store: S3Store) -> None:
    """Where every file of a tree is gone its place is free; other processes find the new tree."""
    inventory = sample_bag(store)
    other = _again(store)
    reread(other, FIRST, inventory)
    for found in list(store.wire.list(".trees/")):
        store.wire.delete(found.key)
    gone = list(store.list(f"{FIRST}/"))
    again = sample_bag(store)

    assert gone == []
    reread(other, FIRST, again)


def test_of_many_commits_one_wins(store: S3Store) -> None:
    """Drafts of one prefix that commit at once give one whole tree and clear refusals."""
    drafts = [store.begin(FIRST) for _ in range(4)]
    for number, draft in enumerate(drafts):
        draft.put("a", io.BytesIO(b"%d" % number))
        draft.put(f"only{number}", io.BytesIO(b""))
    told: list[int] = []

    def commit(number: int) -> None:
        try:
            drafts[number].commit()
            told.append(number)
        except AlreadyStored:
            pass

    threads = [threading.Thread(target=commit, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert len(told) == 1
    assert {found.key for found in store.list("")} == {f"{FIRST}/a", f"{FIRST}/only{told[0]}"}
    assert read(store, f"{FIRST}/a") == b"%d" % told[0]


def test_a_place_that_holds_something_else_is_no_store(swift: Swift, store: S3Store) -> None:
    """A prefix with objects of others is not taken; another store's place is WrongStore; ours stays ours."""
    store.create()
    with pytest.raises(WrongStore):
        store_in(store.wire.place.bucket, swift.endpoint, "other", prefix=store.wire.place.prefix).create()
    bucket = shared_bucket(swift.endpoint)
    client(swift.endpoint).put_object(Bucket=bucket, Key="others/thing", Body=b"1")
    with pytest.raises(AlreadyStored):
        store_in(bucket, swift.endpoint, prefix="others").create()


def _unconditional(params: dict[str, dict[str, str]], **_: object) -> None:
    """Leave the condition out, as a server does that does not know it."""
    params["headers"].pop("If-None-Match", None)


def test_a_server_that_overwrites_is_refused(swift: Swift, store: S3Store) -> None:
    """Where If-None-Match is not kept, no store is made and nothing is written; reading goes on."""
    store.put("log/a", io.BytesIO(b"1"))
    place = store.wire.place
    other = store_in(place.bucket, swift.endpoint, prefix=place.prefix)
    new = store_in(place.bucket, swift.endpoint, prefix=f"{place.prefix}new")
    for each in (other, new):
        events = each.wire.client.meta.events
        events.register("before-call.s3.PutObject", _unconditional)
    with pytest.raises(ReadOnly) as caught:
        other.put("log/b", io.BytesIO(b"2"))
    with pytest.raises(ReadOnly):
        new.create()
    kept = read(other, "log/a")

    assert caught.value.facts["reason"] == "no conditional put"
    assert kept == b"1"
    assert [found.key for found in store.list("log/")] == ["log/a"]
