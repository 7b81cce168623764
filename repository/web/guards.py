"""Who may pass which door.

Every view names the act it stands for with @allows(Act...); a view without
one lets nobody in (and a test finds it). Whether a person may do it to this
very thing is asked of queries and permissions in the view.
"""

from collections.abc import Callable
from datetime import timedelta
from typing import Any, TypeVar
from urllib.parse import urlsplit

from flask import Flask, abort, current_app, redirect, request, session, url_for
from flask_login import UserMixin, current_user, login_user, logout_user
from werkzeug.wrappers import Response

from repository.extensions import db, login
from repository.models.account import Account
from repository.permissions import VISITOR, Act, Actor, may
from repository.workflow import accounts, founding
from repository.workflow.tools import Tools, now_utc

View = TypeVar("View", bound=Callable[..., Any])
_ACT = "jingui_act"
SKEW = 60.0  # seconds by which a clock may be set right without a new sign-in
_MUST_CHANGE_ALLOWED = frozenset(
    {"portal.password", "portal.change_password", "portal.sign_out", "portal.language", "static"}
)


def allows(act: Act) -> Callable[[View], View]:
    """Declare which act a view is."""

    def mark(view: View) -> View:
        setattr(view, _ACT, act)
        return view

    return mark


def act_of(app: Flask, endpoint: str) -> Act | None:
    """Return the declared act of an endpoint, None where nobody declared one."""
    if endpoint == "static":
        return Act.READ_PUBLIC
    return getattr(app.view_functions.get(endpoint), _ACT, None)


class SignedIn(UserMixin):
    """The signed-in person of this session, read from the catalogue on every request."""

    def __init__(self, account: Account) -> None:
        self.id = f"{account.id}:{account.epoch}"
        self.account_id = account.id
        self.actor = accounts.actor_of(account)
        self.must_change = account.must_change_password


def load(told: str) -> SignedIn | None:
    """Return who a session belongs to; None once the password or the roles changed (epoch)."""
    account_id, _, epoch = told.partition(":")
    account = db.session.get(Account, account_id)
    if account is None or not account.active or str(account.epoch) != epoch:
        return None
    return SignedIn(account)


login.user_loader(load)


def current_actor() -> Actor:
    """Return who acts in this request."""
    actor: Actor = current_user.actor if isinstance(current_user._get_current_object(), SignedIn) else VISITOR
    return actor


def current_tools() -> Tools:
    """Return the tools of this app."""
    tools: Tools = current_app.extensions["tools"]
    return tools


def begin_session(account: Account) -> None:
    """Sign in: a new session, nothing of the old one is kept (E20)."""
    language = session.get("language")
    session.clear()
    if language:
        session["language"] = language
    login_user(SignedIn(account))
    session["seen"] = now_utc().timestamp()


def end_session() -> None:
    """Sign out."""
    logout_user()
    session.clear()


def guard() -> Response | None:
    """Refuse whoever may not pass; called before every request."""
    if request.endpoint is None:
        return None  # 404 is answered as such
    act = act_of(current_app._get_current_object(), request.endpoint)  # type: ignore[attr-defined]
    if request.endpoint in ("static", "public.healthz"):  # a monitor gets its answer also without a catalogue
        return None
    _end_idle_session()
    if act is not Act.SET_UP and founding.needs_setup(db.session):
        return redirect(url_for("portal.setup"))
    if act is None or not may(current_actor(), act):
        return _turn_away()
    if getattr(current_user, "must_change", False) and request.endpoint not in _MUST_CHANGE_ALLOWED:
        return redirect(url_for("portal.password"))
    if request.method not in ("GET", "HEAD"):
        db.release()  # nobody waits for the write lock while a body is read and its token is checked
    return None


def _end_idle_session() -> None:
    limit = timedelta(minutes=current_tools().settings.session_minutes).total_seconds()
    now = now_utc().timestamp()
    if current_user.is_authenticated:
        idle = now - session.get("seen", 0)
        if not -SKEW <= idle <= limit:  # seen in the future: a clock set back revives no old session (B23)
            end_session()
        else:
            session["seen"] = now


def _turn_away() -> Response:
    if current_user.is_authenticated:
        abort(403)
    if request.method in ("GET", "HEAD"):
        return redirect(url_for("portal.sign_in", next=request.full_path.rstrip("?")))
    abort(401)


def safe_next(target: str | None) -> str:
    """Return a path of ours to go on to; anything else leads home (E26)."""
    if target and target.startswith("/") and not target.startswith(("//", "/\\")):
        parts = urlsplit(target)
        if not parts.scheme and not parts.netloc and "\\" not in target:
            return target
    return url_for("public.home")
