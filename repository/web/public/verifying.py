"""Anybody verifies a receipt by its code, and compares a file with it.

Names are shown to who may read them; a file sent for comparing is hashed while
it comes in and never kept.
"""

from flask import render_template, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext

from repository.extensions import db
from repository.permissions import Act
from repository.web.guards import allows, current_actor, current_tools
from repository.web.public.home import public
from repository.web.texts import sentence
from repository.workflow import receipt_checks
from repository.workflow.exchange_errors import ReceiptUnknown
from repository.workflow.receipt_checks import Match
from storage.digests import digest_stream


@public.get("/receipts")
@allows(Act.READ_PUBLIC)
def receipts() -> ResponseReturnValue:
    """Ask for a code; with one, show whether the receipt is genuine and how its files fare now."""
    typed = request.args.get("code", "").strip()[:40]
    return _page(typed) if typed else render_template("public/verifying.html", typed="", here="receipts")


def _page(typed: str, compared: list[Match] | None = None, *, trouble: str = "") -> ResponseReturnValue:
    try:
        row = receipt_checks.by_code(db.session, typed)
    except ReceiptUnknown as unknown:
        told = sentence(unknown)
        page = render_template("public/verifying.html", typed=typed, here="receipts", trouble=told)
        return page, unknown.status
    return render_template(
        "public/verifying.html",
        typed=typed,
        here="receipts",
        verdict=receipt_checks.verdict(db.session, current_actor(), row),
        whole=receipt_checks.may_see(db.session, current_actor(), row),
        compared=compared,
        trouble=trouble,
        max_mb=current_tools().settings.max_upload_mb,
    )


@public.post("/receipts")
@allows(Act.READ_PUBLIC)
def compare() -> ResponseReturnValue:
    """Say which file of a receipt an uploaded one (or a typed SHA-256) is."""
    typed = request.form.get("code", "").strip()[:40]
    sha256 = request.form.get("sha256", "").strip()
    file = request.files.get("file")
    if file is not None and file.filename:
        db.release()
        sha256 = digest_stream(file.stream, ("sha256",))["sha256"]  # type: ignore[arg-type]
    if len(sha256) != 64:
        return _page(typed, trouble=gettext("请选择一个文件，或者填写 64 位的 SHA-256。"))
    try:
        row = receipt_checks.by_code(db.session, typed)
    except ReceiptUnknown:
        return _page(typed)
    return _page(typed, receipt_checks.compare(db.session, current_actor(), row, sha256=sha256))
