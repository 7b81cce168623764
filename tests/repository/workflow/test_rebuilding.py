"""The catalogue from the stores alone, and merged into an older one."""

import shutil
from pathlib import Path

import pytest
from sqlalchemy import select

from repository.models.collection import Collection
from repository.models.event import Event
from repository.models.item import Item
from repository.models.package import Copy, Package
from repository.workflow import describe, dumping, facts, founding, logbook, rebuilding, worker
from repository.workflow.describe import Edit
from repository.workflow.rebuilding import Rebuilt
from repository.workflow.tools import Tools, Work
from storage.errors import StoreUnavailable
from tests.archives import ARCHIVIST, close, new_archive, photo, planned, take_in


def _dump(tools: Tools) -> str:
    with tools.database.reading() as session:
        return dumping.to_text(dumping.dump(session))


def _edit(tools: Tools, title: str, place: str) -> None:
    with tools.database.writing.begin() as session:
        item = session.scalars(select(Item).where(Item.title == title)).one()
        describe.edit(session, tools, ARCHIVIST, item, wanted=Edit({"place": place}, {}, reason="补地点"))
    worker.drain(tools)


def _rebuild(tools: Tools) -> Rebuilt:
    return rebuilding.rebuild(tools, lambda done, total: None)


def _forget(tools: Tools) -> None:
    close(tools)
    for file in tools.settings.data.glob("catalogue.sqlite*"):
        file.unlink()


def _copy_of_database(tools: Tools, target: Path) -> None:
    tools.database.engine.dispose()
    shutil.copy(tools.settings.data / "catalogue.sqlite", target)


def test_b17_an_older_database_gets_what_is_newer_and_loses_nothing(archive: Tools, tmp_path: Path) -> None:
    """Yesterday's database over today's stores: the newer versions come, and the dump is today's again."""
    yesterday = tmp_path / "yesterday.sqlite"
    _copy_of_database(archive, yesterday)
    _edit(archive, "老校门", "南门")
    take_in(archive, planned(photo(tmp_path / "c.jpg", tone=77), title="钟楼"))
    today = _dump(archive)
    _forget(archive)
    shutil.copy(yesterday, archive.settings.data / "catalogue.sqlite")
    older = new_archive(archive.settings.data, empty=True)
    done = _rebuild(older)
    worker.drain(older)

    assert (done.packages, done.refused) == (4, ())
    assert _dump(older) == today
    close(older)


def test_b17_acts_after_the_restore_and_acts_in_the_log_both_stay(archive: Tools, tmp_path: Path) -> None:
    """Events numbered alike in two lives of the catalogue are all kept, and all carried on."""
    yesterday = tmp_path / "yesterday.sqlite"
    _copy_of_database(archive, yesterday)
    _edit(archive, "老校门", "南门")
    _forget(archive)
    shutil.copy(yesterday, archive.settings.data / "catalogue.sqlite")
    older = new_archive(archive.settings.data, empty=True)
    with older.database.writing.begin() as session:
        item = session.scalars(select(Item).where(Item.title == "新校门")).one()
        describe.edit(session, older, ARCHIVIST, item, wanted=Edit({"place": "西门"}, {}, reason="恢复后"))
    _rebuild(older)
    worker.drain(older)

    with older.database.reading() as session:
        edits = session.scalars(select(Event).where(Event.type == "metadata modification")).all()
        wanted = set(session.scalars(select(Event.id)))
        assert {event.detail for event in edits} == {"补地点", "恢复后"}
        assert {item.title: item.version for item in session.scalars(select(Item))} == {
            "老校门": 2,
            "新校门": 2,
        }
    logbook.carry_log(Work(older, {}))
    for store in older.stores.values():
        assert {told["id"] for told in logbook.lines(store)} == wanted
    close(older)


def test_a_rebuild_over_a_whole_catalogue_changes_nothing(archive: Tools) -> None:
    """Asked for by mistake, or twice, it adds nothing and removes nothing."""
    before = _dump(archive)
    first, second = _rebuild(archive), _rebuild(archive)

    assert first == second
    assert (first.packages, first.copies, first.events, first.refused) == (2, 0, 0, ())
    assert _dump(archive) == before


def test_b18_what_the_stores_lack_stays_in_the_catalogue(archive: Tools) -> None:
    """Old stores under a newer database: the item is not purged."""
    for spec in archive.settings.store_specs:
        bag = sorted(spec.root.glob("aips/*/*/*/v0001"))[0]
        shutil.rmtree(bag)
    _rebuild(archive)

    with archive.database.reading() as session:
        assert len(session.scalars(select(Item)).all()) == 2
        assert len(session.scalars(select(Copy)).all()) == 4


@pytest.mark.parametrize("number", [0, 1])
def test_b14_an_absent_disk_is_not_read_as_an_empty_archive(archive: Tools, number: int) -> None:
    """One store away: the rebuild refuses before it writes anything."""
    _forget(archive)
    root = archive.settings.store_specs[number].root
    root.rename(root.with_name("away"))
    anew = new_archive(archive.settings.data, empty=True)
    with pytest.raises(StoreUnavailable):
        _rebuild(anew)

    with anew.database.reading() as session:
        assert session.scalars(select(Event)).all() == []
    close(anew)


@pytest.mark.parametrize(
    ("file", "content"),
    [
        ("manifest-sha256.txt", b"\xff\xfe not a manifest\n"),
        ("manifest-sha256.txt", b"nonsense\n"),
        ("data/metadata/catalogue.json", b"{}"),
        ("bag-info.txt", None),
    ],
)
def test_a02_a03_a_bag_that_is_damaged_in_one_store_is_rebuilt_from_the_other(
    archive: Tools, file: str, content: bytes | None
) -> None:
    """No damaged tag file stops the rebuild; the good copy tells."""
    before = _dump(archive)
    for path in archive.settings.store_specs[0].root.glob(f"aips/*/*/*/v0001/{file}"):
        path.parent.chmod(0o755)
        path.chmod(0o644)
        if content is None:
            path.unlink()
        else:
            path.write_bytes(content)
    _forget(archive)
    anew = new_archive(archive.settings.data, empty=True)
    done = _rebuild(anew)

    assert (done.packages, done.refused) == (2, ())
    assert _dump(anew) == before
    close(anew)


def test_a_bag_that_no_log_tells_of_is_read_whole_and_registered(archive: Tools) -> None:
    """Committed, but its run died before the log knew: the bag alone is enough."""
    for spec in archive.settings.store_specs:
        shutil.rmtree(spec.root / "log")
    _forget(archive)
    anew = new_archive(archive.settings.data, empty=True)
    done = _rebuild(anew)

    assert (done.packages, done.copies, done.events) == (2, 4, 0)
    with anew.database.reading() as session:
        titles = {item.title: item.access_level for item in session.scalars(select(Item))}
        assert titles == {"老校门": "internal", "新校门": "restricted"}
        assert {copy.state for copy in session.scalars(select(Copy))} == {"unknown"}
        assert session.scalars(select(Package.registered_digest)).all()
    close(anew)


def test_after_a_rebuild_the_school_is_known_and_founding_plants_no_second_tree(archive: Tools) -> None:
    """The tree comes from the log and stays one, and nobody is asked to found the school again."""
    _forget(archive)
    anew = new_archive(archive.settings.data, empty=True)
    _rebuild(anew)
    with anew.database.writing.begin() as session:
        assert (facts.get(session, facts.SCHOOL_NAME), founding.needs_setup(session)) == ("云溪中学", False)
        founding.plant(session, anew, anew.software, name="云溪中学", code="Y001")
        session.flush()

        assert len(session.scalars(select(Collection).where(Collection.level == "fonds")).all()) == 1
    close(anew)
