"""Exceptions -> pages, or JSON {"error": sentence} for uploads and programs.

The page says what happened, what to do and what is not lost. What nobody
foresaw gets a number that stands in the log, too; this is one of the two
places that catch every exception (the job loop is the other).
"""

import logging
import secrets
from collections.abc import Mapping

from flask import Flask, Response, current_app, jsonify, request
from flask_babel import gettext
from flask_wtf.csrf import CSRFError
from sqlalchemy.exc import OperationalError
from werkzeug.exceptions import HTTPException

from repository.description.errors import DescriptionError
from repository.extensions import db
from repository.queries import NotVisible
from repository.web.texts import lang, sentence
from repository.workflow.errors import TooManyTries, WorkflowError
from search.errors import IndexUnusable, QueryRefused
from storage.errors import (
    AlreadyStored,
    NotFound,
    ReadOnly,
    StorageError,
    StorageFull,
    StoreUnavailable,
    TooLarge,
    Unreadable,
    UnsafeName,
    WrongStore,
)
from storage.faults import storage_error

log = logging.getLogger("jingui.web")

#: Pages that exist as errors/<number>.html; others are shown with the nearest of these.
PAGES = frozenset({400, 401, 403, 404, 405, 409, 413, 416, 422, 429, 500, 503, 507})
_STORAGE_STATUS: Mapping[type[StorageError], int] = {
    StorageFull: 507,
    TooLarge: 413,
    StoreUnavailable: 503,
    WrongStore: 503,
    ReadOnly: 503,
    Unreadable: 503,
    NotFound: 503,
    UnsafeName: 422,
    AlreadyStored: 409,
}
RETRY_SECONDS = 30
_BUSY = ("locked", "busy")
_READ_ONLY = ("readonly database", "disk i/o error")
_DISK_FULL = ("disk is full", "database or disk is full")


def init_app(app: Flask) -> None:
    """Register what becomes of each exception."""
    app.register_error_handler(HTTPException, of_http)
    app.register_error_handler(CSRFError, of_csrf)
    app.register_error_handler(NotVisible, of_not_visible)
    app.register_error_handler(WorkflowError, of_workflow)
    app.register_error_handler(StorageError, of_storage)
    app.register_error_handler(DescriptionError, of_description)
    app.register_error_handler(QueryRefused, of_description)
    app.register_error_handler(IndexUnusable, of_index)
    app.register_error_handler(OperationalError, of_database)
    app.register_error_handler(OSError, of_system)
    app.register_error_handler(Exception, of_surprise)


def wants_json() -> bool:
    """Return whether the one who asked reads JSON: an upload by script, or a program."""
    if request.headers.get("X-Requested-With") == "XMLHttpRequest" or "X-File-Name" in request.headers:
        return True
    accepted = request.accept_mimetypes
    return accepted["application/json"] > accepted["text/html"]


def answer(status: int, told: str = "", *, advice: str = "", reference: str = "") -> Response:
    """Return an error as page or JSON.

    The page is drawn without the context processors: it must stand even
    where the catalogue cannot be read.
    """
    db.release()
    if wants_json():
        said = {"error": told or _plain(status), "reference": reference}
        response = jsonify({name: text for name, text in said.items() if text})
    else:
        number = status if status in PAGES else 500 if status >= 500 else 400
        page = current_app.jinja_env.get_template(f"errors/{number}.html")
        shown_lang = "en" if lang() == "en" else "zh-CN"
        response = Response(page.render(sentence=told, advice=advice, reference=reference, lang=shown_lang))
    response.status_code = status
    if status in (429, 503):
        response.headers["Retry-After"] = str(RETRY_SECONDS)
    return response


def _plain(status: int) -> str:
    sentences: dict[int, str] = {
        401: gettext("登录已失效，请重新登录后再做一次。"),
        403: gettext("您的账号不能做这件事。"),
        404: gettext("没有找到，也可能未向您开放。"),
        413: gettext("上传的内容超过了允许的大小。"),
        422: gettext("有些内容没有填，或者写法不对。"),
        429: gettext("操作太频繁，请稍后再试。"),
        503: gettext("系统正忙，请过一分钟再试。"),
        507: gettext("磁盘空间不够，没有保存。"),
    }
    return sentences.get(status, str(gettext("这一步没有做成，没有任何内容被改动。")))


def of_http(error: HTTPException) -> Response:
    """Return the page of an HTTP error; headers such as Allow and Content-Range stay."""
    response = answer(error.code or 500)
    for name, value in error.get_headers(request.environ):
        if name.lower() not in ("content-type", "content-length"):
            response.headers[name] = value
    return response


def of_csrf(error: CSRFError) -> Response:
    """Return the page for a form without a valid token."""
    told = gettext("页面停留太久，或者在别处重新登录过，这次提交没有被接受。")
    return answer(400, told, advice=gettext("请返回上一页，刷新后再提交一次。"))


def of_not_visible(error: NotVisible) -> Response:
    """Return "not found": whether the thing exists is not told."""
    return answer(404)


def of_workflow(error: WorkflowError) -> Response:
    """Return the page of a refusal that a view did not show itself."""
    response = answer(error.status, sentence(error))
    if isinstance(error, TooManyTries):
        response.headers["Retry-After"] = str(error.facts["seconds"])
    return response


def of_storage(error: StorageError) -> Response:
    """Return the page of a storage failure."""
    status = next((number for kind, number in _STORAGE_STATUS.items() if isinstance(error, kind)), 500)
    log.warning("%s %s: %s", request.method, request.endpoint, error)
    return answer(status, sentence(error))


def of_description(error: Exception) -> Response:
    """Return the page of something that was written and cannot be understood."""
    return answer(422, sentence(error))


def of_index(error: IndexUnusable) -> Response:
    """Return the page for a search while the index is being made anew."""
    return answer(503, sentence(error), advice=gettext("馆藏没有丢失，可以先用“浏览”按类别查看。"))


def of_database(error: OperationalError) -> Response:
    """Return "busy" for a locked catalogue, "full" for a full disk; the rest is a surprise."""
    cause = str(error.orig).lower()
    if any(word in cause for word in _DISK_FULL):
        log.error("the catalogue's disk is full: %s", cause)
        return answer(507)
    if any(word in cause for word in _READ_ONLY):
        log.error("the catalogue's disk is read-only: %s", cause)
        return answer(503, sentence(ReadOnly()), advice=gettext("可以照常查阅，已有的内容没有改动。"))
    if any(word in cause for word in _BUSY):
        log.warning("the catalogue is locked: %s", cause)
        return answer(503, gettext("目录正在被别的操作占用，这一步没有做，什么都没有丢。请过一会儿再试。"))
    return of_surprise(error)


def of_system(error: OSError) -> Response:
    """Return "full" where a form's parts found no room on their way to us; the rest is a surprise."""
    told = storage_error(error, writing=True)
    return of_storage(told) if isinstance(told, StorageFull) else of_surprise(error)


def of_surprise(error: Exception) -> Response:
    """Return the page for what nobody foresaw; its number leads to the traceback in the log."""
    number = secrets.token_hex(4)
    log.error("surprise %s at %s %s", number, request.method, request.endpoint, exc_info=error)
    return answer(500, reference=number)
