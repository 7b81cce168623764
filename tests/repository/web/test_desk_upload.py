"""Handing in over HTTP: whole file or nothing, honest sentences, honest numbers."""

import hashlib
import io
import sqlite3
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from flask.testing import FlaskClient
from sqlalchemy import event
from werkzeug.datastructures import FileStorage
from werkzeug.test import TestResponse

from tests.repository.web.conftest import PASSWORD, Archive, close, open_archive, picture
from tests.repository.web.desk_steps import NOTHING, Kept, item_of, kept, quick, send

SignIn = Callable[[str], FlaskClient]


def signed_in_to(opened: Archive, username: str = "staff") -> FlaskClient:
    """Return a browser signed in to this archive."""
    browser = opened.app.test_client()
    assert browser.post("/login", data={"username": username, "password": PASSWORD}).status_code == 302
    return browser


@pytest.fixture
def small(tmp_path: Path) -> Iterator[Archive]:
    """Yield an archive that takes files of up to one megabyte."""
    opened = open_archive(tmp_path / "small", max_upload_mb=1)
    yield opened
    close(opened)


def test_a_raw_body_becomes_a_draft(archive: Archive, signed_in: SignIn) -> None:
    """One request, one file: the answer tells name, size, SHA-256 and where to go on."""
    content, place = picture("a"), str(uuid.uuid4())
    answer = send(signed_in("staff"), "操场.jpg", content, submission=place)

    assert answer.status_code == 200
    assert answer.json is not None
    assert (answer.json["name"], answer.json["size"]) == ("操场.jpg", len(content))
    assert answer.json["sha256"] == hashlib.sha256(content).hexdigest()
    assert answer.json["next"] == f"/desk/upload/{place}"
    [row] = item_of(archive, answer.json["id"]).staged_files
    assert archive.tools.staging.path(row.id).read_bytes() == content


def test_files_of_one_page_make_one_submission(archive: Archive, signed_in: SignIn) -> None:
    """Each file sent from one page is a draft of the same submission."""
    browser, place = signed_in("staff"), str(uuid.uuid4())
    ids = [send(browser, f"{n}.jpg", picture(str(n)), submission=place).get_json()["id"] for n in (1, 2)]

    assert {item_of(archive, one).submission_id for one in ids} == {place}


def test_a_submission_of_somebody_else_does_not_exist(archive: Archive, signed_in: SignIn) -> None:
    """Nobody adds to, or looks at, the submission of another depositor."""
    place = str(uuid.uuid4())
    send(signed_in("staff"), "a.jpg", picture("a"), submission=place)
    stranger = signed_in("colleague")

    assert send(stranger, "b.jpg", picture("b"), submission=place).status_code == 404
    assert stranger.get(f"/desk/upload/{place}").status_code == 404
    assert kept(archive) == Kept(1, 1, 1)


def test_without_a_token_nothing_is_taken(archive: Archive, signed_in: SignIn) -> None:
    """An upload without the CSRF token is refused with a sentence in JSON."""
    browser = signed_in("staff")
    archive.app.config["WTF_CSRF_ENABLED"] = True
    answer = send(browser, "a.jpg", picture("a"))

    assert answer.status_code == 400
    assert "没有被接受" in answer.get_json()["error"]
    assert kept(archive) == NOTHING


def test_an_empty_file_waits_for_the_judges(archive: Archive, signed_in: SignIn) -> None:
    """A file of 0 bytes is received as it is; intake holds it and says why."""
    browser = signed_in("archivist")
    item_id = send(browser, "空.jpg", b"").get_json()["id"]
    typed = quick(title="空白的一张", date="1982", category="SX", go="submit")
    browser.post(f"/desk/items/{item_id}/edit", data=typed)
    chosen = {"category": "SX", "retention": "Y", "access_level": "internal"}
    browser.post(f"/desk/items/{item_id}/accept", data=chosen)
    archive.work()

    assert item_of(archive, item_id).state == "held"
    assert "文件是空的" in browser.get(f"/desk/items/{item_id}/review").text


def test_a_path_in_a_name_is_kept_as_data_only(archive: Archive, signed_in: SignIn) -> None:
    """A name with a path is shown as it came and stored without the path."""
    answer = send(signed_in("staff"), "../../etc/机密/名单.txt", b"abc")
    [row] = item_of(archive, answer.get_json()["id"]).staged_files

    assert answer.get_json()["name"] == "../../etc/机密/名单.txt"
    assert (row.original_name, row.stored_name) == ("../../etc/机密/名单.txt", "名单.txt")


def test_a_name_of_86_chinese_characters_is_shortened(archive: Archive, signed_in: SignIn) -> None:
    """86 characters are 258 bytes and more than a disk takes: the original is kept, the stored name fits."""
    name = "校" * 86 + ".jpg"
    answer = send(signed_in("staff"), name, picture("x"))
    [row] = item_of(archive, answer.get_json()["id"]).staged_files

    assert row.original_name == name
    assert len(row.stored_name.encode()) <= 255
    assert row.stored_name.endswith(".jpg")


def test_a_cut_connection_leaves_nothing(archive: Archive, signed_in: SignIn) -> None:
    """Fewer bytes than announced: 400, a sentence, and no trace."""
    answer = send(signed_in("staff"), "半张.jpg", picture("x")[:500], announced=90_000)

    assert answer.status_code == 400
    assert "上传中断" in answer.get_json()["error"]
    assert kept(archive) == NOTHING


def test_a_nameless_upload_is_refused(archive: Archive, signed_in: SignIn) -> None:
    """Without a name nothing is received."""
    assert send(signed_in("staff"), "", b"abc").status_code == 400
    assert kept(archive) == NOTHING


def test_a_full_disk_is_told(tmp_path: Path) -> None:
    """Where the reserve is not free the answer is 507 with what is wanted, and nothing stays."""
    opened = open_archive(tmp_path / "full", reserve_mb=1 << 40)
    answer = send(signed_in_to(opened), "a.jpg", picture("a"))

    assert answer.status_code == 507
    assert "磁盘空间不够" in answer.get_json()["error"]
    assert kept(opened) == NOTHING
    close(opened)


def test_a_file_that_is_too_large_is_refused(small: Archive) -> None:
    """More than the limit: 413 with a sentence, and nothing stays."""
    answer = send(signed_in_to(small), "大.tif", b"x" * ((1 << 20) + 1))

    assert answer.status_code == 413
    assert "超过" in answer.get_json()["error"]
    assert kept(small) == NOTHING


def test_a_locked_catalogue_is_told_and_the_file_dropped(archive: Archive, signed_in: SignIn) -> None:
    """While another process holds the write lock the answer is 503; later the same upload succeeds."""
    browser = signed_in("staff")
    event.listen(archive.tools.database.engine, "connect", _impatient)
    archive.tools.database.engine.dispose()
    with archive.tools.database.writing.begin() as other:
        other.connection()
        refused = send(browser, "a.jpg", picture("a"))
        in_between = kept(archive)
    accepted = send(browser, "a.jpg", picture("a"))

    assert refused.status_code == 503
    assert refused.headers["Retry-After"]
    assert "正在被别的操作占用" in refused.get_json()["error"]
    assert in_between == NOTHING
    assert accepted.status_code == 200


def test_a_lock_that_comes_while_bytes_arrive_leaves_nothing(archive: Archive, signed_in: SignIn) -> None:
    """The file was received but its row cannot be written: 503, and the file does not stay in staging."""
    browser = signed_in("staff")
    event.listen(archive.tools.database.engine, "connect", _impatient)
    archive.tools.database.engine.dispose()

    with archive.tools.database.writing() as other:

        class Locking(io.BytesIO):
            def readinto(self, buffer: memoryview, /) -> int:  # type: ignore[override]
                other.connection()  # takes the write lock and keeps it
                return super().readinto(buffer)

        answer = _pour(browser, Locking(picture("a")))

    assert answer.status_code == 503
    assert "什么都没有丢" in answer.get_json()["error"]
    assert kept(archive) == NOTHING


def _pour(browser: FlaskClient, stream: io.BytesIO) -> TestResponse:
    return browser.post(
        f"/desk/upload/{uuid.uuid4()}/file",
        input_stream=stream,
        headers={"X-File-Name": "a.jpg", "Content-Type": "application/octet-stream"},
    )


def _impatient(connection: sqlite3.Connection, entry: object) -> None:
    connection.execute("PRAGMA busy_timeout=50")


def test_no_write_lock_is_held_while_bytes_arrive(archive: Archive, signed_in: SignIn) -> None:
    """While a body is read another session can write."""
    browser = signed_in("staff")

    class Slow(io.BytesIO):
        written = 0

        def readinto(self, buffer: memoryview, /) -> int:  # type: ignore[override]
            with archive.tools.database.writing.begin() as session:
                session.connection()
                Slow.written += 1
            return super().readinto(buffer)

    answer = _pour(browser, Slow(picture("a")))

    assert answer.status_code == 200
    assert Slow.written > 0


def test_a_plain_form_hands_in_many_files(archive: Archive, signed_in: SignIn) -> None:
    """Without JavaScript one form brings all files; the next page lists the drafts."""
    browser, place = signed_in("staff"), str(uuid.uuid4())
    files = [FileStorage(io.BytesIO(picture(name)), name) for name in ("正面.jpg", "反面.jpg")]
    answer = browser.post(f"/desk/upload/{place}/files", data={"files": files}, follow_redirects=True)

    assert answer.request.path == f"/desk/upload/{place}"
    assert "正面.jpg" in answer.text and "反面.jpg" in answer.text
    assert kept(archive) == Kept(2, 2, 2)


def test_an_empty_plain_form_says_so(archive: Archive, signed_in: SignIn) -> None:
    """Pressing the button without a file leads back with a sentence."""
    answer = signed_in("staff").post(f"/desk/upload/{uuid.uuid4()}/files", data={}, follow_redirects=True)

    assert "没有选择文件" in answer.text
    assert kept(archive) == NOTHING


def test_visitors_and_administrators_hand_in_nothing(
    archive: Archive, client: FlaskClient, signed_in: SignIn
) -> None:
    """Who may not submit gets 401 or 403, and nothing is read."""
    assert send(client, "a.jpg", b"a").status_code == 401
    assert send(signed_in("admin"), "a.jpg", b"a").status_code == 403
    assert kept(archive) == NOTHING
