"""Stocktaking over a real archive: what it finds changes the copies by being read, and nothing else."""

import json
import shutil
from pathlib import Path

import pytest
from sqlalchemy import select

from preservation.policy import CopyState
from repository.models.event import Event
from repository.models.item import Item
from repository.models.package import Copy, Package
from repository.models.watch import Report
from repository.workflow import facts, taking_stock, worker
from repository.workflow.errors import Refused
from repository.workflow.tools import Tools, Work
from storage.errors import StoreUnavailable
from tests.archives import ADMINISTRATOR, TEACHER, close, new_archive, photo, planned, take_in


def _take_stock(tools: Tools) -> dict[str, Report]:
    """Take stock of all stores and return the new report of each."""
    with tools.database.writing.begin() as session:
        last = max([0, *session.scalars(select(Report.id))])
        taking_stock.ask(session, tools, ADMINISTRATOR)
    worker.drain(tools)
    with tools.database.reading() as session:
        return {one.subject: one for one in session.scalars(select(Report).where(Report.id > last))}


def _codes(report: Report) -> dict[str, int]:
    return dict(report.facts["codes"])


def _prefixes(tools: Tools) -> list[str]:
    with tools.database.reading() as session:
        return sorted(session.scalars(select(Package.prefix)))


def _states(tools: Tools, store: str) -> dict[str, str]:
    query = select(Package.prefix, Copy.state).join(Copy).where(Copy.store_id == store)
    with tools.database.reading() as session:
        return {prefix: state for prefix, state in session.execute(query)}


def _failed_readings(tools: Tools) -> int:
    query = select(Event).where(Event.type == "fixity check", Event.outcome == "failed")
    with tools.database.reading() as session:
        return len(session.scalars(query).all())


def _root(tools: Tools, store: str = "main") -> Path:
    return Path(tools.stores[store].root)  # type: ignore[attr-defined]


def test_an_archive_in_order_passes(archive: Tools) -> None:
    """Every store agrees with the catalogue; the counts add up and nothing is asked for."""
    reports = _take_stock(archive)

    assert {one.outcome for one in reports.values()} == {"passed"}
    for report in reports.values():
        counted = report.facts
        assert counted["expected"] == counted["standing"] == 2
        assert (counted["findings"], counted["trouble"]) == ([], "")


def test_b18_what_the_store_lost_is_missing_and_repaired(archive: Tools) -> None:
    """A package that is gone makes its copy missing by a reading; its other copy stays good."""
    gone = _prefixes(archive)[0]
    shutil.rmtree(_root(archive) / gone)
    reports = _take_stock(archive)

    assert _codes(reports["main"]) == {"ST-101": 1}
    assert _codes(reports["second"]) == {}
    assert _failed_readings(archive) == 1
    assert (_root(archive) / gone).is_dir()  # mended by itself: the settings allow it
    assert _states(archive, "second")[gone] == CopyState.OK


def test_a14_swapped_bags_are_damaged_copies_and_repaired(archive: Tools) -> None:
    """Two bags in each other's place are read, both copies are told as damaged, and mended."""
    one, two = _prefixes(archive)
    root = _root(archive, "second")
    (root / one).rename(root / "spare")
    (root / two).rename(root / one)
    (root / "spare").rename(root / two)
    reports = _take_stock(archive)

    assert _codes(reports["second"])["ST-302"] == 2
    assert _failed_readings(archive) == 2
    assert {one.outcome for one in _take_stock(archive).values()} == {"passed"}


def test_b14_a_store_that_is_away_is_not_run_and_nothing_changes(archive: Tools) -> None:
    """Without its marker a store is not reachable: no copy of it becomes missing."""
    before = _states(archive, "second")
    (_root(archive, "second") / ".jingui-store").rename(_root(archive, "second") / ".away")
    reports = _take_stock(archive)

    assert reports["second"].outcome == "not_run"
    assert reports["second"].facts["trouble"] == StoreUnavailable.code
    assert _states(archive, "second") == before
    assert reports["main"].outcome == "passed"


def test_a_copy_that_nobody_registered_becomes_unknown_and_is_read_first(archive: Tools) -> None:
    """A package carried into a store by hand gets a copy at the head of the queue, not yet believed."""
    with archive.database.writing.begin() as session:
        copy = session.scalars(select(Copy).where(Copy.store_id == "second").limit(1)).one()
        prefix = copy.package.prefix
        session.delete(copy)
    reports = _take_stock(archive)
    with archive.database.reading() as session:
        found = session.scalars(
            select(Copy).join(Package).where(Package.prefix == prefix, Copy.store_id == "second")
        ).one()

        assert (found.state, found.asked_at is not None, found.checked_at) == ("unknown", True, None)
    assert _codes(reports["second"]) == {"ST-202": 1}


def test_b17_packages_newer_than_the_catalogue_are_registered_when_asked(
    archive: Tools, tmp_path: Path
) -> None:
    """Yesterday's catalogue: the new item is told as unknown, and one order brings it back, unread."""
    yesterday = tmp_path / "yesterday.sqlite"
    archive.database.engine.dispose()
    shutil.copy(archive.settings.data / "catalogue.sqlite", yesterday)
    take_in(archive, planned(photo(tmp_path / "c.jpg", tone=77), title="钟楼"))
    close(archive)
    for file in archive.settings.data.glob("catalogue.sqlite*"):
        file.unlink()
    shutil.copy(yesterday, archive.settings.data / "catalogue.sqlite")
    older = new_archive(archive.settings.data, empty=True)
    reports = _take_stock(older)

    assert [_codes(one) for one in reports.values()] == [{"ST-201": 1}, {"ST-201": 1}]
    with older.database.writing.begin() as session:
        assert taking_stock.ask_adoption(session, ADMINISTRATOR, reports["main"]) == 1
    worker.drain(older)
    with older.database.reading() as session:
        item = session.scalars(select(Item).where(Item.title == "钟楼")).one()
        copies = session.scalars(select(Copy).join(Package).where(Package.item_id == item.id)).all()
        assert {(one.store_id, one.state) for one in copies} == {("main", "unknown"), ("second", "unknown")}
        assert all(one.asked_at for one in copies)
    assert {one.outcome for one in _take_stock(older).values()} == {"passed"}
    close(older)


def test_a15_a_duplicate_is_never_adopted_as_another_package(archive: Tools) -> None:
    """A bag copied to the place of another id is told as a duplicate; a rebuild registers nothing from it."""
    one = _prefixes(archive)[0]
    other = "aips/11/11/11111111-1111-4111-8111-111111111111/v0001"
    shutil.copytree(_root(archive) / one, _root(archive) / other)
    reports = _take_stock(archive)
    with archive.database.writing.begin() as session:
        assert taking_stock.ask_adoption(session, ADMINISTRATOR, reports["main"]) == 0

    assert _codes(reports["main"]) == {"ST-402": 1}
    assert len(_prefixes(archive)) == 2


def test_a_stopped_stocktake_goes_on_where_it_was(archive: Tools) -> None:
    """A worker that stops in the middle keeps what is done: it is not looked at again, and told once."""
    work = Work(archive, {"store": "main"}, stopping=iter([False, True]).__next__)
    with pytest.raises(InterruptedError):
        taking_stock.stocktake(work)
    with archive.database.reading() as session:
        kept = facts.get(session, facts.STOCKTAKE + "main")
    (shard,) = json.loads(kept)["done"]
    shutil.rmtree(_root(archive) / "aips" / shard)
    taking_stock.stocktake(Work(archive, {"store": "main"}))
    with archive.database.reading() as session:
        report = session.scalars(select(Report)).one()

        assert (report.facts["expected"], report.facts["standing"], report.outcome) == (2, 2, "passed")
        assert facts.get(session, facts.STOCKTAKE + "main") == ""


def test_who_may_not_run_care_may_not_ask(archive: Tools) -> None:
    """A teacher cannot put a stocktake in line."""
    with archive.database.writing.begin() as session, pytest.raises(Refused):
        taking_stock.ask(session, archive, TEACHER)


def test_a_stocktake_that_runs_twice_tells_twice_and_changes_no_copy(archive: Tools) -> None:
    """Each run looks again: two reports, the same copies, the same files in the store."""
    shutil.rmtree(_root(archive) / _prefixes(archive)[0])
    taking_stock.stocktake(Work(archive, {"store": "main"}))
    once = _states(archive, "main"), sorted(_root(archive).rglob("*"))
    taking_stock.stocktake(Work(archive, {"store": "main"}))

    assert (_states(archive, "main"), sorted(_root(archive).rglob("*"))) == once
    with archive.database.reading() as session:
        reports = session.scalars(select(Report)).all()
    assert [_codes(one) for one in reports] == [{"ST-101": 1}, {"ST-101": 1}]
