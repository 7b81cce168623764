"""审计日志: the page, what stands in it, and that the web process never touches the key."""

import os
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select, text

from repository.models.audit import AuditEntry, Seal
from repository.web import audit_words
from repository.workflow import anchoring, auditing, verdicts, worker
from repository.workflow.tools import Work
from tests.archives import ROOT, child_environment, close, environment, new_archive
from tests.repository.web.conftest import Archive

SignIn = Callable[[str], FlaskClient]
NOBODY = 65534  # the user without rights on every Unix
OPENED: list[str] = []
LISTENING = [False]


def _note(event: str, arguments: tuple[object, ...]) -> None:
    if LISTENING[0] and event == "open":
        OPENED.append(str(arguments[0]))


def test_the_page_tells_who_did_what_newest_first(archive: Archive, signed_in: SignIn) -> None:
    """A refused and a good sign-in stand there in words, with the account and the outcome."""
    visitor = archive.app.test_client()
    visitor.post("/login", data={"username": "staff", "password": "not-this-one"})
    page = signed_in("admin").get("/system/audit").text
    table = page.partition("<h2>记录</h2>")[2]

    assert table.index("登录</td>") < table.index("登录被拒绝</td>")
    assert "账号 staff" in table and "访客" in table and "not-this-one" not in page
    assert "还没有核对过" in page and "还没有写过见证" in page


def test_the_list_is_narrowed_by_act_person_day_and_object(archive: Archive, signed_in: SignIn) -> None:
    """Each condition narrows; a wildcard in a name is a letter; nonsense days narrow nothing."""
    admin = signed_in("admin")
    admin.post("/login", data={"username": "nobody", "password": "not-this-one"})

    def shown(query: str) -> bool:
        return "没有符合条件的记录" not in admin.get(f"/system/audit?{query}").text

    assert shown("act=session.begun") and not shown("act=account.made")
    assert shown("person=周正言") and not shown("person=%25")
    assert shown("since=2000-01-01") and not shown("until=2000-01-01")
    assert shown("since=0001-01-01") and shown("until=9999-12-31") and shown("since=yesterday")
    assert not shown("about=no-such-object")


def test_verifying_and_anchoring_are_asked_for_and_told(archive: Archive, signed_in: SignIn) -> None:
    """Two buttons leave jobs; afterwards the page tells the verdict and lists the anchor to print."""
    admin = signed_in("admin")
    admin.post("/system/audit/anchors")
    archive.work()
    admin.post("/system/audit/verifications")
    archive.work()
    page = admin.get("/system/audit").text
    paper = admin.get("/system/audit/anchors/1/print").text
    with archive.tools.database.reading() as session:
        newest = anchoring.newest(session)

    assert "两份日志与封条、见证全部一致。" in page and "main、second" in page
    assert newest is not None and newest.short in page and newest.short in paper
    assert "签字" in paper and admin.get("/system/audit/anchors/99/print").status_code == 404


def test_an_entry_is_shown_whole_and_hides_nothing_behind_markup(archive: Archive, signed_in: SignIn) -> None:
    """Typed markup is shown as text; a number that no entry has is not found."""
    admin = signed_in("admin")
    made = {"full_name": "<b>顾</b>", "username": "gu", "staff_number": "", "roles": ["staff"]}
    admin.post("/system/accounts/new", data=made)
    with archive.tools.database.reading() as session:
        query = select(AuditEntry.sequence).where(AuditEntry.act == "account.made")
        number = session.scalars(query).one()
    page = admin.get(f"/system/audit/{number}").text

    assert "新建账号" in page and "教职工" in page and "周正言" in page
    assert admin.get("/system/audit/999999").status_code == 404


def test_signing_out_is_written_down_but_never_hangs_on_it(archive: Archive, signed_in: SignIn) -> None:
    """The entry is there; and where the catalogue cannot be written one is signed out all the same."""
    first, second = signed_in("staff"), signed_in("staff")
    first.post("/logout")
    with archive.tools.database.writing.begin() as session:
        session.execute(text("ALTER TABLE audit_entries RENAME TO elsewhere"))
    answer = second.post("/logout")
    with archive.tools.database.writing.begin() as session:
        session.execute(text("ALTER TABLE elsewhere RENAME TO audit_entries"))
        ended = session.scalars(select(AuditEntry).where(AuditEntry.act == "session.ended")).all()

    assert len(ended) == 1 and answer.status_code == 302
    assert second.get("/desk").headers["Location"].startswith("/login")


def test_every_finding_of_a_verification_has_a_sentence() -> None:
    """The codes in workflow/verdicts.py and the sentences are the same."""
    numbers = [f"AU-{number:03d}" for number in range(1, 19)]

    assert sorted(audit_words.FINDINGS) == numbers
    assert all(number.removeprefix("AU-") in (verdicts.__doc__ or "") for number in numbers)


def test_p10_no_request_ever_opens_the_sealing_key(archive: Archive, signed_in: SignIn) -> None:
    """Signing in, the log, its buttons, the system pages: the key's file is opened by none of them."""
    archive.work()
    key = str(archive.settings.audit_key_file)
    sys.addaudithook(_note)
    LISTENING[0] = True
    try:
        archive.app.test_client().post("/login", data={"username": "staff", "password": "not-this-one"})
        admin = signed_in("admin")
        for address in ("/system/audit", "/system/audit/1", "/system/status", "/system/settings", "/care"):
            assert admin.get(address).status_code == 200
        for address in ("/system/audit/verifications", "/system/audit/anchors", "/logout"):
            admin.post(address)
        by_requests = list(OPENED)
        archive.work()
    finally:
        LISTENING[0] = False

    assert key not in by_requests and len(by_requests) > 0
    assert key in OPENED  # the hook would have seen it: the worker opens it


@pytest.mark.skipif(os.name != "posix" or os.geteuid() != 0, reason="only root may become another user")
def test_p10_a_web_process_of_another_user_works_without_the_key() -> None:
    """The server runs as a user who cannot read the key; what it writes down, root's worker seals."""
    with tempfile.TemporaryDirectory() as folder:
        Path(folder).chmod(0o755)  # the other user must get to its own data
        data = Path(folder, "data")
        tools = new_archive(data)
        worker.drain(tools)
        tools.database.engine.dispose()
        for path in (data, *data.rglob("*")):
            owner = 0 if path == tools.settings.audit_key_file else NOBODY
            os.chown(path, owner, owner)
        done = subprocess.run(
            [sys.executable, "-m", "tests.repository.web.other_user", str(NOBODY)],
            cwd=ROOT,
            env=child_environment(environment(data)),
            capture_output=True,
            text=True,
            timeout=120,
        )
        worker.drain(tools)
        with tools.database.reading() as session:
            acts = session.scalars(select(AuditEntry.act).order_by(AuditEntry.sequence)).all()
            sealed = session.scalars(select(Seal.sequence).where(Seal.log == "audit")).all()
        anchoring.anchor(Work(tools, {}))
        found = auditing.verify(tools)
        close(tools)

    assert done.stdout.split() == ["key-refused", "401", "200"], done.stderr
    assert acts == ["session.refused", "session.refused"]  # once before it became that user
    assert (list(sealed), found.findings) == ([1, 2], ())
