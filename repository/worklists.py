"""Lists to work through: what was handed in, the table of the catalogue, what is next.

Like queries.py, of which this is the desk's part: the actor comes first, and
what he may not see does not exist for him.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from sqlalchemy import ColumnElement, Select, and_, func, or_, select
from sqlalchemy.orm import Session, selectinload

from repository.models.item import Item, Revision
from repository.models.submission import Submission
from repository.permissions import Actor, Role
from repository.queries import PAGE_SIZES, Listing, NotVisible, visible

#: Catalogued, or handed in for it; drafts belong to those who write them.
AT_THE_DESK = ("submitted", "held", "accepted", "archived")
TO_REVIEW = ("submitted", "held")
_NO_DATE = or_(Item.values["date"].as_string().is_(None), Item.values["date"].as_string() == "")
#: What may be missing, by name. "年代不详" is a date, so it does not count as missing.
MISSING: Mapping[str, ColumnElement[bool]] = {
    "title": Item.title == "",
    "date": _NO_DATE,
    "category": Item.category == "",
    "reference_code": Item.reference_code.is_(None),
}


@dataclass(frozen=True, slots=True)
class TableFilter:
    """What narrows the table of the catalogue; "" does not narrow."""

    q: str = ""
    category: str = ""
    kind: str = ""
    access_level: str = ""
    state: str = ""
    missing: str = ""


@dataclass(frozen=True, slots=True)
class Trail:
    """The list that someone works through: "submission", "inbox", "catalogue", or "" for none."""

    name: str = ""
    submission: str = ""
    filter: TableFilter = field(default_factory=TableFilter)


def submission(session: Session, actor: Actor, submission_id: str) -> Submission:
    """Return one's own submission (an archivist: any), or raise NotVisible."""
    found = session.get(Submission, submission_id)
    if found is None or not (Role.ARCHIVIST in actor.roles or (actor.id and found.depositor_id == actor.id)):
        raise NotVisible(submission_id)
    return found


def submission_exists(session: Session, submission_id: str) -> bool:
    """Return whether this number is taken; by whom is not told."""
    return session.get(Submission, submission_id) is not None


def handed_in(session: Session, actor: Actor, submission_id: str) -> Sequence[Item]:
    """Return the visible items of a submission in the order in which they came."""
    query = visible(actor).where(Item.submission_id == submission_id).options(selectinload(Item.staged_files))
    return session.scalars(query.order_by(Item.created_at, Item.id)).all()


def own_counts(session: Session, actor: Actor) -> dict[str, int]:
    """Return how many items this person handed in that are not archived yet, per state."""
    if actor.id is None:
        return {}
    query = select(Item.state, func.count()).where(Item.depositor_id == actor.id, Item.state != "archived")
    return {state: count for state, count in session.execute(query.group_by(Item.state))}


def table(
    session: Session, actor: Actor, *, wanted: TableFilter, page: int = 1, page_size: int = 20
) -> Listing:
    """Return one page of the table, what came last first."""
    page, page_size = max(1, page), page_size if page_size in PAGE_SIZES else PAGE_SIZES[0]
    query = narrowed(actor, wanted)
    total = session.scalar(select(func.count()).select_from(query.subquery())) or 0
    ordered = query.order_by(Item.created_at.desc(), Item.id.desc())
    rows = session.scalars(ordered.limit(page_size).offset((page - 1) * page_size)).all()
    return Listing(rows, total, page, page_size)


def missing_counts(session: Session, actor: Actor) -> dict[str, int]:
    """Return how many items at the desk lack what, by the names of MISSING."""
    sums = [func.count().filter(condition).label(name) for name, condition in MISSING.items()]
    query = visible(actor).where(Item.state.in_(AT_THE_DESK)).with_only_columns(*sums)
    return dict(session.execute(query).mappings().one())


def narrowed(actor: Actor, wanted: TableFilter) -> Select[Item]:
    """Return the selection behind the table."""
    query = visible(actor).where(Item.state.in_(AT_THE_DESK))
    columns = {
        Item.category: wanted.category,
        Item.kind: wanted.kind,
        Item.access_level: wanted.access_level,
        Item.state: wanted.state,
    }
    query = query.where(*(column == value for column, value in columns.items() if value))
    if wanted.missing in MISSING:
        query = query.where(MISSING[wanted.missing])
    if wanted.q:
        told = (Item.title, Item.reference_code, Item.depositor_name)
        query = query.where(or_(*(column.icontains(wanted.q, autoescape=True) for column in told)))
    return query


def next_of(session: Session, actor: Actor, trail: Trail, after: Item) -> str | None:
    """Return the id of the item that follows in the list, or None at its end."""
    same = Item.created_at == after.created_at
    later = or_(Item.created_at > after.created_at, and_(same, Item.id > after.id))
    if trail.name == "submission":
        mine = visible(actor).where(Item.submission_id == trail.submission)
        query = mine.where(Item.state.in_(("draft", "returned")))
    elif trail.name == "inbox":
        query = visible(actor).where(Item.state.in_(TO_REVIEW))
    elif trail.name == "catalogue":
        query = narrowed(actor, trail.filter)
        later = or_(Item.created_at < after.created_at, and_(same, Item.id < after.id))
        return _first(session, query.where(later).order_by(Item.created_at.desc(), Item.id.desc()))
    else:
        return None
    return _first(session, query.where(later).order_by(Item.created_at, Item.id))


def _first(session: Session, query: Select[Item]) -> str | None:
    found = session.scalars(query.limit(1)).first()
    return None if found is None else found.id


def last_revision(session: Session, item: Item) -> Revision | None:
    """Return the newest edit of an item that the caller may see, or None."""
    query = select(Revision).where(Revision.item_id == item.id).order_by(Revision.number.desc())
    return session.scalars(query.limit(1)).first()
