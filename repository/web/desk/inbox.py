"""The desk's start page, the inbox, and the review of what was handed in.

Holds the blueprint of the audience; the other modules hang their views on it.
"""

from uuid import UUID

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext

from repository import queries
from repository.extensions import db
from repository.models.item import Item
from repository.permissions import Act
from repository.web.desk import forms, todo
from repository.web.desk.judged import findings_of, progress_of, remarks_of
from repository.web.desk.trails import next_id
from repository.web.guards import allows, current_actor, current_tools
from repository.web.leaves import leaves_of
from repository.web.pictures import thumbs
from repository.web.shown import described, files_of
from repository.workflow import describe
from repository.workflow import review as verbs
from repository.workflow import states
from repository.workflow.describe import Edit
from repository.workflow.errors import (
    EditedMeanwhile,
    Incomplete,
    NotAllowed,
    ReasonMissing,
    Taken,
    WorkflowError,
)
from repository.worklists import Trail

desk = Blueprint("desk", __name__, url_prefix="/desk")

#: Tab of the inbox -> the states that it shows.
TABS = {"waiting": (states.SUBMITTED,), "held": (states.HELD,), "working": (states.ACCEPTED,)}
LEAVES = 40  # pictures on a review page; the rest is on the page of the item
DECISION = ("category", "retention", "access_level", "reference_code")


@desk.get("")
@allows(Act.OWN_ACCOUNT)
def home() -> str:
    """Show what waits for this person."""
    return render_template("desk/home.html", todo=todo.of(current_actor()))


@desk.get("/inbox")
@allows(Act.REVIEW)
def inbox() -> str:
    """Show what was handed in: to review, held by a check, on its way in."""
    tab = request.args.get("tab", "waiting")
    tab = tab if tab in TABS else "waiting"
    page, size = request.args.get("page", 1, int), request.args.get("size", 20, int)
    listing = queries.inbox(db.session, current_actor(), states=TABS[tab], page=page, page_size=size)
    counts = queries.inbox_counts(db.session, current_actor())
    return render_template(
        "desk/inbox.html",
        tab=tab,
        listing=listing,
        counts={name: sum(counts.get(state, 0) for state in shown) for name, shown in TABS.items()},
        thumbs=thumbs(listing.rows),
    )


@desk.get("/items/<uuid:item_id>/review")
@allows(Act.REVIEW)
def review(item_id: UUID) -> ResponseReturnValue:
    """Show one item for the decision, or how far it is on its way in."""
    item = queries.item(db.session, current_actor(), str(item_id))
    if item.state == states.ARCHIVED:
        return redirect(url_for("public.item", item_id=item.id))
    return _page(item, {})


def _page(item: Item, typed: dict[str, str], refusal: WorkflowError | None = None) -> str:
    values = {**forms.said(item), **typed}
    shown = (*DECISION, "reason")
    trouble = forms.trouble_of(refusal, item.kind, shown) if refusal else forms.Trouble({}, [])
    return render_template(
        "desk/review.html",
        item=item,
        leaves=leaves_of(item, None)[:LEAVES],
        files=files_of(item, None),
        pairs=described(item),
        findings=findings_of(item),
        progress=progress_of(item),
        remarks=remarks_of(item, DECISION),
        values=values,
        options=forms.column_options(values),
        trouble=trouble,
    )


def _refused(item_id: UUID, refusal: WorkflowError) -> ResponseReturnValue:
    db.session.rollback()
    item = queries.item(db.session, current_actor(), str(item_id))
    return _page(item, {name: text for name, text in request.form.items()}, refusal), refusal.status


@desk.post("/items/<uuid:item_id>/accept")
@allows(Act.REVIEW)
def accept(item_id: UUID) -> ResponseReturnValue:
    """Take an item over with the class chosen here; a held one needs a reason."""
    item = queries.item(db.session, current_actor(), str(item_id))
    columns = forms.by_category({name: request.form[name] for name in DECISION if name in request.form}, item)
    wanted = Edit({}, columns, request.form.get("revision", None, int), joins=True)
    override = request.form.get("reason", "")
    try:
        describe.edit(db.session, current_tools(), current_actor(), item, wanted=wanted)
        verbs.accept(db.session, current_tools(), current_actor(), item, override=override)
    except (Incomplete, ReasonMissing, Taken, EditedMeanwhile, NotAllowed) as refusal:
        return _refused(item_id, refusal)
    onward = _onward(item)
    flash(gettext("已接收“%(title)s”，正在入库。", title=item.title), "success")
    db.session.commit()
    return redirect(onward)


@desk.post("/items/<uuid:item_id>/return")
@allows(Act.REVIEW)
def return_(item_id: UUID) -> ResponseReturnValue:
    """Give an item back to its depositor with a reason."""
    item = queries.item(db.session, current_actor(), str(item_id))
    reason = request.form.get("reason", "")
    try:
        verbs.return_(db.session, current_tools(), current_actor(), item, reason=reason)
    except (ReasonMissing, NotAllowed) as refusal:
        return _refused(item_id, refusal)
    onward = _onward(item)
    flash(gettext("已退回“%(title)s”，%(name)s会看到理由。", title=item.title, name=item.depositor_name), "success")
    db.session.commit()
    return redirect(onward)


def _onward(item: Item) -> str:
    """Return the next item to review where that was asked for, else the list."""
    following = next_id(Trail("inbox"), item) if request.form.get("go") == "next" else None
    if request.form.get("go") == "next" and following is None:
        flash(gettext("收件箱里后面没有待审的了。"), "message")
    return url_for("desk.review", item_id=following) if following else url_for("desk.inbox")
