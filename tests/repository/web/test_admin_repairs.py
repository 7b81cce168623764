"""The page of a damaged copy, the reports on repairs, and quarantine."""

import shutil
from collections.abc import Callable

import pytest
from flask.testing import FlaskClient

from repository.models.watch import Report
from repository.workflow import jobs
from tests.repository.web.conftest import Archive, put_into
from tests.repository.web.test_admin_care import bag, check_all, copy_of, damage

SignIn = Callable[[str], FlaskClient]
PHOTO = "data/objects/0001.jpg"


def reports(archive: Archive) -> list[Report]:
    """Return the reports on repairs, oldest first."""
    with archive.tools.database.reading() as session:
        return list(session.query(Report).filter_by(kind="repair").order_by(Report.id))


def mend(archive: Archive, browser: FlaskClient, item_id: str, store: str = "main") -> None:
    """Ask for the repair of a copy, and let it be done."""
    browser.post(f"/care/copies/{copy_of(archive, item_id, store).id}/repair", data={"confirmed": "1"})
    archive.work()


def test_the_page_of_a_damaged_copy_is_the_repair_page(archive: Archive, signed_in: SignIn) -> None:
    """It says in one sentence what is wrong, what will be done, and has the one button that does it."""
    item_id = put_into(archive, "运动会百米决赛")
    damage(bag(archive, item_id, "main") / PHOTO)
    (bag(archive, item_id, "main") / "bag-info.txt").unlink()
    check_all(archive)
    copy = copy_of(archive, item_id, "main")
    page = signed_in("archivist").get(f"/care/copies/{copy.id}").text

    assert "存储 main 里的这份副本有 1 个文件的内容与登记的不一致（data/objects/0001.jpg）" in page
    assert "1 个文件不见了（bag-info.txt）" in page
    assert "从存储 second 取回有问题的文件" in page and "至少保留 90 天" in page
    assert page.count("修复这份副本</button>") == 1
    assert f'action="/care/copies/{copy.id}/repair"' in page


def test_a_repair_leaves_a_report_to_sign(archive: Archive, signed_in: SignIn) -> None:
    """What was wrong, from where it came back, old and new bytes, quarantine, who asked: on one page."""
    item_id = put_into(archive, "老校门")
    path = bag(archive, item_id, "main") / PHOTO
    good = path.read_bytes()
    damage(path)
    (bag(archive, item_id, "main") / "premis.xml").write_bytes(b"<fake/>")
    check_all(archive)
    browser = signed_in("archivist")
    mend(archive, browser, item_id)
    (report,) = reports(archive)
    page = browser.get(f"/care/repairs/{report.id}").text
    told = {one["path"]: one for one in report.facts["files"]}

    assert (report.outcome, report.subject) == ("passed", item_id)
    assert (told[PHOTO]["result"], told[PHOTO]["source"], told[PHOTO]["old_size"]) == (
        "restored",
        "second",
        len(good),
    )
    assert told["premis.xml"]["result"] == "set_aside"
    assert told[PHOTO]["old_sha256"] not in ("", told[PHOTO]["sha256"])
    assert report.facts["asked_by"] == "苏晚晴" and report.facts["by_person"] is True
    for text in ("老校门", PHOTO, "已从存储 second 取回", "已移到隔离区", told[PHOTO]["quarantine"], "档案室负责人"):
        assert text in page
    assert f"/care/repairs/{report.id}" in browser.get("/care/repairs").text
    assert f"/care/repairs/{report.id}" in browser.get(f"/care/copies/{report.facts['copy']}").text


def test_quarantine_shows_what_was_replaced(archive: Archive, signed_in: SignIn) -> None:
    """Each object with its old place, why, and the day until which it is kept; an absent store is said."""
    item_id = put_into(archive)
    damage(bag(archive, item_id, "main") / PHOTO)
    check_all(archive)
    browser = signed_in("archivist")
    empty = browser.get("/care/quarantine").text
    mend(archive, browser, item_id)
    root = next(spec.root for spec in archive.settings.store_specs if spec.id == "second")
    root.rename(root.with_name("pulled"))
    page = browser.get("/care/quarantine").text

    assert empty.count("隔离区是空的") == 2
    assert PHOTO in page and "损坏，已换下" in page and "1 个文件" in page
    assert "这个存储联系不上，没有查看" in page


def test_b14_what_an_absent_store_may_have_is_not_called_lost(archive: Archive, signed_in: SignIn) -> None:
    """With the only other store away the report says which store to bring back, and nothing is LOST."""
    item_id = put_into(archive)
    damage(bag(archive, item_id, "main") / PHOTO)
    check_all(archive)
    root = next(spec.root for spec in archive.settings.store_specs if spec.id == "second")
    root.rename(root.with_name("pulled"))
    root.mkdir()
    browser = signed_in("archivist")
    mend(archive, browser, item_id)
    (report,) = reports(archive)
    waiting = browser.get(f"/care/repairs/{report.id}").text
    copy = copy_of(archive, item_id, "main")
    root.rmdir()
    root.with_name("pulled").rename(root)
    mend(archive, browser, item_id)

    assert (report.outcome, copy.lost, copy.state) == ("warned", [], "damaged")
    assert "1 个文件要等存储 second 接上后才能修" in waiting
    assert [one.outcome for one in reports(archive)] == ["warned", "passed"]


def test_trying_in_vain_again_adds_no_report(archive: Archive, signed_in: SignIn) -> None:
    """Where nothing can be mended, later tries are counted in the first report."""
    item_id = put_into(archive)
    for store in ("main", "second"):
        damage(bag(archive, item_id, store) / PHOTO)
    check_all(archive)
    browser = signed_in("archivist")
    for _ in range(3):
        mend(archive, browser, item_id)
    (report,) = reports(archive)

    assert (report.outcome, report.facts["counts"]["lost"], report.facts["tried_again"]) == ("failed", 1, 2)
    assert "之后又试过 2 次" in browser.get(f"/care/repairs/{report.id}").text


def test_a_whole_missing_copy_is_told_as_such(archive: Archive, signed_in: SignIn) -> None:
    """The page says that the whole copy is gone; the report lists every file that came back."""
    item_id = put_into(archive)
    folder = bag(archive, item_id, "second")
    for path in (folder, *folder.rglob("*")):
        path.chmod(0o755)
    shutil.rmtree(folder)
    check_all(archive)
    browser = signed_in("admin")
    page = browser.get(f"/care/copies/{copy_of(archive, item_id, 'second').id}").text
    mend(archive, browser, item_id, "second")
    (report,) = reports(archive)

    assert "整份副本不见了" in page
    assert report.facts["counts"]["restored"] == len(report.facts["files"]) > 5
    assert all(one["old_size"] is None for one in report.facts["files"])


def test_a_restricted_title_is_in_no_report_for_the_administrator(
    archive: Archive, signed_in: SignIn
) -> None:
    """Who cares for copies learns what was mended, not what it is, unless he may read it."""
    item_id = put_into(archive, "学生处分材料", access_level="restricted")
    damage(bag(archive, item_id, "main") / PHOTO)
    check_all(archive)
    mend(archive, signed_in("admin"), item_id)
    (report,) = reports(archive)
    addresses = ("/care/repairs", f"/care/repairs/{report.id}", "/care/quarantine")
    of_admin = [signed_in("admin").get(address) for address in addresses]
    of_archivist = [signed_in("archivist").get(address) for address in addresses[:2]]

    assert {one.status_code for one in (*of_admin, *of_archivist)} == {200}
    assert not any("学生处分材料" in one.text for one in of_admin)
    assert all("学生处分材料" in one.text for one in of_archivist)


@pytest.mark.parametrize("number", [0, 99])
def test_a_report_that_does_not_exist_is_404(signed_in: SignIn, number: int) -> None:
    """Nor is a report of another kind a repair."""
    assert signed_in("archivist").get(f"/care/repairs/{number}").status_code == 404


def test_b02_a_repair_that_was_stopped_ends_its_own_report(
    archive: Archive, signed_in: SignIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Stopped after the bytes were good and before it was written down: one report, told as such."""
    item_id = put_into(archive)
    damage(bag(archive, item_id, "main") / PHOTO)
    check_all(archive)
    browser = signed_in("archivist")
    monkeypatch.setenv("JINGUI_FAILPOINT", "repair.before_register:raise")
    mend(archive, browser, item_id)
    begun = reports(archive)[0].outcome
    monkeypatch.delenv("JINGUI_FAILPOINT")
    archive.clock.forward(minutes=5)
    archive.work()
    (report,) = reports(archive)
    with archive.tools.database.reading() as session:
        parked = jobs.counts(session).get("parked", 0)

    assert (begun, report.outcome, parked) == ("awaiting", "passed", 0)
    assert [one["result"] for one in report.facts["files"]] == ["restored"]
    assert report.facts["files"][0]["quarantine"]
    assert copy_of(archive, item_id, "main").state == "ok"
