"""Twenty kinds of damage to a stored copy, made by random seeds, in any kind of store.

A kind is pure: from the files of a bag and a seed to changes. A hand makes them
behind the store's back, as a failing disk or a careless person does; then the
real check is asked, and must blame exactly what changed.
"""

import io
import random
import unicodedata
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from preservation.checks import Outcome
from preservation.fixity import FixityReport, check_copy
from storage.encrypted import EncryptedStore
from storage.inventory import Inventory
from storage.memory import MemoryStore
from storage.store import Store
from tests.bags.making import manifest_lines

Files = Mapping[str, bytes]
MANIFEST, TAG_MANIFEST = "manifest-sha256.txt", "tagmanifest-sha256.txt"


@dataclass(frozen=True, slots=True)
class Change:
    """One change of one file: its bytes as they lie there are edited, or it gets content, or it goes."""

    path: str
    edit: Callable[[bytes], bytes] | None = None
    content: bytes | None = None


Kind = Callable[[Files, random.Random], list[Change]]


def _some(files: Files, chance: random.Random, *, tag: bool = False, least: int = 1) -> str:
    """Return a random payload (or tag) file of at least so many bytes."""
    fixed = (MANIFEST, TAG_MANIFEST)
    fitting = [
        path
        for path, content in sorted(files.items())
        if path.startswith("data/") != tag and len(content) >= least and path not in fixed
    ]
    return chance.choice(fitting)


def _flipped(chance: random.Random) -> Callable[[bytes], bytes]:
    where, bit = chance.random(), 1 << chance.randrange(8)

    def edit(old: bytes) -> bytes:
        at = min(int(where * len(old)), len(old) - 1)
        return old[:at] + bytes([old[at] ^ bit]) + old[at + 1 :]  # noqa: E203

    return edit


def _cut(chance: random.Random) -> Callable[[bytes], bytes]:
    part = chance.random()
    return lambda old: old[: int(part * len(old))]


def _lost_sector(chance: random.Random) -> Callable[[bytes], bytes]:
    part = chance.random()

    def edit(old: bytes) -> bytes:
        at = int(part * max(1, len(old) - 64))
        sector = old[at : at + 64]  # noqa: E203
        hole = bytes(0xFF ^ byte if number == 0 else 0 for number, byte in enumerate(sector))
        return old[:at] + hole + old[at + len(hole) :]  # noqa: E203

    return edit


def _other_digit(chance: random.Random) -> Callable[[bytes], bytes]:
    number = chance.randrange(64)

    def edit(old: bytes) -> bytes:
        digit = b"1" if old[number : number + 1] != b"1" else b"2"  # noqa: E203
        return old[:number] + digit + old[number + 1 :]  # noqa: E203

    return edit


def remade(files: Files) -> dict[str, bytes]:
    """Return the files with both manifests and the Payload-Oxum anew, as a careful forger makes them."""
    made = dict(files)
    payload = {path: content for path, content in sorted(made.items()) if path.startswith("data/")}
    made[MANIFEST] = manifest_lines(payload).encode()
    oxum = f"Payload-Oxum: {sum(map(len, payload.values()))}.{len(payload)}"
    info = made["bag-info.txt"].decode().splitlines()
    kept = [oxum if line.startswith("Payload-Oxum") else line for line in info]
    made["bag-info.txt"] = ("\n".join(kept) + "\n").encode()
    tags = {path: content for path, content in made.items() if not path.startswith("data/")}
    tags.pop(TAG_MANIFEST, None)
    made[TAG_MANIFEST] = manifest_lines(dict(sorted(tags.items()))).encode()
    return made


def _difference(old: Files, new: Files) -> list[Change]:
    """Return the changes that lead from old to new."""
    changes = [Change(path, content=content) for path, content in new.items() if old.get(path) != content]
    return changes + [Change(path) for path in old if path not in new]


def _swap(files: Files, chance: random.Random) -> list[Change]:
    first = _some(files, chance)
    others = {path: content for path, content in files.items() if content != files[first]}
    second = _some(others, chance)
    return [Change(first, content=files[second]), Change(second, content=files[first])]


def _forge(files: Files, chance: random.Random) -> list[Change]:
    return _difference(files, remade({**files, _some(files, chance): chance.randbytes(80)}))


def _forge_without_tag_manifest(files: Files, chance: random.Random) -> list[Change]:
    made = remade({**files, _some(files, chance): chance.randbytes(80)})
    made.pop(TAG_MANIFEST)
    return _difference(files, made)


def _remove_and_remake(files: Files, chance: random.Random) -> list[Change]:
    gone = _some(files, chance, least=0)
    return _difference(files, remade({path: content for path, content in files.items() if path != gone}))


def _edit_info(files: Files, chance: random.Random) -> list[Change]:
    said = files["bag-info.txt"] + f"Note: {chance.randrange(10**6)}\n".encode()
    return [Change("bag-info.txt", content=said)]


def _rename(files: Files, chance: random.Random) -> list[Change]:
    path = next(each for each in sorted(files) if unicodedata.normalize("NFD", each) != each)
    return [Change(path), Change(unicodedata.normalize("NFD", path), content=files[path])]


def _grow(files: Files, chance: random.Random) -> list[Change]:
    path = _some(files, chance, least=0)
    return [Change(path, content=files[path] + chance.randbytes(chance.randrange(1, 40)))]


KINDS: Mapping[str, Kind] = {
    "A01 one bit of the payload": lambda f, c: [Change(_some(f, c), edit=_flipped(c))],
    "A01 a sector of the payload": lambda f, c: [Change(_some(f, c), edit=_lost_sector(c))],
    "A02 a digit of the manifest": lambda f, c: [Change(MANIFEST, edit=_other_digit(c))],
    "A03 a digit of the tag manifest": lambda f, c: [Change(TAG_MANIFEST, edit=_other_digit(c))],
    "A03 one bit of a tag file": lambda f, c: [Change(_some(f, c, tag=True), edit=_flipped(c))],
    "A03 bag-info edited": _edit_info,
    "A04 payload cut": lambda f, c: [Change(_some(f, c), edit=_cut(c))],
    "A04 payload emptied": lambda f, c: [Change(_some(f, c), content=b"")],
    "A04 payload grown": _grow,
    "A05 payload deleted": lambda f, c: [Change(_some(f, c, least=0))],
    "A05 tag file deleted": lambda f, c: [Change(_some(f, c, tag=True))],
    "A06 payload file added": lambda f, c: [Change(f"data/objects/{c.randrange(10**6)}.txt", content=b"x")],
    "A07 tag file added": lambda f, c: [Change("premis.xml", content=b"<premis/>")],
    "A08 two files swapped": _swap,
    "A09 tag manifest deleted": lambda f, c: [Change(TAG_MANIFEST)],
    "A09 edited, tag manifest deleted": lambda f, c: [*_edit_info(f, c), Change(TAG_MANIFEST)],
    "A10 forged with all manifests": _forge,
    "A10 forged, tag manifest deleted": _forge_without_tag_manifest,
    "A11 removed with all manifests": _remove_and_remake,
    "A12 an empty second manifest": lambda f, c: [Change("manifest-sha512.txt", content=b"")],
    "D17 renamed to NFD": _rename,
}


class Hand(Protocol):
    """Reaches into one stored bag behind its store's back."""

    store: Store

    def raw(self, path: str) -> bytes | None:
        """Return the bytes as they lie there, None where nothing stands."""

    def put_raw(self, path: str, content: bytes | None) -> None:
        """Lay bytes as they are, or (None) remove the file."""

    def put(self, path: str, content: bytes) -> None:
        """Lay content as the store itself would hold it."""


@dataclass(frozen=True, slots=True)
class FolderHand:
    """A hand in a bag on a disk."""

    store: Store
    folder: Path

    def raw(self, path: str) -> bytes | None:
        """Return the bytes of a file."""
        place = self.folder / path
        return place.read_bytes() if place.is_file() else None

    def put_raw(self, path: str, content: bytes | None) -> None:
        """Write or remove a file."""
        place = self.folder / path
        place.unlink(missing_ok=True)
        if content is not None:
            place.write_bytes(content)

    def put(self, path: str, content: bytes) -> None:
        """Write a file."""
        self.put_raw(path, content)


@dataclass(frozen=True, slots=True)
class MemoryHand:
    """A hand in a bag in memory; where it is sealed, content is sealed on its way in."""

    store: Store
    inner: MemoryStore
    prefix: str

    def raw(self, path: str) -> bytes | None:
        """Return the bytes that the inner store holds."""
        keys = {each.key for each in self.inner.list(f"{self.prefix}/")}
        return self.inner.content(f"{self.prefix}/{path}") if f"{self.prefix}/{path}" in keys else None

    def put_raw(self, path: str, content: bytes | None) -> None:
        """Lay bytes into the inner store."""
        self.inner.tamper(f"{self.prefix}/{path}", content)

    def put(self, path: str, content: bytes) -> None:
        """Lay content, sealed where the store seals."""
        if isinstance(self.store, EncryptedStore):
            self.store.put("scratch", io.BytesIO(content))
            content = self.inner.content("scratch")
            self.inner.tamper("scratch", None)
        self.put_raw(path, content)


@dataclass(frozen=True, slots=True)
class Judged:
    """One fault and what the check said: missed, and blamed without reason, are both to be empty."""

    kind: str
    missed: frozenset[str]
    falsely: frozenset[str]
    wrong_code: tuple[str, ...] = ()

    @property
    def is_right(self) -> bool:
        """Return whether exactly what changed was blamed, with the right kind of damage."""
        return not (self.missed or self.falsely or self.wrong_code)


def judge(hand: Hand, prefix: str, inventory: Inventory, files: Files, *, kind: str, seed: int) -> Judged:
    """Make one fault, ask the real check, undo the fault, and return how the check did."""
    changes = KINDS[kind](files, random.Random(f"{kind}{seed}"))
    before = {change.path: hand.raw(change.path) for change in changes}
    for change in changes:
        if change.edit is not None:
            hand.put_raw(change.path, change.edit(before[change.path] or b""))
        elif change.content is not None:
            hand.put(change.path, change.content)
        else:
            hand.put_raw(change.path, None)
    report = check_copy(hand.store, prefix, inventory)
    is_plain = not isinstance(hand.store, EncryptedStore)
    judged = _judged(report, changes, files, hand, kind=kind, is_plain=is_plain)
    for path, content in before.items():
        hand.put_raw(path, content)
    return judged


def _judged(
    report: FixityReport, changes: list[Change], files: Files, hand: Hand, *, kind: str, is_plain: bool
) -> Judged:
    wanted = {change.path for change in changes}
    blamed = {finding.path for finding in report.findings if finding.outcome is Outcome.FAILED}
    wrong = []
    if is_plain:
        codes = {finding.path: finding.code for finding in report.findings}
        for path in wanted & blamed:
            expected = expected_code(path, files.get(path), hand.raw(path))
            if codes[path] != expected:
                wrong.append(f"{path}: {codes[path]}, not {expected}")
    missed = wanted - blamed if report.outcome is Outcome.FAILED else wanted or {"?"}
    return Judged(kind, frozenset(missed), frozenset(blamed - wanted), tuple(wrong))


def expected_code(path: str, old: bytes | None, new: bytes | None) -> str:
    """Return the finding that tells rightly what became of a file."""
    is_payload = path.startswith("data/")
    if old is None:
        return "FX-301" if is_payload else "FX-302"
    if new is None:
        return "FX-201" if is_payload else "FX-202"
    if len(old) != len(new):
        return "FX-104"
    if is_payload:
        return "FX-101"
    return "FX-103" if path in (MANIFEST, TAG_MANIFEST) else "FX-102"
