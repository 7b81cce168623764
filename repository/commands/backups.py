"""backup, restore, drill: the way back after the worst day.

`restore` works on a folder where nothing runs; `backup` and `drill` beside a
running archive. `drill-inside` is what a drill starts as a process of its own.
"""

import json
import sys
import time
from dataclasses import asdict, replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import click

from repository import report_rows
from repository.app import create_app
from repository.commands.context import (
    BAD,
    COULD_NOT,
    GOOD,
    acting,
    open_archive,
    progress,
    say,
    settings,
    tell_json,
)
from repository.commands.waiting import finish_jobs
from repository.config import Settings
from repository.models.migrating import migrate
from repository.wiring import build_stores, build_tools, lay_data, lay_folders
from repository.workflow import (
    anchoring,
    backing,
    backup_contents,
    backup_rounds,
    backup_sheets,
    drill_looks,
    drilling,
    merging,
    restoring,
    taking_stock,
)
from repository.workflow.backup_refusals import BackupDamaged, DrillFailed, RestoreRefused
from repository.workflow.backup_sheets import Manifest, Sheet
from repository.workflow.merging import Merged
from repository.workflow.restoring import Reconciled
from repository.workflow.tools import Tools, Work
from storage import ages

KEY_PLACE = click.Path(path_type=Path, exists=True, dir_okay=False)
_SHOWN = 30  # differences told on a terminal
_NEWER = {"here": "这里的较新", "backup": "备份里的较新", "unknown": "分不出新旧"}
_KINDS = {"accounts": "账号", "collections": "类目", "items": "档案", "media": "介质"}


@click.group("backup", invoke_without_command=True)
@click.option("--json", "as_json", is_flag=True, help="以 JSON 输出")
@click.pass_context
def backup(context: click.Context, as_json: bool) -> None:
    """备份：把目录、密钥和还没入库的文件加密成一个文件，读回核验后才算数。"""
    if context.invoked_subcommand is not None:
        return
    tools = open_archive()
    sheet = backup_rounds.run(Work(tools, {}, actor=acting(tools)))
    if as_json:
        tell_json(_told(sheet))
        return
    say(f"备份已做好并读回核验：{sheet.path}（{sheet.size / 1e6:.1f} MB，用时 {sheet.seconds} 秒）")
    say("要打开它，需要备份密钥。请运行 jingui backup key，打印后锁进保险柜。")
    if sheet.lacking:
        say(f"注意：有 {sheet.lacking} 个待入库的文件已经不在暂存区，备份里也没有。")


def _told(sheet: Sheet) -> dict[str, Any]:
    return {**asdict(sheet), "folder": str(sheet.folder)}


@backup.command("list")
@click.option("--json", "as_json", is_flag=True, help="以 JSON 输出")
def list_all(as_json: bool) -> None:
    """列出核验过的备份，新的在前。"""
    folder = open_archive().settings.backups_folder
    found, others = backup_sheets.listed(folder), backup_sheets.unlisted(folder)
    if as_json:
        tell_json({"good": [_told(sheet) for sheet in found], "unverified": [path.name for path in others]})
        return
    for sheet in found:
        say(f"{sheet.file}　{sheet.size / 1e6:.1f} MB　{sheet.counts.get('archived', 0)} 件")
    for path in others:
        say(f"{path.name}　没有核验过，不能算备份")
    if not found:
        say("还没有核验过的备份。")


@backup.command("verify")
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--identity", type=KEY_PLACE, help="存有备份密钥的文件")
@click.option("--json", "as_json", is_flag=True, help="以 JSON 输出")
def verify(file: Path, identity: Path | None, as_json: bool) -> None:
    """打开一份备份，逐个文件、逐张表核对。"""
    told = settings()  # no archive is opened: the backup may be looked at on another computer
    with TemporaryDirectory(prefix="jingui-") as scratch:
        try:
            manifest = backup_contents.verify(file, _secret(told, identity), Path(scratch))
        except BackupDamaged as damage:
            if not as_json:
                raise
            tell_json({"good": False, "code": damage.code, **damage.facts})
            raise SystemExit(BAD) from damage
    if as_json:
        tell_json({"good": True, **_summary(manifest)})
    else:
        counted = f"{len(manifest.members)} 个文件、{len(manifest.tables)} 张表"
        say(f"备份完好：{counted}全部相符，做于 {manifest.made_at:%Y-%m-%d %H:%M} UTC。")


def _summary(manifest: Manifest) -> dict[str, Any]:
    names = ("id", "made_at", "software", "revision", "event_head", "dump_sha256", "counts", "lacking")
    return {name: getattr(manifest, name) for name in names}


@backup.command("key")
@click.option("--json", "as_json", is_flag=True, help="以 JSON 输出")
def key(as_json: bool) -> None:
    """显示备份密钥，供打印后锁进保险柜。"""
    pair = backing.backup_key(open_archive())
    if as_json:
        tell_json({"secret": pair.secret, "recipient": pair.recipient})
        return
    say("金匮备份密钥（机密）。请打印两份，分别锁在两处；机器坏了，没有它打不开任何备份。")
    say(pair.secret)
    say(f"对应的公钥：{pair.recipient}")


def _secret(told: Settings, identity: Path | None) -> str:
    """Return the secret that opens backups, from the named file or from the data folder."""
    place = identity or told.data / "keys" / backing.KEY_FILE
    try:
        return ages.identity(place.read_text("utf-8")).secret
    except OSError as error:
        raise RestoreRefused(reason="no_key") from error


@click.command("restore")
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--identity", type=KEY_PLACE, help="存有备份密钥的文件")
@click.option("--to", "target", type=click.Path(path_type=Path, file_okay=False), help="恢复到哪个数据文件夹")
@click.option("--merge", "is_merge", is_flag=True, help="这里已有档案：只补缺的，不覆盖任何内容")
@click.option("--json", "as_json", is_flag=True, help="以 JSON 输出")
def restore(file: Path, identity: Path | None, target: Path | None, is_merge: bool, as_json: bool) -> None:
    """从备份恢复到空的数据文件夹；再向各存储补上备份之后入库的。"""
    told = settings()
    secret = _secret(told, identity)
    if target is not None:
        told = replace(told, data=target)
    if is_merge or not (restoring.is_unfinished(told) or restoring.is_free(told)):
        _into_living(told, file, secret, write=is_merge, as_json=as_json)
        return
    manifest = restoring.lay(file, secret, told)
    lay_folders(told)
    tools = build_tools(told)
    migrate(tools.database)
    with progress("向存储核对", quiet=as_json) as tell:
        done = restoring.reconcile(tools, acting(tools), manifest, tell)
    restoring.finish(told)
    with tools.database.writing.begin() as session:  # what stands in the stores, and where the logs stand now
        taking_stock.ask(session, tools, acting(tools))
        anchoring.ask(session, tools)
    with progress("重建索引与预览", quiet=as_json) as tell:
        finish_jobs(tools, {"rebuild_index", "derive", "index"}, tell)
    tools.sandbox.close()
    _say_restored(told, manifest, done, as_json=as_json)
    raise SystemExit(BAD if done.away or done.rebuilt.refused else GOOD)


def _say_restored(told: Settings, manifest: Manifest, done: Reconciled, *, as_json: bool) -> None:
    if as_json:
        tell_json({"restored": True, "data": str(told.data), **_summary(manifest), **asdict(done)})
        return
    items, accounts = (manifest.counts.get(name, 0) for name in ("archived", "accounts"))
    say(f"已恢复到 {told.data}：{items} 件档案、{accounts} 个账号。")
    say(f"又从存储补回 {done.rebuilt.events} 条备份之后的事件，核对了 {done.rebuilt.packages} 个归档信息包。")
    for name in done.away:
        say(f"注意：存储 {name} 联系不上，没有核对。连上以后请运行 rebuild catalogue。")
    for prefix in done.rebuilt.refused:
        say(f"  ✗ 没有一份副本与登记一致：{prefix}")
    if manifest.lacking:
        say(f"注意：有 {len(manifest.lacking)} 个待入库的文件备份时就已经不在。")
    say("所有副本都要重新核验，后台程序会最先做；也可以运行：fixity run --all。请所有人重新登录。")


def _into_living(told: Settings, file: Path, secret: str, *, write: bool, as_json: bool) -> None:
    """Compare a backup with a living archive, and add what is missing where that was asked for."""
    tools = open_archive() if told == settings() else _opened(told)
    with TemporaryDirectory(dir=tools.scratch) as scratch:
        place = Path(scratch) / "unpacked"
        backup_contents.unpack(file, secret, place)
        merged = merging.merge(tools, acting(tools), place) if write else merging.compare(tools, place)
    if write:
        finish_jobs(tools, {"rebuild_index", "derive", "index"}, lambda done, total: None)
    tools.sandbox.close()
    if as_json:
        tell_json({"restored": False, "merged": write, **asdict(merged)})
    else:
        _say_merged(merged, write=write)
    if not write:
        raise RestoreRefused(reason="not_empty", data=str(told.data))


def _opened(told: Settings) -> Tools:
    lay_data(told)
    return build_tools(told)


def _say_merged(merged: Merged, *, write: bool) -> None:
    counted = "，".join(f"{name} {count}" for name, count in sorted(merged.added.items())) or "没有"
    say(("补上的行：" if write else "备份里有而这里没有的行：") + counted)
    for one in merged.differ[:_SHOWN]:
        say(f"  不同：{_KINDS.get(one.kind, one.kind)}“{one.name or one.id}”，{_NEWER[one.newer]}，保留这里的")
    if len(merged.differ) > _SHOWN:
        say(f"  ……共 {len(merged.differ)} 处不同，全部保留这里的。")


@click.command("drill")
@click.option("--json", "as_json", is_flag=True, help="以 JSON 输出")
def drill(as_json: bool) -> None:
    """恢复演练：把最新的备份恢复到空文件夹，逐项比对，留下报告。"""
    tools = open_archive()
    try:
        drilling.drill(Work(tools, {}, actor=acting(tools)))
    except DrillFailed as failure:
        if not as_json:
            raise
        tell_json({"passed": False, **failure.facts})
        raise SystemExit(BAD) from failure
    with tools.database.reading() as session:
        report = report_rows.newest(session, drilling.KIND)
        facts = {} if report is None else report.facts
    if as_json:
        tell_json({"passed": True, **facts})
    else:
        say(
            f"演练通过：{facts['backup']} 用 {facts['seconds']} 秒恢复，{facts['tables']} 张表、"
            f"{facts['rows']} 行与备份时一致，现有 {facts['known']} 个归档信息包一个不少。"
        )


@click.command(drilling.INSIDE, hidden=True)
@click.argument("file", type=click.Path(path_type=Path))
@click.argument("place", type=click.Path(path_type=Path))
def inside(file: Path, place: Path) -> None:
    """Restore into place with read-only stores, look at what came of it, and write it down."""
    secret = sys.stdin.read()
    told = settings()
    stores = drill_looks.read_only(build_stores(told))
    inner = replace(told, data=place / "data", database="", backups="", audit_key="")
    began = time.monotonic()
    manifest = restoring.lay(file, secret, inner)
    differing, dumped = drill_looks.differing(inner, manifest), drill_looks.dump_of(inner, manifest)
    lay_data(inner)
    tools = build_tools(inner, stores=stores)
    migrate(tools.database)
    restored = time.monotonic()
    done = restoring.reconcile(tools, acting(tools), manifest, lambda count, total: None)
    restoring.finish(inner)
    reconciled = time.monotonic()
    status = create_app(inner, tools).test_client().get("/", follow_redirects=True).status_code
    found = drill_looks.look(
        tools, manifest, done, differing=differing, dump_sha256=dumped, status=status,
        restore_seconds=restored - began, reconcile_seconds=reconciled - restored,
    )
    (place / drilling.RESULT).write_text(json.dumps(asdict(found)), "utf-8")
    tools.sandbox.close()
    raise SystemExit(GOOD if status else COULD_NOT)
