"""系统体检 and notices on the command line."""

import click

from preservation.checks import Outcome
from repository.commands.context import BAD, COULD_NOT, GOOD, open_archive, say, tell_json
from repository.commands.soundness import refuse_unsound
from repository.web import alarm_words
from repository.web.filters import local_time
from repository.workflow import alarms, looking, mailing, watching
from repository.workflow.notices import RED, Alarm
from repository.workflow.tools import Tools

_CHANNELS = {mailing.MAIL: "邮件", mailing.WEBHOOK: "网址"}


@click.command("health")
@click.option("--json", "as_json", is_flag=True, help="以 JSON 输出")
def health(as_json: bool) -> None:
    """系统体检：马上查一遍，列出要处理的事；有问题时退出码为 1。"""
    tools = open_archive()
    refuse_unsound(tools)
    found = _found(tools)
    if as_json:
        tell_json({"alarms": [_row(one) for one in found]})
    else:
        say(f"有 {len(found)} 件要处理：" if found else "没有发现问题。")
        for one in found:
            mark = "有问题" if one.level == RED else "注意"
            say(f"[{mark}] {alarm_words.sentence(one)}{alarm_words.advice(one)}（始于 {local_time(one.since)}）")
    raise SystemExit(BAD if found else GOOD)


def _found(tools: Tools) -> list[Alarm]:
    """Return what is wrong now; nothing is kept and nobody is told."""
    looks = looking.look(tools)
    now = tools.clock()
    with tools.database.reading() as session:
        found = alarms.alarms(session, tools, now, looks)
        return watching.with_since(found, watching.seen(session).alarms, now)


def _row(alarm: Alarm) -> dict[str, object]:
    told = {"code": alarm.code, "level": alarm.level, "subject": alarm.subject, "facts": dict(alarm.facts)}
    return {**told, "since": alarm.since, "sentence": alarm_words.sentence(alarm)}


@click.group("notify")
def notify() -> None:
    """通知：邮件和网址。"""


@notify.command("test")
@click.option("--json", "as_json", is_flag=True, help="以 JSON 输出")
def notify_test(as_json: bool) -> None:
    """试发一条通知，马上告诉是否送达。"""
    tools = open_archive()
    sent = mailing.send(tools.settings, "金匮：试发通知", "收到这一条，说明通知能送达。不需要做什么。")
    if as_json:
        tell_json([{"channel": one.channel, "outcome": one.outcome, "trouble": one.trouble} for one in sent])
    else:
        for one in sent:
            say(f"{_CHANNELS[one.channel]}：{_told(one)}")
    outcomes = {one.outcome for one in sent}
    raise SystemExit(BAD if Outcome.FAILED in outcomes else GOOD if Outcome.PASSED in outcomes else COULD_NOT)


def _told(one: mailing.Delivery) -> str:
    words = {Outcome.PASSED: "已送出", Outcome.FAILED: f"没有送达（{one.trouble}）"}
    return words.get(one.outcome, "没有设置，没有发")
