"""Keeps what is typed and not saved; no revision, no package version.

A row belongs to one item and one person. It goes when its writer saves or
gives it up, and with the item.
"""

from collections.abc import Mapping

from sqlalchemy.orm import Session

from repository.models.edit_draft import EditDraft
from repository.models.item import Item
from repository.permissions import Actor
from repository.workflow import describe
from repository.workflow.errors import Refused
from repository.workflow.tools import Tools


def keep(
    session: Session,
    tools: Tools,
    actor: Actor,
    item: Item,
    *,
    typed: Mapping[str, str | tuple[str, ...]],
    seen: int,
) -> None:
    """Keep what this person typed about an item, in place of what was kept before. Raises Refused."""
    if actor.id is None or not describe.may_edit(actor, item):
        raise Refused()
    plain = {name: value if isinstance(value, str) else list(value) for name, value in typed.items()}
    row = session.get(EditDraft, (item.id, actor.id))
    if row is None:
        row = EditDraft(item_id=item.id, account_id=actor.id)
        session.add(row)
    row.typed, row.seen, row.at = {**(row.typed or {}), **plain}, seen, tools.clock()


def kept(session: Session, actor: Actor, item: Item) -> EditDraft | None:
    """Return what this person typed about an item and never saved, or None."""
    return session.get(EditDraft, (item.id, actor.id)) if actor.id else None


def forget(session: Session, actor: Actor, item: Item) -> None:
    """Drop what this person typed: it was saved, or given up."""
    row = kept(session, actor, item)
    if row is not None:
        session.delete(row)
