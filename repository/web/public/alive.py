"""/healthz: what a monitor may know, without titles, names or paths.

503 only where the house cannot keep its promises: the catalogue does not
answer, its disk takes no writes, nobody works for five minutes, or no store answers. Anything else that
is wrong is a number of alarms and their codes.
"""

import time
from datetime import timedelta

from flask import Response, jsonify
from sqlalchemy.exc import SQLAlchemyError

from repository.extensions import db
from repository.permissions import Act
from repository.web.guards import allows, current_tools
from repository.web.probes import prober
from repository.web.public.home import public
from repository.workflow import folders, room, watching
from storage.errors import StorageFull

LATE, DEAD = timedelta(minutes=2), timedelta(minutes=5)
_STARTED = time.monotonic()


@public.get("/healthz")
@allows(Act.READ_PUBLIC)
def healthz() -> Response:
    """Say whether the promises can be kept, and how many alarms stand."""
    tools = current_tools()
    now = tools.clock()
    try:
        glance = watching.glance(db.session, now)
    except SQLAlchemyError:
        return _answer(["database"], [], 0)
    finally:
        db.release()
    broken, codes = [], [alarm.code for alarm in glance.alarms if alarm.code != "worker_dead"]
    silence = timedelta(seconds=time.monotonic() - _STARTED) if glance.heard is None else now - glance.heard
    if silence > DEAD:
        broken.append("worker_dead")
    elif silence > LATE:
        codes.append("worker_late")
    answers = dict(prober().answers())
    if not answers.pop(folders.DATA):
        broken.append("read_only")
    if not any(answers.values()):
        broken.append("no_store")
    elif not all(answers.values()):
        codes.append("store_away")
    try:
        room.refuse_full(tools.settings)
    except StorageFull:
        codes.append("disk_full")
    return _answer(broken, codes, len(glance.alarms))


def _answer(broken: list[str], codes: list[str], alarms: int) -> Response:
    told = sorted({*broken, *codes})
    status = "failed" if broken else "degraded" if told else "ok"
    response = jsonify({"status": status, "codes": told, "alarms": alarms} if told else {"status": "ok"})
    response.status_code = 503 if broken else 200
    return response
