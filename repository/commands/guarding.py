"""A web process that lives tells people when nobody works (case B26).

The worker watches everything else; somebody must watch the worker. An outside
monitor that asks /healthz watches this process.
"""

import logging
import threading

from sqlalchemy.exc import SQLAlchemyError

from repository.workflow import watching
from repository.workflow.tools import Tools

log = logging.getLogger("jingui.guard")
EVERY, FIRST = 300.0, 900.0  # seconds; a machine that starts has a quarter of an hour


def begin(tools: Tools, stopping: threading.Event) -> threading.Thread:
    """Return the started thread that looks after the worker until stopping is set."""
    thread = threading.Thread(target=_look_after, args=(tools, stopping), name="guard", daemon=True)
    thread.start()
    return thread


def _look_after(tools: Tools, stopping: threading.Event) -> None:
    pause = FIRST
    while not stopping.wait(pause):
        pause = EVERY
        try:
            told = watching.guard(tools)
        except SQLAlchemyError as error:  # the catalogue is away: /healthz says so
            log.warning("cannot ask the catalogue who works: %s", error)
            continue
        for one in told:
            log.warning("nobody works; told by %s: %s %s", one.channel, one.outcome, one.trouble)
