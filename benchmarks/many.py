"""Make an archive of very many small packages, quickly.

One photograph goes through the real door; the others are written from what its
package tells, with ids, titles, bytes and events of their own, by the real bag
writer and the real register. Nothing is synced: these packages are thrown
away, and no promise is measured on how they came.
"""

import os
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from sqlalchemy import insert, inspect, select
from sqlalchemy.orm import selectinload

from preservation.checks import Outcome
from preservation.policy import CopyState
from preservation.premis import EventType
from repository.models.base import Base, new_id
from repository.models.item import Item
from repository.models.package import Copy, Package, PackagedFile
from repository.workflow import bagging, facts, journal, packages, told_events
from repository.workflow.packages import Contents
from repository.workflow.tools import Tools
from storage.bag import Incoming
from storage.digests import sha256_of
from storage.inventory import Inventory
from storage.layout import package_prefix
from tests.archives import photo, planned, take_in

BATCH = 200  # packages a transaction


@dataclass(frozen=True, slots=True)
class _Made:
    """One package as it was written."""

    contents: Contents
    inventory: Inventory


@contextmanager
def unsynced() -> Iterator[None]:
    """Let fsync do nothing meanwhile."""
    kept = os.fsync
    os.fsync = lambda fd: None
    try:
        yield
    finally:
        os.fsync = kept


def fill(tools: Tools, count: int, *, tell: Callable[[int], None] = lambda done: None) -> None:
    """Bring an empty founded archive to count items with a copy in every store."""
    with tempfile.TemporaryDirectory() as folder, unsynced():
        template_id = take_in(tools, planned(photo(Path(folder) / "a.jpg", size=(80, 60)), title="第一张"))[0]
        template = packages.read(tools.first_store, package_prefix(template_id, 1))
        for start in range(1, count, BATCH):
            made = [_write(tools, template, number) for number in range(start, min(start + BATCH, count))]
            _register(tools, made)
            tell(min(start + BATCH, count))


def multiply(tools: Tools, count: int, *, tell: Callable[[int], None] = lambda done: None) -> None:
    """Bring an empty founded archive to count packages of equal bytes in its one store.

    For rounds over very many packages: a check of copies asks what stands at
    a prefix, not whose it is.
    """
    with tempfile.TemporaryDirectory() as folder, unsynced():
        first = take_in(tools, planned(photo(Path(folder) / "a.jpg", size=(80, 60)), title="第一张"))[0]
    root = tools.settings.store_specs[0].root
    with tools.database.reading() as session:
        package = session.scalars(select(Package).options(selectinload(Package.files))).one()
        item = session.get_one(Item, first)
        session.expunge_all()
    files = {row.path: (root / package.prefix / row.path).read_bytes() for row in package.files}
    for start in range(1, count, BATCH):
        fresh = [new_id() for _ in range(start, min(start + BATCH, count))]
        for item_id in fresh:
            for path, content in files.items():
                place = root / package_prefix(item_id, 1) / path
                place.parent.mkdir(parents=True, exist_ok=True)
                place.write_bytes(content)
        _copy_rows(tools, fresh, item, package)
        tell(min(start + BATCH, count))


def _copy_rows(tools: Tools, fresh: list[str], item: Item, package: Package) -> None:
    """Write item, package, file and copy rows for new ids, like those of a template."""
    now = tools.clock()
    packages_of = {item_id: new_id() for item_id in fresh}
    with tools.database.writing.begin() as session:
        session.execute(insert(Item), [{**_row(item), "id": item_id} for item_id in fresh])
        session.execute(
            insert(Package),
            [
                {**_row(package), "id": packages_of[item_id], "item_id": item_id,
                 "prefix": package_prefix(item_id, 1)}
                for item_id in fresh
            ],
        )
        told = [{**_row(row), "package_id": one} for one in packages_of.values() for row in package.files]
        session.execute(insert(PackagedFile), [{k: v for k, v in row.items() if k != "id"} for row in told])
        session.execute(
            insert(Copy),
            [
                {"package_id": one, "store_id": tools.first_store.id, "state": CopyState.OK,
                 "outcome": Outcome.PASSED, "checked_at": now, "tried_at": now}
                for one in packages_of.values()
            ],
        )


def _row(row: Base) -> dict[str, Any]:
    return {attribute.key: getattr(row, attribute.key) for attribute in inspect(type(row)).column_attrs}


def _write(tools: Tools, template: Contents, number: int) -> _Made:
    item_id = new_id()
    content = f"第 {number} 份小档案 {item_id}".encode()
    file = replace(
        template.files[0], path="data/objects/0001.txt", size=len(content), sha256=sha256_of(content),
        original_name=f"{number}.txt", original_raw="", mime="text/plain", facts={},
    )
    events = tuple({**told, "id": new_id(), "object_id": item_id} for told in template.events)
    columns = {**template.columns, "title": f"第 {number} 份小档案", "reference_code": None, "reference_sort": ""}
    contents = replace(template, item_id=item_id, columns=columns, files=(file,), events=events)
    inventory = None
    for store in tools.stores.values():
        inventory = bagging.write(tools, store, contents, [Incoming.of_bytes(file.path, content)])
    assert inventory is not None
    return _Made(contents, inventory)


def _register(tools: Tools, made: list[_Made]) -> None:
    now = tools.clock()
    with tools.database.writing.begin() as session:
        for one in made:
            package = packages.register(session, one.contents, one.inventory)
            told_events.add(session, one.contents)
            item = journal.of_item(one.contents.item_id)
            told = {"version": 1, "digest": package.registered_digest, "store": tools.first_store.id}
            journal.record(session, EventType.INGESTION_END, item, actor=tools.software, at=now, facts=told)
            for store_id in tools.stores:
                session.add(
                    Copy(package_id=package.id, store_id=store_id, state=CopyState.OK, outcome=Outcome.PASSED,
                         checked_at=now, tried_at=now, created_at=now)
                )
        facts.next_generation(session)
