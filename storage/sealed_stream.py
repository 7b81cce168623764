"""Sealed objects: AES-256-GCM in chunks, as streams.

A sealed object is a header and chunks. Every object has a key of its own
(HKDF-SHA256 over the store's key and 32 random bytes of the header), so that no
nonce comes twice; the nonce of a chunk is its number and whether it is the last:
a cut, a new order or a changed header is found while reading (STREAM, Hoang et al.).
"""

import hashlib
import io
import os
import struct
from dataclasses import dataclass
from typing import BinaryIO

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from storage.errors import DigestMismatch

KEY_BYTES = 32
CHUNK = 1 << 20  # plain bytes of a chunk
_MAGIC = b"JINGUI\x00S"
_VERSION = 1
_FORM = struct.Struct(">8sB7x16s32s")  # magic, version, key id, salt
_HEADER = _FORM.size
_TAG = 16
_INFO = b"jingui sealed object v1"


def key_id(key: bytes) -> str:
    """Return the name of a key, 32 hex digits that tell nothing of it."""
    return hashlib.sha256(b"jingui key id v1" + key).hexdigest()[:32]


def sealed_size(plain: int) -> int:
    """Return how many bytes an object of so many plain bytes takes."""
    return _HEADER + plain + _TAG * max(1, -(-plain // CHUNK))


def plain_size(sealed: int) -> int:
    """Return the plain size of a sealed object; some number for a size that none has (reading tells)."""
    body = max(0, sealed - _HEADER)
    return max(0, body - _TAG * -(-body // (CHUNK + _TAG)))


@dataclass(frozen=True, slots=True)
class _ObjectKey:
    """What seals one object: its header and the cipher under its own key."""

    header: bytes
    cipher: AESGCM

    def nonce(self, number: int, *, last: bool) -> bytes:
        """Return the nonce of a chunk: its number, and whether it is the last."""
        return number.to_bytes(11, "big") + bytes([last])


def _object_key(key: bytes, header: bytes) -> _ObjectKey:
    salt = _FORM.unpack(header)[3]
    own = HKDF(algorithm=SHA256(), length=KEY_BYTES, salt=salt, info=_INFO).derive(key)
    return _ObjectKey(header, AESGCM(own))


class SealingReader(io.RawIOBase, BinaryIO):
    """Reads a plain stream and gives the sealed one. It does not close its source.

    sha256, if given, is compared with the plain bytes before the last chunk is
    given away: DigestMismatch then breaks the write. size counts plain bytes.
    """

    def __init__(self, key: bytes, source: BinaryIO, sha256: str | None = None, *, name: str = "") -> None:
        header = _FORM.pack(_MAGIC, _VERSION, bytes.fromhex(key_id(key)), os.urandom(32))
        self._own = _object_key(key, header)
        self._source = source
        self._wanted, self._name = sha256, name
        self._digest = hashlib.sha256()
        self._ready = memoryview(header)
        self._ahead: bytes | None = None
        self._number = 0
        self._ended = False
        self.size = 0

    def readable(self) -> bool:
        """Return True."""
        return True

    def readinto(self, buffer: bytearray | memoryview) -> int:  # type: ignore[override]
        """Fill the buffer and return the bytes given, 0 at the end. Raises DigestMismatch."""
        if not self._ready and not self._ended:
            self._ready = memoryview(self._next_chunk())
        got = min(len(buffer), len(self._ready))
        buffer[:got] = self._ready[:got]
        self._ready = self._ready[got:]
        return got

    def _next_chunk(self) -> bytes:
        plain = self._plain() if self._ahead is None else self._ahead
        self._ahead = self._plain() if len(plain) == CHUNK else b""
        self._ended = not self._ahead
        if self._ended and self._wanted is not None and self._digest.hexdigest() != self._wanted:
            found = self._digest.hexdigest()
            raise DigestMismatch(key=self._name, expected=self._wanted, found=found)
        nonce = self._own.nonce(self._number, last=self._ended)
        self._number += 1
        return self._own.cipher.encrypt(nonce, plain, self._own.header)

    def _plain(self) -> bytes:
        """Return the next chunk of the source, shorter only at its end."""
        pieces, room = [], CHUNK
        while room and (piece := self._source.read(room)):
            pieces.append(piece)
            room -= len(piece)
        plain = b"".join(pieces)
        self._digest.update(plain)
        self.size += len(plain)
        return plain


class OpenedReader(io.RawIOBase, BinaryIO):
    """Reads a sealed stream and gives the plain one; every byte given was authenticated.

    Raises DigestMismatch where the object was changed, cut, or sealed with
    another key. It closes the sealed stream, and is seekable if that one is.
    """

    def __init__(self, key: bytes, sealed: BinaryIO, size: int, *, name: str = "") -> None:
        self._sealed, self._name = sealed, name
        header = _exactly(sealed, _HEADER)
        ours = (_MAGIC, _VERSION, bytes.fromhex(key_id(key)))
        if len(header) < _HEADER or _FORM.unpack(header)[:3] != ours:
            raise DigestMismatch(key=name, reason="sealed header")
        self._own = _object_key(key, header)
        self._size = plain_size(size)
        self._last = max(0, -(-self._size // CHUNK) - 1)
        self._chunk, self._held = b"", -1  # the chunk that is held, and its number
        self._next = 0  # the chunk that the sealed stream stands at
        self._at = 0

    def readable(self) -> bool:
        """Return True."""
        return True

    def seekable(self) -> bool:
        """Return whether the sealed stream is."""
        return self._sealed.seekable()

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        """Move to a plain position and return it."""
        base = {io.SEEK_SET: 0, io.SEEK_CUR: self._at, io.SEEK_END: self._size}[whence]
        self._at = max(0, base + offset)
        return self._at

    def tell(self) -> int:
        """Return the plain position."""
        return self._at

    def readinto(self, buffer: bytearray | memoryview) -> int:  # type: ignore[override]
        """Fill the buffer and return the bytes given, 0 at the end. Raises DigestMismatch."""
        if self._at >= self._size and self._held == self._last:
            return 0
        number = min(self._at // CHUNK, self._last)
        if number != self._held:
            self._hold(number)
        start = self._at - number * CHUNK
        block = memoryview(self._chunk)[start:][: len(buffer)]
        buffer[: len(block)] = block
        self._at += len(block)
        return len(block)

    def _hold(self, number: int) -> None:
        """Read and open one chunk; the end of the object is proved with the last one."""
        if number != self._next:
            self._sealed.seek(_HEADER + number * (CHUNK + _TAG))
        last = number == self._last
        sealed = _exactly(self._sealed, (self._size - number * CHUNK if last else CHUNK) + _TAG)
        try:
            if last and self._sealed.read(1):
                raise DigestMismatch(key=self._name, reason="longer than it was", chunk=number)
            nonce = self._own.nonce(number, last=last)
            self._chunk = self._own.cipher.decrypt(nonce, sealed, self._own.header)
        except InvalidTag as error:
            raise DigestMismatch(key=self._name, reason="seal", chunk=number) from error
        self._held, self._next = number, number + 1

    def close(self) -> None:
        """Close the sealed stream, too."""
        self._sealed.close()
        super().close()


def _exactly(stream: BinaryIO, wanted: int) -> bytes:
    """Return so many bytes, fewer only at the end."""
    pieces = []
    while wanted and (piece := stream.read(wanted)):
        pieces.append(piece)
        wanted -= len(piece)
    return b"".join(pieces)
