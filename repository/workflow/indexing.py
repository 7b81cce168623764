"""Item -> Entry -> index. Only the worker calls these: it alone writes."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from repository.models.item import Item
from repository.models.job import Job
from repository.models.package import Rendition
from repository.permissions import tags_of
from repository.workflow import facts, jobs, states
from repository.workflow.describe import description_of
from repository.workflow.tools import Tools, Work
from search.engine import Health
from search.entry import Entry
from search.errors import IndexUnusable

TEXT_LIMIT = 200_000  # characters of text layers per item that are searched
BATCH = 200


def entry_of(session: Session, item: Item, renditions: Path) -> Entry:
    """Return what the index is told of an item; one not catalogued has no tags."""
    described = description_of(item)
    archived = item.state == states.ARCHIVED
    said = [described.text(name) for name in described.values if name not in ("title", "place", "people")]
    return Entry(
        id=item.id,
        title=item.title,
        tags=tags_of(access_level=item.access_level, category=item.category) if archived else frozenset(),
        kind=item.kind,
        category=item.category,
        reference_code=item.reference_code or "",
        reference_sort=item.reference_sort,
        people=described.many("people"),
        place=described.text("place"),
        creator=described.text("creator") or described.text("photographer"),
        number=described.text("document_number"),
        summary="\n".join(said),
        extra=_text_of(session, item, renditions),
        first_year=item.first_year,
        last_year=item.last_year,
        date_sort=item.date_sort,
        access_level=item.access_level,
        generation=item.generation,
    )


def _text_of(session: Session, item: Item, renditions: Path) -> str:
    rows = session.scalars(
        select(Rendition)
        .where(Rendition.item_id == item.id, Rendition.kind == "text", Rendition.path != "")
        .order_by(Rendition.position, Rendition.number)
    )
    texts: list[str] = []
    for row in rows:
        try:
            texts.append((renditions / row.path).read_text("utf-8"))
        except FileNotFoundError:
            continue  # made again by "derive"; the index follows then
    return "\n".join(texts)[:TEXT_LIMIT]


def index(work: Work) -> None:
    """Bring the index up to the catalogue's generation, many items with one commit.

    One job stands for all changes that wait: an item is taken when its
    generation is newer than the index's.
    """
    with _rebuilt_if_unusable(work):
        while _index_batch(work):
            pass


def _index_batch(work: Work) -> bool:
    """Tell the index of the next changed items; return whether there may be more."""
    health = work.tools.index.health()
    if not health.usable:
        raise IndexUnusable(reason=health.reason)
    with work.reading() as session:
        changed = session.scalars(
            select(Item).where(Item.generation > health.generation).order_by(Item.generation).limit(BATCH)
        ).all()
        entries = [
            entry_of(session, item, work.tools.renditions)
            for item in changed
            if item.state == states.ARCHIVED
        ]
        gone = [item.id for item in changed if item.state != states.ARCHIVED]
    if not changed:
        return False
    if gone:
        work.tools.index.remove(gone, health.generation)
    work.tools.index.replace(entries, changed[-1].generation)
    return len(changed) == BATCH


@contextmanager
def _rebuilt_if_unusable(work: Work) -> Iterator[None]:
    """Ask for a rebuild where the index cannot take a change: it will hold the change, too."""
    try:
        yield
    except IndexUnusable as error:
        with work.writing() as session:
            ask_rebuild(session, why=str(error.facts.get("reason", "unusable")))


def ask_rebuild(session: Session, *, why: str) -> None:
    """Leave the job that makes the index anew."""
    jobs.enqueue(session, "rebuild_index", priority=jobs.FIRST, lock="index", dedup="rebuild_index", why=why)


def rebuild(work: Work) -> None:
    """Make the whole index anew beside the old one and swap."""
    with work.reading() as session:
        total = _archived(session)
        generation = facts.number(session, facts.GENERATION)
    work.tools.index.rebuild(_entries(work, total), generation)
    with work.writing() as session:
        facts.put(
            session, facts.INDEX_NOTE, work.tools.clock().isoformat() + " " + work.args.get("why", "asked")
        )


def _entries(work: Work, total: int) -> Iterator[Entry]:
    last, done = "", 0
    while True:
        with work.reading() as session:
            rows = session.scalars(
                select(Item)
                .where(Item.state == states.ARCHIVED, Item.id > last)
                .order_by(Item.id)
                .limit(BATCH)
            ).all()
            batch = [entry_of(session, item, work.tools.renditions) for item in rows]
        if not batch:
            return
        yield from batch
        last, done = batch[-1].id, done + len(batch)
        work.tell(done, total)


def _archived(session: Session) -> int:
    return session.scalar(select(func.count()).select_from(Item).where(Item.state == states.ARCHIVED)) or 0


def trouble_with(session: Session, health: Health) -> str:
    """Return why the index must be made anew, or "" where it is true.

    An index that counts other than the catalogue, or is of an older
    generation with nothing waiting in line, has silently gone back (M4, B21).
    """
    if not health.usable:
        return health.reason
    waiting = session.scalar(
        select(func.count())
        .select_from(Job)
        .where(Job.verb.in_(("index", "rebuild_index")), Job.state.in_(("queued", "running")))
    )
    if waiting:
        return ""
    if health.count != _archived(session):
        return "count"
    newest = session.scalar(select(func.max(Item.generation)).where(Item.state == states.ARCHIVED)) or 0
    return "stale" if health.generation < newest else ""


def check_index(session: Session, tools: Tools) -> str:
    """Ask for a rebuild if the index is not true; return why, or ""."""
    why = trouble_with(session, tools.index.health())
    if why:
        ask_rebuild(session, why=why)
    return why
