"""The restore drill (恢复演练): a backup is only good if it was restored (F01).

The newest backup is restored by a process of its own into an empty folder,
with the stores read-only; then the catalogue is compared, table by table and
by its dump, the packages with those that are known now, and the first page is
asked for. What was measured is the report: nothing in it is assumed.
"""

import json
import os
import secrets
import shutil
import subprocess
import sys
import time
from dataclasses import asdict, dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from preservation.checks import Outcome
from repository.config import Settings
from repository.models.account import Account
from repository.models.package import Package
from repository.models.watch import Report
from repository.setting_rows import TABLE
from repository.workflow import audit, backing, backup_sheets, jobs
from repository.workflow.backup_refusals import DrillFailed
from repository.workflow.backup_sheets import Sheet
from repository.workflow.tools import Tools, Work

KIND = "drill"
EVERY = timedelta(days=7)
AFTER_FAILURE = timedelta(days=1)
TIMEOUT = 4 * 3600  # seconds: P7 promises a restore within four hours
INSIDE = "drill-inside"
RESULT = "result.json"
_TOLD_LINES = 5


@dataclass(frozen=True, slots=True)
class Inside:
    """What the restoring process found. packages are prefixes with their registered digests.

    differing are tables that were not as the manifest tells; status is the
    HTTP number of the first page; seconds are of the two steps.
    """

    revision: str
    tables: int
    rows: int
    dump_sha256: str
    differing: list[str]
    status: int
    restore_seconds: float
    reconcile_seconds: float
    added: int
    events: int
    accounts: int
    away: list[str]
    refused: list[str]
    packages: dict[str, str] = field(default_factory=dict)


def drill(work: Work) -> None:
    """Restore the newest backup, compare, and leave a report; raise DrillFailed after it where it failed."""
    tools, at, began = work.tools, work.tools.clock(), time.monotonic()
    sheet = backup_sheets.newest(tools.settings.backups_folder, at)
    if sheet is None:
        _report(work, at, Outcome.FAILED, "", {"reason": "no_backup"})
        raise DrillFailed(reason="no_backup")
    known, accounts = _known(tools)
    place = _empty_folder(tools)
    try:
        inside = _restored(tools, sheet, place)
    except DrillFailed as failure:
        _report(work, at, Outcome.FAILED, sheet.file, {**_of(sheet, at), **_as_text(failure.facts)})
        raise
    finally:
        shutil.rmtree(place, ignore_errors=True)
    told: dict[str, Any] = asdict(inside)
    packages = told.pop("packages")
    lost = known.keys() - packages.keys()
    told |= {
        **_of(sheet, at),
        "missing": sorted(lost)[:200],
        "changed": sorted(name for name in known.keys() - lost if known[name] != packages[name])[:200],
        "lost": len(lost),
        "known": len(known),
        "found": len(packages),
        "accounts_now": accounts,
        "seconds": round(time.monotonic() - began, 2),
    }
    outcome = _outcome(told)
    _report(work, at, outcome, sheet.file, told)
    if outcome is Outcome.FAILED:
        raise DrillFailed(reason="differs")


def _outcome(told: dict[str, Any]) -> Outcome:
    """Return the verdict: failed where anything is not as it was, warned where a store could not be asked."""
    if told["differing"] or told["changed"] or told["status"] != 200:
        return Outcome.FAILED
    if told["lost"] and not told["away"]:
        return Outcome.FAILED
    return Outcome.WARNED if told["away"] or told["refused"] or told["lacking"] else Outcome.PASSED


def _known(tools: Tools) -> tuple[dict[str, str], int]:
    with tools.database.reading() as session:
        rows = session.execute(select(Package.prefix, Package.registered_digest))
        packages = {prefix: digest for prefix, digest in rows}
        return packages, session.scalar(select(func.count()).select_from(Account)) or 0


def _empty_folder(tools: Tools) -> Path:
    for left in tools.scratch.glob("drill-*"):
        shutil.rmtree(left, ignore_errors=True)
    place = tools.scratch / f"drill-{secrets.token_hex(4)}"
    place.mkdir(mode=0o700, parents=True)
    return place


def _restored(tools: Tools, sheet: Sheet, place: Path) -> Inside:
    """Let a process of its own restore the backup, and return what it found. Raises DrillFailed."""
    command = [sys.executable, "-m", "repository", INSIDE, str(sheet.path.resolve()), str(place.resolve())]
    try:
        ended = subprocess.run(
            command,
            env=environment(tools.settings),
            input=backing.backup_key(tools).secret,
            capture_output=True,
            text=True,
            encoding="utf-8",
            errors="replace",
            timeout=TIMEOUT,
        )
        if ended.returncode != 0:
            lines = ended.stderr.strip().splitlines()[-_TOLD_LINES:]
            raise DrillFailed(reason="restore", code=ended.returncode, told=" ".join(lines)[-1000:])
        return Inside(**json.loads((place / RESULT).read_text("utf-8")))
    except subprocess.TimeoutExpired as error:
        raise DrillFailed(reason="too_long", seconds=TIMEOUT) from error
    except (OSError, ValueError, TypeError) as error:
        raise DrillFailed(reason="restore", told=str(error)) from error


def environment(settings: Settings) -> dict[str, str]:
    """Return the environment in which another process reads these very settings."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("JINGUI_")}
    told = {spec.variable: _as_setting(getattr(settings, spec.name)) for spec in TABLE}
    root = str(Path(__file__).resolve().parents[2])
    told["JINGUI_DATA"] = str(settings.data.resolve())
    return {**kept, **told, "PYTHONPATH": root, "PYTHONUTF8": "1"}


def _as_setting(value: object) -> str:
    return {True: "yes", False: "no"}[value] if isinstance(value, bool) else str(value)


def _of(sheet: Sheet, at: datetime) -> dict[str, object]:
    return {
        "backup": sheet.file,
        "backup_id": sheet.id,
        "made_at": sheet.made_at.isoformat(),
        "age_hours": round((at - sheet.made_at).total_seconds() / 3600, 1),
        "size": sheet.size,
        "counts": sheet.counts,
        "lacking": sheet.lacking,
    }


def _as_text(told: dict[str, object]) -> dict[str, object]:
    return {name: value if isinstance(value, int | float) else str(value) for name, value in told.items()}


def _report(work: Work, at: datetime, outcome: Outcome, subject: str, told: dict[str, Any]) -> None:
    with work.writing() as session:
        session.add(Report(kind=KIND, at=at, outcome=str(outcome), subject=subject, facts=told))
        if work.actor is not None:
            short = {"file": subject}
            audit.record(session, "backup.drilled", actor=work.actor, at=at, outcome=outcome, facts=short)


def ask(session: Session, *, asked_by: str | None = None) -> None:
    """Put a drill in line."""
    jobs.enqueue(session, "drill", priority=jobs.LATER, lock="drill", dedup="drill", asked_by=asked_by)


def ask_due(session: Session, tools: Tools) -> None:
    """Put a drill in line if there is a backup and the last drill is a week old (a failed one: a day)."""
    if backup_sheets.newest(tools.settings.backups_folder, tools.clock()) is None:
        return
    last = session.scalars(select(Report).where(Report.kind == KIND).order_by(Report.at.desc())).first()
    if last is not None:
        wait = AFTER_FAILURE if last.outcome == Outcome.FAILED else EVERY
        if timedelta(0) <= tools.clock() - last.at < wait:
            return
    ask(session)
