"""Starting on a catalogue that is damaged, lost, or whose disk is not what it was."""

import json
import os
import socket
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

from tests.archives import ROOT, child_environment, environment, jingui

PAGE = 4096
STARTS = [("serve",), ("worker",), ()]


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


@pytest.mark.parametrize(
    "command",
    [*STARTS, ("status",), ("fixity", "run", "--all")],
    ids=["serve", "worker", "run", "status", "fixity"],
)
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

    assert (told["packages"], told["staged"], told["refused"]) == (3, 0, [])
    assert (status["items"], status["copies"]) == (3, 6)


def test_b14_an_archive_starts_without_one_of_its_disks_and_says_so(data: Path) -> None:
    """What can be read is served; the disk that is away is named at the start, and status ends with 1."""
    (data / "stores/second").rename(data / "away")
    status = jingui(data, "status")
    line = [sys.executable, "-m", "repository", "serve"]
    told = child_environment(environment(data, JINGUI_PORT=str(_free_port())))
    with subprocess.Popen(line, env=told, cwd=ROOT, stdout=subprocess.PIPE, text=True) as server:
        assert server.stdout is not None
        said = server.stdout.readline() + server.stdout.readline()
        server.terminate()

    assert status.returncode == 1
    assert "金匮已就绪" in said and "存储 second：存储暂时联系不上" in said


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as found:
        return int(found.getsockname()[1])


@pytest.mark.parametrize("where", ["file", "/proc/none"])
def test_a_data_folder_that_cannot_be_is_told_in_a_sentence(tmp_path: Path, where: str) -> None:
    """Its path stands in the sentence, no traceback."""
    (tmp_path / "file").touch()
    ended = jingui(tmp_path / where, "init")

    assert (ended.returncode, ended.stdout) == (2, "")
    assert "数据文件夹" in ended.stderr and where in ended.stderr and "Traceback" not in ended.stderr
