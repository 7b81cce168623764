"""Previews: made in the background, from where the file is."""

import io
from collections.abc import Callable
from pathlib import Path

import pytest
from sqlalchemy import select

from preservation.derivatives import registry
from repository.models.item import Item
from repository.models.job import Job
from repository.models.package import Rendition
from repository.models.submission import Submission
from repository.workflow import access, deposit, worker
from repository.workflow.tools import Tools, Work
from storage.errors import StorageError
from tests.archives import photo
from tests.repository.workflow.conftest import People


@pytest.fixture
def draft(tools: Tools, people: People, tmp_path: Path) -> str:
    """Return the id of a draft with one photograph."""
    staged = tools.staging.keep(io.BytesIO(photo(tmp_path / "a.jpg").read_bytes()), "a.jpg")
    with tools.database.writing.begin() as session:
        submission: Submission = deposit.begin(session, tools, people.teacher)
        return deposit.receive(session, tools, people.teacher, submission, staged=staged).id


def _rows(tools: Tools, item_id: str) -> list[Rendition]:
    with tools.database.reading() as session:
        return list(session.scalars(select(Rendition).where(Rendition.item_id == item_id)))


def _id(tools: Tools) -> str:
    with tools.database.reading() as session:
        return session.scalars(select(Item.id).where(Item.title == "老校门")).one()


def test_a_draft_has_its_preview_before_anybody_accepts_it(tools: Tools, draft: str) -> None:
    """Made from staging, so that the depositor sees what he describes."""
    worker.drain(tools)

    rows = _rows(tools, draft)
    assert rows and all(row.path and (tools.renditions / row.path).is_file() for row in rows)


@pytest.mark.parametrize("moves", ["before", "while"])
def test_a_preview_begun_while_the_file_moves_on_says_nothing_wrong(
    tools: Tools, draft: str, moves: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """When the file leaves staging (archived, discarded) no "unreadable" stays: a later job makes it anew."""
    [staged] = tools.staging.all()
    real: Callable[..., registry.Made] = registry.make_thumbnail

    def late(*arguments: object, **more: object) -> registry.Made:
        tools.staging.drop(staged.id)
        return real(*arguments, **more)

    if moves == "before":
        tools.staging.drop(staged.id)
    monkeypatch.setattr(registry, "make_thumbnail", late)
    access.derive(Work(tools, {"item": draft}))

    assert _rows(tools, draft) == []


def test_lost_previews_are_made_again(archive: Tools) -> None:
    """Rows and files are a cache: removed, they come back as they were."""
    item_id = _id(archive)
    before = {(row.kind, row.number, row.path) for row in _rows(archive, item_id)}
    access.forget(archive, item_id)
    with archive.database.writing.begin() as session:
        session.query(Rendition).delete()
        access.derive_all(session)
    worker.drain(archive)

    assert {(row.kind, row.number, row.path) for row in _rows(archive, item_id)} == before
    assert all((archive.renditions / path).is_file() for _, _, path in before if path)


def test_a_preview_is_made_from_the_copy_that_can_be_read(archive: Tools) -> None:
    """One store away: the other gives the bytes. Both away: the job fails and no placeholder is written."""
    item_id, roots = _id(archive), [spec.root for spec in archive.settings.store_specs]
    roots[0].rename(roots[0].with_name("away"))
    with archive.database.writing.begin() as session:
        session.query(Rendition).delete()
    access.derive(Work(archive, {"item": item_id}))
    assert any(row.path for row in _rows(archive, item_id))
    roots[1].rename(roots[1].with_name("away-too"))
    with archive.database.writing.begin() as session:
        session.query(Rendition).delete()
    with pytest.raises(StorageError):
        access.derive(Work(archive, {"item": item_id}))

    assert _rows(archive, item_id) == []


def test_two_jobs_for_one_item_never_run_at_once(tools: Tools, draft: str) -> None:
    """They would write into the same folder."""
    with tools.database.reading() as session:
        [job] = session.scalars(select(Job).where(Job.verb == "derive"))

    assert job.lock_key == job.dedup_key == f"derive:{draft}"
