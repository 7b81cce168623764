"""The audit log in words: acts, what a verification found, what to do.

Every code of workflow/verdicts.py has a sentence here (a test compares).
"""

from collections.abc import Mapping

from flask_babel import gettext

from preservation.checks import Finding, Outcome
from repository.web.filters import local_time
from repository.web.words import filled, marked, role_word

ACTS: Mapping[str, str] = {
    "account.changed": marked("修改账号"),
    "account.made": marked("新建账号"),
    "account.reset": marked("重置密码"),
    "anchor.asked": marked("要求写见证"),
    "archive.founded": marked("首次设置"),
    "audit.asked": marked("要求核对日志"),
    "backup.asked": marked("要求备份"),
    "backup.drilled": marked("恢复演练"),
    "backup.made": marked("备份"),
    "backup.merged": marked("合并备份"),
    "backup.restored": marked("从备份恢复"),
    "bags.imported": marked("导入信息包"),
    "catalogue.rebuilt": marked("从存储重建目录"),
    "clock.confirm": marked("确认系统时间"),
    "drill.asked": marked("要求恢复演练"),
    "fixity.started": marked("发起核验"),
    "index.asked": marked("要求重建索引"),
    "items.exported": marked("导出档案"),
    "job.retried": marked("重做搁置的作业"),
    "medium.change": marked("修改离线介质"),
    "medium.enrol": marked("登记离线介质"),
    "password.changed": marked("更改密码"),
    "password.refused": marked("更改密码被拒绝"),
    "policy.changed": marked("修改保存策略"),
    "receipt.issued": marked("开具接收回执"),
    "repair.asked": marked("要求修复副本"),
    "session.begun": marked("登录"),
    "session.ended": marked("退出登录"),
    "session.refused": marked("登录被拒绝"),
    "store.renew": marked("更换存储"),
}
_LOGS: Mapping[str, str] = {"event": marked("事件日志"), "audit": marked("审计日志")}
_KINDS: Mapping[str, str] = {
    "account": marked("账号"),
    "collection": marked("目录单元"),
    "copy": marked("副本"),
    "item": marked("档案"),
    "job": marked("作业"),
    "medium": marked("离线介质"),
    "run": marked("核验"),
    "school": marked("全馆"),
    "store": marked("存储"),
    "submission": marked("交来的一批"),
    "system": marked("系统"),
}
_FACTS: Mapping[str, str] = {
    "active": marked("启用"),
    "added": marked("补上的件数"),
    "address": marked("网络地址"),
    "ahead_seconds": marked("时间跳了多少秒"),
    "away": marked("当时联系不上的存储"),
    "backup": marked("备份编号"),
    "check_days": marked("每多少天核验"),
    "complete": marked("副本都已做好并核验"),
    "copies": marked("副本份数"),
    "differ": marked("不一致的件数"),
    "differs": marked("与馆藏不一致的包"),
    "events": marked("事件条数"),
    "expected": marked("应核验"),
    "file": marked("文件"),
    "fonds_code": marked("全宗号"),
    "form": marked("形式"),
    "full_name": marked("姓名"),
    "ids": marked("档案编号"),
    "interval_days": marked("最迟多少天重读"),
    "items": marked("件数"),
    "kind": marked("种类"),
    "known": marked("有此账号"),
    "left_out": marked("没能导出的件数"),
    "made_at": marked("备份做于"),
    "name": marked("名称"),
    "names": marked("用原文件名"),
    "nightly_gb": marked("每晚最多读多少 GB"),
    "note": marked("备注"),
    "number": marked("回执编号"),
    "owner": marked("保管人"),
    "packages": marked("归档信息包"),
    "place": marked("存放地点"),
    "places": marked("应有几处"),
    "recipients": marked("能打开它的公钥"),
    "refused": marked("没有收下的包"),
    "renewed": marked("重新建立"),
    "restored": marked("原样登记的包"),
    "roles": marked("岗位"),
    "rotation_days": marked("每多少天写入"),
    "school": marked("学校"),
    "scope": marked("范围"),
    "source": marked("来源"),
    "state": marked("状态"),
    "taken": marked("进了收件箱的包"),
    "username": marked("用户名"),
    "verb": marked("作业"),
}
#: Words that stand as the value of a fact.
_VALUES: Mapping[tuple[str, str], str] = {
    ("form", "folder"): marked("文件夹"),
    ("kind", "local"): marked("本地"),
    ("kind", "replica"): marked("异地"),
    ("scope", "all"): marked("全部"),
    ("scope", "daily"): marked("每日一轮"),
    ("scope", "due"): marked("到期的"),
    ("scope", "urgent"): marked("急需的"),
    ("state", "in_use"): marked("使用中"),
    ("state", "lost"): marked("已遗失"),
    ("state", "retired"): marked("已停用"),
}
FINDINGS: Mapping[str, str] = {
    "AU-001": marked("%(log)s第 %(number)s 条被改动过。"),
    "AU-002": marked("%(log)s第 %(number)s 条缺失，它的封条还在。"),
    "AU-003": marked("%(log)s第 %(after)s 条之后、第 %(number)s 条之前有缺失。"),
    "AU-004": marked("%(log)s第 %(number)s 条换了顺序，现在排在第 %(other)s 条。"),
    "AU-005": marked("%(log)s第 %(number)s 条是多出来的，从来没有加封。"),
    "AU-006": marked("%(log)s第 %(number)s 条的封条不是本馆密钥所封。"),
    "AU-007": marked("目录比见证旧：%(log)s从第 %(number)s 条起被截掉，见证 %(anchor)s（%(at)s）时还在。"),
    "AU-008": marked("%(log)s与见证 %(anchor)s（%(at)s）对不上，从第 %(number)s 条起不同：封条可能被整个重做过。"),
    "AU-009": marked("见证 %(anchor)s 的签名不对，它被改动过。"),
    "AU-010": marked("存储 %(store)s 里有一份见证被改动过。"),
    "AU-011": marked("一件档案第 %(version)s 版登记的摘要与日志里的不同，目录被改动过。"),
    "AU-012": marked("%(log)s有 %(count)s 条在恢复目录后重新编号，内容都在。"),
    "AU-013": marked("%(log)s有 %(count)s 条从 %(since)s 起还没有加封，请看后台程序是否在运行。"),
    "AU-014": marked("手边没有密钥，%(count)s 个封条只比对了前后关系，签名没有核对。"),
    "AU-015": marked("存储 %(store)s 联系不上，那里的见证没有比对。"),
    "AU-016": marked("%(count)s 个封条由以前的密钥所封，签名没有核对，前后关系和见证已比对。"),
    "AU-017": marked("还没有写过见证，日志末尾是否被截掉无从核对。"),
    "AU-018": marked("存储 %(store)s 里的见证 %(anchor)s 不见了。"),
}


def act_told(act: str) -> str:
    """Return an act of the audit log in words; an unknown one as it is."""
    return gettext(ACTS[act]) if act in ACTS else act


def log_word(log: str) -> str:
    """Return the name of a log."""
    return gettext(_LOGS[log]) if log in _LOGS else log


def kind_told(kind: str) -> str:
    """Return what an entry is about, in words."""
    return gettext(_KINDS[kind]) if kind in _KINDS else kind


def facts_told(facts: Mapping[str, object]) -> list[tuple[str, str]]:
    """Return the facts of an entry as pairs of words."""
    return [(fact_word(name, facts[name]), _value(name, facts[name])) for name in facts]


def fact_word(name: str, value: object = None) -> str:
    """Return what a fact is called; of bags, "known" is a number and not a yes or no."""
    if name == "known" and not isinstance(value, bool):
        return gettext("馆藏里已有的包")
    return gettext(_FACTS[name]) if name in _FACTS else name


def _value(name: str, value: object) -> str:
    if isinstance(value, bool):
        return gettext("是") if value else gettext("否")
    if name == "roles":
        return gettext("、").join(role_word(role) for role in str(value).split(","))
    if isinstance(value, list):
        return gettext("、").join(str(one) for one in value) or gettext("没有")
    if value is None or value == "":
        return "—"
    if name == "made_at":
        return local_time(str(value))
    word = _VALUES.get((name, str(value)))
    return gettext(word) if word else str(value)


def finding_told(code: str, facts: Mapping[str, str]) -> str:
    """Return one finding of a verification as a sentence."""
    shown = dict(facts)
    if "log" in shown:
        shown["log"] = log_word(shown["log"])
    for name in ("at", "since"):
        if name in shown:
            shown[name] = local_time(shown[name])
    return filled(FINDINGS[code], shown) if code in FINDINGS else code


def sentence_of(finding: Finding) -> str:
    """Return a finding as a sentence."""
    return finding_told(finding.code, dict(finding.facts))


def verdict_told(outcome: str, wrong: int) -> str:
    """Return in one sentence what a verification found."""
    if outcome == Outcome.FAILED:
        return gettext("日志有 %(n)s 处对不上，请保护现场，不要再改动目录。", n=f"{wrong:,}")
    if outcome == Outcome.WARNED:
        return gettext("没有发现改动，但有需要留意或没有核对到的地方。")
    return gettext("两份日志与封条、见证全部一致。")
