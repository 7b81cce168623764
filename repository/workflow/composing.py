"""Puts together what a new package version tells, from rows and reports."""

from collections.abc import Iterable
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from preservation.checks import CheckResult, Finding, Outcome
from preservation.examine import FileFacts
from preservation.intake import IntakeReport
from preservation.premis import EventType
from repository.models.base import new_id
from repository.models.collection import Collection
from repository.models.event import Event
from repository.models.item import Item, Revision
from repository.models.package import Package, PackagedFile
from repository.workflow import facts, journal, packages
from repository.workflow.bagging import object_path
from repository.workflow.packages import ITEM_COLUMNS, Contents, ObjectFile, told_event, told_revision
from repository.workflow.tools import Work

#: The check of intake -> the PREMIS event that tells of it. The rest is "validation".
EVENT_OF_CHECK = {
    "is_free_of_viruses": EventType.VIRUS_CHECK,
    "format_identified": EventType.FORMAT_IDENTIFICATION,
}


def compose_first(session: Session, work: Work, item: Item, report: IntakeReport) -> Contents:
    """Return what version 1 tells: the item, its files as intake found them, the events so far."""
    files = tuple(
        ObjectFile(
            path=object_path(row.position, row.original_name),
            position=row.position,
            size=row.size,
            sha256=row.sha256,
            original_name=row.original_name,
            original_raw=row.original_raw,
            puid=found.format.puid,
            format_name=found.format.name,
            mime=found.format.mime,
            facts=technical(found),
        )
        for row, found in zip(item.staged_files, report.files, strict=True)
    )
    fresh = [told_event(event) for event in _packing_events(work, item.id, report)]
    columns = {**_columns(item), "intake": told_report(report)}
    return _contents(session, work, item, version=1, columns=columns, files=files, fresh=fresh)


def compose_next(session: Session, work: Work, item: Item, newest: Package) -> Contents:
    """Return what the next version tells: the item as it is now, the same files."""
    rows = session.scalars(
        select(PackagedFile)
        .where(PackagedFile.package_id == newest.id, PackagedFile.role == packages.OBJECT)
        .order_by(PackagedFile.position)
    )
    files = tuple(ObjectFile(**{name: getattr(row, name) for name in ObjectFile.__slots__}) for row in rows)
    packing = _event(work, EventType.PACKING, item.id, facts={"version": newest.version + 1})
    return _contents(
        session,
        work,
        item,
        version=newest.version + 1,
        columns=_columns(item),
        files=files,
        fresh=[told_event(packing)],
    )


def _contents(
    session: Session,
    work: Work,
    item: Item,
    *,
    version: int,
    columns: dict[str, Any],
    files: tuple[ObjectFile, ...],
    fresh: list[dict[str, Any]],
) -> Contents:
    events = session.scalars(
        select(Event)
        .where(Event.object_kind == journal.ITEM, Event.object_id == item.id)
        .order_by(Event.sequence)
    )
    revisions = session.scalars(select(Revision).where(Revision.item_id == item.id).order_by(Revision.number))
    return Contents(
        item_id=item.id,
        version=version,
        made_at=work.tools.clock(),
        created_at=item.created_at,
        modified_at=item.modified_at,
        columns=columns,
        files=files,
        events=(*(told_event(event) for event in events), *fresh),
        revisions=tuple(told_revision(revision) for revision in revisions),
        ancestors=_ancestors(session, item),
        school={
            "name": facts.get(session, facts.SCHOOL_NAME),
            "fonds_code": facts.get(session, facts.FONDS_CODE),
        },
    )


def _ancestors(session: Session, item: Item) -> tuple[dict[str, Any], ...]:
    """Return the units above an item, the fonds first."""
    found: list[dict[str, Any]] = []
    unit = session.get(Collection, item.collection_id) if item.collection_id else None
    while unit is not None:
        found.append({name: getattr(unit, name) for name in ("id", "level", "code", "title", "position")})
        unit = unit.parent
    return tuple(reversed(found))


def _columns(item: Item) -> dict[str, Any]:
    return {name: getattr(item, name) for name in ITEM_COLUMNS}


def _event(
    work: Work, kind: EventType, item_id: str, *, outcome: Outcome = Outcome.PASSED, **told: Any
) -> Event:
    return Event(
        id=new_id(),
        type=str(kind),
        at=work.tools.clock(),
        outcome=str(outcome),
        object_kind=journal.ITEM,
        object_id=item_id,
        agent_name=work.tools.software.name,
        agent_kind=work.tools.software.kind,
        detail=told.get("detail", ""),
        facts=told.get("facts", {}),
    )


def intake_events(work: Work, item_id: str, report: IntakeReport) -> Iterable[Event]:
    """Return one event for each check of intake, also for those not run."""
    for result in report.report.results:
        yield _event(
            work,
            EVENT_OF_CHECK.get(result.check, EventType.VALIDATION),
            item_id,
            outcome=result.outcome,
            detail=result.check,
            facts={"findings": [told_finding(finding) for finding in result.findings]},
        )


def _packing_events(work: Work, item_id: str, report: IntakeReport) -> Iterable[Event]:
    yield from intake_events(work, item_id, report)
    yield _event(
        work,
        EventType.MESSAGE_DIGEST_CALCULATION,
        item_id,
        facts={"algorithms": list(work.tools.policy.algorithms), "files": len(report.files)},
    )
    yield _event(work, EventType.PACKING, item_id, facts={"version": 1})


def told_finding(finding: Finding) -> dict[str, Any]:
    """Return a finding as plain values."""
    return {
        "code": finding.code,
        "outcome": str(finding.outcome),
        "path": finding.path,
        "facts": dict(finding.facts),
    }


def told_report(report: IntakeReport) -> dict[str, Any]:
    """Return an intake report as the item keeps it."""
    return {
        "outcome": str(report.report.outcome),
        "results": [_told_result(result) for result in report.report.results],
        "files": [_told_file(file) for file in report.files],
    }


def _told_result(result: CheckResult) -> dict[str, Any]:
    return {
        "check": result.check,
        "outcome": str(result.outcome),
        "findings": [told_finding(finding) for finding in result.findings],
    }


def _told_file(file: FileFacts) -> dict[str, Any]:
    return {
        "name": file.file.name,
        "puid": file.format.puid,
        "mime": file.format.mime,
        "readable": str(file.readable),
        "facts": technical(file),
    }


#: What is kept of a file's technical facts, where it is known.
_TECHNICAL = (
    "family",
    "width",
    "height",
    "dpi",
    "colour_mode",
    "orientation",
    "pages",
    "exif_date",
    "software",
    "device",
    "has_gps",
    "active_content",
    "reason",
)


def technical(file: FileFacts) -> dict[str, Any]:
    """Return the known technical facts of a file as plain values; unknown ones are left out."""
    told = {name: getattr(file, name) for name in _TECHNICAL}
    return {name: list(value) if isinstance(value, tuple) else value for name, value in told.items() if value}
