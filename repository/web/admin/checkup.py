"""系统体检: one list of everything that is looked at, with when it was looked at last.

What was not looked at is told as such (未检查) and is never green. Folders,
worker, index and clock are asked while the page is drawn; the rest is what
the worker saw at its last look (workflow/watching.py).
"""

from collections.abc import Mapping, Sequence
from datetime import datetime

from flask import flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext
from sqlalchemy.orm import Session

from repository import figures
from repository.extensions import db
from repository.permissions import Act, may
from repository.web import alarm_words, texts
from repository.web.admin import health
from repository.web.admin.care import admin
from repository.web.admin.health import AMBER, GREEN, GREY, RED, Line
from repository.web.care_words import Light
from repository.web.filters import local_time
from repository.web.guards import allows, current_actor, current_tools
from repository.web.words import listed, marked
from repository.workflow import heartbeats, mailing, rounds, watching
from repository.workflow.heartbeats import Beat
from repository.workflow.notices import Alarm, Said
from repository.workflow.tools import Tools
from repository.workflow.watching import Seen

#: Subject of the worker's look -> the alarms that belong to it, and what is said where there is none.
_SUBJECTS: Mapping[str, tuple[tuple[str, ...], str]] = {
    marked("副本"): (("copies_lost", "copies_bad", "copies_unreadable"), marked("没有损坏、缺失或读不出的副本")),
    marked("重读期限"): (("copies_overdue",), marked("每份副本都在规定时间内读过")),
    marked("复制"): (("backlog",), marked("没有等了一天以上的复制")),
    marked("等待的作业"): (("jobs_stuck", "intake_waits"), marked("没有等了一天以上的作业")),
    marked("离线介质"): (("media_overdue",), marked("没有到期未取来的介质")),
    marked("临时文件和隔离区"): (("clutter",), marked("没有占去硬盘的五分之一")),
    marked("时钟记录"): (("clock_doubted",), marked("时钟走得平稳")),
}
#: Duties with a line of their own in health.py.
_ELSEWHERE = (heartbeats.WORKER, "reap")


@admin.get("/health-check")
@allows(Act.SEE_CARE)
def health_check() -> str:
    """Show the list."""
    db.release()
    tools = current_tools()
    lines = health.lines(lambda: db.session, tools) + _seen_lines(db.session, tools)
    return render_template(
        "admin/health_check.html",
        light=_light(lines),
        lines=lines,
        measured=watching.measured(db.session),
        place_word=alarm_words.place_word,
        may_run=may(current_actor(), Act.RUN_CARE),
        may_notify=may(current_actor(), Act.MANAGE_SYSTEM) and mailing.is_set_up(tools.settings),
    )


@admin.post("/health-check/look")
@allows(Act.RUN_CARE)
def look_now() -> ResponseReturnValue:
    """Ask the worker to look now."""
    rounds.put_in_line(db.session, "watch")
    db.session.commit()
    flash(gettext("已排队，后台程序马上会再检查一遍。过一会儿刷新本页。"), "success")
    return redirect(url_for("admin.health_check"))


@admin.post("/health-check/notice")
@allows(Act.MANAGE_SYSTEM)
def try_notice() -> ResponseReturnValue:
    """Send a notice that only shows that notices arrive."""
    said = Said(gettext("金匮：试发通知"), gettext("收到这一条，说明通知能送达。不需要做什么。"))
    watching.ask_notify(db.session, said, current_tools().clock())
    db.session.commit()
    flash(gettext("试发的通知已排队。没有送达时，“通知”一行会写明原因。"), "success")
    return redirect(url_for("admin.health_check"))


def _light(lines: Sequence[Line]) -> Light:
    """Return the one sentence over the list."""
    red, amber = ([line for line in lines if line.level == level] for level in (RED, AMBER))
    unseen = [line for line in lines if line.level == GREY]
    more = []
    if amber:
        more.append(gettext("%(n)s 项请留意。", n=len(amber)))
    if unseen:
        more.append(gettext("%(n)s 项没有检查过，不能算正常。", n=len(unseen)))
    if red:
        return Light(RED, gettext("%(n)s 项有问题，请先处理：%(first)s。", n=len(red), first=red[0].label), tuple(more))
    if amber:
        return Light(AMBER, more[0], tuple(more[1:]))
    if unseen:
        return Light(GREY, more[0])
    return Light(GREEN, gettext("全部 %(n)s 项正常。", n=len(lines)))


def _seen_lines(session: Session, tools: Tools) -> list[Line]:
    """Return what the worker saw last, and how each regular duty fares."""
    now, seen = tools.clock(), watching.seen(session)
    lines = [_subject(label, *told, seen, seen.is_fresh(now)) for label, told in _SUBJECTS.items()]
    lines += [_checker(session, seen, now), _reports(session, seen, now)]
    if tools.settings.s3_endpoint.startswith("https://"):
        codes = ("certificate_bad", "certificate_ends")
        lines.append(_subject(marked("S3 证书"), codes, marked("证书有效"), seen, seen.is_fresh(now)))
    beats = {beat.name: beat for beat in heartbeats.beats(session)}
    lines += [_duty(name, beats.get(name), now) for name in heartbeats.DUTIES if name not in _ELSEWHERE]
    return [*lines, _notices(session, tools)]


def _subject(label: str, codes: Sequence[str], fine: str, seen: Seen, is_fresh: bool) -> Line:
    found = [alarm for alarm in seen.alarms if alarm.code in codes]
    if found:
        return _alarmed(gettext(label), found, seen.at)
    if is_fresh:
        return Line(gettext(label), GREEN, gettext(fine), at=seen.at)
    return Line(gettext(label), GREY, gettext("后台程序没有来看过，不知道"), at=seen.at)


def _checker(session: Session, seen: Seen, now: datetime) -> Line:
    """Return whether the checker can be believed; without a run nobody knows."""
    label = marked("核验程序")
    if not figures.has_ended_run(session):
        return Line(gettext(label), GREY, gettext("还没有做过核验"))
    return _subject(label, ("run_invalid",), marked("最近一轮核验有效"), seen, seen.is_fresh(now))


def _reports(session: Session, seen: Seen, now: datetime) -> Line:
    """Return how the last reports ended; a kind without any report is named, never passed over."""
    label, there = marked("各种报告"), figures.report_kinds(session)
    lacking = [alarm_words.report_word(kind) for kind in ("backup", "drill", "audit") if kind not in there]
    line = _subject(label, ("report_failed",), marked("最近的备份、演练、核对报告都没有问题"), seen, seen.is_fresh(now))
    if lacking and line.level == GREEN:
        return Line(line.label, GREY, gettext("还没有这些报告：%(names)s", names=listed(lacking)), at=line.at)
    return line


def _alarmed(label: str, found: Sequence[Alarm], at: datetime | None) -> Line:
    level = RED if any(alarm.level == RED for alarm in found) else AMBER
    told = " ".join(alarm_words.sentence(alarm) for alarm in found)
    return Line(label, level, told, alarm_words.advice(found[0]), at, url_for(alarm_words.endpoint(found[0])))


def _duty(name: str, beat: Beat | None, now: datetime) -> Line:
    label = alarm_words.duty_word(name)
    if beat is None or (beat.ended is None and not beat.is_overdue(now)):
        return Line(label, GREY, gettext("还没有做过"), at=None if beat is None else beat.began)
    told = gettext("上次做成：%(at)s", at=local_time(beat.good))
    alarm = Alarm("overdue" if beat.is_overdue(now) else "duty_failed", RED, name)
    if beat.is_overdue(now):
        return Line(label, RED, f"{alarm_words.sentence(alarm)}{told}", alarm_words.advice(alarm), beat.ended)
    if beat.trouble:
        said = gettext("%(told)s；原因：%(why)s", told=told, why=texts.trouble(beat.trouble))
        return Line(label, AMBER, said, alarm_words.advice(alarm), beat.ended, url_for("admin.status"))
    return Line(label, GREEN, told, at=beat.ended)


def _notices(session: Session, tools: Tools) -> Line:
    label = gettext("通知")
    if not mailing.is_set_up(tools.settings):
        advice = gettext("要在出事时收到邮件或群消息，请设置 JINGUI_MAIL_HOST 或 JINGUI_WEBHOOK。")
        return Line(label, GREY, gettext("没有设置邮件或网址，警报只显示在网页上"), advice)
    row = heartbeats.row(session, heartbeats.MAIL)
    if row is None or row.ended_at is None:
        return Line(label, GREY, gettext("已设置，还没有发过"), gettext("请试发一封，看能否收到。"))
    if row.trouble:
        alarm = Alarm("mail_failed", AMBER)
        told = gettext("%(told)s原因：%(why)s", told=alarm_words.sentence(alarm), why=texts.trouble(row.trouble))
        return Line(label, AMBER, told, alarm_words.advice(alarm), row.ended_at)
    return Line(label, GREEN, gettext("上次送达：%(at)s", at=local_time(row.good_at)), at=row.ended_at)
