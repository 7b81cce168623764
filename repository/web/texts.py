"""Codes to plain words, for pages and JSON answers.

Lower floors speak codes and facts; here is the one place where an exception
becomes a sentence. A code without a sentence is a fault that a test finds
(architecture, convention 5).
"""

import re
from collections.abc import Mapping, Sequence

from flask_babel import get_locale, gettext, ngettext

from repository.config import SettingRefused
from repository.description import messages
from repository.description.errors import DescriptionError
from repository.description.fields import label
from repository.description.rules import Problem
from repository.sheets import SheetUnreadable
from repository.web import backup_words, exchange_words
from repository.web.words import filled, listed, marked, state_word
from repository.workflow.errors import Incomplete, NotAllowed, SheetRefused, WeakPassword, WorkflowError
from repository.workflow.exchange_errors import PackRefused
from repository.workflow.medium_errors import MediumRefused
from search.errors import QueryRefused, SearchError
from storage.errors import StorageError, StorageFull

_WORKFLOW: Mapping[str, str] = {
    "WF-000": marked("这一步没有做成。"),
    "WF-002": marked("您的账号不能做这件事。"),
    "WF-004": marked("请写明理由。"),
    "WF-005": marked("“%(name)s”已经有人使用，请换一个。"),
    "WF-006": marked("在您编辑期间，别人保存了这件档案。您写的内容还在页面上，没有覆盖任何人的修改，请核对后再保存。"),
    "WF-007": marked("另一个后台程序正在运行（%(host)s，进程 %(pid)s），不能再开第二个。"),
    "WF-008": marked("用户名或密码不对。"),
    "WF-009": marked("尝试次数太多，请等 %(seconds)s 秒再试。"),
    "WF-011": marked("档案系统已经设置过了，一次性口令已失效。"),
    "WF-012": marked("没有找到完好的副本，不能修复。现有的内容没有被改动。"),
    "WF-013": marked("文件读不出来：%(path)s"),
    "WF-014": marked("著录表格有误，没有导入任何内容。"),
    "WF-031": marked("“%(path)s”已经有内容，没有覆盖。请换一个名字，或选一个空文件夹。"),
    "WF-032": marked("没有可以导出的档案：只能导出已归档、并且您可以查看和下载的档案。"),
    "WF-034": marked("没有这个编码的回执，请核对后再输入。"),
    "WF-035": marked("这次提交里没有可以开具回执的档案。"),
}
_STORAGE: Mapping[str, str] = {
    "ST-000": marked("存储出错，这一步没有做成，已有的内容没有改动。"),
    "ST-001": marked("存储里没有找到这个文件。"),
    "ST-002": marked("这个位置已经有内容，没有覆盖。"),
    "ST-003": marked("文件名不能用，请改名后再上传。"),
    "ST-004": marked("文件在传送途中有损坏，没有保存。请再上传一次。"),
    "ST-005": marked("存储暂时联系不上。请检查硬盘或网络，稍后再试。"),
    "ST-006": marked("连接的不是原来那块存储，请检查硬盘是否接错。"),
    "ST-007": marked("磁盘空间不够，没有保存。请联系系统管理员清理或扩充磁盘。"),
    "ST-008": marked("文件现在读不出来，请稍后再试，并告诉档案管理人员。"),
    "ST-009": marked("文件太大，超过了上限 %(megabytes)s MB。"),
    "ST-010": marked("存储是只读的，不能写入。请联系系统管理员。"),
    "ST-011": marked("这不是 age 密钥：私钥以 AGE-SECRET-KEY-1 开头，公钥以 age1 开头。"),
    "ST-013": marked("存储是用另一把密钥加密的，或者没有加密。里面的内容没有改动，也没有损坏；请放回正确的密钥。"),
    "ST-012": marked("加密的文件打不开：它不完整、被改动过，或者不是用这把密钥加密的。"),
}
#: Why a folder is not taken for an offline medium (medium_errors.MediumRefused).
_MEDIA: Mapping[str, str] = {
    "absent": marked("没有这个文件夹：%(folder)s。请写完整路径，并确认介质已经接好、挂载好。"),
    "other": marked("%(folder)s 里的不是“%(medium)s”，而是 %(found)s。没有写入任何内容，请检查是否接错了盘。"),
    "blank": marked("%(folder)s 是空的，但“%(medium)s”以前写过。可能没有挂载，或者接错了盘；如果这块盘已丢失，请先登记丢失。"),
    "same_disk": marked("%(folder)s 与系统在同一块硬盘上，不能当作离线介质：硬盘坏了会一起丢。"),
    "inside": marked("%(folder)s 在系统自己的文件夹里，不能当作离线介质。"),
    "not_empty": marked("%(folder)s 里已有别的文件。第一次写入要用一个空文件夹，没有写入任何内容。"),
    "gone": marked("“%(medium)s”已登记为丢失或停用，不能再使用。"),
    "no_identity": marked("“%(medium)s”是加密的，请给出能打开它的私钥文件（--identity）。"),
    "report": marked("这不是核验程序写出的结果，没有登记。"),
    "future": marked("这份核验结果的时间在将来，没有登记。请检查那台电脑的时钟。"),
}
_CUT_OFF = marked("上传中断，没有收到完整的文件，所以没有保存。请再上传一次。")
_FULL_WITH_ROOM = marked("磁盘空间不够：还需要 %(wanted)s MB，可用 %(left)s MB。没有保存，请联系系统管理员。")
_SEARCH: Mapping[str, str] = {
    "query": marked("检索词太长，最多 %(most)s 个字。"),
    "term": marked("一个词太长，最多 %(most)s 个字，请用空格分开。"),
    "clauses": marked("检索词太多，最多 %(most)s 个。"),
    "prefix": marked("星号前面至少要写 %(least)s 个字。"),
    "expansions": marked("这个开头对应的词太多，请再多写几个字。"),
    "page": marked("只能翻到第 %(most)s 页，请增加条件缩小范围。"),
    "page_size": marked("每页最多显示 %(most)s 条。"),
    "filter": marked("没有“%(name)s”这个筛选条件。"),
    "time": marked("这次检索花的时间太长，已经停下。请增加条件缩小范围。"),
}
_SETTINGS: Mapping[str, str] = {
    "CF-001": marked("没有名为 %(name)s 的设置，请检查拼写。"),
    "CF-002": marked("设置 %(name)s 的值“%(value)s”不对。"),
    "CF-003": marked("设置 %(name)s 写得不对：“%(value)s”。应写成 名称=路径，用逗号分开。"),
    "CF-004": marked("设置 %(name)s 里有两个副本同名，或者放在同一个文件夹里。"),
    "CF-005": marked("数据文件夹 %(value)s 不能建立或不能写入（%(why)s）。请检查权限，或用 %(name)s 指定另一个文件夹。"),
    "CF-006": marked("用了 S3 存储，但没有填写设置 %(name)s。"),
    "CF-007": marked("设置里用了 S3 存储，但没有安装所需的程序库 %(library)s，请先安装（jingui 的 s3 附加组件）。"),
    "CF-009": marked(
        "存储 %(name)s 是加密的，它的密钥不在这里，所以没有启动；存储里的内容没有改动，也没有损坏。"
        "请用 ./run store key %(name)s --restore 文件 放回密钥。"
    ),
    "CF-010": marked("存储 %(name)s 是加密的，但设置里没有写 sealed+，请改正设置后再启动。"),
    "CF-008": marked("设置了通知邮件，但没有填写设置 %(name)s。"),
}
_SHEETS: Mapping[str, str] = {
    "SH-001": marked("打不开表格 %(name)s，请确认它是没有密码的 .xlsx 或 .csv 文件。"),
    "SH-002": marked("表格 %(name)s 是空的。"),
    "SH-003": marked("表格 %(name)s 里有重复的列：%(columns)s。"),
    "SH-004": marked("表格 %(name)s 超过了 %(most)s 行，请分成几张表。"),
    "SH-005": marked("认不出表格 %(name)s 的文字编码，请另存为 .xlsx。"),
}
_SHEET_ROWS: Mapping[str, str] = {
    "column": marked("不认识列名“%(what)s”。"),
    "file": marked("没有找到文件“%(what)s”。"),
    "many_files": marked("有几个文件都叫“%(what)s”，不知道是哪一个。"),
    "no_file": marked("没有写文件名。"),
    "taken": marked("档号“%(what)s”已经用过。"),
}
_PASSWORD: Mapping[str, str] = {
    "short": marked("密码太短，至少 %(least)s 位（建议 12 位以上）。"),
    "long": marked("密码太长，最多 %(most)s 位。"),
    "known": marked("这个密码太常见，或者含有用户名，容易被猜到，请换一个。"),
}
#: Names of form fields that are no row of the data dictionary.
_FORM_FIELDS: Mapping[str, str] = {
    "username": marked("用户名"),
    "full_name": marked("姓名"),
    "roles": marked("岗位"),
    "school_name": marked("学校名称"),
    "fonds_code": marked("全宗号"),
    "medium_name": marked("介质名称"),
    "medium_owner": marked("保管人"),
    "medium_place": marked("存放地点"),
    "rotation_days": marked("轮换间隔（天）"),
    "check_days": marked("核验间隔（天）"),
}
_MEGABYTE = 1 << 20


def lang() -> str:
    """Return the language of this request for our own tables: "zh" or "en"."""
    locale = get_locale()
    return "en" if locale is not None and locale.language == "en" else "zh"


def sentence(error: object, kind: str = "") -> str:
    """Return an error or a Problem as a sentence for people.

    kind is the kind of the item, where a field is called differently for it.
    What has no code of ours is told as "something went wrong".
    """
    if isinstance(error, Problem):
        return messages.sentence(error.code, dict(error.facts), field=error.field, kind=kind, lang=lang())
    if isinstance(error, DescriptionError):
        return messages.sentence(error.code, error.facts, kind=kind, lang=lang())
    if isinstance(error, WorkflowError):
        return _of_workflow(error, kind)
    if isinstance(error, StorageError):
        return _of_storage(error)
    if isinstance(error, QueryRefused):
        return filled(_SEARCH.get(str(error.facts.get("limit")), marked("检索词写得不对，请改一改。")), error.facts)
    if isinstance(error, SearchError):
        return gettext("检索暂时不能使用，索引正在重建，请过几分钟再试。")
    if isinstance(error, SheetUnreadable):
        return filled(_SHEETS[error.code], error.facts)
    if isinstance(error, SettingRefused):
        return filled(_SETTINGS.get(error.code, error.code), error.facts)
    return gettext("系统遇到了没有料到的情况。")


def sheet_lines(refusal: SheetRefused) -> list[str]:
    """Return one sentence for each problem of a sheet of metadata, with the number of its row."""
    found = refusal.facts.get("problems")
    lines = []
    for told in found if isinstance(found, Sequence) else ():
        problem = told.get("problem")
        words = sentence(problem) if problem is not None else filled(_SHEET_ROWS[told["code"]], told)
        lines.append(gettext("第 %(row)s 行：%(words)s", row=told["row"], words=words))
    return lines


def problems(found: Sequence[Problem], kind: str = "") -> list[tuple[str, str]]:
    """Return (field, sentence) for each problem, as error_summary of macros/forms.html wants it."""
    return [(problem.field, sentence(problem, kind)) for problem in found]


def field_word(name: str, kind: str = "") -> str:
    """Return how a field of a form or of the dictionary is called."""
    return gettext(_FORM_FIELDS[name]) if name in _FORM_FIELDS else label(name, kind, lang())


def _of_workflow(error: WorkflowError, kind: str) -> str:
    if isinstance(error, Incomplete):
        return _incomplete(error, kind)
    if isinstance(error, NotAllowed):
        return _not_allowed(error)
    if isinstance(error, PackRefused):
        return exchange_words.pack_sentence(error)
    if isinstance(error, MediumRefused):
        return filled(_MEDIA[str(error.facts["why"])], error.facts)
    if isinstance(error, WeakPassword):
        return filled(_PASSWORD[str(error.facts["why"])], error.facts)
    if error.code in backup_words.CODES:
        return backup_words.refusal(error)
    return filled(_WORKFLOW.get(error.code, _WORKFLOW["WF-000"]), error.facts)


def _incomplete(error: Incomplete, kind: str) -> str:
    found = error.facts.get("problems")
    if isinstance(found, Sequence) and found:
        return " ".join(sentence(problem, kind) for problem in found[:5])
    missing = error.facts.get("missing")
    names = [field_word(str(name), kind) for name in missing] if isinstance(missing, Sequence) else []
    return gettext("请填写：%(names)s。", names=listed(names))


def _not_allowed(error: NotAllowed) -> str:
    state = str(error.facts.get("state", ""))
    if error.facts.get("verb") == "lock_out":
        if state == "self":
            return gettext("不能停用自己，也不能取消自己的系统管理员岗位。请让另一位系统管理员来做。")
        return gettext("这是最后一位系统管理员，不能停用，也不能取消这个岗位。")
    return gettext("这件档案现在是“%(state)s”，不能做这一步。请刷新页面看看最新情况。", state=state_word(state))


def trouble(told: str) -> str:
    """Return why a job or a duty failed: the sentence where its code is known, then what it was told as."""
    code, _, rest = told.partition(" ")
    if code not in _STORAGE:
        return told
    store = re.search(r"store='([^']+)'", rest)
    where = gettext("存储 %(name)s：", name=store[1]) if store else ""
    return f"{where}{filled(_STORAGE[code], {})}（{told}）"


def _of_storage(error: StorageError) -> str:
    facts: dict[str, object] = dict(error.facts)
    if error.facts.get("reason") == "cut off" or (error.code == "ST-004" and "announced" in facts):
        return gettext(_CUT_OFF)
    limit, wanted, left = facts.get("limit"), facts.get("wanted"), facts.get("left")
    if isinstance(limit, int):
        facts["megabytes"] = max(1, limit // _MEGABYTE)
    if isinstance(error, StorageFull) and isinstance(wanted, int) and isinstance(left, int):
        return filled(_FULL_WITH_ROOM, {"wanted": wanted // _MEGABYTE + 1, "left": max(0, left) // _MEGABYTE})
    return filled(_STORAGE.get(error.code, _STORAGE["ST-000"]), facts)


def wait_words(seconds: int) -> str:
    """Return how long to wait, in words."""
    if seconds < 90:
        return ngettext("%(num)s 秒", "%(num)s 秒", seconds)
    return ngettext("%(num)s 分钟", "%(num)s 分钟", (seconds + 59) // 60)
