"""What the canaries (自检样本) of a fixity run proved, in words.

The page of a run and the command line say the same.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from flask_babel import gettext

from repository.models.job import FixityRun
from repository.web.findings import finding
from repository.web.words import filled, marked

#: Kind of canary (preservation/canaries.py) -> what it is.
_KINDS: Mapping[str, str] = {
    "whole": marked("完好的样本"),
    "flipped": marked("改了一个字节的样本"),
    "missing": marked("少一个文件的样本"),
    "extra": marked("多一个文件的样本"),
    "tag": marked("标签文件损坏的样本"),
}
_FRESH: Mapping[str, str] = {
    "passed": marked("重新放置的样本判断正确：原来的样本被人动过，已经换新。"),
    "failed": marked("重新放置的样本也判断错了：核验程序或这个存储不可信，请马上联系系统管理员。"),
    "not_run": marked("新的样本还没能放进去，请检查存储能不能写。"),
}


@dataclass(frozen=True, slots=True)
class StoreProof:
    """What was proved in one store: level is an outcome word, sentence says it, missed what was not found."""

    store: str
    level: str
    sentence: str
    missed: tuple[str, ...] = ()


def proofs(run: FixityRun) -> tuple[StoreProof, ...]:
    """Return what the canaries of each store proved in a run, by store."""
    return tuple(_proof(store, told) for store, told in sorted(run.canaries.items()))


def _proof(store: str, told: Mapping[str, Any]) -> StoreProof:
    before, after = told.get("before", "not_run"), told.get("after", "not_run")
    missed = tuple(_missed(one) for one in told.get("missed", ()))
    fresh = filled(_FRESH[told["fresh"]], {}) if told.get("fresh") in _FRESH else ""
    if before == "failed":
        said = gettext("没有认出自检样本，这个存储里的副本这次没有核验。") + fresh
        return StoreProof(store, "failed", said, missed)
    if after == "failed":
        said = gettext("核验结束时没有认出自检样本，这次在这个存储里得出的“完好”结论已经收回，会最先重新核验。")
        return StoreProof(store, "failed", said + fresh, missed)
    if before == after == "passed":
        return StoreProof(store, "passed", gettext("核验前后都认出了全部自检样本。"))
    if before == "passed":
        return StoreProof(store, "not_run", gettext("核验前认出了全部自检样本，核验后还没有自检。"))
    return StoreProof(store, "not_run", gettext("没有做自检：存储联系不上，或者样本放不进去。"))


def _missed(one: Mapping[str, Any]) -> str:
    words = {
        "kind": filled(_KINDS[one["kind"]], {}) if one["kind"] in _KINDS else one["kind"],
        "expected": _found(one["expected"]) or gettext("没有问题"),
        "found": _found(one["found"]) or gettext("什么也没有查出"),
    }
    return gettext("%(kind)s：应查出“%(expected)s”，实际“%(found)s”。", **words)


def _found(pairs: Sequence[Sequence[str]]) -> str:
    told = [f"{path} {finding(code).split('。', 1)[0]}".strip() for code, path in pairs]
    return "、".join(told[:5])
