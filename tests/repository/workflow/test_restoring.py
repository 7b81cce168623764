"""restoring, merging, tombstones: nothing newer than the backup is lost, nothing here is overwritten."""

import shutil
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
from sqlalchemy import select

from preservation.premis import EventType
from repository import queries
from repository.models.account import Account
from repository.models.event import Event
from repository.models.item import Item
from repository.models.job import Job
from repository.models.package import Copy
from repository.permissions import Role
from repository.workflow import (
    accounts,
    backing,
    backup_contents,
    dumping,
    importing,
    journal,
    logbook,
    merging,
    rebuilding,
    restoring,
    worker,
)
from repository.workflow.accounts import NewAccount
from repository.workflow.backup_refusals import BackupDamaged, RestoreRefused
from repository.workflow.backup_sheets import Sheet
from repository.workflow.tools import Tools, Work
from storage.digests import sha256_of
from storage.errors import NotFound, ReadOnly
from storage.readonly import ReadOnlyStore
from tests.archives import ARCHIVIST, PASSWORD, close, jingui_here, new_archive, photo, planned, take_in


@dataclass(frozen=True, slots=True)
class Backed:
    """A living archive and a backup of it; the stores stand beside the data folder."""

    tools: Tools
    sheet: Sheet
    secret: str
    first: str
    base: Path

    @property
    def stores(self) -> str:
        """Return the setting that names the stores."""
        return f"main={self.base}/main,second={self.base}/second"


@pytest.fixture
def backed(tmp_path: Path) -> Iterator[Backed]:
    """An archive with one item in its stores and one upload that waits, backed up."""
    tools = new_archive(tmp_path / "data", JINGUI_STORES=f"main={tmp_path}/main,second={tmp_path}/second")
    [first] = take_in(tools, planned(photo(tmp_path / "a.jpg"), title="老校门"))
    _hand_in(tools, photo(tmp_path / "w.jpg", tone=30))
    sheet = backing.make(tools)
    yield Backed(tools, sheet, backing.backup_key(tools).secret, first, tmp_path)
    close(tools)


def _hand_in(tools: Tools, source: Path) -> None:
    """Hand a photograph in and leave it waiting in staging."""
    items = [planned(source, title="操场")]
    importing.run(tools, tools.software, items, note="", tell=lambda done, total: None)


def _titles(tools: Tools) -> dict[str, str]:
    with tools.database.reading() as session:
        return {item.id: item.state for item in session.scalars(select(Item))}


def _restored(backed: Backed, data: Path, **more: str) -> Tools:
    tools = new_archive(data.with_name("unused"), empty=True)
    close(tools)
    settings = replace(backed.tools.settings, data=data, **more)  # type: ignore[arg-type]
    manifest = restoring.lay(backed.sheet.path, backed.secret, settings)
    opened = new_archive(data, empty=True, JINGUI_STORES=backed.stores)
    restoring.reconcile(opened, opened.software, manifest, lambda done, total: None)
    restoring.finish(settings)
    return opened


def test_f06_what_was_accepted_after_the_backup_comes_back(backed: Backed, tmp_path: Path) -> None:
    """An item archived after the backup is found in the stores; an upload of before waits as it did."""
    with backed.tools.database.writing.begin() as session:
        session.connection().exec_driver_sql("DELETE FROM jobs WHERE verb = 'ingest'")  # the upload waits on
    [later] = take_in(backed.tools, planned(photo(tmp_path / "b.jpg", tone=77), title="图书馆"))
    tools = _restored(backed, tmp_path / "new")
    states = _titles(tools)
    with tools.database.reading() as session:
        copies = session.scalars(select(Copy)).all()
        asked = [(copy.state, copy.asked_at is not None) for copy in copies]
        recovery = session.scalars(select(Event).where(Event.type == EventType.RECOVERY)).all()
    staged = list(tools.staging.all())
    worker.drain(tools)
    after = _titles(tools)
    close(tools)

    assert {backed.first, later} <= states.keys()
    assert states[backed.first] == states[later] == "archived"
    assert len(asked) == 4 and set(asked) == {("unknown", True)}
    assert [event.facts["backup"] for event in recovery] == [backed.sheet.id]
    assert len(staged) == 1
    assert set(after.values()) == {"archived"} and len(after) == 3


def test_after_a_restore_stores_are_taken_stock_of_and_an_anchor_is_made(
    backed: Backed, tmp_path: Path
) -> None:
    """The command leaves a stocktake in line, and an anchor in line or made, and says that all went well."""
    key = tmp_path / "backup.key"
    key.write_text(f"打印的密钥\n{backed.secret}\n")
    words = (str(backed.sheet.path), "--identity", str(key))
    done = jingui_here(tmp_path / "new", "restore", *words, JINGUI_STORES=backed.stores)
    tools = new_archive(tmp_path / "new", empty=True, JINGUI_STORES=backed.stores)
    with tools.database.reading() as session:
        asked = {job.verb for job in session.scalars(select(Job))}
    close(tools)

    assert done.returncode == 0, done.stdout + done.stderr
    assert {"stocktake", "anchor"} <= asked


def test_p7_a_restored_catalogue_has_the_dump_of_the_backup(backed: Backed, tmp_path: Path) -> None:
    """Laid into an empty folder, the catalogue tells exactly what it told when the backup was made."""
    settings = replace(backed.tools.settings, data=tmp_path / "new")
    restoring.lay(backed.sheet.path, backed.secret, settings)
    with backed.tools.database.reading() as session:
        before = dumping.to_text(dumping.dump(session))

    assert backup_contents.dump_digest(tmp_path / "new/catalogue.sqlite") == backed.sheet.dump_sha256
    assert sha256_of(before.encode()) == backed.sheet.dump_sha256
    assert restoring.is_unfinished(settings)


def test_f03_a_backup_stays_good_when_later_software_tells_more_in_its_dump(
    backed: Backed, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Rows are compared by any software; the dump only by the one that made it, at once."""
    manifest = backup_contents.verify(backed.sheet.path, backed.secret, tmp_path / "then")
    today = dumping.to_text
    monkeypatch.setattr(dumping, "to_text", lambda told: today(told) + "one line more")
    later = backup_contents.verify(backed.sheet.path, backed.secret, tmp_path / "now")

    assert later == manifest
    with pytest.raises(BackupDamaged):
        backup_contents.check_dump(tmp_path / "now" / backup_contents.CATALOGUE, later)


def test_a_folder_with_somebodys_archive_is_not_restored_over(backed: Backed) -> None:
    """An archive with an account or an item is refused, and stays as it is; a fresh one is free."""
    with pytest.raises(RestoreRefused) as told:
        restoring.lay(backed.sheet.path, backed.secret, backed.tools.settings)
    fresh = new_archive(backed.base / "fresh", empty=True)
    close(fresh)

    assert told.value.facts["reason"] == "not_empty"
    assert not restoring.is_unfinished(backed.tools.settings)
    assert restoring.is_free(fresh.settings)


def test_f03_a_damaged_backup_leaves_the_folder_empty(backed: Backed) -> None:
    """A cut backup lays nothing: the folder is free for another one."""
    bad = backed.base / "bad.age"
    bad.write_bytes(backed.sheet.path.read_bytes()[:-9])
    settings = replace(backed.tools.settings, data=backed.base / "new")
    with pytest.raises(BackupDamaged):
        restoring.lay(bad, backed.secret, settings)

    assert not restoring.is_unfinished(settings) and restoring.is_free(settings)
    assert not (backed.base / "new/catalogue.sqlite").exists()


def test_a_store_that_is_away_is_told_and_not_counted_as_empty(backed: Backed, tmp_path: Path) -> None:
    """Restored while a store is away, its copies stay in the catalogue, unknown, and it is named."""
    shutil.move(tmp_path / "second", tmp_path / "away")
    settings = replace(backed.tools.settings, data=tmp_path / "new")
    manifest = restoring.lay(backed.sheet.path, backed.secret, settings)
    tools = replace(backed.tools, settings=settings)
    opened = new_archive(tmp_path / "new", empty=True, JINGUI_STORES=backed.stores)
    done = restoring.reconcile(opened, tools.software, manifest, lambda done, total: None)
    with opened.database.reading() as session:
        states = {copy.store_id: copy.state for copy in session.scalars(select(Copy))}
    close(opened)

    assert done.away == ("second",)
    assert states == {"main": "unknown", "second": "unknown"}


def test_p10_the_sealing_key_goes_where_the_settings_keep_it_and_over_no_other(
    backed: Backed, tmp_path: Path
) -> None:
    """On a new machine the key stands again at its own place, not beside the others; a drill touches none."""
    kept, data = tmp_path / "safe" / "audit.key", backed.tools.settings.data
    wanted = (data / "keys" / "audit.key").read_text("ascii")
    close(_restored(backed, tmp_path / "again", audit_key=str(kept)))
    laid = kept.read_text("ascii")
    kept.write_text(f"{'ab' * 32} 0\n")
    close(_restored(backed, tmp_path / "once-more", audit_key=str(kept)))

    assert laid == wanted
    assert not (tmp_path / "again/keys/audit.key").exists()
    assert kept.read_text("ascii") == f"{'ab' * 32} 0\n"


def test_e35_what_was_given_up_after_the_backup_stays_gone(backed: Backed, tmp_path: Path) -> None:
    """A deaccession in the stores' log holds against an older backup and against a rebuild."""
    with backed.tools.database.writing.begin() as session:
        about = journal.of_item(backed.first)
        journal.record(session, EventType.DEACCESSION, about, actor=ARCHIVIST, at=backed.tools.clock())
    logbook.carry_log(Work(backed.tools, {}))
    tools = _restored(backed, tmp_path / "new")
    rebuilding.rebuild(tools, lambda done, total: None)
    with tools.database.reading() as session:
        with pytest.raises(queries.NotVisible):
            queries.item(session, ARCHIVIST, backed.first)
        events = session.scalars(select(Event).where(Event.object_id == backed.first)).all()
        copies = session.scalars(select(Copy)).all()
    close(tools)

    assert backed.first not in _titles(tools)
    assert copies == [] and EventType.DEACCESSION in {event.type for event in events}
    assert list((tmp_path / "main").glob(f"aips/*/*/{backed.first}"))  # bytes are not touched here


def test_f06_a_merge_adds_and_overwrites_nothing(backed: Backed, tmp_path: Path) -> None:
    """Accounts, uploads and drafts that are missing come back; what differs is told and stays."""
    tools = backed.tools
    with tools.database.writing.begin() as session:
        waiting = session.scalars(select(Item).where(Item.state != "archived")).one()
        waiting_id, staged_id = waiting.id, waiting.staged_files[0].id
        session.delete(waiting)
        first = session.scalars(select(Account)).one()
        first.full_name, first.epoch = "王新名", first.epoch + 1
        accounts.create(session, NewAccount("xinren", "新来的", PASSWORD, frozenset({Role.STAFF})))
    tools.staging.drop(staged_id)
    with pytest.raises(NotFound):
        tools.staging.path(staged_id)
    out = tmp_path / "out"
    backup_contents.unpack(backed.sheet.path, backed.secret, out)
    looked = merging.compare(tools, out)
    before = _titles(tools)
    merged = merging.merge(tools, ARCHIVIST, out)
    with tools.database.reading() as session:
        names = {row.username: row.full_name for row in session.scalars(select(Account))}

    assert waiting_id not in before and _titles(tools)[waiting_id] == "accepted"
    assert looked.added["items"] == merged.added["items"] == merged.added["staged_files"] == 1
    assert tools.staging.path(staged_id).is_file()
    assert names == {"guanli": "王新名", "xinren": "新来的"}
    assert [one.newer for one in merged.differ if one.kind == "accounts"] == ["here"]
    again = merging.compare(tools, out)
    assert again.added == {}


def test_a_read_only_store_refuses_every_write(backed: Backed) -> None:
    """A drill cannot change a store, whichever way it tries."""
    store = ReadOnlyStore(backed.tools.first_store)
    key = next(iter(store.list("log/"))).key
    with store.open(key) as stream, pytest.raises(ReadOnly):
        store.put("log/x", stream)
    with store.open(key) as stream, pytest.raises(ReadOnly):
        store.mend(key, stream, "0" * 64)
    for act in (lambda: store.begin("aips/x"), lambda: store.set_aside(key)):
        with pytest.raises(ReadOnly):
            act()

    store.probe()
    assert store.stat(key).size > 0 and store.sweep_drafts(0) == 0
