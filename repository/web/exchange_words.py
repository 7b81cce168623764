"""Words of what goes out and comes in: why an item, a zip or a bag was refused."""

from collections.abc import Mapping

from flask_babel import gettext

from repository.description.export_list import OutItem
from repository.web.words import filled, marked
from repository.workflow.bag_import import Received
from repository.workflow.exchange_errors import PackRefused
from repository.workflow.receipt_checks import ItemNow

_LEFT_OUT: Mapping[str, str] = {
    "no_good_copy": marked("没有一份副本是完好的（%(path)s），没有导出。请先修复。"),
    "register": marked("目录里的登记不完整，没有导出。请联系系统管理员。"),
}
_PACKS: Mapping[str, str] = {
    "unreadable": marked("打不开这个压缩包，可能没有传完，或者不是 zip、tar 文件。"),
    "encrypted": marked("压缩包有密码，请去掉密码后再交。"),
    "link": marked("里面有链接（%(path)s），整个没有接收。"),
    "special": marked("里面有设备或管道一类的特殊文件（%(path)s），整个没有接收。"),
    "path": marked("里面有指到外面、或者不能使用的路径（%(path)s），整个没有接收。"),
    "twins": marked("里面有两个名字在别的系统上会当成同一个：“%(path)s”和“%(twin)s”，整个没有接收。请先改名。"),
    "too_many": marked("里面的文件太多，超过了 %(most)s 个，没有接收。"),
    "too_large": marked("里面的内容太大，没有接收。"),
    "ratio": marked("压缩包展开后大得不正常，为了安全没有接收。"),
    "too_deep": marked("里面的文件夹层数太多，没有接收。"),
    "right": marked("您的账号现在不能导入信息包，没有接收。"),
    "no_room": marked("磁盘空间不够，没有接收。请联系系统管理员。"),
    "no_bag": marked("里面没有 BagIt 信息包（没有 bagit.txt）。"),
}

_RECEIVED: Mapping[str, str] = {
    "taken": marked("“%(title)s”已放进收件箱，等待审核。"),
    "restored": marked("“%(title)s”是本系统的信息包，第 %(version)s 版已原样登记。"),
    "known": marked("“%(title)s”馆藏里已有，没有重复接收。"),
    "differs": marked("“%(title)s”馆藏里已有，但内容与这个包不同，没有覆盖任何内容。请人工比对。"),
    "refused": marked("信息包没有通过核验，整个没有接收。"),
}
_WHY: Mapping[str, str] = {
    "no_payload": marked("信息包里没有内容文件，没有接收。"),
    "tags": marked("信息包的标签文件大得不正常，没有接收。"),
    "record": marked("信息包里的著录记录不完整或不可信，没有接收。"),
    "given_up": marked("“%(title)s”在本馆已经销毁或移出，有处置记录，没有接收。"),
    "unreadable": marked("信息包读不出来，没有接收。"),
}


def left_out_words(item: OutItem | Mapping[str, str]) -> str:
    """Return why an item was not exported."""
    if isinstance(item, OutItem):
        item = {"reason": item.reason, "path": item.path}
    return filled(_LEFT_OUT.get(item["reason"], item["reason"]), {"path": item["path"]})


def received_words(bag: Received | Mapping[str, object]) -> str:
    """Return what became of a bag that came in."""
    if isinstance(bag, Received):
        bag = {"why": bag.why, "outcome": bag.outcome, "title": bag.title, "version": bag.version}
    text = _WHY.get(str(bag["why"])) or _RECEIVED[str(bag["outcome"])]
    return filled(text, bag)


def import_refused_words(facts: Mapping[str, object]) -> str:
    """Return why a whole upload was refused."""
    return filled(_PACKS.get(str(facts.get("why")), _PACKS["unreadable"]), facts)


def item_now_words(item: ItemNow) -> str:
    """Return how one item of a receipt fares now."""
    if not item.is_kept:
        return gettext("还没有归档。") if not item.was_kept else gettext("目录里现在没有这一件，请联系档案室。")
    if not item.same_files:
        return gettext("现在的文件与回执所列的不同，请联系档案室。")
    if item.was_kept and not item.same_digest:
        return gettext("登记的摘要与回执不同，请联系档案室。")
    if not item.copies:
        return gettext("现在没有已核验的完好副本，请联系档案室。")
    return gettext("文件与回执一致。")


def pack_sentence(error: PackRefused) -> str:
    """Return why a zip, tar or folder was refused."""
    return import_refused_words(error.facts)
