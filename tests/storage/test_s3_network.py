"""S3Store when the network and the server fail (reliability.md 4.C), against a real Swift."""

import hashlib
import io
import socket
import threading
from collections.abc import Iterator

import pytest

from storage.errors import AlreadyStored, NotFound, StoreUnavailable, Unreadable
from storage.s3 import S3Store
from storage.s3_sweep import abort_stale
from storage.s3_tree import RECORD
from storage.s3_wire import Patience
from tests.contracts.store_contract import read, sha256
from tests.servers.buckets import HURRY, client, new_store, store_in
from tests.servers.fault_proxy import Fault, FaultProxy, between
from tests.servers.swift import Swift
from tests.storage.samples import FIRST, sample_bag

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


def test_c01_a_connection_cut_while_uploading_leaves_no_object(store: S3Store, proxy: FaultProxy) -> None:
    """When every try is cut nothing stands, the failure may be tried again, and then it works."""
    proxy.will(Fault.CUT, "PUT", "log/a", times=HURRY.tries)
    with pytest.raises(StoreUnavailable) as caught:
        store.put("log/a", io.BytesIO(b"content"))

    assert caught.value.retryable and caught.value.facts["tries"] == HURRY.tries
    assert list(store.list("log/")) == []
    assert store.put("log/a", io.BytesIO(b"content")).size == 7


def test_c01_a_cut_in_the_middle_of_parts_leaves_no_upload(store: S3Store, proxy: FaultProxy) -> None:
    """A large file whose parts cannot be sent is aborted; one that a crash left is aborted by the reaper."""
    proxy.will(Fault.CUT, "PUT", "partNumber=2", times=HURRY.tries)
    with pytest.raises(StoreUnavailable):
        store.put("log/big", io.BytesIO(bytes(200 * KIB)))
    after_failure = store.wire.uploads()
    left = store.wire.start("log/left")
    store.wire.ask("upload_part", "log/left", UploadId=left.id, PartNumber=1, Body=b"half")

    assert after_failure == type(after_failure)()
    assert abort_stale(store.wire, 3600) == 0
    assert [upload.key for upload in store.wire.uploads()] == ["log/left"]
    assert abort_stale(store.wire, 0) == 1
    assert not store.wire.uploads()
    assert list(store.list("log/")) == []


def test_c02_a_busy_server_is_asked_again_with_patience(store: S3Store, proxy: FaultProxy) -> None:
    """503 SlowDown is tried again; after the last try it is StoreUnavailable, and the job waits."""
    proxy.will(Fault.UNAVAILABLE, "PUT", "log/a", times=HURRY.tries - 1)
    store.put("log/a", io.BytesIO(b"content"))
    tried = proxy.methods("log/a").count("PUT")
    proxy.will(Fault.UNAVAILABLE, "PUT", "log/b", times=HURRY.tries)
    with pytest.raises(StoreUnavailable) as caught:
        store.put("log/b", io.BytesIO(b"content"))

    assert tried == HURRY.tries
    assert caught.value.facts["reason"] == "SlowDown" and caught.value.retryable
    assert read(store, "log/a") == b"content"


@pytest.mark.parametrize("fault", [Fault.CUT_AFTER, Fault.HANG_AFTER])
def test_c03_an_answer_that_got_lost_does_not_make_a_second_object(
    swift: Swift, proxy: FaultProxy, store: S3Store, fault: Fault
) -> None:
    """When the server stored it and its answer is lost, the next try finds that it was ours."""
    place = store.wire.place
    hasty = store_in(
        place.bucket, proxy.endpoint, prefix=place.prefix, patience=Patience(4, 0.02, timeout_seconds=0.5)
    )
    hasty.stat("first/object")
    hasty.put("log/warm", io.BytesIO(b"proves"))
    proxy.will(fault, "PUT", "log/a")
    told = hasty.put("log/a", io.BytesIO(b"content"), sha256(b"content"))

    assert told.size == 7 and read(hasty, "log/a") == b"content"
    assert proxy.methods("log/a").count("PUT") == 2
    with pytest.raises(AlreadyStored):
        hasty.put("log/a", io.BytesIO(b"content"))


def test_c03_a_lost_answer_to_the_last_part_is_found_out(store: S3Store, proxy: FaultProxy) -> None:
    """The end of an upload in parts may be said twice: the object stands once and whole."""
    content = bytes(range(256)) * 800
    proxy.will(Fault.CUT_AFTER, "POST", "uploadId=")
    store.put("log/big", io.BytesIO(content), sha256(content))

    assert read(store, "log/big") == content
    assert not store.wire.uploads()


def test_c03_a_lost_answer_to_the_commit_keeps_the_tree(store: S3Store, proxy: FaultProxy) -> None:
    """Where no answer comes to the record nothing is removed: the tree is there, and a sweep leaves it."""
    draft = store.begin("aips/x")
    draft.put("a", io.BytesIO(b"1"))
    proxy.will(Fault.CUT_AFTER, "PUT", RECORD)
    proxy.will(Fault.CUT, "PUT", RECORD, times=HURRY.tries)
    with pytest.raises(StoreUnavailable):
        draft.commit()
    draft.abort()
    swept = store.sweep_drafts(0)

    assert swept == 0
    assert read(store, "aips/x/a") == b"1"
    with pytest.raises(AlreadyStored):
        store.begin("aips/x")


def _will_spoil(swift: Swift, store: S3Store, proxy: FaultProxy, content: bytes) -> None:
    """Let the server keep other bytes for log/a than it is sent, and say 200."""

    def act() -> None:
        behind, words = client(swift.endpoint), _behind(store, "log/a")
        told = behind.head_object(**words)["Metadata"]
        behind.put_object(**words, Body=content, Metadata=told)

    proxy.will(Fault.AFTER, "PUT", "log/a", act=act)


def test_c04_wrong_bytes_that_the_server_keeps_are_found_by_reading_back(
    swift: Swift, store: S3Store, proxy: FaultProxy
) -> None:
    """A server that says 200 and keeps other bytes: nothing stands, and the source is not blamed."""
    _will_spoil(swift, store, proxy, b"c0ntent")
    with pytest.raises(StoreUnavailable) as caught:
        store.put("log/a", io.BytesIO(b"content"), sha256(b"content"))

    assert caught.value.facts["reason"] == "stored other bytes"
    assert caught.value.facts["found"] == sha256(b"c0ntent")
    with pytest.raises(NotFound):
        store.stat("log/a")


def test_c04_one_bad_read_back_is_no_verdict(store: S3Store, proxy: FaultProxy) -> None:
    """A byte that changes on the way back is seen to be right at the second look."""
    proxy.will(Fault.FLIP, "GET", "log/a")
    store.put("log/a", io.BytesIO(b"content"), sha256(b"content"))

    assert read(store, "log/a") == b"content"


def test_c05_a_truncated_body_is_an_error_and_no_short_file(store: S3Store, proxy: FaultProxy) -> None:
    """Reading half of a body raises Unreadable (worth another try); the next read is whole."""
    content = bytes(range(256)) * 40
    store.put("log/a", io.BytesIO(content))
    proxy.will(Fault.TRUNCATE, "GET", "log/a")
    with pytest.raises(Unreadable) as caught:
        read(store, "log/a")

    assert caught.value.retryable and caught.value.facts["reason"] == "truncated"
    assert read(store, "log/a") == content


def test_c06_the_etag_is_no_digest(store: S3Store) -> None:
    """An object in parts has an ETag that is no MD5; its own SHA-256 is in the metadata, and reads back."""
    content = bytes(range(256)) * 4 * 200
    store.put("log/big", io.BytesIO(content), sha256(content))
    told = store.wire.ask("head_object", "log/big", writing=False)

    assert told["ETag"].strip('"') != hashlib.md5(content, usedforsecurity=False).hexdigest()
    assert told["ETag"].strip('"').endswith("-4")
    assert told["Metadata"]["sha256"] == sha256(content)
    assert read(store, "log/big") == content


def test_c07_no_trailer_is_sent_that_could_end_in_the_file(store: S3Store, proxy: FaultProxy) -> None:
    """Uploads go as they are: no chunks, no checksum trailer, the body signed with its SHA-256."""
    store.put("log/a", io.BytesIO(b"content"))
    store.put("log/big", io.BytesIO(bytes(100 * KIB)))
    sent = [request for request in proxy.seen if request.method == "PUT"]

    assert len(sent) == 3
    for request in sent:
        head = request.head.lower()
        assert b"aws-chunked" not in head and b"x-amz-trailer" not in head and b"x-amz-checksum" not in head
        assert hashlib.sha256(request.body).hexdigest().encode() in head


def test_c07_a_trailer_in_the_file_is_found(swift: Swift, store: S3Store, proxy: FaultProxy) -> None:
    """Where a server keeps a trailer inside the object, the read-back says so."""
    bad = b"7\r\ncontent\r\n0\r\nx-amz-checksum-crc32:AAAAAA==\r\n\r\n"
    _will_spoil(swift, store, proxy, bad)
    with pytest.raises(StoreUnavailable) as caught:
        store.put("log/a", io.BytesIO(b"content"))

    assert caught.value.facts["found"] == sha256(bad)


def test_c08_a_file_that_the_listing_lacks_is_asked_for(store: S3Store, proxy: FaultProxy) -> None:
    """A listing that lags behind hides nothing of a tree: its record names every file."""
    inventory = sample_bag(store)
    whole = sorted(found.key for found in store.list(f"{FIRST}/"))
    empty = b'<ListBucketResult xmlns="http://s3.amazonaws.com/doc/2006-03-01/"></ListBucketResult>'
    proxy.will(Fault.ANSWER, "GET", "prefix=" + store.wire.place.prefix + ".trees/", body=empty)
    proxy.seen.clear()
    late = sorted(found.key for found in store.list(f"{FIRST}/"))

    assert len(whole) == len(inventory.files)
    assert late == whole
    assert proxy.methods(".trees/").count("HEAD") == len(whole)


def test_c08_a_tree_whose_record_is_not_listed_is_seen(store: S3Store, proxy: FaultProxy) -> None:
    """A lagging listing does not make a whole package read as missing: its record is asked for by name."""
    inventory = sample_bag(store)
    empty = b'<ListBucketResult xmlns="http://s3.amazonaws.com/doc/2006-03-01/"></ListBucketResult>'
    proxy.will(Fault.ANSWER, "GET", "prefix=" + store.wire.place.prefix, body=empty, times=9)

    assert len(list(store.list(f"{FIRST}/"))) == len(inventory.files)


def test_c08_long_listings_come_in_pages(swift: Swift, monkeypatch: pytest.MonkeyPatch) -> None:
    """A listing that the server cuts into pages is complete."""
    store = new_store(swift.endpoint)
    for number in range(7):
        store.wire.put(f"log/{number}", b"x")
    ask = store.wire.ask

    def ask_small(operation: str, key: str | None, **words: object) -> object:
        page = {"MaxKeys": 2} if operation == "list_objects_v2" else {}
        return ask(operation, key, **{**page, **words})

    monkeypatch.setattr(store.wire, "ask", ask_small)

    assert [found.key for found in store.list("log/")] == [f"log/{number}" for number in range(7)]


def test_c13_a_name_that_is_not_known_fails_closed(store: S3Store) -> None:
    """No address for the server: StoreUnavailable."""
    other = store_in("any-bucket", "http://s3.invalid", patience=Patience(2, 0.01, timeout_seconds=2.0))
    with pytest.raises(StoreUnavailable):
        other.probe()


def test_c13_a_server_that_cannot_prove_who_it_is_gets_nothing(swift: Swift) -> None:
    """Where https is asked for and no proper TLS comes, there is one try, no fallback, and no request."""
    heard: list[bytes] = []
    with socket.create_server(("127.0.0.1", 0)) as server:

        def answer() -> None:
            link, _ = server.accept()
            with link:
                heard.append(link.recv(4096))
                link.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")

        thread = threading.Thread(target=answer)
        thread.start()
        other = store_in("any-bucket", f"https://127.0.0.1:{server.getsockname()[1]}")
        with pytest.raises(StoreUnavailable) as caught:
            other.probe()
        thread.join()

    assert caught.value.facts["reason"] == "SSLError"
    assert b"GET" not in heard[0] and b"AWS4" not in heard[0]
