"""Receipts for who handed in: ask for one, print it, keep its signed file."""

import json
from uuid import UUID

from flask import Response, flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext

from repository import worklists
from repository.extensions import db
from repository.models.keeping import Receipt
from repository.permissions import Act
from repository.queries import NotVisible
from repository.web.desk.inbox import desk
from repository.web.guards import allows, current_actor
from repository.workflow import facts, receipt_checks, receipting


@desk.post("/upload/<uuid:submission_id>/receipt")
@allows(Act.SUBMIT)
def ask_receipt(submission_id: UUID) -> ResponseReturnValue:
    """Ask for a receipt as things stand now."""
    found = worklists.submission(db.session, current_actor(), str(submission_id))
    receipting.ask(db.session, current_actor(), found)
    db.session.commit()
    flash(gettext("回执正在开具，请过一会儿刷新本页。"), "success")
    return redirect(url_for("desk.submission_receipts", submission_id=submission_id))


@desk.get("/upload/<uuid:submission_id>/receipts")
@allows(Act.SUBMIT)
def submission_receipts(submission_id: UUID) -> str:
    """Show the receipts of one submission."""
    found = worklists.submission(db.session, current_actor(), str(submission_id))
    rows = receipting.of_submission(db.session, found.id)
    told = [(row, json.loads(row.content)) for row in rows]
    return render_template("desk/receipts.html", submission=found, receipts=told)


def _visible(receipt_id: UUID) -> Receipt:
    row = db.session.get(Receipt, str(receipt_id))
    if row is None or not receipt_checks.may_see(db.session, current_actor(), row):
        raise NotVisible(str(receipt_id))
    return row


@desk.get("/receipts/<uuid:receipt_id>")
@allows(Act.SUBMIT)
def receipt(receipt_id: UUID) -> str:
    """Show one receipt as it was issued, to print and to sign."""
    row = _visible(receipt_id)
    return render_template(
        "desk/receipt.html",
        receipt=row,
        told=json.loads(row.content),
        is_genuine=receipt_checks.is_genuine(db.session, row),
        public_key=facts.get(db.session, facts.RECEIPT_KEY + row.key_id),
    )


@desk.get("/receipts/<uuid:receipt_id>/file")
@allows(Act.SUBMIT)
def receipt_file(receipt_id: UUID) -> Response:
    """Hand out the signed receipt as a file."""
    row = _visible(receipt_id)
    public = facts.get(db.session, facts.RECEIPT_KEY + row.key_id)
    told = json.dumps(receipting.document(row, public), ensure_ascii=False, sort_keys=True, indent=1)
    name = f"receipt-{json.loads(row.content)['number']}.json"
    disposition = {"Content-Disposition": f'attachment; filename="{name}"'}
    return Response(told, mimetype="application/json", headers=disposition)
