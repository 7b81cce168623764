"""The bag writer: valid bags, one read per file, whole or not there."""

import hashlib
import io
import os
import shutil
from pathlib import Path
from typing import BinaryIO

import pytest

from storage.bag import Incoming, reread, write_bag
from storage.digests import is_available, sha256_of
from storage.errors import AlreadyStored, DigestMismatch, NotFound, StorageFull, UnsafeName
from storage.inventory import Inventory
from storage.local import LocalStore, create_store
from storage.manifest import InfoLine, parse_info, parse_manifest
from storage.memory import MemoryStore
from tests.storage.samples import FILES, FIRST, INFO, TAGS, damage, incoming, judge, run, sample_bag

THIRD, FOURTH = FIRST.replace("v0001", "v0003"), FIRST.replace("v0001", "v0004")


@pytest.fixture
def store(tmp_path: Path) -> LocalStore:
    """An empty store on a disk."""
    return create_store(tmp_path / "store", "first")


def text(store: LocalStore | MemoryStore, path: str, prefix: str = FIRST) -> str:
    """Return a tag file of a bag."""
    with store.open(f"{prefix}/{path}") as stream:
        return stream.read().decode()


def test_bagit_python_calls_a_written_bag_valid(store: LocalStore) -> None:
    """The independent judge finds our bag valid and reads our labels."""
    sample_bag(store)
    bag = judge(store)

    assert bag.version_info == (1, 0)
    assert bag.info["Source-Organization"] == "示例学校"
    assert bag.info["Payload-Oxum"] == f"{sum(map(len, FILES.values()))}.4"
    assert bag.info["Bag-Size"] == "512.0 KB"
    assert set(bag.payload_entries()) == set(FILES)


def test_the_inventory_is_closed(store: LocalStore) -> None:
    """The inventory names every file that stands there, with its size and digest, and nothing else."""
    inventory = sample_bag(store)
    standing = {found.key.removeprefix(FIRST + "/"): found.size for found in store.list(FIRST + "/")}

    assert standing == {record.path: record.size for record in inventory.files}
    for record in inventory.files:
        assert sha256_of((store.root / FIRST / record.path).read_bytes()) == record.sha256
    assert {record.path for record in inventory.tags} == {
        "bagit.txt",
        "bag-info.txt",
        "manifest-sha256.txt",
        "tagmanifest-sha256.txt",
        "说明.html",
    }


def test_the_same_bag_has_the_same_inventory_everywhere(store: LocalStore) -> None:
    """Two stores given the same files register the same digest."""
    assert sample_bag(store).digest == sample_bag(MemoryStore()).digest


def test_the_tag_manifest_lists_all_other_tag_files(store: LocalStore) -> None:
    """tagmanifest-sha256.txt names every tag file but itself."""
    sample_bag(store)
    lines = parse_manifest(text(store, "tagmanifest-sha256.txt"))

    assert [line.path for line in lines] == ["bag-info.txt", "bagit.txt", "manifest-sha256.txt", "说明.html"]
    assert text(store, "bagit.txt") == "BagIt-Version: 1.0\nTag-File-Character-Encoding: UTF-8\n"


def test_more_algorithms_make_more_manifests(store: LocalStore) -> None:
    """Each algorithm has a complete manifest and tag manifest, right to the digit."""
    names = ("sha256", "sha512", "md5")
    inventory = write_bag(store, FIRST, payload=incoming(), tag_files=TAGS, info=INFO, algorithms=names)
    judge(store)

    for name in names:
        told = {line.path: line.digest for line in parse_manifest(text(store, f"manifest-{name}.txt"))}
        assert told == {path: hashlib.new(name, content).hexdigest() for path, content in FILES.items()}
    assert len(inventory.tags) == 3 + 2 * len(names)


@pytest.mark.skipif(not is_available("sm3"), reason="this OpenSSL has no SM3")
def test_a_bag_may_also_have_sm3(store: LocalStore) -> None:
    """SM3 (国密杂凑) stands beside SHA-256 where the policy wants it."""
    payload = [Incoming.of_bytes("data/abc", b"abc")]
    write_bag(store, FIRST, payload=payload, tag_files={}, info=(), algorithms=("sha256", "sm3"))

    assert text(store, "manifest-sm3.txt").startswith("66c7f0f462eeedd9d1f2d46bdc10e4e2")


def test_our_own_digest_is_never_left_out(store: LocalStore) -> None:
    """A bag without SHA-256 is a mistake of the caller."""
    with pytest.raises(ValueError):
        write_bag(store, FIRST, payload=incoming(), tag_files={}, info=(), algorithms=("sha512",))


def test_dates_and_sizes_are_filled_in(store: LocalStore) -> None:
    """Bagging-Date and Bag-Size are made where they lack; a foreign Payload-Oxum is replaced."""
    info = [InfoLine("Payload-Oxum", "1.1"), InfoLine("Bag-Size", "some")]
    write_bag(store, FIRST, payload=[Incoming.of_bytes("data/a", b"123")], tag_files={}, info=info)
    told = {line.label: line.value for line in parse_info(text(store, "bag-info.txt"))}

    assert told["Payload-Oxum"] == "3.1"
    assert told["Bag-Size"] == "some"
    assert len(told["Bagging-Date"]) == 10


def test_a_bag_may_have_no_payload(store: LocalStore) -> None:
    """A bag of tag files alone is written and its manifest is empty."""
    write_bag(store, FIRST, payload=[], tag_files=TAGS, info=INFO)

    assert text(store, "manifest-sha256.txt") == ""


def test_many_files_are_written_in_lanes(store: LocalStore) -> None:
    """Hundreds of files all stand in the bag with their own bytes."""
    files = {f"data/objects/{number:04d}.bin": os.urandom(number) for number in range(300)}
    payload = [Incoming.of_bytes(path, content) for path, content in files.items()]
    inventory = write_bag(store, FIRST, payload=payload, tag_files=TAGS, info=INFO)
    judge(store)

    assert {record.path: record.sha256 for record in inventory.payload} == {
        path: sha256_of(content) for path, content in files.items()
    }


class CountedSource(io.BytesIO):
    """A source that counts the bytes that are read from it."""

    taken = 0

    def readinto(self, buffer: bytearray) -> int:  # type: ignore[override]
        """Read and count."""
        got = super().readinto(buffer)
        CountedSource.taken += got
        return got


def test_a_new_file_is_read_once(store: LocalStore) -> None:
    """However many digests are wanted, the source is opened once and each byte read once."""
    content = bytes(700_000)
    opened: list[BinaryIO] = []

    def source() -> BinaryIO:
        opened.append(CountedSource(content))
        return opened[-1]

    CountedSource.taken = 0
    payload = [Incoming("data/a", source, len(content), sha256_of(content))]
    write_bag(store, FIRST, payload=payload, tag_files={}, info=(), algorithms=("sha256", "sha512"))

    assert len(opened) == 1 and opened[0].closed
    assert CountedSource.taken == len(content)


@pytest.mark.parametrize("algorithms", [("sha256",), ("sha256", "sha512")])
def test_d29_a_source_that_changed_is_refused(store: LocalStore, algorithms: tuple[str, ...]) -> None:
    """A file whose bytes are no longer those that were announced ends the bag; nothing is stored."""
    bad = Incoming("data/b", lambda: io.BytesIO(b"bad"), 4, sha256_of(b"good"))
    with pytest.raises(DigestMismatch) as caught:
        write_bag(store, FIRST, payload=[*incoming(), bad], tag_files={}, info=(), algorithms=algorithms)

    assert caught.value.facts["key"] == "data/b"
    assert list(store.list("")) == []
    assert os.listdir(store.root / ".drafts") == []


def test_a_wrong_size_is_refused(store: LocalStore) -> None:
    """A right digest with a wrong announced size ends the bag, too."""
    bad = Incoming("data/b", lambda: io.BytesIO(b"good"), 5, sha256_of(b"good"))

    with pytest.raises(DigestMismatch):
        write_bag(store, FIRST, payload=[bad], tag_files={}, info=())


def test_d30_a_source_that_is_gone_ends_the_bag(store: LocalStore, tmp_path: Path) -> None:
    """A file that was deleted before it was read ends the bag; nothing is stored."""
    gone = Incoming.of_file("data/b", tmp_path / "gone", size=1, sha256=sha256_of(b"1"))
    with pytest.raises(FileNotFoundError):
        write_bag(store, FIRST, payload=[*incoming(), gone], tag_files={}, info=())

    assert list(store.list("")) == []


def test_a_bag_is_written_once(store: LocalStore) -> None:
    """A taken prefix is AlreadyStored and the bag there stays as it was."""
    sample_bag(store)
    with pytest.raises(AlreadyStored):
        sample_bag(store)

    assert judge(store)


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("data/a.jpg", "data/a.jpg"),
        ("data/a.jpg", "data/A.JPG"),
        ("data/Café", "data/Cafe\u0301"),
        ("data/Straße", "data/STRASSE"),
    ],
)
def test_d16_twins_are_refused_with_both_names(store: LocalStore, first: str, second: str) -> None:
    """Two names that some system takes for one are refused, both shown, before anything is written."""
    payload = [Incoming.of_bytes(first, b"1"), Incoming.of_bytes(second, b"2")]
    with pytest.raises(UnsafeName) as caught:
        write_bag(store, FIRST, payload=payload, tag_files={}, info=())

    assert caught.value.facts["twin"] == first and caught.value.facts["path"] == second
    assert list(store.list("")) == []


@pytest.mark.parametrize("path", ["objects/a", "data", "data/../a", "../a", "/data/a", "DATA/a", "data/a\\b"])
def test_payload_stands_in_data(store: LocalStore, path: str) -> None:
    """A payload path outside data/ is UnsafeName."""
    with pytest.raises(UnsafeName):
        write_bag(store, FIRST, payload=[Incoming.of_bytes(path, b"")], tag_files={}, info=())


@pytest.mark.parametrize(
    "path",
    ["data", "Data", "data/a", "Data/a", "bagit.txt", "BagIt.txt", "bag-info.txt", "fetch.txt"]
    + ["manifest-md5.txt", "Manifest-md5.txt", "tagmanifest-sha256.txt", "../a"],
)
def test_tag_files_have_names_of_their_own(store: LocalStore, path: str) -> None:
    """Nobody hands in a file that has a meaning in BagIt, or one in data/."""
    with pytest.raises(UnsafeName):
        write_bag(store, FIRST, payload=[], tag_files={path: b""}, info=())


def test_awkward_names_are_escaped_by_the_rules(store: LocalStore) -> None:
    """Line ends and percent signs in names are encoded in the manifest (RFC 8493 section 2.1.3)."""
    paths = ["data/100%.txt", "data/%0A", "data/new\nline\r", "data/ end "]
    inventory = write_bag(
        store, FIRST, payload=[Incoming.of_bytes(path, b"1") for path in paths], tag_files={}, info=()
    )
    lines = parse_manifest(text(store, "manifest-sha256.txt"))

    assert [line.path for line in lines] == sorted(paths)
    assert text(store, "manifest-sha256.txt").count("\n") == 4
    assert Inventory.from_text(inventory.to_text()) == inventory


def test_a01_rereading_names_the_damaged_file(store: LocalStore) -> None:
    """A bit that flipped since the writing is found by reading back, with its path."""
    inventory = sample_bag(store)
    reread(store, FIRST, inventory)
    damage(store, f"{FIRST}/data/objects/0002.tif", bytes(512_000))

    with pytest.raises(DigestMismatch) as caught:
        reread(store, FIRST, inventory)
    assert caught.value.facts["path"] == "data/objects/0002.tif"
    assert caught.value.facts["stage"] == "reread"


def test_a05_rereading_tells_a_missing_file(store: LocalStore) -> None:
    """A file that is gone is NotFound, not a mismatch."""
    inventory = sample_bag(store)
    store.set_aside(f"{FIRST}/bagit.txt")

    with pytest.raises(NotFound):
        reread(store, FIRST, inventory)


class LyingStore(MemoryStore):
    """A store whose medium changes bytes after it said yes."""

    def take_in(self, prefix: str, files: dict[str, bytes]) -> None:
        """Store, and flip."""
        swapped = {path: content.replace(b"\xfe\xff", b"\xff\xfe") for path, content in files.items()}
        super().take_in(prefix, swapped)


def test_c04_a_medium_that_lies_is_found_at_once(store: LocalStore) -> None:
    """The new bag is read back after the commit, so a bad medium is told before anyone is answered."""
    with pytest.raises(DigestMismatch) as caught:
        sample_bag(LyingStore())

    assert caught.value.facts["stage"] == "reread"
    write_bag(LyingStore(), FIRST, payload=incoming(), tag_files=TAGS, info=INFO, verify=False)


def test_b08_a_full_store_has_nothing_of_the_bag() -> None:
    """When the room ends in the middle, nothing of the bag is visible."""
    store = MemoryStore(full_after_bytes=100_000)
    with pytest.raises(StorageFull):
        sample_bag(store)

    assert list(store.list("")) == []


KILLED_AT = (
    "bag.after_first_file",
    "bag.before_tagmanifest",
    "store.before_fsync",
    "store.before_rename",
    "store.after_rename",
)


@pytest.mark.parametrize("failpoint", KILLED_AT)
def test_b01_a_killed_bag_is_whole_or_not_there(store: LocalStore, failpoint: str) -> None:
    """Kill -9 at each point: no bag, or one that bagit-python calls valid; the next try ends well."""
    program = (
        "import sys; from storage.local import LocalStore; from tests.storage.samples import sample_bag\n"
        "sample_bag(LocalStore('first', sys.argv[1])); print('acknowledged')"
    )
    done = run(program, str(store.root), failpoint=failpoint)
    standing = list(store.list(""))
    store.sweep_drafts(0)
    if not standing:
        sample_bag(store)

    assert done.returncode == -9 and not done.stdout, done.stderr
    assert bool(standing) == (failpoint == "store.after_rename")
    assert judge(store)
    assert os.listdir(store.root / ".drafts") == []


@pytest.mark.parametrize("failpoint", KILLED_AT[:-1])
def test_b08_a_failure_at_each_point_leaves_nothing(
    store: LocalStore, failpoint: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A disk that is full at any point before the rename is StorageFull, with nothing left."""
    monkeypatch.setenv("JINGUI_FAILPOINT", f"{failpoint}:full")
    with pytest.raises(StorageFull):
        sample_bag(store)

    assert list(store.list("")) == []
    assert os.listdir(store.root / ".drafts") == []


def test_a_bag_needs_nothing_of_ours_to_be_read(store: LocalStore, tmp_path: Path) -> None:
    """P18: a bag copied away by a file manager is still a valid bag."""
    sample_bag(store)
    away = create_store(tmp_path / "away", "away")
    shutil.copytree(store.root / FIRST, away.root / "bag")

    assert judge(away, "bag")
