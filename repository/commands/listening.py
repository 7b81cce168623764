"""The listening socket: waitress, told how a body is received.

Waitress keeps a whole body before it calls the app: here in the data folder,
not in a /tmp that may be memory. A body that cannot be kept is read to its end
and let go, so that its sender hears why in plain words (P14, D03), and is not
left with a cut connection.
"""

import tempfile
from contextlib import suppress
from typing import NoReturn

from waitress.buffers import OverflowableBuffer
from waitress.channel import HTTPChannel
from waitress.parser import HTTPRequestParser
from waitress.server import BaseWSGIServer, MultiSocketServer

from repository.config import Settings
from repository.workflow.room import refuse_full
from storage.errors import StorageError, StorageFull, TooLarge
from storage.faults import storage_error

NO_LIMIT = 1 << 62  # bytes for waitress; the real limit is told by the app, in words
_LOOK_AGAIN = 1 << 24  # bytes between two looks at the room, where no length was told
_IN_MEMORY = 1 << 19  # bytes; a smaller body, such as a form, is never kept on a disk


class Refused:
    """The body that was not kept: whoever reads it learns why."""

    def __init__(self, why: StorageError) -> None:
        self._why = why

    def read(self, size: int = -1) -> NoReturn:
        """Raise what kept the body from being kept."""
        raise self._why

    readline = readlines = __iter__ = __next__ = read


class Body(OverflowableBuffer):  # type: ignore[misc]
    """The bytes of one body as they come; once refused they are counted and let go."""

    def __init__(self) -> None:
        super().__init__(_IN_MEMORY)
        self.refused: StorageError | None = None
        self._passed = 0

    def refuse(self, why: StorageError) -> None:
        """Keep nothing of this body, also not what has come already."""
        self._passed, self.refused = len(self), why
        with suppress(OSError):  # a full disk fails at closing, too
            self.close()
        self.buf, self.strbuf = None, b""

    def append(self, s: bytes) -> None:
        """Take some bytes."""
        if self.refused is None:
            try:
                super().append(s)
                return
            except OSError as error:
                self.refuse(storage_error(error, writing=True))
        self._passed += len(s)

    def __len__(self) -> int:
        return int(super().__len__()) if self.refused is None else self._passed

    def getfile(self) -> object:
        """Return what the app reads the body from."""
        return super().getfile() if self.refused is None else Refused(self.refused)


def _channel(settings: Settings) -> type[HTTPChannel]:
    """Return the class of this server's connections."""
    most = settings.max_upload_mb << 20

    class Parser(HTTPRequestParser):  # type: ignore[misc]
        """One request; its body is refused at the header where it cannot fit."""

        looked_at = 0  # bytes that had come at the last look at the room

        def parse_header(self, header_plus: bytes) -> None:
            """Parse the header and make ready for the body."""
            super().parse_header(header_plus)
            if self.body_rcv is None:
                return
            body = self.body_rcv.buf = Body()
            if self.content_length > most:
                body.refuse(TooLarge(limit=most, announced=self.content_length))
            elif self.content_length > _IN_MEMORY:
                self.look_for_room(self.content_length)

        def received(self, data: bytes) -> int:
            """Take what came; a body without a length is refused once it passes the limit."""
            taken = int(super().received(data))
            if self.chunked and self.body_rcv is not None and self.body_rcv.buf.refused is None:
                if self.body_bytes_received > most:
                    self.body_rcv.buf.refuse(TooLarge(limit=most))
                elif self.body_bytes_received - self.looked_at >= _LOOK_AGAIN:
                    self.looked_at = self.body_bytes_received
                    self.look_for_room(0, so_far=self.body_bytes_received)
            return taken

        def look_for_room(self, coming: int, *, so_far: int = 0) -> None:
            """Refuse the body where the disks have no room for what comes beside what has come."""
            try:
                refuse_full(settings, coming or so_far, on_its_way=coming)
            except StorageFull as full:
                self.body_rcv.buf.refuse(full)

    class Channel(HTTPChannel):  # type: ignore[misc]
        """One connection."""

        parser_class = Parser

    return Channel


def receive_whole(server: BaseWSGIServer | MultiSocketServer, settings: Settings) -> None:
    """Have a server, made with max_request_body_size=NO_LIMIT, receive bodies as this page says."""
    tempfile.tempdir = str((settings.data / "scratch").absolute())
    channel = _channel(settings)
    for one in server.map.values() if isinstance(server, MultiSocketServer) else (server,):
        if isinstance(one, BaseWSGIServer):
            one.channel_class = channel
