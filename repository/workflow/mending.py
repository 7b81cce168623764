"""Mends a copy from good bytes elsewhere, each act told before and after.

A repair never writes over good bytes, keeps the damaged ones, and says LOST
where no copy has good ones; a store that is away gives no verdict
(preservation/repair.py plans it). Each leaves a 修复报告.
"""

from datetime import datetime

from sqlalchemy.orm import Session

from preservation.checks import Outcome
from preservation.fixity import FixityReport, check_copy
from preservation.policy import CopyState
from preservation.premis import EventType
from preservation.repair import RepairResult, Restored, carry_out, plan
from repository.models.package import Copy
from repository.models.watch import Report
from repository.workflow import care, journal, repair_reports
from repository.workflow.care import Target, target_of
from repository.workflow.repair_reports import Ended
from repository.workflow.tools import Work
from storage.aside import Quarantined
from storage.errors import StorageError
from storage.failpoints import reach
from storage.store import Store

_TO_MEND = (CopyState.DAMAGED, CopyState.MISSING, CopyState.UNREADABLE)


def repair(work: Work) -> None:
    """Mend one copy from good bytes elsewhere; says LOST where there are none."""
    target = target_of(work, work.args["copy"])
    store = work.tools.stores.get(target.store_id)
    if store is None or not target.whole:
        care.check(work, target.copy_id)
        return
    report = check_copy(store, target.prefix, target.inventory)
    if not _is_to_mend(work, report):
        _nothing_to_mend(work, target, store, report)
        return
    row_id = _announce(work, target, report)
    result = carry_out(
        plan(target.inventory, report, target.others),
        target=store,
        sources=work.tools.stores,
        prefix=target.prefix,
        inventory=target.inventory,
        set_aside_extra=work.actor is not None,  # strangers are moved only when a person asked (A06)
    )
    reach("repair.before_register")
    _finish(work, target, store, Ended(result.report, result), row_id=row_id)
    reach("repair.after_register")


def _is_to_mend(work: Work, report: FixityReport) -> bool:
    """Return whether something is to mend; shared bytes are parted when a person asked (A17)."""
    return report.custody in _TO_MEND or bool(report.shared_paths and work.actor is not None)


def _announce(work: Work, target: Target, report: FixityReport) -> int:
    """Write before the first byte moves that a repair begins; return the number of its report."""
    reach("repair.before_event")
    with work.writing() as session:
        row_id = repair_reports.begin(session, work, target, report)
        paths = [f.path for f in report.findings[: repair_reports.MOST_FILES]]
        journal.record(
            session,
            EventType.RECOVERY,
            journal.of_item(target.item_id),
            actor=work.agent,
            at=work.tools.clock(),
            outcome=Outcome.AWAITING,
            detail="begin",
            facts={"store": target.store_id, "version": target.version, "paths": paths},
        )
    return row_id


def _nothing_to_mend(work: Work, target: Target, store: Store, report: FixityReport) -> None:
    """Write down a reading that leaves nothing to mend: good, or not reachable.

    A repair that was stopped after its last file ends here.
    """
    with work.reading() as session:
        row = repair_reports.open_row(session, target.copy_id)
        row_id = None if row is None else row.id
    if row_id is not None and report.custody is CopyState.OK:
        _finish(work, target, store, Ended(report), row_id=row_id)
        return
    with work.writing() as session:
        copy = session.get_one(Copy, target.copy_id)
        care.note_report(session, work, copy, target=target, report=report)


def _finish(work: Work, target: Target, store: Store, ended: Ended, *, row_id: int) -> None:
    """Write the new reading, the report and the event in one transaction."""
    kept = _kept(work, target, store, ended, row_id=row_id)
    with work.writing() as session:
        copy = session.get_one(Copy, target.copy_id)
        care.note_report(session, work, copy, target=target, report=ended.report)
        copy.lost = list(ended.result.lost) if ended.result else []
        session.flush()
        outcome = repair_reports.end(session, work, target, ended, row_id=row_id, kept=kept)
        _record_end(session, work, target, ended, outcome=outcome, kept=kept)


def _kept(work: Work, target: Target, store: Store, ended: Ended, *, row_id: int) -> list[Quarantined]:
    """Return what an attempt that was stopped has moved to quarantine, as far as the store tells."""
    with work.reading() as session:
        told = session.get_one(Report, row_id).facts
    if ended.result is not None and told["attempts"] == 1:
        return []
    start = f"{target.prefix}/"
    since = datetime.fromisoformat(told["began"]).replace(microsecond=0)  # a note tells whole seconds
    try:
        found = [one for one in store.quarantined() if one.origin.startswith(start)]
    except StorageError:
        return []
    return [one for one in found if one.at is not None and one.at >= since]


def _record_end(
    session: Session, work: Work, target: Target, ended: Ended, *, outcome: Outcome, kept: list[Quarantined]
) -> None:
    result = ended.result
    most = repair_reports.MOST_FILES
    journal.record(
        session,
        EventType.RECOVERY,
        journal.of_item(target.item_id),
        actor=work.agent,
        at=work.tools.clock(),
        outcome=Outcome.FAILED if outcome is Outcome.FAILED else ended.report.outcome,
        detail=_detail(result),
        facts={
            "store": target.store_id,
            "version": target.version,
            "restored": [{"path": one.path, "source": one.source} for one in _restored(result)[:most]],
            "lost": list(result.lost[:most]) if result else [],
            "waiting": list(result.waiting[:most]) if result else [],
            "away": list(result.away) if result else [],
            "quarantined": sorted({*(one.key for one in kept), *(result.quarantined if result else ())}),
        },
    )


def _restored(result: RepairResult | None) -> list[Restored]:
    return [*result.restored, *result.parted] if result else []


def _detail(result: RepairResult | None) -> str:
    if result is not None and result.lost:
        return "lost"
    return "waiting" if result is not None and result.waiting else "end"
