"""The twenty mutations of M1: what each of three judges sees."""

from pathlib import Path

import bagit
import pytest

from preservation.checks import Outcome
from preservation.fixity import check_copy
from preservation.policy import CopyState
from preservation.verify import exit_code, verify_folder
from tests.bags.making import stored_bag
from tests.bags.mutations import MUTATIONS, Mutation

EACH = pytest.mark.parametrize("mutation", MUTATIONS, ids=lambda mutation: mutation.name)


def bagit_says_good(folder: Path) -> bool:
    """Return whether bagit-python finds a bag valid."""
    try:
        bagit.Bag(str(folder)).validate()
    except (bagit.BagError, UnicodeError):
        return False
    return True


def test_there_are_twenty() -> None:
    """The table holds the twenty kinds of M1, eleven of which bagit-python sees."""
    seen = [mutation for mutation in MUTATIONS if mutation.bagit_sees]

    assert len(MUTATIONS) == 20
    assert len(seen) == 11


def test_an_unchanged_bag_is_good_for_everyone(tmp_path: Path) -> None:
    """A bag by our own writer passes our judge, the register and bagit-python."""
    bag = stored_bag(tmp_path / "store")
    report = verify_folder(bag.folder)

    assert report.outcome is Outcome.PASSED, report.findings
    assert exit_code(report) == 0
    assert check_copy(bag.store, bag.prefix, bag.inventory).outcome is Outcome.PASSED
    assert bagit_says_good(bag.folder)


@EACH
def test_the_folder_alone(tmp_path: Path, mutation: Mutation) -> None:
    """The judge of a folder alone says what can be known from the folder."""
    bag = stored_bag(tmp_path / "store")
    mutation.make(bag.folder)
    report = verify_folder(bag.folder)

    assert report.outcome is mutation.alone, report.findings
    assert not mutation.code or mutation.code in {finding.code for finding in report.findings}


@EACH
def test_the_register_sees_every_change(tmp_path: Path, mutation: Mutation) -> None:
    """The comparison with the register finds all but the empty folder (P4)."""
    bag = stored_bag(tmp_path / "store")
    mutation.make(bag.folder)
    report = check_copy(bag.store, bag.prefix, bag.inventory)
    codes = {finding.code for finding in report.findings}

    assert report.outcome is mutation.register, report.findings
    assert not mutation.register_code or mutation.register_code in codes
    assert (report.custody is CopyState.OK) == (mutation.name == "empty-folder-added")


@EACH
def test_bagit_python_agrees_where_it_can_see(tmp_path: Path, mutation: Mutation) -> None:
    """What bagit-python refuses we refuse; what we pass it passes (M1: it sees 11 of 20)."""
    bag = stored_bag(tmp_path / "store")
    mutation.make(bag.folder)
    ours = verify_folder(bag.folder).outcome

    assert bagit_says_good(bag.folder) != mutation.bagit_sees
    assert ours is Outcome.FAILED or not mutation.bagit_sees
