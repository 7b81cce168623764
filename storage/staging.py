"""Staging: where an upload waits until it is judged.

An upload is streamed to disk once and hashed while it passes, never whole in
memory. The rename to "content" is the commit point: whatever has no content was
not received, and a sweep removes it. Nothing here is preservation yet; a kept
upload is only dropped by the one who knows that the archive has it.
"""

import json
import os
import re
import shutil
import time
import uuid
from collections.abc import Iterator, Mapping, Set
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, BinaryIO

from storage import platform
from storage.digests import blocks, new_hasher
from storage.errors import DigestMismatch, NotFound, StorageFull, TooLarge, Unreadable
from storage.failpoints import reach
from storage.faults import translated
from storage.names import SafeName, safe_name
from storage.reserve import Reserve

_ID = re.compile(r"[0-9a-f]{32}")
_LOOK_AGAIN = 16 * 1024 * 1024  # bytes between two looks at the room that is left
_LEAST_INODES = 16  # one upload needs five; the rest is for what finishes it
_PART, _CONTENT, _SHEET, _NOTES = "part", "content", "staged.json", "notes.json"


@dataclass(frozen=True, slots=True)
class Staged:
    """One received upload; size in bytes, digests in hex by algorithm, time in UTC."""

    id: str
    name: SafeName
    size: int
    digests: Mapping[str, str]
    received_at: datetime


class Staging:
    """A folder of uploads. reserve is the room that must stay free on its disk."""

    def __init__(self, root: str | os.PathLike[str], *, reserve: Reserve = Reserve()) -> None:
        self.root = Path(os.path.realpath(root))
        self.reserve = reserve

    def keep(
        self,
        stream: BinaryIO,
        name: str | bytes,
        *,
        limit: int | None = None,
        announced: int | None = None,
        algorithms: tuple[str, ...] = ("sha256",),
        expected_sha256: str | None = None,
    ) -> Staged:
        """Receive a stream, read once, and return what is now safely on disk.

        limit and announced (what the sender says it will be) are bytes. Raises
        TooLarge as soon as the limit is passed, StorageFull, DigestMismatch,
        and whatever the stream raises; then nothing of it stays.
        """
        self._check_room(announced or 0)
        if limit is not None and announced is not None and announced > limit:
            raise TooLarge(limit=limit, announced=announced)
        id = uuid.uuid4().hex
        folder = self.root / id
        with translated(writing=True, name=str(name)):
            folder.mkdir(mode=0o700)
        try:
            poured = self._pour(stream, folder / _PART, limit=limit, names={*algorithms, "sha256"})
            found = poured.digests["sha256"]
            if expected_sha256 is not None and found != expected_sha256.lower():
                raise DigestMismatch(expected=expected_sha256, found=found)
            return self._commit(Staged(id, safe_name(name), poured.size, poured.digests, datetime.now(UTC)))
        except BaseException:
            shutil.rmtree(folder, ignore_errors=True)  # what stays is for sweep
            raise

    def open(self, id: str) -> BinaryIO:
        """Open a received upload. Raises NotFound, Unreadable."""
        place = self.path(id)
        with translated(writing=False, id=id):
            return os.fdopen(platform.open_nofollow(place), "rb")

    def read(self, id: str) -> Staged:
        """Return what is known of a received upload. Raises NotFound, Unreadable (its sheet is damaged)."""
        told = _read_json(self.path(id).with_name(_SHEET))
        try:
            return Staged(
                id=id,
                name=SafeName(told["stored"], told["original"], told["raw_hex"]),
                size=int(told["size"]),
                digests={str(name): str(digest) for name, digest in told["digests"].items()},
                received_at=datetime.fromisoformat(told["received_at"]),
            )
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            raise Unreadable(id=id, reason="sheet") from error

    def path(self, id: str) -> Path:
        """Return where the bytes of a received upload are, for a child that reads them. Raises NotFound."""
        place = self._folder(id) / _CONTENT
        if not place.is_file() or place.is_symlink():
            raise NotFound(id=id)
        return place

    def write_sidecar(self, id: str, mapping: Mapping[str, object]) -> None:
        """Keep a note beside an upload (JSON values), in place of an older one. Raises NotFound."""
        folder = self.path(id).parent
        with translated(writing=True, id=id):
            _write_json(folder / _NOTES, mapping)
            platform.fsync_dir(folder)

    def read_sidecar(self, id: str) -> dict[str, Any]:
        """Return the note beside an upload, {} where there is none. Raises NotFound, Unreadable."""
        place = self.path(id).with_name(_NOTES)
        return _read_json(place) if place.exists() else {}

    def drop(self, id: str) -> None:
        """Remove an upload that the archive has, or that nobody wants. Safe to call twice."""
        folder = self._folder(id)
        with translated(writing=True, id=id):
            (folder / _CONTENT).unlink(missing_ok=True)  # first: without it the rest is for sweep
            shutil.rmtree(folder, ignore_errors=True)

    def all(self) -> Iterator[Staged]:
        """Yield every received upload whose sheet can be read, oldest first."""
        found = []
        for folder in self._folders():
            try:
                found.append(self.read(folder.name))
            except (NotFound, Unreadable):
                continue
        yield from sorted(found, key=lambda staged: (staged.received_at, staged.id))

    def sweep(self, keep: Set[str], older_than_seconds: float) -> int:
        """Remove folders that no one names in keep and nobody touched for so long; return how many."""
        swept = 0
        for folder in self._folders():
            if folder.name not in keep and time.time() - _last_touched(folder) >= older_than_seconds:
                shutil.rmtree(folder, ignore_errors=True)
                swept += not folder.exists()
        return swept

    def _pour(self, stream: BinaryIO, part: Path, *, limit: int | None, names: Set[str]) -> "_Poured":
        """Write the stream to a new file, hashed and synced. Raises TooLarge, StorageFull."""
        hashers = {name: new_hasher(name) for name in sorted(names)}
        size, looked = 0, 0
        with translated(writing=True, id=part.parent.name):
            fd = platform.open_new(part)
        try:
            for block in blocks(stream):
                size += len(block)
                if limit is not None and size > limit:
                    raise TooLarge(limit=limit)
                if size - looked >= _LOOK_AGAIN:
                    self._check_room(0)
                    looked = size
                for hasher in hashers.values():
                    hasher.update(block)
                with translated(writing=True, id=part.parent.name):
                    platform.write_all(fd, block)
            with translated(writing=True, id=part.parent.name):
                os.fsync(fd)
        finally:
            os.close(fd)
        return _Poured(size, {name: hasher.hexdigest() for name, hasher in hashers.items()})

    def _commit(self, staged: Staged) -> Staged:
        """Make a written upload a received one and return it."""
        folder = self._folder(staged.id)
        with translated(writing=True, id=staged.id):
            reach("staging.after_write")
            _write_json(folder / _SHEET, _told(staged))
            reach("staging.before_commit")
            platform.rename_new(folder / _PART, folder / _CONTENT)
            platform.fsync_dir(folder)
            platform.fsync_dir(self.root)
            reach("staging.after_commit")
        return staged

    def _check_room(self, announced: int) -> None:
        """Raise StorageFull unless the reserve is free for so many announced bytes (case B08, B09)."""
        with translated(writing=True):
            self.root.mkdir(mode=0o700, parents=True, exist_ok=True)
            room = platform.free_room(self.root)
        wanted = self.reserve.wanted(room.total, announced)
        if room.bytes < wanted:
            raise StorageFull(wanted=wanted, left=room.bytes)
        if room.inodes is not None and room.inodes < _LEAST_INODES:
            raise StorageFull(inodes=room.inodes)

    def _folder(self, id: str) -> Path:
        """Return the folder of an id. Raises NotFound for what can be no id of ours."""
        if not _ID.fullmatch(id):
            raise NotFound(id=id)
        return self.root / id

    def _folders(self) -> list[Path]:
        """Return the folders that stand in staging, ours by their names."""
        if not self.root.is_dir():
            return []
        return [place for place in sorted(self.root.iterdir()) if _ID.fullmatch(place.name)]


@dataclass(frozen=True, slots=True)
class _Poured:
    """What went to disk."""

    size: int
    digests: Mapping[str, str]


def _told(staged: Staged) -> dict[str, object]:
    """Return the sheet of an upload as JSON values."""
    return {
        "stored": staged.name.stored,
        "original": staged.name.original,
        "raw_hex": staged.name.raw_hex,
        "size": staged.size,
        "digests": dict(staged.digests),
        "received_at": staged.received_at.isoformat(),
    }


def _write_json(place: Path, mapping: Mapping[str, object]) -> None:
    """Write a small JSON file, durably and in one step. Raises OSError."""
    draft = place.with_name(f"{place.name}.{uuid.uuid4().hex}.part")
    fd = platform.open_new(draft)
    try:
        platform.write_all(fd, json.dumps(mapping, ensure_ascii=False, indent=1, sort_keys=True).encode())
        os.fsync(fd)
    finally:
        os.close(fd)
    os.replace(draft, place)


def _read_json(place: Path) -> dict[str, Any]:
    """Return what a JSON file holds. Raises Unreadable unless it is an object."""
    try:
        told = json.loads(place.read_bytes())
    except (OSError, ValueError) as error:
        raise Unreadable(path=place.name, reason="sheet") from error
    if not isinstance(told, dict):
        raise Unreadable(path=place.name, reason="sheet")
    return told


def _last_touched(folder: Path) -> float:
    """Return the newest time of change of a folder and its files, in seconds since 1970."""
    newest = 0.0
    for place in (folder, *folder.iterdir()):
        try:
            newest = max(newest, place.lstat().st_mtime)
        except FileNotFoundError:
            continue  # dropped or committed just now
    return newest
