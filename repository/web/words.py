"""Words for states, outcomes, events, codes and roles.

Every word is a msgid in Chinese; what is unknown comes back as it is, so that
a newer row never breaks an older page.
"""

from collections.abc import Iterable, Mapping

from flask_babel import get_locale, gettext

from repository.description.codes import ACCESS_LEVELS, CATEGORIES, KINDS, retention_label
from repository.models.collection import Collection


def marked(msgid: str) -> str:
    """Return msgid as it is; pybabel finds the text by this name (-k marked)."""
    return msgid


def marked_in(context: str, msgid: str) -> str:
    """Return msgid as it is; pybabel finds context and text (-k marked_in:1c,2)."""
    return msgid


def listed(names: Iterable[str]) -> str:
    """Return names as one text: 一、二 or "one, two"."""
    return gettext("、").join(names)


class _Facts(dict[str, object]):
    def __missing__(self, name: str) -> str:
        return "…"


def filled(msgid: str, facts: Mapping[str, object]) -> str:
    """Return the translated text with its facts; a missing fact shows as an ellipsis."""
    return gettext(msgid) % _Facts(facts)


_OUTCOMES: Mapping[str, str] = {
    "passed": marked("通过"),
    "warned": marked("提醒"),
    "failed": marked("未通过"),
    "not_run": marked("未检测"),
    "awaiting": marked("待人工"),
}
_STATES: Mapping[str, str] = {
    "draft": marked("草稿"),
    "submitted": marked("待审核"),
    "returned": marked("已退回"),
    "accepted": marked("入库中"),
    "held": marked("检测未通过"),
    "archived": marked("已归档"),
}
_COPY_STATES: Mapping[str, str] = {
    "ok": marked("完好"),
    "damaged": marked("损坏"),
    "missing": marked("缺失"),
    "unreadable": marked("读不出"),
    "unknown": marked("未核验"),
}
_EVENTS: Mapping[str, str] = {
    "accession": marked("接收"),
    "capture": marked("收到文件"),
    "creation": marked("生成"),
    "digital signature generation": marked("签名"),
    "dissemination": marked("利用"),
    "exporting": marked("导出"),
    "fixity check": marked("固化信息核验"),
    "format identification": marked("格式识别"),
    "ingestion end": marked("入库完成"),
    "ingestion start": marked("开始入库"),
    "message digest calculation": marked("计算摘要"),
    "metadata modification": marked("修改著录"),
    "modification": marked("改动"),
    "packing": marked("封装"),
    "quarantine": marked("隔离"),
    "recovery": marked("修复"),
    "replication": marked("复制副本"),
    "transfer": marked("移交"),
    "unpacking": marked("拆包"),
    "validation": marked("检测"),
    "virus check": marked("病毒检测"),
}
_CHECKS: Mapping[str, str] = {
    "not_empty": marked("是否为空"),
    "names_are_safe": marked("文件名是否可用"),
    "format_identified": marked("是什么格式"),
    "format_accepted": marked("格式能否接收"),
    "extension_agrees": marked("扩展名与内容是否相符"),
    "is_readable": marked("能否完整打开"),
    "is_new": marked("与馆藏是否重复"),
    "is_free_of_viruses": marked("有无病毒"),
    "begin": marked("开始"),
    "end": marked("结束"),
    "lost": marked("没有完好的副本可用"),
    "waiting": marked("有的存储联系不上，等接上后再修"),
    "register": marked("按日志和信息包改正目录里的登记"),
    "quarantine": marked("隔离区到期清理"),
    "renditions": marked("浏览用的图片和文字"),
    "imported": marked("由 BagIt 信息包导入"),
    "bag": marked("信息包核验"),
}
_JOBS: Mapping[str, str] = {
    "quarantine": marked("清理隔离区"),
    "ingest": marked("入库"),
    "repack": marked("封装新版本"),
    "replicate": marked("复制副本"),
    "derive": marked("生成预览"),
    "index": marked("更新索引"),
    "index_many": marked("更新索引（多件）"),
    "rebuild_index": marked("重建索引"),
    "fixity": marked("固化信息核验"),
    "repair": marked("修复副本"),
    "carry_log": marked("保存日志"),
    "seal": marked("给日志加封"),
    "anchor": marked("写日志见证"),
    "audit_verify": marked("核对日志"),
    "reap": marked("清理临时文件"),
    "watch": marked("巡查"),
    "digest": marked("小结通知"),
    "notify": marked("发通知"),
    "backup": marked("备份"),
    "drill": marked("恢复演练"),
    "medium_write": marked("写入离线介质"),
    "medium_check": marked("核验离线介质"),
    "export": marked("导出"),
    "import_bags": marked("导入信息包"),
    "tidy_exchange": marked("清理导出的文件"),
    "receipt": marked("开具回执"),
    "receipts": marked("开具到期的回执"),
    "carry_receipts": marked("保存回执"),
}
_JOB_STATES: Mapping[str, str] = {
    "queued": marked("等待中"),
    "running": marked("进行中"),
    "done": marked("已完成"),
    "parked": marked("多次失败，已搁置"),
}
_ROLES: Mapping[str, str] = {
    "staff": marked("教职工"),
    "archivist": marked("档案管理人员"),
    "admin": marked("系统管理员"),
}
_ACTS: Mapping[str, str] = {
    "sign_in": marked("登录"),
    "read_public": marked("查看公开页面"),
    "own_account": marked("管理自己的账号"),
    "submit": marked("交档案"),
    "read_item": marked("查看已开放的档案"),
    "download": marked("下载可以查看的档案"),
    "review": marked("审核、接收、退回档案"),
    "describe": marked("著录和修改档案"),
    "see_care": marked("查看保存状况"),
    "run_care": marked("核验和修复副本"),
    "see_figures": marked("查看统计"),
    "manage_accounts": marked("管理账号和岗位"),
    "manage_system": marked("管理系统设置和运行"),
    "see_audit": marked("查看审计日志"),
    "set_up": marked("首次设置"),
}


def _word(words: Mapping[str, str], code: object) -> str:
    msgid = words.get(str(code), "")
    return gettext(msgid) if msgid else str(code)


def _lang() -> str:
    locale = get_locale()
    return "en" if locale is not None and locale.language == "en" else "zh"


def outcome_word(outcome: object) -> str:
    """Return one of the five outcomes in words."""
    return _word(_OUTCOMES, outcome)


def state_word(state: object) -> str:
    """Return the state of an item in words."""
    return _word(_STATES, state)


def copy_state_word(state: object) -> str:
    """Return the state of a copy in words."""
    return _word(_COPY_STATES, state)


def event_word(event_type: object) -> str:
    """Return a PREMIS event type in words."""
    return _word(_EVENTS, event_type)


def check_word(name: object) -> str:
    """Return the name of a check, or the short detail of an event, in words; free text as it is."""
    return _word(_CHECKS, name)


def job_word(verb: object) -> str:
    """Return what a job does, in words."""
    return _word(_JOBS, verb)


def job_state_word(state: object) -> str:
    """Return the state of a job in words."""
    return _word(_JOB_STATES, state)


def role_word(role: object) -> str:
    """Return a role in words."""
    return _word(_ROLES, role)


def act_word(act: object) -> str:
    """Return what someone may do, in words."""
    return _word(_ACTS, act)


def kind_word(kind: str) -> str:
    """Return the label of a kind."""
    return KINDS.label(kind, _lang()) if kind else gettext("未定种类")


def category_word(category: str) -> str:
    """Return the label of a category."""
    return CATEGORIES.label(category, _lang()) if category else gettext("未定类别")


def unit_title(unit: Collection) -> str:
    """Return a unit's title; a category of ours in the reader's language, else as the school wrote it."""
    known = CATEGORIES.get(unit.code)
    return known.label(_lang()) if known is not None and unit.title == known.label_zh else unit.title


def retention_word(retention: str) -> str:
    """Return the label of a retention code."""
    return retention_label(retention, _lang()) if retention else gettext("未定期限")


def access_word(level: str) -> str:
    """Return the label of an access level."""
    return ACCESS_LEVELS.label(level, _lang())


def decade_word(decade: str) -> str:
    """Return "1950" as 1950年代, "undated" as 年代不详."""
    return gettext("年代不详") if decade == "undated" else gettext("%(decade)s年代", decade=decade)
