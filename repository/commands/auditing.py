"""audit: whether both logs are whole; write an anchor (见证) off the machine."""

import click

from preservation.checks import Outcome
from repository.commands.context import BAD, COULD_NOT, GOOD, open_archive, say, tell_json
from repository.commands.waiting import finish_jobs
from repository.web import audit_words
from repository.web.filters import local_time
from repository.workflow import anchorbook, anchoring, auditing
from repository.workflow.tools import Tools
from repository.workflow.verdicts import Verdict

LISTED = 30
_MARKS = {Outcome.FAILED: "✗", Outcome.WARNED: "△", Outcome.NOT_RUN: "○"}


@click.group("audit")
def audit() -> None:
    """日志：核对有没有被改动，写见证，列出见证。"""


@audit.command("verify")
@click.option("--without-key", is_flag=True, help="手边没有密钥时，只比对前后关系和见证")
@click.option("--json", "as_json", is_flag=True, help="以 JSON 输出")
def verify(without_key: bool, as_json: bool) -> None:
    """核对事件日志和审计日志：改动、缺失、换序、多出、截尾都会指出是哪一条。"""
    tools = open_archive()
    found = auditing.verify(tools, with_key=not without_key)
    with tools.database.writing.begin() as session:
        auditing.note(session, found)
    if as_json:
        told = found.told()
        sentences = [audit_words.sentence_of(one) for one in found.findings]
        for one, sentence in zip(told["findings"], sentences, strict=True):
            one["sentence"] = sentence
        tell_json(told)
    else:
        _tell(found)
    raise SystemExit(BAD if found.outcome is Outcome.FAILED else GOOD)


def _tell(found: Verdict) -> None:
    say(audit_words.verdict_told(found.outcome, found.wrong))
    for one in found.findings:
        say(f"  {_MARKS[one.outcome]} {audit_words.sentence_of(one)}")
    for log, rows in found.rows.items():
        waiting = found.unsealed[log]
        more = f"，其中 {waiting:,} 条尚未加封" if waiting else ""
        say(f"  {audit_words.log_word(log)}：{rows:,} 条{more}。")
    last = "还没有" if found.last_anchor is None else local_time(found.last_anchor)
    say(f"  比对了 {found.anchors:,} 份见证，最近一份：{last}。")


@audit.command("anchor")
@click.option("--json", "as_json", is_flag=True, help="以 JSON 输出")
def anchor(as_json: bool) -> None:
    """现在写一份见证到各个存储，并打印可以抄下来存档的一行。"""
    tools = open_archive()
    with tools.database.writing.begin() as session:
        anchoring.ask(session, tools)
        before = anchoring.newest(session)
    finish_jobs(tools, {"anchor"}, lambda done, total: None)
    with tools.database.reading() as session:
        made = anchoring.newest(session)
    if made is None or (before is not None and made.number == before.number):
        say("这份见证没有写成，原因见后台作业。", error=True)
        raise SystemExit(COULD_NOT)
    told = _rows(tools, 1)[0]
    if as_json:
        tell_json(told)
    else:
        say(_line(told))
        say("请把这一行打印或抄下来，签字存档。")


@audit.command("list")
@click.option("--json", "as_json", is_flag=True, help="以 JSON 输出")
def list_anchors(as_json: bool) -> None:
    """列出最近的见证，短摘要可与纸上的逐字比对。"""
    told = _rows(open_archive(), LISTED)
    if as_json:
        tell_json(told)
        return
    for row in told:
        say(_line(row))
    if not told:
        say("还没有写过见证。")


def _rows(tools: Tools, limit: int) -> list[dict[str, object]]:
    with tools.database.reading() as session:
        found = [(anchorbook.witness(row), row.carried) for row in anchoring.listing(session, limit=limit)]
    names = ("number", "short", "digest", "heads")
    return [
        {**{name: getattr(one, name) for name in names}, "at": one.at.isoformat(), "carried": carried}
        for one, carried in found
    ]


def _line(row: dict[str, object]) -> str:
    """Return an anchor as the line that people file."""
    return f"见证 {row['number']}　{local_time(str(row['at']))}　{row['short']}"
