"""Steps that tests of the desk take again and again."""

import io
import uuid
from dataclasses import dataclass
from urllib.parse import quote

from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from repository.models.item import Item
from repository.models.submission import StagedFile
from tests.repository.web.conftest import Archive


def send(
    browser: FlaskClient, name: str, content: bytes, *, submission: str = "", announced: int | None = None
) -> TestResponse:
    """Send one file as upload.js does and return the answer; announced is what Content-Length says."""
    size = len(content) if announced is None else announced
    return browser.post(
        f"/desk/upload/{submission or uuid.uuid4()}/file",
        input_stream=io.BytesIO(content),
        headers={
            "X-File-Name": quote(name, safe=""),
            "Accept": "application/json",
            "Content-Type": "application/octet-stream",
        },
        environ_overrides={"CONTENT_LENGTH": str(size)},
    )


def item_of(archive: Archive, item_id: str) -> Item:
    """Return an item as it is now; its files may be looked at."""
    with archive.tools.database.reading() as session:
        item = session.get_one(Item, item_id)
        assert isinstance(item.staged_files, list)
        session.expunge_all()
        return item


@dataclass(frozen=True, slots=True)
class Kept:
    """How much an archive holds of what was handed in."""

    items: int
    rows: int
    staged: int


def kept(archive: Archive) -> Kept:
    """Return how many items, rows of files and files in staging there are."""
    staging = archive.tools.staging.root
    folders = [place for place in staging.iterdir() if place.is_dir()] if staging.exists() else []
    with archive.tools.database.reading() as session:
        return Kept(session.query(Item).count(), session.query(StagedFile).count(), len(folders))


NOTHING = Kept(0, 0, 0)


def quick(**typed: str | int | list[str]) -> dict[str, str | int | list[str]]:
    """Return what the quick form of a photograph sends."""
    return {"form": "quick", "shown_kind": "photo", "kind": "photo", "category": "", "revision": 0, **typed}
