"""The daily backup: make one, forget what no generation needs, report.

A failed backup leaves a report, too. Nothing is forgotten before a newer one
is listed as good, and nothing at all while the clock is in doubt (P19).
"""

from dataclasses import asdict
from datetime import timedelta

from sqlalchemy.orm import Session

from preservation.checks import Outcome
from repository.models.snapshot import file_of
from repository.models.watch import Report
from repository.workflow import audit, backing, backup_sheets, generations, jobs, timekeeping
from repository.workflow.backup_sheets import Sheet
from repository.workflow.errors import WorkflowError
from repository.workflow.tools import Tools, Work
from storage.errors import StorageError
from storage.failpoints import reach
from storage.faults import translated

KIND = "backup"
EVERY = timedelta(hours=24)  # P7: accounts and settings are at most a day behind


def prune(tools: Tools) -> list[str]:
    """Remove the backups that no generation needs and return their files.

    The newest of each schema stays. None is removed while the clock is in doubt. Raises StorageError.
    """
    now = tools.clock()
    with tools.database.reading() as session:
        if not timekeeping.trusted(session, now):
            return []
    found = backup_sheets.listed(tools.settings.backups_folder)
    spare = generations.spare((sheet.made_at for sheet in found), now)
    back = {sheet.revision: sheet.id for sheet in reversed(found)}  # the way back from an upgrade (F04)
    removed = [sheet for sheet in found if sheet.made_at in spare and sheet.id not in back.values()]
    for sheet in removed:
        with translated(writing=True):
            sheet.path.unlink(missing_ok=True)
            backup_sheets.sheet_path(sheet.path).unlink(missing_ok=True)
        reach("backup.after_prune")
    return [sheet.file for sheet in removed]


def run(work: Work) -> Sheet:
    """Make a backup, forget what no generation needs, report, and return its sheet. Raises as make does."""
    tools = work.tools
    try:
        sheet = backing.make(tools)
    except (WorkflowError, StorageError) as error:
        _report(work, Outcome.FAILED, "", {"code": error.code, **_as_json(error.facts)})
        raise
    removed = prune(tools)
    told = asdict(sheet)
    told.pop("folder")
    outcome = Outcome.WARNED if sheet.lacking else Outcome.PASSED
    _report(work, outcome, sheet.file, {**_as_json(told), "removed": removed})
    return sheet


def _as_json(told: dict[str, object]) -> dict[str, object]:
    plain = (int, float, dict)
    return {name: value if isinstance(value, plain) else str(value) for name, value in told.items()}


def _report(work: Work, outcome: Outcome, subject: str, told: dict[str, object]) -> None:
    at = work.tools.clock()
    with work.writing() as session:
        session.add(Report(kind=KIND, at=at, outcome=str(outcome), subject=subject, facts=told))
        if work.actor is not None:
            told_short = {"file": subject}
            audit.record(session, "backup.made", actor=work.actor, at=at, outcome=outcome, facts=told_short)


def backup(work: Work) -> None:
    """Run as a job. Running twice makes two backups, which harms nothing."""
    run(work)


def ask(session: Session, *, asked_by: str | None = None) -> None:
    """Put a backup in line."""
    jobs.enqueue(session, "backup", lock="backup", dedup="backup", asked_by=asked_by)


def ask_due(session: Session, tools: Tools) -> None:
    """Put a backup in line if the newest good one is a day old, or there is none."""
    now = tools.clock()
    newest = backup_sheets.newest(tools.settings.backups_folder, now)
    is_fresh = newest is not None and timedelta(0) <= now - newest.made_at < EVERY
    if file_of(tools.database) is not None and not is_fresh:
        ask(session)
