"""One copy against the register: the cases of reliability A and B14."""

import os
from pathlib import Path

import pytest

from preservation.checks import Finding, Outcome
from preservation.fixity import FixityReport, check_copy
from preservation.policy import CopyState
from tests.bags.making import StoredBag, alter, flip, flip_hex, overwrite, stored_bag

PHOTO = "data/objects/0001.jpg"


TEXT = "data/objects/0002.txt"


@pytest.fixture
def bag(tmp_path: Path) -> StoredBag:
    """Return a good bag in a store on disk."""
    return stored_bag(tmp_path / "one")


def read(bag: StoredBag) -> FixityReport:
    """Return a reading whose numbers add up."""
    report = check_copy(bag.store, bag.prefix, bag.inventory)
    told = report.files_checked + report.files_failed + report.files_unreadable + report.files_not_checked
    assert told == report.files_expected == len(bag.inventory.files)
    return report


def only(report: FixityReport) -> Finding:
    """Return the one finding of a report."""
    assert len(report.findings) == 1, report.findings
    return report.findings[0]


def test_a_good_copy(bag: StoredBag) -> None:
    """A good copy passes, and every byte was read once."""
    report = read(bag)

    assert report.outcome is Outcome.PASSED
    assert report.custody is CopyState.OK
    assert report.files_checked == report.files_expected
    assert report.bytes_read == bag.inventory.total_bytes


@pytest.mark.parametrize("at", [0, 700, -1])
def test_a01_flipped_bit(bag: StoredBag, at: int) -> None:
    """One bit turned over anywhere in a payload file is damage of that file, read twice."""
    alter(bag.file(PHOTO), lambda old: flip(old, at))
    report = read(bag)

    assert (only(report).code, only(report).path) == ("FX-101", PHOTO)
    assert report.custody is CopyState.DAMAGED
    assert report.files_failed == 1
    assert report.bytes_read == bag.inventory.total_bytes + len(bag.file(PHOTO).read_bytes())


def test_a02_damaged_manifest(bag: StoredBag) -> None:
    """A flipped digit in the manifest is manifest damage; no payload file is blamed."""
    alter(bag.file("manifest-sha256.txt"), flip_hex)

    assert (only(read(bag)).code, only(read(bag)).path) == ("FX-103", "manifest-sha256.txt")


@pytest.mark.parametrize(
    ("path", "code"),
    [
        ("tagmanifest-sha256.txt", "FX-103"),
        ("bagit.txt", "FX-102"),
        ("bag-info.txt", "FX-102"),
        ("说明.html", "FX-102"),
    ],
)
def test_a03_damaged_tag_file(bag: StoredBag, path: str, code: str) -> None:
    """A flipped bit in any tag file is damage of that tag file."""
    alter(bag.file(path), flip)

    assert (only(read(bag)).code, only(read(bag)).path) == (code, path)


@pytest.mark.parametrize("size", [0, 1, 100])
def test_a04_truncated_file(bag: StoredBag, size: int) -> None:
    """A shortened file is found by its size, without reading it."""
    whole = len(bag.file(PHOTO).read_bytes())
    alter(bag.file(PHOTO), lambda old: old[:size])
    report = read(bag)

    assert only(report).code == "FX-104"
    assert only(report).fact("size") == str(size)
    assert report.bytes_read == bag.inventory.total_bytes - whole


@pytest.mark.parametrize(("path", "code"), [(PHOTO, "FX-201"), ("bag-info.txt", "FX-202")])
def test_a05_deleted_file(bag: StoredBag, path: str, code: str) -> None:
    """A deleted file is missing, which is another word than damaged."""
    bag.file(path).unlink()

    assert (only(read(bag)).code, only(read(bag)).path) == (code, path)


@pytest.mark.parametrize(
    ("path", "code"), [("data/objects/9999.txt", "FX-301"), ("premis.xml", "FX-302")]
)
def test_a06_a07_extra_file(bag: StoredBag, path: str, code: str) -> None:
    """A file that the register does not know is told, counted apart, and never deleted."""
    bag.file(path).write_bytes(b"<premis/>")
    report = read(bag)

    assert (only(report).code, only(report).path) == (code, path)
    assert report.files_extra == 1
    assert report.files_checked == report.files_expected
    assert bag.file(path).read_bytes() == b"<premis/>"


def test_a08_swapped_files(bag: StoredBag) -> None:
    """Two files that changed places are both wrong."""
    first, second = bag.file(PHOTO).read_bytes(), bag.file(TEXT).read_bytes()
    overwrite(bag.file(PHOTO), second)
    overwrite(bag.file(TEXT), first)

    assert {finding.path for finding in read(bag).findings} == {PHOTO, TEXT}


def test_a13_moved_bag(bag: StoredBag) -> None:
    """A bag that stands elsewhere is missing here, though the store is well."""
    os.rename(bag.folder, bag.folder.with_name("v0009"))
    report = read(bag)

    assert only(report).code == "FX-002"
    assert report.custody is CopyState.MISSING
    assert report.files_failed == report.files_expected


def test_a14_swapped_bags(tmp_path: Path) -> None:
    """Two valid bags that changed places are both wrong: the register is bound to the place."""
    bag = stored_bag(tmp_path / "one")
    other = stored_bag(tmp_path / "two", {"data/objects/0001.jpg": b"another"}, store_id="two")
    os.rename(bag.folder, tmp_path / "aside")
    os.rename(other.folder, bag.folder)
    report = read(bag)

    assert report.custody is CopyState.DAMAGED
    assert "FX-104" in {finding.code for finding in report.findings}


def test_a16_link_in_place_of_a_file(bag: StoredBag, tmp_path: Path) -> None:
    """A link to the very same bytes is no file of ours, and is not followed."""
    os.rename(bag.file(PHOTO), tmp_path / "photo.jpg")
    bag.file(PHOTO).symlink_to(tmp_path / "photo.jpg")

    assert (only(read(bag)).code, only(read(bag)).path) == ("FX-402", PHOTO)


def test_a16_link_in_place_of_a_folder(bag: StoredBag, tmp_path: Path) -> None:
    """Files behind a linked folder are not ours either, and the link itself is told."""
    os.rename(bag.file("data/objects"), tmp_path / "objects")
    bag.file("data/objects").symlink_to(tmp_path / "objects")
    codes = [finding.code for finding in read(bag).findings]

    assert codes.count("FX-402") == 3
    assert codes.count("FX-301") == 1


def test_a17_hard_link_to_another_place(bag: StoredBag, tmp_path: Path) -> None:
    """A file whose bytes have a name outside the package is flagged; its bytes are good."""
    os.link(bag.file(PHOTO), bag.store.root / "stranger.jpg")
    report = read(bag)

    assert (only(report).code, only(report).path) == ("FX-403", PHOTO)
    assert report.outcome is Outcome.WARNED
    assert report.custody is CopyState.OK


def test_a19_holes_do_not_matter(tmp_path: Path) -> None:
    """A sparse file with the same content is the same file."""
    bag = stored_bag(tmp_path / "one", {"data/objects/0001.bin": bytes(100_000)})
    path = bag.file("data/objects/0001.bin")
    os.chmod(path, 0o644)
    with open(path, "wb") as stream:
        stream.truncate(100_000)

    assert read(bag).outcome is Outcome.PASSED
