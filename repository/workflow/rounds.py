"""What the clock does: puts a verb in line, and nothing else.

worker.clock tells when; each round here takes a moment and one transaction.
"""

from collections.abc import Callable, Collection
from datetime import timedelta

from sqlalchemy.orm import Session

from repository.workflow import heartbeats, jobs, journal
from repository.workflow.tools import Tools

SOON = timedelta(hours=2)  # before a duty is overdue it is asked for again
_NO_VERBS = frozenset({heartbeats.WORKER, heartbeats.CLOCK})


def ask(tools: Tools, verb: str) -> None:
    """Put one run of a regular verb in line, unless one waits already."""
    in_transaction(tools, lambda session: put_in_line(session, verb))


def put_in_line(session: Session, verb: str) -> None:
    """Leave the one job of a regular verb; the same verb never runs twice at once."""
    dedup = journal.LOG_DEDUP if verb == "carry_log" else verb
    jobs.enqueue(session, verb, priority=jobs.LATER, lock=dedup, dedup=dedup)


def begin(tools: Tools, verbs: Collection[str]) -> None:
    """The clock begins to tick: from now on every regular duty among these verbs is expected."""

    def expect(session: Session) -> None:
        now = tools.clock()
        heartbeats.expect(session, {*verbs, heartbeats.WORKER, heartbeats.CLOCK}, now)
        heartbeats.beat(session, heartbeats.CLOCK, now)

    in_transaction(tools, expect)


def late(tools: Tools) -> list[str]:
    """Return the duties that have no good end for almost as long as they may: a school's machine sleeps.

    Rounds by the hour of the day are missed where the machine is off then.
    """
    now = tools.clock()
    with tools.database.reading() as session:
        beats = heartbeats.beats(session)
    return [beat.name for beat in beats if beat.is_overdue(now + SOON) and beat.name not in _NO_VERBS]


def tick(tools: Tools) -> None:
    """Leave the clock's own sign of life, and bring back what a wrong clock put off for years."""

    def beat(session: Session) -> None:
        heartbeats.beat(session, heartbeats.CLOCK, tools.clock())
        jobs.bring_back(session, tools.clock())

    in_transaction(tools, beat)


def catch_up(tools: Tools) -> None:
    """Ask for what the clock missed while the machine was off; the round of fixity does so by itself."""
    for name in late(tools):
        if name != "fixity":
            ask(tools, name)


def when_due(tools: Tools, ask_due: Callable[[Session, Tools], object]) -> None:
    """Let a round that knows itself when it is due put its verb in line."""
    in_transaction(tools, lambda session: ask_due(session, tools))


def in_transaction(tools: Tools, act: Callable[[Session], object]) -> None:
    """Do a small thing to the catalogue and commit it."""
    with tools.database.writing.begin() as session:
        act(session)
