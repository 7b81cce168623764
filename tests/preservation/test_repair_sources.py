"""Repair from sources that lie once, are away or stand in the way: A16-A18, A24, B12, B14, B15."""

import hashlib
import io
import os
from pathlib import Path
from typing import BinaryIO

import pytest

from preservation.fixity import check_copy
from preservation.policy import CopyState
from preservation.repair import OtherCopy, RepairResult, carry_out, plan
from storage.digests import sha256_of
from storage.errors import StoreUnavailable, Unreadable
from storage.store import Store
from tests.bags.making import StoredBag, alter, copy_of, flip, stored_bag

PHOTO = "data/objects/0001.jpg"
TEXT = "data/objects/0002.txt"


@pytest.fixture
def one(tmp_path: Path) -> StoredBag:
    """Return a good bag."""
    return stored_bag(tmp_path / "one")


@pytest.fixture
def two(one: StoredBag, tmp_path: Path) -> StoredBag:
    """Return a good copy of it."""
    return copy_of(one, tmp_path / "two", "two")


class Troubled:
    """A real store of which one file gives wrong bytes or errors for a while."""

    def __init__(self, bag: StoredBag, errors: list[str], path: str = PHOTO) -> None:
        self.id = bag.store.id
        self._store = bag.store
        self._errors = errors
        self._key = f"{bag.prefix}/{path}"

    def __getattr__(self, name: str) -> object:
        return getattr(self._store, name)

    def open(self, key: str) -> BinaryIO:
        """Open an object; wrongly as long as errors are left."""
        error = self._errors.pop(0) if key == self._key and self._errors else ""
        if error == "unreadable":
            raise Unreadable(key=key)
        if error == "away":
            raise StoreUnavailable(store=self.id)
        stream = self._store.open(key)
        return io.BytesIO(flip(stream.read())) if error == "bit" else stream


def repair(
    target: StoredBag, *, known: list[OtherCopy], aside: bool = False, **sources: object
) -> RepairResult:
    """Read the target and mend it from these sources."""
    stores: dict[str, Store] = dict(sources)  # type: ignore[arg-type]
    report = check_copy(target.store, target.prefix, target.inventory)
    return carry_out(
        plan(target.inventory, report, known),
        target=target.store,
        sources=stores,
        prefix=target.prefix,
        inventory=target.inventory,
        set_aside_extra=aside,
    )


@pytest.mark.parametrize("error", ["bit", "unreadable"])
def test_a24_one_bad_read_of_a_source_is_no_verdict(one: StoredBag, two: StoredBag, error: str) -> None:
    """A source that reads badly once is asked again before its file is given up."""
    alter(one.file(PHOTO), flip)
    result = repair(one, known=[OtherCopy("two")], two=Troubled(two, [error]))

    assert [each.path for each in result.restored] == [PHOTO]
    assert not result.lost


def test_a21_two_bad_reads_of_the_only_source_are_lost(one: StoredBag, two: StoredBag) -> None:
    """A source that reads badly twice has no good bytes."""
    alter(one.file(PHOTO), flip)
    before = one.file(PHOTO).read_bytes()
    result = repair(one, known=[OtherCopy("two")], two=Troubled(two, ["bit", "bit"]))

    assert result.lost == (PHOTO,)
    assert one.file(PHOTO).read_bytes() == before
    assert not result.quarantined


@pytest.mark.parametrize("how", ["away", "not configured", "no marker"])
def test_b14_a_source_that_is_away_gives_no_verdict(one: StoredBag, two: StoredBag, how: str) -> None:
    """What only an absent store may have is waiting, not LOST; its store is named."""
    alter(one.file(PHOTO), flip)
    if how == "no marker":
        os.rename(two.store.root, two.store.root.with_name("pulled"))
        two.store.root.mkdir()
    sources = {} if how == "not configured" else {"two": Troubled(two, ["away"] if how == "away" else [])}
    result = repair(one, known=[OtherCopy("two", CopyState.OK)], **sources)

    assert (result.lost, result.waiting, result.away) == ((), (PHOTO,), ("two",))
    assert result.report.custody is CopyState.DAMAGED


def test_a21_an_absent_store_known_to_be_bad_keeps_no_hope(one: StoredBag, two: StoredBag) -> None:
    """A file that was bad in the absent store when it was last read is LOST."""
    alter(one.file(PHOTO), flip)
    known = [OtherCopy("two", CopyState.DAMAGED, frozenset({PHOTO}))]
    result = repair(one, known=known, two=Troubled(two, ["away"]))

    assert (result.lost, result.waiting) == ((PHOTO,), ())


def test_b12_an_unreadable_file_is_mended(one: StoredBag, two: StoredBag) -> None:
    """What gives errors when it is read is replaced, and what stood there is kept."""
    inode = one.file(PHOTO).stat().st_ino
    target = Troubled(one, ["unreadable"] * 4)
    report = check_copy(target, one.prefix, one.inventory)  # type: ignore[arg-type]
    result = carry_out(
        plan(one.inventory, report, [OtherCopy("two")]),
        target=target,  # type: ignore[arg-type]
        sources={"two": two.store},
        prefix=one.prefix,
        inventory=one.inventory,
    )

    assert report.custody is CopyState.UNREADABLE
    assert [each.path for each in result.restored] == [PHOTO]
    assert (result.restored[0].old_sha256, result.restored[0].old_size) == ("", None)
    assert (one.store.root / result.quarantined[0]).stat().st_ino == inode
    assert result.report.custody is CopyState.OK


def test_the_result_tells_the_damaged_bytes(one: StoredBag, two: StoredBag) -> None:
    """Digest and size of what was replaced stand in the result, for the repair report."""
    alter(one.file(PHOTO), lambda old: old[:100])
    bad = one.file(PHOTO).read_bytes()
    mended = repair(one, known=[OtherCopy("two")], two=two.store).restored[0]

    assert (mended.old_sha256, mended.old_size) == (sha256_of(bad), 100)


def test_a16_a_folder_in_the_place_of_a_file_goes_aside(one: StoredBag, two: StoredBag) -> None:
    """A folder that stands where a file belongs is kept in quarantine with all it holds."""
    one.file(PHOTO).unlink()
    one.file(PHOTO).mkdir()
    (one.file(PHOTO) / "inner.txt").write_bytes(b"strange")
    result = repair(one, known=[OtherCopy("two")], two=two.store)

    assert result.report.custody is CopyState.OK
    assert (one.store.root / result.quarantined[0] / "inner.txt").read_bytes() == b"strange"
    assert [one_.origin for one_ in one.store.quarantined()] == [f"{one.prefix}/{PHOTO}"]


def test_a16_a_file_in_the_place_of_a_folder_blocks_until_a_person_asks(
    one: StoredBag, two: StoredBag, tmp_path: Path
) -> None:
    """Nothing is overwritten that is not registered; told so, it is set aside and all files come back."""
    os.rename(one.file("data/objects"), tmp_path / "objects")
    one.file("data/objects").write_bytes(b"a file")
    blocked = repair(one, known=[OtherCopy("two")], two=two.store)
    mended = repair(one, known=[OtherCopy("two")], aside=True, two=two.store)

    assert len(blocked.blocked) == 3 and not blocked.lost
    assert mended.report.custody is CopyState.OK
    assert (one.store.root / mended.quarantined[0]).read_bytes() == b"a file"


def test_a17_a_shared_file_gets_bytes_of_its_own_when_a_person_asks(
    one: StoredBag, two: StoredBag, tmp_path: Path
) -> None:
    """A second name outside the package is parted from it; neither loses a byte."""
    stranger = one.store.root / "stranger.jpg"
    os.link(one.file(PHOTO), stranger)
    left = repair(one, known=[OtherCopy("two")], two=two.store)
    parted = repair(one, known=[OtherCopy("two")], aside=True, two=two.store)
    alter(stranger, flip)

    assert not left.parted
    assert [(each.path, each.source) for each in parted.parted] == [(PHOTO, "one")]
    assert check_copy(one.store, one.prefix, one.inventory).shared_paths == frozenset()
    assert check_copy(one.store, one.prefix, one.inventory).custody is CopyState.OK


def test_a27_two_files_of_one_old_digest_are_two_files(tmp_path: Path) -> None:
    """Files are told apart by SHA-256 and size: one with the MD5 of another is no source for it.

    The two blocks are the well-known MD5 collision of Wang and Yu (2004).
    """
    first = bytes.fromhex(
        "d131dd02c5e6eec4693d9a0698aff95c2fcab58712467eab4004583eb8fb7f89"
        "55ad340609f4b30283e488832571415a085125e8f7cdc99fd91dbdf280373c5b"
        "d8823e3156348f5bae6dacd436c919c6dd53e2b487da03fd02396306d248cda0"
        "e99f33420f577ee8ce54b67080a80d1ec69821bcb6a8839396f9652b6ff72a70"
    )
    second = bytes.fromhex(
        "d131dd02c5e6eec4693d9a0698aff95c2fcab50712467eab4004583eb8fb7f89"
        "55ad340609f4b30283e4888325f1415a085125e8f7cdc99fd91dbd7280373c5b"
        "d8823e3156348f5bae6dacd436c919c6dd53e23487da03fd02396306d248cda0"
        "e99f33420f577ee8ce54b67080280d1ec69821bcb6a8839396f965ab6ff72a70"
    )
    one = stored_bag(tmp_path / "one", {"data/a.bin": first, "data/b.bin": second})
    two = copy_of(one, tmp_path / "two", "two")
    alter(one.file("data/a.bin"), lambda old: second)
    alter(two.file("data/a.bin"), lambda old: second)
    result = repair(one, known=[OtherCopy("two")], two=two.store)

    assert hashlib_md5(first) == hashlib_md5(second) and first != second
    assert one.inventory.get("data/a.bin") != one.inventory.get("data/b.bin")
    assert result.lost == ("data/a.bin",)


def hashlib_md5(content: bytes) -> str:
    """Return the MD5 of bytes, which proves nothing any more."""
    return hashlib.md5(content, usedforsecurity=False).hexdigest()
