"""账号: who may sign in, with which posts; each act is written into the audit log.

A first password is shown once, to hand it to the person, and must be changed
at the first sign-in.
"""

import logging
from collections.abc import Mapping
from dataclasses import dataclass
from uuid import UUID

from flask import abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext
from werkzeug.datastructures import MultiDict

from repository.extensions import db
from repository.models.account import Account
from repository.permissions import Act, Role
from repository.web.admin.care import admin
from repository.web.guards import allows, begin_session, current_actor, current_tools
from repository.web.texts import sentence
from repository.workflow import accounts as verbs
from repository.workflow.accounts import NewAccount
from repository.workflow.errors import Incomplete, NotAllowed, Taken

audit = logging.getLogger("jingui.audit")
NAME_LIMIT, USERNAME_LIMIT, NUMBER_LIMIT = 80, 64, 40


@dataclass(frozen=True, slots=True)
class AccountForm:
    """What was typed; problems is empty where it can be taken."""

    full_name: str
    username: str
    staff_number: str
    roles: frozenset[Role]
    active: bool

    @property
    def problems(self) -> dict[str, str]:
        """Return a sentence for each field that will not do."""
        found = {}
        if not self.full_name:
            found["full_name"] = gettext("请填写姓名。")
        elif len(self.full_name) > NAME_LIMIT:
            found["full_name"] = gettext("姓名太长，最多 %(n)s 个字。", n=NAME_LIMIT)
        if not self.username:
            found["username"] = gettext("请填写用户名。")
        elif len(self.username) > USERNAME_LIMIT or not self.username.isprintable() or " " in self.username:
            found["username"] = gettext("用户名里不能有空格，最多 %(n)s 个字。", n=USERNAME_LIMIT)
        if len(self.staff_number) > NUMBER_LIMIT:
            found["staff_number"] = gettext("工号太长，最多 %(n)s 个字。", n=NUMBER_LIMIT)
        if not self.roles:
            found["roles"] = gettext("请至少选一个岗位。")
        return found


def read(form: MultiDict[str, str], username: str = "") -> AccountForm:
    """Return a posted form; the username of an account that exists stays."""
    known = {str(role) for role in Role}
    return AccountForm(
        full_name=form.get("full_name", "").strip(),
        username=username or form.get("username", "").strip().lower(),
        staff_number=form.get("staff_number", "").strip(),
        roles=frozenset(Role(role) for role in form.getlist("roles") if role in known),
        active=bool(form.get("active")),
    )


@admin.get("/system/accounts")
@allows(Act.MANAGE_ACCOUNTS)
def accounts() -> str:
    """Show all accounts."""
    return render_template("admin/accounts.html", accounts=verbs.listing(db.session))


@admin.get("/system/accounts/new")
@allows(Act.MANAGE_ACCOUNTS)
def new_account() -> str:
    """Show the form for an account."""
    form = AccountForm("", "", "", frozenset({Role.STAFF}), True)
    return render_template("admin/new_account.html", form=form, errors={}, roles=list(Role))


@admin.post("/system/accounts/new")
@allows(Act.MANAGE_ACCOUNTS)
def add_account() -> ResponseReturnValue:
    """Make an account and show its first password, once."""
    form = read(request.form)
    errors = form.problems
    if errors:
        return _again(form, errors, 422)
    password = verbs.first_password(form.username)
    new = NewAccount(form.username, form.full_name, password, form.roles, form.staff_number, must_change=True)
    try:
        account = verbs.create(db.session, new)
    except Taken as taken:
        return _again(form, {"username": sentence(taken)}, taken.status)
    _note("account.made", account, roles=",".join(account.roles))
    db.session.commit()
    return render_template("admin/first_password.html", account=account, password=password, is_new=True), 201


def _again(form: AccountForm, errors: Mapping[str, str], status: int) -> ResponseReturnValue:
    db.session.rollback()
    return render_template("admin/new_account.html", form=form, errors=errors, roles=list(Role)), status


@admin.get("/system/accounts/<uuid:account_id>")
@allows(Act.MANAGE_ACCOUNTS)
def account(account_id: UUID) -> str:
    """Show one account as a form."""
    row = _row(account_id)
    roles = frozenset(Role(role) for role in row.roles)
    return _page(row, AccountForm(row.full_name, row.username, row.staff_number, roles, row.active), {})


@admin.post("/system/accounts/<uuid:account_id>")
@allows(Act.MANAGE_ACCOUNTS)
def change_account(account_id: UUID) -> ResponseReturnValue:
    """Save name, posts and activity of an account."""
    row = _row(account_id)
    form = read(request.form, row.username)
    errors = form.problems
    try:
        if not errors:
            _save(row, form)
    except (Incomplete, NotAllowed) as refusal:
        db.session.rollback()
        return _page(_row(account_id), form, {"roles": sentence(refusal)}), refusal.status
    if errors:
        return _page(row, form, errors), 422
    flash(gettext("已保存。"), "success")
    return redirect(url_for("admin.accounts"))


def _save(row: Account, form: AccountForm) -> None:
    verbs.rename(db.session, row, full_name=form.full_name, staff_number=form.staff_number)
    changed = (sorted(form.roles), form.active) != (sorted(row.roles), row.active)
    if changed:
        verbs.change(db.session, current_actor(), row, roles=form.roles, active=form.active)
    told = {"roles": ",".join(row.roles), "active": row.active, "full_name": row.full_name}
    _note("account.changed", row, **told)
    db.session.commit()
    if changed and row.id == current_actor().id:
        begin_session(row)  # a change of posts ends all sessions; one's own goes on


@admin.post("/system/accounts/<uuid:account_id>/password")
@allows(Act.MANAGE_ACCOUNTS)
def reset_password(account_id: UUID) -> ResponseReturnValue:
    """Ask once more, then give an account a new first password and show it, once."""
    row = _row(account_id)
    if row.id == current_actor().id:
        return redirect(url_for("portal.password"))
    if not request.form.get("confirmed"):
        return render_template("admin/reset_password.html", account=row)
    password = verbs.first_password(row.username)
    verbs.set_password(db.session, row, password, must_change=True)
    _note("account.reset", row)
    db.session.commit()
    return render_template("admin/first_password.html", account=row, password=password, is_new=False)


def _row(account_id: UUID) -> Account:
    row = db.session.get(Account, str(account_id))
    if row is None:
        abort(404)
    return row


def _page(row: Account, form: AccountForm, errors: Mapping[str, str]) -> str:
    is_self = row.id == current_actor().id
    return render_template(
        "admin/account.html", account=row, form=form, errors=errors, roles=list(Role), is_self=is_self
    )


def _note(act: str, row: Account, **told: object) -> None:
    """Write into the audit log, and to the log of the program, who did what to which account."""
    verbs.note(db.session, current_tools(), act, current_actor(), row, **told)
    more = " ".join(f"{name}={value}" for name, value in told.items())
    audit.info("account %s (%s) %s by %s %s", row.username, row.id, act, current_actor().name, more)
