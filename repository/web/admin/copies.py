"""Copies, stores and runs in words: what is wrong with each, and what to do."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from flask import url_for
from flask_babel import gettext

from repository.models.event import Event
from repository.models.package import Copy
from repository.queries import TroubledCopy
from repository.web.findings import finding
from repository.web.shown import EventRow
from repository.web.words import check_word, event_word, listed

SHARED = "FX-403"  # the finding of bytes that have a name outside the package (A17)
SHOWN = 10  # findings of one copy that a list shows; its page shows all


@dataclass(frozen=True, slots=True)
class FindingRow:
    """One finding for finding_list."""

    outcome: str
    sentence: str
    path: str


@dataclass(frozen=True, slots=True)
class OtherRow:
    """Another copy of the same package."""

    id: str
    store: str
    state: str
    checked_at: datetime | None


@dataclass(frozen=True, slots=True)
class CopyRow:
    """One copy with its story. title and url are empty where the reader may not see the item."""

    id: str
    title: str
    url: str
    prefix: str
    version: int
    store: str
    state: str
    checked_at: datetime | None
    tried_at: datetime | None
    findings: tuple[FindingRow, ...]
    more: int
    others: tuple[OtherRow, ...]
    advice: str
    lost: tuple[str, ...]
    mending: bool

    is_shared: bool = False

    @property
    def is_troubled(self) -> bool:
        """Return whether someone has to act."""
        return self.state in ("damaged", "missing", "unreadable") or bool(self.lost)


def row_of(told: TroubledCopy, *, mending: bool, shown: int = SHOWN) -> CopyRow:
    """Return one copy in words."""
    copy, package, item = told.copy, told.package, told.item
    rest = [one for one in package.copies if one.id != copy.id]
    others = tuple(OtherRow(one.id, one.store_id, one.state, one.checked_at) for one in rest)
    return CopyRow(
        id=copy.id,
        title=(item.title or gettext("（未命名）")) if item else "",
        url=url_for("public.item", item_id=item.id) if item else "",
        prefix=package.prefix,
        version=package.version,
        store=copy.store_id,
        state=copy.state,
        checked_at=copy.checked_at,
        tried_at=copy.tried_at,
        findings=findings_of(copy.findings[:shown]),
        more=max(0, len(copy.findings) - shown),
        others=others,
        advice=_advice(copy, others),
        lost=tuple(str(path) for path in copy.lost),
        mending=mending,
        is_shared=any(found["code"] == SHARED for found in copy.findings),
    )


def findings_of(found: Iterable[dict[str, Any]]) -> tuple[FindingRow, ...]:
    """Return findings as rows in words."""
    return tuple(
        FindingRow(one["outcome"], finding(one["code"], one.get("facts")), one.get("path", ""))
        for one in found
    )


def _advice(copy: Copy, others: Sequence[OtherRow]) -> str:
    """Return what to do about a copy, "" where nothing is to be done."""
    if copy.lost:
        return gettext(
            "没有一份副本还保有完好的内容。请不要删除任何东西，也不要再往这些硬盘里写东西；"
            "尽快找出离线备份、其他硬盘或实体原件，必要时请专业人员恢复。"
        )
    good = listed(one.store for one in others if one.state == "ok")
    if copy.state == "unreadable":
        return gettext("先检查硬盘、网络和读取权限，恢复后再核验一次；仍读不出时再修复。")
    if copy.state not in ("damaged", "missing"):
        return ""
    if good:
        return gettext("存储 %(name)s 里的副本完好。按“修复”从那里取回，换下的内容移到隔离区，不会丢弃。", name=good)
    if others:
        return gettext("其他副本也没有确认完好。请先核验全部副本；按“修复”时只取用与登记一致的文件。")
    return gettext("没有其他副本可以用来修复。请尽快找出备份或原件。")


def events_of(rows: Iterable[Event]) -> list[EventRow]:
    """Return the history of a copy in words, in the order it came."""
    return [
        EventRow(row.at, event_word(row.type), _outcome(row), row.agent_name, _detail(row)) for row in rows
    ]


def _outcome(row: Event) -> str:
    """Return how it ended; that something began has no outcome yet, and nobody is waited for."""
    return "" if row.detail == "begin" else row.outcome


def _detail(row: Event) -> str:
    facts = row.facts
    said = [check_word(row.detail)] if row.detail else []
    if facts.get("files"):
        said.append(gettext("读了 %(n)s 个文件", n=facts["files"]))
    said += [f"{one.sentence} {one.path}".strip() for one in findings_of(facts.get("findings", ())[:3])]
    for one in facts.get("restored", ())[:3]:
        said.append(gettext("从 %(store)s 取回 %(path)s", store=one["source"], path=one["path"]))
    said += [gettext("移入隔离区：%(path)s", path=path) for path in facts.get("quarantined", ())[:3]]
    said += [gettext("没有完好的来源：%(path)s", path=path) for path in facts.get("lost", ())[:3]]
    said += [gettext("等存储接上再修：%(path)s", path=path) for path in facts.get("waiting", ())[:3]]
    return " · ".join(said)
