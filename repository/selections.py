"""Selections of items for work on many at once; what actor may not see is not in them."""

from collections.abc import Sequence

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from repository.models.collection import Collection
from repository.models.item import Item
from repository.models.package import Package
from repository.permissions import CATALOGUED, Actor
from repository.queries import visible
from repository.worklists import TableFilter, narrowed


def below(session: Session, actor: Actor, code: str) -> Sequence[str]:
    """Return the ids of visible archived items of the units with this code and of all units below them."""
    units = set(session.scalars(select(Collection.id).where(Collection.code == code)))
    fresh = units
    while fresh:
        fresh = set(session.scalars(select(Collection.id).where(Collection.parent_id.in_(fresh)))) - units
        units |= fresh
    query = visible(actor).where(Item.state.in_(CATALOGUED), Item.collection_id.in_(units))
    ordered = query.order_by(Item.reference_sort, Item.created_at, Item.id)
    return session.scalars(ordered.with_only_columns(Item.id)).all()


def by_codes(session: Session, actor: Actor, told: Sequence[str]) -> dict[str, str]:
    """Return the item ids that ids or reference codes mean, by what was told."""
    found: dict[str, str] = {}
    for one in told:
        query = visible(actor).where((Item.id == one) | (Item.reference_code == one))
        item_id = session.scalars(query.with_only_columns(Item.id)).first()
        if item_id is not None:
            found[one] = item_id
    return found


def of_table(session: Session, actor: Actor, wanted: TableFilter, *, limit: int) -> Sequence[str]:
    """Return the ids of the archived items that a filter of the desk's table shows, what came last first."""
    query = narrowed(actor, wanted).where(Item.state.in_(CATALOGUED))
    ordered = query.order_by(Item.created_at.desc(), Item.id.desc()).limit(limit)
    return session.scalars(ordered.with_only_columns(Item.id)).all()


def bytes_of(session: Session, ids: Sequence[str]) -> int:
    """Return how many bytes the newest packages of these items have."""
    total = 0
    for start in range(0, len(ids), 500):
        chunk = ids[start:start + 500]
        query = select(func.sum(Package.byte_count)).join(
            Item, (Item.id == Package.item_id) & (Item.version == Package.version)
        )
        total += session.scalar(query.where(Item.id.in_(chunk))) or 0
    return total
