"""clock: whether the machine's clock is believed; a person confirms it."""

import click

from repository.commands.context import BAD, GOOD, open_archive, say, tell_json
from repository.permissions import Actor, Role
from repository.workflow import audit, timekeeping
from repository.workflow.timekeeping import Standing

#: Who confirms at the command line: whoever may start it looked at a real clock.
AT_THE_SHELL = Actor(None, "命令行", frozenset({Role.ADMIN}))


@click.group("clock")
def clock() -> None:
    """系统时间：跳变过的时间不可信，核对之前不会清理任何到期的东西。"""


@clock.command("show")
@click.option("--json", "as_json", is_flag=True, help="以 JSON 输出")
def show(as_json: bool) -> None:
    """查看系统时间是否可信；可信时退出码为 0。"""
    tools = open_archive()
    with tools.database.reading() as session:
        told = timekeeping.standing(session, tools.clock())
    if as_json:
        mark = None if told.mark is None else told.mark.isoformat()
        tell_json({"trusted": told.trusted, "mark": mark, "ahead_seconds": round(told.ahead.total_seconds())})
    else:
        say(sentence(told))
    raise SystemExit(GOOD if told.trusted else BAD)


@clock.command("confirm")
def confirm() -> None:
    """核对无误后，确认现在的系统时间。"""
    tools = open_archive()
    now = tools.clock()
    with tools.database.writing.begin() as session:
        before = timekeeping.confirm(session, AT_THE_SHELL, now)
        off = round(before.ahead.total_seconds())
        audit.record(session, "clock.confirm", actor=AT_THE_SHELL, at=now, facts={"ahead_seconds": off})
    say(f"已确认：现在是 {now.astimezone():%Y-%m-%d %H:%M:%S}。")


def sentence(told: Standing) -> str:
    """Return in one sentence whether the clock is believed, and what to do."""
    if told.trusted:
        return "系统时间可信。"
    days = abs(told.ahead).days
    way = "快" if told.ahead.days >= 0 else "慢"
    return (
        f"系统时间比上次记下的{way}了 {days} 天，暂不可信：到期清理、销毁和释放都已暂停，核验照常进行。"
        "请核对时间；确认无误后运行 jingui clock confirm。"
    )
