"""What a stocktake (清点) found, in words: the page and the command line say the same."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from flask_babel import gettext

from repository.models.watch import Report
from repository.web.findings import finding
from repository.web.words import filled, marked
from storage.errors import UnsafeName
from storage.layout import parse_prefix

#: Codes of one kind -> what stands over them.
_GROUPS: Mapping[str, str] = {
    "ST-1": marked("目录里有的"),
    "ST-2": marked("存储里多出的归档信息包"),
    "ST-3": marked("放错了的"),
    "ST-4": marked("位置不对的、来历不明的"),
}
UNKNOWN = "ST-201"
#: What is said of a copy that the figures count as missing, wrong or not looked at.
_OF_COPIES = frozenset({"ST-101", "ST-102", "ST-104", "ST-301", "ST-302", "ST-303", "ST-304"})


@dataclass(frozen=True, slots=True)
class Line:
    """One finding: where, the sentence on it, the outcome word, its code, the item it speaks of or ""."""

    path: str
    sentence: str
    outcome: str
    code: str
    item_id: str


@dataclass(frozen=True, slots=True)
class Group:
    """Findings of one kind under their heading."""

    title: str
    lines: tuple[Line, ...]


def sentence(report: Report) -> str:
    """Return what a report comes to."""
    told = report.facts
    if told["trouble"] and not told["standing"]:
        return gettext("存储联系不上，没有清点；其中副本的状态不变。")
    words = {name: f"{told[name]:,}" for name in ("expected", "standing", "missing", "wrong", "not_looked")}
    if report.outcome == "passed":
        return gettext("目录里的 %(expected)s 份副本都在原处，没有多出来的东西。", **words)
    said = gettext("目录里应有 %(expected)s 份：在原处 %(standing)s，缺失 %(missing)s，不对 %(wrong)s，没有看到 %(not_looked)s。",
                   **words)
    if told["trouble"]:
        return said + gettext("清点中途断了，其余没有看。")
    others = sum(count for code, count in told["codes"].items() if code not in _OF_COPIES)
    return said + (gettext("另有 %(n)s 处要看一看。", n=f"{others:,}") if others > 0 else "")


def total(report: Report) -> int:
    """Return how many findings there were, also those that the report keeps no line of."""
    counted: dict[str, int] = report.facts["codes"]
    return sum(counted.values())


def groups(report: Report) -> tuple[Group, ...]:
    """Return the findings that the report keeps, by kind."""
    lines = [_line(one) for one in report.facts["findings"]]
    found = []
    for kind, title in _GROUPS.items():
        members = tuple(one for one in lines if one.code.startswith(kind))
        if members:
            found.append(Group(filled(title, {}), members))
    return tuple(found)


def _line(one: Mapping[str, Any]) -> Line:
    said = finding(one["code"], one["facts"])
    return Line(one["path"], said, one["outcome"], one["code"], _item_of(one["path"]) or _item_of(_told(one)))


def _told(one: Mapping[str, Any]) -> str:
    return str(one["facts"].get("told", ""))


def _item_of(prefix: str) -> str:
    try:
        return parse_prefix(prefix).item_id
    except UnsafeName:
        return ""
