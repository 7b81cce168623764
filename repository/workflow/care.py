"""Care for the copies: due -> fixity -> repair, each step in the log.

A run takes the copies one by one and commits after each, so that a restart
goes on where it stopped. No transaction is open while a store is read.
"""

import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session, selectinload

from preservation.checks import Outcome
from preservation.fixity import FixityReport, check_copy
from preservation.pace import Pace
from preservation.policy import CopyState
from preservation.premis import EventType
from preservation.repair import OtherCopy
from repository.models.job import FixityRun, Job
from repository.models.package import Copy, Package
from repository.permissions import Act, Actor, may
from repository.workflow import audit, canaries, jobs, journal, planning, registers, turns
from repository.workflow.errors import Refused
from repository.workflow.packages import inventory_of
from repository.workflow.tools import Tools, Work
from storage.inventory import Inventory


def fixity(work: Work) -> None:
    """Carry a run on until every copy of it has a verdict."""
    with work.reading() as session:
        run = session.get_one(FixityRun, work.args["run"])
        if run.finished_at is not None:
            return
        repair, asked_by = run.repair, run.asked_by
    there = planning.answering(work.tools)
    with work.writing() as session:
        planning.release(session, session.get_one(FixityRun, work.args["run"]), there)
    pace = pace_of(work.tools)
    distrusted = canaries.before(work, work.args["run"])  # where the checker fails, nothing is judged
    for copy_id in _in_order(work, distrusted):
        if work.stopping():
            raise InterruptedError("the worker is stopping; the run goes on at its next start")
        check(work, copy_id, pace=pace, repair=repair)
        with work.reading() as session:
            run = session.get_one(FixityRun, work.args["run"])
            work.tell(run.expected - run.not_checked, run.expected)
    canaries.after(work, work.args["run"])
    with work.writing() as session:
        _finish(session, work.tools, session.get_one(FixityRun, work.args["run"]), asked_by)


def _in_order(work: Work, distrusted: frozenset[str]) -> Iterator[str]:
    """Yield the copies that a run waits for, also those that join it meanwhile, the most urgent first."""
    seen = set(distrusted)
    while True:
        with work.reading() as session:
            waiting = planning.waiting(session, work.args["run"])
        batch = [copy_id for copy_id in waiting if copy_id not in seen][: planning.BATCH]
        if not batch:
            return
        seen.update(batch)
        yield from turns.in_turn(work, batch)


def _finish(session: Session, tools: Tools, run: FixityRun, asked_by: str) -> None:
    """Close a run and write its figures into the log; what it could not reach is no success."""
    run.finished_at = tools.clock()
    planning.forget(session, run)
    is_good = run.checked == run.expected and not run.invalid
    facts: dict[str, Any] = {**figures_of(run), "asked_by": asked_by}
    if run.invalid:
        facts["invalid"] = True
    if run.away:
        facts["away"] = dict(run.away)
    unproved = canaries.unproved(run)
    if unproved:
        facts["unproved"] = list(unproved)
    journal.record(
        session,
        EventType.FIXITY_CHECK,
        journal.Subject(journal.STORE, "all"),
        actor=tools.software,
        at=run.finished_at,
        outcome=(Outcome.WARNED if run.away or unproved else Outcome.PASSED) if is_good else Outcome.FAILED,
        facts=facts,
    )


#: What others ask of the care for copies; planning.py is its other half.
start, ask_early = planning.start, planning.ask_early


def pace_of(tools: Tools) -> Pace | None:
    """Return the reading speed that the settings allow, None for no limit."""
    rate = tools.settings.fixity_mb_per_second * 1_000_000
    return Pace(rate, clock=time.monotonic, sleep=time.sleep) if rate else None


def figures_of(run: FixityRun) -> dict[str, int]:
    """Return the counts of a run; they add up to expected."""
    return {
        "expected": run.expected,
        "checked": run.checked,
        "failed": run.failed,
        "unreadable": run.unreadable,
        "not_checked": run.not_checked,
    }


@dataclass(frozen=True, slots=True)
class Target:
    """What a check or a repair needs to know of a copy."""

    copy_id: str
    item_id: str
    store_id: str
    prefix: str
    version: int
    inventory: Inventory
    whole: bool  # the register itself agrees with its digest
    others: tuple[OtherCopy, ...]  # the other copies as last known
    tried_at: datetime | None = None  # the last verdict when this was read


def target_of(work: Work, copy_id: str) -> Target:
    """Return a copy as its register tells it, as values that outlive the session."""
    with work.reading() as session:
        copy = session.get_one(Copy, copy_id)
        package = session.scalars(
            select(Package)
            .where(Package.id == copy.package_id)
            .options(selectinload(Package.files), selectinload(Package.copies))
        ).one()
        others = [other for other in package.copies if other.id != copy.id]
        return Target(
            copy_id=copy.id,
            item_id=package.item_id,
            store_id=copy.store_id,
            prefix=package.prefix,
            version=package.version,
            inventory=inventory_of(package),
            whole=registers.is_whole(session, package),
            others=tuple(_as_known(other) for other in others),
            tried_at=copy.tried_at,
        )


def _as_known(copy: Copy) -> OtherCopy:
    bad = frozenset(str(finding["path"]) for finding in copy.findings if finding["outcome"] == Outcome.FAILED)
    return OtherCopy(copy.store_id, CopyState(copy.state), bad)


def check(
    work: Work, copy_id: str, *, pace: Pace | None = None, repair: bool = False
) -> FixityReport | None:
    """Read one copy, write down what was found, and return the report.

    Where another verdict was written while it was read (a repair ended), what
    was read is old: the copy is read again.
    """
    for again in (True, True, False):
        target = target_of(work, copy_id)
        store = work.tools.stores.get(target.store_id)
        report = None
        if store is not None and target.whole:
            report = check_copy(store, target.prefix, target.inventory, pace=pace)
        with work.writing() as session:
            copy = session.get_one(Copy, copy_id)
            if again and copy.tried_at != target.tried_at:
                continue
            note_report(session, work, copy, target=target, report=report)
            if repair and copy.state in (CopyState.DAMAGED, CopyState.MISSING, CopyState.UNREADABLE):
                ask_repair(session, work.tools, work.tools.software, copy)
        break
    return report


def note_report(
    session: Session, work: Work, copy: Copy, *, target: Target, report: FixityReport | None
) -> None:
    """Write the outcome of a check to the copy, the run that waits for it, and the log."""
    now = work.tools.clock()
    _count(session, copy, report)
    copy.tried_at = now
    outcome = Outcome.NOT_RUN if report is None else report.outcome
    copy.outcome = str(outcome)
    if report is not None:
        copy.findings = [
            {"code": f.code, "outcome": str(f.outcome), "path": f.path, "facts": dict(f.facts)}
            for f in report.findings
        ]
        if outcome is not Outcome.NOT_RUN or report.custody is CopyState.UNREADABLE:
            copy.prior_state, copy.prior_checked_at = copy.state, copy.checked_at
            copy.state = str(report.custody)
        if outcome is not Outcome.NOT_RUN:  # what could not be read does not count as read (P3)
            copy.checked_at, copy.asked_at = now, None
            if report.custody is CopyState.OK:
                copy.lost = []
    else:
        copy.findings = [
            {"code": "FX-900" if target.whole else "FX-901", "outcome": "not_run", "path": "", "facts": {}}
        ]
    journal.record(
        session,
        EventType.FIXITY_CHECK,
        journal.of_item(target.item_id),
        actor=work.tools.software,
        at=now,
        outcome=outcome,
        facts={
            "store": target.store_id,
            "version": target.version,
            "files": 0 if report is None else report.files_checked,
            "findings": copy.findings[:50],
        },
    )


def _count(session: Session, copy: Copy, report: FixityReport | None) -> None:
    """Count a verdict in the run that still waits for it; the last reading of a repair is one, too."""
    run = None if copy.run_id is None else session.get(FixityRun, copy.run_id)
    copy.run_id = None
    if run is None or run.finished_at is not None:
        return
    if report is not None:
        run.files += report.files_checked
        run.bytes += report.bytes_read
    if report is None or report.outcome is Outcome.NOT_RUN or report.custody is CopyState.UNREADABLE:
        run.unreadable += 1
    elif report.custody is CopyState.OK:
        run.checked += 1
    else:
        run.failed += 1


def ask_repair(session: Session, tools: Tools, actor: Actor, copy: Copy) -> Job:
    """Put the repair of a copy in line and return the job.

    Who asked is told to the job only if it is a person: the machine alone
    never moves what does not belong (A06).
    """
    if not may(actor, Act.RUN_CARE):
        raise Refused()
    asked_by = actor.name if actor.kind == "person" else None
    if asked_by is not None:
        about = journal.Subject("copy", copy.id)
        audit.record(session, "repair.asked", actor=actor, at=tools.clock(), about=about)
    lock, dedup = f"copy:{copy.id}", f"repair:{copy.id}"
    return jobs.enqueue(session, "repair", lock=lock, dedup=dedup, copy=copy.id, asked_by=asked_by)
