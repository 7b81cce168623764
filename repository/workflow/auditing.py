"""Verifies both logs against their seals and anchors (promise P10).

Finds what was edited, removed, put in another order, put in between or cut
off, also by whoever owns the database: the chain shows it, the macs show a
chain that was made anew, the anchors outside show a tail that was cut or a
database of yesterday. What could not be looked at is told as not run.
"""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from preservation.checks import Finding, Outcome
from preservation.premis import EventType
from repository.models.audit import Anchor
from repository.models.event import Event
from repository.models.job import Job
from repository.models.package import Package
from repository.models.watch import Report
from repository.workflow import anchorbook, branches, chains, chainwalk, jobs, journal, sealkey, witnessing
from repository.workflow.anchorbook import Witness
from repository.workflow.chainwalk import Walk
from repository.workflow.sealkey import SealKey
from repository.workflow.tools import Tools, Work
from repository.workflow.verdicts import Told, Verdict, finding
from storage.errors import StorageError

LATE = timedelta(hours=26)  # rows without a seal for longer are warned of (P17)
KIND = "audit"  # of the report that a verification leaves
_REGISTERING = (str(EventType.INGESTION_END), str(EventType.MODIFICATION))


def ask(session: Session) -> Job:
    """Leave the job that verifies the logs."""
    return jobs.enqueue(session, "audit_verify", lock="audit_verify", dedup="audit_verify")


def audit_verify(work: Work) -> None:
    """Verify the logs and leave the report."""
    found = verify(work.tools)
    with work.writing() as session:
        note(session, found)


def note(session: Session, found: Verdict) -> None:
    """Keep what a verification found as a report."""
    session.add(Report(kind=KIND, at=found.at, outcome=str(found.outcome), subject="log", facts=found.told()))


def last_report(session: Session) -> Report | None:
    """Return what the last verification found."""
    query = select(Report).where(Report.kind == KIND, Report.subject == "log")
    return session.scalars(query.order_by(Report.at.desc(), Report.id.desc()).limit(1)).first()


def verify(tools: Tools, *, with_key: bool = True) -> Verdict:
    """Return what is wrong with the logs. Raises Unreadable where the key may not be read."""
    key = sealkey.read(tools.settings.audit_key_file) if with_key else None
    told = _ask_stores(tools)
    with tools.database.reading() as session:
        found = judge(session, told, key=key, now=tools.clock())
    if not found.strays:
        return found
    explained = branches.explain(tools, found.strays, key)
    wrong = sum(one.outcome is Outcome.FAILED for one in explained)
    return replace(found, findings=(*found.findings, *explained), wrong=found.wrong + wrong)


def _ask_stores(tools: Tools) -> Told:
    witnesses: list[Witness] = []
    asked, away = [], []
    for store in tools.stores.values():
        try:
            store.probe()
            witnesses.extend(anchorbook.read(store))
            asked.append(store.id)
        except StorageError:
            away.append(store.id)
    return Told(witnesses, asked, away)


def judge(session: Session, told: Told, *, key: SealKey | None, now: datetime) -> Verdict:
    """Return what the catalogue's rows tell against the anchors; asks no store, so strays stay open."""
    own = {anchor.number: anchor for anchor in session.scalars(select(Anchor))}
    known = witnessing.every(own, told)
    wanted = {one.head(log).digest for one in known for log in chains.LOGS}
    walks = [chainwalk.walk(session, log, key=key, wanted=wanted) for log in chains.LOGS]
    more = [*witnessing.findings(own, told, key), *_registered(session), *_unsealed(walks, now)]
    more += _not_looked_at(walks, told, key, anchors=len(known))
    failed = sum(one.outcome is Outcome.FAILED for one in more)
    return Verdict(
        at=now,
        findings=(*(one for seen in walks for one in seen.findings), *more),
        rows=chainwalk.counts(session),
        unsealed={seen.log: seen.unsealed for seen in walks},
        anchors=len(known),
        last_anchor=max((one.at for one in known), default=None),
        wrong=failed + sum(seen.wrong for seen in walks),
        strays=tuple(witnessing.strays(known, walks)),
    )


def _registered(session: Session) -> Iterator[Finding]:
    """Yield the packages whose registered digest is not the one in the log (case A26)."""
    query = select(Event.object_id, Event.facts).where(
        Event.type.in_(_REGISTERING), Event.object_kind == journal.ITEM
    )
    logged = {
        (row.object_id, row.facts["version"]): row.facts["digest"]
        for row in session.execute(query)
        if "digest" in row.facts
    }
    packages = select(Package.item_id, Package.version, Package.registered_digest)
    for row in session.execute(packages):
        if logged.get((row.item_id, row.version), row.registered_digest) != row.registered_digest:
            yield finding(
                "AU-011", Outcome.FAILED, f"item/{row.item_id}", item=row.item_id, version=row.version
            )


def _unsealed(walks: Sequence[Walk], now: datetime) -> Iterator[Finding]:
    for seen in walks:
        if seen.unsealed_since is not None and now - seen.unsealed_since > LATE:
            since = seen.unsealed_since.isoformat()
            yield finding("AU-013", Outcome.WARNED, seen.log, log=seen.log, count=seen.unsealed, since=since)


def _not_looked_at(
    walks: Sequence[Walk], told: Told, key: SealKey | None, *, anchors: int
) -> Iterator[Finding]:
    """Yield what could not be looked at, so that nobody takes it for good."""
    former = sum(seen.unchecked for seen in walks)
    if key is None and any(seen.head.count for seen in walks):
        yield finding("AU-014", Outcome.NOT_RUN, "key", count=former)
    elif former:
        yield finding("AU-016", Outcome.NOT_RUN, "key", count=former)
    for store in told.away:
        yield finding("AU-015", Outcome.NOT_RUN, store, store=store)
    if not anchors:
        yield finding("AU-017", Outcome.NOT_RUN, "anchor")
