"""Which copies are due: order, budget, and thirty-one simulated days."""

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from preservation.policy import CopyState, Policy
from preservation.schedule import CopyDue, daily_budget, due, figures

NOW = datetime(2026, 3, 1, 2, 0, tzinfo=UTC)
POLICY = Policy(interval=timedelta(days=30))


def copy(key: str, *, age: float | None, size: int = 10, state: CopyState = CopyState.OK) -> CopyDue:
    """Return a copy that was read age days ago, or never."""
    return CopyDue(key, size, None if age is None else NOW - timedelta(days=age), state)


def keys(chosen: list[CopyDue]) -> list[str]:
    """Return the keys in their order."""
    return [each.key for each in chosen]


def test_never_checked_first_then_oldest() -> None:
    """Copies never read come first, then the others from the oldest on."""
    copies = [copy("new", age=1), copy("old", age=20), copy("never", age=None), copy("older", age=25)]

    assert keys(due(copies, now=NOW, policy=POLICY, budget_bytes=None)) == ["never", "older", "old", "new"]


def test_the_budget_is_kept() -> None:
    """What does not fit into the budget waits; a smaller copy behind it may go."""
    copies = [copy("a", age=9), copy("big", age=8, size=100), copy("b", age=7), copy("c", age=6)]

    assert keys(due(copies, now=NOW, policy=POLICY, budget_bytes=30)) == ["a", "b", "c"]


def test_overdue_is_read_whatever_it_costs() -> None:
    """A copy older than the interval is read over any budget."""
    copies = [copy("a", age=31), copy("b", age=30), copy("c", age=29), copy("huge", age=99, size=10**12)]

    assert keys(due(copies, now=NOW, policy=POLICY, budget_bytes=1)) == ["huge", "a", "b"]


def test_a_copy_larger_than_the_budget_is_not_passed_over_for_ever() -> None:
    """The first in the order is always read, so that every round makes progress."""
    assert keys(due([copy("huge", age=None, size=99)], now=NOW, policy=POLICY, budget_bytes=1)) == ["huge"]


@given(
    st.lists(
        st.tuples(st.one_of(st.none(), st.integers(0, 60)), st.integers(0, 100)), max_size=30
    ),
    st.integers(0, 500),
)
def test_rules_hold_for_any_copies(raw: list[tuple[int | None, int]], budget: int) -> None:
    """No copy twice, overdue always, in order, and the rest within the budget."""
    copies = [copy(f"{number:03}", age=age, size=size) for number, (age, size) in enumerate(raw)]
    chosen = due(copies, now=NOW, policy=POLICY, budget_bytes=budget)
    limit = NOW - POLICY.interval
    overdue = {each.key for each in copies if each.last_checked and each.last_checked <= limit}
    ages = [each.last_checked.timestamp() if each.last_checked else -1.0 for each in chosen]
    free = [each.size for each in chosen[1:] if each.key not in overdue]

    assert len(set(keys(chosen))) == len(chosen)
    assert overdue <= set(keys(chosen))
    assert ages == sorted(ages)
    assert sum(free) <= budget
    assert bool(chosen) == bool(copies)


def test_p3_thirty_one_days() -> None:
    """Over 31 simulated days with a daily budget no copy is ever unread for more than 30 days."""
    sizes = [10 + (number * 7919) % 500 for number in range(400)]
    copies = {
        f"{number:03}": CopyDue(f"{number:03}", size, NOW - timedelta(days=number % 20))
        for number, size in enumerate(sizes)
    }
    budget = daily_budget(sum(sizes), POLICY)
    spent: list[int] = []
    for day in range(1, 63):
        now = NOW + timedelta(days=day)
        chosen = due(copies.values(), now=now, policy=POLICY, budget_bytes=budget)
        spent.append(sum(each.size for each in chosen))
        for each in chosen:
            copies[each.key] = CopyDue(each.key, each.size, now)
        oldest = min(each.last_checked for each in copies.values() if each.last_checked)

        assert now - oldest <= timedelta(days=30)

    assert max(spent) <= budget


def test_a_restart_goes_on_where_it_stopped() -> None:
    """After half a round the other half is due, because each copy is noted by itself."""
    copies = [copy(f"{number}", age=10 + number) for number in range(6)]
    first = due(copies, now=NOW, policy=POLICY, budget_bytes=30)
    done = {each.key: CopyDue(each.key, each.size, NOW) for each in first}
    after = [done.get(each.key, each) for each in copies]

    assert keys(first) == ["5", "4", "3"]
    assert keys(due(after, now=NOW, policy=POLICY, budget_bytes=30)) == ["2", "1", "0"]


def test_figures_add_up() -> None:
    """The states add up to the number of copies, and the oldest reading is told with its age."""
    copies = [
        copy("a", age=3),
        copy("b", age=12),
        copy("c", age=None, state=CopyState.UNKNOWN),
        copy("d", age=5, state=CopyState.DAMAGED),
        copy("e", age=5, state=CopyState.MISSING),
        copy("f", age=5, state=CopyState.UNREADABLE),
    ]
    told = figures(copies, NOW)

    assert told.copies == told.ok + told.damaged + told.missing + told.unreadable + told.unknown == 6
    assert (told.ok, told.never_checked, told.bytes) == (2, 1, 60)
    assert told.oldest_age == timedelta(days=12)


def test_figures_of_nothing() -> None:
    """Without copies there is no oldest reading."""
    assert figures([], NOW).oldest_age is None
