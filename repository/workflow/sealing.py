"""Seals both logs, row by row, with a key of the worker's own (promise P10).

Each seal holds the digest of the seal before it (of the same log) and of the
row, and a mac of that under the key. Every job may run twice: rows up to the
last seal have theirs. A row that turns up between sealed ones is never sealed
afterwards: it is told as one too many.
"""

from sqlalchemy import func, insert, select
from sqlalchemy.orm import Session

from repository.models.audit import Seal
from repository.workflow import chains, sealbook, sealkey
from repository.workflow.chains import LOGS, Head
from repository.workflow.sealkey import SealKey
from repository.workflow.tools import Tools, Work
from storage.failpoints import reach

BATCH = 1000  # rows sealed in one transaction


def head(session: Session, log: str) -> Head:
    """Return where the chain of a log stands."""
    last = last_seal(session, log)
    if last is None:
        return Head()
    count = session.scalar(select(func.count()).select_from(Seal).where(Seal.log == log)) or 0
    return Head(last.sequence, count, last.digest)


def last_seal(session: Session, log: str) -> Seal | None:
    """Return the last seal of a log: within a chain the numbers of rows only grow."""
    return session.scalars(
        select(Seal).where(Seal.log == log).order_by(Seal.sequence.desc()).limit(1)
    ).first()


def key_of(tools: Tools) -> SealKey:
    """Return the sealing key, made where there is none; for the worker alone. Raises Unreadable."""
    path = tools.settings.audit_key_file
    found = sealkey.read(path)
    if found is None:
        with tools.database.reading() as session:
            after = session.scalar(select(func.max(Seal.number))) or 0
        found = sealkey.make(path, after=after)
        reach("seal.after_key")
    return found


def seal(work: Work) -> None:
    """Seal what both logs have new, then carry the seals into the stores."""
    seal_all(work, key_of(work.tools))
    sealbook.carry(work)
    reach("seal.after_carry")


def seal_all(work: Work, key: SealKey) -> int:
    """Seal every row behind the last sealed one and return how many."""
    total = 0
    for log in LOGS:
        while done := _seal_batch(work, key, log):
            total += done
            if work.stopping():
                break
    return total


def _seal_batch(work: Work, key: SealKey, log: str) -> int:
    with work.writing() as session:
        last, model = last_seal(session, log), LOGS[log]
        after, digest = (0, "") if last is None else (last.sequence, last.digest)
        seals: list[dict[str, object]] = []
        fresh = select(model).where(model.sequence > after).order_by(model.sequence).limit(BATCH)
        for row in session.scalars(fresh):
            digest = chains.chained(digest, chains.line(log, row))
            told = {"log": log, "sequence": row.sequence, "digest": digest}
            seals.append({**told, "mac": key.mac(digest)})
        if seals:
            session.execute(insert(Seal), seals)
        reach("seal.before_commit")
    if seals:
        reach("seal.after_commit")
    return len(seals)
