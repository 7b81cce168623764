"""The one sentence on all copies."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from repository.figures import CareFigures
from repository.web.care_words import age_days, care_light, care_sentence

NOW = datetime(2026, 5, 20, 8, 0, tzinfo=UTC)
WELL = CareFigures(
    items=602, copies=1204, ok=1204, damaged=0, missing=0, unreadable=0, unknown=0, files=12040, bytes=1,
    oldest=NOW - timedelta(days=12, hours=3), lost=0, under_copied=0,
)


def said(figures: CareFigures, *away: str) -> tuple[str, str]:
    """Return level and sentence."""
    light = care_light(figures, now=NOW, away=away)
    return light.level, light.sentence


def test_all_good_is_said_in_one_green_sentence() -> None:
    """Green tells how many files are good and how long the oldest check is ago."""
    assert said(WELL) == ("green", "全部 12,040 个文件完好，最久未查 12 天。")
    assert care_sentence(WELL, now=NOW) == said(WELL)[1]


def test_checked_within_a_day_is_said_so() -> None:
    """Nobody reads "0 days"."""
    assert said(replace(WELL, oldest=NOW - timedelta(hours=5)))[1] == "全部 12,040 个文件完好，都在 24 小时内核验过。"


def test_an_empty_archive_is_neither_good_nor_bad() -> None:
    """Without copies the light is grey."""
    nothing = replace(WELL, items=0, copies=0, ok=0, files=0, oldest=None)

    assert said(nothing) == ("grey", "还没有入库的档案。")


@pytest.mark.parametrize(
    ("change", "level", "word"),
    [
        ({"lost": 1, "damaged": 2}, "red", "找不到完好的来源"),
        ({"damaged": 2, "missing": 1}, "red", "有 3 份副本损坏或缺失"),
        ({"unreadable": 4}, "amber", "有 4 份副本读不出来"),
        ({"unknown": 5}, "amber", "有 5 份副本还没有核验过"),
        ({"oldest": NOW - timedelta(days=45), "overdue": 2}, "amber", "有 2 份副本超过规定的期限没有重读，最久的一份已有 45 天"),
        ({"asked": 3}, "amber", "有 3 份副本搬动或恢复后还没有重新核验"),
        ({"under_copied": 6}, "amber", "有 6 个归档信息包还没有受到保护"),
    ],
)
def test_the_worst_is_said_first(change: dict[str, object], level: str, word: str) -> None:
    """Each kind of trouble has its colour and its sentence."""
    found = said(replace(WELL, **change))  # type: ignore[arg-type]

    assert found[0] == level
    assert word in found[1]


def test_green_is_never_said_while_a_store_is_away() -> None:
    """What stands in a store that does not answer may be anything."""
    assert said(WELL, "second") == ("amber", "存储 second 联系不上，里面的副本现在无法核验。")


def test_everything_else_is_said_behind_the_worst() -> None:
    """Nothing is hidden by the one sentence."""
    light = care_light(replace(WELL, damaged=1, unknown=2, under_copied=3), now=NOW)

    assert [len(light.more), light.level] == [2, "red"]


def test_age_is_in_whole_days_and_never_negative() -> None:
    """A clock that went back does not make a check lie in the future."""
    times = (None, NOW + timedelta(days=2), NOW - timedelta(hours=47))

    assert [age_days(at, NOW) for at in times] == [None, 0, 1]
