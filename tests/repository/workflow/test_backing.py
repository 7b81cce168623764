"""backing: a backup is one consistent state, sealed, and good only when it was read back."""

import io
import json
import sqlite3
import threading
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import select

from repository.models.job import Job
from repository.models.snapshot import column
from repository.models.watch import Report
from repository.workflow import backing, backup_contents, backup_rounds, backup_sheets, facts
from repository.workflow.backup_refusals import BackupDamaged, BackupRefused
from repository.workflow.backup_sheets import Sheet
from repository.workflow.tools import Tools, Work
from storage import ages
from storage.errors import StorageFull
from storage.platform import FileLock
from tests.archives import Clock, close, new_archive


@pytest.fixture
def clock() -> Clock:
    """A clock of the test's own."""
    return Clock()


@pytest.fixture
def tools(tmp_path: Path, clock: Clock) -> Iterator[Tools]:
    """A founded archive without items: quick."""
    made = new_archive(tmp_path / "data", clock=clock)
    yield made
    close(made)


def _opened(tools: Tools, sheet: Sheet, target: Path) -> backup_contents.Manifest:
    return backup_contents.unpack(sheet.path, backing.backup_key(tools).secret, target)


def test_a_backup_holds_catalogue_keys_and_uploads(tools: Tools, tmp_path: Path) -> None:
    """In it are all rows, the keys but two, and an upload that waits; sealed, none of it can be read."""
    session_key = tools.settings.data / "keys" / "session.key"
    session_key.write_text("geheim")
    staged = tools.staging.keep(io.BytesIO(b"acknowledged" * 100), "老照片.jpg")
    _staged_row(tools, staged.id)
    sheet = backing.make(tools)
    manifest = _opened(tools, sheet, tmp_path / "out")
    names = {told.path for told in manifest.members}

    assert {"catalogue.sqlite", "keys/store-main", "keys/backup.key", "settings.json"} <= names
    assert (tmp_path / "out/staging" / staged.id / "content").read_bytes() == b"acknowledged" * 100
    assert not names & {"keys/session.key", "keys/index.seal"}
    assert manifest.counts["accounts"] == 1 and manifest.lacking == ()
    sealed = sheet.path.read_bytes()
    assert b"guanli" not in sealed and b"acknowledged" not in sealed
    assert list(tools.scratch.iterdir()) == []


def _staged_row(tools: Tools, id: str) -> None:
    with closing(sqlite3.connect(tools.settings.data / "catalogue.sqlite")) as connection:
        connection.execute(
            "INSERT INTO items (id, kind, state, title, 'values', reference_sort, category, retention,"
            " access_level, date_edtf, date_sort, depositor_name, reason, override, intake, version,"
            " revision, generation, created_at, modified_at) VALUES ('i1', 'photo', 'draft', 't', '{}', '',"
            " '', '', 'restricted', '', '', '', '', '', '{}', 0, 0, 0, '2026-01-01', '2026-01-01')"
        )
        connection.execute(
            "INSERT INTO staged_files VALUES (?, 'i1', 1, 'a', '', 'a', 1200, 'x', '{}', '2026-01-01')", (id,)
        )
        connection.commit()


def test_an_upload_that_nobody_has_is_told(tools: Tools) -> None:
    """A row whose upload is gone from staging makes the backup one with a warning, not a silent one."""
    _staged_row(tools, "0" * 32)
    sheet = backup_rounds.run(Work(tools, {}))
    with tools.database.reading() as session:
        report = session.scalars(select(Report)).one()

    assert sheet.lacking == 1
    assert (report.kind, report.outcome, report.subject) == ("backup", "warned", sheet.file)


def test_f02_rows_written_meanwhile_do_not_tear_the_backup(tools: Tools, tmp_path: Path) -> None:
    """While a thread writes pairs of rows, each backup holds both rows of a pair, or none."""
    stop = threading.Event()

    def write() -> None:
        number = 0
        while not stop.is_set():
            number += 1
            with tools.database.writing.begin() as session:
                facts.put(session, "pair.one", str(number))
                session.flush()
                facts.put(session, "pair.two", str(number))

    thread = threading.Thread(target=write)
    thread.start()
    try:
        sheets = [backing.make(tools) for _ in range(4)]
    finally:
        stop.set()
        thread.join()
    pairs = []
    for sheet in sheets:
        target = tmp_path / sheet.id
        _opened(tools, sheet, target)
        pairs.append(column(target / "catalogue.sqlite", "SELECT value FROM facts WHERE name LIKE 'pair.%'"))

    assert all(len(set(pair)) <= 1 for pair in pairs)
    assert pairs[0] != pairs[-1]


@pytest.mark.parametrize("damage", ["cut", "flip first", "flip middle", "flip last", "empty"])
def test_f03_a_damaged_backup_is_found(tools: Tools, tmp_path: Path, damage: str) -> None:
    """A bit flipped anywhere or an end cut off is found by opening it, never by its size."""
    sheet = backing.make(tools)
    content = bytearray(sheet.path.read_bytes())
    if damage == "cut":
        content = content[:-40]
    elif damage == "empty":
        content = bytearray()
    else:
        place = {"flip first": 200, "flip middle": len(content) // 2, "flip last": len(content) - 1}[damage]
        content[place] ^= 4
    bad = tmp_path / "bad.age"
    bad.write_bytes(content)
    with pytest.raises(BackupDamaged) as told:
        backup_contents.verify(bad, backing.backup_key(tools).secret, tmp_path / "out")

    assert told.value.facts["reason"] in {"damaged", "key"}  # a flip in the head looks like another's key


def test_f03_the_wrong_key_is_told_as_such(tools: Tools, tmp_path: Path) -> None:
    """Another key does not open it, and that is what is said; a further recipient's does."""
    other = ages.new_identity()
    sheet = backing.make(tools)
    with pytest.raises(BackupDamaged) as told:
        backup_contents.verify(sheet.path, other.secret, tmp_path / "out")
    shared = replace(tools, settings=replace(tools.settings, backup_recipients=f" {other.recipient} "))
    second = backing.make(shared)

    assert told.value.facts["reason"] == "key"
    assert backup_contents.verify(second.path, other.secret, tmp_path / "other").id == second.id


def test_rows_changed_inside_a_well_sealed_backup_are_found(tools: Tools, tmp_path: Path) -> None:
    """Whoever has the key and changes a row, but not the manifest, is found by the sums of the tables."""
    sheet = backing.make(tools)
    manifest = _opened(tools, sheet, tmp_path / "out")
    catalogue = tmp_path / "out/catalogue.sqlite"
    with closing(sqlite3.connect(catalogue)) as connection:
        connection.execute("UPDATE accounts SET full_name = '别人'")
        connection.commit()
    with pytest.raises(BackupDamaged) as told:
        backup_contents._judge_catalogue(catalogue, manifest)

    assert told.value.facts["reason"] == "catalogue"


def test_b05_only_a_backup_with_its_sheet_is_listed(tools: Tools) -> None:
    """A sealed file without a sheet, a sheet without its file, a file of another size: none is good."""
    folder = tools.settings.backups_folder
    good, lone, cut, lost = (backing.make(tools) for _ in range(4))
    backup_sheets.sheet_path(lone.path).unlink()
    cut.path.write_bytes(cut.path.read_bytes()[:-1])
    lost.path.unlink()
    (folder / "jingui-broken.json").write_text("{", "utf-8")

    assert [sheet.id for sheet in backup_sheets.listed(folder)] == [good.id]
    assert backup_sheets.unlisted(folder) == sorted([lone.path, cut.path])


def test_a_damaged_catalogue_is_not_backed_up_as_good(tools: Tools) -> None:
    """Where SQLite finds its pages damaged no backup is made, the older ones stay, and a report says so."""
    first = backing.make(tools)
    tools.database.engine.dispose()
    catalogue = tools.settings.data / "catalogue.sqlite"
    content = bytearray(catalogue.read_bytes())
    content[4096 * 3:4096 * 9] = b"\xa5" * (4096 * 6)
    catalogue.write_bytes(content)
    with pytest.raises(BackupRefused) as told:
        backing.make(tools)

    assert told.value.facts["reason"] == "catalogue"
    assert [sheet.id for sheet in backup_sheets.listed(tools.settings.backups_folder)] == [first.id]


def test_a_second_backup_at_the_same_time_is_refused(tools: Tools) -> None:
    """Two backups never write into one folder at once."""
    backing.make(tools)
    with FileLock(tools.settings.backups_folder / ".lock"), pytest.raises(BackupRefused) as told:
        backing.make(tools)

    assert told.value.facts["reason"] == "busy"


def test_b08_a_full_disk_leaves_no_backup_and_a_report(tools: Tools, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without room nothing is listed, nothing half stays, and the report says that it failed."""
    monkeypatch.setenv("JINGUI_FAILPOINT", "backup.before_rename:full")
    with pytest.raises(StorageFull):
        backup_rounds.run(Work(tools, {}))
    with tools.database.reading() as session:
        outcomes = session.scalars(select(Report.outcome).where(Report.kind == "backup")).all()

    assert outcomes == ["failed"]
    assert [path.name for path in tools.settings.backups_folder.iterdir()] == [".lock"]


def test_older_generations_go_and_the_way_back_from_an_upgrade_stays(tools: Tools, clock: Clock) -> None:
    """After ten nights seven and the older weeks' stand; the only backup of an older schema is among them."""
    old = backing.make(tools)
    place = backup_sheets.sheet_path(old.path)
    place.write_text(json.dumps({**json.loads(place.read_text()), "revision": "0001"}))
    for _ in range(10):
        clock.move(days=1)
        with tools.database.writing.begin() as session:
            facts.put(session, facts.CLOCK_MARK, clock().isoformat())
        backup_rounds.run(Work(tools, {}))
    found = backup_sheets.listed(tools.settings.backups_folder)

    assert 7 <= len(found) < 11
    assert old.id in {sheet.id for sheet in found}


def test_p19_a_clock_in_doubt_removes_no_backup(tools: Tools, clock: Clock) -> None:
    """After a jump of ten years nothing is pruned until somebody confirms the time."""
    with tools.database.writing.begin() as session:
        facts.put(session, facts.CLOCK_MARK, clock().isoformat())
    for _ in range(3):
        backing.make(tools)
    clock.move(days=3650)
    backup_rounds.run(Work(tools, {}))

    assert len(backup_sheets.listed(tools.settings.backups_folder)) == 4


def test_a_backup_is_asked_for_once_a_day(tools: Tools, clock: Clock) -> None:
    """The clock asks where there is none or the newest is a day old, and not in between."""
    first = _asked(tools)
    backing.make(tools)
    soon = _asked(tools)
    clock.move(hours=24)

    assert (first, soon, _asked(tools)) == (1, 0, 1)


def _asked(tools: Tools) -> int:
    """Return how many backups a look of the clock puts in line."""
    with tools.database.writing() as session:
        backup_rounds.ask_due(session, tools)
        asked = session.scalars(select(Job.id).where(Job.verb == "backup")).all()
        session.rollback()
    return len(asked)


def test_p19_a_backup_from_the_future_does_not_stop_the_daily_one(tools: Tools, clock: Clock) -> None:
    """One hour under a clock ten years ahead must not leave the archive without backups for ten years."""
    backing.make(tools)
    clock.move(days=3650)
    future = backing.make(tools)
    clock.move(days=-3650, hours=25)
    with tools.database.writing.begin() as session:
        backup_rounds.ask_due(session, tools)
        asked = session.scalars(select(Job.verb).where(Job.verb == "backup")).all()
    made = backing.make(tools)

    assert asked == ["backup"]
    assert backup_sheets.newest(tools.settings.backups_folder, clock()) == made
    assert backup_sheets.listed(tools.settings.backups_folder)[0] == future


def test_the_sum_of_a_snapshot_is_that_of_the_live_catalogue(tools: Tools, tmp_path: Path) -> None:
    """Sums compare rows, not pages: a vacuumed copy has the sums of the file it came from."""
    sheet = backing.make(tools)
    manifest = _opened(tools, sheet, tmp_path / "out")
    later = backup_sheets.manifest_of(manifest.to_text())

    assert later == manifest
    assert sheet.verified_at - sheet.made_at >= timedelta(0)
