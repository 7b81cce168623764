"""The policy: frozen numbers, and what is enough."""

from dataclasses import FrozenInstanceError
from datetime import timedelta

import pytest

from preservation.policy import CopyState, Policy, StoreKind, Wanted, enough


def test_the_defaults_are_the_promises() -> None:
    """Two copies, read at least every thirty days, replicas every ninety, with SHA-256."""
    policy = Policy()

    assert policy.wanted == Wanted(copies=2, places=1)
    assert policy.interval_of(StoreKind.LOCAL) == timedelta(days=30)
    assert policy.interval_of(StoreKind.REPLICA) == timedelta(days=90)
    assert policy.algorithms == ("sha256",)


@pytest.mark.parametrize(
    ("places", "protected"),
    [([], False), (["机房"], False), (["机房", "机房"], False), (["机房", "机房", "云"], True), (["a", "b"], True)],
)
def test_p8_enough_copies_in_enough_places(places: list[str], protected: bool) -> None:
    """An item is protected when the wanted number of copies is verified, and they stand apart."""
    assert enough(places, Wanted(copies=2, places=2)) is protected


def test_a_policy_does_not_change() -> None:
    """A policy is a value."""
    with pytest.raises(FrozenInstanceError):
        Policy().copies_wanted = 0  # type: ignore[misc]


@pytest.mark.parametrize(
    "numbers",
    [
        {"copies_wanted": 0},
        {"places_wanted": 0},
        {"interval": timedelta(0)},
        {"replica_interval": timedelta(0)},
        {"algorithms": ()},
        {"bytes_per_run": 0},
        {"bytes_per_second": -1},
    ],
)
def test_senseless_numbers_are_refused(numbers: dict[str, object]) -> None:
    """A policy under which nothing is kept or read cannot be made."""
    with pytest.raises(ValueError):
        Policy(**numbers)  # type: ignore[arg-type]


def test_the_custody_words() -> None:
    """A copy is in one of five states; the words are stored, so they never change."""
    assert [state.value for state in CopyState] == ["ok", "damaged", "missing", "unreadable", "unknown"]
