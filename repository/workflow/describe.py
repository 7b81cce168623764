"""Describing: an edit with its history, never a silent overwrite.

An edit of an archived item leaves a job that writes a new package version:
the bag is the truth, the row is its view.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from preservation.premis import EventType
from repository.description.columns import ItemColumns
from repository.description.dates import DateValue, parse_date
from repository.description.errors import DateRefused, ReferenceCodeRefused
from repository.description.normalise import normalise, normalise_columns
from repository.description.refcodes import sort_key
from repository.description.rules import Problem, Severity, Stage, validate
from repository.description.value import Change, Description, changed_fields
from repository.models.item import Item, Revision
from repository.permissions import Act, Actor, may
from repository.workflow import facts, jobs, journal, states
from repository.workflow.errors import EditedMeanwhile, Incomplete, NotAllowed, Refused, Taken
from repository.workflow.tools import Tools

#: Columns of an item that are edited like description fields.
COLUMNS = ("kind", "category", "retention", "access_level", "reference_code")
#: Saves of one person that follow each other so soon are one edit, while nothing is archived yet.
ONE_SITTING = timedelta(minutes=10)


@dataclass(frozen=True, slots=True)
class Edit:
    """What someone wants an item to say.

    values and columns hold only what was on the form; a column missing here
    stays as it is. seen is the revision the form was made from. joins: a page
    that saves by itself; its saves join one revision, before archiving only.
    """

    values: Mapping[str, str | tuple[str, ...]]
    columns: Mapping[str, str]
    seen: int | None = None
    reason: str = ""
    joins: bool = False


def description_of(item: Item) -> Description:
    """Return an item's description as a value."""
    return Description.from_plain({"kind": item.kind, "values": item.values})


def columns_of(item: Item) -> ItemColumns:
    """Return the columns that stand beside the description."""
    return ItemColumns(
        id=item.id,
        category=item.category,
        retention=item.retention,
        access_level=item.access_level,
        reference_code=item.reference_code or "",
    )


def problems_of(item: Item, *, today: date, stage: Stage = Stage.FILING) -> tuple[Problem, ...]:
    """Return what is wrong or missing in an item's description."""
    return validate(description_of(item), columns_of(item), today=today, stage=stage)


def edit(session: Session, tools: Tools, actor: Actor, item: Item, *, wanted: Edit) -> tuple[Change, ...]:
    """Change an item and return what changed; nothing changed leaves no trace.

    Raises Refused, NotAllowed, EditedMeanwhile, Taken (reference code), and
    Incomplete where a value is wrong or an archived item would lose a
    mandatory one.
    """
    if not may_edit(actor, item):
        raise Refused()
    if not states.allows(item.state, "edit"):
        raise NotAllowed(state=item.state, verb="edit")
    if wanted.seen is not None and wanted.seen != item.revision:
        raise EditedMeanwhile(seen=wanted.seen, now=item.revision)
    before = _told(item)
    _apply(session, item, wanted)
    stage = Stage.FILING if item.state == states.ARCHIVED else Stage.DEPOSIT
    found = problems_of(item, today=tools.clock().date(), stage=stage)
    changed = set(wanted.values) | set(wanted.columns)
    errors = tuple(p for p in found if p.severity is Severity.ERROR and _stops(p, item, changed))
    if errors:
        raise Incomplete(problems=errors)
    changes = changed_fields(before, _told(item))
    if changes:
        _keep_history(session, tools, actor, item, changes=changes, wanted=wanted)
    return changes


def _stops(problem: Problem, item: Item, changed: set[str]) -> bool:
    """Return whether a problem refuses the edit: in a draft only a wrong value does, not a missing one."""
    if item.state == states.ARCHIVED:
        return True
    missing = not description_of(item).many(problem.field) and not getattr(item, problem.field, "")
    return problem.field in changed and not missing


def may_edit(actor: Actor, item: Item) -> bool:
    """Return whether actor may describe this item: an archivist, or its depositor while it is a draft."""
    is_own = actor.id is not None and item.depositor_id == actor.id
    own_draft = is_own and item.state in (states.DRAFT, states.RETURNED)
    return may(actor, Act.DESCRIBE) or (own_draft and may(actor, Act.SUBMIT))


def _told(item: Item) -> Description:
    """Return description and columns as one value, for comparing."""
    described = description_of(item)
    return described.with_values({name: getattr(item, name) or "" for name in COLUMNS if name != "kind"})


def _apply(session: Session, item: Item, wanted: Edit) -> None:
    columns = normalise_columns(
        {name: wanted.columns[name].strip() for name in COLUMNS if name in wanted.columns}
    ).values
    for name in columns:
        if name != "reference_code":
            setattr(item, name, columns[name])
    described = normalise(item.kind, {**description_of(item).values, **wanted.values}).description
    item.values = _plain_values(described)
    item.title = described.text("title")
    dated = _dated(described.text("date"))
    item.date_edtf, item.date_sort = dated.edtf, dated.sort
    item.first_year, item.last_year = dated.first_year, dated.last_year
    if "reference_code" in columns:
        _set_code(session, item, columns["reference_code"])


def _dated(text: str) -> DateValue:
    """Return what a date means; one that means nothing counts as undated here, and the rules report it."""
    try:
        return parse_date(text)
    except DateRefused:
        return parse_date("")


def _plain_values(described: Description) -> dict[str, Any]:
    return {
        name: value if isinstance(value, str) else list(value) for name, value in described.values.items()
    }


def _told_change(change: Change) -> dict[str, Any]:
    return {"field": change.field, "before": _plain(change.before), "after": _plain(change.after)}


def _plain(value: str | tuple[str, ...]) -> str | list[str]:
    return value if isinstance(value, str) else list(value)


def _set_code(session: Session, item: Item, code: str) -> None:
    if (
        code
        and session.scalars(select(Item.id).where(Item.reference_code == code, Item.id != item.id)).first()
    ):
        raise Taken(name=code)
    item.reference_code, item.reference_sort = code or None, _sortable(code)


def _sortable(code: str) -> str:
    """Return the sorting form of a code; one that the rules will refuse sorts as it is written."""
    try:
        return sort_key(code) if code else ""
    except ReferenceCodeRefused:
        return code


def _keep_history(
    session: Session, tools: Tools, actor: Actor, item: Item, *, changes: tuple[Change, ...], wanted: Edit
) -> None:
    now, reason = tools.clock(), wanted.reason.strip()
    told = [_told_change(change) for change in changes]
    earlier = _same_sitting(session, actor, item, now) if wanted.joins and not reason else None
    item.revision += 1
    item.modified_at = now
    if earlier is not None:
        earlier.number, earlier.at, earlier.changes = item.revision, now, _joined(earlier.changes, told)
    else:
        row = Revision(item_id=item.id, number=item.revision, at=now, agent_name=actor.name, reason=reason)
        row.changes = told
        session.add(row)
    if item.state == states.ARCHIVED:
        _keep_on_record(session, tools, actor, item, changes=changes, reason=reason)


def _same_sitting(session: Session, actor: Actor, item: Item, now: datetime) -> Revision | None:
    """Return the last revision of an item not yet archived, if this person wrote it just now."""
    if item.state == states.ARCHIVED:
        return None
    query = select(Revision).where(Revision.item_id == item.id, Revision.number == item.revision)
    last = session.scalars(query).first()
    if last is None or last.agent_name != actor.name or last.reason or now - last.at > ONE_SITTING:
        return None
    return last


def _joined(earlier: list[dict[str, Any]], later: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return two lists of changes as one; what is again as it was before is left out."""
    found = {change["field"]: change for change in earlier}
    for change in later:
        before = found.get(change["field"], change)["before"]
        found[change["field"]] = {**change, "before": before}
    return [found[name] for name in sorted(found) if found[name]["before"] != found[name]["after"]]


def _keep_on_record(
    session: Session, tools: Tools, actor: Actor, item: Item, *, changes: tuple[Change, ...], reason: str
) -> None:
    """Tell of the edit of an archived item, and leave the jobs for a new version and for the index."""
    item.generation = facts.next_generation(session)
    journal.record(
        session,
        EventType.METADATA_MODIFICATION,
        journal.of_item(item.id),
        actor=actor,
        at=tools.clock(),
        detail=reason,
        facts={"fields": [change.field for change in changes]},
    )
    jobs.enqueue(session, "repack", lock=f"item:{item.id}", dedup=f"repack:{item.id}", item=item.id)
    jobs.enqueue(session, "index", priority=jobs.FIRST, lock="index", dedup=f"index:{item.id}", item=item.id)
