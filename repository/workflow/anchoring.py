"""Makes anchors (见证): where both logs stand, told off the machine once a day.

A row first, then every reachable store; a store that was away gets it later.
May run twice: an anchor made since the job was asked for is enough.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from repository.models.audit import Anchor
from repository.models.job import Job
from repository.workflow import anchorbook, chains, jobs, sealing, watching
from repository.workflow.anchorbook import Witness
from repository.workflow.notices import Anchored
from repository.workflow.sealkey import SealKey
from repository.workflow.tools import Tools, Work
from storage.errors import StorageError, StoreUnavailable
from storage.failpoints import reach

FRESH = timedelta(hours=20)  # a daily anchor that is younger is today's


def ask(session: Session, tools: Tools) -> Job:
    """Leave the job that makes an anchor now: after a restore, a destruction, or when a person asks."""
    return jobs.enqueue(
        session, "anchor", lock="anchor", dedup="anchor-now", asked_at=tools.clock().isoformat()
    )


def anchor(work: Work) -> None:
    """Make an anchor and write it into every reachable store.

    Raises StoreUnavailable where no store at all took it.
    """
    make(work)
    carried, failed = 0, None
    for store in work.tools.stores.values():
        try:
            store.probe()
            anchorbook.carry(work, store)
            carried += 1
        except StorageError as error:
            failed = error
    if not carried and work.tools.stores:
        raise failed or StoreUnavailable()


def make(work: Work) -> Witness:
    """Seal what is not sealed yet and return the new anchor, or the one that is fresh enough."""
    key = sealing.key_of(work.tools)
    sealing.seal_all(work, key)
    now = work.tools.clock()
    since = datetime.fromisoformat(work.args["asked_at"]) if "asked_at" in work.args else now - FRESH
    with work.writing() as session:
        last = newest(session)
        if last is not None and last.is_signed(key) and since <= last.at <= now:
            return last  # a row without our mac says nothing: whoever wrote it wants no new anchor
        row = _new(session, key, now)
        if work.tools.settings.mail_host:  # a letter outlives every disk of ours
            said = work.tools.voice.anchor(Anchored(row.number, row.at, row.short))
            watching.ask_notify(session, said, now)
    reach("anchor.after_row")
    return row


def _new(session: Session, key: SealKey, now: datetime) -> Witness:
    heads: dict[str, Any] = {log: sealing.head(session, log).told() for log in chains.LOGS}
    row = Anchor(at=now, heads={**heads, "key": key.id}, mac="", carried={})
    session.add(row)
    session.flush()
    row.mac = key.mac(anchorbook.witness(row).signed)
    session.flush()
    return anchorbook.witness(row)


def newest(session: Session) -> Witness | None:
    """Return the last anchor."""
    row = session.scalars(select(Anchor).order_by(Anchor.number.desc()).limit(1)).first()
    return None if row is None else anchorbook.witness(row)


def listing(session: Session, *, limit: int) -> Sequence[Anchor]:
    """Return the last anchors, newest first."""
    return session.scalars(select(Anchor).order_by(Anchor.number.desc()).limit(limit)).all()


def by_number(session: Session, number: int) -> Witness | None:
    """Return one anchor."""
    row = session.get(Anchor, number)
    return None if row is None else anchorbook.witness(row)
