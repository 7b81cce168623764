"""The import page: a zip goes in, every bag in it is told of, nobody else sees it."""

import io
import zipfile
from collections.abc import Callable
from pathlib import Path

import bagit
from flask.testing import FlaskClient

from repository.models.item import Item
from tests.repository.web.conftest import Archive

SignIn = Callable[[str], FlaskClient]


def bag_zip(folder: Path, *, spoil: bool = False) -> bytes:
    """Return a zip with one bag of one text."""
    folder.mkdir()
    (folder / "记录.txt").write_text("一九七八年", "utf-8")
    bagit.make_bag(str(folder), {"External-Description": "外来的记录"}, checksums=["sha256"])
    if spoil:
        (folder / "data" / "记录.txt").write_text("一九八八年", "utf-8")
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as packed:
        for path in sorted(folder.rglob("*")):
            packed.write(path, f"{folder.name}/{path.relative_to(folder).as_posix()}")
        packed.writestr("旁边的.txt", "x")
    return out.getvalue()


def sent(browser: FlaskClient, content: bytes, name: str = "外来.zip") -> str:
    """Upload and return the address of the import's page."""
    answer = browser.post("/desk/import", data={"file": (io.BytesIO(content), name)})
    assert answer.status_code == 302
    return answer.headers["Location"]


def test_a_foreign_bag_comes_into_the_inbox(archive: Archive, signed_in: SignIn, tmp_path: Path) -> None:
    """Uploaded, judged, taken, told; what lay beside the bag is told, too; once more it is known."""
    browser = signed_in("archivist")
    page = sent(browser, bag_zip(tmp_path / "包"))
    waiting = browser.get(page)
    archive.work()
    done = browser.get(page)
    again = sent(browser, bag_zip(tmp_path / "同"))
    archive.work()

    assert 'http-equiv="refresh"' in waiting.text
    assert "外来的记录" in done.text and "已接收" in done.text and "旁边的.txt" in done.text
    assert "外来的记录" in browser.get("/desk/inbox").text
    assert "没有重复接收" in browser.get(again).text
    assert signed_in("admin").get(page).status_code in (403, 404)
    with archive.tools.database.reading() as session:
        assert session.query(Item).count() == 1


def test_a_bad_bag_and_what_is_no_archive_are_refused_in_words(
    archive: Archive, signed_in: SignIn, tmp_path: Path
) -> None:
    """The finding is told; a text, an empty form and a wrong role get their sentence."""
    browser = signed_in("archivist")
    bad = sent(browser, bag_zip(tmp_path / "坏", spoil=True))
    text = sent(browser, b"no archive", "outcome.json")
    archive.work()

    assert "内容已改变" in browser.get(bad).text and "没有接收" in browser.get(bad).text
    assert "打不开这个压缩包" in browser.get(text).text
    assert browser.post("/desk/import", data={}).headers["Location"].endswith("/desk/import")
    assert signed_in("staff").get("/desk/import").status_code == 403
    assert not [path for path in (archive.tools.scratch / "imports").rglob("*.zip")]
