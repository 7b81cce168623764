"""The rules of stores and units: who inherits what, what protects, what comes back."""

import shutil
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from preservation.policy import StoreKind, StoreRule, Wanted
from repository.figures import care_figures
from repository.models.collection import Collection
from repository.models.event import Event
from repository.models.item import Item
from repository.models.keeping import Medium
from repository.models.package import Copy, Package
from repository.policies import Rules, rules
from repository.workflow import assigning, dumping, locating, rebuilding, replicating, worker
from repository.workflow.assigning import StoreWish, UnitWish
from repository.workflow.errors import Incomplete, Refused
from repository.workflow.tools import Tools
from tests.archives import ADMINISTRATOR, ARCHIVIST, Clock, close, new_archive


def _rules(tools: Tools) -> Rules:
    with tools.database.reading() as session:
        return rules(session, tools)


def _say(tools: Tools, store_id: str, wish: StoreWish) -> None:
    with tools.database.writing.begin() as session:
        assigning.assign_store(session, tools, ADMINISTRATOR, store_id, wish)


def _need(tools: Tools, code: str, wish: UnitWish) -> None:
    with tools.database.writing.begin() as session:
        unit = session.scalars(select(Collection).where(Collection.code == code)).one()
        assigning.assign_unit(session, tools, ADMINISTRATOR, unit, wish)


def _short(tools: Tools) -> int:
    with tools.database.reading() as session:
        told = rules(session, tools)
        counted = care_figures(session, told).under_copied
        one_by_one = [
            told.protects(package.copies, session.get_one(Item, package.item_id).collection_id)
            for package in session.scalars(select(Package))
        ]
    assert one_by_one.count(False) == counted  # the figure and the page of an item never disagree
    return counted


def test_without_cards_the_settings_hold(archive: Tools) -> None:
    """Folders are local: thirty days, no budget of their own, each its own place where nobody looked."""
    told = _rules(archive)

    assert told.rest == Wanted(2, 1) and told.units == {}
    assert told.stores["main"] == StoreRule("main", StoreKind.LOCAL, "main", timedelta(days=30))


def test_an_s3_store_is_far_by_itself(tmp_path: Path) -> None:
    """A bucket is read back every ninety days; its server is its place."""
    tools = new_archive(tmp_path / "data")
    settings = replace(
        tools.settings,
        stores=f"main={tmp_path / 'data/stores/main'},far=s3://bucket/a",
        s3_endpoint="https://s3.example.org:9000",
    )
    with tools.database.reading() as session:
        stores = {"main": tools.first_store, "far": tools.first_store}
        told = rules(session, replace(tools, settings=settings, stores=stores))
    close(tools)

    assert told.stores["far"].kind is StoreKind.REPLICA
    assert told.stores["far"].interval == timedelta(days=90)
    assert told.stores["far"].place == "s3.example.org:9000"


def test_what_the_school_says_of_a_store_holds(archive: Tools) -> None:
    """Kind, place, days and budget of the card go before the settings."""
    _say(archive, "second", StoreWish(StoreKind.REPLICA, "老校区档案室", 60, 5))

    assert _rules(archive).stores["second"] == StoreRule(
        "second", StoreKind.REPLICA, "老校区档案室", timedelta(days=60), 5_000_000_000
    )
    _say(archive, "second", StoreWish(StoreKind.REPLICA))
    assert _rules(archive).stores["second"].interval == timedelta(days=90)


@pytest.mark.parametrize(
    "wish",
    [
        StoreWish(StoreKind.LOCAL, "长" * 121),
        StoreWish(StoreKind.LOCAL, "两\n行"),
        StoreWish(StoreKind.LOCAL, interval_days=0),
        StoreWish(StoreKind.LOCAL, nightly_gb=-1),
        StoreWish(StoreKind.LOCAL, interval_days=10**9),
    ],
)
def test_senseless_wishes_are_refused(archive: Tools, wish: StoreWish) -> None:
    """Nothing is kept and nothing is told in the log."""
    with pytest.raises(Incomplete):
        _say(archive, "main", wish)
    with pytest.raises(Incomplete):
        _need(archive, "XSH", UnitWish(0, 1))
    assert _rules(archive).stores["main"].interval == timedelta(days=30)


def test_only_an_administrator_changes_rules(archive: Tools) -> None:
    """An archivist sees them."""
    with archive.database.writing.begin() as session:
        unit = session.scalars(select(Collection).limit(1)).one()
        with pytest.raises(Refused):
            assigning.assign_unit(session, archive, ARCHIVIST, unit, UnitWish(3))
        with pytest.raises(Refused):
            assigning.assign_store(session, archive, ARCHIVIST, "main", StoreWish(StoreKind.LOCAL))


def test_p8_a_unit_inherits_from_above_and_decides_what_is_protected(archive: Tools) -> None:
    """The school asks for three copies, school history for two: only that is protected."""
    assert _short(archive) == 0
    _need(archive, "Y001", UnitWish(3, None))
    assert _short(archive) == 2
    _need(archive, "XSH", UnitWish(2, None))
    assert _short(archive) == 0
    _need(archive, "XSH", UnitWish(None, 2))
    assert _short(archive) == 2
    told = _rules(archive)
    with archive.database.reading() as session:
        ids = {unit.code: unit.id for unit in session.scalars(select(Collection))}

    assert told.wanted(ids["XSH"]) == Wanted(3, 2)
    assert told.wanted(ids["XS"]) == Wanted(3, 1)
    assert told.wanted(None) == Wanted(2, 1)


def test_p8_two_folders_of_one_disk_are_one_place(archive: Tools) -> None:
    """Whatever they are called: two copies on one disk are not in two places, and the page may say so."""
    _need(archive, "Y001", UnitWish(2, 2))
    assert _short(archive) == 0  # nobody has looked where they lie
    locating.refresh(archive)
    _say(archive, "second", StoreWish(StoreKind.LOCAL, "另一栋楼"))

    assert _rules(archive).sharing_a_disk() == [("main", "second")]
    assert _short(archive) == 2


def test_only_verified_copies_count(archive: Tools) -> None:
    """Damaged, asked for after a move, or in a store that is configured no more: none counts."""
    for change in ({"state": "damaged"}, {"asked_at": archive.clock()}, {"store_id": "sold"}):
        with archive.database.writing.begin() as session:
            first = session.scalars(select(Copy).where(Copy.store_id == "second").limit(1)).one()
            kept, copy_id = {name: getattr(first, name) for name in change}, first.id
            session.execute(update(Copy).where(Copy.id == copy_id).values(change))
        assert _short(archive) == 1
        with archive.database.writing.begin() as session:
            session.execute(update(Copy).where(Copy.id == copy_id).values(kept))
    assert _short(archive) == 0


def test_a_copy_on_a_medium_counts_as_long_as_it_is_read_in_time(archive: Tools, clock: Clock) -> None:
    """A disk in the cupboard is a copy and a place, until a year after it was read last."""
    _need(archive, "Y001", UnitWish(3, 3))
    with archive.database.writing.begin() as session:
        session.add(Medium(id="disk-1", name="一号盘", owner="李档案", place="保险柜", check_days=365))
        for package in session.scalars(select(Package)):
            session.add(Copy(package_id=package.id, store_id="disk-1", state="ok", checked_at=clock()))
    assert _short(archive) == 0
    clock.move(days=366)
    with archive.database.writing.begin() as session:
        session.execute(update(Copy).where(Copy.store_id != "disk-1").values(checked_at=clock()))

    assert _short(archive) == 2
    with archive.database.reading() as session:
        assert care_figures(session, rules(session, archive)).overdue == 2


def test_overdue_is_told_by_the_rule_of_each_store(archive: Tools, clock: Clock) -> None:
    """Forty days are too long on a disk of this machine and well in time far away."""
    clock.move(days=40)
    with archive.database.reading() as session:
        assert care_figures(session, rules(session, archive)).overdue == 4
    _say(archive, "second", StoreWish(StoreKind.REPLICA))

    with archive.database.reading() as session:
        assert care_figures(session, rules(session, archive)).overdue == 2


def test_p3_a_store_that_was_copied_to_another_disk_is_found_and_read(archive: Tools, clock: Clock) -> None:
    """Every byte is equal, the marker was born anew: the copies are asked for, told and read, not judged."""
    assert locating.refresh(archive) == []
    root = archive.settings.store_specs[1].root
    shutil.copytree(root, root.with_name("new disk"))
    shutil.rmtree(root)
    root.with_name("new disk").rename(root)
    [moved] = locating.refresh(archive)

    assert (moved.store_id, moved.copies) == ("second", 2)
    assert locating.refresh(archive) == []
    assert _short(archive) == 2
    with archive.database.reading() as session:
        assert {copy.state for copy in session.scalars(select(Copy))} == {"ok"}
        assert care_figures(session, rules(session, archive)).asked == 2
        told = session.scalars(select(Event).where(Event.type == "refreshment")).one()
        assert (told.object_id, told.outcome, told.facts) == ("second", "warned", {"copies": 2})


def test_a_store_that_is_away_is_not_moved(archive: Tools) -> None:
    """Unmounted and mounted again: nothing is asked for."""
    locating.refresh(archive)
    root = archive.settings.store_specs[1].root
    root.rename(root.with_name("away"))
    assert locating.refresh(archive) == []
    root.with_name("away").rename(root)

    assert locating.refresh(archive) == []


def test_p6_the_rules_come_back_from_the_stores(archive: Tools, tmp_path: Path) -> None:
    """Cards and units are in the dump, and a rebuild from the stores alone makes it equal."""
    _say(archive, "second", StoreWish(StoreKind.REPLICA, "老校区", 60, None))
    _say(archive, "main", StoreWish(StoreKind.LOCAL, "机房", None, 100))
    _say(archive, "second", StoreWish(StoreKind.REPLICA, "新校区", 45, 7))
    _need(archive, "XSH", UnitWish(3, 2))
    _need(archive, "Y001", UnitWish(2, 1))
    _need(archive, "Y001", UnitWish(None, 1))
    worker.drain(archive)
    before = _dump(archive)
    anew = new_archive(_forget(archive), empty=True)
    rebuilding.rebuild(anew, lambda done, total: None)
    after = _dump(anew)
    with anew.database.reading() as session:
        asked = session.scalars(select(Copy.asked_at)).all()
    close(anew)

    assert [one["place"] for one in after["stores"]] == ["机房", "新校区"]
    assert after["stores"] == before["stores"]
    assert after["collections"] == before["collections"]
    assert len(asked) == 4 and None not in asked


def _dump(tools: Tools) -> dict[str, list[dict[str, object]]]:
    with tools.database.reading() as session:
        return dumping.dump(session)


def _forget(tools: Tools) -> Path:
    """Lose the catalogue and return the data folder."""
    tools.database.engine.dispose()
    for path in tools.settings.data.glob("catalogue.sqlite*"):
        path.unlink()
    return tools.settings.data


def test_c12_the_backlog_of_replication_has_an_age(archive: Tools, clock: Clock) -> None:
    """How many copies are still to be made, and since when the oldest waits."""
    with archive.database.reading() as session:
        assert replicating.backlog(session, archive) == replicating.Backlog(0, None)
    with archive.database.writing.begin() as session:
        gone = session.scalars(select(Copy).where(Copy.store_id == "second").limit(1)).one()
        since = _made(session, gone)
        session.delete(gone)

    with archive.database.reading() as session:
        assert replicating.backlog(session, archive) == replicating.Backlog(1, since)


def _made(session: Session, copy: Copy) -> object:
    return session.get_one(Package, copy.package_id).created_at
