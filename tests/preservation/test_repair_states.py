"""P5: any states of three copies; what is good somewhere is mended, what is nowhere is untouched."""

import random

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.bags.states import PATHS, STATES, Plight, random_plights, trial

PLIGHTS = st.builds(
    Plight,
    files=st.tuples(*(st.sampled_from(STATES) for _ in PATHS)),
    is_away=st.booleans(),
    has_stranger=st.booleans(),
)


@settings(max_examples=400, deadline=None)
@given(st.tuples(PLIGHTS, PLIGHTS, PLIGHTS), st.integers(0, 10**6))
def test_p5_three_copies_in_any_state(plights: tuple[Plight, ...], seed: int) -> None:
    """No good byte is written over, every good source is used, LOST and waiting are told rightly."""
    assert trial(plights, seed).faults == []


def test_p5_a20_a21_many_random_pairs() -> None:
    """Two copies in 1,500 random states: the same, and all three ends do occur."""
    ended = [trial(random_plights(random.Random(seed), 2), seed) for seed in range(1500)]

    assert [one.faults for one in ended if one.faults] == []
    assert min(sum(one.repaired for one in ended), sum(one.lost for one in ended)) > 100
    assert sum(one.waiting for one in ended) > 50
