"""Unpacks a zip or tar from strangers, under limits and without trust.

Everything is looked at before the first byte is written: a path that leaves
its place, a link, a device, two names that some system takes for one, too
many files refuse the whole (cases D13, D14, D16). Sizes are counted while the
bytes come, not believed.
"""

import bz2
import gzip
import lzma
import stat
import struct
import tarfile
import zipfile
import zlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import IO, Any, BinaryIO

from preservation.entry_names import codec_of
from repository.workflow.exchange_errors import PackRefused
from storage.errors import StorageFull, UnsafeName
from storage.faults import translated
from storage.names import check_path, twin_key
from storage.platform import free_room

BLOCK = 1 << 20
UTF8_FLAG, ENCRYPTED_FLAG = 0x800, 0x1
_UNICODE_PATH = 0x7075  # Info-ZIP Unicode Path Extra Field
_BROKEN = (
    zipfile.BadZipFile,
    tarfile.TarError,
    gzip.BadGzipFile,
    lzma.LZMAError,
    zlib.error,
    struct.error,
    EOFError,
    NotImplementedError,
    ValueError,
)


@dataclass(frozen=True, slots=True)
class Limits:
    """How much one archive may be; sizes in bytes, ratio of what comes out to what went in."""

    files: int = 100_000
    bytes: int = 1 << 40
    ratio: int = 200
    ratio_from: int = 64 << 20
    depth: int = 32
    header: int = 4 << 20  # a longer tar header is an attack on memory
    reserve: int = 0


@dataclass(frozen=True, slots=True)
class Unpacked:
    """A folder and, for each path whose bytes were no UTF-8, the bytes of its name as it came."""

    folder: Path
    raw_names: dict[str, bytes] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class _Entry:
    """One entry: the bytes of its name, what it is, its announced size, how to open it."""

    raw: bytes
    kind: str  # "file", "folder", "link", "special" or "encrypted"
    size: int
    open: Callable[[], IO[bytes] | None]


def is_archive(path: Path) -> bool:
    """Return whether a file is a zip or a tar (also a compressed one)."""
    if not path.is_file():
        return False
    if zipfile.is_zipfile(path):
        return True
    try:
        with open(path, "rb") as stream, _open_tar(stream, Limits()):
            return True
    except (PackRefused, *_BROKEN):
        return False


def unpack(archive: Path, folder: Path, limits: Limits = Limits()) -> Unpacked:
    """Unpack an archive into an empty folder and return it. Raises PackRefused, StorageFull."""
    packed = archive.stat().st_size
    try:
        if zipfile.is_zipfile(archive):
            with zipfile.ZipFile(archive) as opened:
                return _unpack(list(_of_zip(opened, limits)), folder, limits, packed=packed)
        with open(archive, "rb") as stream, _open_tar(stream, limits) as opened_tar:
            return _unpack(list(_of_tar(opened_tar, limits, packed)), folder, limits, packed=packed)
    except _BROKEN as damage:
        raise PackRefused(why="unreadable", path=archive.name) from damage


def _open_tar(stream: BinaryIO, limits: Limits) -> tarfile.TarFile:
    head = stream.read(6)
    stream.seek(0)
    unpacked: Any = stream
    if head.startswith(b"\x1f\x8b"):
        unpacked = gzip.GzipFile(fileobj=stream)
    elif head.startswith(b"BZh"):
        unpacked = bz2.BZ2File(stream)
    elif head.startswith(b"\xfd7zXZ"):
        unpacked = lzma.LZMAFile(stream)
    bounded: Any = _Bounded(unpacked, limits.header)
    return tarfile.TarFile(fileobj=bounded, mode="r", encoding="utf-8", errors="surrogateescape")


class _Bounded:
    """A stream of which nobody may read more at once than a limit: tarfile reads a header whole."""

    def __init__(self, stream: IO[bytes], most: int) -> None:
        self._stream, self._most = stream, most

    def read(self, size: int = -1) -> bytes:
        """Return at most size bytes. Raises PackRefused where more is asked for than anyone needs."""
        if size < 0 or size > self._most:
            raise PackRefused(why="too_large")
        return self._stream.read(size)

    def seek(self, position: int) -> int:
        """Go to a position."""
        return self._stream.seek(position)

    def tell(self) -> int:
        """Return the position."""
        return self._stream.tell()

    def seekable(self) -> bool:
        """Return True."""
        return True

    def close(self) -> None:
        """Close the stream."""
        self._stream.close()


def _of_zip(opened: zipfile.ZipFile, limits: Limits) -> Iterator[_Entry]:
    members = opened.infolist()
    if len(members) > limits.files:
        raise PackRefused(why="too_many", most=limits.files)
    for member in members:
        mode = stat.S_IFMT(member.external_attr >> 16)
        kind = "folder" if member.is_dir() else "file"
        if mode == stat.S_IFLNK:
            kind = "link"
        elif mode not in (0, stat.S_IFREG, stat.S_IFDIR):
            kind = "special"
        elif member.flag_bits & ENCRYPTED_FLAG:
            kind = "encrypted"
        yield _Entry(_raw_of(member), kind, member.file_size, partial(opened.open, member))


def _raw_of(member: zipfile.ZipInfo) -> bytes:
    """Return the bytes of a name as they stand in the zip; its UTF-8 twin field goes before."""
    if member.flag_bits & UTF8_FLAG:
        return member.orig_filename.encode("utf-8", "surrogateescape")
    raw = member.orig_filename.encode("cp437")
    extra, place = member.extra, 0
    while place + 4 <= len(extra):
        name, size = struct.unpack_from("<HH", extra, place)
        said = extra[place + 4:place + 4 + size]
        if name == _UNICODE_PATH and len(said) > 5 and said[0] == 1 and said[1:5] == _crc(raw):
            return said[5:]
        place += 4 + size
    return raw


def _crc(raw: bytes) -> bytes:
    return struct.pack("<L", zlib.crc32(raw))


def _most(limits: Limits, packed: int) -> int:
    """Return how many bytes may come out of an archive of packed bytes."""
    return min(limits.bytes, max(limits.ratio_from, packed * limits.ratio))


def _of_tar(opened: tarfile.TarFile, limits: Limits, packed: int) -> Iterator[_Entry]:
    """Yield the entries; to come to the next one, the bytes of this one are unpacked: not too many."""
    left = _most(limits, packed)
    for number, member in enumerate(opened, start=1):
        if number > limits.files:
            raise PackRefused(why="too_many", most=limits.files)
        if member.size > limits.bytes:
            raise PackRefused(why="too_large")
        left -= member.size
        if left < 0:
            raise PackRefused(why="ratio", path=member.name.encode("utf-8", "backslashreplace").decode())
        kind = "file" if member.isreg() and not member.issparse() else "special"
        if member.isdir():
            kind = "folder"
        elif member.issym() or member.islnk():
            kind = "link"
        raw = member.name.encode("utf-8", "surrogateescape")
        yield _Entry(raw, kind, member.size, partial(opened.extractfile, member))


def _unpack(entries: Sequence[_Entry], folder: Path, limits: Limits, *, packed: int) -> Unpacked:
    codec = codec_of(entry.raw for entry in entries)
    paths = [_path(entry, codec, limits) for entry in entries]
    _refuse_twins(entries, paths)
    announced = sum(entry.size for entry in entries)
    if announced > limits.bytes:
        raise PackRefused(why="too_large")
    with translated(writing=True, path=folder.name):
        left = free_room(folder).bytes
    if left < announced + limits.reserve:
        raise StorageFull(wanted=announced + limits.reserve, left=left)
    most = _most(limits, packed)
    for entry, path in zip(entries, paths, strict=True):
        if path and entry.kind == "folder":
            (folder / path).mkdir(parents=True, exist_ok=True)
        elif path:
            most -= _write(entry, folder / path, most)
    raw = {path: entry.raw for entry, path in zip(entries, paths, strict=True) if codec != "utf-8" and path}
    return Unpacked(folder, {path: name for path, name in raw.items() if not name.isascii()})


def _path(entry: _Entry, codec: str, limits: Limits) -> str:
    """Return the path of an entry below the folder, "" for the folder itself. Raises PackRefused."""
    shown = entry.raw.decode(codec or "utf-8", "backslashreplace")
    if entry.kind in ("link", "special", "encrypted"):
        raise PackRefused(why=entry.kind, path=shown)
    path = shown.removesuffix("/") if entry.kind == "folder" else shown
    while path.startswith("./"):
        path = path[2:]
    if path in ("", ".") and entry.kind == "folder":
        return ""
    if not codec:
        raise PackRefused(why="path", path=shown)
    try:
        check_path(path)
    except UnsafeName as unsafe:
        raise PackRefused(why="path", path=shown) from unsafe
    if path.count("/") >= limits.depth:
        raise PackRefused(why="too_deep", path=shown)
    return path


def _refuse_twins(entries: Sequence[_Entry], paths: Sequence[str]) -> None:
    """Raise PackRefused where two entries, or their folders, would be one somewhere (case D16)."""
    seen: dict[str, str] = {}
    files: set[str] = set()
    folders: set[str] = set()
    for entry, path in zip(entries, paths, strict=True):
        parts = path.split("/") if path else []
        for length in range(1, len(parts) + 1):
            part = "/".join(parts[:length])
            first = seen.setdefault(twin_key(part), part)
            is_file = entry.kind == "file" and length == len(parts)
            if first != part or part in files or (is_file and part in folders):
                raise PackRefused(why="twins", path=first, twin=path)
            (files if is_file else folders).add(part)


def _write(entry: _Entry, target: Path, most: int) -> int:
    """Write one file and return its bytes. Raises PackRefused where it is more than it may be."""
    size = 0
    with translated(writing=True, path=target.name):
        target.parent.mkdir(parents=True, exist_ok=True)
        stream = entry.open()
        if stream is None:
            raise PackRefused(why="special", path=target.name)
        with stream, open(target, "xb") as out:
            while block := stream.read(BLOCK):
                size += len(block)
                if size > most:
                    raise PackRefused(why="ratio", path=target.name)
                out.write(block)
    if size != entry.size:
        raise PackRefused(why="unreadable", path=target.name)
    return size
