"""Receipts on pages: asked for, printed, verified by anybody, compared with a file."""

import io
import json
from collections.abc import Callable

import pytest
from flask.testing import FlaskClient

from repository.models.item import Item
from repository.models.keeping import Receipt
from repository.workflow import rounds
from tests.repository.web.conftest import Archive, picture

SignIn = Callable[[str], FlaskClient]
PutIn = Callable[..., str]
SECRET = "机密代号海棠"


@pytest.fixture
def receipt(archive: Archive, put_in: PutIn) -> Receipt:
    """The receipt of one restricted photograph, handed in by "staff"."""
    put_in(SECRET, access_level="restricted", files=((f"{SECRET}.jpg", picture(SECRET)),))
    rounds.ask(archive.tools, "receipts")
    archive.work()
    with archive.tools.database.reading() as session:
        return session.query(Receipt).one()


def test_anybody_with_the_code_verifies_and_sees_no_names(
    client: FlaskClient, signed_in: SignIn, receipt: Receipt
) -> None:
    """P11: a visitor reads verdicts and counts, the depositor names, too."""
    told = client.get("/receipts", query_string={"code": receipt.code.lower().replace("-", "")})
    own = signed_in("staff").get("/receipts", query_string={"code": receipt.code})
    colleague = signed_in("colleague").get("/receipts", query_string={"code": receipt.code})

    assert told.status_code == 200 and "回执是真的，文件都在。" in told.text
    assert SECRET not in told.text and "陆明川" not in told.text and SECRET not in colleague.text
    assert SECRET in own.text and "陆明川" in own.text


def test_a_file_is_found_again_in_its_receipt(
    client: FlaskClient, signed_in: SignIn, receipt: Receipt
) -> None:
    """The very bytes are the first file; other bytes are told not to be there; nothing is kept."""

    def compared(browser: FlaskClient, content: bytes) -> str:
        data = {"code": receipt.code, "file": (io.BytesIO(content), "x.jpg")}
        return browser.post("/receipts", data=data).text

    sha256 = json.loads(receipt.content)["items"][0]["files"][0]["sha256"]

    assert "第 1 个文件" in compared(client, picture(SECRET)) and SECRET not in compared(client, picture(SECRET))
    assert f"{SECRET}.jpg" in compared(signed_in("staff"), picture(SECRET))
    assert "不在这份回执里" in compared(client, b"other bytes")
    assert "第 1 个文件" in client.post("/receipts", data={"code": receipt.code, "sha256": sha256}).text
    assert "请选择一个文件" in client.post("/receipts", data={"code": receipt.code}).text


def test_a_wrong_code_is_told_and_tells_nothing(client: FlaskClient, receipt: Receipt) -> None:
    """No receipt, no hint."""
    wrong = client.get("/receipts", query_string={"code": "0000-0000-0000"})

    assert wrong.status_code == 404 and "没有这个编码的回执" in wrong.text
    assert client.get("/receipts").status_code == 200


def test_the_depositor_prints_and_keeps_the_receipt(signed_in: SignIn, receipt: Receipt) -> None:
    """Every file with its digests, a line to sign on, the signed file to keep; nobody else gets it."""
    own, other = signed_in("staff"), signed_in("colleague")
    page, file = own.get(f"/desk/receipts/{receipt.id}"), own.get(f"/desk/receipts/{receipt.id}/file")
    told = json.loads(receipt.content)

    for text in (told["items"][0]["files"][0]["sha256"], "盖章", receipt.code):
        assert text in page.text
    assert json.loads(file.data)["content"] == receipt.content
    assert json.loads(file.data)["signature"] == receipt.signature
    for end in ("", "/file"):
        assert other.get(f"/desk/receipts/{receipt.id}{end}").status_code == 404
    listed = own.get(f"/desk/upload/{receipt.submission_id}/receipts").text
    assert told["number"] in listed and receipt.code in listed
    assert other.get(f"/desk/upload/{receipt.submission_id}/receipts").status_code == 404
    assert "回执" in own.get("/desk/mine").text


def test_an_early_receipt_is_asked_for_and_honest(
    archive: Archive, signed_in: SignIn, put_in: PutIn
) -> None:
    """By button; it says that nothing is protected yet."""
    item_id, browser = put_in("还没审核", state="submitted"), signed_in("staff")
    with archive.tools.database.reading() as session:
        submission_id = session.get_one(Item, item_id).submission_id
    answer = browser.post(f"/desk/upload/{submission_id}/receipt")
    archive.work()
    with archive.tools.database.reading() as session:
        row = session.query(Receipt).one()
    page = browser.get(f"/desk/receipts/{row.id}").text

    assert answer.status_code == 302
    assert "尚未全部完成" in page and "请先不要删除" in page
    assert signed_in("colleague").post(f"/desk/upload/{submission_id}/receipt").status_code == 404
