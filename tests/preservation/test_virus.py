"""The scanner's words become outcomes; only OK is clean."""

import shutil
import socket
import socketserver
import struct
import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from preservation.checks import Outcome
from preservation.virus import CHUNK, ClamdScanner, NoScanner

WORD = b"jingui-test-signature-only"


class Speaker(socketserver.BaseRequestHandler):
    """A small real server that speaks clamd's protocol."""

    limit = 1 << 20
    answer = b""

    def handle(self) -> None:
        """Serve one command."""
        command = self._command()
        if command == b"zVERSION":
            self.request.sendall(b"Speaker 1.0/27000\0")
        elif command == b"zINSTREAM":
            self.request.sendall(self._judge() + b"\0")

    def _command(self) -> bytes:
        command = b""
        while not command.endswith(b"\0"):
            command += self.request.recv(1)
        return command[:-1]

    def _judge(self) -> bytes:
        content = bytearray()
        while size := struct.unpack(">I", self._exactly(4))[0]:
            content += self._exactly(size)
            if len(content) > self.limit:
                return b"INSTREAM size limit exceeded. ERROR"
        self.server.received = bytes(content)  # type: ignore[attr-defined]
        return self.answer or (b"stream: Jingui.Test FOUND" if WORD in content else b"stream: OK")

    def _exactly(self, size: int) -> bytes:
        content = b""
        while len(content) < size:
            part = self.request.recv(size - len(content))
            if not part:
                raise ConnectionError
            content += part
        return content


class Silent(socketserver.TCPServer):
    """A server that prints nothing when a client leaves early."""

    allow_reuse_address = True

    def handle_error(self, request: object, client_address: object) -> None:
        """Say nothing."""


@contextmanager
def serving(answer: bytes = b"", limit: int = 1 << 20) -> Iterator[tuple[str, Silent]]:
    """Serve on a free port; give the address and the server."""
    spoken = type("Spoken", (Speaker,), {"answer": answer, "limit": limit})
    with Silent(("127.0.0.1", 0), spoken) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
        thread.start()
        yield f"127.0.0.1:{server.server_address[1]}", server
        server.shutdown()
        thread.join()


@pytest.fixture
def clean(tmp_path: Path) -> Path:
    """A file of several chunks that is clean."""
    path = tmp_path / "clean"
    path.write_bytes(b"\0abc" * (CHUNK // 2))
    return path


@pytest.fixture
def infected(tmp_path: Path) -> Path:
    """A file with the signature of this test, across the edge of two chunks."""
    path = tmp_path / "infected"
    path.write_bytes(b"x" * (CHUNK - 5) + WORD + b"y" * 100)
    return path


def test_a_clean_file_passes_and_is_sent_whole(clean: Path) -> None:
    """Every byte reaches the scanner, in order."""
    with serving() as (address, server):
        found = ClamdScanner(address).scan(clean)

        assert found.outcome is Outcome.PASSED
        assert server.received == clean.read_bytes()  # type: ignore[attr-defined]


def test_d23_an_infected_file_fails_with_its_signature(infected: Path) -> None:
    """FOUND is a failure, and says what was found."""
    with serving() as (address, _):
        found = ClamdScanner(address).scan(infected)

    assert (found.outcome, found.signature) == (Outcome.FAILED, "Jingui.Test")


def test_a_stream_that_the_scanner_cuts_is_not_run(tmp_path: Path) -> None:
    """StreamMaxLength: a file that was refused midway is never clean."""
    path = tmp_path / "long"
    path.write_bytes(bytes(24 << 20))
    with serving(limit=1 << 20) as (address, _):
        found = ClamdScanner(address).scan(path)

    assert found.outcome is Outcome.NOT_RUN
    assert found.reason in ("too_large", "no_answer")  # a reset may eat clamd's last words


def test_a_file_over_the_known_limit_is_not_sent(clean: Path) -> None:
    """Above MaxFileSize clamd says OK without looking, so it is not asked."""
    with serving() as (address, server):
        server.received = b"nothing"  # type: ignore[attr-defined]
        found = ClamdScanner(address, limit_bytes=1_000).scan(clean)

        assert (found.outcome, found.reason) == (Outcome.NOT_RUN, "too_large")
        assert server.received == b"nothing"  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        (b"stream: Heuristics.Limits.Exceeded.MaxFileSize FOUND", "too_large"),
        (b"UNKNOWN COMMAND", "scanner_error"),
        (b"stream: Can't allocate memory ERROR", "scanner_error"),
        (b"stream: OKAY", "scanner_error"),
        (b"", "no_answer"),
    ],
)
def test_any_other_answer_is_not_run(clean: Path, answer: bytes, reason: str) -> None:
    """What is neither OK nor FOUND tells nothing about the file."""
    with serving(answer=answer or b"\0") as (address, _):
        found = ClamdScanner(address).scan(clean)

    assert (found.outcome, found.reason) == (Outcome.NOT_RUN, reason)


def test_a_scanner_that_is_away_is_not_run(clean: Path) -> None:
    """Nobody at the address: not run, with the reason."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    found = ClamdScanner(f"127.0.0.1:{port}").scan(clean)
    other = ClamdScanner("unix:/nowhere/clamd.sock").scan(clean)

    assert (found.outcome, found.reason) == (Outcome.NOT_RUN, "unreachable")
    assert (other.outcome, other.reason) == (Outcome.NOT_RUN, "unreachable")
    assert ClamdScanner(f"127.0.0.1:{port}").version() == ""


def test_a_scanner_that_never_answers_is_not_run(clean: Path) -> None:
    """A hanging scanner costs its time limit, no more."""
    with socket.create_server(("127.0.0.1", 0)) as mute:
        address = f"127.0.0.1:{mute.getsockname()[1]}"
        found = ClamdScanner(address, timeout_seconds=0.1).scan(clean)

    assert (found.outcome, found.reason) == (Outcome.NOT_RUN, "no_answer")


def test_without_a_scanner_nothing_is_clean(clean: Path) -> None:
    """NoScanner says not run for everything."""
    assert NoScanner().scan(clean).outcome is Outcome.NOT_RUN
    assert NoScanner().scan(clean).reason == "no_scanner"
    assert NoScanner().version() == ""


@pytest.mark.parametrize("address", ["", "localhost", "unix:", ":3310", "host:", "host:words"])
def test_a_wrong_address_is_refused_at_once(address: str) -> None:
    """A setting that cannot be an address is told when it is read."""
    with pytest.raises(ValueError):
        ClamdScanner(address)


def test_a_missing_file_is_the_callers_error(tmp_path: Path) -> None:
    """A file that cannot be read raises; it is not called unscanned."""
    with serving() as (address, _), pytest.raises(FileNotFoundError):
        ClamdScanner(address).scan(tmp_path / "absent")


@pytest.fixture(scope="module")
def clamd(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A real clamd with one signature of our own."""
    program = shutil.which("clamd")
    if program is None:
        pytest.skip("no clamd on this machine (apt: clamav-daemon)")
    folder = tmp_path_factory.mktemp("clamd")
    (folder / "db").mkdir()
    (folder / "db" / "own.ndb").write_text(f"Jingui.Test:0:*:{WORD.hex()}\n")
    settings = f"Foreground yes\nLocalSocket {folder}/s\nDatabaseDirectory {folder}/db\nStreamMaxLength 2M\n"
    (folder / "clamd.conf").write_text(settings)
    with open(folder / "log", "wb") as log:
        process = subprocess.Popen([program, "-c", str(folder / "clamd.conf")], stdout=log, stderr=log)
    address = f"unix:{folder}/s"
    for _ in range(100):
        if ClamdScanner(address).version() or process.poll() is not None:
            break
        time.sleep(0.1)
    yield address
    process.terminate()
    process.wait()


def test_d23_a_real_clamd_tells_clean_from_infected(
    clamd: str, clean: Path, infected: Path, tmp_path: Path
) -> None:
    """Our protocol is the one that clamd speaks, its limit included."""
    long = tmp_path / "long"
    long.write_bytes(bytes(12 << 20))
    scanner = ClamdScanner(clamd)

    assert scanner.version().startswith("ClamAV")
    assert scanner.scan(clean).outcome is Outcome.PASSED
    assert scanner.scan(infected).signature == "Jingui.Test.UNOFFICIAL"
    assert scanner.scan(long).outcome is Outcome.NOT_RUN
