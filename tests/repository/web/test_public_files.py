"""Originals and pictures as streams: ranges, names, broken copies, caching."""

import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

import pytest
from flask.testing import FlaskClient

from preservation.sandbox import Sandbox
from repository.models.package import Copy, Rendition
from tests.repository.web.conftest import Archive, picture, put_into, reopen

PutIn = Callable[..., str]
CONTENT = picture("the original", size=(900, 700))
NAME = "一九七八届高三（2）班 毕业合影.jpg"


@dataclass(frozen=True, slots=True)
class Stocked:
    """The folder of an archive that holds one public item with one file of known bytes."""

    folder: Path
    item_id: str


@pytest.fixture(scope="module")
def stocked(tmp_path_factory: pytest.TempPathFactory, founded: Path, sandbox: Sandbox) -> Stocked:
    """Return an archive that tests copy."""
    folder = shutil.copytree(founded, tmp_path_factory.mktemp("stocked") / "data")
    opened = reopen(folder, sandbox=sandbox)
    item_id = put_into(opened, files=((NAME, CONTENT),))
    opened.tools.database.engine.dispose()
    return Stocked(folder, item_id)


@pytest.fixture
def archive(tmp_path: Path, stocked: Stocked, sandbox: Sandbox) -> Iterator[Archive]:
    """Yield a copy of the stocked archive."""
    opened = reopen(shutil.copytree(stocked.folder, tmp_path / "data"), sandbox=sandbox)
    yield opened
    opened.tools.database.engine.dispose()


@pytest.fixture
def item_id(stocked: Stocked) -> str:
    """Return the id of the one item."""
    return stocked.item_id


def _copies(archive: Archive, ending: str) -> list[Path]:
    roots = [spec.root for spec in archive.settings.store_specs]
    return [path for root in roots for path in root.rglob(ending) if "objects" in path.parts]


def test_original_comes_whole_with_its_chinese_name(client: FlaskClient, item_id: str) -> None:
    """The bytes are those handed in; the name is told by RFC 5987; it never runs as a page of ours."""
    answer = client.get(f"/items/{item_id}/files/1")

    assert answer.data == CONTENT
    assert answer.headers["Content-Type"] == "image/jpeg"
    assert f"filename*=UTF-8''{quote(NAME, safe='')}" in answer.headers["Content-Disposition"]
    assert answer.headers["Content-Disposition"].startswith("attachment; filename=\"")
    assert answer.headers["Content-Disposition"].isascii()
    assert answer.headers["Content-Security-Policy"].startswith("sandbox")
    assert answer.headers["X-Content-Type-Options"] == "nosniff"


@pytest.mark.parametrize(
    ("asked", "start", "end"),
    [("bytes=0-9", 0, 10), ("bytes=100-", 100, len(CONTENT)), ("bytes=-7", len(CONTENT) - 7, len(CONTENT))],
)
def test_range_is_answered_with_that_part(
    client: FlaskClient, item_id: str, asked: str, start: int, end: int
) -> None:
    """A range gives 206, its bytes and where they stand."""
    answer = client.get(f"/items/{item_id}/files/1", headers={"Range": asked})

    assert answer.status_code == 206
    assert answer.data == CONTENT[start:end]
    assert answer.headers["Content-Range"] == f"bytes {start}-{end - 1}/{len(CONTENT)}"


def test_range_beyond_the_end_is_refused(client: FlaskClient, item_id: str) -> None:
    """A range after the last byte gives 416 and the true length."""
    answer = client.get(f"/items/{item_id}/files/1", headers={"Range": f"bytes={len(CONTENT)}-"})

    assert answer.status_code == 416
    assert answer.headers["Content-Range"] == f"bytes */{len(CONTENT)}"


def test_resumed_download_of_another_version_starts_anew(client: FlaskClient, item_id: str) -> None:
    """If-Range with another digest gives the whole file: two versions are never mixed."""
    answer = client.get(f"/items/{item_id}/files/1", headers={"Range": "bytes=5-", "If-Range": '"other"'})

    assert answer.status_code == 200
    assert answer.data == CONTENT


def test_head_tells_the_length_and_sends_nothing(client: FlaskClient, item_id: str) -> None:
    """HEAD answers with headers only."""
    answer = client.head(f"/items/{item_id}/files/1")

    assert answer.headers["Content-Length"] == str(len(CONTENT))
    assert answer.headers["Accept-Ranges"] == "bytes"
    assert answer.data == b""


def test_missing_first_copy_is_read_from_the_second(
    archive: Archive, client: FlaskClient, item_id: str
) -> None:
    """A file that is gone from one store comes from the next one."""
    first = _copies(archive, "*.jpg")[0]
    first.chmod(0o600)
    first.unlink()
    answer = client.get(f"/items/{item_id}/files/1")

    assert answer.data == CONTENT


def test_copy_of_another_size_is_never_served(archive: Archive, client: FlaskClient, item_id: str) -> None:
    """A truncated file is passed over for the good copy."""
    first = _copies(archive, "*.jpg")[0]
    first.chmod(0o600)
    first.write_bytes(CONTENT[:1000])
    answer = client.get(f"/items/{item_id}/files/1")

    assert answer.data == CONTENT


def test_copy_known_to_be_damaged_is_passed_over(archive: Archive, client: FlaskClient, item_id: str) -> None:
    """Where the last check found this very file damaged, the other copy is read."""
    first = _copies(archive, "*.jpg")[0]
    first.chmod(0o600)
    first.write_bytes(CONTENT[:-1] + bytes([CONTENT[-1] ^ 1]))
    with archive.tools.database.writing.begin() as session:
        copy = session.query(Copy).filter_by(store_id="main").one()
        copy.state = "damaged"
        path = f"data/objects/{first.name}"
        copy.findings = [{"code": "FX-101", "outcome": "failed", "path": path, "facts": {}}]
    answer = client.get(f"/items/{item_id}/files/1")

    assert answer.data == CONTENT


def test_damage_nobody_knew_of_breaks_the_transfer(
    archive: Archive, client: FlaskClient, item_id: str
) -> None:
    """A flipped bit is found while streaming: the transfer breaks off before its end, never looking whole."""
    for path in _copies(archive, "*.jpg"):
        path.chmod(0o600)
        path.write_bytes(CONTENT[:50] + bytes([CONTENT[50] ^ 1]) + CONTENT[51:])
    received = b""
    with pytest.raises(Exception, match="ST-004"):
        for block in client.get(f"/items/{item_id}/files/1").iter_encoded():
            received += block

    assert len(received) < len(CONTENT)


def test_no_readable_copy_is_told_with_503(archive: Archive, client: FlaskClient, item_id: str) -> None:
    """Where no copy can be read the answer says so; nothing half is sent."""
    for path in _copies(archive, "*.jpg"):
        path.chmod(0o600)
        path.unlink()
    answer = client.get(f"/items/{item_id}/files/1")

    assert answer.status_code == 503
    assert "现在读不出来" in answer.text


def test_no_transaction_is_open_while_a_file_is_sent(
    archive: Archive, client: FlaskClient, item_id: str
) -> None:
    """While the bytes flow, no connection to the catalogue is in use."""
    answer = client.get(f"/items/{item_id}/files/1", buffered=False)
    busy = archive.tools.database.engine.pool.checkedout()  # type: ignore[attr-defined]
    answer.close()

    assert busy == 0


def test_pictures_come_where_the_data_folder_is_relative(
    tmp_path: Path, stocked: Stocked, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The default data folder is relative: pictures are then read below the working folder."""
    shutil.copytree(stocked.folder, tmp_path / "data")
    monkeypatch.chdir(tmp_path)
    opened = reopen(Path("data"), sandbox=sandbox)
    answer = opened.app.test_client().get(f"/items/{stocked.item_id}/images/1/thumbnail/1")
    opened.tools.database.engine.dispose()

    assert (answer.status_code, answer.mimetype) == (200, "image/jpeg")


@pytest.mark.parametrize("kind", ["thumbnail", "access"])
def test_picture_of_a_public_item_is_kept_for_a_short_while(
    client: FlaskClient, item_id: str, kind: str
) -> None:
    """Pictures of public items may be kept by the browser for minutes."""
    answer = client.get(f"/items/{item_id}/images/1/{kind}/1")

    assert answer.headers["Content-Type"] == "image/jpeg"
    assert answer.headers["Cache-Control"] == "private, max-age=300"


def test_picture_of_a_closed_item_is_kept_nowhere(
    client: FlaskClient, signed_in: Callable[[str], FlaskClient], put_in: PutIn
) -> None:
    """Pictures of what is not public are stored by no cache."""
    hidden = put_in("内部的", access_level="restricted")
    answer = signed_in("archivist").get(f"/items/{hidden}/images/1/thumbnail/1")

    assert answer.headers["Cache-Control"] == "private, no-store"


@pytest.mark.parametrize("trouble", ["", "unreadable"])
def test_picture_that_is_not_there_has_an_honest_sign(
    archive: Archive, client: FlaskClient, item_id: str, trouble: str
) -> None:
    """In the making, or impossible: a sign is shown, with success, never a broken picture."""
    with archive.tools.database.writing.begin() as session:
        row = session.query(Rendition).filter_by(item_id=item_id, kind="thumbnail").one()
        if trouble:
            row.path, row.trouble = "", trouble
        else:
            session.delete(row)
    answer = client.get(f"/items/{item_id}/images/1/thumbnail/1")

    assert answer.status_code == 200
    assert answer.headers["Content-Type"].startswith("image/svg+xml")


@pytest.mark.parametrize("rest", ["files/2", "files/0", "images/1/text/1", "images/1/other/1", "files/-1"])
def test_other_addresses_of_an_item_are_not_found(client: FlaskClient, item_id: str, rest: str) -> None:
    """A file or picture that an item has not is 404; the text layer is no picture."""
    assert client.get(f"/items/{item_id}/{rest}").status_code == 404
