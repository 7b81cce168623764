"""Copies a package to a further store, and counts what is verified."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import func, select
from sqlalchemy.orm import Session, selectinload

from preservation.checks import Outcome
from preservation.policy import CopyState
from preservation.premis import EventType
from repository.models.item import Item
from repository.models.package import Copy, Package
from repository.policies import rules
from repository.workflow import jobs, journal
from repository.workflow.packages import inventory_of
from repository.workflow.tools import Tools, Work
from storage.failpoints import reach
from storage.replicas import copy_bag

#: A store that is away is tried again after this; what waits is shown as 待复制.
AWAY = timedelta(minutes=10)


def wanted(session: Session, tools: Tools, package: Package) -> None:
    """Leave a job for every store that has no copy of this package yet."""
    there = set(session.scalars(select(Copy.store_id).where(Copy.package_id == package.id)))
    for store_id in tools.stores:
        if store_id not in there:
            jobs.enqueue(
                session,
                "replicate",
                lock=f"item:{package.item_id}",
                dedup=f"replicate:{package.id}:{store_id}",
                package=package.id,
                store=store_id,
            )


def replicate(work: Work) -> None:
    """Make one copy in one store, read it back, and write it down."""
    package_id, store_id = work.args["package"], work.args["store"]
    with work.reading() as session:
        package = session.scalars(
            select(Package)
            .where(Package.id == package_id)
            .options(selectinload(Package.files), selectinload(Package.copies))
        ).one()
        inventory, prefix, item_id, version = (
            inventory_of(package),
            package.prefix,
            package.item_id,
            package.version,
        )
        good = [copy.store_id for copy in package.copies if copy.state == CopyState.OK]
        done = any(copy.store_id == store_id for copy in package.copies)
    if done:
        return
    sources = [work.tools.stores[name] for name in good if name in work.tools.stores]
    copy_bag(sources, work.tools.stores[store_id], prefix, inventory)
    reach("ingest.after_replica")
    now = work.tools.clock()
    with work.writing() as session:
        session.add(
            Copy(
                package_id=package_id,
                store_id=store_id,
                state=CopyState.OK,
                outcome=Outcome.PASSED,
                checked_at=now,
                tried_at=now,
                created_at=now,
            )
        )
        journal.record(
            session,
            EventType.REPLICATION,
            journal.of_item(item_id),
            actor=work.tools.software,
            at=now,
            facts={"store": store_id, "version": version, "digest": inventory.digest},
        )


def protected(session: Session, tools: Tools, package: Package) -> bool:
    """Return whether enough copies are verified, in enough places, for the item's unit (已保护)."""
    item = session.get_one(Item, package.item_id)
    return rules(session, tools).protects(package.copies, item.collection_id)


@dataclass(frozen=True, slots=True)
class Backlog:
    """How many copies are still to be made, and since when the oldest of these packages waits (C12)."""

    copies: int
    since: datetime | None


def backlog(session: Session, tools: Tools) -> Backlog:
    """Return what waits to be copied to the configured stores; since is None where nothing does."""
    held = func.count(Copy.id)
    behind = (
        select(Package.created_at, held.label("held"))
        .outerjoin(Copy, (Copy.package_id == Package.id) & Copy.store_id.in_(tuple(tools.stores)))
        .group_by(Package.id)
        .having(held < len(tools.stores))
        .subquery()
    )
    lacking = func.coalesce(func.sum(len(tools.stores) - behind.c.held), 0)
    told = session.execute(select(lacking, func.min(behind.c.created_at))).one()
    return Backlog(int(told[0]), told[1])


def catch_up(session: Session, tools: Tools) -> int:
    """Leave jobs for all packages that lack a copy in a configured store; return how many."""
    behind = (
        select(Package)
        .outerjoin(Copy, (Copy.package_id == Package.id) & Copy.store_id.in_(tuple(tools.stores)))
        .group_by(Package.id)
        .having(func.count(Copy.id) < len(tools.stores))
    )
    packages = session.scalars(behind).all()
    for package in packages:
        wanted(session, tools, package)
    return len(packages)
