"""Notices in Chinese: what is mailed and posted.

A notice names numbers, stores and days; never a title or a person.
"""

from collections.abc import Sequence

from flask_babel import gettext

from repository.web import alarm_words
from repository.web.filters import local_time
from repository.web.words import listed
from repository.workflow.notices import Alarm, Anchored, Digest, Said


class Speaker:
    """The voice of the archive."""

    def alarms(self, found: Sequence[Alarm]) -> Said:
        """Return one notice about these alarms, each with what to do."""
        lines = [f"{alarm_words.sentence(one)}{alarm_words.advice(one)}" for one in found]
        if not found:
            return Said(gettext("金匮：没有警报"), gettext("现在没有要处理的事。"))
        subject = gettext("金匮警报：%(first)s", first=alarm_words.sentence(found[0]))
        if len(found) > 1:
            subject = gettext("金匮警报：%(first)s等 %(n)s 件", first=alarm_words.sentence(found[0]), n=len(found))
        return Said(subject, "\n".join(lines))

    def digest(self, told: Digest) -> Said:
        """Return the digest: one sentence, then the alarms that stand."""
        parts = [_read(told)]
        if told.repaired:
            parts.append(gettext("修复 %(n)s 份", n=_number(told.repaired)))
        if told.lost:
            parts.append(gettext("%(n)s 份找不到完好的来源", n=_number(told.lost)))
        if told.archived:
            parts.append(gettext("新入库 %(n)s 件", n=_number(told.archived)))
        parts.append(_waiting(told))
        sentence = gettext("；").join(parts) + gettext("。")
        span = _span(told)
        lines = [f"{span}{sentence}"] + [alarm_words.sentence(one) for one in told.alarms]
        return Said(gettext("金匮小结：%(told)s", told=parts[0]), "\n".join(lines))

    def anchor(self, told: Anchored) -> Said:
        """Return the line of an anchor and what to do with it."""
        words = {"n": told.number, "at": local_time(told.at), "short": told.short}
        line = gettext("日志见证第 %(n)s 号　%(at)s　%(short)s", **words)
        return Said(line, line + "\n" + gettext("请保留这封邮件，或打印签字存档：以后可以凭它查出日志有没有被改动。"))


def _span(told: Digest) -> str:
    days = max(1, round((told.until - told.since).total_seconds() / 86_400))
    return gettext("过去一天：") if days == 1 else gettext("过去 %(n)s 天：", n=days)


def _read(told: Digest) -> str:
    """Return what was read; a run that is not valid, and what was not read, is never left out."""
    if told.invalid:
        return gettext("有 %(n)s 轮核验无效，结果不能算数", n=told.invalid)
    read = told.checked + told.failed
    if not told.runs:
        return gettext("没有做过核验")
    if not read and not told.unreadable:
        return gettext("没有到期要核验的副本")
    bad = []
    if told.failed:
        bad.append(gettext("%(n)s 份损坏或缺失", n=_number(told.failed)))
    if told.unreadable:
        bad.append(gettext("%(n)s 份读不出", n=_number(told.unreadable)))
    if told.not_checked > 0:
        bad.append(gettext("%(n)s 份没有查到", n=_number(told.not_checked)))
    verdict = listed(bad) if bad else gettext("全部完好")
    return gettext("核验 %(n)s 份副本，%(verdict)s", n=_number(read), verdict=verdict)


def _waiting(told: Digest) -> str:
    todo = told.waiting + len(told.alarms)
    return gettext("%(n)s 个待办", n=_number(todo)) if todo else gettext("没有待办")


def _number(value: int) -> str:
    return f"{value:,}"
