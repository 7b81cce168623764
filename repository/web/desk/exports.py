"""Exports: choose, wait, fetch. The file is there for a day, for who asked for it."""

from uuid import UUID

from flask import Response, flash, redirect, render_template, request, send_file, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext

from repository import queries, selections
from repository.extensions import db
from repository.permissions import Act, access_tags
from repository.web.desk.inbox import desk
from repository.web.desk.trails import current_trail
from repository.web.guards import allows, current_actor, current_tools
from repository.workflow import export_jobs, exporting
from repository.workflow.exporting import Wish
from search.entry import Request

FORMS = ("zip", "tar")
FACETS = ("category", "kind", "decade")
HITS, MOST_HITS = 100, 1000  # a question to the index; a search never answers more


@desk.get("/exports/new")
@allows(Act.OWN_ACCOUNT)
def new_export() -> str:
    """Show what is chosen, and ask how it is to go out."""
    ids = exporting.allowed(db.session, current_actor(), _chosen())
    rows = queries.items(db.session, current_actor(), ids[:10])
    return render_template(
        "desk/export_new.html",
        count=len(ids),
        most=export_jobs.MOST_ITEMS,
        size=selections.bytes_of(db.session, ids),
        some=[rows[item_id] for item_id in ids[:10]],
        fields=[(name, value) for name in request.args for value in request.args.getlist(name)],
    )


@desk.post("/exports")
@allows(Act.OWN_ACCOUNT)
def start_export() -> ResponseReturnValue:
    """Put the export in line; each item is asked for on its own (case E11)."""
    form = request.form.get("form", "zip")
    wish = Wish(
        ids=tuple(_chosen()),
        form=form if form in FORMS else "zip",
        original_names=request.form.get("content") == "names",
    )
    export_id = export_jobs.ask(db.session, current_tools(), current_actor(), wish)
    db.session.commit()
    flash(gettext("导出已排队。可以离开本页，做好以后在“导出”里下载。"), "success")
    return redirect(url_for("desk.show_export", export_id=export_id))


@desk.get("/exports")
@allows(Act.OWN_ACCOUNT)
def exports() -> str:
    """Show this person's exports of the last day."""
    found = export_jobs.own(db.session, current_tools(), current_actor())
    return render_template("desk/exports.html", exports=found)


@desk.get("/exports/<uuid:export_id>")
@allows(Act.OWN_ACCOUNT)
def show_export(export_id: UUID) -> str:
    """Show how far an export is, and its file once it is there."""
    found = export_jobs.standing(db.session, current_tools(), current_actor(), str(export_id))
    return render_template("desk/export.html", export=found)


@desk.get("/exports/<uuid:export_id>/file")
@allows(Act.OWN_ACCOUNT)
def fetch_export(export_id: UUID) -> Response:
    """Hand out a finished export to who asked for it, if he may still read all of it."""
    path = export_jobs.file_of(db.session, current_tools(), current_actor(), str(export_id))
    db.release()
    mime = "application/zip" if path.suffix == ".zip" else "application/x-tar"
    return send_file(path.absolute(), mimetype=mime, as_attachment=True, download_name=path.name, max_age=0)


def _chosen() -> list[str]:
    """Return the ids that a form or an address means: ticked ones, a filtered table, or a search."""
    source = request.values.get("from", "")
    if source == "catalogue":
        wanted = current_trail().filter
        most = export_jobs.MOST_ITEMS
        return list(selections.of_table(db.session, current_actor(), wanted, limit=most))
    if source == "search":
        return _hits()
    return [text for text in request.values.getlist("chosen") if len(text) <= 40]


def _hits() -> list[str]:
    given = tuple((name, request.values[name]) for name in FACETS if request.values.get(name))
    tags, text = access_tags(current_actor()), request.values.get("q", "").strip()
    ids: list[str] = []
    for page in range(1, MOST_HITS // HITS + 1):
        asked = Request(text=text, tags=tags, filters=given, page=page, page_size=HITS)
        found = current_tools().index.find(asked)
        ids += [hit.id for hit in found.hits]
        if page * HITS >= found.total:
            break
    return ids
