"""Which copies are read when: order, budgets, shares, and years of simulated nights."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta, timezone
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from preservation.policy import StoreKind, StoreRule
from preservation.schedule import NEAR, CopyDue, Queue, Span, daily_share, must, plan, slot_of, standing

NOW = datetime(2026, 3, 1, 2, 0, tzinfo=UTC)
RULE = StoreRule("main", StoreKind.LOCAL, "机房", timedelta(days=30))
SHANGHAI = timezone(timedelta(hours=8))


def copy(key: str, *, age: float | None, size: int = 10, asked: bool = False) -> CopyDue:
    """Return a copy that was read age days ago, or never."""
    return CopyDue(key, size, None if age is None else NOW - timedelta(days=age), asked)


def queue(*copies: CopyDue, rule: StoreRule = RULE, now: datetime = NOW) -> Queue:
    """Return a store's copies in the order that a queue has."""

    def order(one: CopyDue) -> tuple[int, float, str]:
        return (standing(one, now), one.last_checked.timestamp() if one.last_checked else 0, one.key)

    return Queue(rule, sum(one.size for one in copies), sorted(copies, key=order))


def keys(chosen: list[CopyDue]) -> list[str]:
    """Return the keys in their order."""
    return [each.key for each in chosen]


def test_asked_first_then_never_checked_then_oldest() -> None:
    """An event comes before everything, then what was never read, then the oldest."""
    copies = [copy("old", age=28), copy("never", age=None), copy("older", age=29)]
    copies.append(copy("asked", age=1, asked=True))

    assert keys(plan([queue(*copies)], now=NOW, span=Span.DUE, budget_bytes=None)) == [
        "asked", "never", "older", "old"
    ]


def test_due_leaves_alone_what_has_time_and_daily_reads_a_share_of_it() -> None:
    """A nightly round reads ahead; a person who asks for what is due gets that alone."""
    copies = [copy(f"{number:02}", age=number) for number in range(20)]

    assert plan([queue(*copies)], now=NOW, span=Span.DUE, budget_bytes=None) == []
    assert keys(plan([queue(*copies)], now=NOW, span=Span.DAILY, budget_bytes=None)) == ["19"]


def test_urgent_takes_only_what_presses() -> None:
    """Asked for, or past its term: nothing else is read outside the night."""
    copies = [copy("a", age=29), copy("b", age=29.9), copy("c", age=31), copy("d", age=None),
              copy("e", age=1, asked=True)]

    assert keys(plan([queue(*copies)], now=NOW, span=Span.URGENT, budget_bytes=1)) == ["e", "c", "b"]


def test_what_must_be_read_is_read_whatever_it_costs() -> None:
    """A copy past its term is read over any budget; one with time left is not."""
    copies = [copy("a", age=31), copy("huge", age=99, size=10**12), copy("c", age=27)]

    assert keys(plan([queue(*copies)], now=NOW, span=Span.DAILY, budget_bytes=1)) == ["huge", "a"]


def test_a_copy_larger_than_the_budget_does_not_hold_up_the_others() -> None:
    """It waits for its term and is read then; the smaller ones behind it go meanwhile."""
    copies = [copy("huge", age=20, size=1000), copy("a", age=19), copy("b", age=18)]
    rule = replace(RULE, nightly_bytes=10)

    assert keys(plan([queue(*copies, rule=rule)], now=NOW, span=Span.DAILY, budget_bytes=None)) == ["a"]
    later = NOW + timedelta(days=8)
    told = plan([queue(*copies, rule=rule, now=later)], now=later, span=Span.DAILY, budget_bytes=None)
    assert "huge" in keys(told)


def test_each_store_has_its_own_interval_and_budget() -> None:
    """A replica is read back every 90 days and never more a night than its line bears."""
    far = StoreRule("far", StoreKind.REPLICA, "云", timedelta(days=90), nightly_bytes=20)
    near = queue(copy("n1", age=40), copy("n2", age=40))
    away = queue(*(copy(f"f{number}", age=None) for number in range(9)), copy("f9", age=40), rule=far)

    assert keys(plan([near, away], now=NOW, span=Span.DAILY, budget_bytes=None)) == ["f0", "f1", "n1", "n2"]


def test_a_reading_from_the_future_is_no_reading() -> None:
    """B23: what was noted under a clock that ran ahead is read soon, within the budget."""
    copies = [copy("ahead", age=-3650), copy("a", age=3)]

    assert keys(plan([queue(*copies)], now=NOW, span=Span.DAILY, budget_bytes=10)) == ["ahead"]


_COPIES = st.lists(
    st.tuples(st.one_of(st.none(), st.integers(-9, 60)), st.integers(0, 100), st.booleans()), max_size=30
)


@given(_COPIES, _COPIES, st.integers(0, 500), st.integers(0, 500), st.sampled_from(Span))
def test_rules_hold_for_any_copies(
    first: list[tuple[int | None, int, bool]],
    second: list[tuple[int | None, int, bool]],
    budget: int,
    own: int,
    span: Span,
) -> None:
    """No copy twice, what must be read always, the rest within both budgets but for one giant a night."""
    rules = [replace(RULE, nightly_bytes=own), StoreRule("far", StoreKind.REPLICA, "云", timedelta(days=45))]
    stores = [
        [
            copy(f"{store}{number:03}", age=age, size=size, asked=asked)
            for number, (age, size, asked) in enumerate(raw)
        ]
        for store, raw in enumerate((first, second))
    ]
    chosen = plan(
        [queue(*copies, rule=rule) for copies, rule in zip(stores, rules, strict=True)],
        now=NOW, span=span, budget_bytes=budget,
    )
    pressing = {
        one.key
        for copies, rule in zip(stores, rules, strict=True)
        for one in copies
        if must(one, now=NOW, rule=rule, span=span)
    }
    most = {"0": min(own, budget), "1": budget}
    giants = [one for one in chosen if standing(one, NOW) == 1 and one.size > most[one.key[0]]]
    giants = [one for one in giants if one.key not in pressing]
    pressing |= set(keys(giants))
    free = [one for one in chosen if one.key not in pressing]

    assert len(giants) <= (1 if span is Span.DAILY else 0)
    assert len(set(keys(chosen))) == len(chosen)
    assert pressing <= set(keys(chosen))
    assert not free or sum(one.size for one in chosen) <= budget + sum(
        one.size for one in chosen if one.key in pressing
    )
    assert sum(one.size for one in free) <= budget
    assert sum(one.size for one in free if one.key.startswith("0")) <= own


@pytest.mark.parametrize("seed", range(2))
def test_p3_three_years_of_nights_with_bursts_keep_every_interval_and_budget(seed: int) -> None:
    """20,000 copies taken in by bursts, missed nights, two stores: none too old, no budget exceeded."""
    random = Random(seed)
    rules = {
        "main": StoreRule("main", StoreKind.LOCAL, "机房", timedelta(days=30), nightly_bytes=1_300_000),
        "far": StoreRule("far", StoreKind.REPLICA, "云", timedelta(days=90), nightly_bytes=450_000),
    }
    read: dict[str, dict[str, CopyDue]] = {name: {} for name in rules}  # in the order of reading
    coming = {day: random.randrange(1500, 2500) for day in random.sample(range(100, 900), 10)}
    number, totals = 0, dict.fromkeys(rules, 0)
    for day in range(3 * 365):
        now = NOW + timedelta(days=day)
        for _ in range(coming.get(day, 0)):
            number += 1
            for name in rules:
                read[name][f"{name}{number}"] = CopyDue(f"{name}{number}", random.randrange(1, 2000), now)
        if random.random() < 0.02:
            continue  # the machine was off this night
        if day % 10 == 0 or day in coming:
            totals = {name: sum(one.size for one in read[name].values()) for name in rules}
        queues = [Queue(rule, totals[name], read[name].values()) for name, rule in rules.items()]
        chosen = plan(queues, now=now, span=Span.DAILY, budget_bytes=None)
        for name, rule in rules.items():
            mine = [one for one in chosen if one.key.startswith(name)]
            free = sum(one.size for one in mine if not must(one, now=now, rule=rule, span=Span.DAILY))

            assert free <= (rule.nightly_bytes or 0)
            assert all(now - (one.last_checked or now) <= rule.interval for one in mine)
            for one in mine:
                read[name].pop(one.key)
                read[name][one.key] = CopyDue(one.key, one.size, now)
            oldest = next(iter(read[name].values()), None)
            assert oldest is None or now - (oldest.last_checked or now) <= rule.interval
    assert number > 15_000


def test_a_burst_is_spread_over_the_nights() -> None:
    """What was taken in on one day is not read on one day a month later."""
    copies = {f"{number:04}": copy(f"{number:04}", age=0) for number in range(1000)}
    most = 0
    for day in range(1, 60):
        now = NOW + timedelta(days=day)
        chosen = plan([queue(*copies.values(), now=now)], now=now, span=Span.DAILY, budget_bytes=None)
        most = max(most, len(chosen))
        for one in chosen:
            copies[one.key] = CopyDue(one.key, one.size, now)

    assert most <= 50


def test_the_share_leaves_room_for_missed_nights() -> None:
    """All is read before the last two days of the term, even with a tenth of the nights missed."""
    assert daily_share(28_000, timedelta(days=30)) == 1101
    assert daily_share(500, timedelta(days=1)) == 551
    assert NEAR == timedelta(days=2)


def test_a_restart_goes_on_where_it_stopped() -> None:
    """After half a round the other half is due, because each copy is noted by itself."""
    copies = [copy(f"{number}", age=40 + number) for number in range(6)]
    first = plan([queue(*copies)], now=NOW, span=Span.DUE, budget_bytes=None)[:3]
    left = [one for one in copies if one.key not in keys(first)]

    assert keys(first) == ["5", "4", "3"]
    assert keys(plan([queue(*left)], now=NOW, span=Span.DUE, budget_bytes=None)) == ["2", "1", "0"]


@pytest.mark.parametrize(
    ("at", "slot"),
    [
        ("2027-12-31T18:30+00:00", date(2028, 1, 1)),  # 02:30 in Shanghai
        ("2027-12-31T17:59+00:00", date(2027, 12, 31)),  # 01:59 there: still the night before
        ("2028-02-28T19:00+00:00", date(2028, 2, 29)),
        ("2028-02-29T19:00+00:00", date(2028, 3, 1)),
    ],
)
def test_b24_a_night_is_one_of_the_local_calendar(at: str, slot: date) -> None:
    """The round of two o'clock in Shanghai belongs to Shanghai's day, also around the leap day."""
    assert slot_of(datetime.fromisoformat(at), hour=2, zone=SHANGHAI) == slot


@pytest.mark.parametrize("age", [None, -3650.0], ids=["never", "by-a-wrong-clock"])
def test_p3_what_was_never_read_and_fits_in_no_night_does_not_wait_for_ever(age: float | None) -> None:
    """It comes due by no date: one such copy is read each night, whatever it costs, beside the others."""
    rule = replace(RULE, nightly_bytes=50)
    giants = [copy("giant1", age=age, size=99), copy("giant2", age=age, size=99)]
    chosen = plan([queue(*giants, copy("a", age=20), rule=rule)], now=NOW, span=Span.DAILY, budget_bytes=None)
    left = plan([queue(giants[1], rule=rule)], now=NOW, span=Span.DAILY, budget_bytes=40)

    assert keys(chosen)[0] == "giant1" and "giant2" not in keys(chosen)
    assert keys(left) == ["giant2"]
