"""Mends a copy from good bytes elsewhere, each act told before and after.

A repair never writes good bytes over good ones, keeps the damaged ones, and
says LOST where no copy has good ones (preservation/repair.py plans it).
"""

from sqlalchemy.orm import Session

from preservation.checks import Outcome
from preservation.fixity import FixityReport, check_copy
from preservation.premis import EventType
from preservation.repair import RepairResult, carry_out, plan
from repository.models.package import Copy
from repository.workflow import care, journal
from repository.workflow.care import Target, target_of
from repository.workflow.tools import Work
from storage.failpoints import reach


def repair(work: Work) -> None:
    """Mend one copy from good bytes elsewhere; says LOST where there are none."""
    target = target_of(work, work.args["copy"])
    store = work.tools.stores.get(target.store_id)
    if store is None or not target.whole:
        care.check(work, target.copy_id)
        return
    report = check_copy(store, target.prefix, target.inventory)
    if report.outcome is not Outcome.FAILED:
        care.check(work, target.copy_id)  # nothing to mend, or not reachable: say so
        return
    sources = {
        one.store_id: work.tools.stores[one.store_id]
        for one in target.others
        if one.store_id in work.tools.stores
    }
    repair_plan = plan(target.inventory, report, [one for one in target.others if one.store_id in sources])
    _announce(work, target, report)
    result = carry_out(
        repair_plan,
        target=store,
        sources=sources,
        prefix=target.prefix,
        inventory=target.inventory,
        set_aside_extra=work.actor is not None,  # strangers are moved only when a person asked (A06)
    )
    reach("repair.before_register")
    with work.writing() as session:
        copy = session.get_one(Copy, target.copy_id)
        care.note_report(session, work, copy, target=target, report=result.report)
        copy.lost = list(result.lost)
        _record_repair(session, work, target, result)
    reach("repair.after_register")


def _announce(work: Work, target: Target, report: FixityReport) -> None:
    """Write before the first byte moves that a repair begins."""
    reach("repair.before_event")
    with work.writing() as session:
        journal.record(
            session,
            EventType.RECOVERY,
            journal.of_item(target.item_id),
            actor=work.agent,
            at=work.tools.clock(),
            outcome=Outcome.AWAITING,
            detail="begin",
            facts={
                "store": target.store_id,
                "version": target.version,
                "paths": [f.path for f in report.findings],
            },
        )


def _record_repair(session: Session, work: Work, target: Target, result: RepairResult) -> None:
    journal.record(
        session,
        EventType.RECOVERY,
        journal.of_item(target.item_id),
        actor=work.agent,
        at=work.tools.clock(),
        outcome=Outcome.FAILED if result.lost else result.report.outcome,
        detail="lost" if result.lost else "end",
        facts={
            "store": target.store_id,
            "version": target.version,
            "restored": [{"path": one.path, "source": one.source} for one in result.restored],
            "lost": list(result.lost),
            "quarantined": list(result.quarantined),
        },
    )
