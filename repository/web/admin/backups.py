"""备份 and 恢复演练: what can be brought back, since when, and the proof that it can."""

from dataclasses import dataclass

from flask import abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext

from repository import report_rows
from repository.extensions import db
from repository.models.watch import Report
from repository.permissions import Act, may
from repository.web import backup_words
from repository.web.admin.care import admin
from repository.web.guards import allows, current_actor, current_tools
from repository.workflow import audit, backing, backup_rounds, backup_sheets, drilling, heartbeats, jobs
from repository.workflow.backup_sheets import Sheet

SIZE = 20


@dataclass(frozen=True, slots=True)
class Drilled:
    """One drill as the pages show it; sentence is its verdict in words."""

    report: Report
    sentence: str


@admin.get("/system/backups")
@allows(Act.MANAGE_SYSTEM)
def backups() -> str:
    """Show the good backups, how the last one and the last drill went, and what is wrong with the place."""
    db.release()
    tools = current_tools()
    folder = tools.settings.backups_folder
    found, others = backup_sheets.listed(folder), backup_sheets.unlisted(folder)
    shares = backing.shares_disk(tools.settings)
    last = report_rows.newest(db.session, backup_rounds.KIND)
    drill = report_rows.newest(db.session, drilling.KIND)
    return render_template(
        "admin/backups.html",
        sheets=found,
        unverified=[path.name for path in others],
        folder=folder,
        shares=shares,
        light=_light(found),
        failure=backup_words.failure(last.facts) if last is not None and last.outcome == "failed" else "",
        drill=_drilled(drill) if drill is not None else None,
        waiting=jobs.waiting(db.session, ("backup", "drill")),
        recipients=len([text for text in tools.settings.backup_recipients.split(",") if text.strip()]),
        can_back_up=backing.is_possible(tools),
    )


def _light(found: list[Sheet]) -> str:
    """Return green where the newest good backup is younger than 26 hours, else red."""
    now = current_tools().clock()
    return "green" if found and now - found[0].made_at <= heartbeats.DAY else "red"


@admin.post("/system/backups")
@allows(Act.MANAGE_SYSTEM)
def back_up() -> ResponseReturnValue:
    """Put a backup in line."""
    backup_rounds.ask(db.session, asked_by=current_actor().name)
    _asked("backup.asked")
    flash(gettext("备份已排队，做完并读回核验后会出现在下面。"), "success")
    return redirect(url_for("admin.backups"))


@admin.post("/system/drills")
@allows(Act.MANAGE_SYSTEM)
def drill_now() -> ResponseReturnValue:
    """Put a drill in line."""
    drilling.ask(db.session, asked_by=current_actor().name)
    _asked("drill.asked")
    flash(gettext("恢复演练已排队，做完后会有一份演练报告。"), "success")
    return redirect(url_for("admin.backups"))


def _asked(act: str) -> None:
    audit.record(db.session, act, actor=current_actor(), at=current_tools().clock())
    db.session.commit()


@admin.get("/care/drills")
@allows(Act.SEE_CARE)
def drills() -> str:
    """Show all drills, newest first."""
    page = max(1, request.args.get("page", 1, type=int))
    found = report_rows.listed(db.session, drilling.KIND, limit=SIZE, skip=(page - 1) * SIZE)
    return render_template(
        "admin/drills.html",
        drills=[_drilled(report) for report in found],
        page=page,
        size=SIZE,
        total=report_rows.counted(db.session, drilling.KIND),
        may_drill=may(current_actor(), Act.MANAGE_SYSTEM),
    )


@admin.get("/care/drills/<int:report_id>")
@allows(Act.SEE_CARE)
def drill(report_id: int) -> str:
    """Show one drill as a page to print and sign."""
    found = report_rows.one(db.session, drilling.KIND, report_id)
    if found is None:
        abort(404)
    return render_template("admin/drill.html", drill=_drilled(found), facts=found.facts)


def _drilled(report: Report) -> Drilled:
    return Drilled(report, backup_words.drill_sentence(report.outcome, report.facts))
