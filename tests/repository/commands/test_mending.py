"""quarantine list and rebuild register at the command line."""

import json
import sqlite3
from collections.abc import Callable
from pathlib import Path

from tests.archives import jingui_here


def test_quarantine_list_tells_what_lies_where_and_until_when(
    data: Path, damage: Callable[[str], Path]
) -> None:
    """After a repair the replaced picture is listed with its old place; an absent store ends with 1."""
    image = damage("main")
    jingui_here(data, "fixity", "run", "--all")
    jingui_here(data, "repair")
    told = jingui_here(data, "quarantine", "list")
    listed = json.loads(jingui_here(data, "quarantine", "list", "--json").stdout)
    (data / "stores/second").rename(data / "stores/away")
    (data / "stores/second").mkdir()
    away = jingui_here(data, "quarantine", "list")

    assert told.returncode == 0 and "隔离区里有 1 个文件" in told.stdout and "保留到" in told.stdout
    assert [one["store"] for one in listed["objects"]] == ["main"]
    assert image.as_posix().endswith(listed["objects"][0]["origin"])
    assert listed["objects"][0]["bytes"] == image.stat().st_size and not listed["objects"][0]["may_go"]
    assert away.returncode == 1 and "存储 second 联系不上" in away.stdout


def test_a26_rebuild_register_mends_the_catalogue_and_says_so(data: Path) -> None:
    """A registered digest that was edited is written anew from logs and bags; then nothing is left to do."""
    with sqlite3.connect(data / "catalogue.sqlite") as database:
        database.execute("UPDATE packages SET registered_digest = ? WHERE rowid = 1", ("0" * 64,))
    blamed = jingui_here(data, "fixity", "run", "--all")
    mended = jingui_here(data, "rebuild", "register")
    again = jingui_here(data, "rebuild", "register", "--json")
    good = jingui_here(data, "fixity", "run", "--all")

    assert blamed.returncode == 1
    assert mended.returncode == 0 and "登记有疑问的信息包 1 个，已改正 1 个" in mended.stdout
    assert json.loads(again.stdout) == {"doubtful": 0, "mended": 0, "cases": []}
    assert good.returncode == 0


def test_verify_tells_the_clause_of_the_standard(tmp_path: Path) -> None:
    """Each finding on a bag names the section of RFC 8493 behind it, in words and in JSON."""
    (tmp_path / "bag").mkdir()
    told = jingui_here(tmp_path / "data", "verify", str(tmp_path / "bag"))
    listed = json.loads(jingui_here(tmp_path / "data", "verify", str(tmp_path / "bag"), "--json").stdout)

    assert told.returncode == 1 and "RFC 8493 第 2.1.1 节" in told.stdout
    assert {one["code"]: one["clause"] for one in listed["findings"]}["BG-201"] == "2.1.1"
