"""generations: which backups are kept, whatever the clock says."""

from datetime import UTC, datetime, timedelta

from repository.workflow.generations import DAILY, MONTHLY, WEEKLY, spare

NOW = datetime(2026, 11, 21, 3, tzinfo=UTC)


def _nightly(days: int) -> list[datetime]:
    return [NOW - timedelta(days=day) for day in range(days)]


def test_a_year_of_nights_keeps_7_days_4_weeks_12_months() -> None:
    """After 400 nights the last seven stand, the newest of four weeks and of twelve months."""
    made = _nightly(400)
    kept = sorted(set(made) - spare(made, NOW), reverse=True)

    assert kept[:DAILY] == made[:DAILY]
    assert len({at.isocalendar()[:2] for at in kept}) >= WEEKLY
    assert len({(at.year, at.month) for at in kept}) == MONTHLY
    assert len(kept) <= DAILY + WEEKLY + MONTHLY


def test_the_newest_is_never_spare() -> None:
    """One backup, or many of one day: the newest stays."""
    same_day = [NOW - timedelta(minutes=minute) for minute in range(5)]

    assert spare([NOW], NOW) == frozenset()
    assert spare([], NOW) == frozenset()
    assert spare(same_day, NOW) == frozenset(same_day[1:])


def test_p19_a_clock_ten_years_ahead_makes_no_backup_old() -> None:
    """Generations are counted, not aged: the same backups are kept in ten years."""
    made = _nightly(60)

    assert spare(made, NOW + timedelta(days=3650)) == spare(made, NOW)


def test_p19_backups_from_the_future_push_nothing_out() -> None:
    """What a clock ahead of time left neither counts nor goes."""
    made = _nightly(10)
    ahead = [NOW + timedelta(days=3650 + day) for day in range(20)]

    assert spare(made + ahead, NOW) == spare(made, NOW)


def test_a_year_without_backups_removes_none() -> None:
    """Seven backups from two years ago are still the seven newest days."""
    old = [NOW - timedelta(days=730 + day) for day in range(DAILY)]

    assert spare(old, NOW) == frozenset()
