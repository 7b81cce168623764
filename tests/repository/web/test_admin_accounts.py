"""Accounts: made, changed, put out of use; nobody locks himself out; the log tells."""

import json
import re
from collections.abc import Callable

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select

from repository.models.account import Account
from repository.models.audit import AuditEntry
from repository.permissions import Role
from repository.workflow.accounts import first_password
from tests.repository.web.conftest import PASSWORD, Archive

SignIn = Callable[[str], FlaskClient]
NOBODY = "00000000-0000-4000-8000-000000000000"
NEW = {
    "full_name": "顾南枝",
    "username": "Gu.Nanzhi",
    "staff_number": "2024018",
    "roles": ["staff", "archivist"],
}


def account(archive: Archive, username: str) -> Account:
    """Return an account by its name."""
    with archive.tools.database.reading() as session:
        return session.query(Account).filter_by(username=username).one()


def password_of(page: str) -> str:
    """Return the first password that a page shows."""
    return re.findall(r'<p class="jg-secret"><code>([^<]+)</code>', page)[0]


def test_a_new_account_gets_a_password_that_must_be_changed(archive: Archive, signed_in: SignIn) -> None:
    """The password is shown once, opens the door once, and leads to the page that changes it."""
    admin = signed_in("admin")
    made = admin.post("/system/accounts/new", data=NEW)
    person = archive.app.test_client()
    inside = person.post("/login", data={"username": "gu.nanzhi", "password": password_of(made.text)})
    then = person.get("/desk")
    row = account(archive, "gu.nanzhi")

    assert (made.status_code, inside.status_code) == (201, 302)
    assert then.headers["Location"] == "/account/password"
    assert (row.full_name, row.staff_number, row.roles) == ("顾南枝", "2024018", ["archivist", "staff"])
    assert password_of(made.text) not in admin.get("/system/accounts").text
    assert made.headers["Cache-Control"] == "private, no-store"


@pytest.mark.parametrize(
    ("change", "status", "sentence"),
    [
        ({"full_name": "  "}, 422, "请填写姓名。"),
        ({"full_name": "顾" * 81}, 422, "姓名太长"),
        ({"username": ""}, 422, "请填写用户名。"),
        ({"username": "gu nanzhi"}, 422, "用户名里不能有空格"),
        ({"username": "g" * 65}, 422, "用户名里不能有空格，最多 64 个字"),
        ({"username": "Staff"}, 409, "“staff”已经有人使用"),
        ({"staff_number": "1" * 41}, 422, "工号太长"),
        ({"roles": []}, 422, "请至少选一个岗位。"),
        ({"roles": ["emperor"]}, 422, "请至少选一个岗位。"),
    ],
)
def test_a_wrong_form_comes_back_with_what_was_typed(
    archive: Archive, signed_in: SignIn, change: dict[str, object], status: int, sentence: str
) -> None:
    """The error stands at its field, nothing typed is lost, nothing is saved."""
    answer = signed_in("admin").post("/system/accounts/new", data={**NEW, **change})
    with archive.tools.database.reading() as session:
        count = session.query(Account).count()

    assert answer.status_code == status
    assert sentence in answer.text
    assert "2024018" in answer.text or "staff_number" in change
    assert count == 4


def test_posts_and_name_are_changed_and_old_sessions_end(archive: Archive, signed_in: SignIn) -> None:
    """A change of posts ends the person's sessions; the new ones hold at the next sign-in."""
    row = account(archive, "staff")
    person = signed_in("staff")
    data = {"full_name": "陆明川", "staff_number": "7", "roles": ["staff", "archivist"], "active": "1"}
    answer = signed_in("admin").post(f"/system/accounts/{row.id}", data=data)

    assert answer.status_code == 302
    assert person.get("/desk").status_code == 302
    assert account(archive, "staff").roles == ["archivist", "staff"]
    assert signed_in("staff").get("/desk/inbox").status_code == 200


def test_a_new_name_alone_ends_no_session(archive: Archive, signed_in: SignIn) -> None:
    """Mending a name does not throw the person out."""
    row = account(archive, "staff")
    person = signed_in("staff")
    signed_in("admin").post(
        f"/system/accounts/{row.id}", data={"full_name": "陆明传", "roles": ["staff"], "active": "1"}
    )

    assert person.get("/desk").status_code == 200
    assert account(archive, "staff").full_name == "陆明传"


def test_an_account_put_out_of_use_lets_nobody_in(archive: Archive, signed_in: SignIn) -> None:
    """The session ends at once and the password does not open any more."""
    row = account(archive, "colleague")
    person = signed_in("colleague")
    signed_in("admin").post(f"/system/accounts/{row.id}", data={"full_name": "韩一诺", "roles": ["staff"]})
    again = archive.app.test_client().post("/login", data={"username": "colleague", "password": PASSWORD})

    assert person.get("/desk").status_code == 302
    assert again.status_code == 401
    assert "已停用" in signed_in("admin").get("/system/accounts").text


@pytest.mark.parametrize("data", [{"roles": ["admin"]}, {"roles": ["archivist"], "active": "1"}])
def test_nobody_locks_himself_out(archive: Archive, signed_in: SignIn, data: dict[str, object]) -> None:
    """Neither one's own activity nor one's own post of administrator can be given up here."""
    row = account(archive, "admin")
    answer = signed_in("admin").post(f"/system/accounts/{row.id}", data={"full_name": "改名", **data})
    after = account(archive, "admin")

    assert answer.status_code == 409
    assert "不能停用自己" in answer.text
    assert (after.active, after.roles, after.full_name) == (True, ["admin"], "周正言")


def test_ones_own_session_goes_on_after_a_further_post(archive: Archive, signed_in: SignIn) -> None:
    """Who takes a second post himself stays signed in, with the new post in force."""
    row = account(archive, "admin")
    browser = signed_in("admin")
    data = {"full_name": "周正言", "roles": ["admin", "archivist"], "active": "1"}
    browser.post(f"/system/accounts/{row.id}", data=data)

    assert browser.get("/desk/inbox").status_code == 200


def test_a_wrong_change_comes_back(archive: Archive, signed_in: SignIn) -> None:
    """Without a post nothing is saved, and what was typed stays."""
    row = account(archive, "staff")
    answer = signed_in("admin").post(f"/system/accounts/{row.id}", data={"full_name": "新名字", "active": "1"})

    assert answer.status_code == 422
    assert "请至少选一个岗位。" in answer.text and "新名字" in answer.text
    assert account(archive, "staff").full_name == "陆明川"


def test_a_forgotten_password_is_reset_after_asking(archive: Archive, signed_in: SignIn) -> None:
    """Without "confirmed" a page asks; then the old password is void and the new one must be changed."""
    row = account(archive, "staff")
    person, admin = signed_in("staff"), signed_in("admin")
    asked = admin.post(f"/system/accounts/{row.id}/password")
    still = person.get("/desk").status_code
    done = admin.post(f"/system/accounts/{row.id}/password", data={"confirmed": "1"})
    new = archive.app.test_client()
    new.post("/login", data={"username": "staff", "password": password_of(done.text)})

    assert "陆明川 (staff)" in asked.text and still == 200
    assert person.get("/desk").status_code == 302
    assert new.get("/desk").headers["Location"] == "/account/password"


def test_ones_own_password_is_changed_with_the_old_one(archive: Archive, signed_in: SignIn) -> None:
    """The page that resets passwords does not reset one's own."""
    row = account(archive, "admin")
    answer = signed_in("admin").post(f"/system/accounts/{row.id}/password", data={"confirmed": "1"})

    assert answer.headers["Location"] == "/account/password"
    assert account(archive, "admin").epoch == row.epoch


def test_each_act_is_written_into_the_audit_log_without_passwords(
    archive: Archive, signed_in: SignIn
) -> None:
    """Made, changed, given a new password: who did it to whom stands in an entry; the password in none."""
    admin = signed_in("admin")
    made = admin.post("/system/accounts/new", data=NEW)
    row = account(archive, "gu.nanzhi")
    admin.post(f"/system/accounts/{row.id}", data={**NEW, "roles": "staff", "active": "1"})
    reset = admin.post(f"/system/accounts/{row.id}/password", data={"confirmed": "1"})
    with archive.tools.database.reading() as session:
        entries = session.scalars(select(AuditEntry).where(AuditEntry.object_id == row.id)).all()
        told = json.dumps([entry.facts for entry in entries])

        assert [entry.act for entry in entries] == ["account.made", "account.changed", "account.reset"]
        assert {entry.actor_name for entry in entries} == {"周正言"}
        assert entries[0].facts["roles"] == "archivist,staff"
        assert password_of(made.text) not in told and password_of(reset.text) not in told


def test_an_unknown_account_is_404(signed_in: SignIn) -> None:
    """An account that does not exist is not found, for reading and for changing."""
    admin = signed_in("admin")

    assert admin.get(f"/system/accounts/{NOBODY}").status_code == 404
    assert admin.post(f"/system/accounts/{NOBODY}/password", data={"confirmed": "1"}).status_code == 404


def test_first_passwords_differ_and_hold_no_username() -> None:
    """Each is new, long enough, and never contains the name, even of one letter."""
    made = {first_password("g") for _ in range(50)}

    assert len(made) == 50
    assert all(len(password) == 12 and "g" not in password for password in made)


def test_the_matrix_of_posts_is_drawn_from_the_rules(signed_in: SignIn) -> None:
    """What the page says each post may do is what permissions.may says (A005)."""
    page = signed_in("admin").get("/system/roles").text
    row = re.search(r"管理账号和岗位</th>(.*?)</tr>", page, re.DOTALL)

    assert row is not None
    assert [("可以" in cell) for cell in row[1].split("</td>")[:4]] == [False, False, False, True]
    assert "只限：" in page
    assert all(f"<th scope=\"col\">{word}</th>" in page for word in ("教职工", "档案管理人员", "系统管理员"))
    assert len(Role) == 3
