"""审计日志: who did what on the system; whether the logs are whole; anchors (见证)."""

from datetime import date, datetime, time, timedelta

from flask import abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext

from repository import media
from repository.extensions import db
from repository.permissions import Act
from repository.web import audit_words
from repository.web.admin.care import admin
from repository.web.filters import to_local
from repository.web.guards import allows, current_actor, current_tools
from repository.workflow import anchorbook, anchoring, audit, auditing
from repository.workflow.audit import Wanted

SIZES = (50, 100, 200)
ANCHORS_SHOWN = 5


@admin.get("/system/audit")
@allows(Act.SEE_AUDIT)
def audit_log() -> str:
    """Show the log, newest first, and whether it is whole."""
    page = max(1, request.args.get("page", 1, type=int))
    size = request.args.get("size", SIZES[0], type=int)
    size = size if size in SIZES else SIZES[0]
    wanted = _wanted()
    report = auditing.last_report(db.session)
    return render_template(
        "admin/audit.html",
        words=audit_words,
        entries=audit.entries(db.session, wanted, limit=size, skip=(page - 1) * size),
        total=audit.count(db.session, wanted),
        page=page,
        size=size,
        sizes=SIZES,
        acts=[(act, audit_words.act_told(act)) for act in audit.acts(db.session)],
        is_narrowed=bool(wanted.tests()),
        report=report,
        findings=[] if report is None else report.facts["findings"],
        anchors=anchoring.listing(db.session, limit=ANCHORS_SHOWN),
        witness=anchorbook.witness,
        disks=media.names(db.session),
    )


def _wanted() -> Wanted:
    """Return what the form narrows the list to; days are of the place, the last one is taken in."""
    last = _day("until")
    return Wanted(
        act=request.args.get("act", ""),
        person=request.args.get("person", "").strip(),
        about=request.args.get("about", "").strip(),
        since=_midnight(_day("since")),
        until=None if last is None else _midnight(last + timedelta(days=1)),
    )


def _day(name: str) -> date | None:
    try:
        return date.fromisoformat(request.args.get(name, ""))
    except ValueError:
        return None


def _midnight(day: date | None) -> datetime | None:
    """Return when a day begins here."""
    if day is None or not 1 < day.year < 9999:
        return None
    zone = to_local(current_tools().clock()).tzinfo
    return datetime.combine(day, time(), tzinfo=zone)


@admin.get("/system/audit/<int:number>")
@allows(Act.SEE_AUDIT)
def audit_entry(number: int) -> str:
    """Show one entry with all that it tells."""
    found = audit.entry(db.session, number)
    if found is None:
        abort(404)
    return render_template("admin/audit_entry.html", entry=found, words=audit_words)


@admin.post("/system/audit/verifications")
@allows(Act.SEE_AUDIT)
def audit_check() -> ResponseReturnValue:
    """Put a verification of the logs in line."""
    _note("audit.asked")
    auditing.ask(db.session)
    db.session.commit()
    flash(gettext("核对已排队，做完后本页会显示结果。"), "success")
    return redirect(url_for("admin.audit_log"))


@admin.post("/system/audit/anchors")
@allows(Act.SEE_AUDIT)
def audit_anchor() -> ResponseReturnValue:
    """Put a new anchor in line."""
    _note("anchor.asked")
    anchoring.ask(db.session, current_tools())
    db.session.commit()
    flash(gettext("见证已排队，做完后本页会列出。"), "success")
    return redirect(url_for("admin.audit_log"))


def _note(act: str) -> None:
    audit.record(db.session, act, actor=current_actor(), at=current_tools().clock())


@admin.get("/system/audit/anchors/<int:number>/print")
@allows(Act.SEE_AUDIT)
def anchor_print(number: int) -> str:
    """Show one anchor to print, sign and file."""
    found = anchoring.by_number(db.session, number)
    if found is None:
        abort(404)
    return render_template("admin/anchor.html", anchor=found, words=audit_words)
