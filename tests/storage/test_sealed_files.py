"""Packages as age files: a tar that is the same each time, lists that need no key."""

import io
import subprocess
import sys
import tarfile
from pathlib import Path

import pytest

from storage import ages, verify_jingui
from storage.errors import DigestMismatch, Unreadable
from storage.inventory import Inventory
from storage.keys import VERIFIER
from storage.local import LocalStore, create_store
from storage.sealed_files import is_good, open_bag, put_list, read_lists, seal_bag, sealed_key
from storage.tarred import as_tar, from_tar
from tests.bags.making import PAYLOAD, StoredBag, alter, copy_of, flip, stored_bag
from tests.bags.mutations import PHOTO

AT = "2026-11-21T08:00:00+00:00"


@pytest.fixture
def bag(tmp_path: Path) -> StoredBag:
    """One stored bag."""
    return stored_bag(tmp_path / "store")


@pytest.fixture
def disk(tmp_path: Path) -> LocalStore:
    """An empty disk."""
    return create_store(tmp_path / "disk", "disk_1")


def test_a_tar_of_a_bag_is_plain_and_always_the_same(bag: StoredBag) -> None:
    """tarfile reads it, the names are those of the bag, and two of them are equal byte for byte."""
    first = as_tar(bag.store, bag.prefix, bag.inventory).read()
    second = as_tar(bag.store, bag.prefix, bag.inventory).read()
    with tarfile.open(fileobj=io.BytesIO(first)) as tar:
        names = tar.getnames()

    assert first == second
    assert names == [record.path for record in bag.inventory.files]


def test_a_tar_comes_back_as_the_same_bag(bag: StoredBag, disk: LocalStore) -> None:
    """Written into another store it is the same inventory."""
    from_tar(as_tar(bag.store, bag.prefix, bag.inventory), disk, bag.prefix)
    files = {one.key.removeprefix(f"{bag.prefix}/"): one.size for one in disk.list(f"{bag.prefix}/")}

    assert files == {record.path: record.size for record in bag.inventory.files}
    assert (disk.root / bag.prefix / PHOTO).read_bytes() == PAYLOAD[PHOTO]


def test_a_tar_with_a_link_or_a_path_outside_is_refused_whole(disk: LocalStore) -> None:
    """What is no plain file inside leaves nothing behind."""
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as tar:
        link = tarfile.TarInfo("data/a")
        link.type, link.linkname = tarfile.SYMTYPE, "/etc/hosts"
        tar.addfile(link)
    with pytest.raises(Unreadable):
        from_tar(io.BytesIO(out.getvalue()), disk, "aips/x")

    assert list(disk.list("")) == []


def test_a_package_is_sealed_listed_and_opened(bag: StoredBag, disk: LocalStore, tmp_path: Path) -> None:
    """The disk holds no readable byte of it; the list says what lies there; the identity opens it whole."""
    pair = ages.new_identity()
    told = seal_bag(
        disk, [bag.store], bag.prefix, bag.inventory, recipients=[pair.recipient], scratch=tmp_path, at=AT
    )
    put_list(disk, [told])
    into = create_store(tmp_path / "opened", "disk_1")
    open_bag(disk, bag.prefix, into, secret=pair.secret, scratch=tmp_path)
    sealed = [path.read_bytes() for path in disk.root.rglob("*.age")]

    assert read_lists(disk) == {sealed_key(bag.prefix): told} and is_good(disk, told)
    assert len(sealed) == 1 and "毕业合影".encode() not in sealed[0]
    assert (into.root / bag.prefix / PHOTO).read_bytes() == PAYLOAD[PHOTO]
    with pytest.raises(ages.CannotOpen):
        open_bag(disk, bag.prefix, create_store(tmp_path / "x", "x"), secret=ages.new_identity().secret,
                 scratch=tmp_path)


def test_a02_a_damaged_source_is_passed_over(bag: StoredBag, disk: LocalStore, tmp_path: Path) -> None:
    """A package is sealed from the copy that is whole; with none nothing is written."""
    whole = copy_of(bag, tmp_path / "two", "two")
    alter(bag.file(PHOTO), flip)
    pair = ages.new_identity()

    def write(*sources: LocalStore, inventory: Inventory = bag.inventory) -> None:
        recipients = [pair.recipient]
        seal_bag(disk, sources, bag.prefix, inventory, recipients=recipients, scratch=tmp_path, at=AT)

    with pytest.raises(DigestMismatch):
        write(bag.store)
    assert list(disk.list("")) == []
    write(bag.store, whole.store)
    assert [one.key for one in disk.list("")] == [sealed_key(bag.prefix)]


def test_p8_anybody_checks_a_sealed_disk(bag: StoredBag, disk: LocalStore, tmp_path: Path) -> None:
    """The judge on the disk says good, then finds a flipped, a lost and an unlisted file."""
    told = seal_bag(
        disk, [bag.store], bag.prefix, bag.inventory, recipients=[ages.new_identity().recipient],
        scratch=tmp_path, at=AT,
    )
    put_list(disk, [told])
    root = str(disk.root)
    judge = [sys.executable, "-I", "-S", str(disk.root / VERIFIER)]
    good = subprocess.run(judge, capture_output=True, timeout=60)
    alter(disk.root / told.path, lambda old: flip(old, 300))
    flipped = verify_jingui.verify(root, quiet=True)
    (disk.root / told.path).unlink()
    lost = verify_jingui.verify(root, quiet=True)
    disk.put(sealed_key(f"{bag.prefix}x"), io.BytesIO(b"?"))
    unlisted = verify_jingui.verify(root, quiet=True)

    assert good.returncode == 0
    assert [found["code"] for found in flipped["sealed"][0]["findings"]] == ["VJ-401"]
    assert [found["code"] for found in lost["sealed"][0]["findings"]] == ["VJ-402"]
    assert [found["code"] for found in unlisted["findings"]] == ["VJ-403"]


def test_a_file_that_was_written_again_is_listed_by_its_later_line(
    bag: StoredBag, disk: LocalStore, tmp_path: Path
) -> None:
    """A sealed file that was damaged goes to quarantine; the newer list holds, for us and for the judge."""
    words = {"recipients": [ages.new_identity().recipient], "scratch": tmp_path}
    first = seal_bag(disk, [bag.store], bag.prefix, bag.inventory, at=AT, **words)  # type: ignore[arg-type]
    put_list(disk, [first])
    second = seal_bag(
        disk, [bag.store], bag.prefix, bag.inventory, at="2026-11-22", **words  # type: ignore[arg-type]
    )
    put_list(disk, [second])

    assert first.sha256 != second.sha256
    assert list(read_lists(disk).values()) == [second]
    assert verify_jingui.verify(str(disk.root), quiet=True)["outcome"] == "ok"
    assert len(list(disk.quarantined())) == 1
