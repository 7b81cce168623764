"""Exceptions become pages in plain words, with the right status, or JSON."""

import logging
from collections.abc import Callable

import pytest
from flask.testing import FlaskClient
from sqlalchemy.exc import OperationalError

from preservation.findings import FINDING_CODES
from preservation.intake import FINDING_CODES as INTAKE_CODES
from repository.description.errors import DateUnreadable
from repository.permissions import Act
from repository.queries import NotVisible
from repository.web import findings, texts
from repository.web.guards import allows
from repository.workflow import errors as workflow_errors
from repository.workflow.errors import (
    EditedMeanwhile,
    Incomplete,
    NotAllowed,
    TooManyTries,
    WeakPassword,
    WorkflowError,
)
from search.errors import IndexUnusable, QueryRefused
from storage import errors as storage_errors
from storage.errors import StorageError, StorageFull, StoreUnavailable, TooLarge, UnsafeName
from tests.repository.web.conftest import Archive

LOCKED = OperationalError("INSERT", {}, Exception("database is locked"))
FULL = OperationalError("INSERT", {}, Exception("database or disk is full"))
CASES = [
    (NotVisible("x"), 404, "没有找到"),
    (NotAllowed(state="archived", verb="submit"), 409, "已归档"),
    (EditedMeanwhile(seen=1, now=2), 409, "没有覆盖任何人的修改"),
    (TooManyTries(seconds=40), 429, "40 秒"),
    (Incomplete(missing=("title",)), 422, "请填写：题名"),
    (StorageFull(wanted=3 << 20, left=1 << 20), 507, "还需要 4 MB，可用 1 MB"),
    (StorageFull(inodes=0), 507, "磁盘空间不够"),
    (TooLarge(limit=4096 << 20), 413, "4096 MB"),
    (StoreUnavailable(store="main"), 503, "存储暂时联系不上"),
    (UnsafeName(path="x", reason="x"), 422, "文件名不能用"),
    (QueryRefused(limit="query", most=200, found=999), 422, "最多 200 个字"),
    (IndexUnusable(reason="missing"), 503, "正在重建"),
    (DateUnreadable(text="前天"), 422, "前天"),
    (LOCKED, 503, "什么都没有丢"),
    (FULL, 507, "磁盘已经满了"),
]


def _raises(archive: Archive, error: Exception) -> FlaskClient:
    @allows(Act.READ_PUBLIC)
    def view() -> str:
        raise error

    archive.app.add_url_rule("/raise", "raise", view)
    return archive.app.test_client()


@pytest.mark.parametrize(("error", "status", "said"), CASES, ids=lambda one: type(one).__name__)
def test_error_becomes_a_page_with_status_and_sentence(
    archive: Archive, error: Exception, status: int, said: str
) -> None:
    """Each refusal has its status, a Chinese sentence, and says what is not lost."""
    answer = _raises(archive, error).get("/raise")

    assert answer.status_code == status
    assert said in answer.text
    assert "可以怎么做" in answer.text
    assert ("Retry-After" in answer.headers) == (status in (429, 503))


def test_upload_by_script_is_answered_in_json(archive: Archive) -> None:
    """Who asks for JSON, or sends a file by script, gets {"error": sentence}."""
    browser = _raises(archive, StorageFull(wanted=1, left=0))
    asked = browser.get("/raise", headers={"Accept": "application/json"})
    script = browser.get("/raise", headers={"X-File-Name": "a.jpg"})

    assert (asked.status_code, script.status_code) == (507, 507)
    assert asked.json == script.json
    assert "磁盘空间不够" in asked.json["error"]


def test_surprise_has_a_number_that_stands_in_the_log(
    archive: Archive, caplog: pytest.LogCaptureFixture
) -> None:
    """The page of an unforeseen error shows no detail but a number; the log has number and traceback."""
    with caplog.at_level(logging.ERROR, "jingui.web"):
        browser = _raises(archive, RuntimeError("secret detail"))
        answer = browser.get("/raise", headers={"Accept": "application/json"})
        page = archive.app.test_client().get("/raise")
    number = answer.json["reference"]

    assert (answer.status_code, page.status_code) == (500, 500)
    assert "secret detail" not in answer.text + page.text
    assert any(number in record.getMessage() and record.exc_info for record in caplog.records)


def test_not_found_and_wrong_method_have_their_pages(client: FlaskClient) -> None:
    """404 and 405 are told in words; 405 keeps its Allow header."""
    missing, wrong = client.get("/no-such-page"), client.get("/logout")

    assert (missing.status_code, wrong.status_code) == (404, 405)
    assert "没有找到" in missing.text
    assert "POST" in wrong.headers["Allow"]


def test_error_page_stands_without_the_catalogue(archive: Archive, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the catalogue cannot be read at all the page of the error is still drawn."""
    archive.tools.database.engine.dispose()
    (archive.settings.data / "catalogue.sqlite").write_bytes(b"no database at all" * 500)
    answer = archive.app.test_client().get("/")

    assert answer.status_code == 500
    assert "系统出错" in answer.text


def _all(base: type[Exception], module: object) -> list[type[Exception]]:
    return [one for one in vars(module).values() if isinstance(one, type) and issubclass(one, base)]


@pytest.mark.parametrize(
    "kind",
    [*_all(WorkflowError, workflow_errors), *_all(StorageError, storage_errors)],
    ids=lambda one: one.__name__,
)
def test_every_error_has_a_sentence(archive: Archive, kind: type[Exception]) -> None:
    """No class of refusal is told by its bare code."""
    error = WeakPassword(why="known") if kind is WeakPassword else kind()
    with archive.app.test_request_context():
        told = texts.sentence(error)

    assert told.endswith(("。", "…", "："))
    assert "-0" not in told


def test_every_finding_code_has_a_sentence() -> None:
    """Each code that a judge may say (IN, FX, BG) has words, and no word stands for a code that is gone."""
    said_by_care = {"FX-900", "FX-901", "FX-902"}

    assert findings.known_codes() == set(FINDING_CODES) | set(INTAKE_CODES) | said_by_care


def test_finding_fills_in_what_is_known(archive: Archive) -> None:
    """A finding's sentence carries its facts, and an ellipsis where one is missing."""
    with archive.app.test_request_context():
        known = findings.finding("IN-142", {"reason": "timeout"})
        unknown = findings.finding("IN-151", {})

    assert "读取时间太长" in known
    assert "…" in unknown


def test_language_decides_the_words(archive: Archive, make_sentence: Callable[[str], str]) -> None:
    """The sentence of a date comes in English where English was chosen."""
    assert "看不懂" in make_sentence("zh_Hans_CN")
    assert "cannot be read" in make_sentence("en")


@pytest.fixture
def make_sentence(archive: Archive) -> Callable[[str], str]:
    """Return a function: language -> how a date that nobody understands is told."""

    def make(language: str) -> str:
        browser = archive.app.test_client()
        if "raise" not in archive.app.view_functions:
            _raises(archive, DateUnreadable(text="?"))
        with browser.session_transaction() as session:
            session["language"] = language
        return browser.get("/raise", headers={"Accept": "application/json"}).json["error"]

    return make
