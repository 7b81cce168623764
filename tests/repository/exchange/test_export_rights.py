"""A right that was taken away counts at once, for what was carried out already, too (P11)."""

import os
import shutil
import time
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
from sqlalchemy import select

from repository.models.account import Account
from repository.models.item import Item
from repository.models.job import Job
from repository.permissions import Actor, Role
from repository.queries import NotVisible
from repository.workflow import accounts, export_jobs, import_jobs, strange_packs, worker
from repository.workflow.exporting import Wish
from repository.workflow.tools import Tools, Work
from storage.errors import StorageFull
from storage.platform import Room
from tests.repository.exchange.conftest import TITLES
from tests.repository.exchange.test_bag_import import exported, take
from tests.repository.exchange.test_exporting import ids


def _asker(tools: Tools) -> Actor:
    with tools.database.reading() as session:
        return accounts.actor_of(session.scalars(select(Account)).one())


def test_p11_what_an_export_left_out_is_asked_for_again(archive: Tools) -> None:
    """An item without a good copy is told by its title; once it is closed to who asked, no more."""
    actor = _asker(archive)
    with archive.database.reading() as session:
        item = session.scalars(select(Item).where(Item.title == TITLES["internal"])).one()
    for spec in archive.settings.store_specs:
        for place in spec.root.glob(f"aips/*/*/{item.id}"):
            shutil.rmtree(place)
    with archive.database.writing.begin() as session:
        export_id = export_jobs.ask(session, archive, actor, Wish(ids(archive)))
    worker.drain(archive)
    staff = Actor(actor.id, actor.name, frozenset({Role.STAFF}))
    with archive.database.writing.begin() as session:
        before = export_jobs.standing(session, archive, actor, export_id)
        session.get_one(Item, item.id).access_level = "restricted"
    with archive.database.reading() as session:
        after = export_jobs.standing(session, archive, staff, export_id)
        with pytest.raises(NotVisible):
            export_jobs.file_of(session, archive, staff, export_id)

    assert [one["title"] for one in before.left_out] == [TITLES["internal"]]
    assert [one["title"] for one in after.left_out] == [""]


@pytest.mark.parametrize("state", ["queued", "parked", "done"])
def test_an_upload_waits_for_its_job_however_long_that_takes(
    archive: Tools, another: Callable[[], Tools], tmp_path: Path, state: str
) -> None:
    """Bags uploaded on Friday are there when the worker comes back on Monday; tidied only when it is done."""
    target, other = exported(archive, tmp_path / "a.zip"), another()
    with open(target, "rb") as stream:
        import_id = import_jobs.receive(other, stream, announced=0)
    with other.database.writing.begin() as session:
        import_jobs.ask(session, _asker(other), import_id, name="a.zip")
        session.scalars(select(Job).where(Job.verb == "import_bags")).one().state = state
    folder = other.scratch / "imports" / f"upload-{import_id}"
    os.utime(folder, (time.time() - 3 * 86400,) * 2)
    export_jobs.tidy(Work(other, {}))

    assert folder.exists() is (state != "done")


def test_p14_an_import_leaves_the_reserve_of_the_disk_alone(
    archive: Tools, another: Callable[[], Tools], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What comes out of a zip would fit, but not beside the room that must stay free."""
    target, other = exported(archive, tmp_path / "a.zip"), another()
    with zipfile.ZipFile(target) as opened:
        size = sum(member.file_size for member in opened.infolist())
    room = Room(bytes=size + (other.settings.reserve_mb << 19), inodes=None)
    monkeypatch.setattr(strange_packs, "free_room", lambda folder: room)
    with pytest.raises(StorageFull):
        take(other, target)

    assert ids(other) == ()
