"""What waits for whom (待办): numbers with a link to the list behind them."""

from dataclasses import dataclass

from flask import url_for
from flask_babel import gettext

from repository import figures, queries, worklists
from repository.extensions import db
from repository.permissions import Act, Actor, may
from repository.workflow import states


@dataclass(frozen=True, slots=True)
class Waiting:
    """One kind of work that waits; urgent is shown in another tone."""

    label: str
    count: int
    url: str
    urgent: bool = False


@dataclass(frozen=True, slots=True)
class Group:
    """Work of one heading; only what there is."""

    title: str
    rows: tuple[Waiting, ...]


def of(actor: Actor) -> list[Group]:
    """Return what waits for this person, by heading; headings without work are left out."""
    groups: list[Group] = []
    if may(actor, Act.SUBMIT):
        groups.append(Group(gettext("我交的档案"), _own(actor)))
    if may(actor, Act.REVIEW):
        groups.append(Group(gettext("收件箱"), _inbox(actor)))
    if may(actor, Act.DESCRIBE):
        groups.append(Group(gettext("著录待补"), _missing(actor)))
    if may(actor, Act.SEE_CARE):
        groups.append(Group(gettext("保存"), _care()))
    kept = [Group(group.title, tuple(row for row in group.rows if row.count)) for group in groups]
    return [group for group in kept if group.rows]


def _own(actor: Actor) -> tuple[Waiting, ...]:
    counts, url = worklists.own_counts(db.session, actor), url_for("desk.mine")
    return (
        Waiting(gettext("被退回，要修改"), counts.get(states.RETURNED, 0), url, True),
        Waiting(gettext("草稿，还没有提交"), counts.get(states.DRAFT, 0), url),
    )


def _inbox(actor: Actor) -> tuple[Waiting, ...]:
    counts = queries.inbox_counts(db.session, actor)
    return (
        Waiting(gettext("检测未通过"), counts.get(states.HELD, 0), url_for("desk.inbox", tab="held"), True),
        Waiting(gettext("待审"), counts.get(states.SUBMITTED, 0), url_for("desk.inbox")),
        Waiting(gettext("正在入库"), counts.get(states.ACCEPTED, 0), url_for("desk.inbox", tab="working")),
    )


def missing_words() -> dict[str, str]:
    """Return the words for what may be missing, by name."""
    return {
        "title": gettext("缺题名"),
        "date": gettext("缺时间"),
        "category": gettext("未定类别"),
        "reference_code": gettext("未编档号"),
    }


def _missing(actor: Actor) -> tuple[Waiting, ...]:
    counts = worklists.missing_counts(db.session, actor)
    return tuple(
        Waiting(word, counts[name], url_for("desk.catalogue", missing=name))
        for name, word in missing_words().items()
    )


def _care() -> tuple[Waiting, ...]:
    return (Waiting(gettext("副本有问题"), figures.troubled_count(db.session), url_for("admin.care"), True),)
