"""The only doors to read items: access is part of every question.

Each function takes the actor first and answers only with what he may see;
what he may not see does not exist for him (NotVisible, 404).
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import ColumnElement, Select, and_, false, func, or_, select
from sqlalchemy.orm import Session, selectinload

from repository.models.collection import Collection, Level
from repository.models.event import Event
from repository.models.item import Item, Revision
from repository.models.job import Job
from repository.models.package import Copy, Package, PackagedFile, Rendition
from repository.permissions import CATALOGUED, Act, Actor, Role, access_tags, may

OBJECT = "object"
PAGE_SIZES = (20, 50, 100)


class NotVisible(LookupError):
    """There is no such thing, or not for this actor: the answer is the same."""


@dataclass(frozen=True, slots=True)
class Listing:
    """One page of rows out of total; page counts from 1."""

    rows: Sequence[Item]
    total: int
    page: int
    page_size: int


def _catalogued(actor: Actor) -> ColumnElement[bool]:
    """Return the condition under which a catalogued item is visible."""
    options: list[ColumnElement[bool]] = []
    for tag in access_tags(actor):
        level, _, category = tag.partition(":")
        of_level = Item.access_level == level
        options.append(of_level if category in ("", "*") else and_(of_level, Item.category == category))
    return and_(Item.state.in_(CATALOGUED), or_(false(), *options))


def visible(actor: Actor) -> Select[Item]:
    """Return the selection of every item that actor may see."""
    allowed = _catalogued(actor)
    if Role.ARCHIVIST in actor.roles:
        return select(Item).where(or_(allowed, Item.state.not_in(CATALOGUED)))
    if actor.id is not None:
        own_draft = and_(Item.state.not_in(CATALOGUED), Item.depositor_id == actor.id)
        return select(Item).where(or_(allowed, own_draft))
    return select(Item).where(allowed)


def item(session: Session, actor: Actor, item_id: str) -> Item:
    """Return one item, or raise NotVisible."""
    found = session.scalars(visible(actor).where(Item.id == item_id)).first()
    if found is None:
        raise NotVisible(item_id)
    return found


def _seen(session: Session, actor: Actor, asked: str | Item) -> Item:
    """Return the item that is asked for, one in hand without another question, or raise NotVisible."""
    if isinstance(asked, str):
        return item(session, actor, asked)
    if not may(actor, Act.READ_ITEM, asked):
        raise NotVisible(asked.id)
    return asked


def items(session: Session, actor: Actor, ids: Iterable[str]) -> dict[str, Item]:
    """Return those of the items that actor may see, by id."""
    wanted = tuple(ids)
    rows = session.scalars(visible(actor).where(Item.id.in_(wanted))) if wanted else ()
    return {row.id: row for row in rows}


def _page(session: Session, query: Select[Item], *, page: int, page_size: int) -> Listing:
    page, page_size = max(1, page), page_size if page_size in PAGE_SIZES else PAGE_SIZES[0]
    total = session.scalar(select(func.count()).select_from(query.order_by(None).subquery())) or 0
    rows = session.scalars(query.limit(page_size).offset((page - 1) * page_size)).all()
    return Listing(rows, total, page, page_size)


def catalogue(
    session: Session,
    actor: Actor,
    *,
    category: str = "",
    kind: str = "",
    decade: str = "",
    page: int = 1,
    page_size: int = 20,
) -> Listing:
    """Return catalogued items, newest date first, narrowed by category, kind, decade ("1950", "undated")."""
    query = select(Item).where(*_narrowed(actor, {"category": category, "kind": kind, "decade": decade}))
    order = (Item.date_sort == "", Item.date_sort.desc(), Item.title, Item.id)
    return _page(session, query.order_by(*order), page=page, page_size=page_size)


#: What the catalogue is browsed by. An item belongs to the decade in which its date begins.
BROWSE_FACETS = ("category", "kind", "decade")
_DECADE = func.coalesce(Item.first_year, Item.last_year) // 10 * 10


def _narrowed(actor: Actor, chosen: Mapping[str, str]) -> list[ColumnElement[bool]]:
    """Return the conditions of a browse page; an empty value does not narrow, a wrong one finds nothing."""
    found = [_catalogued(actor)]
    for name, column in (("category", Item.category), ("kind", Item.kind)):
        if chosen.get(name):
            found.append(column == chosen[name])
    decade = chosen.get("decade", "")
    if decade == "undated":
        found.append(_DECADE.is_(None))
    elif decade:
        known = decade.isascii() and decade.isdigit() and len(decade) <= 4
        found.append(_DECADE == int(decade) if known else false())
    return found


def browse_counts(session: Session, actor: Actor, chosen: Mapping[str, str]) -> dict[str, dict[str, int]]:
    """Return for each facet how many items each value would show, with the other choices in force."""
    columns = {"category": Item.category, "kind": Item.kind, "decade": _DECADE}
    counts: dict[str, dict[str, int]] = {}
    for name in BROWSE_FACETS:
        others = {other: value for other, value in chosen.items() if other != name}
        query = select(columns[name], func.count()).where(*_narrowed(actor, others)).group_by(columns[name])
        rows = session.execute(query).all()
        nothing = "undated" if name == "decade" else "None"
        counts[name] = {nothing if value is None else str(value): n for value, n in rows}
    return counts


def counts_by(session: Session, actor: Actor, column: str) -> dict[str, int]:
    """Return how many catalogued items actor may see, per category or kind."""
    field = {"category": Item.category, "kind": Item.kind, "access_level": Item.access_level}[column]
    query = select(field, func.count()).where(_catalogued(actor)).group_by(field)
    return {value: count for value, count in session.execute(query)}


def recent(session: Session, actor: Actor, *, limit: int = 12, kind: str = "") -> Sequence[Item]:
    """Return the items that came last."""
    query = select(Item).where(_catalogued(actor))
    if kind:
        query = query.where(Item.kind == kind)
    return session.scalars(query.order_by(Item.created_at.desc(), Item.id).limit(limit)).all()


def inbox(
    session: Session, actor: Actor, *, states: tuple[str, ...], page: int = 1, page_size: int = 20
) -> Listing:
    """Return items not yet archived in these states, oldest first; only own ones for a depositor."""
    query = visible(actor).where(Item.state.in_(states), Item.state.not_in(CATALOGUED))
    query = query.options(selectinload(Item.staged_files)).order_by(Item.created_at, Item.id)
    return _page(session, query, page=page, page_size=page_size)


def own(session: Session, actor: Actor, *, page: int = 1, page_size: int = 20) -> Listing:
    """Return everything that actor handed in and may still see, newest first."""
    query = visible(actor).where(Item.depositor_id == actor.id).options(selectinload(Item.staged_files))
    return _page(session, query.order_by(Item.created_at.desc(), Item.id), page=page, page_size=page_size)


def inbox_counts(session: Session, actor: Actor) -> dict[str, int]:
    """Return how many items not yet archived actor sees, per state."""
    source = visible(actor).where(Item.state.not_in(CATALOGUED)).subquery()
    query = select(source.c.state, func.count()).group_by(source.c.state)
    return {state: count for state, count in session.execute(query)}


def package(session: Session, actor: Actor, asked: str | Item, *, version: int | None = None) -> Package:
    """Return a package of a visible item with its files and copies; the newest by default."""
    row = _seen(session, actor, asked)
    found = session.scalars(
        select(Package)
        .where(Package.item_id == row.id, Package.version == (version or row.version))
        .options(selectinload(Package.files), selectinload(Package.copies))
    ).first()
    if found is None:
        raise NotVisible(row.id)
    return found


def object_file(session: Session, actor: Actor, item_id: str, position: int) -> PackagedFile:
    """Return one object file of the newest package of a visible item."""
    for row in package(session, actor, item_id).files:
        if row.role == OBJECT and row.position == position:
            return row
    raise NotVisible(item_id)


def rendition(
    session: Session, actor: Actor, item_id: str, *, position: int, kind: str, number: int = 1
) -> Rendition:
    """Return one rendition of a visible item (also of a draft)."""
    row = item(session, actor, item_id)
    found = session.scalars(
        select(Rendition).where(
            Rendition.item_id == row.id,
            Rendition.position == position,
            Rendition.kind == kind,
            Rendition.number == number,
        )
    ).first()
    if found is None:
        raise NotVisible(item_id)
    return found


def renditions(session: Session, actor: Actor, asked: str | Item) -> Sequence[Rendition]:
    """Return every rendition of a visible item, by file and page."""
    row = _seen(session, actor, asked)
    query = select(Rendition).where(Rendition.item_id == row.id)
    return session.scalars(query.order_by(Rendition.position, Rendition.kind, Rendition.number)).all()


def thumbnails(session: Session, rows: Iterable[Item]) -> dict[str, Rendition]:
    """Return the first file's thumbnail row of each of these (visible) items, where one was tried."""
    ids = tuple(row.id for row in rows)
    first = (Rendition.kind == "thumbnail", Rendition.position == 1)
    query = select(Rendition).where(Rendition.item_id.in_(ids), *first)
    return {row.item_id: row for row in session.scalars(query)}


def events(session: Session, actor: Actor, asked: str | Item, *, limit: int = 200) -> Sequence[Event]:
    """Return the events of a visible item, newest first."""
    row = _seen(session, actor, asked)
    query = select(Event).where(Event.object_kind == "item", Event.object_id == row.id)
    return session.scalars(query.order_by(Event.sequence.desc()).limit(limit)).all()


def revisions(session: Session, actor: Actor, asked: str | Item) -> Sequence[Revision]:
    """Return the edits of a visible item, newest first."""
    row = _seen(session, actor, asked)
    query = select(Revision).where(Revision.item_id == row.id)
    return session.scalars(query.order_by(Revision.number.desc())).all()


def twins(session: Session, actor: Actor, asked: str | Item) -> Sequence[Item]:
    """Return other visible items that hold a file with the same bytes."""
    row = _seen(session, actor, asked)
    mine = select(PackagedFile.sha256).join(Package)
    mine = mine.where(Package.item_id == row.id, PackagedFile.role == OBJECT)
    others = select(Package.item_id).join(PackagedFile).where(
        PackagedFile.sha256.in_(mine), PackagedFile.role == OBJECT, Package.item_id != row.id
    )
    return session.scalars(visible(actor).where(Item.id.in_(others)).order_by(Item.created_at)).all()


def series(session: Session) -> Sequence[Collection]:
    """Return the series (类) of the fonds in their order."""
    query = select(Collection).where(Collection.level == Level.SERIES)
    return session.scalars(query.order_by(Collection.position, Collection.code)).all()


@dataclass(frozen=True, slots=True)
class TroubledCopy:
    """A copy that is not good, with the item it belongs to if actor may see it."""

    copy: Copy
    package: Package
    item: Item | None


def troubled_copies(session: Session, actor: Actor, *, limit: int = 100) -> list[TroubledCopy]:
    """Return copies that are damaged, missing or unreadable; titles only of visible items."""
    query = (
        select(Copy)
        .where(Copy.state.in_(("damaged", "missing", "unreadable")))
        .options(selectinload(Copy.package).selectinload(Package.copies))
        .order_by(Copy.tried_at.desc(), Copy.id)
        .limit(limit)
    )
    copies = session.scalars(query).all()
    seen = items(session, actor, {copy.package.item_id for copy in copies})
    return [TroubledCopy(copy, copy.package, seen.get(copy.package.item_id)) for copy in copies]


def copy(session: Session, copy_id: str) -> Copy:
    """Return one copy by id, or raise NotVisible."""
    found = session.get(Copy, copy_id)
    if found is None:
        raise NotVisible(copy_id)
    return found


def jobs_of(session: Session, item_id: str) -> Sequence[Job]:
    """Return the jobs of one item that are not done."""
    query = select(Job).where(Job.state != "done", Job.lock_key == f"item:{item_id}")
    return session.scalars(query.order_by(Job.id)).all()
