"""The index is a cache: lost, stale or foreign, it is found out and made anew."""

import shutil
from pathlib import Path

import pytest
from sqlalchemy import select

from repository.models.item import Item
from repository.models.job import Job
from repository.permissions import VISITOR, access_tags
from repository.workflow import describe, facts, indexing, reaping, worker
from repository.workflow.describe import Edit
from repository.workflow.tools import Tools, Work
from search.entry import Request
from tests.archives import ARCHIVIST


def _trouble(tools: Tools) -> str:
    with tools.database.reading() as session:
        return indexing.trouble_with(session, tools.index.health())


def _found(tools: Tools, text: str) -> int:
    return tools.index.find(Request(text, access_tags(ARCHIVIST))).total


def _index_of(tools: Tools) -> Path:
    return tools.settings.data / "index"


def test_a_fresh_index_is_true(archive: Tools) -> None:
    """Count and generation agree with the catalogue."""
    assert (_trouble(archive), archive.index.health().count, _found(archive, "校门")) == ("", 2, 2)


def test_b21_a_lost_index_is_made_anew_and_says_why(archive: Tools) -> None:
    """The reaper's look finds it; after the worker all is found again and the reason is a fact."""
    shutil.rmtree(_index_of(archive))
    assert _trouble(archive) == "missing"
    reaping.reap(Work(archive, {}))
    worker.drain(archive)

    assert (_trouble(archive), _found(archive, "校门")) == ("", 2)
    with archive.database.reading() as session:
        assert facts.get(session, facts.INDEX_NOTE).endswith(" missing")


def test_b22_m4_a_foreign_index_is_never_opened(archive: Tools, tmp_path: Path) -> None:
    """An index sealed by another installation is foreign: it is rebuilt, not read."""
    for path in _index_of(archive).rglob("*"):
        if path.is_file():
            path.write_bytes(path.read_bytes()[:-1] + b"\x00")
    assert _trouble(archive) in ("foreign", "damaged", "schema", "missing")
    with archive.database.writing.begin() as session:
        assert indexing.check_index(session, archive)
    worker.drain(archive)

    assert (_trouble(archive), _found(archive, "校门")) == ("", 2)


def test_b21_m4_an_index_that_went_back_by_one_generation_is_found_out(
    archive: Tools, tmp_path: Path
) -> None:
    """After a power cut the older index opens without an error; the generation betrays it."""
    shutil.copytree(_index_of(archive), tmp_path / "older")
    with archive.database.writing.begin() as session:
        item = session.scalars(select(Item).where(Item.title == "老校门")).one()
        describe.edit(session, archive, ARCHIVIST, item, wanted=Edit({"place": "南门"}, {}))
    worker.drain(archive)
    assert (_trouble(archive), _found(archive, "南门")) == ("", 1)
    shutil.rmtree(_index_of(archive))
    shutil.copytree(tmp_path / "older", _index_of(archive))
    assert _trouble(archive) == "stale"
    with archive.database.writing.begin() as session:
        indexing.check_index(session, archive)
    worker.drain(archive)

    assert (_trouble(archive), _found(archive, "南门")) == ("", 1)


def test_b21_an_index_with_another_count_is_found_out(archive: Tools) -> None:
    """An entry too few is noticed although the generation is right."""
    with archive.database.reading() as session:
        item = session.scalars(select(Item)).first()
        assert item is not None
    archive.index.remove([item.id], archive.index.health().generation)

    assert _trouble(archive) == "count"


def test_an_index_that_is_behind_with_its_job_in_line_is_no_trouble(archive: Tools) -> None:
    """What waits will come; nothing is rebuilt for it."""
    with archive.database.writing.begin() as session:
        item = session.scalars(select(Item)).first()
        assert item is not None
        describe.edit(session, archive, ARCHIVIST, item, wanted=Edit({"place": "南门"}, {}))

    assert _trouble(archive) == ""


def test_a_change_meets_a_lost_index_and_the_rebuild_holds_the_change(archive: Tools) -> None:
    """The index job does not fail again and again: it asks for the rebuild."""
    shutil.rmtree(_index_of(archive))
    with archive.database.writing.begin() as session:
        item = session.scalars(select(Item).where(Item.title == "老校门")).one()
        describe.edit(session, archive, ARCHIVIST, item, wanted=Edit({"place": "南门"}, {}))
    worker.drain(archive)

    assert (_trouble(archive), _found(archive, "南门")) == ("", 1)
    with archive.database.reading() as session:
        assert session.scalars(select(Job).where(Job.state == "parked")).all() == []


def test_e09_an_index_made_anew_shows_nobody_more_than_before(archive: Tools) -> None:
    """A restricted item stays unseen by visitors, and a level that nobody knows is found by nobody."""
    with archive.database.writing.begin() as session:
        session.scalars(select(Item).where(Item.title == "老校门")).one().access_level = "whatever"
        indexing.ask_rebuild(session, why="asked")
    worker.drain(archive)

    assert archive.index.find(Request("校门", access_tags(VISITOR))).total == 0
    assert _found(archive, "老校门") == 0 and _found(archive, "新校门") == 1


@pytest.mark.parametrize(("level", "visitors"), [("public", 1), ("internal", 0)])
def test_e08_a_changed_level_is_in_force_once_the_worker_was_there(
    archive: Tools, level: str, visitors: int
) -> None:
    """Opening and closing an item reach the search without a rebuild."""
    for step in ("public", level):
        with archive.database.writing.begin() as session:
            item = session.scalars(select(Item).where(Item.title == "老校门")).one()
            describe.edit(session, archive, ARCHIVIST, item, wanted=Edit({}, {"access_level": step}))
        worker.drain(archive)

    assert archive.index.find(Request("老校门", access_tags(VISITOR))).total == visitors
