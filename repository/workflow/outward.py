"""Carries packages out of the stores, each byte checked on its way.

Three forms: a folder, a zip or a tar of bags, never compressed. A bag is put
together aside first, file by file from the first copy that is right, and goes
in whole or not at all: what leaves the archive is what was registered.
"""

import hashlib
import os
import shutil
import tarfile
import uuid
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO, Protocol

from repository.workflow.reading import Original
from repository.workflow.tools import Tools
from storage.digests import blocks
from storage.errors import DigestMismatch, StorageError, Unreadable
from storage.faults import translated
from storage.platform import fsync_file, rename_new

FORMS = ("folder", "zip", "tar")


class Sink(Protocol):
    """Where an export goes."""

    @property
    def aside(self) -> Path:
        """Return a folder to put a bag together in, on the disk that takes it."""

    def take(self, name: str, source: Path) -> None:
        """Take a folder or file from aside in under a name; it is gone from there then."""

    def close(self) -> None:
        """Make the export whole and visible. Raises OSError."""

    def give_up(self) -> None:
        """Leave nothing half-made behind."""


@dataclass(slots=True)
class FolderSink:
    """An export as a folder that was empty or absent."""

    target: Path
    aside: Path = field(init=False)
    _taken: list[Path] = field(init=False, default_factory=list)

    def __post_init__(self) -> None:
        self.target.mkdir(parents=True, exist_ok=True)
        self.aside = self.target / f".part-{uuid.uuid4().hex}"
        self.aside.mkdir()

    def take(self, name: str, source: Path) -> None:
        """Move it in."""
        rename_new(source, self.target / name)
        self._taken.append(self.target / name)

    def close(self) -> None:
        """Remove what was aside."""
        shutil.rmtree(self.aside, ignore_errors=True)

    def give_up(self) -> None:
        """Remove what was taken in: an export without its list is none."""
        for path in self._taken:
            _remove(path)
        self.close()


@dataclass(slots=True)
class ArchiveSink:
    """An export as one zip or tar, with one folder at its top; written beside, then renamed."""

    target: Path
    form: str
    top: str
    aside: Path = field(init=False)
    _part: Path = field(init=False)
    _zip: zipfile.ZipFile | None = field(init=False, default=None)
    _tar: tarfile.TarFile | None = field(init=False, default=None)

    def __post_init__(self) -> None:
        mark = uuid.uuid4().hex
        self.aside = self.target.with_name(f".part-{mark}")
        self._part = self.target.with_name(f".part-{mark}.{self.form}")
        self.aside.mkdir(parents=True)
        if self.form == "zip":
            self._zip = zipfile.ZipFile(
                self._part, "x", zipfile.ZIP_STORED, allowZip64=True, strict_timestamps=False
            )
        else:
            self._tar = tarfile.open(self._part, "x", format=tarfile.PAX_FORMAT)

    def take(self, name: str, source: Path) -> None:
        """Write it in and remove it from aside."""
        for path in _files(source):
            below = path.relative_to(source).as_posix() if source.is_dir() else ""
            inside = "/".join(part for part in (self.top, name, below) if part)
            if self._zip is not None:
                self._zip.write(path, inside)
            elif self._tar is not None:
                self._tar.add(path, inside, recursive=False, filter=_nobodys)
        _remove(source)

    def close(self) -> None:
        """Finish the archive and give it its name."""
        self._end()
        fsync_file(self._part)
        rename_new(self._part, self.target)
        shutil.rmtree(self.aside, ignore_errors=True)

    def give_up(self) -> None:
        """Remove what was written."""
        self._end()
        self._part.unlink(missing_ok=True)
        shutil.rmtree(self.aside, ignore_errors=True)

    def _end(self) -> None:
        for archive in (self._zip, self._tar):
            if archive is not None:
                archive.close()


def sink(target: Path, form: str) -> Sink:
    """Return the sink of a form for a target that is free."""
    return FolderSink(target) if form == "folder" else ArchiveSink(target, form, target.stem)


def _files(source: Path) -> Iterator[Path]:
    if source.is_dir():
        yield from sorted(path for path in source.rglob("*") if path.is_file())
    else:
        yield source


def _nobodys(member: tarfile.TarInfo) -> tarfile.TarInfo:
    member.uid = member.gid = 0
    member.uname = member.gname = ""
    member.mode = 0o644
    return member


def _remove(source: Path) -> None:
    if source.is_dir():
        shutil.rmtree(source)
    else:
        source.unlink()


@dataclass(frozen=True, slots=True)
class Piece:
    """One file to fetch: from where, and to which path below the folder."""

    original: Original
    path: str


def fetch(tools: Tools, piece: Piece, folder: Path) -> None:
    """Write one file from the first copy whose bytes are the registered ones.

    Raises Unreadable where no copy is right, and StorageFull and the like for
    the place where it is written.
    """
    target = folder / piece.path
    with translated(writing=True, path=piece.path):
        target.parent.mkdir(parents=True, exist_ok=True)
    for store_id in piece.original.store_ids:
        store = tools.stores.get(store_id)
        if store is None:
            continue
        try:
            stream = store.open(piece.original.key)
        except StorageError:
            continue
        with stream:
            if _pour(stream, target) == piece.original.sha256:
                return
        target.unlink(missing_ok=True)
    raise Unreadable(key=piece.original.key, copies=len(piece.original.store_ids))


def _pour(source: BinaryIO, target: Path) -> str:
    """Write a stream and return its SHA-256, "" where it broke off. Raises StorageError for the target."""
    digest = hashlib.sha256()
    with translated(writing=True, path=target.name), open(target, "wb") as out:
        try:
            for block in _told_apart(source):
                digest.update(block)
                out.write(block)
        except DigestMismatch:
            return ""
    return digest.hexdigest()


def _told_apart(source: BinaryIO) -> Iterator[memoryview]:
    """Yield the blocks of a source; raise DigestMismatch where it fails, so that it is not the target's."""
    try:
        yield from blocks(source)
    except (OSError, StorageError) as error:
        raise DigestMismatch(reason="broken off") from error


def is_free(target: Path) -> bool:
    """Return whether nothing stands at a target, or an empty folder."""
    return not os.path.lexists(target) or (target.is_dir() and not any(target.iterdir()))
