"""Keeps the 修复报告: one row for each repair, told from its begin to its end.

The row is written before the first byte moves and completed afterwards, also
after a stop in between: what the first attempt mended is known again by what it
left in quarantine. A repair that could do nothing new adds no second row.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from preservation.checks import Outcome
from preservation.fixity import FixityReport
from preservation.policy import CopyState
from preservation.repair import QUARANTINE_DAYS, RepairResult, Restored
from repository.models.package import Copy, Package
from repository.models.watch import Report
from repository.workflow.care import Target
from repository.workflow.tools import Work
from storage.aside import Quarantined

REPAIR = "repair"
MOST_FILES = 500  # told one by one; the rest is counted
#: What became of a file.
RESTORED, LOST, WAITING, BLOCKED = "restored", "lost", "waiting", "blocked"
LEFT, SET_ASIDE, PARTED = "left", "set_aside", "parted"


@dataclass(frozen=True, slots=True)
class Ended:
    """What a repair came to: the result of carrying out, or None where nothing was left to mend."""

    report: FixityReport
    result: RepairResult | None = None


def begin(session: Session, work: Work, target: Target, report: FixityReport) -> int:
    """Write that a repair begins and return the number of its row; a stopped one goes on in its own."""
    row = open_row(session, target.copy_id)
    if row is None:
        awaiting = str(Outcome.AWAITING)
        row = Report(kind=REPAIR, at=work.tools.clock(), outcome=awaiting, subject=target.item_id)
        session.add(row)
        row.facts = {
            "copy": target.copy_id,
            "store": target.store_id,
            "version": target.version,
            "prefix": target.prefix,
            "asked_by": work.agent.name,
            "by_person": work.actor is not None,
            "began": work.tools.clock().isoformat(),
            "wrong": _wrong(report),
            "attempts": 0,
        }
    row.facts = {**row.facts, "attempts": int(row.facts.get("attempts", 0)) + 1}
    session.flush()
    return row.id


def open_row(session: Session, copy_id: str) -> Report | None:
    """Return the report of a repair of this copy that began and has not ended."""
    query = select(Report).where(Report.kind == REPAIR, Report.outcome == str(Outcome.AWAITING))
    return next((row for row in session.scalars(query) if row.facts.get("copy") == copy_id), None)


def _wrong(report: FixityReport) -> list[dict[str, Any]]:
    """Return what was found wrong, as plain values."""
    told = [
        {"code": one.code, "outcome": str(one.outcome), "path": one.path, "facts": dict(one.facts)}
        for one in report.findings
    ]
    return told[:MOST_FILES]


def end(
    session: Session, work: Work, target: Target, ended: Ended, *, row_id: int, kept: Iterable[Quarantined]
) -> Outcome:
    """Complete the row and return the outcome; kept is what lies in quarantine from this repair."""
    row = session.get_one(Report, row_id)
    now = work.tools.clock()
    files = _files(row.facts, target, ended, kept=kept, now=now)
    outcome = _outcome(ended)
    row.outcome = str(outcome)
    row.facts = {
        **row.facts,
        "ended": now.isoformat(),
        "files": files[:MOST_FILES],
        "more": max(0, len(files) - MOST_FILES),
        "counts": _counts(files),
        "away": list(ended.result.away) if ended.result else [],
        "custody": str(ended.report.custody),
        "read": {"files": ended.report.files_checked, "bytes": ended.report.bytes_read},
        "copies": _copies(session, target),
    }
    _fold(session, row)
    return outcome


def _outcome(ended: Ended) -> Outcome:
    if ended.result is not None and ended.result.lost:
        return Outcome.FAILED
    return Outcome.PASSED if ended.report.custody is CopyState.OK else Outcome.WARNED


def _counts(files: list[dict[str, Any]]) -> dict[str, int]:
    kinds = (RESTORED, LOST, WAITING, BLOCKED, LEFT, SET_ASIDE, PARTED)
    return {kind: sum(one["result"] == kind for one in files) for kind in kinds}


def _copies(session: Session, target: Target) -> list[dict[str, Any]]:
    """Return how all copies of the package fare now."""
    query = select(Copy).join(Package).where(
        Package.item_id == target.item_id, Package.version == target.version
    )
    return [
        {"store": one.store_id, "state": one.state,
         "checked_at": one.checked_at.isoformat() if one.checked_at else ""}
        for one in session.scalars(query.order_by(Copy.store_id))
    ]


def _files(
    facts: Mapping[str, Any], target: Target, ended: Ended, *, kept: Iterable[Quarantined], now: datetime
) -> list[dict[str, Any]]:
    """Return a line for each file: what was wrong, what became of it, where the old bytes are."""
    codes = {one["path"]: one["code"] for one in facts["wrong"]}
    until = (now + timedelta(days=QUARANTINE_DAYS)).date().isoformat()
    found: dict[str, dict[str, Any]] = {}

    def tell(path: str, result: str, **more: Any) -> None:
        record = target.inventory.get(path)
        told = {"path": path, "code": codes.get(path, ""), "result": result, **more}
        if record is not None:
            told |= {"sha256": record.sha256, "size": record.size}
        if more.get("quarantine"):
            told["until"] = until
        found[path] = told

    done = ended.result
    for one in done.restored if done else ():
        tell(one.path, RESTORED, **_mended(one))
    for one in done.parted if done else ():
        tell(one.path, PARTED, **_mended(one))
    for aside in done.set_aside if done else ():
        tell(aside.path, SET_ASIDE, quarantine=aside.quarantine_key)
    for path in done.lost if done else ():
        tell(path, LOST)
    for path in done.waiting if done else ():
        tell(path, WAITING)
    for path in done.blocked if done else ():
        tell(path, BLOCKED)
    for path in done.left_alone if done else ():
        tell(path, LEFT)
    for old in kept:  # what an attempt that was stopped had moved
        path = old.origin.removeprefix(f"{target.prefix}/")
        if path not in found or found[path]["result"] == LEFT:
            result = RESTORED if target.inventory.get(path) else SET_ASIDE
            tell(path, result, quarantine=old.key, old_size=old.size)
    if done is None or facts["attempts"] > 1:
        for path in codes.keys() - found.keys():  # mended by that attempt where nothing had stood
            if target.inventory.get(path) and path not in ended.report.bad_paths:
                tell(path, RESTORED)
    return [found[path] for path in sorted(found)]


def _mended(one: Restored) -> dict[str, Any]:
    """Return what a report tells of a file that was mended."""
    return {
        "source": one.source,
        "quarantine": one.quarantine_key,
        "old_sha256": one.old_sha256,
        "old_size": one.old_size,
    }


def _fold(session: Session, row: Report) -> None:
    """Drop a report that tells nothing beyond the last one of this copy; that one counts the tries."""
    counts = row.facts["counts"]
    if counts[RESTORED] or counts[SET_ASIDE] or counts[PARTED]:
        return
    query = select(Report).where(Report.kind == REPAIR, Report.subject == row.subject, Report.id < row.id)
    for last in session.scalars(query.order_by(Report.id.desc()).limit(20)):
        if last.facts.get("copy") != row.facts["copy"]:
            continue
        if last.outcome == row.outcome and _left(last) == _left(row):
            tried = {"tried_again": int(last.facts.get("tried_again", 0)) + 1, "last_try": row.facts["ended"]}
            last.facts = {**last.facts, **tried, "copies": row.facts["copies"]}
            session.delete(row)
        return


def _left(row: Report) -> set[tuple[str, str]]:
    """Return what a repair could not mend."""
    kinds = (LOST, WAITING, BLOCKED)
    return {(one["path"], one["result"]) for one in row.facts["files"] if one["result"] in kinds}
