"""The policy: frozen numbers, and what is enough."""

from dataclasses import FrozenInstanceError
from datetime import timedelta

import pytest

from preservation.policy import CopyState, Policy, enough


def test_the_defaults_are_the_promises() -> None:
    """Two copies, read at least every thirty days, with SHA-256."""
    policy = Policy()

    assert policy.copies_wanted == 2
    assert policy.interval == timedelta(days=30)
    assert policy.algorithms == ("sha256",)


@pytest.mark.parametrize(("verified", "protected"), [(0, False), (1, False), (2, True), (3, True)])
def test_enough(verified: int, protected: bool) -> None:
    """An item is protected when the wanted number of copies is verified."""
    assert enough(verified, Policy(copies_wanted=2)) is protected


def test_a_policy_does_not_change() -> None:
    """A policy is a value."""
    with pytest.raises(FrozenInstanceError):
        Policy().copies_wanted = 0  # type: ignore[misc]


@pytest.mark.parametrize(
    "numbers",
    [
        {"copies_wanted": 0},
        {"interval": timedelta(0)},
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
