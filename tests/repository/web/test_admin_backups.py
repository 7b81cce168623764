"""The pages of backups and drills: what can be brought back, and the proof."""

from collections.abc import Callable
from datetime import timedelta

from flask.testing import FlaskClient

from preservation.checks import Outcome
from repository.models.job import Job
from repository.models.watch import Report
from repository.workflow import backing
from tests.repository.web.conftest import Archive

SignIn = Callable[[str], FlaskClient]


def test_the_page_is_red_until_a_backup_was_verified(archive: Archive, signed_in: SignIn) -> None:
    """None is red, a fresh one green, one of yesterday morning red; the same disk is told."""
    browser = signed_in("admin")
    none = browser.get("/system/backups").text
    sheet = backing.make(archive.tools)
    fresh = browser.get("/system/backups").text
    place = sheet.path.with_suffix(".json")
    old = (sheet.made_at - timedelta(hours=27)).isoformat()
    place.write_text(place.read_text("utf-8").replace(sheet.made_at.isoformat(), old), "utf-8")
    late = browser.get("/system/backups").text

    assert "还没有核验过的备份" in none and "现在演练" not in none
    assert "最近一次核验过的备份" in fresh and sheet.file in fresh and "同一块硬盘" in fresh
    assert "超过 26 小时没有新的备份" in late
    assert backing.backup_key(archive.tools).secret not in none + fresh + late


def test_a_file_without_a_sheet_is_no_backup_on_the_page(archive: Archive, signed_in: SignIn) -> None:
    """What nobody verified is named as such, and not counted."""
    folder = archive.settings.backups_folder
    folder.mkdir()
    (folder / "jingui-20260101T000000Z-12345678.age").write_bytes(b"age")
    page = signed_in("admin").get("/system/backups").text

    assert "没有核验过的文件，不能算备份" in page and "还没有核验过的备份" in page


def test_both_buttons_put_one_job_in_line(archive: Archive, signed_in: SignIn) -> None:
    """Pressed twice there is one backup and one drill in line, asked for by name."""
    browser = signed_in("admin")
    for address in ("/system/backups", "/system/backups", "/system/drills", "/system/drills"):
        assert browser.post(address).status_code == 302
    with archive.tools.database.reading() as session:
        asked = session.query(Job).filter(Job.verb.in_(("backup", "drill"))).order_by(Job.verb).all()

    assert [(job.verb, job.args["asked_by"]) for job in asked] == [("backup", "周正言"), ("drill", "周正言")]
    assert "备份正在做" in browser.get("/system/backups").text


def test_a_failed_drill_tells_what_differs(archive: Archive, signed_in: SignIn) -> None:
    """The report names the packages that did not come back, and never says passed."""
    facts = {
        "backup": "jingui-x.age", "made_at": "2026-11-20T03:00:00+00:00", "age_hours": 24.0, "size": 1000,
        "revision": "0003", "tables": 25, "rows": 900, "differing": ["accounts"], "status": 200,
        "dump_sha256": "0" * 64, "restore_seconds": 1.5, "reconcile_seconds": 2.5, "seconds": 6.0, "added": 0,
        "events": 0, "accounts": 4, "accounts_now": 5, "away": ["second"], "refused": [], "lacking": 0,
        "missing": ["aips/3f/a2/one"], "changed": [], "lost": 1, "known": 9, "found": 8, "counts": {},
    }
    failed = {"kind": "drill", "at": archive.tools.clock(), "outcome": Outcome.FAILED}
    with archive.tools.database.writing.begin() as session:
        report, cut = Report(**failed, facts=facts), Report(**failed, facts={"reason": "no_backup"})
        session.add_all((report, cut))
        session.flush()
        numbers = (report.id, cut.id)
    browser = signed_in("archivist")
    page = browser.get(f"/care/drills/{numbers[0]}").text
    short = browser.get(f"/care/drills/{numbers[1]}").text
    listed = browser.get("/care/drills").text

    assert "aips/3f/a2/one" in page and "accounts" in page and "second" in page and "未通过" in page
    assert "还没有核验过的备份，不能演练" in short
    assert listed.count("未通过") == 2
    assert browser.get("/care/drills/999").status_code == 404
