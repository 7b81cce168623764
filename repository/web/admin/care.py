"""保存状况: how all copies fare, what is wrong, check now, repair.

Holds the blueprint of the audience. Disks are asked before the catalogue is
read, so that no transaction waits for a store.
"""

from uuid import UUID

from flask import Blueprint, Response, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext

from repository import custody, figures, media, policies, queries
from repository.extensions import db
from repository.permissions import Act, may
from repository.web.admin import copies, stores
from repository.web.care_words import care_light
from repository.web.guards import allows, current_actor, current_tools
from repository.workflow import alarms
from repository.workflow import care as verbs
from repository.workflow import leases, planning

admin = Blueprint("admin", __name__)
TROUBLED_SHOWN, RUNS_SHOWN = 50, 5


@admin.get("/care")
@allows(Act.SEE_CARE)
def care() -> str:
    """Show the dashboard."""
    db.release()
    tools = current_tools()
    looks = stores.look(tools)
    told = policies.rules(db.session, tools)
    counted = figures.care_figures(db.session, told)
    away = [one.id for one in looks if one.trouble]
    return render_template(
        "admin/care.html",
        light=care_light(counted, now=tools.clock(), away=away),
        figures=counted,
        one_disk=told.sharing_a_disk(),
        lacking=figures.not_replicated(db.session, list(tools.stores)),
        stores=store_rows(looks),
        troubled=troubled(),
        troubled_total=figures.troubled_count(db.session),
        runs=figures.fixity_runs(db.session, limit=RUNS_SHOWN),
        settings=tools.settings,
        line=figures.line_figures(db.session, stuck_before=tools.clock() - alarms.STUCK),
        may_run=may(current_actor(), Act.RUN_CARE),
        **under_way(),
    )


def store_rows(looks: tuple[stores.Look, ...]) -> list[stores.StoreRow]:
    """Return the stores and offline media with their copies; media are asked for only where there are any."""
    counted = figures.copies_per_store(db.session)
    others = counted.keys() - {one.id for one in looks}
    return stores.rows(looks, counted, media.names(db.session) if others else {})


def troubled() -> list[copies.CopyRow]:
    """Return the copies that are not good, in words; those without any good source first."""
    mending = figures.in_repair(db.session)
    found = queries.troubled_copies(db.session, current_actor(), limit=TROUBLED_SHOWN)
    rows = [copies.row_of(one, mending=one.copy.id in mending) for one in found]
    return sorted(rows, key=lambda row: not row.lost)


def under_way() -> dict[str, object]:
    """Return the run that waits or runs, and whether anybody works at it."""
    worker = leases.holder(db.session, leases.WORKER, current_tools().clock())
    return {"run": figures.run_under_way(db.session), "is_worked_at": worker is not None}


@admin.get("/care/progress")
@allows(Act.SEE_CARE)
def progress() -> ResponseReturnValue:
    """Show how far the run is; the whole page comes anew once it has ended."""
    told = under_way()
    if told["run"] is None:
        is_poll = "HX-Request" in request.headers
        return Response(headers={"HX-Refresh": "true"}) if is_poll else redirect(_home())
    return render_template("admin/progress.html", **told)


@admin.post("/care/runs")
@allows(Act.RUN_CARE)
def start() -> ResponseReturnValue:
    """Put a fixity run in line: of what is due, or of everything."""
    scope = "all" if request.form.get("scope") == "all" else "due"
    db.release()
    there = planning.answering(current_tools())
    run = planning.start(db.session, current_tools(), current_actor(), scope=scope, there=there)
    if run.expected == 0:
        db.session.rollback()
        flash(gettext("没有到期的副本，现在不需要核验。") if scope == "due" else gettext("还没有可以核验的副本。"), "message")
        return redirect(_home())
    db.session.commit()
    flash(gettext("核验已排队，共 %(n)s 份副本。可以离开本页，核验会继续。", n=f"{run.expected:,}"), "success")
    return redirect(_home())


@admin.post("/care/copies/<uuid:copy_id>/repair")
@allows(Act.RUN_CARE)
def repair(copy_id: UUID) -> ResponseReturnValue:
    """Ask once more, then put the repair of one copy in line."""
    told = custody.kept_copy(db.session, current_actor(), str(copy_id))
    if not request.form.get("confirmed"):
        return render_template("admin/repair.html", copy=copies.row_of(told, mending=False))
    verbs.ask_repair(db.session, current_tools(), current_actor(), told.copy)
    db.session.commit()
    flash(gettext("修复已排队，做完后本页会显示结果。"), "success")
    return redirect(_home())


@admin.post("/care/repairs")
@allows(Act.RUN_CARE)
def repair_all() -> ResponseReturnValue:
    """Ask once more, then put the repair of every copy that is not good in line."""
    found = queries.troubled_copies(db.session, current_actor(), limit=100_000)
    if not request.form.get("confirmed"):
        return render_template("admin/repair_all.html", count=len(found))
    for one in found:
        verbs.ask_repair(db.session, current_tools(), current_actor(), one.copy)
    db.session.commit()
    flash(gettext("%(n)s 份副本的修复已排队。", n=f"{len(found):,}"), "success")
    return redirect(_home())


def _home() -> str:
    return url_for("admin.care")
