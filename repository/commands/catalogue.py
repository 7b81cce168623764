"""ingest, search, rebuild, dump, settings, status."""

import os
from pathlib import Path

import click
from sqlalchemy import select

from repository import queries
from repository.commands.context import (
    BAD,
    COULD_NOT,
    acting,
    open_archive,
    progress,
    say,
    settings,
    store_troubles,
    tell_json,
)
from repository.commands.keeping import AT_THE_SHELL
from repository.commands.soundness import refuse_unsound
from repository.commands.waiting import finish_jobs
from repository.config import TABLE, shown
from repository.figures import care_figures
from repository.models.account import Account
from repository.models.item import Item
from repository.permissions import VISITOR, Actor, access_tags
from repository.policies import rules
from repository.sheets import read_rows
from repository.web import care_words, texts
from repository.workflow import accounts, anchoring, audit, dumping, importing, indexing, jobs, rebuilding
from repository.workflow.errors import SheetRefused
from repository.workflow.rebuilding import Rebuilt
from repository.workflow.tools import Tools
from search.entry import Request

WELL = "正常"
#: What follows a hand-in, until everything is where it belongs.
AFTER_INGEST = {"ingest", "replicate", "index", "derive", "carry_log"}


@click.command("ingest")
@click.argument("paths", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option(
    "--metadata", type=click.Path(path_type=Path, exists=True, dir_okay=False), help="著录表（.xlsx 或 .csv）"
)
@click.option(
    "--category", default=importing.DEFAULT_CATEGORY, show_default=True, help="表中没有写明时的类别代码"
)
@click.option("--json", "as_json", is_flag=True, help="以 JSON 输出")
def ingest(paths: tuple[Path, ...], metadata: Path | None, category: str, as_json: bool) -> None:
    """接收文件或文件夹；每个文件一件，或按著录表逐行一件。"""
    tools = open_archive()
    try:
        planned = _plan(tools, paths, metadata, category)
        with progress("接收", quiet=as_json) as tell:
            ids = importing.run(tools, acting(tools), planned, note="命令行接收", tell=tell)
        passed_over = [str(path) for path in importing.passed_over(paths)]
    except SheetRefused as refusal:
        for line in (texts.sentence(refusal), *texts.sheet_lines(refusal)):
            say(line, error=True)
        raise SystemExit(COULD_NOT) from refusal
    with progress("打包入库", quiet=as_json) as tell:
        finish_jobs(tools, AFTER_INGEST, tell)
    told = outcome_of(tools, ids)
    if as_json:
        tell_json({**told, "passed_over": passed_over})
    else:
        say(
            f"已接收 {told['archived']} 件，检测未通过待处理 {told['held']} 件，仍在处理 {told['waiting']} 件。"
        )
        if told["submitted"]:
            say(f"另有 {told['submitted']} 件著录不全（如题名只是“扫描0001”），已放在收件箱，请补充后接收。")
        for path in passed_over:
            say(f"  略过（系统文件或链接，没有接收）：{path}")
    raise SystemExit(0 if told["archived"] == len(ids) else BAD)


def _plan(
    tools: Tools, paths: tuple[Path, ...], metadata: Path | None, category: str
) -> list[importing.Planned]:
    """Return the items to make, from the files alone or from the sheet that describes them."""
    if metadata is None:
        return importing.plan_folder(paths, category=category)
    with tools.database.reading() as session:
        codes = importing.known_codes(session)
    return importing.plan_sheet(
        read_rows(metadata), paths, today=tools.clock().date(), category=category, codes=codes
    )


def outcome_of(tools: Tools, ids: list[str]) -> dict[str, object]:
    """Return how many of these items are archived, held, or still on their way."""
    with tools.database.reading() as session:
        states = [session.get_one(Item, item_id).state for item_id in ids]
    counted = {name: states.count(name) for name in ("archived", "held", "submitted")}
    return {"ids": ids, **counted, "waiting": len(states) - sum(counted.values())}


@click.command("search")
@click.argument("text")
@click.option("--as", "username", default="", help="以哪个账号的权限检索；不写就是访客")
@click.option("--page", default=1, show_default=True, type=click.IntRange(min=1))
@click.option("--json", "as_json", is_flag=True, help="以 JSON 输出")
def search(text: str, username: str, page: int, as_json: bool) -> None:
    """全文检索，只列出该账号看得到的档案。"""
    tools = open_archive()
    actor = _actor(tools, username)
    found = tools.index.find(Request(text=text, tags=access_tags(actor), page=page))
    with tools.database.reading() as session:
        rows = queries.items(session, actor, [hit.id for hit in found.hits])
    hits = [rows[hit.id] for hit in found.hits if hit.id in rows]
    if as_json:
        shown = [{"id": row.id, "title": row.title, "reference_code": row.reference_code} for row in hits]
        tell_json({"query": text, "total": found.total, "hits": shown})
        return
    say(f"“{text}” 共找到 {found.total} 件")
    for row in hits:
        say(f"  {row.title}　{row.values.get('date', '')}　{row.reference_code or ''}")


def _actor(tools: Tools, username: str) -> Actor:
    if not username:
        return VISITOR
    with tools.database.reading() as session:
        account = session.scalars(
            select(Account).where(Account.username == username.strip().lower(), Account.active)
        ).first()
        if account is None:
            say(f"没有名为 {username} 的账号。", error=True)
            raise SystemExit(COULD_NOT)
        return accounts.actor_of(account)


@click.group("rebuild")
def rebuild() -> None:
    """从存储重建目录，或从目录重建索引。"""


@rebuild.command("catalogue")
@click.option("--json", "as_json", is_flag=True, help="以 JSON 输出")
def rebuild_catalogue(as_json: bool) -> None:
    """只凭存储里的归档信息包重建目录；已有的内容不动，只补缺的。"""
    tools = open_archive()
    with progress("重建目录", quiet=as_json) as tell:
        done = rebuilding.rebuild(tools, tell)
    _note_rebuilt(tools, done)
    with progress("重建索引与预览", quiet=as_json) as tell:
        finish_jobs(tools, {"rebuild_index", "derive", "index"}, tell)
    told = {
        "packages": done.packages,
        "copies": done.copies,
        "events": done.events,
        "staged": done.staged,
        "accounts": done.accounts,
        "refused": list(done.refused),
    }
    if as_json:
        tell_json(told)
    else:
        say(f"从存储找回 {done.packages} 个归档信息包、{done.copies} 份副本、{done.events} 条事件。")
        if done.staged:
            say(f"暂存里还有 {done.staged} 个已交来、还没有入库的文件，已放回收件箱，请重新著录。")
        say("副本还没有重新核验，请运行：fixity run --all。")
        if done.accounts:
            say(f"找回 {done.accounts} 个账号，密码不在存储里：请运行 account reset 用户名，逐个给新的初始密码。")
        for prefix in done.refused:
            say(f"  ✗ 没有一份副本与登记一致：{prefix}")
    raise SystemExit(BAD if done.refused else 0)


def _note_rebuilt(tools: Tools, done: Rebuilt) -> None:
    """Write down that the catalogue was made anew, and let an anchor tell where the logs stand now."""
    told = {"packages": done.packages, "copies": done.copies, "events": done.events}
    with tools.database.writing.begin() as session:
        audit.record(session, dumping.REBUILT, actor=AT_THE_SHELL, at=tools.clock(), facts=told)
        anchoring.ask(session, tools)


@rebuild.command("index")
@click.option("--json", "as_json", is_flag=True, help="以 JSON 输出")
def rebuild_index(as_json: bool) -> None:
    """从目录重建检索索引。"""
    tools = open_archive()
    with tools.database.writing.begin() as session:
        indexing.ask_rebuild(session, why="asked")
    with progress("重建索引", quiet=as_json) as tell:
        finish_jobs(tools, {"rebuild_index"}, tell)
    health = tools.index.health()
    with tools.database.reading() as session:
        trouble = indexing.trouble_with(session, health)
    if as_json:
        tell_json({"count": health.count, "usable": health.usable, "trouble": trouble})
    else:
        say(f"索引中有 {health.count} 件。" + (f"索引仍有问题：{trouble}" if trouble else ""))
    raise SystemExit(BAD if trouble else 0)


@click.command("dump")
@click.option("--json", "as_json", is_flag=True, help="（总是 JSON）")
def dump(as_json: bool) -> None:
    """以规范的 JSON 输出整个目录；两次输出相同，目录就相同。"""
    tools = open_archive()
    with tools.database.reading() as session:
        click.echo(dumping.to_text(dumping.dump(session)))


@click.command("settings")
@click.option("--json", "as_json", is_flag=True, help="以 JSON 输出")
def show_settings(as_json: bool) -> None:
    """列出全部设置：变量名、现值、默认值、说明。"""
    told = settings()
    rows = [
        {
            "variable": spec.variable,
            "value": shown(spec, getattr(told, spec.name)),
            "default": spec.default,
            "set": spec.variable in os.environ,
            "meaning": spec.sentence_zh,
        }
        for spec in TABLE
    ]
    if as_json:
        tell_json(rows)
        return
    for row in rows:
        say(
            f"{row['variable']} = {row['value'] or '（空）'}　默认 {row['default'] or '（空）'}　{row['meaning']}"
        )


@click.command("status")
@click.option("--json", "as_json", is_flag=True, help="以 JSON 输出")
def status(as_json: bool) -> None:
    """一眼看清：件数、副本、最久未查、索引、待办。"""
    tools = open_archive()
    refuse_unsound(tools)
    with tools.database.reading() as session:
        figures = care_figures(session, rules(session, tools))
        waiting = jobs.counts(session)
        trouble = indexing.trouble_with(session, tools.index.health())
    told = {name: getattr(figures, name) for name in figures.__slots__}
    troubles = store_troubles(tools)
    stores = {name: troubles.get(name, WELL) for name in tools.stores}
    told |= {"jobs": waiting, "index_trouble": trouble, "stores": stores}
    if as_json:
        tell_json(told)
    else:
        say(care_words.care_sentence(figures, now=tools.clock(), away=list(troubles)))
        counted = f"完好 {figures.ok}，未核验 {figures.unknown}，有问题 {figures.troubled}"
        say(f"件数 {figures.items}，副本 {figures.copies}（{counted}）")
        say("索引正常。" if not trouble else f"索引需要重建：{trouble}")
        for store_id, state in stores.items():
            say(f"存储 {store_id}：{state}")
    raise SystemExit(BAD if figures.troubled or trouble or troubles else 0)
