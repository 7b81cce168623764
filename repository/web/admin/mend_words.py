"""What is wrong with a copy in one sentence, and what a repair will do, step by step."""

from collections.abc import Iterable, Sequence

from flask_babel import gettext

from repository.models.package import Copy
from repository.web.words import listed

_GONE = ("FX-201", "FX-202")
_CHANGED = ("FX-101", "FX-102", "FX-103", "FX-104", "FX-402")
_STRANGE = ("FX-301", "FX-302")
NAMED = 3  # files that the sentence names; the list below has all


def wrong_sentence(copy: Copy, files: int) -> str:
    """Return what is wrong in one sentence, "" where nothing is; files is how many the package has."""
    if copy.lost:
        return gettext("%(n)s 个文件在哪份副本里都没有完好的内容。", n=len(copy.lost))
    if copy.state == "missing":
        return gettext("存储 %(store)s 里的整份副本不见了，共 %(n)s 个文件。", store=copy.store_id, n=files)
    if copy.state not in ("damaged", "unreadable"):
        return ""
    parts = [
        _part(gettext("%(n)s 个文件的内容与登记的不一致"), _paths(copy, _CHANGED)),
        _part(gettext("%(n)s 个文件不见了"), _paths(copy, _GONE)),
        _part(gettext("%(n)s 个文件读不出来"), _paths(copy, ("FX-401",))),
        _part(gettext("多出 %(n)s 个没有登记的文件"), _paths(copy, _STRANGE)),
    ]
    said = gettext("，").join(part for part in parts if part)
    return gettext("存储 %(store)s 里的这份副本有 %(what)s。", store=copy.store_id, what=said) if said else ""


def _paths(copy: Copy, codes: Iterable[str]) -> list[str]:
    return [str(found.get("path") or "") for found in copy.findings if found["code"] in codes]


def _part(sentence: str, paths: list[str]) -> str:
    """Return the count of some files with the first of their names."""
    if not paths:
        return ""
    names = listed(path for path in paths[:NAMED] if path)
    more = gettext("等") if len(paths) > NAMED else ""
    return sentence % {"n": len(paths)} + (f"（{names}{more}）" if names else "")


def steps(copy: Copy, good: Sequence[str]) -> list[str]:
    """Return what a repair of this copy will do; good are the stores whose copy was found good."""
    strange, rest = _paths(copy, _STRANGE), _paths(copy, (*_CHANGED, *_GONE, "FX-401", "FX-002"))
    said = []
    if rest and good:
        said.append(gettext("从存储 %(name)s 取回有问题的文件；每个文件都先与登记的摘要核对，一致才放回。", name=listed(good)))
    elif rest:
        said.append(gettext("到其他每一份副本里逐个寻找；只取用与登记的摘要一致的文件，一份里没有就问下一份。"))
        said.append(gettext("找不到完好来源的文件，什么都不会被覆盖；联系不上的存储不下结论，等接上再修。"))
    if rest:
        said.append(gettext("换下的损坏内容移到隔离区，至少保留 90 天，不会丢弃。"))
    if strange:
        said.append(gettext("多出的 %(n)s 个文件移到隔离区，不会丢弃。", n=len(strange)))
    said.append(gettext("做完后把整份副本从头到尾重读一遍，并写一份可以打印、签字的修复报告。"))
    return said
