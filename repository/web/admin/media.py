"""离线介质: disks in a cupboard, what is not on them yet, and what to do with them.

A folder that is typed here is one of the server's: it is looked at before any work
is put in line, and the worker writes and reads.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from flask import abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext

from repository import media as door
from repository.extensions import db
from repository.models.keeping import Medium, MediumState
from repository.permissions import Act, may
from repository.web.admin.care import admin
from repository.web.guards import allows, current_actor, current_tools
from repository.web.texts import sentence
from repository.workflow import jobs, medium_checking, medium_writing, offline
from repository.workflow.errors import Incomplete, Taken
from repository.workflow.medium_errors import MediumRefused
from repository.workflow.offline import Enrolment
from repository.workflow.tools import Work
from storage.ages import NotAnIdentity
from storage.errors import StorageError

REPORTS = 10


@dataclass(frozen=True, slots=True)
class Row:
    """One medium as a page shows it; late_write and late_check in days, None where nothing is late."""

    told: door.MediumFigures
    write_by: datetime
    check_by: datetime
    late_write: int | None
    late_check: int | None

    @property
    def is_used(self) -> bool:
        """Return whether it is neither lost nor retired."""
        return self.told.medium.state == MediumState.IN_USE


def _row(told: door.MediumFigures, now: datetime) -> Row:
    write_by, check_by = offline.rotation_due(told.medium), offline.check_due(told.medium)
    used = told.medium.state == MediumState.IN_USE
    late = [(now - at).days if used and at < now else None for at in (write_by, check_by)]
    return Row(told, write_by, check_by, late[0], late[1])


@admin.get("/media")
@allows(Act.SEE_CARE)
def media() -> str:
    """Show all media."""
    now = current_tools().clock()
    rows = [_row(one, now) for one in door.figures(db.session)]
    late = [row for row in rows if row.late_write is not None or row.late_check is not None]
    may_change = may(current_actor(), Act.MANAGE_SYSTEM)
    return render_template("admin/media.html", rows=rows, late=late, may_change=may_change)


@admin.get("/media/new")
@allows(Act.MANAGE_SYSTEM)
def new_medium() -> str:
    """Show the form for a medium."""
    return render_template("admin/new_medium.html", form=Enrolment("", "", ""), errors={})


@admin.post("/media/new")
@allows(Act.MANAGE_SYSTEM)
def add_medium() -> ResponseReturnValue:
    """Enter a medium and show it."""
    form = _read()
    try:
        medium = offline.enrol(db.session, current_tools(), current_actor(), form)
    except (Incomplete, Taken, NotAnIdentity) as refusal:
        db.session.rollback()
        return render_template("admin/new_medium.html", form=form, errors=_errors(refusal)), 422
    db.session.commit()
    flash(gettext("已登记。请打印标签贴在盘上，再接好盘写入。"), "success")
    return redirect(url_for("admin.medium", medium_id=medium.id))


def _read() -> Enrolment:
    """Return what was typed."""
    form = request.form

    def days(name: str) -> int:
        text = form.get(name, "").strip()
        return int(text) if text.isascii() and text.isdigit() and len(text) < 6 else 0

    return Enrolment(
        name=form.get("medium_name", ""),
        owner=form.get("medium_owner", ""),
        place=form.get("medium_place", ""),
        rotation_days=days("rotation_days"),
        check_days=days("check_days"),
        recipients=tuple(form.get("recipients", "").split()),
        note=form.get("note", ""),
    )


def _errors(refusal: Incomplete | Taken | NotAnIdentity) -> Mapping[str, str]:
    """Return a sentence for each field that will not do."""
    if isinstance(refusal, NotAnIdentity):
        return {"recipients": sentence(refusal)}
    if isinstance(refusal, Taken):
        return {"medium_name": sentence(refusal)}
    missing = refusal.facts.get("missing")
    names = [str(name) for name in missing] if isinstance(missing, tuple) else []
    numbers = gettext("请填写 1 到 %(most)s 之间的天数。", most=offline.MOST_DAYS)
    words = gettext("请填写，不要太长。")
    return {name: numbers if name.endswith("_days") else words for name in names}


@admin.get("/media/<medium_id>")
@allows(Act.SEE_CARE)
def medium(medium_id: str) -> str:
    """Show one medium: what to do, what was done."""
    return _page(_medium(medium_id))


def _medium(medium_id: str) -> Medium:
    row = db.session.get(Medium, medium_id)
    if row is None:
        abort(404)
    return row


def _page(row: Medium, **more: object) -> str:
    told = {"form": _as_form(row), "errors": {}, "folder": "", "refusal": "", **more}
    return render_template(
        "admin/medium.html",
        row=_row(door.figures(db.session, row.id)[0], current_tools().clock()),
        job=door.under_way(db.session, row.id),
        failed=door.last_failure(db.session, row.id),
        reports=door.reports(db.session, row.id, limit=REPORTS),
        may_change=may(current_actor(), Act.MANAGE_SYSTEM),
        **told,
    )


def _as_form(row: Medium) -> Enrolment:
    return Enrolment(
        row.name, row.owner, row.place, row.rotation_days, row.check_days, offline.recipients(row), row.note
    )


@admin.post("/media/<medium_id>")
@allows(Act.MANAGE_SYSTEM)
def change_medium(medium_id: str) -> ResponseReturnValue:
    """Save name, owner, place and intervals."""
    row, form = _medium(medium_id), _read()
    try:
        offline.change(db.session, current_tools(), current_actor(), row, form)
    except (Incomplete, Taken, NotAnIdentity) as refusal:
        db.session.rollback()
        return _page(_medium(medium_id), form=form, errors=_errors(refusal)), 422
    db.session.commit()
    flash(gettext("已保存。"), "success")
    return redirect(url_for("admin.medium", medium_id=medium_id))


@admin.post("/media/<medium_id>/work")
@allows(Act.MANAGE_SYSTEM)
def work_on_medium(medium_id: str) -> ResponseReturnValue:
    """Look at the folder, then put the writing or the reading of the mounted disk in line."""
    row, tools = _medium(medium_id), current_tools()
    folder, same_disk = request.form.get("folder", "").strip(), bool(request.form.get("same_disk"))
    verb = door.CHECK if request.form.get("do") == "check" else door.WRITE
    try:
        medium_writing.look(tools, row, Path(folder), same_disk=same_disk)
    except (MediumRefused, StorageError) as refusal:
        db.session.rollback()
        return _page(_medium(medium_id), folder=folder, refusal=sentence(refusal)), 409
    jobs.enqueue(
        db.session,
        verb,
        lock=door.lock(row.id),
        dedup=f"{verb}:{row.id}",
        medium=row.id,
        folder=folder,
        same_disk=same_disk,
        asked_by=current_actor().name,
    )
    db.session.commit()
    flash(gettext("已排队。可以离开本页，做完之前请不要拔下介质。"), "success")
    return redirect(url_for("admin.medium", medium_id=medium_id))


@admin.post("/media/<medium_id>/report")
@allows(Act.MANAGE_SYSTEM)
def register_report(medium_id: str) -> ResponseReturnValue:
    """Take in what the judge on the disk found on another machine."""
    row = _medium(medium_id)
    work = Work(current_tools(), {}, actor=current_actor())
    file = request.files.get("report")
    try:
        told = json.loads(file.stream.read()) if file else {}
        db.session.expunge(row)
        db.release()
        tally = medium_checking.register(work, row, told if isinstance(told, dict) else {})
    except ValueError:
        return _page(_medium(medium_id), refusal=sentence(MediumRefused(why="report", medium=row.name))), 409
    except MediumRefused as refusal:
        return _page(_medium(medium_id), refusal=sentence(refusal)), 409
    words = gettext("已登记：%(ok)s 份完好，共 %(all)s 份。", ok=tally.ok, all=tally.expected)
    flash(words, "success" if tally.ok == tally.expected else "warning")
    return redirect(url_for("admin.medium", medium_id=medium_id))


@admin.post("/media/<medium_id>/give-up")
@allows(Act.MANAGE_SYSTEM)
def give_up_medium(medium_id: str) -> ResponseReturnValue:
    """Ask once more, then call a medium lost or retired."""
    row = _medium(medium_id)
    state = MediumState.LOST if request.form.get("state") == "lost" else MediumState.RETIRED
    told = door.figures(db.session, row.id)[0]
    if not request.form.get("confirmed"):
        return render_template("admin/give_up_medium.html", told=told, state=state)
    try:
        offline.give_up(db.session, current_tools(), current_actor(), row, state=state)
    except MediumRefused as refusal:
        db.session.rollback()
        return _page(_medium(medium_id), refusal=sentence(refusal)), 409
    db.session.commit()
    flash(gettext("已登记。上面的副本不再计数，请尽快补一块新的介质。"), "warning")
    return redirect(url_for("admin.media"))


@admin.get("/media/<medium_id>/label")
@allows(Act.SEE_CARE)
def medium_label(medium_id: str) -> str:
    """Show the label to print and stick on the disk."""
    row = _row(door.figures(db.session, _medium(medium_id).id)[0], current_tools().clock())
    return render_template("admin/medium_label.html", row=row, today=current_tools().clock())
