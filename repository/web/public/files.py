"""Streams of originals and pictures, by right, never whole in memory.

Which bytes are good is asked of the register, and no transaction is open
while they are read.
"""

from pathlib import Path
from urllib.parse import quote
from uuid import UUID

from flask import Response, current_app, request, send_file
from werkzeug.wsgi import FileWrapper

from repository import queries
from repository.extensions import db
from repository.models.item import Item
from repository.models.package import PackagedFile, Rendition
from repository.permissions import AccessLevel, Act
from repository.web.guards import allows, current_actor, current_tools
from repository.web.pictures import state_of
from repository.web.public.home import public
from repository.workflow.reading import BLOCK, Original, blocks, open_original, original_of

PUBLIC_SECONDS = 300
#: What is downloaded never runs as a page of ours.
SANDBOX = "sandbox; default-src 'none'; frame-ancestors 'none'"
_SIGNS = {"preparing": "preparing.svg", "damaged": "damaged.svg", "sound": "sound.svg", "text": "text.svg"}


@public.get("/items/<uuid:item_id>/files/<int:position>")
@allows(Act.DOWNLOAD)
def file(item_id: UUID, position: int) -> Response:
    """Hand out one original, whole or a range of it."""
    actor = current_actor()
    row = queries.object_file(db.session, actor, str(item_id), position)
    original = original_of(queries.package(db.session, actor, str(item_id)), row)
    disposition, mime = attachment(row), row.mime or "application/octet-stream"
    db.release()
    response = _stream(original, mime)
    response.headers["Content-Disposition"] = disposition
    response.headers["Content-Security-Policy"] = SANDBOX
    return response


def _stream(original: Original, mime: str) -> Response:
    stream = open_original(current_tools(), original)
    response = Response(FileWrapper(stream, BLOCK), mimetype=mime, direct_passthrough=True)
    response.call_on_close(stream.close)
    response.set_etag(original.sha256)
    response.headers["Content-Length"] = str(original.size)
    response.make_conditional(request, accept_ranges=True, complete_length=original.size)
    if response.status_code == 200:
        response.response = blocks(stream, original)
    return response


def attachment(row: PackagedFile) -> str:
    """Return the Content-Disposition with the original name (RFC 6266, RFC 5987)."""
    name = "".join(one for one in Path(row.path).name if one not in '"\\')
    plain = "".join(one if " " < one < "\x7f" else "_" for one in name)
    original = row.original_name.replace("\\", "/").rpartition("/")[2] or name
    encoded = quote(original.encode("utf-8", "replace"), safe="")
    return f"attachment; filename=\"{plain}\"; filename*=UTF-8''{encoded}"


@public.get("/items/<uuid:item_id>/images/<int:position>/<any(thumbnail, access, page):kind>/<int:number>")
@allows(Act.READ_ITEM)
def image(item_id: UUID, position: int, kind: str, number: int) -> Response:
    """Show one picture made from an item, or an honest sign that there is none."""
    item = queries.item(db.session, current_actor(), str(item_id))
    rows = queries.renditions(db.session, current_actor(), item.id)
    found = [row for row in rows if (row.position, row.kind, row.number) == (position, kind, number)]
    return _picture(item, found[0] if found else None)


def _picture(item: Item, row: Rendition | None) -> Response:
    path = current_tools().renditions / row.path if row is not None and row.path else None
    is_public = item.access_level == AccessLevel.PUBLIC and item.version > 0
    if row is None or path is None or not path.is_file():
        state = state_of(None if row is not None and row.path else row, item.kind)
        return current_app.send_static_file(f"img/{_SIGNS.get(state, 'no-preview.svg')}")
    etag, mime = f"{row.sha256[:16]}-{row.kind}-{row.number}", row.mime
    db.release()
    response = send_file(path.absolute(), mimetype=mime, conditional=True, etag=etag, max_age=0)
    response.headers["Content-Security-Policy"] = SANDBOX
    keep = f"max-age={PUBLIC_SECONDS}" if is_public else "no-store"
    response.headers["Cache-Control"] = f"private, {keep}"
    return response
