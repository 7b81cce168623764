"""Starting on a catalogue that is damaged, lost, or whose disk is not what it was."""

import json
import os
import shutil
import sqlite3
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import select

from repository.models.item import Item
from repository.workflow import reaping, rebuilding
from repository.workflow.tools import Tools, Work
from tests.archives import Clock, close, jingui, new_archive
from tests.repository.workflow.conftest import founded, people, stocked, tools  # noqa: F401

PAGE = 4096
STARTS = [("serve",), ("worker",), ()]


@pytest.fixture
def clock() -> Clock:
    """A clock that stands still."""
    return Clock()


@pytest.fixture
def data(stocked: Path, tmp_path: Path) -> Path:  # noqa: F811
    """The data folder of an archive with two archived photographs."""
    return Path(shutil.copytree(stocked, tmp_path / "data"))


def _catalogue(data: Path) -> Path:
    """Return the database, all of it in one file."""
    path = data / "catalogue.sqlite"
    connection = sqlite3.connect(path)
    connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    connection.close()
    return path


def _spoil_a_page(path: Path) -> None:
    connection = sqlite3.connect(path)
    [(page,)] = connection.execute("SELECT rootpage FROM sqlite_master WHERE name = 'events'")
    connection.close()
    with path.open("r+b") as file:
        file.seek((page - 1) * PAGE)
        file.write(os.urandom(PAGE))


@pytest.mark.parametrize("command", STARTS, ids=["serve", "worker", "run"])
def test_b19_nothing_is_started_on_a_damaged_catalogue(data: Path, command: tuple[str, ...]) -> None:
    """One spoiled page among many is found at the start; the sentence names the file and the way out."""
    path = _catalogue(data)
    _spoil_a_page(path)
    before = path.read_bytes()
    ended = jingui(data, *command, JINGUI_PORT="8399")

    assert (ended.returncode, ended.stdout) == (2, "")
    assert "目录数据库已损坏" in ended.stderr and str(path) in ended.stderr and "rebuild catalogue" in ended.stderr
    assert path.read_bytes() == before


@pytest.mark.parametrize("command", [*STARTS, ("status",)], ids=["serve", "worker", "run", "status"])
@pytest.mark.parametrize("how", ["gone", "of 0 bytes"])
def test_b16_an_empty_catalogue_over_full_stores_is_no_new_archive(
    data: Path, command: tuple[str, ...], how: str
) -> None:
    """No set-up page, no token, nothing swept: the rebuild is named, and after it all is there."""
    path = _catalogue(data)
    path.unlink()
    if how != "gone":
        path.touch()
    ended = jingui(data, *command, JINGUI_PORT="8399")

    assert (ended.returncode, ended.stdout) == (2, "")
    assert "目录可能丢了" in ended.stderr and "rebuild catalogue" in ended.stderr


def test_b16_after_the_rebuild_the_archive_is_as_before(data: Path) -> None:
    """The way out that the sentence names is one."""
    _catalogue(data).unlink()
    told = json.loads(jingui(data, "rebuild", "catalogue", "--json").stdout)
    status = json.loads(jingui(data, "status", "--json").stdout)

    assert (told["packages"], told["staged"], told["refused"]) == (2, 0, [])
    assert (status["items"], status["copies"]) == (2, 4)


@pytest.fixture
def waiting(tools: Tools, hand_in_one: Callable[[Tools], str]) -> bytes:  # noqa: F811
    """Return the bytes of a file that was handed in, and whose catalogue is lost since."""
    staged = hand_in_one(tools)
    content = tools.staging.path(staged).read_bytes()
    close(tools)
    for file in tools.settings.data.glob("catalogue.sqlite*"):
        file.unlink()
    return content


@pytest.fixture
def hand_in_one() -> Callable[[Tools], str]:
    """Return a function that hands one file in and returns its staging id."""
    from io import BytesIO

    from repository.workflow import deposit

    def act(tools: Tools) -> str:
        staged = tools.staging.keep(BytesIO(b"one of a kind"), "校庆.txt")
        with tools.database.writing.begin() as session:
            deposit.receive(
                session, tools, tools.software, deposit.begin(session, tools, tools.software), staged=staged
            )
        return staged.id

    return act
