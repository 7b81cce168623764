"""The pointer: the one file that says which index is true.

An index is this file and the segments it names. It is written beside, synced
and renamed over the old one: that is the commit. It carries a code that only
this installation can make (HMAC-SHA256 over its text with the seal) and the
digest of each segment: Whoosh unpickles what it reads, so a foreign, crafted
or damaged file must never be opened.
"""

import hashlib
import hmac
import json
import os
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from search.errors import IndexUnusable
from search.fields import SCHEMA_VERSION

POINTER = "current.json"


@dataclass(frozen=True, slots=True)
class SegmentNote:
    """One segment: its file, size in bytes and SHA-256, and who left it."""

    id: str
    docs: int
    deleted: tuple[int, ...]
    size: int
    sha256: str

    @property
    def filename(self) -> str:
        """Return the name of its one file."""
        return f"jingui_{self.id}.seg"


@dataclass(frozen=True, slots=True)
class Pointer:
    """What is true: the folder, its segments, and up to which change."""

    folder: str
    generation: int
    count: int
    segments: tuple[SegmentNote, ...]
    schema: int = SCHEMA_VERSION


def _code(seal: str, body: dict[str, Any]) -> str:
    text = json.dumps(body, sort_keys=True, ensure_ascii=True)
    return hmac.new(seal.encode(), text.encode(), hashlib.sha256).hexdigest()


def _note(facts: dict[str, Any]) -> SegmentNote:
    return SegmentNote(**{**facts, "deleted": tuple(facts["deleted"])})


def read_pointer(root: Path, seal: str) -> Pointer:
    """Return the pointer of an index.

    Raises IndexUnusable with reason "missing", "damaged", "foreign" or
    "schema". Nothing but JSON is read here.
    """
    try:
        body = json.loads((root / POINTER).read_text("ascii"))
    except FileNotFoundError as error:
        raise IndexUnusable(reason="missing") from error
    except (OSError, ValueError, RecursionError) as error:
        raise IndexUnusable(reason="damaged", file=POINTER) from error
    if not isinstance(body, dict) or not isinstance(body.get("code"), str):
        raise IndexUnusable(reason="damaged", file=POINTER)
    code = body.pop("code")
    if not hmac.compare_digest(code.encode(), _code(seal, body).encode()):
        raise IndexUnusable(reason="foreign")
    # From here on the text is our own.
    if body["schema"] != SCHEMA_VERSION:
        raise IndexUnusable(reason="schema", found=body["schema"], wanted=SCHEMA_VERSION)
    return Pointer(**{**body, "segments": tuple(_note(facts) for facts in body["segments"])})


def write_pointer(root: Path, seal: str, pointer: Pointer) -> None:
    """Make this pointer the true one, safe against loss of power."""
    body = asdict(pointer)
    body["code"] = _code(seal, json.loads(json.dumps(asdict(pointer))))
    beside = root / f"{POINTER}.new"
    with beside.open("w", encoding="ascii") as file:
        json.dump(body, file, sort_keys=True, ensure_ascii=True)
        file.flush()
        os.fsync(file.fileno())
    os.replace(beside, root / POINTER)
    sync_folder(root)


def digest_of(path: Path) -> str:
    """Return the SHA-256 of a file in hex."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def note_segment(folder: Path, *, id: str, docs: int, deleted: Iterable[int]) -> SegmentNote:
    """Sync a new segment to the disk and return what is to be known of it."""
    note = SegmentNote(id=id, docs=docs, deleted=tuple(sorted(deleted)), size=0, sha256="")
    path = folder / note.filename
    with path.open("rb+") as file:
        os.fsync(file.fileno())
    return SegmentNote(note.id, docs, note.deleted, path.stat().st_size, digest_of(path))


def check_segment(folder: Path, note: SegmentNote) -> None:
    """Raise IndexUnusable unless the segment's bytes are those of the note."""
    path = folder / note.filename
    try:
        good = path.stat().st_size == note.size and digest_of(path) == note.sha256
    except OSError as error:
        raise IndexUnusable(reason="damaged", file=note.filename) from error
    if not good:
        raise IndexUnusable(reason="damaged", file=note.filename)


def sync_folder(folder: Path) -> None:
    """Sync a folder's list of names; Windows cannot and need not."""
    if os.name == "posix":
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)
