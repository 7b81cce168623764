"""Bodies on real sockets of the real server: kept whole, or refused in words."""

import json
import socket
import subprocess
import tempfile
import threading
from collections.abc import Callable, Iterator
from http.client import HTTPConnection
from pathlib import Path
from urllib.parse import urlencode

import pytest
from waitress.server import create_server

from repository.commands.listening import NO_LIMIT, receive_whole
from repository.models.item import Item
from tests.repository.web.conftest import PASSWORD, Archive, close, open_archive

MB = 1 << 20
FILE = "/desk/upload/0b51c1a0-7a53-4c6c-9d1d-0f4f5c1f6a11/file"
HEADERS = {"X-File-Name": "a.jpg", "Content-Type": "application/octet-stream", "Accept": "application/json"}


class Caller:
    """A signed-in browser on a real socket."""

    def __init__(self, opened: Archive, port: int) -> None:
        self.opened, self.port, self.cookie = opened, port, ""
        form = urlencode({"username": "staff", "password": PASSWORD})
        self.send("/login", form.encode(), {"Content-Type": "application/x-www-form-urlencoded"})

    def send(
        self, path: str, body: bytes, headers: dict[str, str], *, chunked: bool = False
    ) -> tuple[int, str]:
        """Return status and text of a POST; chunked sends no length."""
        connection = HTTPConnection("127.0.0.1", self.port, timeout=20)
        told = {**headers, "Cookie": self.cookie}
        pieces = [body[:65536], body[65536:]]
        if chunked:
            connection.request("POST", path, pieces, told, encode_chunked=True)
        else:
            connection.request("POST", path, body, told)
        answer = connection.getresponse()
        self.cookie = (answer.getheader("Set-Cookie") or self.cookie).partition(";")[0]
        text = answer.read().decode()
        connection.close()
        return answer.status, text

    def upload(self, body: bytes, *, chunked: bool = False) -> tuple[int, str]:
        """Return status and sentence of one upload."""
        status, text = self.send(FILE, body, HEADERS, chunked=chunked)
        return status, json.loads(text).get("error", "")

    def left(self) -> list[str]:
        """Return what stands in staging, and what lies about in scratch."""
        data = self.opened.settings.data
        return sorted(path.name for name in ("staging", "scratch") for path in (data / name).iterdir())


Start = Callable[..., Caller]


@pytest.fixture
def start(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Start]:
    """Return a function: settings -> a person at a running server that takes files up to 2 MB."""
    monkeypatch.setattr(tempfile, "tempdir", tempfile.gettempdir())
    running = []

    def begin(**settings: object) -> Caller:
        opened = open_archive(tmp_path / "data", **{"max_upload_mb": 2, "reserve_mb": 0, **settings})
        server = create_server(opened.app, host="127.0.0.1", port=0, max_request_body_size=NO_LIMIT)
        receive_whole(server, opened.settings)
        thread = threading.Thread(target=server.run, daemon=True)
        thread.start()
        running.append((opened, server, thread))
        return Caller(opened, server.effective_port)

    yield begin
    for opened, server, thread in running:
        server.maintenance_interval = 0
        server.task_dispatcher.shutdown(timeout=1)
        server.asyncore.close_all(server._map)
        thread.join(5)
        close(opened)


@pytest.mark.parametrize("chunked", [False, True], ids=["announced", "without a length"])
def test_d03_a_body_beyond_the_limit_is_refused_in_words(start: Start, chunked: bool) -> None:
    """413 with a sentence although all of it was sent, nothing stays, and the next upload is kept."""
    caller = start()

    status, told = caller.upload(b"x" * (4 * MB), chunked=chunked)

    assert (status, "超过了" in told) == (413, True)
    assert caller.left() == []
    assert caller.upload(b"x" * MB) == (200, "")


def test_d03_a_form_beyond_the_limit_gets_a_page(start: Start) -> None:
    """Without JavaScript the refusal is a Chinese page, no line of the server's own."""
    caller = start()
    part = b'--xx\r\nContent-Disposition: form-data; name="files"; filename="a.jpg"\r\n\r\n'

    status, page = caller.send(
        FILE + "s",
        part + b"y" * (4 * MB) + b"\r\n--xx--\r\n",
        {"Content-Type": "multipart/form-data; boundary=xx"},
    )

    assert (status, 'lang="zh-CN"' in page, "文件太大" in page) == (413, True, True)
    assert caller.left() == []


def test_p14_a_body_for_which_there_is_no_room_is_refused_before_it_fills_the_disk(start: Start) -> None:
    """Below the reserve the answer is 507 with what is wanted and what is left; a small form still passes."""
    caller = start(reserve_mb=1 << 30)

    status, told = caller.upload(b"x" * MB)

    assert (status, "还需要" in told) == (507, True)
    assert caller.left() == []
    assert caller.cookie != ""


@pytest.fixture
def small_scratch(tmp_path: Path) -> Iterator[Path]:
    """Mount a real disk of 1 MB where bodies wait; skip where that is not allowed."""
    place = tmp_path / "data" / "scratch"
    place.mkdir(parents=True)
    done = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", str(place)], capture_output=True)
    if done.returncode:
        pytest.skip("needs the right to mount a small disk")
    yield place
    subprocess.run(["umount", "-l", str(place)], check=True)


@pytest.mark.parametrize("chunked", [False, True], ids=["announced", "without a length"])
def test_b08_a_disk_that_fills_while_a_body_comes_is_told(
    small_scratch: Path, start: Start, chunked: bool
) -> None:
    """507 and a sentence instead of a cut connection; the server goes on."""
    caller = start()

    status, told = caller.upload(b"x" * (3 * MB // 2), chunked=chunked)

    assert (status, "磁盘空间不够" in told) == (507, True)
    assert list(small_scratch.iterdir()) == []
    assert caller.upload(b"x" * 1000) == (200, "")


def test_c01_a_connection_cut_in_the_middle_leaves_nothing(start: Start) -> None:
    """No file, no draft, and the server answers the next one."""
    caller = start()
    head = "".join(f"{name}: {value}\r\n" for name, value in {**HEADERS, "Cookie": caller.cookie}.items())
    with socket.create_connection(("127.0.0.1", caller.port)) as cut:
        cut.sendall(
            f"POST {FILE} HTTP/1.1\r\nHost: x\r\n{head}Content-Length: {MB}\r\n\r\n".encode() + b"z" * 700_000
        )

    assert caller.upload(b"x" * 1000) == (200, "")
    assert len(caller.left()) == 1
    with caller.opened.tools.database.reading() as session:
        assert session.query(Item).count() == 1
