"""B24: when a period ends, on leap days and between two zones."""

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from repository.description.retention import day_in_china, has_ended, retention_end


@pytest.mark.parametrize(
    ("since", "years", "ends"),
    [
        (date(2016, 3, 1), 10, "2026-03-01T16:00+00:00"),
        (date(2016, 2, 29), 10, "2026-02-28T16:00+00:00"),  # no 29 February in 2026
        (date(2016, 2, 29), 4, "2020-02-29T16:00+00:00"),
        (date(1996, 12, 31), 30, "2026-12-31T16:00+00:00"),  # midnight in Shanghai, not in London
        (date(2070, 2, 29 - 1), 30, "2100-02-28T16:00+00:00"),
        (date(2096, 2, 29), 4, "2100-02-28T16:00+00:00"),  # 2100 is no leap year
    ],
)
def test_b24_a_period_ends_with_its_day_in_china(since: date, years: int, ends: str) -> None:
    """One second before, it has not ended; at that moment it has."""
    end = retention_end(since, years)

    assert end == datetime.fromisoformat(ends)
    assert not has_ended(since, years, end - timedelta(seconds=1))
    assert has_ended(since, years, end)


def test_for_ever_never_ends_and_no_years_are_no_period() -> None:
    """永久 has no end; a period of nothing is a mistake."""
    assert not has_ended(date(1000, 1, 1), None, datetime(9999, 1, 1, tzinfo=UTC))
    with pytest.raises(ValueError):
        retention_end(date(2020, 1, 1), 0)


@given(st.dates(date(1600, 1, 1), date(2200, 1, 1)), st.integers(1, 100))
def test_no_period_is_ever_shorter_than_its_years(since: date, years: int) -> None:
    """Whole years less at most the leap day; always after the day on which it began."""
    last_day = day_in_china(retention_end(since, years) - timedelta(seconds=1))

    assert last_day.year == since.year + years
    assert (last_day.month, last_day.day) in ((since.month, since.day), (2, 28))
