"""init, ingest, search, rebuild, dump, settings, status, worker as real processes."""

import json
import shutil
import socket
import subprocess
import sys
import time
from pathlib import Path
from urllib.error import URLError
from urllib.request import urlopen

import pytest

from repository.config import TABLE
from tests.archives import ROOT, child_environment, environment, jingui, jingui_here, photo
from tests.repository.models.test_database import HOLDER


def _json(data: Path, *arguments: str, **more: str) -> object:
    ended = jingui_here(data, *arguments, "--json", **more)
    assert ended.returncode == 0, ended.stdout + ended.stderr
    return json.loads(ended.stdout)


def test_init_makes_everything_once_and_changes_nothing_the_second_time(tmp_path: Path) -> None:
    """Folders, stores and catalogue; keys and store ids stay, only the one-time token is new."""
    data = tmp_path / "数据"
    first = _json(data, "init")
    kept = {path: path.read_bytes() for path in (data / "keys").iterdir()}
    second = _json(data, "init")

    assert isinstance(first, dict) and isinstance(second, dict)
    assert len(first["token"]) == 16 and first["token"] != second["token"]
    assert {path: path.read_bytes() for path in (data / "keys").iterdir()} == kept
    assert (data / "keys").stat().st_mode & 0o077 == 0
    assert first["stores"] == {"main": str(data / "stores/main"), "second": str(data / "stores/second")}
    assert "首次设置口令" in jingui(data, "init").stdout


def test_a_folder_is_taken_in_and_each_file_is_told(tmp_path: Path) -> None:
    """Good files are archived, an empty one is held, Thumbs.db is listed as passed over."""
    folder = tmp_path / "扫描件"
    photo(folder / "春季运动会开幕式.jpg")
    (folder / "空文件一个.jpg").touch()
    (folder / "Thumbs.db").write_bytes(b"x")
    ended = jingui(tmp_path / "data", "ingest", str(folder), "--json")
    told = json.loads(ended.stdout)

    assert (ended.returncode, told["archived"], told["held"], told["waiting"]) == (1, 1, 1, 0)
    assert told["passed_over"] == [str(folder / "Thumbs.db")]
    shown = jingui_here(tmp_path / "data", "search", "运动会", "--as", "nobody")
    assert (shown.returncode, "没有名为 nobody 的账号" in shown.stderr) == (2, True)


@pytest.mark.parametrize("encoding", ["gb18030", "utf-8-sig"])
def test_a_good_sheet_describes_what_is_taken_in(tmp_path: Path, encoding: str) -> None:
    """The words of the sheet, written by Excel in China, are found by everybody where it says 公开."""
    photo(tmp_path / "files/1.jpg")
    sheet = tmp_path / "著录.csv"
    sheet.write_bytes(
        "文件名,题名,时间,开放程度,人物\n1.jpg,一九七八届毕业合影,1978,公开,张三、李四\n".encode(encoding)
    )
    ended = jingui(tmp_path / "data", "ingest", str(tmp_path / "files"), "--metadata", str(sheet))

    assert (ended.returncode, "已接收 1 件" in ended.stdout) == (0, True), ended.stdout + ended.stderr
    found = _json(tmp_path / "data", "search", "李四")
    assert isinstance(found, dict) and [hit["title"] for hit in found["hits"]] == ["一九七八届毕业合影"]


def test_d25_a_sheet_with_wrong_rows_does_nothing_and_names_them(tmp_path: Path) -> None:
    """Exit 2, a line for each wrong row, and an archive as empty as before."""
    photo(tmp_path / "files/1.jpg")
    sheet = tmp_path / "著录.csv"
    sheet.write_text("文件名,题名,时间,颜料\n1.jpg,毕业合影,1978,\n2.jpg,毕业合影,1978-02-30,红\n", "utf-8")
    ended = jingui(tmp_path / "data", "ingest", str(tmp_path / "files"), "--metadata", str(sheet))

    assert (ended.returncode, ended.stdout) == (2, "")
    for words in (
        "没有导入任何内容",
        "第 3 行：没有找到文件“2.jpg”",
        "不认识列名“颜料”",
        "没有“1978-02-30”这个日子",
    ):
        assert words in ended.stderr
    dumped = json.loads(jingui_here(tmp_path / "data", "dump").stdout)
    assert (dumped["items"], dumped["events"]) == ([], [])


@pytest.mark.parametrize(
    ("name", "content", "words"), [("a.xlsx", b"no zip", "打不开表格"), ("a.csv", b"", "是空的")]
)
def test_a_sheet_that_is_none_is_told_in_one_sentence(
    tmp_path: Path, name: str, content: bytes, words: str
) -> None:
    """No traceback, exit 2."""
    photo(tmp_path / "1.jpg")
    (tmp_path / name).write_bytes(content)
    ended = jingui_here(
        tmp_path / "data", "ingest", str(tmp_path / "1.jpg"), "--metadata", str(tmp_path / name)
    )

    assert (ended.returncode, words in ended.stderr, "Traceback" in ended.stderr) == (2, True, False)


def test_a_path_that_is_not_there_is_told(tmp_path: Path) -> None:
    """Exit 2 and the path in the sentence."""
    ended = jingui_here(tmp_path / "data", "ingest", str(tmp_path / "没有.jpg"))

    assert (ended.returncode, "没有.jpg" in ended.stderr) == (2, True)


def test_search_answers_each_with_what_he_may_see(data: Path) -> None:
    """E03: a visitor finds the public one, a teacher two, the administrator who is archivist all three."""
    totals = []
    for arguments in ((), ("--as", "jiaoshi"), ("--as", "GUANLI")):
        told = _json(data, "search", "校门", *arguments)
        assert isinstance(told, dict) and len(told["hits"]) == told["total"]
        totals.append(told["total"])

    assert totals == [1, 2, 3]
    assert "共找到 1 件" in jingui(data, "search", "校门").stdout
    refused = jingui_here(data, "search", "字" * 3000)
    assert (refused.returncode, "太长" in refused.stderr) == (2, True)


def test_p6_database_and_index_deleted_the_dump_is_equal(data: Path) -> None:
    """rm, rebuild catalogue, dump: the same text; the copies are unknown until fixity has read them."""
    before = jingui(data, "dump", "--json").stdout
    for path in data.glob("catalogue.sqlite*"):
        path.unlink()
    shutil.rmtree(data / "index")
    rebuilt = jingui(data, "rebuild", "catalogue", "--json")
    told = json.loads(rebuilt.stdout)

    assert rebuilt.returncode == 0 and (told["packages"], told["copies"], told["refused"]) == (3, 6, [])
    assert jingui_here(data, "dump").stdout == before
    found = _json(data, "search", "校门")
    assert isinstance(found, dict) and found["total"] == 1
    status = json.loads(jingui_here(data, "status", "--json").stdout)
    assert (status["unknown"], status["ok"], status["index_trouble"]) == (6, 0, "")
    assert jingui_here(data, "fixity", "run").returncode == 0


def test_b14_rebuild_with_an_absent_store_is_refused(data: Path) -> None:
    """An empty mount point is not read as an empty archive."""
    (data / "stores/main").rename(data / "away")
    ended = jingui_here(data, "rebuild", "catalogue")

    assert (ended.returncode, "联系不上" in ended.stderr) == (2, True)


def test_rebuild_index_brings_back_what_was_lost(data: Path) -> None:
    """Status ends with 1 and says so while the index is gone; after the rebuild all is well."""
    shutil.rmtree(data / "index")
    before = jingui_here(data, "status")
    told = _json(data, "rebuild", "index")

    assert (before.returncode, "索引需要重建" in before.stdout) == (1, True)
    assert told == {"count": 3, "usable": True, "trouble": ""}
    assert jingui_here(data, "status").returncode == 0


def test_status_tells_figures_that_add_up(data: Path) -> None:
    """One plain sentence for people; states that sum to copies for programs."""
    told = _json(data, "status")
    assert isinstance(told, dict)

    assert (
        told["copies"]
        == sum(told[name] for name in ("ok", "damaged", "missing", "unreadable", "unknown"))
        == 6
    )
    assert (told["items"], told["stores"], told["lost"]) == (3, {"main": "正常", "second": "正常"}, 0)
    assert "件数 3，副本 6" in jingui(data, "status").stdout


def test_settings_lists_the_one_table(tmp_path: Path) -> None:
    """Each variable with value, default and meaning; which of them are set is told."""
    rows = _json(tmp_path / "data", "settings", JINGUI_PORT="8099")
    assert isinstance(rows, list)

    assert [row["variable"] for row in rows] == [spec.variable for spec in TABLE]
    [port] = [row for row in rows if row["variable"] == "JINGUI_PORT"]
    assert (port["value"], port["default"], port["set"]) == ("8099", "8080", True)
    assert "JINGUI_PORT = 8080" in jingui(tmp_path / "data", "settings").stdout
    assert not (tmp_path / "data").exists()


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("JINGUI_PROT", "80", "没有名为 JINGUI_PROT 的设置"),
        ("JINGUI_PORT", "http", "“http”不对"),
        ("JINGUI_STORES", "nas", "名称=路径"),
        ("JINGUI_STORES", "a=x,a=y", "两个副本同名"),
    ],
)
def test_a_wrong_setting_stops_every_command(tmp_path: Path, name: str, value: str, words: str) -> None:
    """Exit 2 with one sentence, and nothing was made."""
    ended = jingui_here(tmp_path / "data", "init", **{name: value})

    assert (ended.returncode, words in ended.stderr, ended.stdout) == (2, True, "")
    assert not (tmp_path / "data").exists()


def test_a_second_worker_says_who_works_and_ends_with_1(data: Path) -> None:
    """F08: one lease; the sentence names machine and process. Commands wait for the worker that runs."""
    first = subprocess.Popen(
        [sys.executable, "-m", "tests.repository.workflow.child", "hold", str(data)],
        cwd=ROOT,
        env=child_environment(environment(data)),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert first.stdout is not None and first.stdout.readline() == "held\n"
    second = jingui(data, "worker")
    first.kill()
    first.wait()

    assert (
        second.returncode,
        "已有一个后台程序在运行" in second.stdout,
        f"进程 {first.pid}" in second.stdout,
    ) == (1, True, True)


def test_b20_a_locked_catalogue_is_a_sentence_and_no_traceback(data: Path) -> None:
    """Held longer than the wait by another program: exit 2, nothing done, nothing lost."""
    before = jingui_here(data, "dump").stdout
    other = subprocess.Popen(
        [sys.executable, "-c", HOLDER, str(data / "catalogue.sqlite")],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert other.stdout is not None and other.stdout.readline() == "held\n"
    hasty = "import repository.models.database as d; d.open_database.__kwdefaults__['busy_seconds'] = 0.1; "
    ended = subprocess.run(
        [sys.executable, "-c", hasty + "from repository.cli import main; main()", "fixity", "run", "--all"],
        cwd=ROOT,
        env=child_environment(environment(data)),
        capture_output=True,
        text=True,
    )
    other.communicate()

    assert (ended.returncode, "正在被别的程序占用" in ended.stderr, "Traceback" in ended.stderr) == (
        2,
        True,
        False,
    )
    assert jingui_here(data, "dump").stdout == before


def test_b19_a_corrupt_catalogue_is_refused_and_the_way_out_is_told(data: Path) -> None:
    """Nothing is written to a broken database; the sentence says that the archive can be rebuilt."""
    (data / "catalogue.sqlite").write_bytes(b"not a database at all" * 500)
    for path in data.glob("catalogue.sqlite-*"):
        path.unlink()
    ended = jingui_here(data, "status")

    assert (ended.returncode, "rebuild catalogue" in ended.stderr, "Traceback" in ended.stderr) == (
        2,
        True,
        False,
    )


def test_serve_answers_and_ends_cleanly_when_asked(data: Path) -> None:
    """B30: the address is printed, the front page answers, SIGTERM ends with 0."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    server = subprocess.Popen(
        [sys.executable, "-u", "-m", "repository", "serve"],
        cwd=ROOT,
        env=child_environment(environment(data, JINGUI_PORT=str(port))),
        stdout=subprocess.PIPE,
        text=True,
    )
    assert server.stdout is not None
    said = server.stdout.readline()
    answer, deadline = None, time.monotonic() + 20
    while answer is None and time.monotonic() < deadline:
        try:
            with urlopen(f"http://127.0.0.1:{port}/", timeout=20) as answer:
                page = answer.read().decode()
        except URLError:
            time.sleep(0.1)
    server.terminate()

    assert (server.wait(20), answer is not None and answer.status, f":{port}/" in said) == (0, 200, True)
    assert "云溪中学" in page


def test_an_unknown_setting_ends_a_real_process_with_2(tmp_path: Path) -> None:
    """The shell sees the exit code that the sentence goes with."""
    ended = jingui(tmp_path / "data", "status", JINGUI_PROT="80")

    assert (ended.returncode, "JINGUI_PROT" in ended.stderr, "Traceback" in ended.stderr) == (2, True, False)


def test_an_unknown_command_is_wrong_usage(tmp_path: Path) -> None:
    """Exit 2, as for every command line."""
    assert jingui_here(tmp_path / "data", "nonsense").returncode == 2
    assert jingui_here(tmp_path / "data", "--help").returncode == 0
