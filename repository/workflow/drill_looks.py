"""What a drill looks at in the restored archive, in the process that restored it."""

from collections.abc import Mapping

from sqlalchemy import func, select

from repository.config import Settings
from repository.models.account import Account
from repository.models.migrating import newest_revision
from repository.models.package import Package
from repository.models.snapshot import table_sums
from repository.workflow import backup_contents
from repository.workflow.backup_sheets import Manifest
from repository.workflow.drilling import Inside
from repository.workflow.restoring import Reconciled, catalogue_path
from repository.workflow.tools import Tools
from storage.readonly import ReadOnlyStore
from storage.store import Store


def read_only(stores: Mapping[str, Store]) -> dict[str, Store]:
    """Return the same stores, refusing every write: a drill changes nothing."""
    return {id: ReadOnlyStore(store) for id, store in stores.items()}


def differing(settings: Settings, manifest: Manifest) -> list[str]:
    """Return the tables that do not hold the rows that the backup told; ask before anything is added."""
    found = table_sums(catalogue_path(settings))
    names = found.keys() | manifest.tables.keys()
    return sorted(name for name in names if found.get(name) != manifest.tables.get(name))


def dump_of(settings: Settings, manifest: Manifest) -> str:
    """Return the SHA-256 of the dump where it is the one that the backup told, "" where it is not compared.

    Another software may tell more in its dump; the rows are compared in any case (differing).
    """
    if not manifest.dump_sha256 or manifest.revision != newest_revision():
        return ""
    found = backup_contents.dump_digest(catalogue_path(settings))
    return found if found == manifest.dump_sha256 else ""


def look(
    tools: Tools, manifest: Manifest, done: Reconciled, *,
    differing: list[str], dump_sha256: str, status: int,
    restore_seconds: float, reconcile_seconds: float,
) -> Inside:
    """Return what stands in the restored archive after the stores were asked; times in seconds."""
    with tools.database.reading() as session:
        rows = session.execute(select(Package.prefix, Package.registered_digest))
        packages = {prefix: digest for prefix, digest in rows}
        accounts = session.scalar(select(func.count()).select_from(Account)) or 0
    return Inside(
        revision=manifest.revision,
        tables=len(manifest.tables),
        rows=sum(told.rows for told in manifest.tables.values()),
        dump_sha256=dump_sha256,
        differing=differing,
        status=status,
        restore_seconds=round(restore_seconds, 2),
        reconcile_seconds=round(reconcile_seconds, 2),
        added=len(packages) - manifest.tables["packages"].rows,
        events=done.rebuilt.events,
        accounts=accounts,
        away=list(done.away),
        refused=list(done.rebuilt.refused),
        packages=packages,
    )
