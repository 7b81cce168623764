"""One sentence on how an item fares, with its light: 已接收, 已保护, or what is wrong."""

from collections.abc import Sequence
from dataclasses import dataclass

from flask_babel import gettext, ngettext

from preservation.policy import CopyState, Wanted, enough
from repository.models.item import Item
from repository.models.package import Copy, Package
from repository.policies import Rules
from repository.web.filters import local_time
from repository.web.words import copy_state_word, listed
from repository.workflow import states

_TROUBLED = (CopyState.DAMAGED, CopyState.MISSING, CopyState.UNREADABLE)


@dataclass(frozen=True, slots=True)
class Standing:
    """level is the light's colour (macros/status.html); more may be ""."""

    level: str
    sentence: str
    more: str = ""


def standing_of(item: Item, package: Package | None, rules: Rules) -> Standing:
    """Return how an item fares by the rules in force."""
    if item.state == states.ARCHIVED and package is not None:
        return _of_copies(package.copies, rules.wanted(item.collection_id), rules)
    return {
        states.DRAFT: Standing("grey", gettext("草稿：还没有提交给档案室。")),
        states.SUBMITTED: Standing("grey", gettext("已提交，等待档案管理人员审核。")),
        states.RETURNED: Standing("amber", gettext("已退回，请修改后再提交。"), item.reason),
        states.ACCEPTED: Standing("grey", gettext("正在入库，文件还没有存好，请稍后刷新。")),
        states.HELD: Standing("red", gettext("检测未通过，等待档案管理人员处理。"), item.reason),
    }.get(item.state, Standing("grey", gettext("状态不明，请联系档案管理人员。")))


def _of_copies(copies: Sequence[Copy], wanted: Wanted, rules: Rules) -> Standing:
    good = [copy for copy in copies if copy.state == CopyState.OK]
    bad = [copy for copy in copies if copy.state in _TROUBLED]
    if any(copy.lost for copy in copies):
        return Standing("red", gettext("有文件已经找不到完好的副本，请立即告诉档案管理人员。"))
    if bad:
        return _troubled(good, bad)
    if not good:
        return Standing("amber", gettext("已接收，副本还没有核验。"))
    places = rules.verified(copies)
    if any(copy.asked_at is not None for copy in good) and not enough(places, wanted):
        return Standing("amber", gettext("已接收：有副本搬动后还没有重新核验，很快会读。"))
    if len(places) < wanted.copies:
        return Standing("amber", gettext("已接收：%(good)s 份副本完好，还差 %(lacking)s 份，正在复制。",
                                         good=len(places), lacking=wanted.copies - len(places)))
    if not enough(places, wanted):
        return Standing("amber", gettext("已接收：%(good)s 份副本完好，但只在 %(places)s 处，规定至少 %(wanted)s 处。",
                                         good=len(places), places=len(set(places)), wanted=wanted.places))
    return Standing("green", _protected(good))


def _protected(good: Sequence[Copy]) -> str:
    checked = min((copy.checked_at for copy in good if copy.checked_at), default=None)
    told: str = ngettext("已保护：%(num)s 份副本完好，上次核验于 %(at)s。",
                         "已保护：%(num)s 份副本都完好，上次核验于 %(at)s。",
                         len(good), at=local_time(checked))
    return told


def _troubled(good: Sequence[Copy], bad: Sequence[Copy]) -> Standing:
    kinds = listed(dict.fromkeys(copy_state_word(copy.state) for copy in bad))
    sentence = gettext("有 %(bad)s 份副本有问题（%(kinds)s）。", bad=len(bad), kinds=kinds)
    if good:
        return Standing("red", sentence, gettext("另有 %(good)s 份完好，可以用来修复，内容没有丢失。", good=len(good)))
    return Standing("red", sentence, gettext("目前没有一份完好的副本，请立即告诉档案管理人员。"))
