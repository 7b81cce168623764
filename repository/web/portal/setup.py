"""The first set-up behind the one-time token: school, administrator, folders.

Nothing is saved before everything is right; what was typed stays on the page,
but for the passwords.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext

from repository.extensions import db
from repository.models.account import Account
from repository.permissions import Act
from repository.web.guards import allows, begin_session, current_tools
from repository.web.portal.account import portal
from repository.web.texts import field_word, sentence
from repository.workflow import facts, founding, sampling
from repository.workflow.accounts import NewAccount
from repository.workflow.errors import AlreadySetUp, Incomplete, SignInRefused, Taken, WeakPassword
from repository.workflow.folders import FolderState, look
from repository.workflow.founding import Founding

_TYPED = ("token", "school_name", "fonds_code", "full_name", "username", "start")


@dataclass(frozen=True, slots=True)
class SetupForm:
    """What was typed, without the passwords."""

    values: Mapping[str, str]
    also_archivist: bool = True


@portal.get("/setup")
@allows(Act.SET_UP)
def setup() -> ResponseReturnValue:
    """Show the set-up page, once in the life of an archive."""
    if not founding.needs_setup(db.session):
        return redirect(url_for("public.home"))
    known = {  # after a rebuild from the stores the school is known already
        "school_name": facts.get(db.session, facts.SCHOOL_NAME),
        "fonds_code": facts.get(db.session, facts.FONDS_CODE),
    }
    return _page(SetupForm({**known, "token": request.args.get("token", ""), "start": "empty"}), {})


@portal.post("/setup")
@allows(Act.SET_UP)
def set_up_now() -> ResponseReturnValue:
    """Found the archive, or show the page again with what is to be mended."""
    typed = {name: request.form.get(name, "").strip() for name in _TYPED}
    form = SetupForm(typed, "also_archivist" in request.form)
    errors = _problems(form)
    if errors:
        return _page(form, errors), 422
    try:
        account = _found(form)
    except AlreadySetUp:
        return redirect(url_for("public.home"))
    except (SignInRefused, WeakPassword, Incomplete, Taken) as refusal:
        return _page(form, _error_of(refusal)), 422
    if form.values["start"] == "sample":
        sampling.ask(db.session)
    db.session.commit()
    return _welcome(account, form.values["start"])


def _problems(form: SetupForm) -> dict[str, str]:
    names = ("token", "school_name", "fonds_code", "full_name", "username")
    errors = {name: gettext("请填写这一项。") for name in names if not form.values[name]}
    if not request.form.get("password"):
        errors["password"] = gettext("请填写这一项。")
    elif request.form["password"] != request.form.get("password2", ""):
        errors["password2"] = gettext("两次输入的密码不一样。")
    return errors


def _found(form: SetupForm) -> Account:
    values = form.values
    administrator = NewAccount(
        username=values["username"],
        full_name=values["full_name"],
        password=request.form["password"],
        roles=founding.administrator_roles(form.also_archivist),
    )
    wanted = Founding(values["school_name"], values["fonds_code"], administrator)
    return founding.set_up(db.session, current_tools(), wanted, token=values["token"])


def _error_of(refusal: SignInRefused | WeakPassword | Incomplete | Taken) -> dict[str, str]:
    if isinstance(refusal, SignInRefused):
        return {"token": gettext("一次性口令不对。请看启动时显示的那一行，注意不要多复制空格。")}
    if isinstance(refusal, WeakPassword):
        return {"password": sentence(refusal)}
    if isinstance(refusal, Taken):
        return {"username": sentence(refusal)}
    missing = refusal.facts.get("missing")
    names = missing if isinstance(missing, tuple) else ("school_name",)
    return {str(name): gettext("请填写%(name)s。", name=field_word(str(name))) for name in names}


def _welcome(account: Account, start: str) -> ResponseReturnValue:
    begin_session(account)
    flash(gettext("档案系统已经设置好，您已登录。"), "success")
    if start == "sample":
        flash(gettext("正在后台画出并接收 60 件示例档案，一两分钟后就能在目录里看到。"), "message")
    return redirect(url_for("desk.home"))


def _page(form: SetupForm, errors: Mapping[str, str]) -> str:
    folders: tuple[FolderState, ...] = look(current_tools())
    return render_template(
        "portal/setup.html",
        form=form,
        errors=errors,
        folders=folders,
        all_writable=all(folder.writable for folder in folders),
        copies=current_tools().policy.copies_wanted,
    )
