"""How all copies fare, in one sentence with a light (红绿灯).

The page "保存状况" and `jingui status` say the same. Green is said only where
every copy was read in time and found good, and every store answers.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from flask_babel import gettext

from repository.figures import CareFigures

GREEN, AMBER, RED, GREY = "green", "amber", "red", "grey"


@dataclass(frozen=True, slots=True)
class Light:
    """The colour (macros/status.html), the one sentence, and what else is to say."""

    level: str
    sentence: str
    more: tuple[str, ...] = ()


def care_sentence(figures: CareFigures, *, now: datetime, away: Sequence[str] = ()) -> str:
    """Return the one sentence on all copies; away names the stores that do not answer."""
    return care_light(figures, now=now, away=away).sentence


def care_light(figures: CareFigures, *, now: datetime, away: Sequence[str] = ()) -> Light:
    """Return the light: the worst that is to say first, the rest behind it."""
    red = _harm(figures)
    amber = _worries(figures, now=now, away=away)
    if red or amber:
        said = (*red, *amber)
        return Light(RED if red else AMBER, said[0], said[1:])
    if figures.copies == 0:
        return Light(GREY, gettext("还没有入库的档案。"))
    return Light(GREEN, _all_well(figures, now))


def _harm(figures: CareFigures) -> tuple[str, ...]:
    said = []
    if figures.lost:
        said.append(gettext("有 %(n)s 份副本里的文件已找不到完好的来源，请马上处理。", n=_number(figures.lost)))
    if figures.damaged or figures.missing:
        bad = _number(figures.damaged + figures.missing)
        said.append(gettext("有 %(n)s 份副本损坏或缺失，请用完好的副本修复。", n=bad))
    if figures.invalid:
        said.append(gettext("最近一次核验没有通过自检，结论无效：请看核验记录。"))
    return tuple(said)


def _worries(figures: CareFigures, *, now: datetime, away: Sequence[str]) -> tuple[str, ...]:
    said: list[str] = [gettext("存储 %(name)s 联系不上，里面的副本现在无法核验。", name=name) for name in away]
    if figures.unreadable:
        said.append(gettext("有 %(n)s 份副本读不出来，请检查硬盘、网络和权限。", n=_number(figures.unreadable)))
    if figures.unknown:
        said.append(gettext("有 %(n)s 份副本还没有核验过。", n=_number(figures.unknown)))
    if figures.asked:
        said.append(gettext("有 %(n)s 份副本搬动或恢复后还没有重新核验，24 小时内会读完。", n=_number(figures.asked)))
    if figures.overdue:
        said.append(gettext("有 %(n)s 份副本超过规定的期限没有重读，最久的一份已有 %(days)s 天。",
                            n=_number(figures.overdue), days=_number(age_days(figures.oldest, now) or 0)))
    if figures.under_copied:
        said.append(gettext("有 %(n)s 个归档信息包还没有受到保护：完好的副本或存放的地点不够数。",
                            n=_number(figures.under_copied)))
    return tuple(said)


def _all_well(figures: CareFigures, now: datetime) -> str:
    days = age_days(figures.oldest, now)
    if not days:
        return gettext("全部 %(files)s 个文件完好，都在 24 小时内核验过。", files=_number(figures.files))
    told = {"files": _number(figures.files), "days": _number(days)}
    return gettext("全部 %(files)s 个文件完好，最久未查 %(days)s 天。", **told)


def age_days(at: datetime | None, now: datetime) -> int | None:
    """Return how many whole days have passed since then, None for never."""
    return None if at is None else max(0, (now - at).days)


def _number(value: int) -> str:
    return f"{value:,}"
