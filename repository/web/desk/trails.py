"""The list that someone works through, carried along in addresses and forms."""

from typing import Any

from flask import request, url_for

from repository import worklists
from repository.extensions import db
from repository.models.item import Item
from repository.web.guards import current_actor
from repository.worklists import TableFilter, Trail

_NAMES = ("submission", "inbox", "catalogue")
_FILTER = ("q", "category", "kind", "access_level", "state", "missing")
#: The filter's names in addresses and forms: with this before them they never meet a field of the form.
_MARK = "in_"


def current_filter() -> TableFilter:
    """Return how this request's address narrows the table."""
    return TableFilter(**{name: request.args.get(name, "").strip() for name in _FILTER})


def current_trail() -> Trail:
    """Return the list that this request belongs to."""
    name = request.values.get("list", "")
    wanted = TableFilter(**{name: request.values.get(_MARK + name, "") for name in _FILTER})
    return Trail(name if name in _NAMES else "", request.values.get("submission", ""), wanted)


def carried(trail: Trail) -> dict[str, str]:
    """Return the values that carry a list along; empty ones are left out."""
    told = {"list": trail.name, "submission": trail.submission if trail.name == "submission" else ""}
    if trail.name == "catalogue":
        told |= {_MARK + name: getattr(trail.filter, name) for name in _FILTER}
    return {name: value for name, value in told.items() if value}


def edit_url(item_id: str, trail: Trail, **more: str | None) -> str:
    """Return the edit page of an item in a list; None is left out."""
    values: dict[str, Any] = {**carried(trail), **more}
    return url_for("desk.edit", item_id=item_id, **values)


def list_url(trail: Trail, item: Item) -> str:
    """Return where the list stands; without one, the page of the item or of one's own items."""
    if trail.name == "submission" and item.submission_id:
        return url_for("desk.batch", submission_id=item.submission_id)
    if trail.name == "inbox":
        undecided = item.state in worklists.TO_REVIEW
        return url_for("desk.review", item_id=item.id) if undecided else url_for("desk.inbox")
    if trail.name == "catalogue":
        return url_for("desk.catalogue", **{name: getattr(trail.filter, name) or None for name in _FILTER})
    if item.state in ("draft", "returned"):
        return url_for("desk.mine")
    return url_for("public.item", item_id=item.id)


def next_id(trail: Trail, item: Item) -> str | None:
    """Return the item that follows in the list."""
    return worklists.next_of(db.session, current_actor(), trail, item)
