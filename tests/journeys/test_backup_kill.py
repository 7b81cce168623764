"""Kill -9 at each named place of backup, restore and upgrade; then look, and start again (B04, B05)."""

import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from sqlite3 import connect

import pytest

from repository.config import Settings, from_env
from repository.models.migrating import migrate, newest_revision
from repository.models.snapshot import one, revision_of, trouble_in
from repository.wiring import build_tools, lay_folders
from repository.workflow import backing, backup_contents, backup_sheets, restoring, upgrading
from repository.workflow.backup_refusals import RestoreRefused
from storage.failpoints import NAMES
from tests.archives import (
    ROOT,
    child_environment,
    close,
    environment,
    jingui_here,
    new_archive,
    photo,
    planned,
    take_in,
)
from tests.journeys import backup_acts


def _names(word: str) -> tuple[str, ...]:
    return tuple(name for name in NAMES if name.startswith(word))


@dataclass(frozen=True, slots=True)
class Made:
    """An archive with one item and one backup; the stores stand beside the data folder."""

    base: Path
    sealed: Path
    key: Path

    @property
    def stores(self) -> str:
        """Return the setting that names the stores."""
        return f"main={self.base}/main,second={self.base}/second"


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Made]:
    """An archive, backed up once, to be copied for each kill."""
    base = tmp_path_factory.mktemp("backed")
    tools = new_archive(base / "data", JINGUI_STORES=f"main={base}/main,second={base}/second")
    take_in(tools, planned(photo(base / "a.jpg"), title="老校门"))
    sheet = backing.make(tools)
    backing.backup_key(tools)
    close(tools)
    yield Made(base, sheet.path, base / "data/keys/backup.key")


def _killed(data: Path, stores: str, name: str, *arguments: str) -> None:
    """Run an act in a process of its own and see it die at that place."""
    words = environment(data, JINGUI_STORES=stores, JINGUI_FAILPOINT=f"{name}:kill")
    ended = subprocess.run(
        [sys.executable, "-m", "tests.journeys.backup_acts", *arguments],
        cwd=ROOT, env=child_environment(words), capture_output=True, text=True, timeout=120,
    )
    assert ended.returncode == -signal.SIGKILL, ended.stderr


def _settings(data: Path, made: Made) -> Settings:
    return from_env(environment(data, JINGUI_STORES=made.stores))


@pytest.mark.parametrize("name", _names("backup."))
def test_b05_no_half_backup_is_listed_as_good(name: str, made: Made, tmp_path: Path) -> None:
    """Wherever it is killed, every listed backup opens whole, one stands, and the next one is made."""
    data = tmp_path / "data"
    shutil.copytree(made.base / "data", data)
    _killed(data, made.stores, name, "backup")
    settings = _settings(data, made)
    good = backup_sheets.listed(settings.backups_folder)
    secret = made.key.read_text("utf-8")
    for number, sheet in enumerate(good):
        backup_contents.verify(sheet.path, secret, tmp_path / f"out{number}")
    assert good

    tools = backup_acts.opened(settings)
    sheet = backing.make(tools)
    close(tools)

    assert backup_sheets.newest(settings.backups_folder, sheet.made_at) == sheet
    assert list(settings.backups_folder.glob("*.part")) == []
    assert list((data / "scratch").glob("backup-*")) == []


@pytest.mark.parametrize("name", _names("restore."))
def test_b05_a_killed_restore_is_refused_and_begun_anew(name: str, made: Made, tmp_path: Path) -> None:
    """A half-restored folder starts nothing; the next restore finishes it, and it equals the original."""
    data = tmp_path / "new"
    _killed(data, made.stores, name, "restore", str(made.sealed), str(made.key))
    told = jingui_here(data, "status", JINGUI_STORES=made.stores)
    assert told.returncode == 2 and "恢复没有做完" in told.stderr

    settings = _settings(data, made)
    backup_acts.restore(settings, made.sealed, made.key.read_text("utf-8"))

    assert not restoring.is_unfinished(settings)
    assert trouble_in(data / "catalogue.sqlite") == ""
    assert one(data / "catalogue.sqlite", "SELECT title FROM items WHERE state = 'archived'") == "老校门"
    assert one(data / "catalogue.sqlite", "SELECT count(*) FROM copies WHERE asked_at IS NOT NULL") == 2
    with pytest.raises(RestoreRefused):
        restoring.lay(made.sealed, made.key.read_text("utf-8"), settings)


@pytest.fixture(scope="module")
def old(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The data folder of an archive of the schema before, to be copied for each kill."""
    data = tmp_path_factory.mktemp("old") / "data"
    settings = from_env(environment(data))
    lay_folders(settings)
    tools = build_tools(settings)
    migrate(tools.database, to="0002")
    close(tools)
    with closing(connect(data / "catalogue.sqlite")) as connection:
        connection.execute("INSERT INTO facts VALUES ('kept', '是', '2026-01-01')")
        connection.commit()
    return data


@pytest.mark.parametrize("name", _names("upgrade."))
def test_b04_the_schema_is_the_old_or_the_new_one(name: str, old: Path, tmp_path: Path) -> None:
    """Wherever it is killed, the catalogue is whole, a verified backup stands, and the next start ends it."""
    data = tmp_path / "data"
    shutil.copytree(old, data)
    _killed(data, "", name, "upgrade")
    catalogue = data / "catalogue.sqlite"
    settings = from_env(environment(data))
    expected = newest_revision() if name == "upgrade.after_rename" else "0002"
    assert (trouble_in(catalogue), revision_of(catalogue)) == ("", expected)
    assert len(backup_sheets.listed(settings.backups_folder)) == 1

    tools = backup_acts.opened(settings)
    upgrading.upgrade(tools)
    close(tools)

    assert revision_of(catalogue) == newest_revision()
    assert one(catalogue, "SELECT value FROM facts WHERE name = 'kept'") == "是"
    assert list(data.glob("*.upgrading*")) == []
