"""medium: offline media at the command line."""

import json
from collections.abc import Callable
from functools import wraps
from pathlib import Path
from typing import Any

import click
from sqlalchemy import select
from sqlalchemy.orm import Session

from repository.commands.context import BAD, COULD_NOT, GOOD, open_archive, progress, say, settings, tell_json
from repository.commands.keeping import AT_THE_SHELL
from repository.models.keeping import Medium, MediumState
from repository.web.alarm_words import size_word
from repository.web.filters import local_time
from repository.workflow import medium_checking, medium_opening, medium_writing, offline
from repository.workflow.medium_errors import MediumRefused
from repository.workflow.offline import Enrolment
from repository.workflow.tools import Tools, Work
from storage.local import LocalStore, create_store
from storage.marker import read_marker

FOLDER = click.Path(path_type=Path, file_okay=False)
DAYS = click.IntRange(1, offline.MOST_DAYS)
FILE = click.Path(path_type=Path, exists=True, dir_okay=False)
JSON = click.option("--json", "as_json", is_flag=True, help="以 JSON 输出")


@click.group("medium")
def medium() -> None:
    """离线介质：登记、写入、核验、取用移动硬盘。"""


def _found(session: Session, name: str) -> Medium:
    """Return the medium of that name or number, apart from the session; else end the command."""
    row = offline.named(session, name)
    if row is None:
        say(f"没有登记过名为 {name} 的介质，用 ./run medium list 看看有哪些。", error=True)
        raise SystemExit(COULD_NOT)
    session.expunge(row)
    return row


def _with_medium(act: Callable[..., None]) -> Callable[..., None]:
    """Hand a command the open archive and the medium it names."""

    @wraps(act)
    def run(name: str, **options: Any) -> None:
        tools = open_archive()
        with tools.database.reading() as session:
            row = _found(session, name)
        act(tools, row, **options)

    return run


def _work(tools: Tools, tell: Callable[[int, int], None]) -> Work:
    return Work(tools, {}, tell, actor=AT_THE_SHELL)


@medium.command("add")
@click.argument("name")
@click.option("--owner", required=True, help="保管人")
@click.option("--place", required=True, help="存放地点，如：综合楼 302 防火柜")
@click.option("--rotation-days", default=90, show_default=True, type=DAYS, help="多少天带回来写一次")
@click.option("--check-days", default=365, show_default=True, type=DAYS, help="多少天全部核验一次")
@click.option("--recipient", "recipients", multiple=True, help="age 公钥；写了就加密存放，可以写几个")
@JSON
def add(
    name: str,
    owner: str,
    place: str,
    rotation_days: int,
    check_days: int,
    recipients: tuple[str, ...],
    as_json: bool,
) -> None:
    """登记一块离线介质。"""
    tools = open_archive()
    told = Enrolment(name, owner, place, rotation_days, check_days, recipients)
    with tools.database.writing.begin() as session:
        row = offline.enrol(session, tools, AT_THE_SHELL, told)
        number = row.id
    if as_json:
        tell_json({"id": number, "name": name})
    else:
        say(f"已登记介质“{name}”，编号 {number}。接好盘，建一个空文件夹，然后运行：")
        say(f"  ./run medium write {name} 文件夹")


@medium.command("list")
@JSON
def listing(as_json: bool) -> None:
    """列出离线介质；有逾期的，退出码为 1。"""
    tools = open_archive()
    with tools.database.reading() as session:
        late = offline.overdue(session, tools.clock())
        rows = [_row(session, row) for row in session.scalars(select(Medium).order_by(Medium.name))]
    if as_json:
        told = [{"name": one.name, "act": one.act, "days": one.days} for one in late]
        tell_json({"media": rows, "overdue": told})
    else:
        for row in rows:
            say(f"{row['name']}（{row['id']}）　{row['state_word']}　{row['owner']}　{row['place']}")
            last = local_time(row["checked_at"]) if row["checked_at"] else "从未"
            say(f"  尚未写入 {row['waiting']} 件，副本 {row['copies']} 份，最近核验 {last}")
        for one in late:
            say(f"  ✗ “{one.name}”{_ACTS[one.act]}已逾期 {one.days} 天，请联系 {one.owner}（{one.place}）。")
    raise SystemExit(BAD if late else GOOD)


_ACTS = {"write": "轮换写入", "check": "核验"}
_STATES = {"in_use": "在用", "lost": "已丢失", "retired": "已停用"}


def _row(session: Session, row: Medium) -> dict[str, Any]:
    told = offline.told(row)
    counted = {
        "copies": len(medium_checking.copies_on(session, row.id)),
        "waiting": len(medium_writing.due(session, row)) if row.state == MediumState.IN_USE else 0,
        "checked_at": None if row.checked_at is None else row.checked_at.isoformat(),
        "state_word": _STATES[row.state],
    }
    return {**told, **counted}


@medium.command("write")
@click.argument("name")
@click.argument("folder", type=FOLDER)
@click.option("--same-disk", is_flag=True, help="明知与系统在同一块盘上，仍然写入")
@JSON
@_with_medium
def write(tools: Tools, row: Medium, folder: Path, same_disk: bool, as_json: bool) -> None:
    """把还没有写入的归档信息包写到接好的介质上，写完读回核对。"""
    with progress("写入", quiet=as_json) as tell:
        done = medium_writing.write(_work(tools, tell), row, folder.resolve(), same_disk=same_disk)
    if as_json:
        tell_json({"packages": done.packages, "bytes": done.bytes, "mended": done.mended})
    else:
        say(f"已写入 {done.packages} 个归档信息包（{size_word(done.bytes)}），并已读回核对；修好坏副本 {done.mended} 份。")
        say("可以安全弹出介质，送回存放地点。")


@medium.command("check")
@click.argument("name")
@click.argument("folder", type=FOLDER)
@JSON
@_with_medium
def check(tools: Tools, row: Medium, folder: Path, as_json: bool) -> None:
    """逐字节核验接好的介质，并登记结果。"""
    with progress("核验", quiet=as_json) as tell:
        tally = medium_checking.check(_work(tools, tell), row, folder.resolve())
    _tell_tally(tally, as_json)


def _tell_tally(tally: medium_checking.Tally, as_json: bool) -> None:
    told = {name: getattr(tally, name) for name in tally.__slots__}
    if as_json:
        tell_json({**told, "outcome": str(tally.outcome)})
    else:
        bad = f"损坏 {tally.damaged}，缺失 {tally.missing}，读不出 {tally.unreadable}，未核验 {tally.unknown}"
        say(f"应核验 {tally.expected} 份副本：完好 {tally.ok}，{bad}。")
    raise SystemExit(GOOD if tally.ok == tally.expected else BAD)


@medium.command("register")
@click.argument("name")
@click.argument("report", type=FILE)
@JSON
@_with_medium
def register(tools: Tools, row: Medium, report: Path, as_json: bool) -> None:
    """登记在别的电脑上用 verify_jingui.py 核验的结果（他机核验）。"""
    try:
        told = json.loads(report.read_text("utf-8"))
    except (ValueError, OSError) as error:
        raise MediumRefused(why="report", medium=row.name) from error
    tally = medium_checking.register(_work(tools, lambda done, total: None), row, told)
    _tell_tally(tally, as_json)


@medium.command("attach")
@click.argument("name")
@click.argument("folder", type=FOLDER)
@click.option("--identity", type=FILE, help="加密介质的 age 私钥文件")
@JSON
@_with_medium
def attach(tools: Tools, row: Medium, folder: Path, identity: Path | None, as_json: bool) -> None:
    """用介质上的副本修复在线存储里损坏、缺失的副本。"""
    secret = "" if identity is None else identity.read_text("utf-8")
    with progress("修复", quiet=as_json) as tell:
        done = medium_opening.attach(_work(tools, tell), row, folder.resolve(), secret=secret)
    if as_json:
        tell_json({"asked": done.asked, "left": done.left})
    else:
        say(f"需要修复的副本 {done.asked} 份，仍未修好 {done.left} 份。")
    raise SystemExit(GOOD if not done.left else BAD)


@medium.command("open")
@click.argument("folder", type=FOLDER)
@click.option("--identity", type=FILE, required=True, help="age 私钥文件")
@click.option("--to", "target", type=FOLDER, required=True, help="放在哪个空文件夹里")
@JSON
def open_sealed(folder: Path, identity: Path, target: Path, as_json: bool) -> None:
    """打开加密的介质，得到一个可用来重建目录的存储；不需要目录。"""
    number = read_marker(str(folder.resolve()))
    source, into = LocalStore(number, folder.resolve()), create_store(target, number)
    scratch = settings().data / "scratch"
    scratch.mkdir(parents=True, exist_ok=True)
    with progress("打开", quiet=as_json) as tell:
        done = medium_opening.open_all(
            source, into, secret=identity.read_text("utf-8"), scratch=scratch, tell=tell
        )
    told = {"store": number, "packages": done.packages, "log": done.log_objects, "refused": done.refused}
    if as_json:
        tell_json(told)
    else:
        say(f"打开了 {done.packages} 个归档信息包、{done.log_objects} 个日志对象，打不开 {len(done.refused)} 个。")
        say(f"要从它重建，请设置 JINGUI_STORES={number}={target.resolve()}，再运行 ./run rebuild catalogue。")
    raise SystemExit(GOOD if not done.refused else BAD)


@medium.command("lost")
@click.argument("name")
@JSON
@_with_medium
def lost(tools: Tools, row: Medium, as_json: bool) -> None:
    """登记介质已丢失：上面的副本不再计数。"""
    _give_up(tools, row, MediumState.LOST, as_json)


@medium.command("retire")
@click.argument("name")
@JSON
@_with_medium
def retire(tools: Tools, row: Medium, as_json: bool) -> None:
    """登记介质已停用：上面的副本不再计数。"""
    _give_up(tools, row, MediumState.RETIRED, as_json)


def _give_up(tools: Tools, row: Medium, state: MediumState, as_json: bool) -> None:
    with tools.database.writing.begin() as session:
        held = offline.give_up(session, tools, AT_THE_SHELL, session.get_one(Medium, row.id), state=state)
    if as_json:
        tell_json({"id": row.id, "state": str(state), "copies": held})
    else:
        say(f"“{row.name}”已登记为{_STATES[state]}，上面的 {held} 份副本不再计数。请尽快补一块新的介质。")
