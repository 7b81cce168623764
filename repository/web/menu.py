"""The seven headings that every Chinese archivist knows, with the rooms one may enter.

An entry is shown to whoever the guard would let in: the act is read from the
view itself. A heading without rooms is not shown. Nothing is asked of the
catalogue before a page draws the menu, and a page is drawn without counts
where the catalogue cannot be read.
"""

import logging
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from flask import Flask, current_app, request, url_for
from flask_babel import gettext, pgettext
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from repository import figures, queries
from repository.extensions import db
from repository.permissions import Actor, Role, may
from repository.web.guards import act_of, current_actor
from repository.web.words import marked, marked_in
from repository.workflow import states

log = logging.getLogger("jingui.web")


def _returned(session: Session, actor: Actor) -> int:
    """Return how many of one's own items came back; the archivist sees them in the inbox."""
    if Role.ARCHIVIST in actor.roles:
        return 0
    return queries.inbox_counts(session, actor).get(states.RETURNED, 0)


def _to_review(session: Session, actor: Actor) -> int:
    counted = queries.inbox_counts(session, actor)
    return counted.get(states.SUBMITTED, 0) + counted.get(states.HELD, 0)


def _troubled(session: Session, actor: Actor) -> int:
    return figures.troubled_count(session)


def _parked(session: Session, actor: Actor) -> int:
    return figures.parked_count(session)


@dataclass(frozen=True, slots=True)
class Room:
    """One entry of the menu: where it leads, which other pages belong to it, what waits there."""

    label: str
    endpoint: str
    within: tuple[str, ...] = ()
    waiting: Callable[[Session, Actor], int] | None = None


#: Heading -> rooms. 鉴定与处置 has none yet and is therefore not shown.
HEADINGS: Mapping[str, tuple[Room, ...]] = {
    marked_in("menu", "接收"): (
        Room(marked("交档案"), "desk.upload", ("desk.batch", "desk.save_batch")),
        Room(marked("我交的档案"), "desk.mine", ("desk.submission_receipts", "desk.receipt"), _returned),
        Room(marked("收件箱"), "desk.inbox", ("desk.review", "desk.accept", "desk.return_"), _to_review),
        Room(marked("导入信息包"), "desk.new_import", ("desk.start_import", "desk.show_import")),
    ),
    marked_in("menu", "整理"): (
        Room(marked("目录"), "desk.catalogue", ("desk.edit", "desk.save", "desk.history")),
    ),
    marked_in("menu", "保存"): (
        Room(marked("保存状况"), "admin.care", ("admin.copy", "admin.repair"), _troubled),
        Room(marked("核验记录"), "admin.runs", ("admin.run",)),
        Room(marked("保存策略"), "admin.policy", ("admin.store_policy", "admin.unit_policy")),
        Room(marked("离线介质"), "admin.media", ("admin.medium", "admin.new_medium", "admin.medium_label")),
        Room(marked("清点"), "admin.stock", ("admin.stock_report",)),
        Room(marked("修复报告"), "admin.repairs", ("admin.repair_report", "admin.quarantine")),
        Room(marked("恢复演练"), "admin.drills", ("admin.drill",)),
    ),
    marked_in("menu", "利用"): (
        Room(marked("检索"), "public.find"),
        Room(marked("浏览"), "public.browse", ("public.item",)),
        Room(marked("验证回执"), "public.receipts"),
        Room(marked("导出"), "desk.exports", ("desk.new_export", "desk.show_export")),
    ),
    marked_in("menu", "鉴定与处置"): (),
    marked_in("menu", "统计"): (Room(marked("馆藏概况"), "admin.holdings"),),
    marked_in("menu", "系统管理"): (
        Room(marked("账号"), "admin.accounts", ("admin.new_account", "admin.add_account", "admin.account",
                                              "admin.change_account", "admin.reset_password")),
        Room(marked("岗位权限"), "admin.roles"),
        Room(marked("系统体检"), "admin.health_check"),
        Room(marked("备份"), "admin.backups"),
        Room(marked("后台作业"), "admin.status", waiting=_parked),
        Room(marked("审计日志"), "admin.audit_log", ("admin.audit_entry", "admin.anchor_print")),
        Room(marked("设置"), "admin.settings"),
    ),
}


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry as the layout draws it."""

    label: str
    url: str
    count: int
    active: bool


@dataclass(frozen=True, slots=True)
class Heading:
    """One heading with the entries that this person may open."""

    label: str
    entries: tuple[Entry, ...]


class Menu:
    """The menu of this request, made when a page draws it."""

    def __iter__(self) -> Iterator[Heading]:
        """Yield the headings that have a room for this person."""
        try:
            actor = current_actor()
        except SQLAlchemyError:
            return
        for label, rooms in HEADINGS.items():
            entries = tuple(_entry(room, actor) for room in rooms if _is_open(room, actor))
            if entries:
                yield Heading(pgettext("menu", label), entries)


def _is_open(room: Room, actor: Actor) -> bool:
    act = act_of(current_app, room.endpoint)
    return act is not None and may(actor, act)


def _entry(room: Room, actor: Actor) -> Entry:
    active = request.endpoint in (room.endpoint, *room.within)
    return Entry(gettext(room.label), url_for(room.endpoint), _count(room, actor), active)


def _count(room: Room, actor: Actor) -> int:
    if room.waiting is None:
        return 0
    try:
        return room.waiting(db.session, actor)
    except SQLAlchemyError as error:
        log.warning("the menu could not count %s: %s", room.endpoint, error)
        return 0


def init_app(app: Flask) -> None:
    """Tell every template of the menu."""
    app.context_processor(lambda: {"menu": Menu()})
