"""What a bag tells of its item, made to fit into this catalogue.

Another school's tree is none of ours, and a reference code (档号) that is
taken here becomes a former one: both by an edit like any other, in the
history, in the log, and soon in a version of its own. A rebuild fits an item
just as the import did.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from preservation.premis import EventType
from repository.models.collection import Collection
from repository.models.event import Event
from repository.models.item import Item, Revision
from repository.permissions import Actor
from repository.workflow import founding, ingest, journal
from repository.workflow.packages import Contents
from storage.layout import item_prefix
from storage.store import Store

IMPORTED, REBUILT = "imported", "rebuilt"  # the details of the events that tell a fitting


@dataclass(frozen=True, slots=True)
class Act:
    """Who fits an item, when, and on which occasion.

    event is False where the log tells of it already, repack where no new version may be made of it.
    """

    actor: Actor
    at: datetime
    detail: str
    event: bool = True
    repack: bool = True


def is_stranger(session: Session, contents: Contents) -> bool:
    """Return whether the log says that this very version was taken in from elsewhere."""
    return any(told.facts.get("version") == contents.version for told in _told(session, contents, _TRANSFER))


_TRANSFER, _EDIT = EventType.TRANSFER, EventType.METADATA_MODIFICATION


def _told(session: Session, contents: Contents, kind: EventType) -> list[Event]:
    """Return the events of a kind that tell of an import of an item, in their order."""
    query = select(Event).where(
        Event.type == kind,
        Event.object_kind == journal.ITEM,
        Event.object_id == contents.item_id,
        Event.detail == IMPORTED,
    )
    return list(session.scalars(query.order_by(Event.sequence)))


def fitted(session: Session, contents: Contents) -> Contents:
    """Return the contents as they fit into this catalogue; the same object where nothing has to change."""
    columns = dict(contents.columns)
    if columns["collection_id"] and session.get(Collection, columns["collection_id"]) is None:
        series = founding.series_of(session, columns["category"])
        columns["collection_id"] = None if series is None else series.id
    code = columns["reference_code"]
    taken = select(Item.id).where(Item.reference_code == code, Item.id != contents.item_id)
    if code and session.scalars(taken).first():
        _give_up_code(columns)
    return contents if columns == contents.columns else replace(contents, columns=columns)


def fitted_as_told(session: Session, contents: Contents) -> tuple[Contents, Act] | None:
    """Return the contents as the import fitted them, and its act; None where the log tells of none."""
    told = _told(session, contents, _EDIT)
    if not told or not is_stranger(session, contents):
        return None
    event, columns = told[-1], dict(contents.columns)
    unit = event.facts.get("collection")
    columns["collection_id"] = unit if unit and session.get(Collection, unit) else None
    if "reference_code" in event.facts.get("fields", ()) and columns["reference_code"]:
        _give_up_code(columns)
    actor = Actor(None, event.agent_name, frozenset(), event.agent_kind)
    return replace(contents, columns=columns), Act(actor, event.at, IMPORTED, event=False)


def _give_up_code(columns: dict[str, Any]) -> None:
    former = columns["values"].get("former_code") or []
    former = [former] if isinstance(former, str) else list(former)
    columns["values"] = {**columns["values"], "former_code": [*former, columns["reference_code"]]}
    columns["reference_code"], columns["reference_sort"] = None, ""


def tell(session: Session, item: Item, contents: Contents, act: Act) -> None:
    """Make the fitting an edit like any other: in the history, in the log, and in a version of its own."""
    changes = []
    if item.reference_code != contents.columns["reference_code"]:
        before = contents.columns["reference_code"]
        changes.append({"field": "reference_code", "before": before, "after": ""})
        former = item.values["former_code"]
        changes.append({"field": "former_code", "before": former[:-1], "after": former})
    item.revision += 1
    item.modified_at = act.at
    session.add(
        Revision(
            item_id=item.id,
            number=item.revision,
            at=act.at,
            agent_name=act.actor.name,
            reason="",
            changes=changes,
        )
    )
    if act.event:
        journal.record(
            session,
            _EDIT,
            journal.of_item(item.id),
            actor=act.actor,
            at=act.at,
            detail=act.detail,
            facts={"fields": [change["field"] for change in changes], "collection": item.collection_id},
        )
    if act.repack:
        ingest.ask_repack(session, item.id)


def is_newest(stores: Iterable[Store], contents: Contents) -> bool:
    """Return whether no later version stands in a store: none must take the place of a refused one."""
    place = item_prefix(contents.item_id)
    versions = (name for store in stores for name in store.folders(f"{place}/"))
    later = [name for name in versions if name[1:].isdecimal() and int(name[1:]) > contents.version]
    return not later
