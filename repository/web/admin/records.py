"""核验记录: the runs one by one, and the history of a single copy."""

from uuid import UUID

from flask import abort, render_template, request

from repository import custody, figures
from repository.extensions import db
from repository.models.job import FixityRun
from repository.permissions import Act, may
from repository.web import canary_words
from repository.web.admin import copies, mend_words, repair_words
from repository.web.admin.care import admin
from repository.web.guards import allows, current_actor
from repository.workflow import care as verbs

SIZES = (20, 50, 100)


@admin.get("/care/runs")
@allows(Act.SEE_CARE)
def runs() -> str:
    """Show all fixity runs, newest first."""
    page = max(1, request.args.get("page", 1, type=int))
    size = request.args.get("size", SIZES[0], type=int)
    size = size if size in SIZES else SIZES[0]
    found = figures.fixity_runs(db.session, limit=size, skip=(page - 1) * size)
    total = figures.fixity_run_count(db.session)
    return render_template("admin/runs.html", runs=found, page=page, size=size, total=total)


@admin.get("/care/runs/<int:run_id>")
@allows(Act.SEE_CARE)
def run(run_id: int) -> str:
    """Show one run: its figures, and what it found."""
    found = figures.fixity_run(db.session, run_id)
    if found is None:
        abort(404)
    troubles = custody.run_troubles(db.session, current_actor(), found)
    rows = [(one, copies.findings_of(one.event.facts.get("findings", ()))) for one in troubles]
    return render_template(
        "admin/run.html",
        run=found,
        figures=verbs.figures_of(found),
        troubles=rows,
        seconds=_seconds(found),
        proofs=canary_words.proofs(found),
    )


def _seconds(run: FixityRun) -> int:
    """Return how long a run took, 0 while it goes on."""
    return 0 if run.finished_at is None else max(1, round((run.finished_at - run.started_at).total_seconds()))


@admin.get("/care/copies/<uuid:copy_id>")
@allows(Act.SEE_CARE)
def copy(copy_id: UUID) -> str:
    """Show one copy with everything that was done to it."""
    told = custody.kept_copy(db.session, current_actor(), str(copy_id))
    mending = told.copy.id in figures.in_repair(db.session)
    row = copies.row_of(told, mending=mending, shown=200)
    reports = custody.repairs_of(db.session, told.copy)
    good = [one.store for one in row.others if one.state == "ok"]
    return render_template(
        "admin/copy.html",
        copy=row,
        package=told.package,
        wrong=mend_words.wrong_sentence(told.copy, told.package.file_count),
        steps=mend_words.steps(told.copy, good),
        is_plain=bool(good) and not row.lost and row.state != "unreadable",  # the steps say it all
        repairs=[repair_words.row_of(custody.RepairTold(one, told.item)) for one in reports],
        events=copies.events_of(custody.copy_events(db.session, told.copy)),
        may_run=may(current_actor(), Act.RUN_CARE),
    )
