"""A rebuild of an archive that took bags in from others: it never stops, and plants no foreign tree."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import bagit
import pytest
from sqlalchemy import select

from preservation.checks import Outcome
from preservation.premis import EventType
from repository.models.collection import Collection
from repository.models.event import Event
from repository.models.item import Item
from repository.workflow import bag_import, dumping, jobs, journal, logbook, packages, rebuilding, worker
from repository.workflow.bag_import import Import, Wanted
from repository.workflow.tools import Tools, Work
from storage.layout import packages as stored_packages
from tests.archives import close, new_archive, photo, planned, take_in
from tests.repository.exchange.test_bag_import import exported, outcomes
from tests.repository.exchange.test_exporting import quiet

CODE = "Y001-XSH·1978·Y-0001"


def _take(tools: Tools, source: Path) -> Import:
    return bag_import.take(tools, tools.software, source, Wanted(), tell=quiet)


def _dump(tools: Tools) -> str:
    with tools.database.reading() as session:
        told = dumping.dump(session)
        told.pop("audit")  # it is carried with its seals, which no worker made here
        return dumping.to_text(told)


def _rebuilt(tools: Tools) -> tuple[Tools, rebuilding.Rebuilt]:
    """Lose the catalogue, and make it anew from the stores."""
    close(tools)
    for file in tools.settings.data.glob("catalogue.sqlite*"):
        file.unlink()
    fresh = new_archive(tools.settings.data, empty=True)
    return fresh, rebuilding.rebuild(fresh, quiet)


def _forged(archive: Tools, target: Path, change: Callable[[dict[str, Any]], None]) -> tuple[Path, str]:
    """Return a bag of ours whose record somebody changed, its manifests made anew, and its item."""
    bag = next(path for path in sorted(exported(archive, target, form="folder").iterdir()) if path.is_dir())
    record = bag / "data" / "metadata" / "catalogue.json"
    told = json.loads(record.read_text())
    change(told)
    record.write_text(json.dumps(told))
    bagit.Bag(str(bag)).save(manifests=True)
    return bag, str(told["item"]["id"])


@pytest.mark.parametrize("carried", [True, False], ids=["log-carried", "log-lost"])
def test_p06_an_import_whose_repack_had_not_run_is_rebuilt(
    archive: Tools, another: Callable[[], Tools], tmp_path: Path, carried: bool
) -> None:
    """The other school's tree stays out, the taken reference code is a former one, no item is lost."""
    target, other = exported(archive, tmp_path / "a.zip"), another()
    own = take_in(other, planned(photo(tmp_path / "b.jpg", tone=9), title="本校的", reference_code=CODE))
    with other.database.reading() as session:
        units = set(session.scalars(select(Collection.id)))
    assert outcomes(_take(other, target)) == ["restored"] * 3
    if carried:
        logbook.carry_log(Work(other, {}))
    before = _dump(other)
    fresh, done = _rebuilt(other)
    with fresh.database.reading() as session:
        items = session.scalars(select(Item)).all()
        coded = {item.id: item.reference_code for item in items}
        planted = set(session.scalars(select(Collection.id)))

        assert (done.packages, done.refused) == (4, ())
        assert list(coded.values()).count(CODE) == 1
        if carried:
            assert coded[own[0]] == CODE
            assert planted == units
            assert _dump(fresh) == before
    worker.drain(fresh)
    with fresh.database.reading() as session:
        former = [item for item in session.scalars(select(Item)) if item.values.get("former_code")]

        assert [item.values["former_code"] for item in former] == [[CODE]]
        assert former[0].version == 2
    close(fresh)


def test_p06_an_older_version_with_a_code_that_was_given_on_does_not_stop_a_rebuild(
    archive: Tools, tmp_path: Path
) -> None:
    """The newest bag of an item is lost; its older one has a code that another item has by now."""
    with archive.database.writing.begin() as session:
        first, second = session.scalars(select(Item).order_by(Item.reference_code).limit(2)).all()
        lost, code, winner = first.id, first.reference_code, second.id
        for item, wanted in ((first, "Y001-XSH·1978·Y-0099"), (second, code)):
            item.reference_code, item.revision = wanted, item.revision + 1
            session.flush()
            jobs.enqueue(session, "repack", lock=f"item:{item.id}", dedup=f"repack:{item.id}", item=item.id)
    worker.drain(archive)
    for spec in archive.settings.store_specs:
        for record in spec.root.glob(f"aips/*/*/{lost}/v0002/data/metadata/catalogue.json"):
            record.chmod(0o644)
            record.unlink()
    fresh, done = _rebuilt(archive)
    with fresh.database.reading() as session:
        coded = {item.id: (item.reference_code, item.values.get("former_code")) for item in
                 session.scalars(select(Item))}

        assert len(done.refused) == 1
        assert sorted((coded[lost], coded[winner]), key=str) in (
            [(None, [code]), (code, None)], [(code, None), (None, [code])]
        )
    worker.drain(fresh)

    assert not list(fresh.settings.store_specs[0].root.glob(".quarantine/**/v0002*"))
    assert list(fresh.settings.store_specs[0].root.glob(f"aips/*/*/{lost}/v0002/data/objects/*"))
    close(fresh)


def test_what_a_bag_tells_of_others_is_never_believed(
    archive: Tools, another: Callable[[], Tools], tmp_path: Path
) -> None:
    """A received bag that says that one of our items was given up: a rebuild does not listen."""
    other = another()
    own = take_in(other, planned(photo(tmp_path / "b.jpg", tone=9), title="本校的"))[0]

    def forge(told: dict[str, Any]) -> None:
        for number, about in enumerate((own, told["item"]["id"])):
            told["events"].append({
                **told["events"][0],
                "id": f"00000000-0000-4000-8000-00000000000{number}",
                "type": str(EventType.DEACCESSION),
                "outcome": str(Outcome.PASSED),
                "object_kind": journal.ITEM,
                "object_id": about,
                "facts": {},
            })

    bag, taken = _forged(archive, tmp_path / "out", forge)
    assert outcomes(_take(other, bag)) == ["restored"]
    for _ in range(2):
        worker.drain(other)
        other, done = _rebuilt(other)

        assert done.refused == ()
        with other.database.reading() as session:
            assert {own, taken} <= set(session.scalars(select(Item.id)))
            assert session.scalars(select(Event).where(Event.type == EventType.DEACCESSION)).first() is None
    close(other)


def test_e35_a_bag_of_an_item_that_was_given_up_is_not_taken_in(archive: Tools, tmp_path: Path) -> None:
    """An item with a tombstone would be gone at the next rebuild: it is refused, and says why."""
    bag = next(path for path in sorted(exported(archive, tmp_path / "out", form="folder").iterdir())
               if path.is_dir())
    with archive.database.writing.begin() as session:
        item_id = json.loads((bag / packages.RECORD).read_text())["item"]["id"]
        about = journal.of_item(item_id)
        journal.record(session, EventType.DEACCESSION, about, actor=archive.software, at=archive.clock())
        rebuilding.tombstones.apply(session)
    told = _take(archive, bag)

    assert [(one.outcome, one.why) for one in told.bags] == [("refused", "given_up")]


@pytest.mark.parametrize(
    "odd",
    [[], "text", {"item": 1}, {"item": {"id": 7}}, {"item": {"id": "../../evil", "version": 1}}],
    ids=["list", "text", "no-item", "number", "evil"],
)
def test_p06_a_strange_record_in_a_store_does_not_stop_a_rebuild(archive: Tools, odd: object) -> None:
    """A bag that no log knows and whose record is nonsense is refused; all others come back."""
    for spec in archive.settings.store_specs:
        key = next(iter(stored_packages(archive.stores[spec.id])))
        strange = key.prefix.replace(key.item_id, key.item_id[:-4] + "beef")
        record = spec.root / strange / packages.RECORD
        record.parent.mkdir(parents=True)
        for name in ("manifest-sha256.txt", "tagmanifest-sha256.txt"):
            (spec.root / strange / name).write_text("")
        told = odd
        if isinstance(odd, dict) and isinstance(odd.get("item"), dict):
            told = json.loads((spec.root / key.prefix / packages.RECORD).read_text())
            told["item"] |= odd["item"]
        record.write_text(json.dumps(told))
    fresh, done = _rebuilt(archive)

    assert (done.packages, len(done.refused)) == (3, 1)
    close(fresh)


@pytest.mark.parametrize("part", ["title", "ancestors", "school", "revisions"])
def test_p06_a_record_with_wrong_values_in_a_store_does_not_stop_a_rebuild(
    archive: Tools, part: str
) -> None:
    """Values of the wrong kind in a bag that no log knows: that bag alone is refused."""
    for spec in archive.settings.store_specs:
        key = next(iter(stored_packages(archive.stores[spec.id])))
        item_id = key.item_id[:-4] + "beef"
        told = json.loads((spec.root / key.prefix / packages.RECORD).read_text())
        told["item"] |= {"id": item_id, "reference_code": None}
        told["files"], told["events"] = [], []
        if part == "title":
            told["item"]["title"] = {"a": 1}
        else:
            told[part] = [{"odd": 1}]
        record = spec.root / key.prefix.replace(key.item_id, item_id) / packages.RECORD
        record.parent.mkdir(parents=True)
        for name in ("manifest-sha256.txt", "tagmanifest-sha256.txt"):
            (record.parent.parent.parent / name).write_text("")
        record.write_text(json.dumps(told))
    fresh, done = _rebuilt(archive)

    assert done.packages + len(done.refused) == 4
    with fresh.database.reading() as session:
        assert len(session.scalars(select(Item)).all()) >= 3
    close(fresh)
