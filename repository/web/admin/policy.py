"""保存策略: how many copies in how many places, how often each store is read.

Shows the rules in force with where each comes from, and lets an administrator
change them; every change is told in the log.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import cast
from uuid import UUID

from flask import abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext

from preservation.policy import StoreKind, StoreRule, Wanted
from repository import policies
from repository.extensions import db
from repository.models.collection import Collection
from repository.permissions import Act, may
from repository.policies import GB, Rules
from repository.web.admin.care import admin
from repository.web.guards import allows, current_actor, current_tools
from repository.workflow import assigning
from repository.workflow.assigning import MOST_COPIES, MOST_DAYS, MOST_GB, StoreWish, UnitWish
from repository.workflow.errors import Incomplete


@dataclass(frozen=True, slots=True)
class StoreLine:
    """One store: the rule in force, the place that people gave it, and who shares its disk."""

    rule: StoreRule
    place: str
    beside: str

    @property
    def kind(self) -> str:
        """Return what kind of store it is, in words."""
        return kind_word(self.rule.kind)

    @property
    def days(self) -> int:
        """Return after how many days a copy is read again at the latest."""
        return self.rule.interval.days

    @property
    def nightly_gb(self) -> int | None:
        """Return the budget of a night in GB, None for none."""
        return None if self.rule.nightly_bytes is None else self.rule.nightly_bytes // GB


@dataclass(frozen=True, slots=True)
class UnitLine:
    """One unit of the tree with what holds in it; own tells which of the two it says itself."""

    unit: Collection
    depth: int
    wanted: Wanted


def kind_word(kind: StoreKind) -> str:
    """Return a kind of store in words."""
    return gettext("异地") if kind is StoreKind.REPLICA else gettext("本地")


@admin.get("/care/policy")
@allows(Act.SEE_CARE)
def policy() -> str:
    """Show the rules in force."""
    tools = current_tools()
    told = policies.rules(db.session, tools)
    return render_template(
        "admin/policy.html",
        rules=told,
        stores=[_store_line(rule, told) for rule in told.stores.values()],
        units=_tree(policies.units(db.session), told),
        worries=_worries(told),
        settings=tools.settings,
        may_change=may(current_actor(), Act.MANAGE_SYSTEM),
    )


def _store_line(rule: StoreRule, told: Rules) -> StoreLine:
    sharing = next((names for names in told.sharing_a_disk() if rule.id in names), ())
    beside = "、".join(name for name in sharing if name != rule.id)
    return StoreLine(rule, told.named.get(rule.id, ""), beside)


def _tree(rows: list[Collection], told: Rules) -> list[UnitLine]:
    """Return the units in the order of the tree, each behind the one above it."""
    below: dict[str | None, list[Collection]] = {}
    for row in rows:
        below.setdefault(row.parent_id, []).append(row)
    found: list[UnitLine] = []
    waiting = [(row, 0) for row in reversed(below.get(None, []))]
    while waiting:
        row, depth = waiting.pop()
        found.append(UnitLine(row, depth, told.wanted(row.id)))
        waiting += [(one, depth + 1) for one in reversed(below.get(row.id, []))]
    return found


def _worries(told: Rules) -> list[str]:
    """Return in words why no item can be protected, or what is one place although it looks like two."""
    asked = [told.rest, *told.units.values()]
    copies, places = max(one.copies for one in asked), max(one.places for one in asked)
    kept = len(told.stores) + len(told.media)
    apart = len({rule.place for rule in told.stores.values()} | {rule.place for rule in told.media.values()})
    found = []
    if copies > kept:
        found.append(gettext("要求 %(copies)s 份副本，但只有 %(kept)s 个存储和离线介质：这些档案不会显示为“已保护”。",
                             copies=copies, kept=kept))
    if places > apart:
        found.append(gettext("要求分布在 %(places)s 处，但现在只有 %(apart)s 处：这些档案不会显示为“已保护”。",
                             places=places, apart=apart))
    for names in told.sharing_a_disk():
        found.append(gettext("存储 %(names)s 在同一块硬盘上，只算一处，无论地点怎样填写。", names="、".join(names)))
    return found


@admin.get("/care/policy/stores/<store_id>")
@allows(Act.MANAGE_SYSTEM)
def store_policy(store_id: str) -> str:
    """Show the form for one store."""
    card = policies.card(db.session, store_id)
    rule = _rule(store_id)
    values = {
        "kind": str(rule.kind),
        "place": "" if card is None else card.place,
        "interval_days": "" if card is None else card.interval_days or "",
        "nightly_gb": "" if card is None else card.nightly_gb or "",
    }
    return _store_form(rule, values, {})


@admin.post("/care/policy/stores/<store_id>")
@allows(Act.MANAGE_SYSTEM)
def assign_store(store_id: str) -> ResponseReturnValue:
    """Keep what was said of one store."""
    rule, form = _rule(store_id), request.form
    days, gb = _number(form, "interval_days"), _number(form, "nightly_gb")
    kind = StoreKind.REPLICA if form.get("kind") == StoreKind.REPLICA else StoreKind.LOCAL
    wish = StoreWish(kind, form.get("place", "").strip(), days, gb)
    try:
        assigning.assign_store(db.session, current_tools(), current_actor(), store_id, wish)
    except Incomplete as refusal:
        db.session.rollback()
        return _store_form(rule, form, _said(refusal)), refusal.status
    db.session.commit()
    flash(gettext("已保存。下一轮核验起按新的策略进行。"), "success")
    return redirect(url_for("admin.policy"))


@admin.get("/care/policy/units/<uuid:unit_id>")
@allows(Act.MANAGE_SYSTEM)
def unit_policy(unit_id: UUID) -> str:
    """Show the form for one unit."""
    unit = _unit(unit_id)
    return _unit_form(unit, {"copies": unit.copies or "", "places": unit.places or ""}, {})


@admin.post("/care/policy/units/<uuid:unit_id>")
@allows(Act.MANAGE_SYSTEM)
def assign_unit(unit_id: UUID) -> ResponseReturnValue:
    """Keep what a unit needs."""
    unit, form = _unit(unit_id), request.form
    wish = UnitWish(_number(form, "copies"), _number(form, "places"))
    try:
        assigning.assign_unit(db.session, current_tools(), current_actor(), unit, wish)
    except Incomplete as refusal:
        db.session.rollback()
        return _unit_form(_unit(unit_id), form, _said(refusal)), refusal.status
    db.session.commit()
    flash(gettext("已保存。“已保护”从现在起按新的策略判断。"), "success")
    return redirect(url_for("admin.policy"))


def _rule(store_id: str) -> StoreRule:
    found = policies.rules(db.session, current_tools()).stores.get(store_id)
    return found if found is not None else abort(404)


def _unit(unit_id: UUID) -> Collection:
    found = policies.unit(db.session, str(unit_id))
    return found if found is not None else abort(404)


def _number(form: Mapping[str, str], name: str) -> int | None:
    """Return a typed number, None for an empty field, 0 (which is refused) for anything else."""
    text = form.get(name, "").strip()
    if not text:
        return None
    return int(text) if text.isascii() and text.isdigit() and len(text) <= 9 else 0


def _said(refusal: Incomplete) -> dict[str, str]:
    told = {
        "interval_days": gettext("请填 1 到 %(most)s 的整数，或者留空。", most=MOST_DAYS),
        "nightly_gb": gettext("请填 1 到 %(most)s 的整数，或者留空。", most=f"{MOST_GB:,}"),
        "place": gettext("地点太长，或者含有不能显示的字符。"),
        "copies": gettext("请填 1 到 %(most)s 的整数，或者留空。", most=MOST_COPIES),
        "places": gettext("请填 1 到 %(most)s 的整数，或者留空。", most=MOST_COPIES),
    }
    missing = cast(tuple[str, ...], refusal.facts["missing"])
    return {name: told[name] for name in missing if name in told}


def _store_form(rule: StoreRule, values: Mapping[str, object], errors: Mapping[str, str]) -> str:
    kinds = [(str(kind), kind_word(kind)) for kind in StoreKind]
    settings = current_tools().settings
    return render_template(
        "admin/store_policy.html", rule=rule, values=values, errors=errors, kinds=kinds, settings=settings
    )


def _unit_form(unit: Collection, values: Mapping[str, object], errors: Mapping[str, str]) -> str:
    return render_template("admin/unit_policy.html", unit=unit, values=values, errors=errors)
