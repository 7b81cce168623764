"""What was given up stays gone after a restore or a rebuild (case E35).

The log of the stores tells a deaccession (销毁、移出) of an item; a backup
made before it, and a bag that still stands in some store, do not know of it.
Here the catalogue follows the log: such an item has no rows, whatever else
tells of it. Bytes are not touched; the events stay, they are the tombstone.
"""

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from preservation.checks import Outcome
from preservation.premis import EventType
from repository.models.edit_draft import EditDraft
from repository.models.event import Event
from repository.models.item import Item, Revision
from repository.models.package import Copy, Package, PackagedFile, Rendition
from repository.models.submission import StagedFile
from repository.workflow import facts, jobs, journal

_BATCH = 500  # ids in one statement


def gone(session: Session) -> frozenset[str]:
    """Return the ids of all items that the known events say were given up."""
    query = select(Event.object_id).where(
        Event.type == EventType.DEACCESSION,
        Event.object_kind == journal.ITEM,
        Event.outcome == Outcome.PASSED,
    )
    return frozenset(session.scalars(query))


def apply(session: Session) -> int:
    """Take the rows of given-up items out of the catalogue and return how many items there were."""
    named = sorted(gone(session))
    removed = 0
    for begin in range(0, len(named), _BATCH):
        ids = set(session.scalars(select(Item.id).where(Item.id.in_(named[begin:][:_BATCH]))))
        if ids:
            _remove(session, ids)
            removed += len(ids)
    if removed:
        facts.next_generation(session)
        jobs.ask_index(session)
    return removed


def _remove(session: Session, ids: set[str]) -> None:
    packages = select(Package.id).where(Package.item_id.in_(ids)).scalar_subquery()
    for table in (Copy, PackagedFile):
        session.execute(delete(table).where(table.package_id.in_(packages)))
    for kind in (Package, Revision, Rendition, EditDraft, StagedFile):
        session.execute(delete(kind).where(kind.item_id.in_(ids)))
    session.execute(delete(Item).where(Item.id.in_(ids)))
