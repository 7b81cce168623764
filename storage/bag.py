"""Write a bag (BagIt 1.0, RFC 8493) into a store.

Each new file is read once: it is hashed while it is written. Files that did not
change are carried over with their digest, never read again: a writer that
hashes old bytes anew blesses rotten ones. The bag appears whole or not at all,
then the new files are read back from the medium.
"""

import io
import os
import time
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import BinaryIO

from storage.digests import HashingReader, digest_stream, sha256_of
from storage.errors import DigestMismatch, UnsafeName
from storage.failpoints import reach
from storage.faults import translated
from storage.inventory import PAYLOAD, FileRecord, Inventory
from storage.lanes import in_lanes
from storage.manifest import DECLARATION, InfoLine, ManifestLine, Oxum, info_text, manifest_text, size_text
from storage.names import check_path, twin_key
from storage.store import Draft, Store

OURS = "sha256"  # the digest that every bag of ours has
_FIXED = ("bagit.txt", "bag-info.txt", "fetch.txt")  # tag files with a meaning; nobody hands them in


@dataclass(frozen=True, slots=True)
class Incoming:
    """A new payload file: where it goes, how to open it, what it must be."""

    path: str
    open: Callable[[], BinaryIO]
    size: int
    sha256: str

    @classmethod
    def of_bytes(cls, path: str, content: bytes) -> "Incoming":
        """Return small content made in memory (metadata) as a file."""
        return cls(path, lambda: io.BytesIO(content), len(content), sha256_of(content))

    @classmethod
    def of_file(cls, path: str, source: str | os.PathLike[str], *, size: int, sha256: str) -> "Incoming":
        """Return a file on this machine's disk as a payload file."""
        return cls(path, lambda: open(source, "rb"), size, sha256)


@dataclass(frozen=True, slots=True)
class Carried:
    """A payload file that stays what it was; digests are others already known than SHA-256."""

    path: str
    from_key: str
    size: int
    sha256: str
    digests: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class _Written:
    """One payload file in the draft, with every digest that its manifests want."""

    record: FileRecord
    digests: Mapping[str, str]


def write_bag(
    store: Store,
    prefix: str,
    *,
    payload: Sequence[Incoming | Carried],
    tag_files: Mapping[str, bytes],
    info: Sequence[InfoLine],
    algorithms: tuple[str, ...] = (OURS,),
    verify: bool = True,
) -> Inventory:
    """Write a bag under prefix and return the complete list of its files.

    Raises DigestMismatch (a source is not what was announced; nothing is
    stored), AlreadyStored, UnsafeName (also for two names that some system
    takes for one) and the errors of the store. With verify the new files are
    read back after the commit; DigestMismatch with stage="reread" then means
    that a bad bag stands there.
    """
    if OURS not in algorithms:
        raise ValueError(f"a bag of ours has {OURS}")
    _check_names(payload, tag_files)
    draft = store.begin(prefix)
    try:
        written = _write_payload(store, draft, payload, algorithms)
        records = [one.record for one in written]
        records += _write_tags(draft, written, tag_files=tag_files, info=info, algorithms=algorithms)
        draft.commit()
    except BaseException:
        draft.abort()
        raise
    inventory = Inventory.of(records)
    if verify:
        carried = {one.path for one in payload if isinstance(one, Carried)}
        reread(store, prefix, inventory, skip=carried)
    return inventory


def reread(store: Store, prefix: str, inventory: Inventory, *, skip: Collection[str] = ()) -> None:
    """Read a stored bag back from the medium and return if every file equals its record.

    Raises DigestMismatch with the path (stage="reread"), NotFound, Unreadable.
    skip names files that the caller did not write just now.
    """

    def check(record: FileRecord) -> None:
        with store.open(f"{prefix}/{record.path}") as stream:
            passing = HashingReader(stream)
            found = digest_stream(passing)[OURS]
        if found != record.sha256 or passing.size != record.size:
            facts = {"path": record.path, "key": prefix, "expected": record.sha256, "found": found}
            raise DigestMismatch(**facts, stage="reread")

    for _ in in_lanes(check, (record for record in inventory.files if record.path not in skip)):
        pass


def _check_names(payload: Sequence[Incoming | Carried], tag_files: Mapping[str, bytes]) -> None:
    """Raise UnsafeName for a path at a wrong place, or two paths that are one on some system (case D16)."""
    seen = {path: path for path in _FIXED}
    for path in [one.path for one in payload] + list(tag_files):
        check_path(path)
        if twin_key(path) in seen:
            raise UnsafeName(path=path, twin=seen[twin_key(path)], reason="twin")
        seen[twin_key(path)] = path
    for one in payload:
        if not one.path.startswith(PAYLOAD):
            raise UnsafeName(path=one.path, reason="payload stands in data/")
    for path in tag_files:
        if (twin_key(path) + "/").startswith((PAYLOAD, "manifest-", "tagmanifest-")):
            raise UnsafeName(path=path, reason="no name for a tag file")


def _write_payload(
    store: Store, draft: Draft, payload: Sequence[Incoming | Carried], algorithms: tuple[str, ...]
) -> list[_Written]:
    """Write or carry every payload file and return them in order."""

    def write(one: Incoming | Carried) -> _Written:
        if isinstance(one, Carried):
            return _carry(store, draft, one, algorithms)
        return _put(draft, one, algorithms)

    written = []
    for done in in_lanes(write, payload):
        written.append(done)
        if len(written) == 1:
            with translated(writing=True, path=done.record.path):
                reach("bag.after_first_file")
    return written


def _put(draft: Draft, one: Incoming, algorithms: tuple[str, ...]) -> _Written:
    """Write one new file; the store makes its SHA-256, we the others in the same pass."""
    others = [name for name in algorithms if name != OURS]
    with one.open() as source:
        passing = HashingReader(source, others)
        stored = draft.put(one.path, passing if others else source, one.sha256)
    if stored.size != one.size:
        raise DigestMismatch(path=one.path, expected_size=one.size, size=stored.size)
    digests = {**passing.digests(), OURS: one.sha256}
    return _Written(FileRecord(one.path, one.size, one.sha256), digests)


def _carry(store: Store, draft: Draft, one: Carried, algorithms: tuple[str, ...]) -> _Written:
    """Carry one unchanged file; only a digest that nobody has yet makes it be read."""
    stored = draft.carry(one.path, one.from_key)
    if stored.size != one.size:
        raise DigestMismatch(path=one.path, key=one.from_key, expected_size=one.size, size=stored.size)
    digests = {**one.digests, OURS: one.sha256}
    wanted = [name for name in algorithms if name not in digests]
    if wanted:
        with store.open(one.from_key) as stream:
            found = digest_stream(stream, (OURS, *wanted))
        if found[OURS] != one.sha256:  # else a new digest would bless rotten bytes
            raise DigestMismatch(path=one.path, key=one.from_key, expected=one.sha256, found=found[OURS])
        digests |= found
    return _Written(FileRecord(one.path, one.size, one.sha256), digests)


def _write_tags(
    draft: Draft,
    written: Sequence[_Written],
    *,
    tag_files: Mapping[str, bytes],
    info: Sequence[InfoLine],
    algorithms: tuple[str, ...],
) -> list[FileRecord]:
    """Write everything beside data/ and return its records."""
    tags: dict[str, bytes] = {"bagit.txt": DECLARATION.encode(), **tag_files}
    tags["bag-info.txt"] = info_text(_full_info(info, [one.record for one in written])).encode()
    for name in algorithms:
        lines = (ManifestLine(one.record.path, one.digests[name]) for one in written)
        tags[f"manifest-{name}.txt"] = manifest_text(lines).encode()
    with translated(writing=True):
        reach("bag.before_tagmanifest")
    listed = {path: digest_stream(io.BytesIO(content), algorithms) for path, content in tags.items()}
    for name in algorithms:
        text = manifest_text(ManifestLine(path, digests[name]) for path, digests in listed.items())
        tags[f"tagmanifest-{name}.txt"] = text.encode()
    records = []
    for path, content in tags.items():
        draft.put(path, io.BytesIO(content))
        records.append(FileRecord(path, len(content), sha256_of(content)))
    return records


def _full_info(info: Sequence[InfoLine], records: Sequence[FileRecord]) -> list[InfoLine]:
    """Return the caller's lines with Payload-Oxum and, where they lack, date and size."""
    total = sum(record.size for record in records)
    lines = [line for line in info if line.label != "Payload-Oxum"]
    given = {line.label for line in lines}
    if "Bagging-Date" not in given:
        lines.append(InfoLine("Bagging-Date", time.strftime("%Y-%m-%d", time.gmtime())))
    if "Bag-Size" not in given:
        lines.append(InfoLine("Bag-Size", size_text(total)))
    return [*lines, InfoLine("Payload-Oxum", str(Oxum(total, len(records))))]
