"""The pages of offline media: enter a disk, write it, see what is late, print its label."""

import io
import json
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

from flask.testing import FlaskClient

from repository.models.keeping import Medium
from storage import ages
from storage.keys import VERIFIER
from tests.repository.web.conftest import Archive, put_into

SignIn = Callable[[str], FlaskClient]
FORM = {
    "medium_name": "甲盘",
    "medium_owner": "周正言",
    "medium_place": "综合楼 302 防火柜",
    "rotation_days": "30",
    "check_days": "60",
}


def entered(archive: Archive, browser: FlaskClient, **changed: str) -> str:
    """Enter a disk through its form and return its number."""
    answer = browser.post("/media/new", data={**FORM, **changed})
    assert answer.status_code == 302, answer.text
    return str(answer.headers["Location"].rsplit("/", 1)[1])


def test_a_disk_is_entered_written_and_checked_from_the_page(
    archive: Archive, signed_in: SignIn, tmp_path: Path
) -> None:
    """The list says what is not on it yet; after the work nothing is, and both acts stand in its history."""
    put_into(archive, "运动会")
    browser = signed_in("admin")
    number = entered(archive, browser)
    before = browser.get("/media").text
    (tmp_path / "disk").mkdir()
    told = {"folder": str(tmp_path / "disk"), "same_disk": "1"}
    queued = browser.post(f"/media/{number}/work", data={**told, "do": "write"})
    waiting = browser.get(f"/media/{number}").text
    archive.work()
    browser.post(f"/media/{number}/work", data={**told, "do": "check"})
    archive.work()
    page = browser.get(f"/media/{number}").text

    assert "还没有写入" in before and re.search(r'jg-num">1<div class="jg-small jg-soft">', before)
    assert queued.status_code == 302 and "写入离线介质" in waiting
    assert "1 个信息包" in page and "完好 1，损坏 0，缺失 0，读不出 0，共 1" in page
    assert (tmp_path / "disk" / VERIFIER).exists()
    assert f"./run medium write {number}" in page and "verify_jingui.py --json" in page


def test_a_wrong_folder_is_told_at_once(archive: Archive, signed_in: SignIn, tmp_path: Path) -> None:
    """A folder that is not there, or lies with the system, is refused; no work is put in line."""
    browser = signed_in("admin")
    number = entered(archive, browser)
    (tmp_path / "disk").mkdir()
    absent = browser.post(f"/media/{number}/work", data={"folder": str(tmp_path / "none"), "do": "write"})
    same = browser.post(f"/media/{number}/work", data={"folder": str(tmp_path / "disk"), "do": "write"})

    assert absent.status_code == same.status_code == 409
    assert "没有这个文件夹" in absent.text and "同一块硬盘" in same.text
    assert list((tmp_path / "disk").iterdir()) == []


def test_a125_what_is_late_is_said_in_words(archive: Archive, signed_in: SignIn) -> None:
    """The list names the disks that should have been brought, and by how many days."""
    browser = signed_in("admin")
    entered(archive, browser)
    with archive.tools.database.writing.begin() as session:
        medium = session.query(Medium).one()
        medium.created_at = medium.created_at.replace(year=medium.created_at.year - 1)
    page = signed_in("archivist").get("/media").text

    assert "有 1 块介质已逾期，请联系保管人带回来：甲盘" in page
    assert re.search(r"已逾期 33\d 天", page) and re.search(r"已逾期 30\d 天", page)
    assert "登记介质" not in page


def test_a_wrong_form_keeps_what_was_typed(archive: Archive, signed_in: SignIn) -> None:
    """Missing place, zero days and a text that is no key are said at their fields."""
    browser = signed_in("admin")
    empty = browser.post("/media/new", data={**FORM, "medium_place": " ", "check_days": "0"})
    key = browser.post("/media/new", data={**FORM, "recipients": "age1wrong"})

    assert empty.status_code == key.status_code == 422
    assert 'value="甲盘"' in empty.text and "请填写 1 到 3650 之间的天数" in empty.text
    assert "age 密钥" in key.text


def test_a_report_from_elsewhere_is_taken_in(archive: Archive, signed_in: SignIn, tmp_path: Path) -> None:
    """The judge's report.json is uploaded and marked as read elsewhere; any other file is refused."""
    put_into(archive, "运动会")
    browser = signed_in("admin")
    number = entered(archive, browser, recipients=ages.new_identity().recipient)
    (tmp_path / "disk").mkdir()
    told = {"folder": str(tmp_path / "disk"), "same_disk": "1", "do": "write"}
    browser.post(f"/media/{number}/work", data=told)
    archive.work()
    judge = [sys.executable, "-I", "-S", str(tmp_path / "disk" / VERIFIER)]
    subprocess.run([*judge, "--json", str(tmp_path / "r.json")], capture_output=True, timeout=60)

    def upload(content: bytes) -> str:
        data = {"report": (io.BytesIO(content), "report.json")}
        return browser.post(f"/media/{number}/report", data=data, follow_redirects=True).text

    good = upload((tmp_path / "r.json").read_bytes())
    none = upload(json.dumps([1]).encode())
    text = upload(b"hello")

    assert "已登记：1 份完好，共 1 份。" in good and "他机核验" in good
    assert "没有登记" in none and "没有登记" in text


def test_giving_up_asks_once_more(archive: Archive, signed_in: SignIn) -> None:
    """Without a confirmation nothing happens; afterwards the disk is lost and cannot be used."""
    browser = signed_in("admin")
    number = entered(archive, browser)
    asked = browser.post(f"/media/{number}/give-up", data={"state": "lost"}).text
    between = browser.get("/media").text
    browser.post(f"/media/{number}/give-up", data={"state": "lost", "confirmed": "1"})
    again = browser.post(f"/media/{number}/give-up", data={"state": "lost", "confirmed": "1"})

    assert "登记这块介质已丢失？" in asked and "已丢失" not in between
    assert "已丢失" in browser.get("/media").text
    assert again.status_code == 409


def test_the_label_tells_what_belongs_on_the_disk(archive: Archive, signed_in: SignIn) -> None:
    """Name, number, owner, place and day; a changed place is on the next label."""
    browser = signed_in("admin")
    number = entered(archive, browser)
    browser.post(f"/media/{number}", data={**FORM, "medium_place": "图书馆 201"})
    label = browser.get(f"/media/{number}/label").text

    for words in ("甲盘", number, "周正言", "图书馆 201", "不加密"):
        assert words in label
