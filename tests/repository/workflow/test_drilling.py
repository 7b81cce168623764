"""drilling: the newest backup is restored by a process of its own, and what it found is told (F01)."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import select

from repository.models.item import Item
from repository.models.job import Job
from repository.models.package import Package
from repository.models.watch import Report
from repository.workflow import backing, drilling
from repository.workflow.backup_refusals import DrillFailed
from repository.workflow.tools import Tools, Work
from tests.archives import Clock, close, jingui_here, new_archive, photo, planned, take_in


@pytest.fixture
def clock() -> Clock:
    """A clock of the test's own."""
    return Clock()


@pytest.fixture
def tools(tmp_path: Path, clock: Clock) -> Iterator[Tools]:
    """An archive with one item, backed up."""
    made = new_archive(tmp_path / "data", clock=clock)
    take_in(made, planned(photo(tmp_path / "a.jpg"), title="老校门"))
    backing.make(made)
    yield made
    close(made)


def _report(tools: Tools) -> Report:
    query = select(Report).where(Report.kind == "drill").order_by(Report.id)
    with tools.database.reading() as session:
        return session.scalars(query).all()[-1]


def _files(root: Path) -> dict[str, tuple[int, int]]:
    files = (path for path in root.rglob("*") if path.is_file())
    return {str(path): (path.stat().st_size, path.stat().st_mtime_ns) for path in files}


def test_f01_a_drill_restores_compares_and_changes_no_store(tools: Tools, tmp_path: Path) -> None:
    """What came after the backup is found in the stores; no store has changed, nothing is left behind."""
    take_in(tools, planned(photo(tmp_path / "b.jpg", tone=40), title="图书馆"))
    before = _files(tmp_path / "data/stores")
    drilling.drill(Work(tools, {}))
    report = _report(tools)

    assert (report.outcome, report.facts["status"], report.facts["differing"]) == ("passed", 200, [])
    assert (report.facts["known"], report.facts["found"], report.facts["lost"]) == (2, 2, 0)
    assert (report.facts["added"], report.facts["accounts"], report.facts["away"]) == (1, 1, [])
    assert _files(tmp_path / "data/stores") == before
    assert list(tools.scratch.glob("drill-*")) == []


def test_p10_a_drill_leaves_the_sealing_key_alone(tools: Tools, tmp_path: Path) -> None:
    """Also where the key is kept outside the data folder, and the seals of the backup are of another one."""
    place = tmp_path / "safe" / "audit.key"
    place.parent.mkdir()
    place.write_text(f"{'ab' * 32} 0\n")
    outside = replace(tools, settings=replace(tools.settings, audit_key=str(place)))
    drilling.drill(Work(outside, {}))

    assert place.read_text("ascii") == f"{'ab' * 32} 0\n"


def test_a_package_that_no_store_gives_back_fails_the_drill(tools: Tools) -> None:
    """Where the catalogue knows a package that neither backup nor stores have, the drill says which."""
    with tools.database.writing.begin() as session:
        session.add(Item(id="lost-one", state="archived", version=1, depositor_name="-"))
        session.flush()
        session.add(
            Package(item_id="lost-one", version=1, prefix="aips/xx/lost-one", registered_digest="0" * 64,
                    file_count=1, byte_count=1)
        )
    with pytest.raises(DrillFailed):
        drilling.drill(Work(tools, {}))
    report = _report(tools)

    assert (report.outcome, report.facts["lost"]) == ("failed", 1)
    assert report.facts["missing"] == ["aips/xx/lost-one"]


def test_f03_a_drill_on_a_damaged_backup_fails_and_says_so(tools: Tools) -> None:
    """A flipped bit in the newest backup is found by the weekly drill at the latest."""
    [sealed] = tools.settings.backups_folder.glob("*.age")
    content = bytearray(sealed.read_bytes())
    content[len(content) // 2] ^= 1
    sealed.write_bytes(content)
    with pytest.raises(DrillFailed):
        drilling.drill(Work(tools, {}))
    report = _report(tools)

    assert report.outcome == "failed"
    assert "不完整或被改动过" in report.facts["told"]


def test_a_drill_is_asked_for_once_a_week(tools: Tools, clock: Clock) -> None:
    """The clock asks a week after the last drill, or a day after a failed one."""
    asked = [_asked(tools)]
    for outcome, days in (("passed", 6), ("passed", 1), ("failed", 0), ("failed", 1)):
        if days in (6, 0):
            with tools.database.writing.begin() as session:
                session.add(Report(kind="drill", at=clock(), outcome=outcome, facts={}))
        clock.move(days=days)
        asked.append(_asked(tools))

    assert asked == [1, 0, 1, 0, 1]


def _asked(tools: Tools) -> int:
    with tools.database.writing() as session:
        drilling.ask_due(session, tools)
        asked = session.scalars(select(Job.id).where(Job.verb == "drill")).all()
        session.rollback()
    return len(asked)


def test_f03_the_command_line_tells_a_damaged_backup(tools: Tools, tmp_path: Path) -> None:
    """verify and restore answer a cut file with one plain sentence and exit code 2, JSON with 1."""
    data = tools.settings.data
    [sealed] = tools.settings.backups_folder.glob("*.age")
    cut = tmp_path / "cut.age"
    cut.write_bytes(sealed.read_bytes()[:-100])
    good = jingui_here(data, "backup", "verify", str(sealed))
    bad = jingui_here(data, "backup", "verify", str(cut))
    as_json = jingui_here(data, "backup", "verify", str(cut), "--json")
    none = jingui_here(data, "restore", str(tmp_path / "none.age"), "--to", str(tmp_path / "new"))

    assert (good.returncode, bad.returncode, as_json.returncode, none.returncode) == (0, 2, 1, 2)
    assert "备份完好" in good.stdout and "不完整或被改动过" in bad.stderr
    assert '"reason": "damaged"' in as_json.stdout and "没有找到备份文件" in none.stderr


def test_f06_the_command_line_restores_over_nobody(tools: Tools, tmp_path: Path) -> None:
    """restore into a living archive says what it would do, and does it only with --merge."""
    data = tools.settings.data
    [sealed] = tools.settings.backups_folder.glob("*.age")
    refused = jingui_here(data, "restore", str(sealed))
    merged = jingui_here(data, "restore", str(sealed), "--merge")

    assert refused.returncode == 2 and "没有恢复" in refused.stderr
    assert merged.returncode == 0, merged.stderr


def test_the_key_is_printed_for_the_safe(tools: Tools) -> None:
    """backup key prints the secret that opens every backup, and its public half."""
    told = jingui_here(tools.settings.data, "backup", "key")
    pair = backing.backup_key(tools)

    assert pair.secret in told.stdout and pair.recipient in told.stdout
    assert (tools.settings.data / "keys/backup.key").stat().st_mode & 0o077 == 0
