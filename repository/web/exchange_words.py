"""Words of what goes out and comes in: why an item, a zip or a bag was refused."""

from collections.abc import Mapping

from repository.description.export_list import OutItem
from repository.web.words import filled, marked
from repository.workflow.bag_import import Received
from repository.workflow.exchange_errors import PackRefused

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
    "unreadable": marked("信息包读不出来，没有接收。"),
}


def left_out_words(item: OutItem | Mapping[str, str]) -> str:
    """Return why an item was not exported."""
    if isinstance(item, OutItem):
        item = {"reason": item.reason, "path": item.path}
    return filled(_LEFT_OUT.get(item["reason"], item["reason"]), {"path": item["path"]})


def received_words(bag: Received) -> str:
    """Return what became of a bag that came in."""
    text = _WHY.get(bag.why) or _RECEIVED[bag.outcome]
    return filled(text, {"title": bag.title, "version": bag.version})


def pack_sentence(error: PackRefused) -> str:
    """Return why a zip, tar or folder was refused."""
    return filled(_PACKS.get(str(error.facts.get("why")), _PACKS["unreadable"]), error.facts)
