"""Import of BagIt bags: upload one zip or tar, see what became of each bag in it."""

from uuid import UUID

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext

from repository.extensions import db
from repository.permissions import Act
from repository.web.desk.inbox import desk
from repository.web.guards import allows, current_actor, current_tools
from repository.workflow import import_jobs


@desk.get("/import")
@allows(Act.REVIEW)
def new_import() -> str:
    """Ask for a zip or tar."""
    return render_template("desk/import_new.html", max_mb=current_tools().settings.max_upload_mb)


@desk.post("/import")
@allows(Act.REVIEW)
def start_import() -> ResponseReturnValue:
    """Keep the upload and put its taking in line."""
    file = request.files.get("file")
    if file is None or not file.filename:
        flash(gettext("没有选择文件，请先选择再上传。"), "error")
        return redirect(url_for("desk.new_import"))
    db.release()
    import_id = import_jobs.receive(current_tools(), file.stream, announced=request.content_length or 0)
    import_jobs.ask(db.session, current_actor(), import_id, name=file.filename)
    db.session.commit()
    return redirect(url_for("desk.show_import", import_id=import_id))


@desk.get("/import/<uuid:import_id>")
@allows(Act.REVIEW)
def show_import(import_id: UUID) -> str:
    """Show how far an import is, and what became of each bag."""
    found = import_jobs.standing(db.session, current_tools(), current_actor(), str(import_id))
    return render_template("desk/import.html", found=found)
