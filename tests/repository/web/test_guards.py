"""Who may pass which door: deny by default, headers, CSRF, sessions, redirects."""

from collections.abc import Callable

import pytest
from flask.testing import FlaskClient

from repository.models.account import Account
from repository.web.guards import act_of
from tests.repository.web.conftest import PASSWORD, Archive

SignIn = Callable[[str], FlaskClient]


def test_route_without_an_act_lets_nobody_in(archive: Archive) -> None:
    """A view that declares no act answers even an administrator with 403."""
    archive.app.add_url_rule("/forgotten", "forgotten", lambda: "secret")
    browser = archive.app.test_client()
    visitor = browser.get("/forgotten")
    browser.post("/login", data={"username": "admin", "password": PASSWORD})
    administrator = browser.get("/forgotten")

    assert (visitor.status_code, administrator.status_code) == (302, 403)
    assert b"secret" not in visitor.data + administrator.data


def test_every_public_and_portal_route_declares_its_act(archive: Archive) -> None:
    """No view of these audiences was left without an act."""
    endpoints = [rule.endpoint for rule in archive.app.url_map.iter_rules()]
    ours = [endpoint for endpoint in endpoints if endpoint.startswith(("public.", "portal."))]

    assert [endpoint for endpoint in ours if act_of(archive.app, endpoint) is None] == []
    assert len(ours) > 10


@pytest.mark.parametrize(
    "address", ["/", "/browse", "/search", "/login", "/healthz", "/no-such-page", "/account"]
)
def test_each_answer_carries_the_security_headers(client: FlaskClient, address: str) -> None:
    """Pages, refusals and errors alike carry a strict CSP and are kept by no cache."""
    headers = client.get(address).headers

    assert headers["Content-Security-Policy"].startswith("default-src 'self'")
    assert "unsafe-inline" not in headers["Content-Security-Policy"]
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["X-Frame-Options"] == "DENY"
    assert headers["Cache-Control"] == "private, no-store"


def test_form_without_token_is_refused(archive: Archive, client: FlaskClient) -> None:
    """A POST without a CSRF token changes nothing and is answered with 400 in plain words."""
    archive.app.config["WTF_CSRF_ENABLED"] = True
    answer = client.post("/login", data={"username": "admin", "password": PASSWORD})
    after = client.get("/account")

    assert answer.status_code == 400
    assert "页面停留太久" in answer.text
    assert after.status_code == 302


@pytest.mark.parametrize(
    "target",
    ["https://evil.example/", "//evil.example", "/\\evil.example", "javascript:alert(1)", "\\\\evil", "evil"],
)
def test_e26_sign_in_never_leads_to_another_site(client: FlaskClient, target: str) -> None:
    """Where to go on to after signing in is a path of ours, or the front page."""
    answer = client.post("/login", data={"username": "staff", "password": PASSWORD, "next": target})

    assert answer.headers["Location"] == "/"


def test_sign_in_leads_on_to_where_one_wanted(client: FlaskClient) -> None:
    """A refused page leads to the sign-in form, and from there back to the page."""
    refused = client.get("/account?x=1")
    answer = client.post("/login", data={"username": "staff", "password": PASSWORD, "next": "/account?x=1"})

    assert refused.headers["Location"] == "/login?next=/account?x%3D1"
    assert answer.headers["Location"] == "/account?x=1"


def test_e20_session_is_new_after_signing_in(client: FlaskClient) -> None:
    """Nothing that stood in the session before signing in is carried into it."""
    with client.session_transaction() as before:
        before["planted"] = "by someone else"
        before["language"] = "en"
    client.post("/login", data={"username": "staff", "password": PASSWORD})
    with client.session_transaction() as after:
        kept = dict(after)

    assert "planted" not in kept
    assert kept["language"] == "en"


def test_session_ends_when_idle(archive: Archive, signed_in: SignIn) -> None:
    """After the minutes of the settings without a request one has to sign in again."""
    browser = signed_in("staff")
    with browser.session_transaction() as session:
        session["seen"] -= archive.settings.session_minutes * 60 + 1
    answer = browser.get("/account")

    assert answer.headers["Location"].startswith("/login")


def test_b23_a_clock_set_back_revives_no_session(archive: Archive, signed_in: SignIn) -> None:
    """P19: a session used last in what is now the future is over; a minute's setting right is none."""
    browser = signed_in("staff")
    with browser.session_transaction() as session:
        session["seen"] += 30
    assert browser.get("/account").status_code == 200
    with browser.session_transaction() as session:
        session["seen"] += 10 * 365 * 86400
    answer = browser.get("/account")

    assert answer.headers["Location"].startswith("/login")


def test_session_ends_when_the_account_is_closed(archive: Archive, signed_in: SignIn) -> None:
    """A deactivated account is out at its next request."""
    browser = signed_in("staff")
    with archive.tools.database.writing.begin() as session:
        session.query(Account).filter_by(username="staff").one().active = False
    answer = browser.get("/account")

    assert answer.headers["Location"].startswith("/login")


def test_first_password_must_be_changed_before_anything_else(archive: Archive, signed_in: SignIn) -> None:
    """An account with a password that somebody else set sees the password page only."""
    with archive.tools.database.writing.begin() as session:
        session.query(Account).filter_by(username="staff").one().must_change_password = True
    browser = signed_in("staff")
    answer = browser.get("/browse")

    assert answer.headers["Location"] == "/account/password"
    assert "请先换成只有自己知道的密码" in browser.get("/account/password").text


def test_first_password_can_be_changed(archive: Archive, signed_in: SignIn) -> None:
    """Who was given a first password changes it, and is then let in."""
    browser = signed_in("staff")
    with archive.tools.database.writing.begin() as session:
        session.query(Account).filter_by(username="staff").one().must_change_password = True
    wanted = "chun feng hua yu 88"
    page = browser.get("/account/password").text
    answer = browser.post("/account/password", data={"old": PASSWORD, "new": wanted, "again": wanted})

    assert 'value="staff" autocomplete="username"' in page
    assert answer.headers["Location"] == "/account"
    assert browser.get("/desk").status_code == 200


def test_post_of_a_signed_out_person_is_refused_not_redirected(client: FlaskClient) -> None:
    """A POST without a session is answered with 401: what was typed is not lost by a redirect."""
    answer = client.post("/account/password", data={"old": "x"})

    assert answer.status_code == 401
    assert "请先登录" in answer.text
