"""Makes backups (备份): one sealed file, read back before it is called good.

In it is what the stores do not hold: the catalogue as one consistent state,
the keys, and the acknowledged uploads not yet packed (promise P7: nothing
accepted is lost). Left out are the session key and the seal of the index:
both are made anew. Only age identities open it; ours lies in keys/backup.key.
"""

import io
import json
import os
import secrets
import shutil
import sqlite3
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from repository.config import Settings
from repository.models.migrating import newest_revision
from repository.models.snapshot import column, copy_into, file_of, one, revision_of, table_sums, trouble_in
from repository.setting_rows import TABLE
from repository.workflow import backup_contents, backup_sheets
from repository.workflow.backup_contents import CATALOGUE, KEYS, MANIFEST, SETTINGS, STAGING
from repository.workflow.backup_refusals import BackupRefused
from repository.workflow.backup_sheets import Manifest, Sheet, Told
from repository.workflow.errors import WorkflowError
from repository.workflow.tools import Tools
from storage import ages, sealed
from storage.digests import digest_stream, sha256_of
from storage.errors import StorageError, StorageFull
from storage.failpoints import reach
from storage.faults import translated
from storage.platform import FileLock, free_room, fsync_dir
from storage.secret_files import keep_new

KEY_FILE = "backup.key"
#: Keys that are made anew and would only let a stolen backup open a running session.
LEFT_OUT = frozenset({"session.key", "index.seal"})
_KEY_NOTE = "# 金匮备份密钥：打印后锁进保险柜。没有它，任何人（包括我们）都打不开备份。\n"


def backup_key(tools: Tools) -> ages.Identity:
    """Return the key of this installation's backups, made at its first use."""
    path = tools.settings.data / "keys" / KEY_FILE
    if not path.exists():
        made = ages.new_identity()
        keep_new(path, f"{_KEY_NOTE}# public key: {made.recipient}\n{made.secret}\n")
    return ages.identity(path.read_text("utf-8"))


def is_possible(tools: Tools) -> bool:
    """Return whether we can back this catalogue up: it is a SQLite file."""
    return file_of(tools.database) is not None


def shares_disk(settings: Settings) -> bool:
    """Return whether the backups lie on the disk of the data, and would be lost with it."""
    place = settings.backups_folder
    while not place.exists() and place != place.parent:
        place = place.parent
    try:
        return place.stat().st_dev == settings.data.stat().st_dev
    except OSError:
        return True  # nobody can tell: say the worse


def recipients(tools: Tools) -> list[str]:
    """Return who can open the backups: our own key first. Raises NotAnIdentity for a wrong setting."""
    more = [text for text in tools.settings.backup_recipients.split(",") if text.strip()]
    return [backup_key(tools).recipient, *(ages.check_recipient(text) for text in more)]


def make(tools: Tools) -> Sheet:
    """Return a new backup, sealed, read back and listed as good.

    Writes no row, so that it serves an older schema, too. Raises
    BackupRefused, BackupDamaged (it was not found whole and is not listed),
    NotAnIdentity, StorageError.
    """
    catalogue = file_of(tools.database)
    if catalogue is None:
        raise BackupRefused(reason="dialect")
    began, at = time.monotonic(), tools.clock()
    id = secrets.token_hex(4)
    with _alone(tools), _scratch(tools) as scratch, translated(writing=True):
        snapshot = _snapshot(tools, catalogue, scratch)
        folder = tools.settings.backups_folder
        final = folder / backup_sheets.file_name(id, at)
        manifest = replace(_about(tools, snapshot, id), made_at=at)
        written = _write(tools, snapshot, manifest, final)
        reach("backup.after_rename")
        check = scratch / "check"
        check.mkdir()
        try:
            told = backup_contents.verify(final, backup_key(tools).secret, check)
            backup_contents.check_dump(check / CATALOGUE, told)
        except WorkflowError:
            final.unlink(missing_ok=True)  # worth nothing, and must not be taken for a backup
            raise
        sheet = Sheet(
            id=id, file=final.name, size=written.size, sha256=written.sha256, made_at=at,
            verified_at=tools.clock(), software=told.software, revision=told.revision,
            event_head=told.event_head, dump_sha256=told.dump_sha256,
            tables_sha256=backup_sheets.tables_digest(told.tables), counts=told.counts,
            lacking=len(told.lacking), seconds=round(time.monotonic() - began, 2), folder=folder,
        )
        reach("backup.before_listed")
        backup_sheets.write_sheet(sheet)
        reach("backup.after_listed")
        return sheet


@contextmanager
def _alone(tools: Tools) -> Iterator[None]:
    """Let nobody else make a backup in the folder meanwhile, and clear what a killed one left."""
    folder = tools.settings.backups_folder
    with translated(writing=True, path=str(folder)):
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    lock = FileLock(folder / ".lock")
    if not lock.acquire():
        raise BackupRefused(reason="busy")
    try:
        for part in folder.glob(f"*{backup_sheets.PART}"):
            part.unlink(missing_ok=True)
        yield
    finally:
        lock.release()


@contextmanager
def _scratch(tools: Tools) -> Iterator[Path]:
    """Give an empty folder that is gone afterwards; also those of killed backups go."""
    for left in tools.scratch.glob("backup-*"):
        shutil.rmtree(left, ignore_errors=True)
    place = tools.scratch / f"backup-{secrets.token_hex(4)}"
    with translated(writing=True):
        place.mkdir(mode=0o700, parents=True)
    try:
        yield place
    finally:
        shutil.rmtree(place, ignore_errors=True)


def _snapshot(tools: Tools, catalogue: Path, scratch: Path) -> Path:
    """Return a sound picture of the catalogue. Raises BackupRefused."""
    needed = 4 * catalogue.stat().st_size + _staged_bytes(tools)
    for place in (scratch, tools.settings.backups_folder):
        room = free_room(place)
        if room.bytes < needed:
            raise StorageFull(wanted=needed, left=room.bytes)
    snapshot = scratch / CATALOGUE
    try:
        copy_into(catalogue, snapshot)
    except sqlite3.Error as error:
        full = "full" in str(error).lower()
        raise BackupRefused(reason="full" if full else "catalogue", told=str(error)) from error
    trouble = trouble_in(snapshot)
    if trouble:
        raise BackupRefused(reason="catalogue", told=trouble)
    reach("backup.after_snapshot")
    return snapshot


def _staged_bytes(tools: Tools) -> int:
    return sum(staged.size for staged in tools.staging.all())


def _about(tools: Tools, snapshot: Path, id: str) -> Manifest:
    """Return the manifest of a backup of this snapshot, its members still to be told."""
    revision = revision_of(snapshot)
    tables = table_sums(snapshot)
    archived = one(snapshot, "SELECT count(*) FROM items WHERE state = 'archived'")
    return Manifest(
        id=id,
        made_at=tools.clock(),
        software=tools.software.name,
        revision=revision,
        event_head=int(str(one(snapshot, "SELECT max(sequence) FROM events") or 0)),
        dump_sha256=backup_contents.dump_digest(snapshot) if revision == newest_revision() else "",
        tables=tables,
        counts={"archived": int(str(archived)), **{name: told.rows for name, told in sorted(tables.items())}},
        members=(),
    )


def _write(tools: Tools, snapshot: Path, manifest: Manifest, final: Path) -> Told:
    """Write the sealed file under its name, durably, and return its size and digest."""
    part = final.with_name(final.name + backup_sheets.PART)
    try:
        with part.open("xb") as target:
            part.chmod(0o600)
            sealed.seal(_members(tools, snapshot, manifest), target, recipients(tools))
            target.flush()
            os.fsync(target.fileno())
        with part.open("rb") as stream:
            sha256 = digest_stream(stream, ("sha256",))["sha256"]
        size = part.stat().st_size
        reach("backup.before_rename")
        os.replace(part, final)
        fsync_dir(final.parent)
        return Told(final.name, size, sha256)
    except BaseException:
        part.unlink(missing_ok=True)
        raise


def _members(tools: Tools, snapshot: Path, manifest: Manifest) -> Iterator[sealed.Member]:
    """Yield every file of a backup, the manifest last: it tells what was read of the others."""
    told: list[Told] = []
    lacking: list[str] = []
    yield _noted(CATALOGUE, snapshot, told)
    reach("backup.after_first_member")
    for name, path in sorted(_keys(tools).items()):
        yield _noted(KEYS + name, path, told)
    for id in column(snapshot, "SELECT id FROM staged_files ORDER BY id"):
        try:
            staged = tools.staging.path(id).parent
            for path in sorted(staged.iterdir()):
                if path.suffix != backup_sheets.PART:
                    yield _noted(f"{STAGING}{id}/{path.name}", path, told)
        except (StorageError, FileNotFoundError):
            if not _is_packed(tools, id):
                lacking.append(id)
    settings = {spec.name: str(getattr(tools.settings, spec.name)) for spec in TABLE if not spec.is_secret}
    yield _noted_text(SETTINGS, json.dumps(settings, ensure_ascii=False, indent=1), told)
    whole = replace(manifest, members=tuple(told), lacking=tuple(lacking))
    content = whole.to_text().encode()
    yield sealed.Member(MANIFEST, len(content), io.BytesIO(content))


def _keys(tools: Tools) -> dict[str, Path]:
    """Return the key files by name, the audit key from wherever the settings keep it."""
    folder, audit_key = tools.settings.data / "keys", tools.settings.audit_key_file
    found = {path.relative_to(folder).as_posix(): path for path in folder.rglob("*") if path.is_file()}
    if audit_key.exists():
        found["audit.key"] = audit_key
    parts = {name for name in found if name.endswith(backup_sheets.PART)}
    return {name: path for name, path in found.items() if name not in LEFT_OUT | parts}


def _is_packed(tools: Tools, id: str) -> bool:
    """Return whether no item waits for this upload any more: its bag stands in a store by now."""
    catalogue = file_of(tools.database)
    known = [] if catalogue is None else column(catalogue, "SELECT id FROM staged_files")
    return id not in known


def _noted(path: str, place: Path, told: list[Told]) -> sealed.Member:
    """Return a file to be sealed, and keep what it is: it is read twice, hashed first."""
    stream = place.open("rb")
    sha256 = digest_stream(stream, ("sha256",))["sha256"]
    size = stream.seek(0, io.SEEK_END)
    stream.seek(0)
    told.append(Told(path, size, sha256))
    return sealed.Member(path, size, stream)


def _noted_text(path: str, text: str, told: list[Told]) -> sealed.Member:
    content = text.encode()
    told.append(Told(path, len(content), sha256_of(content)))
    return sealed.Member(path, len(content), io.BytesIO(content))
