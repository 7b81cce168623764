"""Backup, restore, upgrade and drill in words: one sentence for each code and reason."""

from collections.abc import Mapping

from flask_babel import gettext

from repository.web.words import filled, marked
from repository.workflow.errors import WorkflowError

_WORDS: Mapping[str, Mapping[str, str]] = {
    "WF-050": {
        "busy": marked("另一个程序正在做备份，请等它做完。"),
        "dialect": marked("目录数据库不是 SQLite，金匮不能备份它。请用数据库自己的工具（如 pg_dump）备份。"),
        "full": marked("磁盘空间不够，没有做成备份。已有的备份没有改动。"),
        "catalogue": marked("目录数据库有损坏，没有做备份，已有的备份没有改动。（%(told)s）"),
    },
    "WF-051": {
        "missing": marked("没有找到备份文件：%(file)s"),
        "key": marked("备份打不开：不是用这把密钥加密的。请用保险柜里那张纸上的备份密钥。"),
        "damaged": marked("备份文件不完整或被改动过，不能用。请换一份备份。"),
        "manifest": marked("备份的内容与它自己的清单不符，不能用。请换一份备份。"),
        "catalogue": marked("备份里的目录数据库与清单不符，不能用。请换一份备份。"),
        "dump": marked("备份里的目录与备份时的不一致，不能用。请换一份备份。"),
    },
    "WF-052": {
        "not_empty": marked("%(data)s 里已经有档案或账号，没有恢复，什么都没有改动。请用 --to 指定一个空文件夹，或加 --merge 只补缺的。"),
        "unfinished": marked("%(data)s 的恢复没有做完，不能启动。请再运行一次 jingui restore，它会从头做起。"),
        "newer": marked("这份备份是更新版本的金匮做的，请先升级软件再恢复。"),
        "no_key": marked("没有备份密钥。请用 --identity 指定存有密钥的文件（保险柜里那张纸上的 AGE-SECRET-KEY-1…）。"),
        "dialect": marked("目录数据库不是 SQLite，不能由金匮恢复。"),
    },
    "WF-053": {
        "newer": marked("目录数据库是更新版本的金匮写的，这个旧版本没有启动。请装回新版本，或者恢复升级前的备份。"),
        "backup": marked("升级前要先做一份核验过的备份，没有做成，所以没有升级，也没有启动。目录没有改动。（%(why)s）"),
        "full": marked("磁盘空间不够做升级前的备份，所以没有升级，也没有启动。请清理磁盘后再启动。目录没有改动。"),
        "open": marked("另一个程序正开着目录，不能升级。请先停掉所有金匮程序，再启动一次。目录没有改动。"),
        "changed": marked("做备份之后目录又有改动，没有升级。请停掉所有金匮程序，再启动一次。目录没有改动。"),
        "compare": marked("升级前后的内容不一致，没有采用升级的结果。目录没有改动，请联系技术支持。（%(told)s）"),
        "dialect": marked("目录数据库不是 SQLite，请先用数据库自己的工具备份，再由管理员升级。"),
        "failed": marked("升级没有做成，目录没有改动。（%(told)s）"),
    },
    "WF-054": {
        "no_backup": marked("还没有核验过的备份，不能演练。请先做一份备份。"),
        "restore": marked("演练时备份没有恢复成功：%(told)s"),
        "too_long": marked("演练超过了四小时，已经停止。"),
        "differs": marked("恢复出来的内容与现在的不一致，详见演练报告。"),
    },
}
#: Codes that have their sentences here.
CODES = frozenset(_WORDS)


def refusal(error: WorkflowError) -> str:
    """Return why nothing was backed up, restored, upgraded or drilled."""
    return reason_words(error.code, error.facts)


def reason_words(code: str, facts: Mapping[str, object]) -> str:
    """Return the sentence of a code and the reason among its facts; an unknown reason as it is."""
    msgid = _WORDS[code].get(str(facts.get("reason", "")), "")
    return filled(msgid, facts) if msgid else str(facts.get("reason", code))


def failure(facts: Mapping[str, object]) -> str:
    """Return why the last backup was not made, from its report."""
    code = str(facts.get("code", ""))
    if code in CODES:
        return reason_words(code, facts)
    return gettext("备份没有做成（%(code)s）。请看磁盘空间和备份文件夹能否写入。", code=code)


def drill_sentence(outcome: str, facts: Mapping[str, object]) -> str:
    """Return the verdict of a drill in one sentence."""
    if "found" not in facts:
        return reason_words("WF-054", facts)
    if outcome == "passed":
        return gettext("备份能恢复：每张表、每个归档信息包都与登记一致，首页能打开。")
    if outcome == "warned":
        return gettext("备份能恢复，但有几处没有核对到，见下面。")
    return gettext("恢复出来的内容有不一致的地方，见下面。请尽快处理。")
