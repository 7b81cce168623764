"""Pictures, page images and texts for people, made in the background.

They are kept outside the bags, named by item, and can all be made again. A
file of which none can be made says why (Rendition.trouble); the page then
shows an honest placeholder.
"""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from sqlalchemy import delete, select
from sqlalchemy.orm import Session, selectinload

from preservation.derivatives import registry
from preservation.examine import SipFile, identified
from preservation.premis import EventType
from repository.models.item import Item
from repository.models.package import Package, Rendition
from repository.workflow import facts, jobs, journal, states
from repository.workflow.packages import OBJECT
from repository.workflow.tools import Tools, Work
from storage.errors import NotFound, StorageError
from storage.platform import fsync_dir


@dataclass(frozen=True, slots=True)
class _Source:
    """One object file of an item and where its bytes are."""

    position: int
    sha256: str
    mime: str
    name: str
    staged_id: str
    key: str
    store_ids: tuple[str, ...]


def derive(work: Work) -> None:
    """Make what is missing for one item, then have it indexed again."""
    item_id = work.args["item"]
    with work.reading() as session:
        item = session.get(Item, item_id)
        if item is None:
            return
        sources = _sources(session, item)
        have = {(row.position, row.sha256) for row in _rows(session, item_id)}
    missing = [source for source in sources if (source.position, source.sha256) not in have]
    for done, source in enumerate(missing):
        try:
            _derive_one(work, item_id, source)
        except NotFound:
            if source.staged_id:
                return  # archived meanwhile (that left a job, which reads the package), or discarded
            raise
        work.tell(done + 1, len(missing))
    with work.writing() as session:
        _settle(session, work, item_id, fresh=bool(missing))


def _sources(session: Session, item: Item) -> list[_Source]:
    if item.version == 0:
        return [
            _Source(row.position, row.sha256, "", row.original_name, row.id, "", ())
            for row in item.staged_files
        ]
    package = session.scalars(
        select(Package)
        .where(Package.item_id == item.id, Package.version == item.version)
        .options(selectinload(Package.files), selectinload(Package.copies))
    ).one()
    stores = tuple(copy.store_id for copy in sorted(package.copies, key=lambda copy: copy.state != "ok"))
    return [
        _Source(
            file.position,
            file.sha256,
            file.mime,
            file.original_name,
            "",
            f"{package.prefix}/{file.path}",
            stores,
        )
        for file in package.files
        if file.role == OBJECT
    ]


def _rows(session: Session, item_id: str) -> list[Rendition]:
    return list(session.scalars(select(Rendition).where(Rendition.item_id == item_id)))


def _derive_one(work: Work, item_id: str, source: _Source) -> None:
    """Make all renditions of one file and put their rows in place of the old ones."""
    folder = Path(item_id[:2]) / item_id / f"{source.position:04d}-{source.sha256[:12]}"
    with _as_path(work.tools, source) as path, TemporaryDirectory(dir=work.tools.scratch) as scratch:
        made = _make(work.tools, path, Path(scratch), source)
        if source.staged_id:
            work.tools.staging.path(source.staged_id)  # gone by now: "unreadable" would be said of nothing
        _move_in(Path(scratch), work.tools.renditions / folder)
    with work.writing() as session:
        if session.get(Item, item_id) is None:
            return
        session.execute(
            delete(Rendition).where(Rendition.item_id == item_id, Rendition.position == source.position)
        )
        session.add_all(_rendition_rows(item_id, source, made, folder))


def _make(tools: Tools, path: Path, target: Path, source: _Source) -> list[registry.Made]:
    """Have everything made that can be made of this format."""
    file = SipFile(path=path, name=source.name, size=path.stat().st_size, sha256=source.sha256)
    found = identified(file, tools.sandbox)
    can = registry.kinds_for(found.mime)
    made: list[registry.Made] = []
    if "thumbnail" in can:
        made.append(registry.make_thumbnail(tools.sandbox, path, mime=found.mime, target_dir=target))
    if "access" in can:
        made.append(registry.make_access_copy(tools.sandbox, path, mime=found.mime, target_dir=target))
    if "page" in can or found.mime == "image/tiff":
        made.append(registry.make_page_images(tools.sandbox, path, mime=found.mime, target_dir=target))
    if "text" in can:
        made.append(
            registry.make_text(tools.sandbox, path, mime=found.mime, target_dir=target, charset=found.charset)
        )
    return made


def _move_in(scratch: Path, target: Path) -> None:
    """Put a folder of new files in place of an old one."""
    if target.exists():
        shutil.rmtree(target)
    target.parent.mkdir(parents=True, exist_ok=True)
    shutil.copytree(scratch, target)
    fsync_dir(target)


def _rendition_rows(
    item_id: str, source: _Source, made: list[registry.Made], folder: Path
) -> Iterator[Rendition]:
    done: set[tuple[str, int]] = set()
    for one in (derivative for each in made for derivative in each.derivatives):
        if (one.kind, one.number) in done:
            continue
        done.add((one.kind, one.number))
        yield Rendition(
            item_id=item_id,
            sha256=source.sha256,
            position=source.position,
            kind=one.kind,
            number=one.number,
            path=(folder / one.path.name).as_posix(),
            mime=one.mime,
            width=one.width,
            height=one.height,
        )
    if ("thumbnail", 1) not in done:
        reason = next((each.reason for each in made if each.reason), "no_maker")
        yield Rendition(
            item_id=item_id, sha256=source.sha256, position=source.position, kind="thumbnail", trouble=reason
        )


@contextmanager
def _as_path(tools: Tools, source: _Source) -> Iterator[Path]:
    """Yield a local path of the file, the first store that has it readable."""
    if source.staged_id:
        yield tools.staging.path(source.staged_id)
        return
    failure: StorageError = NotFound(key=source.key)
    for store_id in source.store_ids:
        try:
            with tools.stores[store_id].open(source.key) as stream:
                with TemporaryDirectory(dir=tools.scratch) as folder:
                    path = Path(folder) / Path(source.key).name
                    with path.open("wb") as file:
                        shutil.copyfileobj(stream, file, 1 << 20)
                    yield path
                    return
        except (StorageError, KeyError) as error:
            failure = error if isinstance(error, StorageError) else failure
    raise failure


def _settle(session: Session, work: Work, item_id: str, *, fresh: bool) -> None:
    """Tell log and index of what was made; for a draft it is told once the item is archived."""
    item = session.get(Item, item_id)
    if item is None or item.state != states.ARCHIVED:
        return
    if fresh:
        item.generation = facts.next_generation(session)
        jobs.ask_index(session)
    if not journal.has(
        session, EventType.CREATION, journal.of_item(item_id)
    ):  # making them again is no new act
        journal.record(
            session,
            EventType.CREATION,
            journal.of_item(item_id),
            actor=work.tools.software,
            at=work.tools.clock(),
            detail="renditions",
            facts={"version": item.version},
        )


def forget(tools: Tools, item_id: str) -> None:
    """Remove the renditions of an item that is gone."""
    shutil.rmtree(tools.renditions / item_id[:2] / item_id, ignore_errors=True)


def derive_all(session: Session) -> int:
    """Leave a job for every archived item and return how many."""
    ids = session.scalars(select(Item.id).where(Item.state == states.ARCHIVED)).all()
    for item_id in ids:
        jobs.ask_derive(session, item_id)
    return len(ids)
