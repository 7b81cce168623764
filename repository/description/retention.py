"""When a retention period (保管期限) ends.

A period of years ends with the same day of the calendar, years later, at the
end of that day in China; 29 February ends on 28 February where there is none.
China's clocks are eight hours ahead of UTC all year: nothing here asks the machine.
"""

from datetime import UTC, date, datetime, time, timedelta, timezone

CHINA = timezone(timedelta(hours=8), "Asia/Shanghai")


def retention_end(since: date, years: int) -> datetime:
    """Return the first moment (UTC) after the period. Raises ValueError for fewer than 1 year."""
    if years < 1:
        raise ValueError("a period has 1 year or more")
    year = since.year + years
    try:
        last = since.replace(year=year)
    except ValueError:  # 29 February
        last = since.replace(year=year, day=28)
    return datetime.combine(last + timedelta(days=1), time(), CHINA).astimezone(UTC)


def has_ended(since: date, years: int | None, now: datetime) -> bool:
    """Return whether the period is over at that moment; years None is for ever (永久)."""
    return years is not None and now >= retention_end(since, years)


def day_in_china(moment: datetime) -> date:
    """Return the day of the calendar on which a moment falls in China."""
    return moment.astimezone(CHINA).date()
