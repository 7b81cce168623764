"""P19: a clock that jumps is found out before anything is removed for its age."""

from datetime import timedelta

import pytest

from repository.workflow import timekeeping, worker
from repository.workflow.errors import Refused
from repository.workflow.tools import Tools
from tests.archives import ADMINISTRATOR, TEACHER, Clock


def _mark(tools: Tools, clock: Clock) -> bool:
    with tools.database.writing.begin() as session:
        return timekeeping.mark(session, clock())


def _trusted(tools: Tools, clock: Clock) -> bool:
    with tools.database.reading() as session:
        return timekeeping.trusted(session, clock())


def test_an_ordinary_clock_is_trusted(tools: Tools, clock: Clock) -> None:
    """Day after day the mark follows, also after a night without power."""
    for _ in range(30):
        clock.move(hours=20)

        assert _trusted(tools, clock) and _mark(tools, clock)


@pytest.mark.parametrize("days", [-3650, -2, 2, 3650])
def test_b23_a_clock_that_jumps_is_in_doubt_until_it_is_home(tools: Tools, clock: Clock, days: int) -> None:
    """Ahead or behind, ten years or two days: not trusted; back home it is trusted again."""
    _mark(tools, clock)
    clock.move(days=days)

    assert not _trusted(tools, clock) and not _mark(tools, clock)
    clock.move(days=-days)
    assert _trusted(tools, clock) and _mark(tools, clock)


@pytest.mark.parametrize("days", [-3650, 3650])
def test_b23_ten_wrong_years_are_never_believed_by_waiting(tools: Tools, clock: Clock, days: int) -> None:
    """However long a wrong clock goes on steadily, only a person makes it right."""
    _mark(tools, clock)
    clock.move(days=days)
    for _ in range(24 * 10):
        clock.move(hours=1)
        _mark(tools, clock)

    assert not _trusted(tools, clock)
    with tools.database.writing.begin() as session:
        with pytest.raises(Refused):
            timekeeping.confirm(session, TEACHER, clock())
        before = timekeeping.confirm(session, ADMINISTRATOR, clock())
    assert not before.trusted and abs(before.ahead) > timedelta(days=3000)
    assert _trusted(tools, clock)


@pytest.mark.parametrize(("days", "least", "most"), [(3, 0.5, 1), (60, 24, 25)])
def test_a_machine_that_was_off_is_believed_after_a_while(
    tools: Tools, clock: Clock, days: int, least: float, most: float
) -> None:
    """A weekend or the holidays: in doubt at first, trusted after steady going without anybody's word."""
    _mark(tools, clock)
    clock.move(days=days)
    hours = 0.0
    while not _mark(tools, clock):
        clock.move(minutes=30)
        hours += 0.5

    assert least <= hours <= most
    assert _trusted(tools, clock)


def test_a_clock_that_hops_is_not_steady(tools: Tools, clock: Clock) -> None:
    """Steps of two hours do not show that the clock went well between them."""
    _mark(tools, clock)
    clock.move(days=60)
    for _ in range(48):
        clock.move(hours=2)
        _mark(tools, clock)

    assert not _trusted(tools, clock)


def test_the_worker_keeps_the_mark(tools: Tools, clock: Clock) -> None:
    """With each renewal of its lease the worker marks the time, and marks no time in doubt."""
    worker.drain(tools)
    before = clock()
    clock.move(days=3650)
    worker.drain(tools)

    with tools.database.reading() as session:
        assert timekeeping.standing(session, clock()).mark == before
