"""系统体检: one line for each thing that can stop an archive, with plain advice."""

import platform
import sqlite3
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from importlib.metadata import PackageNotFoundError, version

from flask_babel import gettext
from sqlalchemy.orm import Session

from repository import figures
from repository.web.alarm_words import place_word
from repository.web.filters import filesize, local_time, to_local
from repository.web.findings import finding
from repository.web.texts import sentence
from repository.web.words import filled, listed, marked, outcome_word
from repository.workflow import facts, folders, indexing, jobs, leases
from repository.workflow.folders import FolderState
from repository.workflow.room import reserve_of
from repository.workflow.tools import Tools
from storage.errors import ReadOnly, StorageError, StorageFull, StoreUnavailable, Unreadable, WrongStore
from storage.reserve import Reserve

GREEN, AMBER, RED, GREY, BUSY = "green", "amber", "red", "grey", "busy"
REAPED_WITHIN = timedelta(days=1)
CLOCK_SLACK = timedelta(minutes=2)  # events of a moment ago are no sign of a wrong clock
_TROUBLES = {kind.code: kind for kind in (StoreUnavailable, WrongStore, StorageFull, Unreadable, ReadOnly)}
_JUDGES = ("pygfried", "python-magic")
_REASONS = {
    "asked": marked("有人要求重建"),
    "rebuild": marked("目录曾从存储重建"),
    "count": marked("件数与目录不符"),
    "stale": marked("落后于目录"),
    "missing": marked("索引不见了"),
    "schema": marked("索引的结构换了新版"),
    "foreign": marked("是别处的索引"),
    "damaged": marked("索引损坏"),
    "unusable": marked("索引不能用"),
}


@dataclass(frozen=True, slots=True)
class Line:
    """One line of the check-up; advice is "" where nothing is to be done; at None: looked at just now."""

    label: str
    level: str
    told: str
    advice: str = ""
    at: datetime | None = None
    url: str = ""


def lines(session_of: Callable[[], Session], tools: Tools) -> list[Line]:
    """Return all lines. The folders are written to and read first, then the catalogue is asked."""
    found = [_folder(state, reserve_of(tools.settings)) for state in folders.look(tools)]
    session = session_of()
    found += [_worker(session, tools), _queue(session), _index(session, tools), _virus(session, tools)]
    found += [_judges(), _logbook(session, tools), _reaping(session, tools), _clock(session, tools)]
    return [*found, _software(tools)]


def _folder(state: FolderState, rule: Reserve) -> Line:
    label = place_word(state.name)
    if not state.writable:
        return Line(label, RED, state.path, sentence(_TROUBLES.get(state.trouble, StorageError)()))
    if state.free is None:
        return Line(label, GREEN, gettext("%(path)s，可以写入", path=state.path))
    told = gettext("%(path)s，可以写入，剩余 %(free)s", path=state.path, free=filesize(state.free))
    reserve = rule.wanted(state.total)
    if state.free < reserve:
        advice = gettext("空间低于预留的 %(size)s，已停止接收。请清理或换更大的硬盘。", size=filesize(reserve))
        return Line(label, RED, told, advice)
    if state.free < 2 * reserve:
        advice = gettext("空间快用完了，低于 %(size)s 就会停止接收。", size=filesize(reserve))
        return Line(label, AMBER, told, advice)
    return Line(label, GREEN, told)


def _worker(session: Session, tools: Tools) -> Line:
    label = gettext("后台程序")
    holder = leases.holder(session, leases.WORKER, tools.clock())
    alive = facts.get(session, facts.CLOCK_ALIVE)
    if holder is None:
        advice = gettext("入库、核验、索引都在排队等它。请在服务器上运行 ./run 或 ./run worker。")
        return Line(label, RED, gettext("没有运行，上次活动：%(at)s", at=local_time(alive)), advice)
    told = {"host": holder.host, "pid": holder.pid, "at": local_time(alive)}
    return Line(label, GREEN, gettext("正在运行（%(host)s，进程 %(pid)s），上次活动：%(at)s", **told))


def _queue(session: Session) -> Line:
    counted = jobs.counts(session)
    shown = {state: counted.get(state, 0) for state in (jobs.QUEUED, jobs.RUNNING, jobs.PARKED)}
    told = gettext("等待 %(queued)s，进行中 %(running)s，搁置 %(parked)s", **shown)
    if shown[jobs.PARKED]:
        advice = gettext("有作业多次失败，已经搁置。请看下面的原因，解决后再试一次。")
        return Line(gettext("作业队列"), AMBER, told, advice)
    return Line(gettext("作业队列"), GREEN, told)


def _index(session: Session, tools: Tools) -> Line:
    label, health = gettext("检索索引"), tools.index.health()
    at, _, why = facts.get(session, facts.INDEX_NOTE).partition(" ")
    told = gettext("收有 %(n)s 件", n=f"{health.count:,}")
    if at:
        told += gettext("；上次重建：%(at)s，原因：%(why)s", at=local_time(at), why=reason(why))
    trouble = indexing.trouble_with(session, health)
    if trouble:
        told = gettext("%(told)s；%(why)s", told=told, why=reason(trouble))
        return Line(label, RED if not health.usable else AMBER, told,
                    gettext("后台程序会自动重建；也可以按“重建索引”。馆藏没有丢失。"))
    return Line(label, GREEN, told)


def reason(why: str) -> str:
    """Return why an index is made anew, in words."""
    return filled(_REASONS[why], {}) if why in _REASONS else why


def _virus(session: Session, tools: Tools) -> Line:
    label, address = gettext("病毒检测"), tools.settings.clamd
    if not address:
        advice = gettext("要检测病毒，请装好 ClamAV，并把它的地址写进设置 JINGUI_CLAMD。")
        return Line(label, AMBER, gettext("没有配置，收到的文件一律记为“未检测”"), advice)
    last = figures.last_event(session, "virus check")
    if last is None:
        return Line(label, GREEN, gettext("已配置 %(address)s，还没有检测过文件", address=address))
    told = gettext("已配置 %(address)s；上次检测 %(at)s：%(outcome)s", address=address, at=local_time(last.at),
                   outcome=outcome_word(last.outcome))
    if last.outcome == "not_run":
        return Line(label, AMBER, told, gettext("上次没有检测成，请检查病毒扫描程序是否在运行。"))
    return Line(label, GREEN, told)


def _judges() -> Line:
    found = {name: _installed(name) for name in _JUDGES}
    none = gettext("未安装")
    told = listed(f"{name} {number or none}" for name, number in found.items())
    if all(found.values()):
        return Line(gettext("格式识别"), GREEN, told)
    return Line(gettext("格式识别"), AMBER, told, finding("IN-121"))


def _installed(name: str) -> str:
    try:
        return version(name)
    except PackageNotFoundError:
        return ""


def _logbook(session: Session, tools: Tools) -> Line:
    label, last = gettext("事件日志"), figures.last_event(session)
    newest = 0 if last is None else last.sequence
    kept = min((facts.number(session, facts.LOG_WATERMARK + name) for name in tools.stores), default=0)
    if newest - kept > 0:
        told = gettext("最近 %(n)s 条还没有抄进每个存储", n=f"{newest - kept:,}")
        return Line(label, BUSY, told, gettext("后台程序会自动抄写；长时间不变，请检查存储是否连得上。"))
    return Line(label, GREEN, gettext("共 %(n)s 条，已抄进每个存储", n=f"{newest:,}"))


def _reaping(session: Session, tools: Tools) -> Line:
    label, at = gettext("清理临时文件"), facts.get(session, facts.LAST_REAPED)
    told = gettext("上次：%(at)s", at=local_time(at))
    if not at or tools.clock() - datetime.fromisoformat(at) > REAPED_WITHIN:
        return Line(label, AMBER, told, gettext("后台程序开着时每十五分钟清理一次，请看它是否在运行。"))
    return Line(label, GREEN, told)


def _clock(session: Session, tools: Tools) -> Line:
    now, last = tools.clock(), figures.last_event(session)
    told = gettext("%(at)s（%(zone)s）", at=local_time(now), zone=to_local(now).tzname() or "")
    if last is not None and last.at > now + CLOCK_SLACK:
        return Line(gettext("服务器时钟"), RED, told,
                    gettext("比最近一条记录（%(at)s）还早，时钟可能拨回去了，请校准。", at=local_time(last.at)))
    return Line(gettext("服务器时钟"), GREEN, told)


def _software(tools: Tools) -> Line:
    parts = (tools.software.name, f"Python {platform.python_version()}", f"SQLite {sqlite3.sqlite_version}")
    return Line(gettext("软件版本"), GREEN, listed(parts))
