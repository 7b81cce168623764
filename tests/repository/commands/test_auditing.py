"""jingui audit: the verdict in words and JSON, its exit codes, and the line to be filed."""

import json
import sqlite3
from pathlib import Path

import pytest

from tests.archives import close, jingui_here, new_archive


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """The folder of a founded archive whose logs are sealed and anchored once."""
    tools = new_archive(tmp_path / "data")
    close(tools)
    done = jingui_here(tmp_path / "data", "audit", "anchor")
    assert done.returncode == 0, done.stderr
    return tmp_path / "data"


def forge(data: Path, statement: str) -> None:
    """Change the catalogue as its owner could."""
    connection = sqlite3.connect(data / "catalogue.sqlite", isolation_level=None)
    for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall():
        connection.execute(f"DROP TRIGGER {name}")
    connection.execute(statement)
    connection.close()


def test_whole_logs_are_said_to_be_whole(data: Path) -> None:
    """Exit code 0, one sentence, and how much was looked at."""
    done = jingui_here(data, "audit", "verify")

    assert done.returncode == 0
    assert done.stdout.splitlines()[0] == "两份日志与封条、见证全部一致。"
    assert "比对了 1 份见证" in done.stdout


def test_e17_a_forged_row_is_named_and_the_exit_code_is_one(data: Path) -> None:
    """The sentence names log and number; JSON tells the same; no key is needed for the chain."""
    forge(data, "UPDATE events SET agent_name = '某人' WHERE sequence = 3")
    done = jingui_here(data, "audit", "verify")
    told = json.loads(jingui_here(data, "audit", "verify", "--without-key", "--json").stdout)

    assert done.returncode == 1
    assert "日志有 1 处对不上" in done.stdout and "✗ 事件日志第 3 条被改动过。" in done.stdout
    assert told["outcome"] == "failed"
    assert [one["code"] for one in told["findings"]] == ["AU-001", "AU-014"]
    assert told["findings"][1]["sentence"].endswith("签名没有核对。")


def test_a_key_that_cannot_be_read_is_told_and_is_exit_code_two(data: Path) -> None:
    """Not verified is not called good."""
    key = data / "keys" / "audit.key"
    key.unlink()
    key.mkdir()
    done = jingui_here(data, "audit", "verify")

    assert (done.returncode, done.stdout) == (2, "") and done.stderr


def test_anchors_are_listed_as_they_are_written_down(data: Path) -> None:
    """The line of an anchor is the same when it is made, listed, and told as JSON."""
    made = jingui_here(data, "audit", "anchor").stdout.splitlines()[0]
    listed = jingui_here(data, "audit", "list").stdout.splitlines()
    told = json.loads(jingui_here(data, "audit", "list", "--json").stdout)

    assert listed[0] == made and len(listed) == 2
    assert [row["number"] for row in told] == [2, 1]
    assert told[0]["short"] in made and sorted(told[0]["carried"]) == ["main", "second"]


def test_a_rebuild_is_written_down_and_followed_by_an_anchor(data: Path) -> None:
    """The new catalogue says of itself that it was made anew; its logs verify."""
    for file in data.glob("catalogue.sqlite*"):
        file.unlink()
    done = jingui_here(data, "rebuild", "catalogue")
    found = jingui_here(data, "audit", "verify")
    connection = sqlite3.connect(data / "catalogue.sqlite")
    acts = [act for (act,) in connection.execute("SELECT act FROM audit_entries")]
    connection.close()

    assert done.returncode == 0, done.stderr
    assert (found.returncode, acts) == (0, ["catalogue.rebuilt"]), found.stdout
    assert "比对了 2 份见证" in found.stdout
