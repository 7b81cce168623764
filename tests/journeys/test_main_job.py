"""The main job: hand in, keep, find, check, repair, edit, rebuild."""

import shutil
from pathlib import Path

import bagit
import pytest
from sqlalchemy import select

from preservation.checks import Outcome
from preservation.verify import verify_folder
from repository import queries
from repository.figures import care_figures
from repository.models.event import Event
from repository.models.item import Item
from repository.models.job import FixityRun
from repository.models.package import Copy, Package
from repository.permissions import VISITOR, access_tags
from repository.policies import rules
from repository.workflow import care, describe, dumping, jobs, rebuilding, worker
from repository.workflow.describe import Edit
from repository.workflow.errors import EditedMeanwhile
from repository.workflow.tools import Tools
from search.entry import Request
from storage.errors import StoreUnavailable
from storage.local import LocalStore
from tests.archives import ARCHIVIST, close, new_archive, photo, planned, take_in


def _bags(tools: Tools) -> list[Path]:
    return sorted(bag for spec in tools.settings.store_specs for bag in spec.root.glob("aips/*/*/*/v*"))


def _store(tools: Tools, number: int) -> LocalStore:
    store = list(tools.stores.values())[number]
    assert isinstance(store, LocalStore)
    return store


def _change(path: Path, content: bytes) -> None:
    path.chmod(0o644)
    path.write_bytes(content)


def _run(tools: Tools, scope: str = "all") -> FixityRun:
    with tools.database.writing.begin() as session:
        run_id = care.start(session, tools, tools.software, scope=scope).id
    worker.drain(tools)
    with tools.database.reading() as session:
        return session.get_one(FixityRun, run_id)


def _repair_all(tools: Tools) -> None:
    with tools.database.writing.begin() as session:
        for troubled in queries.troubled_copies(session, tools.software):
            care.ask_repair(session, tools, ARCHIVIST, session.get_one(Copy, troubled.copy.id))
    worker.drain(tools)


def _dump(tools: Tools) -> str:
    with tools.database.reading() as session:
        return dumping.to_text(dumping.dump(session))


def test_a_photo_becomes_a_valid_bag_in_two_stores(tools: Tools, tmp_path: Path) -> None:
    """What was handed in stands in both stores, valid for us and for bagit-python."""
    source = photo(tmp_path / "老照片.jpg")
    [item_id] = take_in(tools, planned(source, title="校庆大会全景"))

    bags = _bags(tools)
    assert len(bags) == 2
    for bag in bags:
        bagit.Bag(str(bag)).validate()
        assert verify_folder(bag).outcome is Outcome.PASSED
        assert (bag / "data/objects/0001.jpg").read_bytes() == source.read_bytes()
        assert "校庆大会全景" in (bag / "说明.html").read_text("utf-8")
    with tools.database.reading() as session:
        package = queries.package(session, ARCHIVIST, item_id)
        assert [(copy.store_id, copy.state) for copy in package.copies] == [("main", "ok"), ("second", "ok")]
        assert next(f for f in package.files if f.role == "object").original_name == "老照片.jpg"
    assert list(tools.staging.all()) == []


def test_every_act_leaves_a_premis_event(tools: Tools, tmp_path: Path) -> None:
    """From capture to replication each act is told, a virus check that was not run as not_run."""
    [item_id] = take_in(tools, planned(photo(tmp_path / "a.jpg"), title="植树活动"))

    with tools.database.reading() as session:
        told = {
            event.type: event.outcome
            for event in session.scalars(select(Event).where(Event.object_id == item_id))
        }
    wanted = {
        "capture",
        "accession",
        "virus check",
        "format identification",
        "message digest calculation",
        "packing",
        "ingestion end",
        "replication",
        "creation",
    }
    assert wanted <= told.keys()
    assert told["virus check"] == "not_run"


def test_found_by_those_who_may_and_nobody_else(tools: Tools, tmp_path: Path) -> None:
    """A two-character word in mid-sentence finds the item; a visitor does not learn that it is there."""
    take_in(tools, planned(photo(tmp_path / "a.jpg"), title="一九七八届高三毕业合影", access="restricted"))

    seen = tools.index.find(Request("毕业", access_tags(ARCHIVIST)))
    hidden = tools.index.find(Request("毕业", access_tags(VISITOR)))
    assert (seen.total, hidden.total, hidden.facets and hidden.facets[0].values) == (1, 0, ())


def test_damage_in_either_copy_is_found_and_repaired(tools: Tools, tmp_path: Path) -> None:
    """A flipped bit here and an edited tag file there are found, told apart, mended."""
    take_in(
        tools,
        *(planned(photo(tmp_path / f"{n}.jpg", tone=n * 40), title=f"运动会第{n}项") for n in (1, 2, 3)),
    )
    first, second = (_store(tools, number).root for number in (0, 1))
    image = sorted(first.glob("aips/*/*/*/v0001/data/objects/0001.jpg"))[0]
    tag = sorted(second.glob("aips/*/*/*/v0001/bag-info.txt"))[1]
    good_image, good_tag = image.read_bytes(), tag.read_bytes()
    _change(image, good_image[:99] + bytes([good_image[99] ^ 1]) + good_image[100:])
    _change(tag, good_tag + b"Note: x\n")

    run = _run(tools)
    assert (run.expected, run.checked, run.failed, run.unreadable, run.not_checked) == (6, 4, 2, 0, 0)
    with tools.database.reading() as session:
        codes = {
            t.copy.store_id: t.copy.findings[0]["code"] for t in queries.troubled_copies(session, ARCHIVIST)
        }
    assert codes["main"] != codes["second"]

    _repair_all(tools)
    assert (image.read_bytes(), tag.read_bytes()) == (good_image, good_tag)
    run = _run(tools)
    assert (run.checked, run.failed) == (6, 0)
    assert len(list(_store(tools, 0).root.glob(".quarantine/**/*.json"))) == 1


@pytest.mark.parametrize("stray", ["data/objects/9999.jpg", "premis.xml"])
def test_a06_a07_a_file_that_does_not_belong_is_reported_and_only_a_person_has_it_moved(
    tools: Tools, tmp_path: Path, stray: str
) -> None:
    """An extra payload or tag file is found; a repair that a person asks for moves it to quarantine."""
    take_in(tools, planned(photo(tmp_path / "a.jpg"), title="老校门"))
    [bag] = _store(tools, 0).root.glob("aips/*/*/*/v0001")
    (bag / stray).write_bytes(b"stranger")
    assert _run(tools).failed == 1

    with tools.database.writing.begin() as session:
        [troubled] = queries.troubled_copies(session, tools.software)
        jobs.enqueue(session, "repair", copy=troubled.copy.id)
    worker.drain(tools)
    assert (bag / stray).read_bytes() == b"stranger"

    _repair_all(tools)
    assert not (bag / stray).exists()
    assert _run(tools).checked == 2
    assert b"stranger" in {
        path.read_bytes() for path in _store(tools, 0).root.glob(".quarantine/**/*") if path.is_file()
    }


def test_a21_no_good_copy_left_is_lost_loudly_and_nothing_is_overwritten(
    tools: Tools, tmp_path: Path
) -> None:
    """When both copies of one file are damaged, repair says LOST and leaves both as they are."""
    take_in(tools, planned(photo(tmp_path / "a.jpg"), title="老校门"))
    images = [bag / "data/objects/0001.jpg" for bag in _bags(tools)]
    for number, image in enumerate(images):
        _change(image, image.read_bytes()[:-1] + bytes([number]))
    before = [image.read_bytes() for image in images]
    _run(tools)
    _repair_all(tools)

    assert [image.read_bytes() for image in images] == before
    with tools.database.reading() as session:
        figures = care_figures(session, rules(session, tools))
    assert (figures.lost, figures.damaged) == (2, 2)


def test_b14_an_absent_store_is_not_reachable_never_missing(tools: Tools, tmp_path: Path) -> None:
    """With an empty folder in a store's place its copies are not checked; none is called missing."""
    take_in(tools, planned(photo(tmp_path / "a.jpg"), title="老校门"))
    root = _store(tools, 1).root
    root.rename(root.with_name("away"))
    root.mkdir()

    run = _run(tools)
    assert (run.expected, run.checked, run.failed, run.away) == (1, 1, 0, {"second": 1})
    with tools.database.reading() as session:
        states = {copy.store_id: copy.state for copy in session.scalars(select(Copy))}
    assert states == {"main": "ok", "second": "ok"}
    with pytest.raises(StoreUnavailable):
        rebuilding.rebuild(tools, lambda done, total: None)


def test_an_edit_makes_a_new_version_and_the_old_one_stays_whole(tools: Tools, tmp_path: Path) -> None:
    """Metadata edits write v0002 with the payload carried over; v0001 still verifies."""
    [item_id] = take_in(tools, planned(photo(tmp_path / "a.jpg"), title="老校门"))
    with tools.database.writing.begin() as session:
        item = session.get_one(Item, item_id)
        wanted = Edit(
            {"people": ("张三", "李四")}, {"access_level": "public"}, seen=item.revision, reason="补人名"
        )
        changes = describe.edit(session, tools, ARCHIVIST, item, wanted=wanted)
    assert {change.field for change in changes} == {"people", "access_level"}
    worker.drain(tools)

    versions = [bag for bag in _bags(tools) if bag.is_relative_to(_store(tools, 0).root)]
    assert [bag.name for bag in versions] == ["v0001", "v0002"]
    for bag in versions:
        bagit.Bag(str(bag)).validate()
    inodes = {(bag / "data/objects/0001.jpg").stat().st_ino for bag in versions}
    assert len(inodes) == 1
    assert "李四" in (versions[1] / "data/metadata/description.json").read_text("utf-8")
    assert tools.index.find(Request("李四", access_tags(VISITOR))).total == 1


def test_an_edit_on_top_of_anothers_is_refused_and_nothing_overwritten(tools: Tools, tmp_path: Path) -> None:
    """Who saves a form made from an older revision is told, and the newer words stay."""
    [item_id] = take_in(tools, planned(photo(tmp_path / "a.jpg"), title="老校门"))
    with tools.database.writing.begin() as session:
        item = session.get_one(Item, item_id)
        seen = item.revision
        describe.edit(session, tools, ARCHIVIST, item, wanted=Edit({"title": "老校门（南）"}, {}, seen=seen))

    with tools.database.writing() as session:
        item = session.get_one(Item, item_id)
        with pytest.raises(EditedMeanwhile):
            describe.edit(session, tools, ARCHIVIST, item, wanted=Edit({"title": "另一个"}, {}, seen=seen))


def test_b16_a_lost_catalogue_comes_back_equal_from_the_stores(tools: Tools, tmp_path: Path) -> None:
    """After rm of database and index, a rebuild from the bags gives an equal dump: levels and history too."""
    ids = take_in(
        tools,
        planned(photo(tmp_path / "a.jpg"), title="老校门", access="public"),
        planned(photo(tmp_path / "b.jpg", tone=10), title="学籍卡一张", access="restricted"),
    )
    with tools.database.writing.begin() as session:
        item = session.get_one(Item, ids[0])
        describe.edit(session, tools, ARCHIVIST, item, wanted=Edit({"place": "南门"}, {}, reason="补地点"))
    worker.drain(tools)
    _run(tools)
    before = _dump(tools)
    close(tools)
    for file in tools.settings.data.glob("catalogue.sqlite*"):
        file.unlink()
    shutil.rmtree(tools.settings.data / "index")

    anew = new_archive(tools.settings.data, empty=True)
    done = rebuilding.rebuild(anew, lambda done, total: None)
    worker.drain(anew)

    assert (done.packages, done.copies, done.refused) == (3, 6, ())
    assert _dump(anew) == before
    assert anew.index.find(Request("学籍卡", access_tags(VISITOR))).total == 0
    assert anew.index.find(Request("学籍卡", access_tags(ARCHIVIST))).total == 1
    with anew.database.reading() as session:
        assert {copy.state for copy in session.scalars(select(Copy))} == {"unknown"}
    close(anew)


def test_a10_a_rebuild_believes_no_bag_that_differs_from_the_log(tools: Tools, tmp_path: Path) -> None:
    """A bag with payload and manifests all made anew is refused: it is not what was registered."""
    take_in(tools, planned(photo(tmp_path / "a.jpg"), title="老校门"))
    for path in _bags(tools):
        for each in path.rglob("*"):
            each.chmod(0o755 if each.is_dir() else 0o644)
        (path / "data/objects/0001.jpg").write_bytes(b"forged")
        bag = bagit.Bag(str(path))
        bag.save(manifests=True)
    close(tools)
    for file in tools.settings.data.glob("catalogue.sqlite*"):
        file.unlink()

    anew = new_archive(tools.settings.data, empty=True)
    done = rebuilding.rebuild(anew, lambda done, total: None)

    assert (done.packages, len(done.refused)) == (0, 1)
    close(anew)


def test_the_same_file_twice_is_kept_and_linked(tools: Tools, tmp_path: Path) -> None:
    """A duplicate is warned about with the id of its twin, and both are kept."""
    [first] = take_in(tools, planned(photo(tmp_path / "a.jpg"), title="老校门"))
    [second] = take_in(tools, planned(tmp_path / "a.jpg", title="老校门（重扫）"))

    with tools.database.reading() as session:
        assert [row.id for row in queries.twins(session, ARCHIVIST, second)] == [first]
        findings = [f for r in session.get_one(Item, second).intake["results"] for f in r["findings"]]
    assert any(finding["code"] == "IN-150" and first in str(finding["facts"]) for finding in findings)


def test_a_damaged_file_is_held_until_an_archivist_gives_a_reason(tools: Tools, tmp_path: Path) -> None:
    """An empty file waits in the held list; nothing of it stands in a store."""
    empty = tmp_path / "空.jpg"
    empty.touch()
    [item_id] = take_in(tools, planned(empty, title="空文件一个"))

    with tools.database.reading() as session:
        item = session.get_one(Item, item_id)
        assert (item.state, item.intake["outcome"]) == ("held", "failed")
        assert session.scalars(select(Package)).all() == []
    assert _bags(tools) == []
