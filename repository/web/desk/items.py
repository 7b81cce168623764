"""Describing and arranging: the edit page, the table of the catalogue, the history.

Nothing typed is ever lost: what cannot be saved is shown again as typed, and
what was typed by the way is offered when the page is opened again.
"""

from uuid import UUID

from flask import flash, jsonify, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext

from repository import queries, worklists
from repository.extensions import db
from repository.models.item import Item
from repository.permissions import Act
from repository.web.desk import saving
from repository.web.desk.editing import Page, draw
from repository.web.desk.forms import code_options, echoes, read
from repository.web.desk.inbox import desk
from repository.web.desk.todo import missing_words
from repository.web.desk.trails import carried, current_filter, current_trail, edit_url, list_url, next_id
from repository.web.errors import answer
from repository.web.guards import allows, current_actor, current_tools
from repository.web.pictures import thumbs
from repository.web.shown import told_revisions
from repository.web.texts import sentence
from repository.workflow import describe, drafting, review, states
from repository.workflow.errors import EditedMeanwhile, Incomplete, NotAllowed, ReasonMissing, Taken
from repository.worklists import Trail


def editable(item_id: UUID) -> Item:
    """Return an item that this person may edit; else it is not there for him."""
    item = queries.item(db.session, current_actor(), str(item_id))
    if not describe.may_edit(current_actor(), item):
        raise queries.NotVisible(item.id)
    return item


@desk.get("/items/<uuid:item_id>/edit")
@allows(Act.SUBMIT)
def edit(item_id: UUID) -> ResponseReturnValue:
    """Show the edit page, with what was typed and not saved."""
    item = editable(item_id)
    if not states.allows(item.state, "edit"):
        flash(sentence(NotAllowed(state=item.state, verb="edit")), "warning")
        return redirect(url_for("public.item", item_id=item.id))
    kept = drafting.kept(db.session, current_actor(), item)
    return draw(Page(item, kept=kept, full=request.args.get("form") == "full"))


@desk.post("/items/<uuid:item_id>/edit")
@allows(Act.SUBMIT)
def save(item_id: UUID) -> ResponseReturnValue:
    """Save what was typed, and go on as the button says."""
    item, typed = editable(item_id), read(current_actor())
    full = request.form.get("form") == "full"
    try:
        if item.state == states.ARCHIVED and not typed.reason.strip():
            raise ReasonMissing()
        saving.save(item, typed)
        if request.form.get("go") == "submit":
            review.submit(db.session, current_tools(), current_actor(), item)
    except (Incomplete, Taken, ReasonMissing, NotAllowed, EditedMeanwhile) as refusal:
        db.session.rollback()
        return draw(Page(editable(item_id), typed=typed, refusal=refusal, full=full)), refusal.status
    db.session.commit()
    return _onward(item, full)


def _onward(item: Item, full: bool) -> ResponseReturnValue:
    trail, go, form = current_trail(), request.form.get("go", ""), "full" if full else None
    if go == "submit":
        flash(gettext("已提交“%(title)s”，等待档案管理人员审核。", title=item.title), "success")
    else:
        flash(gettext("已保存“%(title)s”。", title=item.title or gettext("（未命名）")), "success")
    following = next_id(trail, item) if go == "next" else None
    if following:
        reason = request.form.get("reason", "").strip()
        return redirect(edit_url(following, trail, form=form, reason=reason or None))
    if go == "next":
        flash(gettext("这一列已经到底了。"), "message")
    if go == "stay":
        return redirect(edit_url(item.id, trail, form=form))
    return redirect(list_url(trail, item))


@desk.post("/items/<uuid:item_id>/autosave")
@allows(Act.SUBMIT)
def autosave(item_id: UUID) -> ResponseReturnValue:
    """Save or keep what is typed, and answer with the revision that the page is now made from."""
    item, typed = editable(item_id), read(current_actor())
    if not states.allows(item.state, "edit"):
        return answer(409, sentence(NotAllowed(state=item.state, verb="edit")))
    meanwhile = saving.autosave(item, typed)
    archived = item.state == states.ARCHIVED
    revision = typed.revision if archived else item.revision
    db.session.commit()
    if meanwhile is not None:
        return answer(409, sentence(meanwhile))
    return jsonify(revision=revision, echo=echoes(typed.values))


@desk.post("/items/<uuid:item_id>/forget")
@allows(Act.SUBMIT)
def forget(item_id: UUID) -> ResponseReturnValue:
    """Give up what was typed and not saved."""
    item = editable(item_id)
    drafting.forget(db.session, current_actor(), item)
    db.session.commit()
    flash(gettext("已放弃没有保存的内容，页面上是最后保存的样子。"), "success")
    return redirect(edit_url(item.id, current_trail()))


@desk.post("/items/<uuid:item_id>/submit")
@allows(Act.SUBMIT)
def submit(item_id: UUID) -> ResponseReturnValue:
    """Hand one draft over to the archivists; without a title its edit page opens and says so."""
    item = editable(item_id)
    try:
        review.submit(db.session, current_tools(), current_actor(), item)
    except (Incomplete, NotAllowed) as refusal:
        db.session.rollback()
        return draw(Page(editable(item_id), refusal=refusal)), refusal.status
    db.session.commit()
    flash(gettext("已提交“%(title)s”，等待档案管理人员审核。", title=item.title), "success")
    return redirect(url_for("desk.mine"))


@desk.get("/items")
@allows(Act.DESCRIBE)
def catalogue() -> str:
    """Show the table of all items, narrowed by the filter bar."""
    wanted = current_filter()
    page, size = request.args.get("page", 1, int), request.args.get("size", 20, int)
    listing = worklists.table(db.session, current_actor(), wanted=wanted, page=page, page_size=size)
    counts = worklists.missing_counts(db.session, current_actor())
    return render_template(
        "desk/catalogue.html",
        listing=listing,
        wanted=wanted,
        missing=[(name, word, counts[name]) for name, word in missing_words().items()],
        carried=carried(Trail("catalogue", "", wanted)),
        states=worklists.AT_THE_DESK,
        lists=code_options(),
        thumbs=thumbs(listing.rows),
    )


@desk.get("/items/<uuid:item_id>/history")
@allows(Act.DESCRIBE)
def history(item_id: UUID) -> str:
    """Show each edit of an item, before and after."""
    item = queries.item(db.session, current_actor(), str(item_id))
    return render_template(
        "desk/history.html",
        item=item,
        revisions=told_revisions(queries.revisions(db.session, current_actor(), item.id)),
    )
