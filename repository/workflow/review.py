"""The archivist's decision: submit, accept, return with a reason."""

from sqlalchemy.orm import Session

from preservation.checks import Outcome
from preservation.premis import EventType
from repository.description.rules import Severity
from repository.models.item import Item
from repository.permissions import Act, Actor, may
from repository.workflow import founding, jobs, journal, states
from repository.workflow.describe import problems_of
from repository.workflow.errors import Incomplete, ReasonMissing, Refused
from repository.workflow.tools import Tools


def submit(session: Session, tools: Tools, actor: Actor, item: Item) -> None:
    """Hand a draft to the archivists. Raises Incomplete where the title is missing."""
    is_own = actor.id is not None and item.depositor_id == actor.id
    if not may(actor, Act.DESCRIBE) and not (is_own and may(actor, Act.SUBMIT)):
        raise Refused()
    following = states.after(item.state, "submit")
    if not item.title.strip():
        raise Incomplete(missing=("title",))
    item.state, item.reason = following, ""
    journal.record(session, EventType.TRANSFER, journal.of_item(item.id), actor=actor, at=tools.clock())


def accept(session: Session, tools: Tools, actor: Actor, item: Item, *, override: str = "") -> None:
    """Take an item over: its package is made by the worker from here on.

    A held item (a check failed) is accepted only with a reason. Raises
    Incomplete with the problems of the description.
    """
    if not may(actor, Act.REVIEW):
        raise Refused()
    following = states.after(item.state, "accept")
    if item.state == states.HELD and not override.strip():
        raise ReasonMissing()
    found = [p for p in problems_of(item, today=tools.clock().date()) if p.severity is Severity.ERROR]
    if found:
        raise Incomplete(problems=tuple(found))
    series = founding.series_of(session, item.category)
    item.collection_id = None if series is None else series.id
    item.state, item.override, item.reason = following, override.strip(), ""
    journal.record(
        session,
        EventType.ACCESSION,
        journal.of_item(item.id),
        actor=actor,
        at=tools.clock(),
        detail=override.strip(),
    )
    jobs.enqueue(session, "ingest", lock=f"item:{item.id}", dedup=f"ingest:{item.id}", item=item.id)


def return_(session: Session, tools: Tools, actor: Actor, item: Item, *, reason: str) -> None:
    """Give an item back to its depositor. Raises ReasonMissing."""
    if not may(actor, Act.REVIEW):
        raise Refused()
    following = states.after(item.state, "return")
    if not reason.strip():
        raise ReasonMissing()
    item.state, item.reason = following, reason.strip()
    journal.record(
        session,
        EventType.TRANSFER,
        journal.of_item(item.id),
        actor=actor,
        at=tools.clock(),
        outcome=Outcome.FAILED,
        detail=reason.strip(),
    )
