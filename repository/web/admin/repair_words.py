"""Reports on repairs (修复报告) in words, as a Chinese archivist would write them."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from flask import url_for
from flask_babel import gettext

from repository.custody import RepairTold
from repository.models.watch import Report
from repository.web.admin.copies import FindingRow, findings_of
from repository.web.findings import finding
from repository.web.words import filled, listed, marked

#: What became of a file.
_RESULTS: Mapping[str, str] = {
    "restored": marked("已从存储 %(source)s 取回"),
    "left": marked("动手前再读已经完好，没有改动"),
    "lost": marked("没有完好的来源，没有改动"),
    "waiting": marked("等联系不上的存储接上后再修"),
    "blocked": marked("位置被别的东西占着或写不进去，没有改动"),
    "set_aside": marked("不属于本档案，已移到隔离区"),
    "parted": marked("内容完好，已改为独立的文件"),
}
_INTERRUPTED = marked("在中途停下的那一次里已修好")
_WITNESSES: Mapping[str, str] = {
    "catalogue": marked("目录里登记的摘要"),
    "files": marked("目录里的文件清单"),
    "log": marked("事件日志"),
    "bag": marked("逐字节读过的信息包"),
}


@dataclass(frozen=True, slots=True)
class FileLine:
    """One file of a report; sizes in bytes, None and "" where nothing could be read."""

    path: str
    wrong: str
    done: str
    old_size: int | None
    old_sha256: str
    size: int | None
    sha256: str
    quarantine: str
    until: str
    kept_as_it_was: bool


@dataclass(frozen=True, slots=True)
class WitnessLine:
    """Who said which digest of a register."""

    who: str
    digest: str


@dataclass(frozen=True, slots=True)
class RepairRow:
    """One report: a line of the list, and the page. title and url are empty where the item is not seen."""

    id: int
    at: datetime
    title: str
    url: str
    item_id: str
    outcome: str
    sentence: str
    is_register: bool
    facts: Mapping[str, Any]
    wrong: Sequence[FindingRow]
    files: Sequence[FileLine]
    witnesses: Sequence[WitnessLine]

    @property
    def kept(self) -> Sequence[FileLine]:
        """Return the files whose old bytes lie in quarantine."""
        return [line for line in self.files if line.quarantine]


def row_of(told: RepairTold) -> RepairRow:
    """Return one report in words."""
    report, item = told.report, told.item
    facts = report.facts
    return RepairRow(
        id=report.id,
        at=report.at,
        title=(item.title or gettext("（未命名）")) if item else "",
        url=url_for("public.item", item_id=item.id) if item else "",
        item_id=report.subject,
        outcome=report.outcome,
        sentence=sentence(report),
        is_register=bool(facts.get("register")),
        facts=facts,
        wrong=[_only_what(one) for one in findings_of(facts.get("wrong", ()))],
        files=[_line(one) for one in facts.get("files", ())],
        witnesses=list(_witnesses(facts.get("witnesses", ()))),
    )


def _only_what(row: FindingRow) -> FindingRow:
    """Return a finding without its advice: that was followed."""
    head, stop, _ = row.sentence.partition("。")
    return FindingRow(row.outcome, head + stop, row.path)


def sentence(report: Report) -> str:
    """Return what a repair came to, in one or two sentences."""
    facts = report.facts
    if facts.get("register"):
        return gettext("目录里的登记与各存储的日志、信息包不一致，已按一致的证据改正。")
    if report.outcome == "awaiting":
        return gettext("修复正在进行；如果中途停下，后台程序会接着做完。")
    counts = facts.get("counts", {})
    acted = any(counts.get(kind) for kind in ("restored", "set_aside", "parted"))
    said = [_done(counts)] if acted else []
    if counts.get("lost"):
        said.append(gettext("%(n)s 个文件在任何副本里都没有完好的内容，没有覆盖任何东西。", n=counts["lost"]))
    if counts.get("waiting"):
        away = listed(facts.get("away", ()))
        said.append(gettext("%(n)s 个文件要等存储 %(name)s 接上后才能修。", n=counts["waiting"], name=away))
    if counts.get("blocked"):
        said.append(gettext("%(n)s 个文件的位置被别的东西占着或写不进去；占位的东西要由人按“修复”才会移开。", n=counts["blocked"]))
    if report.outcome == "passed":
        said.append(gettext("修复后整份重读，现在完好。"))
    elif not said:
        said.append(_untouched(report))
    if facts.get("tried_again"):
        said.append(gettext("之后又试过 %(n)s 次，结果相同。", n=facts["tried_again"]))
    return "".join(said)


def _untouched(report: Report) -> str:
    """Return why nothing was done: only a person has what does not belong moved away (A06)."""
    if not report.facts.get("by_person") and not report.facts.get("files"):
        return gettext("多出来的文件系统不会自己移走，副本仍有问题。请在这份副本的页面上按“修复”。")
    return gettext("没有可以做的，副本仍有问题。请打开“这份副本”看原因。")


def _done(counts: Mapping[str, int]) -> str:
    """Return what was done, as one sentence."""
    said = []
    if counts.get("restored"):
        said.append(gettext("取回 %(n)s 个文件", n=counts["restored"]))
    if counts.get("set_aside"):
        said.append(gettext("移走 %(n)s 个不属于本档案的文件", n=counts["set_aside"]))
    if counts.get("parted"):
        said.append(gettext("分开 %(n)s 个与别处共用数据的文件", n=counts["parted"]))
    return gettext("%(acts)s。", acts=gettext("，").join(said))


def _line(one: Mapping[str, Any]) -> FileLine:
    """Return one file in words."""
    result = str(one["result"])
    done = _RESULTS.get(result, result)
    if result == "restored" and not one.get("source"):
        done = _INTERRUPTED
    return FileLine(
        path=str(one["path"]),
        wrong=finding(one["code"]) if one.get("code") else "",
        done=filled(done, {"source": one.get("source", "")}),
        old_size=one.get("old_size"),
        old_sha256=str(one.get("old_sha256") or ""),
        size=one.get("size"),
        sha256=str(one.get("sha256") or ""),
        quarantine=str(one.get("quarantine") or ""),
        until=str(one.get("until") or ""),
        kept_as_it_was=result in ("left", "lost", "waiting", "blocked"),
    )


def _witnesses(told: Iterable[Mapping[str, str]]) -> Iterable[WitnessLine]:
    for one in told:
        who = filled(_WITNESSES[one["kind"]], {})
        where = gettext("存储 %(name)s", name=one["store"]) if one["store"] else gettext("目录")
        yield WitnessLine(f"{where} · {who}", one["digest"])
