"""A lost disk was replaced: the store begins anew, and every copy comes back.

The place was found empty and made a store of the same name by the caller. What was
known to stand there is missing now, told so, and mended from the other copies; the
log, its seals and its anchors are written again from the first line.
"""

from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session
from sqlalchemy.orm.attributes import flag_modified

from preservation.checks import Outcome
from preservation.policy import CopyState
from preservation.premis import EventType
from repository.models.audit import Anchor
from repository.models.package import Copy
from repository.permissions import Act, Actor, may
from repository.workflow import audit, care, facts, journal, replicating
from repository.workflow.errors import Refused
from repository.workflow.tools import Tools


@dataclass(frozen=True, slots=True)
class Renewal:
    """What was put in line: copies to bring back, and packages that never had a copy there."""

    copies: int
    further: int


def renew(session: Session, tools: Tools, actor: Actor, *, store_id: str) -> Renewal:
    """Call every copy in a new, empty store missing and put its repair in line. Raises Refused."""
    if not may(actor, Act.MANAGE_SYSTEM):
        raise Refused()
    now = tools.clock()
    copies = session.scalars(select(Copy).where(Copy.store_id == store_id)).all()
    for copy in copies:
        copy.state, copy.outcome, copy.tried_at = str(CopyState.MISSING), str(Outcome.FAILED), now
        copy.findings = [{"code": "FX-002", "outcome": str(Outcome.FAILED), "path": "", "facts": {}}]
        care.ask_repair(session, tools, actor, copy)
    _forget_carried(session, store_id)
    told = {"renewed": True, "copies": len(copies)}
    journal.record(
        session,
        EventType.REFRESHMENT,
        journal.Subject(journal.STORE, store_id),
        actor=actor,
        at=now,
        outcome=Outcome.AWAITING,
        facts=told,
    )
    about = journal.Subject(journal.STORE, store_id)
    audit.record(session, "store.renew", actor=actor, at=now, about=about, facts=told)
    return Renewal(len(copies), replicating.catch_up(session, tools))


def _forget_carried(session: Session, store_id: str) -> None:
    """Forget what was ever written into the lost store, so that all of it is written into the new one."""
    for watermark in (facts.LOG_WATERMARK, facts.SEAL_WATERMARK, facts.CANARIES):
        facts.put(session, watermark + store_id, "0")
    for note in (facts.ROLL, facts.STOCKTAKE):
        facts.put(session, note + store_id, "")
    for anchor in session.scalars(select(Anchor)):
        if anchor.carried.pop(store_id, None) is not None:
            flag_modified(anchor, "carried")
