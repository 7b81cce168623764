"""Repair: from what equals the register, per file, never good bytes over good."""

import os
from pathlib import Path

import pytest

from preservation.checks import Outcome
from preservation.fixity import FixityReport, check_copy
from preservation.policy import CopyState
from preservation.repair import OtherCopy, RepairResult, carry_out, plan
from storage.errors import StoreUnavailable
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


def read(bag: StoredBag) -> FixityReport:
    """Return a reading of a copy."""
    return check_copy(bag.store, bag.prefix, bag.inventory)


def repair(target: StoredBag, *others: StoredBag, set_aside_extra: bool = False) -> RepairResult:
    """Read all copies, then mend the target from the others."""
    known = [OtherCopy.known_from(read(other)) for other in others]
    return carry_out(
        plan(target.inventory, read(target), known),
        target=target.store,
        sources={other.store.id: other.store for other in others},
        prefix=target.prefix,
        inventory=target.inventory,
        set_aside_extra=set_aside_extra,
    )


def test_a_damaged_file_is_mended_and_kept(one: StoredBag, two: StoredBag) -> None:
    """The file is good again, its damaged bytes are in quarantine, the copy is read anew."""
    good = one.file(PHOTO).read_bytes()
    alter(one.file(PHOTO), flip)
    result = repair(one, two)

    assert [(each.path, each.source) for each in result.restored] == [(PHOTO, "two")]
    assert one.file(PHOTO).read_bytes() == good
    assert (one.store.root / result.quarantined[0]).read_bytes() == flip(good)
    assert result.report.outcome is Outcome.PASSED
    assert not result.lost


def test_a_missing_file_comes_back(one: StoredBag, two: StoredBag) -> None:
    """A missing file is restored; nothing stood, so nothing is in quarantine."""
    one.file(PHOTO).unlink()
    result = repair(one, two)

    assert result.restored[0].quarantine_key is None
    assert result.report.custody is CopyState.OK


def test_a_whole_missing_copy_comes_back(one: StoredBag, two: StoredBag, tmp_path: Path) -> None:
    """A copy of which nothing stands is restored file by file."""
    os.rename(one.folder, tmp_path / "stolen")
    result = repair(one, two)

    assert len(result.restored) == len(one.inventory.files)
    assert result.report.custody is CopyState.OK


def test_a_link_is_replaced_by_the_file(one: StoredBag, two: StoredBag, tmp_path: Path) -> None:
    """A link in the place of a file goes to quarantine; what it pointed to is not touched."""
    outside = tmp_path / "outside.jpg"
    os.rename(one.file(PHOTO), outside)
    alter(outside, flip)
    one.file(PHOTO).symlink_to(outside)
    before = outside.read_bytes()
    result = repair(one, two)

    assert result.report.custody is CopyState.OK
    assert not one.file(PHOTO).is_symlink()
    assert outside.read_bytes() == before


def test_a_linked_folder_blocks_until_it_is_set_aside(
    one: StoredBag, two: StoredBag, tmp_path: Path
) -> None:
    """Nothing is written through a linked folder; told so, repair sets the link aside and mends."""
    os.rename(one.file("data/objects"), tmp_path / "objects")
    one.file("data/objects").symlink_to(tmp_path / "objects")
    blocked = repair(one, two)
    mended = repair(one, two, set_aside_extra=True)

    assert len(blocked.blocked) == 3
    assert not blocked.restored
    assert mended.report.custody is CopyState.OK
    assert [each.path for each in mended.set_aside] == ["data/objects"]


def test_extra_files_are_only_set_aside_when_told(one: StoredBag, two: StoredBag) -> None:
    """A strange file stays until someone decides; then it goes to quarantine with its bytes."""
    one.file("premis.xml").write_bytes(b"<fake/>")
    left = repair(one, two)
    stands = one.file("premis.xml").exists()
    removed = repair(one, two, set_aside_extra=True)

    assert stands and not left.set_aside
    assert left.report.custody is CopyState.DAMAGED
    assert removed.report.custody is CopyState.OK
    assert (one.store.root / removed.quarantined[0]).read_bytes() == b"<fake/>"


def test_a20_damage_in_different_files(one: StoredBag, two: StoredBag) -> None:
    """Two copies damaged in different files mend each other."""
    alter(one.file(PHOTO), flip)
    alter(two.file(TEXT), flip)
    first = repair(one, two)
    second = repair(two, one)

    assert first.report.custody is CopyState.OK
    assert second.report.custody is CopyState.OK


def test_a21_all_copies_damaged_is_lost(one: StoredBag, two: StoredBag, tmp_path: Path) -> None:
    """When no copy of a file is good it is LOST: nothing is written, other files are mended."""
    three = copy_of(one, tmp_path / "three", "three")
    for number, bag in enumerate((one, two, three)):
        alter(bag.file(PHOTO), lambda old, at=number: flip(old, at))  # type: ignore[misc]
    one.file(TEXT).unlink()
    before = [bag.file(PHOTO).read_bytes() for bag in (one, two, three)]
    result = repair(one, two, three)

    assert result.lost == (PHOTO,)
    assert [each.path for each in result.restored] == [TEXT]
    assert [bag.file(PHOTO).read_bytes() for bag in (one, two, three)] == before
    assert not result.quarantined


def test_a22_replica_from_local(one: StoredBag, two: StoredBag) -> None:
    """A damaged replica is mended from the local copy."""
    alter(two.file("manifest-sha256.txt"), flip)

    assert repair(two, one).report.custody is CopyState.OK


def test_a23_a_source_that_rots_meanwhile_is_not_taken(
    one: StoredBag, two: StoredBag, tmp_path: Path
) -> None:
    """A source that was good when planned and is bad when read is passed over."""
    three = copy_of(one, tmp_path / "three", "three")
    alter(one.file(PHOTO), flip)
    steps = plan(one.inventory, read(one), [OtherCopy.known_from(read(two)), OtherCopy("three")])
    alter(two.file(PHOTO), flip)
    result = carry_out(
        steps,
        target=one.store,
        sources={"two": two.store, "three": three.store},
        prefix=one.prefix,
        inventory=one.inventory,
    )

    assert steps.steps[0].sources == ("two", "three")
    assert result.restored[0].source == "three"


def test_an_old_verdict_does_not_overwrite_good_bytes(one: StoredBag, two: StoredBag) -> None:
    """A file that is good again when its turn comes is left alone, inode and all."""
    alter(one.file(PHOTO), flip)
    old = read(one)
    alter(one.file(PHOTO), flip)
    inode = one.file(PHOTO).stat().st_ino
    result = carry_out(
        plan(one.inventory, old, [OtherCopy("two")]),
        target=one.store,
        sources={"two": two.store},
        prefix=one.prefix,
        inventory=one.inventory,
    )

    assert result.left_alone == (PHOTO,)
    assert not result.restored
    assert one.file(PHOTO).stat().st_ino == inode


def test_an_absent_disk_is_not_repaired(one: StoredBag, two: StoredBag) -> None:
    """Without its marker a store gets no plan and no bytes."""
    (one.store.root / ".jingui-store").unlink()
    steps = plan(one.inventory, read(one), [OtherCopy("two", CopyState.OK)])

    assert steps.is_empty
    with pytest.raises(StoreUnavailable):
        carry_out(
            steps, target=one.store, sources={"two": two.store}, prefix=one.prefix, inventory=one.inventory
        )


def test_a_source_that_is_away_is_passed_over(one: StoredBag, two: StoredBag, tmp_path: Path) -> None:
    """An unreachable or unknown source does not stop the repair from another."""
    three = copy_of(one, tmp_path / "three", "three")
    alter(one.file(PHOTO), flip)
    (two.store.root / ".jingui-store").unlink()
    os.rename(two.folder, tmp_path / "away")
    result = carry_out(
        plan(one.inventory, read(one), [OtherCopy("nobody"), OtherCopy("two"), OtherCopy("three")]),
        target=one.store,
        sources={"two": two.store, "three": three.store},
        prefix=one.prefix,
        inventory=one.inventory,
    )

    assert result.restored[0].source == "three"


def test_the_plan_asks_those_known_good_first(one: StoredBag) -> None:
    """Copies last known ok come first, then unknown ones, then those known to be bad in this file."""
    alter(one.file(PHOTO), flip)
    others = [
        OtherCopy("bad", CopyState.DAMAGED, frozenset({PHOTO})),
        OtherCopy("unknown"),
        OtherCopy("damaged-elsewhere", CopyState.DAMAGED, frozenset({TEXT})),
        OtherCopy("ok", CopyState.OK),
        OtherCopy("one", CopyState.OK),
        OtherCopy("missing", CopyState.MISSING),
    ]
    steps = plan(one.inventory, read(one), others)

    assert steps.steps[0].sources == ("ok", "unknown", "damaged-elsewhere", "bad", "missing")
    assert not steps.lost


def test_a_plan_without_hope_says_so(one: StoredBag) -> None:
    """A file that is bad in every known copy is in the lost list of the plan."""
    alter(one.file(PHOTO), flip)
    steps = plan(one.inventory, read(one), [OtherCopy("two", CopyState.DAMAGED, frozenset({PHOTO}))])

    assert [step.record.path for step in steps.lost] == [PHOTO]
    assert not steps.steps
