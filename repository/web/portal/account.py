"""Signing in and out, the password, the language, one's own account.

Holds the blueprint of the audience. The answer to a wrong name and to a wrong
password is the same, and a refused try is counted in any case (P21).
"""

from dataclasses import dataclass

from flask import Blueprint, flash, redirect, render_template, request, session, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext
from flask_babel import refresh as use_new_language
from sqlalchemy.exc import OperationalError

from repository.extensions import db
from repository.models.account import Account
from repository.permissions import GRANTS, Act, Role
from repository.web.guards import allows, begin_session, current_actor, current_tools, end_session, safe_next
from repository.web.texts import sentence, wait_words
from repository.workflow import accounts
from repository.workflow.errors import SignInRefused, TooManyTries, WeakPassword

portal = Blueprint("portal", __name__)
LANGUAGES = ("zh_Hans_CN", "en")


@dataclass(frozen=True, slots=True)
class RoleRow:
    """One role of the person with what it allows."""

    role: str
    acts: tuple[str, ...]


def onward(target: str | None) -> str:
    """Return where to go after signing in: where one wanted to go, else the desk."""
    return safe_next(target) if target else url_for("desk.home")


@portal.get("/login")
@allows(Act.SIGN_IN)
def sign_in() -> ResponseReturnValue:
    """Show the sign-in form."""
    if current_actor().id:
        return redirect(onward(request.args.get("next")))
    return render_template("portal/sign_in.html", next=request.args.get("next", ""), username="", error="")


@portal.post("/login")
@allows(Act.SIGN_IN)
def sign_in_now() -> ResponseReturnValue:
    """Sign in, or show the form again with what was typed."""
    username, target = request.form.get("username", ""), request.form.get("next", "")
    try:
        account = accounts.sign_in(
            db.session,
            current_tools(),
            username=username,
            password=request.form.get("password", ""),
            address=request.remote_addr or "",
        )
    except (SignInRefused, TooManyTries) as refusal:
        db.session.commit()  # the failure is counted
        return _refused(refusal, username, target)
    begin_session(account)
    _take_language(account)
    db.session.commit()
    return redirect(onward(target))


def _refused(refusal: SignInRefused | TooManyTries, username: str, target: str) -> ResponseReturnValue:
    headers: dict[str, str] = {}
    error = sentence(refusal)
    if isinstance(refusal, TooManyTries):
        seconds = int(str(refusal.facts["seconds"]))
        headers["Retry-After"] = str(seconds)
        error = gettext("尝试次数太多，请等 %(wait)s 再试。", wait=wait_words(seconds))
    page = render_template("portal/sign_in.html", next=target, username=username, error=error)
    return page, refusal.status, headers


def _take_language(account: Account) -> None:
    """Keep the language that was chosen before signing in, else take the account's."""
    if session.get("language"):
        account.language = session["language"]
    elif account.language in LANGUAGES:
        session["language"] = account.language


@portal.post("/logout")
@allows(Act.SIGN_IN)
def sign_out() -> ResponseReturnValue:
    """Sign out; the chosen language stays."""
    language = session.get("language")
    _note_end()
    end_session()
    if language:
        session["language"] = language
    flash(gettext("已退出登录。"), "success")
    return redirect(url_for("public.home"))


def _note_end() -> None:
    """Write down that a person signs out; a catalogue that cannot be written keeps nobody signed in."""
    row = db.session.get(Account, current_actor().id) if current_actor().id else None
    if row is None:
        return
    try:
        accounts.note(db.session, current_tools(), "session.ended", current_actor(), row)
        db.session.commit()
    except OperationalError:
        db.session.rollback()


@portal.get("/account")
@allows(Act.OWN_ACCOUNT)
def account() -> str:
    """Show who one is here and what one may do."""
    row = db.session.get_one(Account, current_actor().id)
    roles = [RoleRow(role, tuple(sorted(GRANTS[Role(role)]))) for role in row.roles]
    return render_template("portal/account.html", account=row, roles=roles)


@portal.get("/account/password")
@allows(Act.OWN_ACCOUNT)
def password() -> str:
    """Show the form for a new password."""
    return _password_form({})


@portal.post("/account/password")
@allows(Act.OWN_ACCOUNT)
def change_password() -> ResponseReturnValue:
    """Set a new password; every other session of this account ends."""
    row = db.session.get_one(Account, current_actor().id)
    wanted = request.form.get("new", "")
    if wanted != request.form.get("again", ""):
        return _password_form({"again": gettext("两次输入的新密码不一样。")}), 422
    try:
        old = request.form.get("old", "")
        accounts.change_password(db.session, current_tools(), row, old=old, new=wanted)
    except SignInRefused:
        db.session.commit()  # the failure counts
        return _password_form({"old": gettext("原密码不对。")}), 422
    except WeakPassword as weak:
        return _password_form({"new": sentence(weak)}), 422
    db.session.commit()
    begin_session(row)
    flash(gettext("密码已更改。其他地方的登录都已失效。"), "success")
    return redirect(url_for("portal.account"))


def _password_form(errors: dict[str, str]) -> str:
    row = db.session.get_one(Account, current_actor().id)
    return render_template(
        "portal/password.html",
        errors=errors,
        username=row.username,
        must_change=row.must_change_password,
        least=accounts.PASSWORD_MIN,
    )


@portal.post("/language")
@allows(Act.READ_PUBLIC)
def language() -> ResponseReturnValue:
    """Switch the language and go back to where one was."""
    chosen = request.form.get("lang", "")
    if chosen in LANGUAGES:
        session["language"] = chosen
        _keep_language(chosen)
        use_new_language()
    return redirect(safe_next(request.form.get("next")))


def _keep_language(chosen: str) -> None:
    row = db.session.get(Account, current_actor().id) if current_actor().id else None
    if row is not None:
        row.language = chosen
        db.session.commit()
