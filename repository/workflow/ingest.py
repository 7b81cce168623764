"""From an accepted item to a registered package, step by step.

Every step may run twice. The bag's rename is the commit point: after it the
package is found and registered even if this process dies, because it is
registered from what the store tells (workflow/packages.py).
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import BinaryIO

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from preservation import intake
from preservation.checks import Outcome
from preservation.examine import SipFile
from preservation.intake import IntakeReport
from preservation.policy import CopyState
from preservation.premis import EventType
from repository.models.item import Item
from repository.models.package import Copy, Package, PackagedFile
from repository.workflow import (
    bagging,
    facts,
    jobs,
    journal,
    packages,
    received,
    replicating,
    states,
    told_events,
)
from repository.workflow.composing import compose_first, compose_next, intake_events, told_report
from repository.workflow.packages import Contents
from repository.workflow.room import refuse_full_store
from repository.workflow.tools import Work
from storage.bag import Carried, Incoming
from storage.errors import DigestMismatch, NotFound
from storage.failpoints import reach
from storage.inventory import Inventory
from storage.layout import package_prefix
from storage.staging import Staging
from storage.store import Store


@dataclass(frozen=True, slots=True)
class _Accepted:
    """What ingest needs to know of an accepted item."""

    sip: tuple[SipFile, ...]
    staged: dict[int, str]  # position -> staging id
    digests: frozenset[str]
    override: str


def ingest(work: Work) -> None:
    """Take one accepted item to its first registered package."""
    item_id = work.args["item"]
    accepted = _accepted(work, item_id)
    if accepted is None:
        return
    prefix = package_prefix(item_id, 1)
    inventory = _found(work, prefix, accepted.digests)
    if inventory is None:
        report = intake.check(
            accepted.sip,
            known_digests=_known(work, item_id, accepted.digests),
            scanner=work.tools.scanner,
            sandbox=work.tools.sandbox,
            subject=item_id,
        )
        reach("ingest.after_intake")
        if report.report.outcome is Outcome.FAILED and not accepted.override:
            _hold(work, item_id, report)
            return
        inventory = _pack(work, item_id, accepted, report)
    reach("ingest.before_register")
    _register(work, prefix, inventory)
    reach("ingest.after_register")
    for staged_id in accepted.staged.values():
        work.tools.staging.drop(staged_id)


def _accepted(work: Work, item_id: str) -> _Accepted | None:
    with work.reading() as session:
        item = session.get(Item, item_id)
        if item is None or item.state != states.ACCEPTED:
            return None
        rows = list(item.staged_files)
        sip = tuple(
            SipFile(
                path=work.tools.staging.path(row.id), name=row.original_name, size=row.size, sha256=row.sha256
            )
            for row in rows
        )
        return _Accepted(
            sip=sip,
            staged={row.position: row.id for row in rows},
            digests=frozenset(row.sha256 for row in rows),
            override=item.override,
        )


def _known(work: Work, item_id: str, digests: frozenset[str]) -> dict[str, tuple[str, ...]]:
    """Return which other items hold the same bytes already (kept and linked, never refused)."""
    query = (
        select(PackagedFile.sha256, Package.item_id)
        .join(Package)
        .where(
            PackagedFile.sha256.in_(digests), PackagedFile.role == packages.OBJECT, Package.item_id != item_id
        )
        .distinct()
    )
    found: dict[str, tuple[str, ...]] = {}
    with work.reading() as session:
        for sha256, other in session.execute(query):
            found[sha256] = (*found.get(sha256, ()), other)
    return found


def _found(work: Work, prefix: str, digests: frozenset[str]) -> Inventory | None:
    """Return the file list of a bag that a dead run left whole, or None.

    It is read byte by byte, and must hold exactly the files that were
    accepted. A bag that was written badly is nobody's record yet: it is set
    aside in quarantine, and the good bytes in staging are packed again.
    """
    store = work.tools.first_store
    if next(iter(store.list(f"{prefix}/")), None) is None:
        return None
    if _is_whole(store, prefix, digests):
        return packages.measure(store, prefix)
    for found in list(store.list(f"{prefix}/")):
        store.set_aside(found.key)
    return None


def _is_whole(store: Store, prefix: str, digests: frozenset[str]) -> bool:
    """Return whether an unregistered bag tells and holds exactly these files, and agrees with itself."""
    try:
        held = {file.path: file.sha256 for file in packages.read(store, prefix).files}
        inventory, declared = packages.measure(store, prefix), packages.declared(store, prefix)
    except (NotFound, DigestMismatch, ValueError):
        return False
    measured = {record.path: record.sha256 for record in inventory.files}
    wanted = frozenset(held.values()) == digests and all(
        measured.get(path) == told for path, told in held.items()
    )
    return wanted and inventory == declared


def _hold(work: Work, item_id: str, report: IntakeReport) -> None:
    """Stop before anything is packed: a person decides."""
    with work.writing() as session:
        item = session.get_one(Item, item_id)
        item.state = states.after(item.state, "hold")
        item.intake = told_report(report)
        for event in intake_events(work, item_id, report):
            session.add(event)
        jobs.enqueue(session, "carry_log", priority=jobs.LATER, lock="logbook", dedup=journal.LOG_DEDUP)


def _opener(staging: Staging, staged_id: str) -> Callable[[], BinaryIO]:
    return lambda: staging.open(staged_id)


def _pack(work: Work, item_id: str, accepted: _Accepted, report: IntakeReport) -> Inventory:
    with work.reading() as session:
        contents = compose_first(session, work, session.get_one(Item, item_id), report)
    refuse_full_store(work.tools.settings)
    reach("ingest.before_pack")
    objects = [
        Incoming(
            path=file.path,
            open=_opener(work.tools.staging, accepted.staged[file.position]),
            size=file.size,
            sha256=file.sha256,
        )
        for file in contents.files
    ]
    objects += received.pieces(work.tools.staging, accepted.staged.values())
    inventory = bagging.write(work.tools, work.tools.first_store, contents, objects)
    reach("ingest.after_pack")
    return inventory


def _register(work: Work, prefix: str, inventory: Inventory) -> None:
    """Write rows, first copy, events and the jobs that follow, in one transaction."""
    contents = packages.read(work.tools.first_store, prefix)
    with work.writing() as session:
        item = session.get(Item, contents.item_id)
        if item is not None and contents.version == 1:
            states.after(item.state, "register")
            item.staged_files.clear()
        package = packages.register(session, contents, inventory)
        if session.scalars(select(Copy).where(Copy.package_id == package.id)).first() is None:
            _tell(session, work, package, contents)
        newest = session.get_one(Item, contents.item_id)
        if newest.revision > package.revision:
            ask_repack(session, newest.id)


def _tell(session: Session, work: Work, package: Package, contents: Contents) -> None:
    now = work.tools.clock()
    store = work.tools.first_store
    session.add(
        Copy(
            package_id=package.id,
            store_id=store.id,
            state=CopyState.OK,
            outcome=Outcome.PASSED,
            checked_at=now,
            tried_at=now,
            created_at=now,
        )
    )
    told_events.add(session, contents)
    journal.record(
        session,
        EventType.INGESTION_END if contents.version == 1 else EventType.MODIFICATION,
        journal.of_item(contents.item_id),
        actor=work.tools.software,
        at=now,
        facts={"version": package.version, "digest": package.registered_digest, "store": store.id},
    )
    item = session.get_one(Item, contents.item_id)
    item.generation = facts.next_generation(session)
    replicating.wanted(session, work.tools, package)
    jobs.ask_index(session)
    jobs.ask_derive(session, item.id)


def ask_repack(session: Session, item_id: str) -> None:
    """Leave the job that brings an item's edits into a new package version."""
    jobs.enqueue(session, "repack", lock=f"item:{item_id}", dedup=f"repack:{item_id}", item=item_id)


def repack(work: Work) -> None:
    """Write a new package version from the item's rows; its objects are carried over unread."""
    item_id = work.args["item"]
    with work.reading() as session:
        item = session.get_one(Item, item_id)
        newest = session.scalars(
            select(Package).where(Package.item_id == item_id).order_by(Package.version.desc())
        ).first()
        if newest is None or newest.revision >= item.revision:
            return
        contents = compose_next(session, work, item, newest)
        carried = _carried(session, newest)
    prefix = contents.prefix
    digests = frozenset(file.sha256 for file in contents.files)
    inventory = _found(work, prefix, digests)
    if inventory is None:
        inventory = bagging.write(work.tools, work.tools.first_store, contents, carried)
    reach("ingest.before_register")
    _register(work, prefix, inventory)


def _carried(session: Session, package: Package) -> list[Carried]:
    rows = session.scalars(
        select(PackagedFile).where(
            PackagedFile.package_id == package.id,
            or_(PackagedFile.role == packages.OBJECT, PackagedFile.path.startswith(received.FOLDER)),
        )
    )
    return [
        Carried(path=row.path, from_key=f"{package.prefix}/{row.path}", size=row.size, sha256=row.sha256)
        for row in rows
    ]
