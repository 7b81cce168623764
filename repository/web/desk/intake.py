"""Handing in: the upload page, one file per request, the drafts that come of it.

A file is a raw body with its name in a header; without JavaScript many parts
of one form. Each is kept whole or not at all, whatever becomes of the others.
"""

from uuid import UUID, uuid4

from flask import flash, jsonify, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext, ngettext
from werkzeug.datastructures import FileStorage

from repository import queries, worklists
from repository.extensions import db
from repository.models.item import Item
from repository.permissions import Act
from repository.web.desk import batch as batches
from repository.web.desk import receiving
from repository.web.desk.batch import Batch
from repository.web.desk.inbox import desk
from repository.web.errors import answer
from repository.web.guards import allows, current_actor, current_tools
from repository.web.pictures import thumbs
from repository.web.texts import sentence
from repository.workflow import access, deposit, describe
from repository.workflow.errors import NotAllowed
from storage.errors import DigestMismatch, StorageError


@desk.get("/upload")
@allows(Act.SUBMIT)
def upload() -> str:
    """Show the page for handing in; the submission's number is promised here, its first file begins it."""
    asked = request.args.get("submission", "")
    known = worklists.submission(db.session, current_actor(), asked).id if asked else ""
    settings = current_tools().settings
    return render_template("desk/upload.html", submission_id=known or str(uuid4()), known=bool(known),
                           max_bytes=settings.max_upload_mb << 20, max_mb=settings.max_upload_mb)


@desk.post("/upload/<uuid:submission_id>/file")
@allows(Act.SUBMIT)
def upload_file(submission_id: UUID) -> ResponseReturnValue:
    """Receive one file as the raw body and answer with the draft it became."""
    receiving.may_add_to(str(submission_id))
    name, size = receiving.announced_name(), receiving.announced_size()
    try:
        staged = receiving.take(request.stream, name, announced=size)
    except DigestMismatch as cut:
        return answer(400, sentence(cut))
    item = receiving.file_away(str(submission_id), staged)
    return jsonify(
        id=item.id,
        name=staged.name.original,
        size=staged.size,
        sha256=staged.digests["sha256"],
        edit_url=url_for("desk.edit", item_id=item.id),
        next=url_for("desk.batch", submission_id=submission_id),
        fields={},
    )


@desk.post("/upload/<uuid:submission_id>/files")
@allows(Act.SUBMIT)
def upload_files(submission_id: UUID) -> ResponseReturnValue:
    """Receive the files of a plain form, each on its own: one that fails does not take the others along."""
    receiving.may_add_to(str(submission_id))
    files = [file for file in request.files.getlist("files") if file.filename]
    if not files:
        flash(gettext("没有选择文件，请先选择再上传。"), "error")
        return redirect(url_for("desk.upload"))
    failed = [refusal for file in files if (refusal := _one_part(str(submission_id), file))]
    for refusal in failed:
        flash(refusal, "error")
    if len(failed) == len(files):
        return redirect(url_for("desk.upload"))
    return redirect(url_for("desk.batch", submission_id=submission_id))


def _one_part(submission_id: str, file: FileStorage) -> str:
    """Keep one part; return "" or what went wrong."""
    try:
        staged = receiving.take(file.stream, file.filename or "")
        receiving.file_away(submission_id, staged)
    except StorageError as error:
        return gettext("“%(name)s”没有收下：%(why)s", name=file.filename, why=sentence(error))
    return ""


@desk.get("/upload/<uuid:submission_id>")
@allows(Act.SUBMIT)
def batch(submission_id: UUID) -> str:
    """Show the drafts of one submission, to describe and hand over."""
    return _page(str(submission_id), Batch())


def _page(submission_id: str, said: Batch) -> str:
    found = worklists.submission(db.session, current_actor(), submission_id)
    items = worklists.handed_in(db.session, current_actor(), found.id)
    return render_template(
        "desk/batch.html",
        submission=found,
        items=items,
        open_items=[item for item in items if item.state in batches.OPEN],
        thumbs=thumbs(items),
        common=batches.common_fields(),
        said=said,
    )


@desk.post("/upload/<uuid:submission_id>")
@allows(Act.SUBMIT)
def save_batch(submission_id: UUID) -> ResponseReturnValue:
    """Save what is typed, in the rows and for all of them, then do what the button says: merge, submit."""
    worklists.submission(db.session, current_actor(), str(submission_id))
    items = worklists.handed_in(db.session, current_actor(), str(submission_id))
    said = batches.save_rows(items)
    if not said.errors:
        said = batches.fill(items)
    if said.errors:
        db.session.commit()  # the other rows are saved
        return _page(str(submission_id), said), 422
    act = {"fill": _filled, "merge": _merge, "submit": _submit}.get(request.form.get("do", ""), _saved)
    return act(str(submission_id))


def _items(submission_id: str) -> list[Item]:
    return list(worklists.handed_in(db.session, current_actor(), submission_id))


def _back(submission_id: str, text: str, kind: str = "success") -> ResponseReturnValue:
    db.session.commit()
    flash(text, kind)
    return redirect(url_for("desk.batch", submission_id=submission_id))


def _saved(submission_id: str) -> ResponseReturnValue:
    return _back(submission_id, gettext("已保存。"))


def _filled(submission_id: str) -> ResponseReturnValue:
    return _back(submission_id, gettext("已填到所有空着的地方，原来写好的没有改动。"))


def _merge(submission_id: str) -> ResponseReturnValue:
    try:
        merged = batches.merge(_items(submission_id))
    except NotAllowed as refusal:
        db.session.rollback()
        return _page(submission_id, Batch({"chosen": sentence(refusal)})), refusal.status
    if merged is None:
        db.session.commit()
        return _page(submission_id, Batch({"chosen": gettext("请先勾选要合在一起的两件或更多件。")})), 422
    return _back(submission_id, gettext("已合为一件，共 %(num)s 个文件。", num=len(merged.staged_files)))


def _submit(submission_id: str) -> ResponseReturnValue:
    said = batches.submit(_items(submission_id))
    if said.errors:
        db.session.commit()
        return _page(submission_id, said), 422
    db.session.commit()
    flash(ngettext("已提交 %(num)s 件，等待档案管理人员审核。", "已提交 %(num)s 件，等待档案管理人员审核。", said.done), "success")
    return redirect(url_for("desk.mine"))


@desk.get("/mine")
@allows(Act.SUBMIT)
def mine() -> str:
    """Show what this person handed in, newest first, with its state."""
    page, size = request.args.get("page", 1, int), request.args.get("size", 20, int)
    listing = queries.own(db.session, current_actor(), page=page, page_size=size)
    return render_template("desk/mine.html", listing=listing, thumbs=thumbs(listing.rows))


@desk.post("/items/<uuid:item_id>/discard")
@allows(Act.SUBMIT)
def discard(item_id: UUID) -> ResponseReturnValue:
    """Forget a draft and its files, after asking once more."""
    item = queries.item(db.session, current_actor(), str(item_id))
    if not describe.may_edit(current_actor(), item):
        raise queries.NotVisible(item.id)
    if "confirmed" not in request.form:
        return render_template("desk/discard.html", item=item)
    staged = deposit.discard(db.session, current_actor(), item)
    db.session.commit()
    for one in staged:
        current_tools().staging.drop(one)
    access.forget(current_tools(), str(item_id))
    flash(gettext("草稿和它的文件已删除。"), "success")
    return redirect(url_for("desk.mine"))
