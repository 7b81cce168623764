"""P4: twenty kinds of damage by random seeds in three kinds of stores: none missed, none false."""

import random
from collections.abc import Iterator

import pytest

from preservation.checks import Outcome
from preservation.fixity import check_copy
from preservation.policy import CopyState
from storage.encrypted import seal_store
from storage.errors import TooLarge, Unreadable
from storage.inventory import Inventory
from storage.local import LocalStore
from storage.memory import MemoryStore
from storage.replicas import copy_bag
from storage.store import StoredObject
from tests.bags.faults import KINDS, FolderHand, Hand, MemoryHand, judge
from tests.bags.making import StoredBag, copy_of, stored_bag

SEEDS = 10


@pytest.fixture(scope="module")
def bag(tmp_path_factory: pytest.TempPathFactory) -> StoredBag:
    """Return a good bag on a disk, with an empty file among the payload."""
    chance = random.Random(1)
    payload = {f"data/objects/{n:04d}.bin": chance.randbytes(chance.randrange(1, 3000)) for n in range(4)}
    payload |= {"data/objects/0009 é.txt": b"a name with an accent", "data/objects/empty": b""}
    return stored_bag(tmp_path_factory.mktemp("one") / "one", payload)


@pytest.fixture(scope="module")
def hands(bag: StoredBag, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Hand]:
    """Return a hand in each of four copies: on two disks, in memory, sealed in memory."""
    second = copy_of(bag, tmp_path_factory.mktemp("two") / "two", "two")
    memory, inner = MemoryStore("memory"), MemoryStore("sealed")
    sealed = seal_store(inner, random.Random(2).randbytes(32))
    for store in (memory, sealed):
        copy_bag([bag.store], store, bag.prefix, bag.inventory)
    return {
        "disk": FolderHand(bag.store, bag.folder),
        "second disk": FolderHand(second.store, second.folder),
        "memory": MemoryHand(memory, memory, bag.prefix),
        "sealed": MemoryHand(sealed, inner, bag.prefix),
    }


def contents(bag: StoredBag) -> dict[str, bytes]:
    """Return the files of a bag."""
    return {record.path: bag.file(record.path).read_bytes() for record in bag.inventory.files}


def test_there_are_twenty_kinds_at_least() -> None:
    """The suite holds every kind of the measured fact M1 that changes a byte or a name."""
    assert len(KINDS) >= 20


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("where", ["disk", "second disk", "memory", "sealed"])
def test_p4_every_kind_of_damage_is_found_and_rightly_blamed(
    bag: StoredBag, hands: dict[str, Hand], where: str, kind: str
) -> None:
    """In each copy, by each seed: what changed is blamed with the right word, nothing else, no other copy."""
    files, hand = contents(bag), hands[where]
    judged = [
        judge(hand, bag.prefix, bag.inventory, files, kind=kind, seed=seed) for seed in range(SEEDS)
    ]

    assert [one for one in judged if not one.is_right] == []
    assert is_good(hand, bag.prefix, bag.inventory)


def test_p4_untouched_copies_raise_no_alarm(bag: StoredBag, hands: dict[str, Hand]) -> None:
    """After all that was done and undone, each copy of each kind is good."""
    assert all(is_good(hand, bag.prefix, bag.inventory) for hand in hands.values())


def is_good(hand: Hand, prefix: str, inventory: Inventory) -> bool:
    """Return whether the check finds nothing."""
    return check_copy(hand.store, prefix, inventory).outcome is Outcome.PASSED


class _BlindNeighbour(LocalStore):
    """A disk on which the folder of another version can't be listed."""

    def links_from_outside(self, folder: str) -> Iterator[StoredObject]:
        """Raise Unreadable."""
        raise Unreadable(store=self.id, key=folder)


class _Odd(LocalStore):
    """A store that says what no store should."""

    def list(self, prefix: str) -> Iterator[StoredObject]:
        """Raise TooLarge."""
        raise TooLarge(limit=1)


@pytest.mark.parametrize(
    ("kind", "state", "outcome"),
    [(_BlindNeighbour, CopyState.OK, Outcome.WARNED), (_Odd, CopyState.UNKNOWN, Outcome.NOT_RUN)],
)
def test_p3_no_answer_of_a_store_keeps_a_run_from_the_other_copies(
    bag: StoredBag, kind: type[LocalStore], state: CopyState, outcome: Outcome
) -> None:
    """A folder nearby that can't be read, or any other error, is told; it never breaks the check off."""
    report = check_copy(kind(bag.store.id, bag.store.root), bag.prefix, bag.inventory)

    assert (report.custody, report.outcome) == (state, outcome)
    assert all(finding.outcome is not Outcome.FAILED for finding in report.findings)
