"""Restores a backup into an empty data folder, then asks the stores what is newer.

While it goes on, a mark lies in the folder: nothing starts on a half-restored
archive, and the next restore begins anew (case B05). The catalogue comes
last. The stores are only read; whatever they hold beyond the backup is
registered, so that nothing accepted after it is lost (F06, B17).
"""

import json
import os
import shutil
import sqlite3
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path

from sqlalchemy import update

from preservation.checks import Outcome
from preservation.policy import CopyState
from preservation.premis import EventType
from repository.config import Settings
from repository.models.database import open_database
from repository.models.migrating import Schema, schema_of
from repository.models.package import Copy
from repository.models.snapshot import one
from repository.permissions import Actor
from repository.workflow import audit, backup_contents, jobs, journal, rebuilding
from repository.workflow.backup_contents import CATALOGUE, KEYS, STAGING
from repository.workflow.backup_refusals import RestoreRefused
from repository.workflow.backup_sheets import Manifest
from repository.workflow.rebuilding import Rebuilt, Tell
from repository.workflow.tools import Tools
from storage.errors import StorageError
from storage.failpoints import reach
from storage.faults import translated
from storage.platform import fsync_dir, fsync_file
from storage.secret_files import keep_new
from storage.staging import Staging
from storage.store import Store

#: Lies in the data folder while a restore is not finished.
UNFINISHED = "restore-unfinished.json"
_WORK = "restore"
SETTLED = timedelta(minutes=5)  # every store is taken stock of, once the restore itself is done


@dataclass(frozen=True, slots=True)
class Reconciled:
    """What the stores told beyond the backup; away are the stores that could not be asked."""

    rebuilt: Rebuilt
    away: tuple[str, ...]


def is_unfinished(settings: Settings) -> bool:
    """Return whether a restore into this data folder was stopped on the way."""
    return (settings.data / UNFINISHED).exists()


def catalogue_path(settings: Settings) -> Path:
    """Return where the catalogue of an archive lies. Raises RestoreRefused where it is no SQLite file."""
    name = settings.database_url.removeprefix("sqlite:///")
    if name == settings.database_url:
        raise RestoreRefused(reason="dialect")
    return Path(name)


def is_free(settings: Settings) -> bool:
    """Return whether the data folder holds nothing of anybody: no account, no item, no upload."""
    if next(Staging(settings.data / "staging").all(), None) is not None:
        return False
    catalogue = catalogue_path(settings)
    if not catalogue.exists():
        return True
    try:
        if one(catalogue, "SELECT 1 FROM sqlite_master WHERE name = 'items'") is None:
            return one(catalogue, "SELECT 1 FROM sqlite_master") is None
        return all(one(catalogue, f"SELECT 1 FROM {name}") is None for name in ("accounts", "items"))
    except sqlite3.Error:
        return False  # damaged, but somebody's


def lay(sealed: Path, secret: str, settings: Settings) -> Manifest:
    """Verify a backup, lay it into the data folder of these settings, and return its manifest.

    The folder stays marked until finish() is called. Raises RestoreRefused (not
    free), BackupDamaged, NotAnIdentity, StorageError; then nothing was laid.
    """
    if not is_unfinished(settings) and not is_free(settings):
        raise RestoreRefused(reason="not_empty", data=str(settings.data))
    with translated(writing=True, path=str(settings.data)):
        begun = _mark(settings, sealed)
        work = settings.data / "scratch" / _WORK
        shutil.rmtree(work, ignore_errors=True)
        try:
            manifest = backup_contents.unpack(sealed, secret, work)
            _refuse_newer(work / CATALOGUE)
        except BaseException:
            shutil.rmtree(work, ignore_errors=True)
            if begun:
                _unmark(settings)
            raise
        reach("restore.after_unpack")
        _lay_keys(work / KEYS, settings)
        reach("restore.after_keys")
        _lay_staging(work / STAGING, settings.data / STAGING)
        _lay_catalogue(work / CATALOGUE, catalogue_path(settings))
        shutil.rmtree(work, ignore_errors=True)
        return manifest


def _mark(settings: Settings, sealed: Path) -> bool:
    """Mark the folder as half-restored; return whether it was not marked before."""
    place = settings.data / UNFINISHED
    is_new = not place.exists()
    settings.data.mkdir(parents=True, exist_ok=True)
    place.write_text(json.dumps({"backup": sealed.name}, ensure_ascii=False), "utf-8")
    fsync_file(place)
    fsync_dir(settings.data)
    reach("restore.after_mark")
    return is_new


def _unmark(settings: Settings) -> None:
    (settings.data / UNFINISHED).unlink(missing_ok=True)
    fsync_dir(settings.data)


def _refuse_newer(catalogue: Path) -> None:
    database = open_database(f"sqlite:///{catalogue}")
    try:
        if schema_of(database) is Schema.NEWER:
            raise RestoreRefused(reason="newer")
    finally:
        database.engine.dispose()


def _lay_keys(source: Path, settings: Settings) -> None:
    """Put the keys in place; the sealing key goes where the settings want it, and never over another one."""
    target, sealing = settings.data / KEYS, settings.audit_key_file
    target.mkdir(mode=0o700, parents=True, exist_ok=True)
    for path in sorted(source.rglob("*")):
        place = target / path.relative_to(source)
        if path.is_file() and place == target / "audit.key" != sealing:
            keep_new(sealing, path.read_text("ascii"))
        elif path.is_file():
            place.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            os.replace(path, place)
            fsync_dir(place.parent)
    fsync_dir(target)


def _lay_staging(source: Path, target: Path) -> None:
    """Put the uploads in place; what a stopped restore laid before is laid anew."""
    target.mkdir(mode=0o700, parents=True, exist_ok=True)
    for folder in sorted(source.iterdir()) if source.is_dir() else ():
        shutil.rmtree(target / folder.name, ignore_errors=True)
        os.replace(folder, target / folder.name)
        fsync_dir(target / folder.name)
    fsync_dir(target)


def _lay_catalogue(source: Path, target: Path) -> None:
    """Put the catalogue in place, in one step; the journal of an older one must not be read into it."""
    part = target.with_name(target.name + ".part")
    part.unlink(missing_ok=True)
    shutil.copyfile(source, part)
    part.chmod(0o600)
    fsync_file(part)
    reach("restore.before_catalogue")
    for suffix in ("", "-wal", "-shm"):
        target.with_name(target.name + suffix).unlink(missing_ok=True)
    os.replace(part, target)
    fsync_dir(target.parent)
    reach("restore.after_catalogue")


def reconcile(tools: Tools, actor: Actor, manifest: Manifest, tell: Tell) -> Reconciled:
    """Register what reachable stores hold beyond the backup, and put every copy at the head of the queue.

    A copy is unknown until it was read again: between backup and restore
    anything may have happened to it. Stores that are away are told, not asked.
    """
    reachable = {id: store for id, store in tools.stores.items() if _answers(store)}
    rebuilt = Rebuilt(0, 0, 0)
    if reachable:
        rebuilt = rebuilding.rebuild(replace(tools, stores=reachable), tell)
    at = tools.clock()
    away = tuple(sorted(tools.stores.keys() - reachable.keys()))
    told = {
        "backup": manifest.id,
        "made_at": manifest.made_at.isoformat(),
        "packages": rebuilt.packages,
        "events": rebuilt.events,
        "away": list(away),
    }
    with tools.database.writing.begin() as session:
        session.execute(update(Copy).values(asked_at=at))
        fresh = {"state": CopyState.UNKNOWN, "outcome": Outcome.NOT_RUN}
        session.execute(update(Copy).where(Copy.state == CopyState.OK).values(**fresh))
        about = journal.Subject(journal.SCHOOL, "catalogue")
        journal.record(session, EventType.RECOVERY, about, actor=actor, at=at, facts=told)
        audit.record(session, "backup.restored", actor=actor, at=at, about=about, facts=told)
        stock = {"lock": "stocktake", "dedup": "stocktake"}
        jobs.enqueue(session, "stocktake", priority=jobs.LATER, run_after=at + SETTLED, **stock)
    reach("restore.after_reconcile")
    return Reconciled(rebuilt, away)


def _answers(store: Store) -> bool:
    try:
        store.probe()
    except StorageError:
        return False
    return True


def finish(settings: Settings) -> None:
    """Take the mark away: the archive is whole and may be started."""
    with translated(writing=True):
        _unmark(settings)
