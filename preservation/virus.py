"""Ask a virus scanner about a file: clean, infected, not run.

Speaks clamd's INSTREAM protocol by itself, so that the scanner needs no right
to our folders. A file that was not scanned wholly is NOT_RUN, never clean
(case D23 of reliability). The file is only read, never moved.
"""

import socket
import struct
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from preservation.checks import Outcome

CHUNK = 256 << 10
#: clamd 1.x's own StreamMaxLength and MaxFileSize. Above MaxFileSize clamd
#: says OK without having looked, so we do not ask.
DEFAULT_LIMIT = 100 << 20
MAX_REPLY = 4096


@dataclass(frozen=True, slots=True)
class Scan:
    """PASSED clean, FAILED infected (signature says by what), NOT_RUN with a reason."""

    outcome: Outcome
    signature: str = ""
    reason: str = ""  # "no_scanner", "unreachable", "too_large", "no_answer", "scanner_error"
    detail: str = ""


class Scanner(Protocol):
    """Something that can look for viruses."""

    def scan(self, path: Path) -> Scan:
        """Return what was found in the file. Raises OSError if it cannot be read."""

    def version(self) -> str:
        """Return engine and signature date for the event, "" if unknown."""


class NoScanner:
    """No scanner is set up: nothing is ever called clean."""

    def scan(self, path: Path) -> Scan:
        """Return NOT_RUN."""
        return Scan(Outcome.NOT_RUN, reason="no_scanner")

    def version(self) -> str:
        """Return ""."""
        return ""


class ClamdScanner:
    """A clamd at "unix:/path/to/socket" or "host:port"."""

    def __init__(
        self, address: str, *, timeout_seconds: float = 120.0, limit_bytes: int = DEFAULT_LIMIT
    ) -> None:
        """Raises ValueError for an address that is neither form.

        limit_bytes: the smaller of clamd's StreamMaxLength and MaxFileSize;
        larger files are NOT_RUN.
        """
        host, colon, port = address.rpartition(":")
        if not colon or not host or not port:
            raise ValueError(address)
        if host == "unix" and not hasattr(socket, "AF_UNIX"):
            raise ValueError(address)
        self._path = port if host == "unix" else ""
        self._place = (host.strip("[]"), 0 if host == "unix" else int(port))
        self._timeout = timeout_seconds
        self._limit = limit_bytes

    def scan(self, path: Path) -> Scan:
        """Return what clamd says about the bytes at path."""
        with open(path, "rb") as source:
            if source.seek(0, 2) > self._limit:
                return Scan(Outcome.NOT_RUN, reason="too_large", detail=str(self._limit))
            source.seek(0)
            try:
                connection = self._connect()
            except OSError as failure:
                return Scan(Outcome.NOT_RUN, reason="unreachable", detail=str(failure))
            with connection:
                connection_lost = ""
                try:
                    connection.sendall(b"zINSTREAM\0")
                    while block := source.read(CHUNK):
                        connection.sendall(struct.pack(">I", len(block)) + block)
                    connection.sendall(struct.pack(">I", 0))
                except OSError as failure:  # clamd says why it closed: read that first
                    connection_lost = str(failure)
                return _judged(_reply(connection), connection_lost)

    def version(self) -> str:
        """Return clamd's own words about itself, "" if it does not answer."""
        try:
            with self._connect() as connection:
                connection.sendall(b"zVERSION\0")
                return _reply(connection)
        except OSError:
            return ""

    def _connect(self) -> socket.socket:
        if not self._path:
            return socket.create_connection(self._place, timeout=self._timeout)
        connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        connection.settimeout(self._timeout)
        try:
            connection.connect(self._path)
        except OSError:
            connection.close()
            raise
        return connection


def _reply(connection: socket.socket) -> str:
    """Return the reply up to its NUL, "" where none came."""
    reply = b""
    try:
        while len(reply) < MAX_REPLY and b"\0" not in reply:
            part = connection.recv(MAX_REPLY)
            if not part:
                break
            reply += part
    except OSError:
        return ""
    return reply.partition(b"\0")[0].decode("utf-8", "replace").strip()


def _judged(reply: str, connection_lost: str) -> Scan:
    """Return clamd's reply as an outcome; only a plain OK is clean."""
    said = reply.removeprefix("stream:").strip()
    if said == "OK" and not connection_lost:
        return Scan(Outcome.PASSED)
    if said.endswith(" FOUND"):
        signature = said.removesuffix(" FOUND")
        if signature.startswith("Heuristics.Limits.Exceeded"):
            return Scan(Outcome.NOT_RUN, reason="too_large", detail=signature)
        return Scan(Outcome.FAILED, signature=signature)
    if "size limit exceeded" in said:
        return Scan(Outcome.NOT_RUN, reason="too_large", detail=said)
    if said:
        return Scan(Outcome.NOT_RUN, reason="scanner_error", detail=said[:300])
    return Scan(Outcome.NOT_RUN, reason="no_answer", detail=connection_lost)
