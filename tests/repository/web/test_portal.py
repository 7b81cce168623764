"""Set-up, signing in and out, the password, the language."""

import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from flask.testing import FlaskClient

from repository.models.account import Account
from repository.workflow import facts, founding
from tests.repository.web.conftest import PASSWORD, Archive, close, open_archive

SignIn = Callable[[str], FlaskClient]


@pytest.fixture
def fresh(tmp_path: Path) -> Iterator[Archive]:
    """Yield an archive that nobody has set up yet."""
    opened = open_archive(tmp_path / "fresh", found=False)
    yield opened
    close(opened)


def _filled(archive: Archive, **changes: str) -> dict[str, str]:
    with archive.tools.database.writing.begin() as session:
        token = founding.new_token(session)
    typed = {
        "token": token,
        "school_name": "云溪中学",
        "fonds_code": "J019",
        "full_name": "周正言",
        "username": "Zhou",
        "password": PASSWORD,
        "password2": PASSWORD,
        "also_archivist": "1",
        "start": "empty",
    }
    return {**typed, **changes}


def test_fresh_archive_leads_to_the_set_up(fresh: Archive) -> None:
    """Before the set-up every page leads to it; it shows each folder with a live write test."""
    browser = fresh.app.test_client()
    page = browser.get("/setup").text

    assert browser.get("/browse").headers["Location"] == "/setup"
    assert page.count("可以写入") == 3
    assert all(str(spec.root) in page for spec in fresh.settings.store_specs)
    assert list(fresh.settings.data.rglob(".write-test*")) == []


def test_set_up_founds_the_archive_and_signs_in(fresh: Archive) -> None:
    """With the right token the school and its administrator exist, and one is on the desk."""
    browser = fresh.app.test_client()
    answer = browser.post("/setup", data=_filled(fresh))
    with fresh.tools.database.reading() as session:
        school, account = facts.get(session, facts.SCHOOL_NAME), session.query(Account).one()

    assert answer.status_code == 302 and answer.headers["Location"].startswith("/desk")
    assert (school, account.username, account.roles) == ("云溪中学", "zhou", ["admin", "archivist"])
    assert "周正言" in browser.get("/account").text


def test_set_up_happens_once(fresh: Archive) -> None:
    """After the set-up its page leads home, and its token is void."""
    browser = fresh.app.test_client()
    typed = _filled(fresh)
    browser.post("/setup", data=typed)
    again = fresh.app.test_client().post("/setup", data={**typed, "username": "other"})
    with fresh.tools.database.reading() as session:
        accounts = session.query(Account).count()

    assert again.headers["Location"] == "/"
    assert browser.get("/setup").headers["Location"] == "/"
    assert accounts == 1


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"token": "0000"}, "一次性口令不对"),
        ({"school_name": " "}, "请填写这一项"),
        ({"password2": "another one"}, "两次输入的密码不一样"),
        ({"password": "12345678", "password2": "12345678"}, "太常见"),
        ({"password": "short", "password2": "short"}, "至少 8 位"),
    ],
)
def test_set_up_with_a_fault_saves_nothing_and_keeps_what_was_typed(
    fresh: Archive, changes: dict[str, str], said: str
) -> None:
    """A fault is told beside its field with 422; the rest stays typed, passwords never."""
    answer = fresh.app.test_client().post("/setup", data=_filled(fresh, **changes))
    with fresh.tools.database.reading() as session:
        accounts = session.query(Account).count()

    assert answer.status_code == 422
    assert said in answer.text and 'value="J019"' in answer.text
    assert PASSWORD not in answer.text
    assert accounts == 0


def test_set_up_names_a_store_that_is_away(fresh: Archive) -> None:
    """A store whose disk is away is shown as not writable before anything is saved."""
    root = fresh.settings.store_specs[1].root
    root.rename(root.with_name("away"))
    page = fresh.app.test_client().get("/setup").text

    assert page.count("可以写入") == 2 and "不能写入" in page


def test_wrong_password_and_wrong_name_look_alike(client: FlaskClient) -> None:
    """Both are answered with 401 and the same words; the name stays typed."""
    wrong = client.post("/login", data={"username": "staff", "password": "wrong"})
    nobody = client.post("/login", data={"username": "nobody", "password": "wrong"})

    assert (wrong.status_code, nobody.status_code) == (401, 401)
    assert "用户名或密码不对" in wrong.text and 'value="staff"' in wrong.text
    assert _plain(wrong.text, "staff") == _plain(nobody.text, "nobody")


def _plain(page: str, name: str) -> str:
    """Return a page without the name and the signed tokens, which change by the second."""
    return re.sub(r'"[\w.-]{60,}"', "", page.replace(name, ""))


def test_p21_sign_in_is_slowed_down(archive: Archive, client: FlaskClient) -> None:
    """After five failures even the right password waits; the page says how long; later it is let in."""
    archive.clock.freeze()
    for _ in range(5):
        client.post("/login", data={"username": "staff", "password": "wrong"})
    right = {"username": "staff", "password": PASSWORD}
    refused = client.post("/login", data=right)
    archive.clock.forward(seconds=5)
    admitted = client.post("/login", data=right)

    assert refused.status_code == 429
    assert refused.headers["Retry-After"] == "5" and "5 秒" in refused.text
    assert admitted.status_code == 302


def test_sign_out_ends_the_session(signed_in: SignIn) -> None:
    """After signing out the account is closed to this browser."""
    browser = signed_in("staff")
    answer = browser.post("/logout")

    assert answer.headers["Location"] == "/"
    assert browser.get("/account").status_code == 302


def test_account_page_says_who_one_is_and_what_one_may(signed_in: SignIn) -> None:
    """Name, roles in words, and what each role allows."""
    page = signed_in("archivist").get("/account").text

    assert "苏晚晴" in page and "档案管理人员" in page and "审核、接收、退回档案" in page
    assert "管理系统设置和运行" not in page


def test_new_password_ends_other_sessions(signed_in: SignIn) -> None:
    """Who changes the password stays signed in here and is out everywhere else."""
    here, elsewhere = signed_in("staff"), signed_in("staff")
    typed = {"old": PASSWORD, "new": "xin-de-mi-ma-1", "again": "xin-de-mi-ma-1"}
    answer = here.post("/account/password", data=typed)

    assert answer.headers["Location"] == "/account"
    assert here.get("/account").status_code == 200
    assert elsewhere.get("/account").status_code == 302


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ({"old": "wrong", "new": "xin-de-mi-ma-1", "again": "xin-de-mi-ma-1"}, "原密码不对"),
        ({"old": PASSWORD, "new": "xin-de-mi-ma-1", "again": "other"}, "两次输入的新密码不一样"),
        ({"old": PASSWORD, "new": "staff123456", "again": "staff123456"}, "含有用户名"),
    ],
)
def test_refused_password_changes_nothing(signed_in: SignIn, typed: dict[str, str], said: str) -> None:
    """A refused change is told with 422, and the old password still works."""
    answer = signed_in("staff").post("/account/password", data=typed)

    assert answer.status_code == 422
    assert said in answer.text
    assert signed_in("staff").get("/account").status_code == 200


def test_language_is_switched_and_kept(archive: Archive, signed_in: SignIn) -> None:
    """The switch leads back to where one was, and the account remembers it."""
    browser = signed_in("staff")
    answer = browser.post("/language", data={"lang": "en", "next": "/browse?kind=photo"})
    page = browser.get("/browse").text
    later = signed_in("staff").get("/browse").text

    assert answer.headers["Location"] == "/browse?kind=photo"
    assert '<html lang="en">' in page and '<html lang="en">' in later


@pytest.mark.parametrize(("lang", "target"), [("xx", "/browse"), ("en", "//evil.example")])
def test_language_switch_distrusts_its_form(client: FlaskClient, lang: str, target: str) -> None:
    """An unknown language changes nothing; a foreign address leads home."""
    answer = client.post("/language", data={"lang": lang, "next": target})
    page = client.get("/").text

    assert answer.headers["Location"] == ("/browse" if lang == "xx" else "/")
    assert ('<html lang="zh-CN">' in page) == (lang == "xx")


def test_guessing_the_old_password_is_slowed_down(signed_in: SignIn) -> None:
    """After five wrong old passwords a sixth try must wait, even with the right one (P21)."""
    browser = signed_in("staff")
    wrong = {"old": "not this one", "new": "a new pass phrase", "again": "a new pass phrase"}
    for _ in range(5):
        assert browser.post("/account/password", data=wrong).status_code == 422

    refused = browser.post("/account/password", data={**wrong, "old": PASSWORD})
    assert refused.status_code == 429
