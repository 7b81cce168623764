"""The line over every desk page: what somebody must look at now.

One statement a page, read from what the worker saw last; shown to those who
may see the care pages.
"""

from dataclasses import dataclass

from flask import Flask, request, url_for
from flask_babel import gettext
from sqlalchemy.exc import SQLAlchemyError

from repository.extensions import db
from repository.permissions import Act, may
from repository.web import alarm_words
from repository.web.guards import current_actor, current_tools
from repository.web.probes import data_is_writable
from repository.workflow import watching
from repository.workflow.notices import RED, Alarm

_READ_ONLY = Alarm("folder_not_writable", RED, "data")


@dataclass(frozen=True, slots=True)
class Banner:
    """One sentence with a link; kind as in note() of macros/frame.html."""

    kind: str
    sentence: str
    url: str


def banner() -> Banner | None:
    """Return what this person must know, None where nothing is wrong or it is none of their business."""
    if request.endpoint == "admin.health_check":
        return None
    try:
        if not may(current_actor(), Act.SEE_CARE):
            return None
        found = watching.glance(db.session, current_tools().clock()).alarms
    except SQLAlchemyError:
        return None
    if not data_is_writable():  # the worker cannot write down that it cannot write (B13)
        rest = [alarm for alarm in found if alarm.code != _READ_ONLY.code]
        found = (_READ_ONLY, *rest)
    told = [alarm for alarm in found if alarm.level == RED or alarm.code == "mail_failed"]
    return _said(told) if told else None


def _said(told: list[Alarm]) -> Banner:
    sentence = alarm_words.sentence(told[0])
    if len(told) > 1:
        sentence = gettext("%(first)s另有 %(n)s 件要处理。", first=sentence, n=len(told) - 1)
    kind = "error" if told[0].level == RED else "warning"
    return Banner(kind, sentence, url_for("admin.health_check"))


def init_app(app: Flask) -> None:
    """Let the desk's layout ask."""
    app.context_processor(lambda: {"alarm_banner": banner})
