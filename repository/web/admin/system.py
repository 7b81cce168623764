"""系统管理: the jobs of the worker, and the table of settings."""

import logging

from flask import abort, flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError

from repository import figures
from repository.config import TABLE, SettingSpec, shown
from repository.extensions import db
from repository.permissions import Act
from repository.web.admin.care import admin
from repository.web.guards import allows, current_actor, current_tools
from repository.web.texts import lang, trouble
from repository.workflow import audit, indexing, jobs
from repository.workflow.journal import Subject

log = logging.getLogger("jingui.audit")
HIDDEN = "***"


@admin.get("/system/status")
@allows(Act.MANAGE_SYSTEM)
def status() -> str:
    """Show what waits for the worker, what it does, what it gave up."""
    return render_template("admin/status.html", jobs=figures.open_jobs(db.session), trouble=trouble)


@admin.post("/system/jobs/<int:job_id>/retry")
@allows(Act.MANAGE_SYSTEM)
def retry(job_id: int) -> ResponseReturnValue:
    """Let a job that was given up run again."""
    job = figures.job(db.session, job_id)
    if job is None:
        abort(404)
    if job.state == jobs.PARKED:
        jobs.retry(db.session, job, current_tools().clock())
        _note("job.retried", Subject(audit.JOB, str(job.id)), verb=job.verb)
        db.session.commit()
        log.info("job %s (%s) asked for again by %s", job.id, job.verb, current_actor().name)
        flash(gettext("已重新排队。"), "success")
    else:
        flash(gettext("这件作业已经在做，或者已经做完。"), "message")
    return redirect(url_for("admin.status"))


@admin.post("/system/index/rebuild")
@allows(Act.MANAGE_SYSTEM)
def rebuild_index() -> ResponseReturnValue:
    """Put the rebuilding of the index in line."""
    indexing.ask_rebuild(db.session, why="asked")
    _note("index.asked", None)
    db.session.commit()
    flash(gettext("重建索引已排队。重建期间仍可检索，做完后自动换用新索引。"), "success")
    return redirect(url_for("admin.status"))


def _note(act: str, about: Subject | None, **told: object) -> None:
    at = current_tools().clock()
    audit.record(db.session, act, actor=current_actor(), at=at, about=about, facts=told)


@admin.get("/system/settings")
@allows(Act.MANAGE_SYSTEM)
def settings() -> str:
    """Show the one table of settings."""
    rows = [(spec, shown_value(spec), sentence_of(spec)) for spec in TABLE]
    return render_template("admin/settings.html", rows=rows)


def sentence_of(spec: SettingSpec) -> str:
    """Return what a setting means, in the language of the page."""
    return spec.sentence_en if lang() == "en" else spec.sentence_zh


def shown_value(spec: SettingSpec) -> str:
    """Return a setting as the table of defaults writes it; the password in an address is never shown."""
    value = getattr(current_tools().settings, spec.name)
    if isinstance(value, bool):
        return "yes" if value else "no"
    if spec.is_secret:
        return shown(spec, value)
    if spec.name == "database" and value:
        return without_password(str(value))
    return str(value)


def without_password(address: str) -> str:
    """Return a database address with its password hidden."""
    try:
        return make_url(address).render_as_string(hide_password=True)
    except ArgumentError:
        return HIDDEN
