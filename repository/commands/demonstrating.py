"""demo: the main job on sample material, each step said aloud."""

import os
import secrets
from collections.abc import Callable
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory

import click
from sqlalchemy import select

from repository import queries
from repository.commands import keeping, running
from repository.commands.catalogue import AFTER_INGEST, outcome_of
from repository.commands.context import BAD, COULD_NOT, progress, tell_json
from repository.commands.waiting import finish_jobs
from repository.config import Settings, from_env
from repository.demo.samples import Sample, draw_samples
from repository.figures import care_figures
from repository.models.account import Account
from repository.models.database import open_database
from repository.models.migrating import is_current, migrate
from repository.models.package import Copy, Package
from repository.permissions import VISITOR, Actor, Role, access_tags
from repository.policies import rules
from repository.wiring import build_tools, lay_folders
from repository.workflow import accounts, care, facts, founding, importing, sampling
from repository.workflow.accounts import NewAccount
from repository.workflow.tools import Tools
from search.entry import Request
from storage.local import LocalStore

SCHOOL, FONDS = "云溪中学（示例）", "Y001"
FOLDER = "demo-data"
Say = Callable[[str], object]
QUESTIONS = ("校", "植树", "一", "學校", "操场", "约1956年")
PEOPLE = (
    ("guanli", "示例管理员", frozenset({Role.ADMIN})),
    ("dangan", "示例档案员", frozenset({Role.ARCHIVIST})),
    ("jiaoshi", "示例教师", frozenset({Role.STAFF})),
)


@click.command("demo")
@click.option("--no-serve", is_flag=True, help="做完各步就结束，不启动网页")
@click.option("--count", default=60, show_default=True, help="画多少件示例档案")
@click.option("--json", "as_json", is_flag=True, help="最后以 JSON 输出结果；各步的话改在标准错误输出")
def demo(no_serve: bool, count: int, as_json: bool) -> None:
    """用自己画的示例档案走一遍主流程：接收、查找、核验、修复。"""
    say = partial(click.echo, err=as_json)
    settings = demo_settings()
    if not _is_free(settings):
        say(f"{settings.data} 里已有正式的档案，示例不会写进去。请用 JINGUI_DATA 指定另一个文件夹。")
        raise SystemExit(COULD_NOT)
    lay_folders(settings)
    tools = build_tools(settings)
    migrate(tools.database)
    password = _found(tools)
    told = steps(tools, count, say)
    for name, full_name, _ in PEOPLE:
        say(f"   账号 {name}（{full_name}），口令 {password}")
    if as_json:
        tell_json({**told, "password": password, "accounts": [name for name, _, _ in PEOPLE]})
    if no_serve:
        tools.sandbox.close()
        return
    os.environ["JINGUI_DATA"] = str(settings.data)
    running.run_both()


def demo_settings() -> Settings:
    """Return the settings of the demo: a folder of its own unless one is named."""
    told = dict(os.environ)
    told.setdefault("JINGUI_DATA", FOLDER)
    return from_env(told)


def _is_free(settings: Settings) -> bool:
    """Return whether the folder holds nothing, or an earlier demo."""
    if not (settings.data / "catalogue.sqlite").exists() and not settings.database:
        return True
    database = open_database(settings.database_url)
    if not is_current(database):
        return False
    with database.reading() as session:
        return founding.needs_setup(session) or facts.get(session, facts.SCHOOL_NAME) == SCHOOL


def _found(tools: Tools) -> str:
    """Found the demo school, or give its people new passwords; return the password."""
    password = secrets.token_urlsafe(9)
    with tools.database.writing.begin() as session:
        if founding.needs_setup(session):
            founding.plant(session, tools, tools.software, name=SCHOOL, code=FONDS)
        for username, full_name, roles in PEOPLE:
            known = session.scalars(select(Account).where(Account.username == username)).first()
            if known is None:
                accounts.create(session, NewAccount(username, full_name, password, roles))
            else:
                accounts.set_password(session, known, password, must_change=False)
    return password


def steps(tools: Tools, count: int, say: Say) -> dict[str, object]:
    """Do the main job, say each step, and return what came of it."""
    with TemporaryDirectory(dir=tools.scratch) as folder:
        say(f"1. 画 {count} 件示例档案……")
        with progress("画") as tell:
            samples = draw_samples(Path(folder), count=count, progress=tell)
        say("2. 接收：逐件核对、打成 BagIt 包、写两份副本、建索引、做缩略图……")
        _take_in(tools, samples, say)
    say("3. 查找：")
    _search(tools, say)
    say("4. 弄坏：把一份副本里的一张照片改一个比特，把另一份副本里的一个标签文件改几个字。")
    damaged = _damage(tools, say)
    say("5. 固化信息核验：重读每一个字节……")
    found = _check(tools, say)
    if found != len(damaged):
        say("   ✗ 核验没有正好找出弄坏的那些副本。")
        raise SystemExit(BAD)
    say("6. 修复：从完好的副本取回，损坏的字节移入隔离区……")
    _repair(tools, damaged)
    say("7. 再核验一遍：")
    left = _check(tools, say)
    if left:
        raise SystemExit(BAD)
    told = {"items": len(_titles(tools)), "damaged": len(damaged), "found": found, "left": left}
    say(f"完成。示例在 {tools.settings.data}，启动后请打开 {running.address(tools)}")
    return {**told, "data": str(tools.settings.data), "address": running.address(tools)}


def _take_in(tools: Tools, samples: tuple[Sample, ...], say: Say) -> None:
    known = _titles(tools)
    planned = sampling.planned(samples, fonds=FONDS, known=known)
    with progress("接收") as tell:
        ids = importing.run(tools, tools.software, planned, note="示例", tell=tell)
    with progress("入库") as tell:
        finish_jobs(tools, AFTER_INGEST | {"rebuild_index"}, tell)
    told = outcome_of(tools, ids)
    say(f"   接收 {told['archived']} 件，检测未通过待处理 {told['held']} 件，待著录 {told['submitted']} 件。")
    with tools.database.reading() as session:
        figures = care_figures(session, rules(session, tools))
    say(
        f"   现有 {figures.items} 件，{figures.copies} 份副本，{figures.files} 个文件，{figures.bytes / 1e6:.1f} MB。"
    )
    if told["archived"] != len(ids) or figures.under_copied:
        raise SystemExit(BAD)


def _titles(tools: Tools) -> set[str]:
    with tools.database.reading() as session:
        first = queries.catalogue(session, tools.software, page_size=100)
        return {row.title for row in first.rows}


def _search(tools: Tools, say: Say) -> None:
    archivist = Actor(None, "示例档案员", frozenset({Role.ARCHIVIST}))
    for text in QUESTIONS:
        seen = tools.index.find(Request(text=text, tags=access_tags(archivist)))
        public = tools.index.find(Request(text=text, tags=access_tags(VISITOR)))
        first = "".join(mark.text for mark in seen.hits[0].title) if seen.hits else "（没有）"
        say(f"   “{text}”：档案员找到 {seen.total} 件，访客看得到 {public.total} 件；第一件：{first}")


def _damage(tools: Tools, say: Say) -> list[str]:
    """Flip a bit of a photograph in one store and edit a tag file in another; return the copies' ids."""
    stores = [store for store in tools.stores.values() if isinstance(store, LocalStore)]
    with tools.database.reading() as session:
        packages = session.scalars(select(Package).order_by(Package.created_at, Package.id)).all()
        photo = next(file for package in packages for file in package.files if file.mime == "image/jpeg")
        other = next(package for package in packages if package.id != photo.package_id)
        _change(
            stores[0].root / photo.package.prefix / photo.path,
            lambda old: old[:-9] + bytes([old[-9] ^ 1]) + old[-8:],
        )
        _change(
            stores[1].root / other.prefix / "bag-info.txt",
            lambda old: old.replace(b"Bagging-Date", b"Bagging-Data"),
        )
        ids = [
            session.scalars(
                select(Copy.id).where(Copy.package_id == package_id, Copy.store_id == store.id)
            ).one()
            for package_id, store in ((photo.package_id, stores[0]), (other.id, stores[1]))
        ]
    say(f"   弄坏了 {photo.path}（存储 {stores[0].id}）和 bag-info.txt（存储 {stores[1].id}）。")
    return ids


def _change(path: Path, change: Callable[[bytes], bytes]) -> None:
    """Change a stored file as a failing disk would, against its read-only mode."""
    path.chmod(0o644)
    path.write_bytes(change(path.read_bytes()))


def _check(tools: Tools, say: Say) -> int:
    """Check all copies, say what was found, and return how many are not good."""
    with tools.database.writing.begin() as session:
        run_id = care.start(session, tools, tools.software, scope="all").id
    with progress("核验") as tell:
        finish_jobs(tools, {"fixity"}, tell)
    told = keeping.report(tools, run_id)
    say("   " + keeping.sentence(told))
    for line in keeping.trouble_lines(tools):
        say(line)
    return int(str(told["expected"])) - int(str(told["checked"]))


def _repair(tools: Tools, copy_ids: list[str]) -> None:
    with tools.database.writing.begin() as session:
        for copy_id in copy_ids:
            care.ask_repair(session, tools, tools.software, session.get_one(Copy, copy_id))
    with progress("修复") as tell:
        finish_jobs(tools, {"repair"}, tell)
