"""Packages as age files on a disk that leaves the house.

sealed/<prefix>.tar.age is one package; what it is said to be stands in write-once
lists (lists/<sha256>.jsonl: path, SHA-256, size), so that anybody can check the disk
without any key. Where a path is listed twice, the later line holds.
"""

import hashlib
import io
import json
import tempfile
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import BinaryIO

from storage import ages
from storage.digests import HashingReader, digest_stream, sha256_of
from storage.errors import AlreadyStored, DigestMismatch, NotFound, StorageError, Unreadable
from storage.inventory import Inventory
from storage.store import Store
from storage.tarred import as_tar, from_tar

SEALED, LISTS = "sealed", "lists"


@dataclass(frozen=True, slots=True)
class SealedFile:
    """One sealed file: key, SHA-256 and size in bytes as it lies there; at is UTC in ISO 8601."""

    path: str
    sha256: str
    size: int
    at: str


def sealed_key(prefix: str) -> str:
    """Return where the package of a prefix lies."""
    return f"{SEALED}/{prefix}.tar.age"


def seal_bag(
    target: Store,
    sources: Sequence[Store],
    prefix: str,
    inventory: Inventory,
    *,
    recipients: Iterable[str],
    scratch: Path,
    at: str,
) -> SealedFile:
    """Write a package sealed into target, read it back, and return what to list.

    Only sealed bytes touch the scratch folder. What stands at its place (a run
    that was stopped, a damaged file) goes to quarantine. Raises DigestMismatch
    where no source has the whole package, and the errors of the target.
    """
    known = tuple(recipients)
    tried: list[str] = []
    for source in sources:
        with tempfile.TemporaryFile(dir=scratch) as file:
            try:
                ages.encrypt(as_tar(source, prefix, inventory), file, known)
            except (StorageError, OSError) as error:
                if isinstance(error, ages.NotAnIdentity):
                    raise
                tried.append(f"{source.id}: {error}")
                continue
            file.seek(0)
            return put_sealed(target, sealed_key(prefix), file, at=at)
    raise DigestMismatch(key=prefix, tried=tuple(tried))


def put_sealed(target: Store, key: str, sealed: BinaryIO, *, at: str) -> SealedFile:
    """Put a sealed file at key and read it back. Raises DigestMismatch (stage="reread")."""
    passing = HashingReader(sealed)
    try:
        target.put(key, passing)
    except AlreadyStored:
        target.set_aside(key)
        target.put(key, passing)
    told = SealedFile(key, passing.digests()["sha256"], passing.size, at)
    if not is_good(target, told):
        raise DigestMismatch(key=key, expected=told.sha256, stage="reread")
    return told


def is_good(store: Store, told: SealedFile) -> bool:
    """Read a sealed file and return whether it is as listed. Raises NotFound, Unreadable."""
    with store.open(told.path) as stream:
        passing = HashingReader(stream)
        found = digest_stream(passing)["sha256"]
    return (found, passing.size) == (told.sha256, told.size)


def put_list(target: Store, files: Sequence[SealedFile]) -> str:
    """Write one list, once, and return its key."""
    content = "".join(json.dumps(asdict(one), sort_keys=True) + "\n" for one in files).encode()
    key = f"{LISTS}/{sha256_of(content)}.jsonl"
    try:
        target.put(key, io.BytesIO(content), sha256_of(content))
    except AlreadyStored:
        pass  # a former run wrote it and was stopped before it could say so
    return key


def read_lists(store: Store) -> Mapping[str, SealedFile]:
    """Return every listed file by path; a list that differs from its name is passed over."""
    found: dict[str, SealedFile] = {}
    for one in store.list(f"{LISTS}/"):
        try:
            with store.open(one.key) as stream:
                content = stream.read()
        except (DigestMismatch, NotFound, Unreadable):
            continue
        if hashlib.sha256(content).hexdigest() not in one.key:
            continue
        for line in content.decode().splitlines():
            told = SealedFile(**json.loads(line))
            if told.path not in found or found[told.path].at <= told.at:
                found[told.path] = told
    return found


def open_bag(source: Store, prefix: str, into: Store, *, secret: str, scratch: Path) -> None:
    """Open a sealed package into a store, at its prefix.

    Raises NotFound, Unreadable, ages.CannotOpen, AlreadyStored; then nothing new stands there.
    """
    with source.open(sealed_key(prefix)) as sealed, tempfile.TemporaryFile(dir=scratch) as plain:
        ages.decrypt(sealed, plain, secret)
        plain.seek(0)
        from_tar(plain, into, prefix)
