"""Looks at what lies outside the catalogue: disks, index, certificate.

May take seconds, or hang on a dead network disk: never called while a
session is open, and never by a page that must be quick (workflow/watching.py
looks every ten minutes and keeps what it saw).
"""

import os
import socket
import ssl
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import urlsplit

from repository.config import Settings
from repository.workflow import folders
from repository.workflow.folders import FolderState
from repository.workflow.tools import Tools
from search.engine import Health
from storage.keys import QUARANTINE
from storage.platform import free_room

TLS_SECONDS = 10.0


@dataclass(frozen=True, slots=True)
class Certificate:
    """Until when the S3 server's certificate holds, None where there is none; trouble "" if it is good."""

    until: datetime | None = None
    trouble: str = ""


@dataclass(frozen=True, slots=True)
class Part:
    """How much a part of the data takes up, and how many per cent of its disk."""

    name: str
    bytes: int
    files: int
    percent: int


@dataclass(frozen=True, slots=True)
class Looks:
    """What was seen. clutter tells scratch and quarantine of each disk together."""

    folders: tuple[FolderState, ...]
    index: Health
    certificate: Certificate
    clutter: tuple[Part, ...] = ()


def look(tools: Tools) -> Looks:
    """Return what the disks, the index and the S3 server answer now."""
    certified = certificate(tools.settings)
    return Looks(folders.look(tools, far=False), tools.index.health(), certified, tuple(clutter(tools)))


def certificate(settings: Settings) -> Certificate:
    """Return how long the certificate of the S3 endpoint holds (case C13)."""
    told = urlsplit(settings.s3_endpoint)
    if told.scheme != "https" or not told.hostname:
        return Certificate()
    try:
        with socket.create_connection((told.hostname, told.port or 443), TLS_SECONDS) as plain:
            with ssl.create_default_context().wrap_socket(plain, server_hostname=told.hostname) as sealed:
                ends = (sealed.getpeercert() or {}).get("notAfter")
    except ssl.SSLError as error:
        return Certificate(trouble=str(error)[:200])
    except OSError:
        return Certificate()  # not reachable: the store itself says so
    return Certificate(datetime.fromtimestamp(ssl.cert_time_to_seconds(str(ends)), UTC))


def clutter(tools: Tools) -> Iterator[Part]:
    """Yield scratch, and the quarantine of each folder store, as far as they can be read (case F05)."""
    yield measure("scratch", tools.scratch)
    for spec in tools.settings.store_specs:
        if spec.kind == "folder":
            yield measure(f"quarantine:{spec.id}", spec.root / QUARANTINE)


def parts(tools: Tools) -> Iterator[Part]:
    """Yield the parts of the data folder and the quarantines with their sizes; walks every file of them."""
    data = tools.settings.data
    for name in ("staging", "renditions", "index"):
        yield measure(name, data / name)
    yield from clutter(tools)


def measure(name: str, folder: Path) -> Part:
    """Return how much lies under a folder; nothing where there is none."""
    size = count = 0
    for root, _, names in os.walk(folder):
        for one in names:
            try:
                size += os.lstat(os.path.join(root, one)).st_size
            except OSError:
                continue  # gone meanwhile
            count += 1
    try:
        total = free_room(folder).total
    except OSError:
        total = 0
    return Part(name, size, count, 100 * size // total if total else 0)
