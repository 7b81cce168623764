"""Words of what goes out and comes in: why an item, a zip or a bag was refused."""

from collections.abc import Mapping

from repository.description.export_list import OutItem
from repository.web.words import filled, marked
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


def left_out_words(item: OutItem | Mapping[str, str]) -> str:
    """Return why an item was not exported."""
    if isinstance(item, OutItem):
        item = {"reason": item.reason, "path": item.path}
    return filled(_LEFT_OUT.get(item["reason"], item["reason"]), {"path": item["path"]})


def pack_sentence(error: PackRefused) -> str:
    """Return why a zip, tar or folder was refused."""
    return filled(_PACKS.get(str(error.facts.get("why")), _PACKS["unreadable"]), error.facts)
