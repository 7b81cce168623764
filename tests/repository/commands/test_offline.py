"""jingui medium: a disk is entered, written, killed half-way, checked, attached, given up."""

import json
import shutil
import signal
from pathlib import Path
from subprocess import CompletedProcess

import pytest

from storage import ages
from storage.failpoints import NAMES
from tests.archives import close, jingui, jingui_here, new_archive, photo, planned, take_in

POINTS = [name for name in NAMES if name.startswith("medium.")]
WORDS = ("--owner", "周正言", "--place", "综合楼 302 防火柜")


@pytest.fixture(scope="module")
def filled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An archive of two photographs with a disk that was entered, made once."""
    folder = tmp_path_factory.mktemp("filled")
    opened = new_archive(folder / "data")
    for number in (1, 2):
        take_in(opened, planned(photo(folder / f"{number}.jpg", tone=number), title=f"校庆合影{number}"))
    close(opened)
    said = jingui_here(folder / "data", "medium", "add", "甲盘", *WORDS)
    assert said.returncode == 0 and "甲盘" in said.stdout, said.stderr
    return folder


@pytest.fixture
def data(filled: Path, tmp_path: Path) -> Path:
    """A copy of that archive, with an empty folder for the disk beside it."""
    shutil.copytree(filled, tmp_path, dirs_exist_ok=True)
    (tmp_path / "disk").mkdir()
    return tmp_path / "data"


def medium(data: Path, *words: str) -> "CompletedProcess[str]":
    """Run a command on media."""
    return jingui_here(data, "medium", *words)


def write(data: Path) -> "CompletedProcess[str]":
    """Write what is due onto the disk."""
    return medium(data, "write", "甲盘", str(data.parent / "disk"), "--same-disk", "--json")


def test_a_disk_lives_its_life_at_the_command_line(data: Path) -> None:
    """Listed, written, checked, found damaged, mended, lost: each in plain words and with its exit code."""
    disk = data.parent / "disk"
    told = write(data)
    good = medium(data, "check", "甲盘", str(disk))
    victim = next(disk.rglob("objects/0001.jpg"))
    victim.chmod(0o644)
    victim.write_bytes(victim.read_bytes()[:-1] + b"?")
    bad = medium(data, "check", "甲盘", str(disk), "--json")
    mended = write(data)
    listed = medium(data, "list")
    lost = medium(data, "lost", "甲盘")
    after = medium(data, "check", "甲盘", str(disk))

    assert json.loads(told.stdout) == {"packages": 2, "bytes": json.loads(told.stdout)["bytes"], "mended": 0}
    assert (good.returncode, bad.returncode, json.loads(bad.stdout)["damaged"]) == (0, 1, 1), good.stderr
    assert json.loads(mended.stdout)["mended"] == 1
    assert listed.returncode == 0 and "副本 2 份" in listed.stdout and "尚未写入 0 件" in listed.stdout
    assert "2 份副本不再计数" in lost.stdout
    assert after.returncode == 2 and "丢失" in after.stderr


def test_what_refuses_is_told_in_one_sentence(data: Path) -> None:
    """An unknown name, a folder that is not there, the system's own disk, a file that is no report."""
    none = medium(data, "check", "乙盘", str(data.parent / "disk"))
    absent = medium(data, "write", "甲盘", str(data.parent / "none"))
    same = medium(data, "write", "甲盘", str(data.parent / "disk"))
    (data.parent / "report.json").write_text("{}")
    report = medium(data, "register", "甲盘", str(data.parent / "report.json"))

    assert {none.returncode, absent.returncode, same.returncode, report.returncode} == {2}
    assert "乙盘" in none.stderr and "没有这个文件夹" in absent.stderr
    assert "同一块硬盘" in same.stderr and "没有登记" in report.stderr


@pytest.mark.parametrize("point", POINTS)
def test_b01_a_kill_while_a_disk_is_written_leaves_nothing_half(data: Path, point: str) -> None:
    """Killed at each step, the next run finishes: all copies good, no package twice, the judge content."""
    words = ("medium", "write", "甲盘", str(data.parent / "disk"), "--same-disk")
    killed = jingui(data, *words, JINGUI_FAILPOINT=f"{point}:kill")
    again = write(data)
    checked = medium(data, "check", "甲盘", str(data.parent / "disk"), "--json")

    assert killed.returncode == -signal.SIGKILL
    assert again.returncode == 0, again.stderr
    assert json.loads(checked.stdout)["ok"] == 2


def test_b01_a_kill_while_a_sealed_disk_is_written(data: Path) -> None:
    """A sealed file that no list tells of yet goes to quarantine and is written again."""
    pair = ages.new_identity()
    (data.parent / "safe").mkdir()
    added = jingui_here(data, "medium", "add", "密盘", *WORDS, "--recipient", pair.recipient)
    words = ("medium", "write", "密盘", str(data.parent / "safe"), "--same-disk")
    killed = jingui(data, *words, JINGUI_FAILPOINT="medium.after_package:kill")
    again = jingui_here(data, *words)
    checked = medium(data, "check", "密盘", str(data.parent / "safe"))

    assert added.returncode == 0 and killed.returncode == -signal.SIGKILL
    assert (again.returncode, checked.returncode) == (0, 0), again.stderr + checked.stdout
    assert len(list((data.parent / "safe/.quarantine").rglob("*.age"))) == 1


def test_p6_a_sealed_disk_is_opened_without_a_catalogue(data: Path, tmp_path: Path) -> None:
    """With the disk and the identity alone, `medium open` gives a store, and a rebuild gives the archive."""
    pair = ages.new_identity()
    (tmp_path / "safe").mkdir()
    (tmp_path / "identity.txt").write_text(pair.secret, "utf-8")
    jingui_here(data, "medium", "add", "密盘", *WORDS, "--recipient", pair.recipient)
    written = medium(data, "write", "密盘", str(tmp_path / "safe"), "--same-disk")
    shutil.rmtree(data)
    words = ("--identity", str(tmp_path / "identity.txt"), "--to", str(tmp_path / "opened"), "--json")
    opened = medium(data, "open", str(tmp_path / "safe"), *words)
    store = f"{json.loads(opened.stdout)['store']}={tmp_path / 'opened'}"
    rebuilt = jingui_here(tmp_path / "new", "rebuild", "catalogue", "--json", JINGUI_STORES=store)

    assert written.returncode == 0, written.stderr
    assert json.loads(opened.stdout)["packages"] == 2 and json.loads(opened.stdout)["refused"] == []
    assert rebuilt.returncode == 0 and json.loads(rebuilt.stdout)["packages"] == 2
