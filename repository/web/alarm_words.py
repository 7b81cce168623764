"""Alarms in words: one plain sentence, what to do, and where.

Every code of workflow/alarms.py has a sentence here (a test compares). A
store that does not answer is not reachable (联系不上), never missing.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from flask_babel import gettext

from repository.web.words import filled, marked
from repository.workflow import folders
from repository.workflow.notices import Alarm

#: Duty -> what it is called.
_DUTIES: Mapping[str, str] = {
    "worker": marked("后台程序"),
    "clock": marked("定时程序"),
    "watch": marked("巡查"),
    "fixity": marked("定期核验"),
    "carry_log": marked("事件日志抄写"),
    "reap": marked("清理临时文件"),
    "digest": marked("小结通知"),
    "backup": marked("备份"),
    "anchor": marked("日志见证"),
    "drill": marked("恢复演练"),
    "audit_verify": marked("审计日志核对"),
    "stocktake": marked("清点"),
}
_REPORT_KINDS: Mapping[str, str] = {
    "backup": marked("备份"),
    "drill": marked("恢复演练"),
    "audit": marked("日志核对"),
    "canary": marked("自检样本"),
    "repair": marked("修复"),
    "upgrade": marked("升级"),
    "medium": marked("离线介质"),
}
_MEDIA_ACTS: Mapping[str, str] = {"write": marked("写入"), "check": marked("核验")}


@dataclass(frozen=True, slots=True)
class Words:
    """What is said of one alarm: sentence, advice, and the endpoint where one goes on."""

    sentence: str
    advice: str
    endpoint: str


_WORDS: Mapping[str, Words] = {
    "worker_dead": Words(
        marked("后台程序没有运行：入库、核验、备份都停着。"),
        marked("请在服务器上运行 ./run 或 ./run worker；重启后会接着做。"),
        "admin.health_check",
    ),
    "overdue": Words(
        marked("“%(duty)s”该做而没有做。"),
        marked("请看后台程序是否在运行、作业是否搁置。"),
        "admin.health_check",
    ),
    "duty_failed": Words(
        marked("“%(duty)s”上一次没有做成。"), marked("会自动再做；一直不成，请看作业里写的原因。"), "admin.health_check"
    ),
    "mail_failed": Words(
        marked("通知没有送达。"), marked("请检查邮件或网址的设置；两天之内会自动再送。"), "admin.health_check"
    ),
    "first_store_away": Words(
        marked("主存储 %(subject)s 现在不能写入：新收的档案在排队，已有的副本状态不变。"),
        marked("请检查硬盘和连线；接好以后自动继续。"),
        "admin.care",
    ),
    "store_away": Words(
        marked("存储 %(subject)s 联系不上，里面的副本现在不能核验。"),
        marked("请检查硬盘、网络或服务器。联系不上不等于缺失，副本的状态不变。"),
        "admin.care",
    ),
    "folder_not_writable": Words(
        marked("数据文件夹不能写入：可以查阅，不能接收和修改。"),
        marked("请检查硬盘是否变成只读、权限是否改过。"),
        "admin.health_check",
    ),
    "backups_not_writable": Words(
        marked("备份文件夹不能写入，做不了备份。"),
        marked("请检查放备份的硬盘是否接好、是否变成只读。"),
        "admin.health_check",
    ),
    "disk_full": Words(
        marked("%(place)s所在的硬盘只剩 %(free)s，低于预留的 %(wanted)s，已停止接收。"),
        marked("查阅和修改照常。请清理或换更大的硬盘。"),
        "admin.health_check",
    ),
    "disk_low": Words(
        marked("%(place)s所在的硬盘快满了，只剩 %(free)s。"),
        marked("低于 %(wanted)s 就会停止接收，请早作准备。"),
        "admin.health_check",
    ),
    "clutter": Words(
        marked("%(place)s占了硬盘的 %(percent)s%%（%(bytes)s）。"),
        marked("临时文件会自动清理；隔离区里是修复时换下的内容，请核对后再处理。"),
        "admin.health_check",
    ),
    "copies_lost": Words(
        marked("有 %(count)s 份副本里的文件已找不到完好的来源。"),
        marked("请不要删除任何东西，尽快找出离线备份或实体原件。"),
        "admin.care",
    ),
    "copies_bad": Words(
        marked("有 %(count)s 份副本损坏或缺失。"), marked("请在“保存状况”里按“修复”，用完好的副本补回。"), "admin.care"
    ),
    "copies_unreadable": Words(
        marked("有 %(count)s 份副本读不出来。"), marked("请检查硬盘、网络和权限，恢复后再核验。"), "admin.care"
    ),
    "copies_overdue": Words(
        marked("有 %(count)s 份副本超过规定时间没有重读。"),
        marked("后台程序会先读这些；一直不减少，请看每晚的核验量是否够。"),
        "admin.care",
    ),
    "run_invalid": Words(
        marked("第 %(subject)s 轮核验无效：预先放好的坏样本没有全部查出来。"),
        marked("这一轮的“完好”不能算数。请联系维护人员检查核验程序和硬盘，再核验全部。"),
        "admin.runs",
    ),
    "backlog": Words(
        marked("有 %(count)s 件档案的副本还没有做够，最久的已等了 %(hours)s 小时。"),
        marked("请检查存储是否联系得上、空间是否够用。"),
        "admin.care",
    ),
    "jobs_parked": Words(
        marked("有 %(count)s 件后台作业多次失败，已经搁置。"), marked("请看原因，解决后再试一次。"), "admin.status"
    ),
    "jobs_stuck": Words(
        marked("有 %(count)s 件后台作业等了一天以上。"), marked("请看它们在等什么。"), "admin.status"
    ),
    "intake_waits": Words(
        marked("有 %(count)s 件已接收的档案因硬盘空间不够在等待入库。"),
        marked("档案在暂存区里，没有丢。腾出空间后自动入库。"),
        "admin.health_check",
    ),
    "report_failed": Words(
        marked("最近一次%(report)s没有通过，或者没有做成。"), marked("请打开报告，按里面写的做。"), "admin.health_check"
    ),
    "clock_doubted": Words(
        marked("服务器的时钟跳得不对，凡是按时间清理的事都已停下。"),
        marked("请校准时钟；时间无误，就运行 ./run clock confirm 确认。"),
        "admin.health_check",
    ),
    "index_wrong": Words(
        marked("检索索引需要重建，检索结果可能不全。"), marked("会自动重建；馆藏没有丢失。"), "admin.status"
    ),
    "certificate_bad": Words(
        marked("S3 服务器的证书不可信，已拒绝连接。"), marked("请联系服务器的管理人员更换证书。"), "admin.care"
    ),
    "certificate_ends": Words(
        marked("S3 服务器的证书还有 %(days)s 天到期。"), marked("到期后副本就存不进去，请早作更换。"), "admin.care"
    ),
    "media_overdue": Words(
        marked("离线介质“%(name)s”过期 %(days)s 天没有取来%(act)s。"),
        marked("请取来接上，照“离线介质”页的步骤做。"),
        "admin.media",
    ),
}
CODES = frozenset(_WORDS)
_PLACES: Mapping[str, str] = {
    folders.DATA: marked("数据文件夹"),
    "scratch": marked("临时文件"),
    "staging": marked("暂存区"),
    "renditions": marked("缩略图和预览"),
    "index": marked("检索索引"),
    "backups": marked("备份文件夹"),
}


def sentence(alarm: Alarm) -> str:
    """Return what is wrong, in one sentence."""
    return filled(_WORDS[alarm.code].sentence, _facts(alarm))


def advice(alarm: Alarm) -> str:
    """Return what to do."""
    return filled(_WORDS[alarm.code].advice, _facts(alarm))


def endpoint(alarm: Alarm) -> str:
    """Return the page where one goes on."""
    return _WORDS[alarm.code].endpoint


def duty_word(name: str) -> str:
    """Return what a regular duty is called."""
    return gettext(_DUTIES[name]) if name in _DUTIES else name


def report_word(kind: str) -> str:
    """Return what a kind of report is called."""
    return gettext(_REPORT_KINDS[kind]) if kind in _REPORT_KINDS else kind


def place_word(name: str) -> str:
    """Return what a folder, a store or its quarantine is called."""
    if name in _PLACES:
        return gettext(_PLACES[name])
    kind, _, store = name.partition(":")
    if kind == "quarantine":
        return gettext("存储 %(name)s 的隔离区", name=store)
    return gettext("存储 %(name)s", name=name)


def _facts(alarm: Alarm) -> dict[str, object]:
    told: dict[str, object] = {"subject": alarm.subject, **alarm.facts}
    told["duty"] = duty_word(alarm.subject)
    if alarm.code in ("disk_full", "disk_low", "clutter"):
        told["place"] = place_word(alarm.subject)
    for name in ("free", "wanted", "bytes"):
        if isinstance(told.get(name), int):
            told[name] = size_word(int(str(told[name])))
    told["report"] = report_word(str(told.get("kind", "")))
    if told.get("kind") == "audit" and told.get("about"):  # about a store: a stocktake
        told["report"] = duty_word("stocktake")
    act = str(told.get("act", ""))
    told["act"] = gettext(_MEDIA_ACTS[act]) if act in _MEDIA_ACTS else act
    about = str(told.get("about", ""))
    if about:
        told["report"] = f"{told['report']}（{about}）"
    return told


_STEPS = (("TB", 1 << 40), ("GB", 1 << 30), ("MB", 1 << 20), ("KB", 1 << 10))


def size_word(size: int) -> str:
    """Return a number of bytes as people read it, also outside a page."""
    for unit, step in _STEPS:
        if size >= step:
            return f"{size / step:.1f} {unit}"
    return f"{size} B"
