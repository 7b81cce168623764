"""S3Store when its bucket fails (reliability.md 4.C, C09-C11), on a real Swift."""

import io
from collections.abc import Iterator

import pytest

from storage.bag import reread
from storage.errors import NotFound, StoreUnavailable, Unreadable
from storage.layout import PackageKey, packages
from storage.s3 import S3Store
from storage.s3_probe import capabilities, removing_rules
from tests.contracts.store_contract import read, sha256
from tests.servers.buckets import client, new_bucket, new_store, store_in
from tests.servers.fault_proxy import Fault, FaultProxy, between
from tests.servers.swift import Swift, running
from tests.storage.samples import FIRST, ITEM, SECOND, sample_bag

KIB = 1024


@pytest.fixture
def proxy(swift: Swift) -> Iterator[FaultProxy]:
    """A proxy before Swift that does nothing yet."""
    with between(swift.endpoint) as running:
        yield running


@pytest.fixture
def store(swift: Swift, proxy: FaultProxy) -> S3Store:
    """An empty store that is reached through the proxy; parts of 64 KiB."""
    made = new_store(proxy.endpoint, part_bytes=64 * KIB, copy_most=256 * KIB)
    made.put("first/object", io.BytesIO(b"proves the server's conditional put"))
    proxy.seen.clear()
    return made


def _behind(store: S3Store, key: str) -> dict[str, str]:
    """Return the words by which a plain client names an object of a store."""
    return {"Bucket": store.wire.place.bucket, "Key": store.wire.place.prefix + key}


def test_c09_a_deleted_bucket_is_not_reachable_and_never_all_missing(swift: Swift) -> None:
    """Without its bucket every act says StoreUnavailable; nothing reads as missing or empty."""
    bucket = new_bucket(swift.endpoint)
    store = store_in(bucket, swift.endpoint)
    store.create()
    behind = client(swift.endpoint)
    behind.delete_object(Bucket=bucket, Key=".jingui-store")
    acts = (
        store.probe,
        lambda: store.open("a"),
        lambda: store.stat("a"),
        lambda: list(store.list("")),
        lambda: list(store.folders("")),
        lambda: store.put("a", io.BytesIO(b"")),
        lambda: store.begin("a"),
        lambda: store.mend("a", io.BytesIO(b""), sha256(b"")),
        lambda: store.set_aside("a"),
        lambda: store.sweep_drafts(0),
        store.free_bytes,
    )
    for is_deleted in (False, True):
        if is_deleted:
            behind.delete_bucket(Bucket=bucket)
        for act in acts:
            with pytest.raises(StoreUnavailable) as caught:
                act()
            assert caught.value.retryable


def test_c09_a_revoked_key_is_not_reachable(swift: Swift, store: S3Store) -> None:
    """A wrong secret and an unknown key are StoreUnavailable with the server's word for it."""
    place = store.wire.place
    for word in ("key", "secret"):
        other = store_in(place.bucket, swift.endpoint, prefix=place.prefix, **{word: "revoked"})
        with pytest.raises(StoreUnavailable) as caught:
            other.stat("first/object")
        assert caught.value.facts["reason"] in {"403", "AccessDenied", "InvalidAccessKeyId"}


def test_c10_rules_of_the_bucket_that_remove_are_told(store: S3Store, proxy: FaultProxy) -> None:
    """A lifecycle rule that expires or moves objects is named by the probe; a disabled one is not."""
    act = "<Expiration><Days>30</Days></Expiration>"
    rule = "<Rule><ID>{}</ID><Prefix></Prefix><Status>{}</Status>" + act + "</Rule>"
    rules = rule.format("clean-up", "Enabled") + rule.format("off", "Disabled")
    body = f"<LifecycleConfiguration>{rules}</LifecycleConfiguration>".encode()
    proxy.will(Fault.ANSWER, "GET", "?lifecycle", body=body)

    assert removing_rules(store.wire) == ("clean-up",)
    assert removing_rules(store.wire) == ()


def test_c10_what_a_rule_removed_is_found_by_reading_back(swift: Swift, store: S3Store) -> None:
    """An object that the bucket expired is NotFound, by listing and by reading; the rest stands."""
    sample_bag(store)
    gone = f"{FIRST}/data/objects/0001.jpg"
    client(swift.endpoint).delete_object(**_behind(store, store._places.locate(gone)))

    assert gone not in {found.key for found in store.list(f"{FIRST}/")}
    with pytest.raises(NotFound):
        store.open(gone)
    assert store.stat(f"{FIRST}/data/objects/0002.tif").size == 512_000


def test_c10_an_object_in_slow_storage_is_unreadable(store: S3Store, proxy: FaultProxy) -> None:
    """What a rule moved to slow storage is there, and cannot be read now."""
    body = b"<Error><Code>InvalidObjectState</Code></Error>"
    proxy.will(Fault.ANSWER, "GET", "first/object", status="403 Forbidden", body=body)
    with pytest.raises(Unreadable) as caught:
        store.open("first/object")

    assert caught.value.facts["reason"] == "InvalidObjectState"


def test_c11_what_a_replica_has_more_is_told_and_kept(store: S3Store) -> None:
    """Packages and objects that nobody registered are listed for an audit; no sweep removes them."""
    sample_bag(store)
    sample_bag(store, SECOND)
    store.wire.put(f"{SECOND}/foreign.txt", b"put there by hand")
    store.sweep_drafts(0)

    assert list(packages(store)) == [PackageKey(ITEM, 1), PackageKey(ITEM, 2)]
    assert f"{SECOND}/foreign.txt" in {found.key for found in store.list(f"{SECOND}/")}
    assert read(store, store.set_aside(f"{SECOND}/foreign.txt")) == b"put there by hand"


def test_one_dead_node_of_three_is_not_noticed(swift: Swift) -> None:
    """With one storage node killed everything can be read and written.

    The Swift of this test is its own: one that lost a node has listings that lag for a while.
    """
    with running() as other:
        store = new_store(other.endpoint)
        inventory = sample_bag(store)
        other.kill_node(1)
        reread(store, FIRST, inventory)
        second = sample_bag(store, SECOND)
        reread(store, SECOND, second)

        assert list(packages(store)) == [PackageKey(ITEM, 1), PackageKey(ITEM, 2)]


def test_capabilities_are_what_was_seen(swift: Swift, store: S3Store) -> None:
    """Swift keeps the first of two puts and checks digests; it answers 200 to locks and has none."""
    found = capabilities(store.wire)

    assert (found.conditional_put, found.checks_digests) == (True, True)
    assert (found.keeps_versions, found.locks_objects, found.removing_rules) == (False, False, ())
    assert not list(store.wire.list(".drafts/"))
