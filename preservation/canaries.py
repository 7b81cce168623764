"""Canaries (自检样本): planted damage that checks the checker.

In every store stand five small bags: one whole, four damaged on purpose. A
checker that does not find each damage exactly (kind and path), or blames the
whole one, is not believed (promises P4, P17). The recipe never changes: what
stands in old stores is judged by it for ever; a changed canary is planted anew
under the next generation, never mended.
"""

import io
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from preservation.checks import Outcome
from preservation.fixity import check_copy
from storage.digests import sha256_of
from storage.errors import AlreadyStored, StorageError
from storage.inventory import FileRecord, Inventory
from storage.layout import CANARIES, canary_prefix
from storage.manifest import DECLARATION, InfoLine, ManifestLine, info_text, manifest_text
from storage.store import Store

WHOLE, FLIPPED, MISSING, EXTRA, TAG = "whole", "flipped", "missing", "extra", "tag"
KINDS: Final = (WHOLE, FLIPPED, MISSING, EXTRA, TAG)
_FIRST, _SECOND, _STRANGER = "data/sample-1.txt", "data/sample-2.txt", "data/stranger.txt"
_AWAY: Final = frozenset({"FX-001", "FX-003"})  # the store answered nothing: no verdict on the checker

# Data for the person who opens such a bag in thirty years, no message of ours to a user.
_WORDS = "这是金匮（Jingui）的自检样本，不是档案。五个样本中四个是故意损坏的，用来考核核验程序，请勿修复或删除。\n"


@dataclass(frozen=True, slots=True)
class Canary:
    """One sample bag: what is registered of it, what is really written, what must be found.

    expected holds (finding code, path).
    """

    kind: str
    inventory: Inventory
    written: Mapping[str, bytes]
    expected: frozenset[tuple[str, str]]


@dataclass(frozen=True, slots=True)
class Missed:
    """A canary that was not judged rightly: what should have been found, and what was."""

    kind: str
    expected: tuple[tuple[str, str], ...]
    found: tuple[tuple[str, str], ...]

    def to_plain(self) -> dict[str, object]:
        """Return plain JSON values."""
        pairs = {"expected": self.expected, "found": self.found}
        return {"kind": self.kind, **{name: [list(pair) for pair in told] for name, told in pairs.items()}}


@dataclass(frozen=True, slots=True)
class Proof:
    """How the checker did in one store. reason tells why it is NOT_RUN."""

    store_id: str
    generation: int
    outcome: Outcome
    missed: tuple[Missed, ...] = ()
    reason: str = ""


def canary(kind: str) -> Canary:
    """Return the recipe of one canary."""
    files = _whole(kind)
    inventory = Inventory.of(
        FileRecord(path, len(content), sha256_of(content)) for path, content in files.items()
    )
    written = dict(files)
    expected: set[tuple[str, str]] = set()
    if kind == FLIPPED:
        written[_FIRST] = _flip(files[_FIRST])
        expected = {("FX-101", _FIRST)}
    elif kind == MISSING:
        del written[_SECOND]
        expected = {("FX-201", _SECOND)}
    elif kind == EXTRA:
        written[_STRANGER] = "多出来的文件\n".encode()
        expected = {("FX-301", _STRANGER)}
    elif kind == TAG:
        written["bag-info.txt"] = _flip(files["bag-info.txt"])
        expected = {("FX-102", "bag-info.txt")}
    return Canary(kind, inventory, written, frozenset(expected))


def _whole(kind: str) -> dict[str, bytes]:
    """Return every file of a bag that is whole; each kind has bytes of its own."""
    payload = {_FIRST: f"{_WORDS}{kind} 1\n".encode(), _SECOND: f"{_WORDS}{kind} 2\n".encode()}
    info = [InfoLine("External-Description", "Jingui canary"), InfoLine("Jingui-Canary", kind)]
    tags = {"bagit.txt": DECLARATION.encode(), "bag-info.txt": info_text(info).encode()}
    tags["manifest-sha256.txt"] = _manifest(payload)
    return {**payload, **tags, "tagmanifest-sha256.txt": _manifest(tags)}


def _manifest(files: Mapping[str, bytes]) -> bytes:
    return manifest_text(ManifestLine(path, sha256_of(content)) for path, content in files.items()).encode()


def _flip(content: bytes) -> bytes:
    """Return content with one bit changed in its middle; the size stays."""
    middle = len(content) // 2
    changed = bytearray(content)
    changed[middle] ^= 1
    return bytes(changed)


def newest(store: Store) -> int:
    """Return the newest generation of canaries in a store, 0 where there is none."""
    found = [int(name) for name in store.folders(f"{CANARIES}/") if len(name) == 4 and name.isdecimal()]
    return max(found, default=0)


def plant(store: Store, generation: int) -> None:
    """Write the canaries of one generation; those that stand already stay as they are."""
    for kind in KINDS:
        _plant_one(store, canary_prefix(generation, kind), canary(kind).written)


def _plant_one(store: Store, prefix: str, files: Mapping[str, bytes]) -> None:
    try:
        draft = store.begin(prefix)
    except AlreadyStored:
        return
    try:
        for path, content in files.items():
            draft.put(path, io.BytesIO(content))
        draft.commit()
    except AlreadyStored:
        return  # another process was quicker
    finally:
        draft.abort()


def examine(store: Store, generation: int) -> Proof:
    """Let the checker judge the canaries of a store and return how it did.

    A store that is away proves nothing (NOT_RUN); a canary that can't be read,
    or stands no more, is not found as planted (FAILED).
    """
    missed = []
    try:
        for kind in KINDS:
            one = canary(kind)
            report = check_copy(store, canary_prefix(generation, kind), one.inventory)
            told = frozenset((f.code, f.path) for f in report.findings if f.outcome is not Outcome.WARNED)
            if _AWAY & {code for code, _ in told}:
                return Proof(store.id, generation, Outcome.NOT_RUN, reason="store_away")
            if told != one.expected:
                missed.append(Missed(kind, tuple(sorted(one.expected)), tuple(sorted(told))))
    except StorageError as error:
        return Proof(store.id, generation, Outcome.NOT_RUN, reason=error.code)
    return Proof(store.id, generation, Outcome.FAILED if missed else Outcome.PASSED, tuple(missed))
