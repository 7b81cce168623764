"""Opens a backup and judges it: every byte, every table.

"Verified" means opened and compared (case F03), never "the size is right".
What is unpacked lies in a folder of the caller's, who removes it.
"""

import hashlib
import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import BinaryIO

from repository.models.database import open_database
from repository.models.snapshot import revision_of, table_sums, trouble_in
from repository.workflow import dumping
from repository.workflow.backup_refusals import BackupDamaged
from repository.workflow.backup_sheets import Manifest, Told, manifest_of
from storage.ages import CannotOpen
from storage.digests import blocks, sha256_of
from storage.errors import UnsafeName
from storage.faults import translated
from storage.platform import fsync_file
from storage.sealed import unseal

CATALOGUE, MANIFEST, SETTINGS = "catalogue.sqlite", "manifest.json", "settings.json"
KEYS, STAGING = "keys/", "staging/"


def verify(sealed: Path, secret: str, scratch: Path) -> Manifest:
    """Return the manifest of a backup that is whole; only its catalogue is laid into scratch (empty).

    Raises BackupDamaged, NotAnIdentity, StorageFull.
    """
    return _judged(sealed, secret, scratch, lambda path: path == CATALOGUE)


def unpack(sealed: Path, secret: str, target: Path) -> Manifest:
    """Lay everything that a backup holds into target (empty), verified. Raises as verify does."""
    return _judged(sealed, secret, target, lambda path: True)


def _judged(sealed: Path, secret: str, target: Path, wanted: Callable[[str], bool]) -> Manifest:
    if not sealed.is_file():
        raise BackupDamaged(reason="missing", file=str(sealed))
    found: list[Told] = []
    text = ""

    def take(path: str, stream: BinaryIO) -> None:
        nonlocal text
        if path == MANIFEST:
            text = stream.read().decode("utf-8", "replace")
        else:
            found.append(_lay(path, stream, target / path if wanted(path) else None))

    with translated(writing=True, path=str(target)):
        try:
            with sealed.open("rb") as source:
                unseal(source, secret, take)
        except CannotOpen as error:
            raise BackupDamaged(reason=str(error.facts["reason"]), file=sealed.name) from error
        except UnsafeName as error:
            raise BackupDamaged(reason="manifest", file=sealed.name) from error
    manifest = manifest_of(text)
    if sorted(found, key=_path) != sorted(manifest.members, key=_path):
        raise BackupDamaged(reason="manifest", file=sealed.name)
    _judge_catalogue(target / CATALOGUE, manifest)
    return manifest


def _path(told: Told) -> str:
    return told.path


def _lay(path: str, stream: BinaryIO, place: Path | None) -> Told:
    """Write one file, if it is wanted, and return what it was."""
    hasher, size = hashlib.sha256(), 0
    if place is None:
        for block in blocks(stream):
            hasher.update(block)
            size += len(block)
        return Told(path, size, hasher.hexdigest())
    place.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    with place.open("xb") as out:
        place.chmod(0o600)
        for block in blocks(stream):
            hasher.update(block)
            size += out.write(block)
    fsync_file(place)
    return Told(path, size, hasher.hexdigest())


def _judge_catalogue(path: Path, manifest: Manifest) -> None:
    """Return if the catalogue is sound and holds the very rows that the manifest tells, else raise."""
    try:
        trouble = trouble_in(path)
        if trouble or revision_of(path) != manifest.revision or table_sums(path) != manifest.tables:
            raise BackupDamaged(reason="catalogue", told=trouble)
    except sqlite3.Error as error:
        raise BackupDamaged(reason="catalogue", told=str(error)) from error


def check_dump(path: Path, manifest: Manifest) -> None:
    """Return if the catalogue file's dump is the one that the manifest tells. Raises BackupDamaged.

    Only for the software that made it, at once: a later one may tell more in
    its dump, and the backup is as good as before. The rows are compared always.
    """
    if manifest.dump_sha256 and dump_digest(path) != manifest.dump_sha256:
        raise BackupDamaged(reason="dump")


def dump_digest(path: Path) -> str:
    """Return the SHA-256 of the dump of a catalogue file of the software's own schema."""
    database = open_database(f"sqlite:///{path}")
    try:
        with database.reading() as session:
            return sha256_of(dumping.to_text(dumping.dump(session)).encode())
    finally:
        database.engine.dispose()
