"""Reads an offline medium wholly and writes down what was found.

Here with the register beside it, or elsewhere with the judge that lies on the disk:
its report is taken in, compared digest by digest with the register, and marked as read on
another machine (他机核验).
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from preservation.checks import Outcome
from preservation.fixity import check_copy
from preservation.policy import CopyState
from preservation.premis import EventType
from repository.models.event import Event
from repository.models.keeping import Medium
from repository.models.package import Copy, Package
from repository.models.watch import Report
from repository.permissions import Actor
from repository.workflow import care, journal, offline
from repository.workflow.medium_errors import MediumRefused
from repository.workflow.medium_writing import mounted
from repository.workflow.tools import Tools, Work
from storage.errors import NotFound, Unreadable
from storage.local import LocalStore
from storage.sealed_files import SealedFile, is_good, sealed_key

_STATES = {
    CopyState.OK: Outcome.PASSED,
    CopyState.DAMAGED: Outcome.FAILED,
    CopyState.MISSING: Outcome.FAILED,
    CopyState.UNREADABLE: Outcome.NOT_RUN,
    CopyState.UNKNOWN: Outcome.NOT_RUN,
}
_AHEAD = timedelta(hours=24)


@dataclass(frozen=True, slots=True)
class Verdict:
    """What reading one copy on a medium gave."""

    copy_id: str
    state: CopyState
    findings: tuple[dict[str, Any], ...] = field(default=())

    @property
    def outcome(self) -> Outcome:
        """Return the outcome that goes with the state."""
        return _STATES[self.state]


@dataclass(slots=True)
class Tally:
    """What a check of a medium came to; the states add up to expected."""

    expected: int = 0
    ok: int = 0
    damaged: int = 0
    missing: int = 0
    unreadable: int = 0
    unknown: int = 0

    @property
    def outcome(self) -> Outcome:
        """Return failed where a copy is bad, not run where not every copy was read."""
        if self.damaged or self.missing:
            return Outcome.FAILED
        return Outcome.PASSED if self.ok == self.expected and self.expected else Outcome.NOT_RUN


def copies_on(session: Session, medium_id: str) -> list[str]:
    """Return the ids of the copies on a medium, the longest unread first."""
    query = select(Copy.id).where(Copy.store_id == medium_id).order_by(Copy.checked_at, Copy.id)
    return list(session.scalars(query))


def medium_check(work: Work) -> None:
    """Read every copy on the medium in args["folder"]; args: medium, folder."""
    with work.reading() as session:
        medium = session.get_one(Medium, work.args["medium"])
        session.expunge(medium)
    check(work, medium, Path(work.args["folder"]))


def check(work: Work, medium: Medium, folder: Path) -> Tally:
    """Read every byte of every copy, write down each verdict, and return the count.

    Raises MediumRefused, StoreUnavailable.
    """
    store = mounted(work.tools, medium, folder)
    with work.reading() as session:
        copies = copies_on(session, medium.id)
        sealed = _sealed_as_told(session, medium) if medium.recipients else {}
    tally = Tally(expected=len(copies))
    for done, copy_id in enumerate(copies, start=1):
        if work.stopping():
            raise InterruptedError("the worker is stopping; the check goes on at its next start")
        is_sealed = bool(medium.recipients)
        verdict = _read_sealed(work, store, copy_id, sealed) if is_sealed else _read(work, store, copy_id)
        with work.writing() as session:
            note(session, work, medium.id, verdict)
        _count(tally, verdict)
        work.tell(done, len(copies))
    _tell_end(work.tools, work.agent, medium, tally, at=work.tools.clock(), how={"act": "check"})
    return tally


def _read(work: Work, store: LocalStore, copy_id: str) -> Verdict:
    target = care.target_of(work, copy_id)
    if not target.whole:
        return Verdict(copy_id, CopyState.UNKNOWN, (_finding("FX-901", Outcome.NOT_RUN),))
    report = check_copy(store, target.prefix, target.inventory)
    findings = tuple(
        {"code": one.code, "outcome": str(one.outcome), "path": one.path, "facts": dict(one.facts)}
        for one in report.findings
    )
    return Verdict(copy_id, report.custody, findings)


def _read_sealed(work: Work, store: LocalStore, copy_id: str, told: Mapping[str, SealedFile]) -> Verdict:
    """Compare a sealed package with what was written; twice before it is called damaged."""
    path = sealed_key(care.target_of(work, copy_id).prefix)
    listed = told.get(path)
    try:
        if listed is not None and (is_good(store, listed) or is_good(store, listed)):
            return Verdict(copy_id, CopyState.OK)
    except NotFound:
        store.probe()  # a disk that went away meanwhile has lost nothing
        return Verdict(copy_id, CopyState.MISSING, (_finding("FX-002", Outcome.FAILED),))
    except Unreadable:
        return Verdict(copy_id, CopyState.UNREADABLE, (_finding("FX-401", Outcome.NOT_RUN, path),))
    return Verdict(copy_id, CopyState.DAMAGED, (_finding("FX-101", Outcome.FAILED, path),))


def _finding(code: str, outcome: Outcome, path: str = "") -> dict[str, Any]:
    return {"code": code, "outcome": str(outcome), "path": path, "facts": {}}


def _sealed_as_told(session: Session, medium: Medium) -> dict[str, SealedFile]:
    """Return every sealed file of a medium as our own log tells it: the lists lie on the medium itself."""
    query = select(Event.facts).where(
        Event.type == EventType.REPLICATION, Event.object_kind == journal.ITEM
    )
    found = {}
    for told in session.scalars(query.order_by(Event.sequence)):
        if told.get("store") == medium.id and told.get("sealed"):
            one = SealedFile(**told["sealed"])
            found[one.path] = one
    return found


def note(
    session: Session,
    work: Work,
    medium_id: str,
    verdict: Verdict,
    *,
    at: datetime | None = None,
    how: str = "",
) -> None:
    """Write a verdict to the copy and the log; how is "elsewhere" where another machine read it."""
    copy = session.get(Copy, verdict.copy_id)
    if copy is None:  # the medium was called lost meanwhile
        return
    now = at or work.tools.clock()
    package = session.get_one(Package, copy.package_id)
    copy.tried_at, copy.outcome, copy.findings = now, str(verdict.outcome), list(verdict.findings)
    if verdict.state is not CopyState.UNKNOWN:
        copy.state, copy.checked_at = str(verdict.state), now
    facts = {"store": medium_id, "version": package.version, "findings": list(verdict.findings)[:50]}
    journal.record(
        session,
        EventType.FIXITY_CHECK,
        journal.of_item(package.item_id),
        actor=work.agent,
        at=work.tools.clock(),
        outcome=verdict.outcome,
        detail=how,
        facts=facts,
    )


def _count(tally: Tally, verdict: Verdict) -> None:
    setattr(tally, str(verdict.state), getattr(tally, str(verdict.state)) + 1)


def _tell_end(
    tools: Tools, actor: Actor, medium: Medium, tally: Tally, *, at: datetime, how: dict[str, Any]
) -> None:
    told = {**how, **asdict(tally)}
    with tools.database.writing.begin() as session:
        row = session.get_one(Medium, medium.id)
        if tally.outcome is not Outcome.NOT_RUN or not tally.expected:
            row.checked_at = max(at, row.checked_at or at)
        journal.record(
            session,
            EventType.FIXITY_CHECK,
            offline.subject(row),
            actor=actor,
            at=tools.clock(),
            outcome=tally.outcome,
            facts=told,
        )
        outcome = str(tally.outcome)
        session.add(Report(kind="medium", at=at, outcome=outcome, subject=medium.id, facts=told))


def register(work: Work, medium: Medium, report: Mapping[str, Any]) -> Tally:
    """Take in a report that the judge on the disk made on another machine, and return the count.

    A package is good only if its digest is the registered one: the report's own word
    is not enough. Copies that were written or read later stay as they were: what an old report
    calls good may be damaged by now. Raises MediumRefused.
    """
    offline.in_use(medium)
    at = _when(work.tools, medium, report)
    told = {one["prefix"]: one for one in report["packages"]}
    sealed_told = {one["path"]: one for one in report["sealed"]}
    tally = Tally()
    with work.writing() as session:
        known = _sealed_as_told(session, medium) if medium.recipients else {}
        before = at + timedelta(seconds=1)  # a report tells whole seconds
        latest = work.tools.clock() + _AHEAD  # a reading dated later was noted under a wrong clock (B23)
        query = select(Copy, Package).join(Package)
        query = query.where(Copy.store_id == medium.id, Copy.created_at < before)
        for copy, package in session.execute(query).all():
            if copy.tried_at is not None and before <= copy.tried_at <= latest:
                continue
            if medium.recipients:
                path = sealed_key(package.prefix)
                verdict = _as_sealed(copy.id, sealed_told.get(path), known.get(path))
            else:
                verdict = _as_told(copy.id, told.get(package.prefix), package.registered_digest)
            tally.expected += 1
            note(session, work, medium.id, verdict, at=at, how="elsewhere")
            _count(tally, verdict)
    how = {"act": "check", "elsewhere": True, "read_at": at.isoformat()}
    _tell_end(work.tools, work.agent, medium, tally, at=at, how=how)
    return tally


def _when(tools: Tools, medium: Medium, report: Mapping[str, Any]) -> datetime:
    """Return when the report's reading began. Raises MediumRefused for what is no report on this medium."""
    told = {"medium": medium.name}
    try:
        at = datetime.strptime(str(report["began"]), "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=UTC)
        parts = (*report["packages"], *report["sealed"])
        good = report["tool"] == "verify_jingui" and all(
            isinstance(one, dict) and {"outcome", "findings"} <= one.keys() for one in parts
        )
        ids = all("prefix" in one and "digest" in one for one in report["packages"])
        ids &= all("path" in one and "sha256" in one for one in report["sealed"])
    except (KeyError, TypeError, ValueError) as error:
        raise MediumRefused(why="report", **told) from error
    if not good or not ids:
        raise MediumRefused(why="report", **told)
    if report.get("store") != medium.id:
        raise MediumRefused(why="other", found=report.get("store"), **told)
    if at > tools.clock() + _AHEAD:
        raise MediumRefused(why="future", **told)
    return at


def _as_told(copy_id: str, told: Mapping[str, Any] | None, registered: str) -> Verdict:
    """Return the verdict of a report on one open package."""
    if told is None:
        return Verdict(copy_id, CopyState.MISSING, (_finding("FX-002", Outcome.FAILED),))
    if told["outcome"] == "ok" and told["digest"] == registered:
        return Verdict(copy_id, CopyState.OK)
    if told["outcome"] == "unreadable" and not told["digest"]:
        return Verdict(copy_id, CopyState.UNREADABLE, (_finding("FX-401", Outcome.NOT_RUN),))
    paths = [str(one.get("path", "")) for one in told["findings"] if isinstance(one, dict)] or [""]
    found = tuple(_finding("FX-101", Outcome.FAILED, path) for path in paths[:50])
    return Verdict(copy_id, CopyState.DAMAGED, found)


def _as_sealed(copy_id: str, told: Mapping[str, Any] | None, known: SealedFile | None) -> Verdict:
    """Return the verdict of a report on one sealed package."""
    if told is None:
        return Verdict(copy_id, CopyState.MISSING, (_finding("FX-002", Outcome.FAILED),))
    if known is not None and told["sha256"] == known.sha256:
        return Verdict(copy_id, CopyState.OK)
    if told["outcome"] == "unreadable":
        return Verdict(copy_id, CopyState.UNREADABLE, (_finding("FX-401", Outcome.NOT_RUN),))
    return Verdict(copy_id, CopyState.DAMAGED, (_finding("FX-101", Outcome.FAILED, told["path"]),))
