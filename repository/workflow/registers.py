"""The register itself: is the registered digest (登记的摘要) still what it was? (case A26)

The digest of a package stands in the catalogue, in the event log of the
catalogue and of every store, and follows from every byte of the bag. Where the
catalogue is the odd one out it is mended, but only from witnesses that agree.
"""

from collections import Counter
from dataclasses import dataclass

from sqlalchemy import delete, select
from sqlalchemy.orm import Session, selectinload

from preservation.checks import Outcome
from preservation.premis import EventType
from repository.models.event import Event
from repository.models.package import Package, PackagedFile
from repository.models.watch import Report
from repository.workflow import journal, logbook, packages
from repository.workflow.packages import Contents
from repository.workflow.tools import Tools
from storage.errors import StorageError
from storage.inventory import Inventory
from storage.store import Store

#: Events that tell the registered digest of a version.
REGISTERING = (str(EventType.INGESTION_END), str(EventType.MODIFICATION))
CATALOGUE, FILES, LOG, BAG = "catalogue", "files", "log", "bag"
ENOUGH = 2  # witnesses outside the catalogue that must agree, one of them a bag read whole


@dataclass(frozen=True, slots=True)
class Witness:
    """Who says which digest: the catalogue's column or file list, a log, a bag; store "" is the catalogue."""

    kind: str
    store: str
    digest: str


@dataclass(frozen=True, slots=True)
class RegisterCase:
    """One package whose register is in doubt, and what came of it; agreed is "" where nobody may decide."""

    prefix: str
    item_id: str
    version: int
    witnesses: tuple[Witness, ...]
    agreed: str
    mended: bool


@dataclass(frozen=True, slots=True)
class _Proof:
    """A bag whose every byte was read, and what it tells."""

    inventory: Inventory
    contents: Contents


def is_whole(session: Session, package: Package) -> bool:
    """Return whether the registered list, its digest and the catalogue's own log agree (case A26)."""
    if not packages.register_is_whole(package):
        return False
    told = digest_in_log(session, package)
    return told in ("", package.registered_digest)


def digest_in_log(session: Session, package: Package) -> str:
    """Return the digest that the catalogue's log tells of a version, "" where it tells none."""
    query = select(Event).where(
        Event.object_kind == journal.ITEM,
        Event.object_id == package.item_id,
        Event.type.in_(REGISTERING),
    )
    told = [
        str(event.facts["digest"])
        for event in session.scalars(query.order_by(Event.sequence))
        if event.facts.get("version") == package.version and "digest" in event.facts
    ]
    return told[-1] if told else ""


def doubtful(session: Session) -> list[str]:
    """Return the ids of the packages whose register does not agree with itself or its log."""
    query = select(Package).options(selectinload(Package.files)).order_by(Package.prefix)
    found = session.scalars(query.execution_options(yield_per=200))
    return [package.id for package in found if not is_whole(session, package)]


def mend(tools: Tools) -> list[RegisterCase]:
    """Mend every register that is in doubt and return what was found, mended or not.

    Raises StoreUnavailable or WrongStore where a store is away: an absent
    witness might be the one that disagrees.
    """
    with tools.database.reading() as session:
        wanted = doubtful(session)
    if not wanted:
        return []
    for store in tools.stores.values():
        store.probe()
    logs = {store.id: _digests_in(store) for store in tools.stores.values()}
    return [_mend_one(tools, package_id, logs) for package_id in wanted]


def _digests_in(store: Store) -> dict[tuple[str, int], str]:
    """Return what one store's log tells: the digest of each item's version."""
    return {
        (told["object_id"], told["facts"]["version"]): told["facts"]["digest"]
        for told in logbook.lines(store)
        if told["type"] in REGISTERING and "digest" in told["facts"] and "version" in told["facts"]
    }


def _mend_one(tools: Tools, package_id: str, logs: dict[str, dict[tuple[str, int], str]]) -> RegisterCase:
    """Hear the witnesses of one package, and mend its register where they agree."""
    with tools.database.reading() as session:
        package = session.get_one(Package, package_id)
        prefix, item_id, version = package.prefix, package.item_id, package.version
        heard = [
            Witness(CATALOGUE, "", package.registered_digest),
            Witness(FILES, "", packages.inventory_of(package).digest),
            Witness(LOG, "", digest_in_log(session, package)),
        ]
    for store_id, told in logs.items():
        heard.append(Witness(LOG, store_id, told.get((item_id, version), "")))
    proofs = {}
    for store in tools.stores.values():
        proof = _read(store, prefix)
        if proof is not None:
            proofs[proof.inventory.digest] = proof
            heard.append(Witness(BAG, store.id, proof.inventory.digest))
    witnesses = tuple(one for one in heard if one.digest)
    agreed = agreement(witnesses)
    if agreed:
        _write(tools, package_id, proofs[agreed], witnesses)
    return RegisterCase(prefix, item_id, version, witnesses, agreed, bool(agreed))


def agreement(witnesses: tuple[Witness, ...]) -> str:
    """Return the digest that may be written to the register, "" where the witnesses do not suffice.

    Every store's log that tells one must tell the same, a bag that was read
    whole must have it, and at least two outside the catalogue must say it.
    """
    outside = [one for one in witnesses if one.store]
    logs = {one.digest for one in outside if one.kind == LOG}
    if len(logs) != 1:
        return ""
    digest = logs.pop()
    has_bag = any(one.kind == BAG and one.digest == digest for one in outside)
    return digest if has_bag and Counter(one.digest for one in outside)[digest] >= ENOUGH else ""


def _read(store: Store, prefix: str) -> _Proof | None:
    """Return what a bag is and tells, every byte read; None where it cannot be read."""
    try:
        return _Proof(packages.measure(store, prefix), packages.read(store, prefix))
    except StorageError:
        return None


def _write(tools: Tools, package_id: str, proof: _Proof, witnesses: tuple[Witness, ...]) -> None:
    """Write the register anew from a bag that has the agreed digest; told in the log and in a report."""
    with tools.database.writing.begin() as session:
        package = session.get_one(Package, package_id)
        before = package.registered_digest
        session.execute(delete(PackagedFile).where(PackagedFile.package_id == package_id))
        session.flush()
        session.expire(package, ["files"])
        package.registered_digest = proof.inventory.digest
        package.file_count = len(proof.inventory.files)
        package.byte_count = proof.inventory.total_bytes
        package.files = list(packages.file_rows(proof.contents, proof.inventory))
        told = {
            "version": package.version,
            "register": "mended",
            "before": before,
            "after": proof.inventory.digest,
            "witnesses": [{"kind": w.kind, "store": w.store, "digest": w.digest} for w in witnesses],
        }
        at = tools.clock()
        journal.record(
            session,
            EventType.METADATA_MODIFICATION,
            journal.of_item(package.item_id),
            actor=tools.software,
            at=at,
            detail="register",
            facts=told,
        )
        session.add(
            Report(kind="repair", at=at, outcome=str(Outcome.PASSED), subject=package.item_id, facts=told)
        )
