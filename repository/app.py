"""create_app: the top floor, the only file that knows every room."""

from types import ModuleType

from flask import Flask, Response, request, session
from flask_babel import get_locale

from repository.config import Settings
from repository.extensions import babel, csrf, db, login
from repository.web import banner, errors, filters, menu
from repository.web.admin import (
    accounts,
    audit,
    backups,
    care,
    checkup,
    holdings,
    media,
    policy,
    records,
    repairs,
    roles,
    stock,
    system,
)
from repository.web.desk import bag_imports, exports, inbox, intake, items, receipts
from repository.web.guards import current_tools, guard
from repository.web.portal import account, setup
from repository.web.public import alive, browse, files, find, home, verifying
from repository.wiring import key
from repository.workflow.tools import Tools

LANGUAGES = {"zh_Hans_CN": "中文", "en": "English"}
#: Everything comes from ourselves; nothing runs inline (OWASP ASVS 5, V3.4).
POLICY = (
    "default-src 'self'; img-src 'self' data: blob:; object-src 'none'; base-uri 'none'; "
    "form-action 'self'; frame-ancestors 'none'"
)
HEADERS = {
    "Content-Security-Policy": POLICY,
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Permissions-Policy": "camera=(), microphone=(), geolocation=()",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}
ADMIN: tuple[ModuleType, ...] = (care, checkup, records, accounts, roles, system, audit)
ADMIN += (holdings, repairs, stock, policy, backups, media)
#: Pages that hang their views on the four audiences' blueprints when imported.
EXCHANGE = (exports, bag_imports, receipts, verifying)
ROOMS = (home, alive, browse, find, files, setup, account, inbox, intake, items, *EXCHANGE, *ADMIN)


def create_app(settings: Settings, tools: Tools) -> Flask:
    """Return the web app over these tools."""
    app = Flask("repository")
    app.config.update(
        SECRET_KEY=key(settings, "session.key"),
        SESSION_COOKIE_NAME="jingui",
        SESSION_COOKIE_HTTPONLY=True,
        SESSION_COOKIE_SAMESITE="Lax",
        SESSION_COOKIE_SECURE=settings.https,
        WTF_CSRF_TIME_LIMIT=None,
        MAX_CONTENT_LENGTH=settings.max_upload_mb << 20,
        MAX_FORM_MEMORY_SIZE=2 << 20,
        MAX_FORM_PARTS=2000,
        BABEL_DEFAULT_LOCALE="zh_Hans_CN",
        BABEL_TRANSLATION_DIRECTORIES="translations",
    )
    app.jinja_options = {**app.jinja_options, "trim_blocks": True, "lstrip_blocks": True}
    app.extensions["tools"] = tools
    db.init_app(app, tools.database)
    login.init_app(app)
    babel.init_app(app, locale_selector=lambda: language(settings))
    app.before_request(guard)
    csrf.init_app(app)
    app.after_request(add_headers)
    for blueprint in (home.public, account.portal, inbox.desk, care.admin):
        app.register_blueprint(blueprint)
    errors.init_app(app)
    filters.init_app(app)
    menu.init_app(app)
    banner.init_app(app)
    app.context_processor(
        lambda: {"languages": LANGUAGES, "locale": str(get_locale()), "tools": current_tools}
    )
    return app


def language(settings: Settings) -> str:
    """Return the language of this request: chosen, else the school's default."""
    chosen = session.get("language", settings.language)
    return chosen if chosen in LANGUAGES else settings.language


def add_headers(response: Response) -> Response:
    """Add the security headers; whatever is not static is not kept by any cache."""
    for name, value in HEADERS.items():
        response.headers.setdefault(name, value)
    if request.endpoint != "static":
        response.headers.setdefault("Cache-Control", "private, no-store")
    return response
