"""upgrading: only after a verified backup, on a copy, compared, by one rename."""

import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from sqlalchemy import select

from repository.config import from_env
from repository.models.migrating import Schema, migrate, newest_revision, revision, schema_of
from repository.models.snapshot import one, revision_of, table_sums
from repository.models.watch import Report
from repository.wiring import build_tools, lay_folders
from repository.workflow import backup_contents, backup_sheets, upgrading
from repository.workflow.backing import backup_key
from repository.workflow.backup_refusals import UpgradeRefused
from repository.workflow.tools import Tools
from tests.archives import close, environment, jingui_here, new_archive

OLD = "0002"


@pytest.fixture
def tools(tmp_path: Path) -> Iterator[Tools]:
    """An archive of the schema before, with rows in it."""
    settings = from_env(environment(tmp_path / "data"))
    lay_folders(settings)
    made = build_tools(settings)
    migrate(made.database, to=OLD)
    made.database.engine.dispose()
    with closing(sqlite3.connect(tmp_path / "data/catalogue.sqlite")) as connection:
        for number in range(50):
            connection.execute("INSERT INTO facts VALUES (?, '旧', '2026-01-01')", (f"n{number}",))
        connection.execute(
            "INSERT INTO fixity_runs (scope, asked_by, started_at, expected, checked, failed, unreadable,"
            " files, bytes, repair) VALUES ('all', '李档案', '2026-01-01', 3, 3, 0, 0, 9, 99, 0)"
        )
        connection.commit()
    yield made
    close(made)


def _catalogue(tools: Tools) -> Path:
    return tools.settings.data / "catalogue.sqlite"


def _write(tools: Tools, sql: str) -> None:
    with closing(sqlite3.connect(_catalogue(tools))) as connection:
        connection.execute(sql)
        connection.commit()


def test_a126_an_upgrade_makes_a_verified_backup_first(tools: Tools, tmp_path: Path) -> None:
    """The schema is new, every old row is as it was, and the backup of before opens."""
    before = table_sums(_catalogue(tools))
    done = upgrading.upgrade(tools)
    assert done is not None
    [sheet] = backup_sheets.listed(tools.settings.backups_folder)
    backup_contents.verify(sheet.path, backup_key(tools).secret, tmp_path / "out")
    after = table_sums(_catalogue(tools), like=before)
    with tools.database.reading() as session:
        report = session.scalars(select(Report).where(Report.kind == "upgrade")).one()

    assert (done.before, done.after, done.backup) == (OLD, newest_revision(), sheet.file)
    assert {name: after[name] for name in before} == before
    assert (report.outcome, report.subject) == ("passed", sheet.file)
    assert upgrading.upgrade(tools) is None
    assert [path.name for path in tools.settings.data.glob("*.upgrading*")] == []


def test_a_fresh_backup_of_these_rows_is_enough(tools: Tools) -> None:
    """A backup of the same rows made today is used; one of other rows is not."""
    assert upgrading._fresh_backup(tools, _catalogue(tools)).id == upgrading._fresh_backup(
        tools, _catalogue(tools)
    ).id
    _write(tools, "UPDATE facts SET value = '新' WHERE name = 'n7'")
    upgrading.upgrade(tools)

    assert len(backup_sheets.listed(tools.settings.backups_folder)) == 2


def test_a126_without_a_backup_there_is_no_upgrade(tools: Tools, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the backup cannot be written, or is not found whole, the catalogue stays as it is."""
    before = _catalogue(tools).read_bytes()
    monkeypatch.setenv("JINGUI_FAILPOINT", "backup.before_rename:full")
    with pytest.raises(UpgradeRefused) as told:
        upgrading.upgrade(tools)

    assert told.value.facts["reason"] == "full"
    assert revision_of(_catalogue(tools)) == OLD
    assert _catalogue(tools).read_bytes() == before


def test_a_catalogue_that_somebody_has_open_is_not_upgraded(tools: Tools) -> None:
    """Another program with the catalogue open keeps the upgrade out, and loses nothing that it writes."""
    with closing(sqlite3.connect(_catalogue(tools))) as other:
        other.execute("PRAGMA journal_mode=WAL")
        other.execute("INSERT INTO facts VALUES ('mine', '1', '2026-01-01')")
        other.commit()
        with pytest.raises(UpgradeRefused) as told:
            upgrading.upgrade(tools)
        other.execute("INSERT INTO facts VALUES ('more', '2', '2026-01-01')")
        other.commit()
    done = upgrading.upgrade(tools)

    assert told.value.facts["reason"] == "open"
    assert done is not None and revision(tools.database) == newest_revision()
    assert one(_catalogue(tools), "SELECT count(*) FROM facts WHERE name IN ('mine', 'more')") == 2


def test_a_faulty_upgrade_is_not_taken(tools: Tools, monkeypatch: pytest.MonkeyPatch) -> None:
    """A faulty migration that touches what stood there is found by comparing, and the old file stays."""

    def faulty(database: object) -> None:
        migrate(database)  # type: ignore[arg-type]
        url = database.engine.url.database  # type: ignore[attr-defined]
        with closing(sqlite3.connect(url)) as connection:
            connection.execute("UPDATE facts SET value = '' WHERE name = 'n3'")
            connection.commit()

    monkeypatch.setattr(upgrading, "migrate", faulty)
    with pytest.raises(UpgradeRefused) as told:
        upgrading.upgrade(tools)

    assert (told.value.facts["reason"], told.value.facts["told"]) == ("compare", "facts")
    assert revision_of(_catalogue(tools)) == OLD


def test_a_newer_catalogue_is_refused_in_a_sentence(tmp_path: Path) -> None:
    """Software of an older version does not start on a newer schema, and says what to do."""
    tools = new_archive(tmp_path / "data")
    close(tools)
    _write(tools, "UPDATE alembic_version SET version_num = '9999'")
    told = jingui_here(tmp_path / "data", "status")

    assert schema_of(tools.database) is Schema.NEWER
    assert told.returncode == 2 and "更新版本" in told.stderr


def test_f04_back_one_version_by_the_backup_made_before(tools: Tools, tmp_path: Path) -> None:
    """After an upgrade the backup made before it restores to the old schema, and can be upgraded again."""
    done = upgrading.upgrade(tools)
    assert done is not None
    back = tmp_path / "back"
    backup_contents.unpack(tools.settings.backups_folder / done.backup, backup_key(tools).secret, back)
    shutil.copy(back / "catalogue.sqlite", tmp_path / "old.sqlite")

    assert revision_of(tmp_path / "old.sqlite") == OLD
    assert len(table_sums(tmp_path / "old.sqlite")) == done.tables


def test_the_command_line_upgrades_and_says_so(tools: Tools) -> None:
    """Any command on an old catalogue upgrades it and names the backup made before."""
    tools.database.engine.dispose()
    told = jingui_here(tools.settings.data, "backup", "list")
    [sheet] = backup_sheets.listed(tools.settings.backups_folder)

    assert told.returncode == 0, told.stderr
    assert sheet.file in told.stderr and sheet.file in told.stdout
    assert revision_of(_catalogue(tools)) == newest_revision()
