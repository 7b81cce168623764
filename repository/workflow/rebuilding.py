"""Makes the catalogue anew from the stores alone (promise P6).

It only adds: what the catalogue knows stays, what a store has beyond it is
registered, nothing is removed (cases B16, B17) but what the log says was
given up (tombstones.py). A package is believed if its manifests agree with
the digest that the log tells of it.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError, InterfaceError, ProgrammingError
from sqlalchemy.orm import Session

from preservation.checks import Outcome
from preservation.identity import is_at_home
from preservation.policy import CopyState
from preservation.premis import EventType
from repository.models.collection import Collection
from repository.models.event import Event
from repository.models.item import Item
from repository.models.package import Copy, Package
from repository.workflow import (
    access,
    assigning,
    facts,
    fitting,
    grafting,
    indexing,
    jobs,
    journal,
    logbook,
    offline,
    packages,
    planning,
    receipting,
    recovering,
    rollbook,
    timekeeping,
    told_events,
    tombstones,
)
from repository.workflow.packages import Contents
from repository.workflow.tools import Tools
from storage.errors import NotFound, StorageError, Unreadable
from storage.inventory import Inventory
from storage.layout import PackageKey
from storage.layout import packages as stored_packages
from storage.store import Store

Tell = Callable[[int, int], None]
#: Events that tell the registered digest of a version.
_REGISTERING = (str(EventType.INGESTION_END), str(EventType.MODIFICATION))
#: What comes of a bag that no store tells truly, or whose record no catalogue can hold: it alone is refused.
_NOT_TRUE = (
    NotFound,
    IntegrityError,
    InterfaceError,
    ProgrammingError,
    AttributeError,
    LookupError,
    TypeError,
    ValueError,
)


@dataclass(frozen=True, slots=True)
class Rebuilt:
    """What a rebuild found. refused are prefixes that no store tells truly, staged what waited in staging."""

    packages: int
    copies: int
    events: int
    staged: int = 0
    refused: tuple[str, ...] = field(default=())
    accounts: int = 0  # that came back, without passwords


def rebuild(tools: Tools, tell: Tell) -> Rebuilt:
    """Register everything that the stores hold; return what was found.

    Raises StoreUnavailable or WrongStore before anything is written: an
    absent disk must not read as an empty archive.
    """
    for store in tools.stores.values():
        store.probe()
    events = _read_log(tools)
    with tools.database.writing.begin() as session:
        tombstones.apply(session)
        gone = tombstones.gone(session)
    where = {key: stores for key, stores in _where(tools).items() if key.item_id not in gone}
    registered = _registered_digests(tools)
    refused, copies = [], 0
    for done, key in enumerate(sorted(where, key=_newest_first), start=1):
        try:
            with tools.database.writing.begin() as session:
                package = _register(session, tools, key, where[key], registered.get(key))
                copies += _add_copies(session, tools, package, where[key])
        except _NOT_TRUE:
            refused.append(key.prefix)
        tell(done, len(where))
    staged = recovering.recover(tools)
    receipting.recall(tools)
    with tools.database.writing.begin() as session:
        assigning.recall(session)
        offline.replant(session)
        timekeeping.recall(session)
        accounts = rollbook.recall(session, tools)
        access.derive_all(session)
        indexing.ask_rebuild(session, why="rebuild")
    return Rebuilt(len(where) - len(refused), copies, events, staged, tuple(refused), accounts)


def adopt(tools: Tools, keys: Sequence[PackageKey], tell: Tell) -> Rebuilt:
    """Register these packages, and no others, from the stores that answer (case B17).

    They and their copies are unknown until they were read, which is asked for at once.
    """
    answering = planning.answering(tools)
    there = replace(tools, stores={name: one for name, one in tools.stores.items() if name in answering})
    events = _read_log(there)
    with tools.database.reading() as session:
        gone = tombstones.gone(session)
    registered = _registered_digests(tools)
    refused, copies = [], 0
    for done, key in enumerate(sorted(keys, key=_newest_first), start=1):
        where = [store for store in there.stores.values() if is_at_home(store, key)]
        if key.item_id in gone:
            refused.append(key.prefix)
            continue
        try:
            with tools.database.writing.begin() as session:
                package = _register(session, there, key, where, registered.get(key))
                copies += _add_copies(session, tools, package, where)
                planning.ask_early(session, at=tools.clock(), package_ids=[package.id])
                session.get_one(Item, key.item_id).generation = facts.next_generation(session)
                jobs.ask_derive(session, key.item_id)
                jobs.ask_index(session)
        except _NOT_TRUE:
            refused.append(key.prefix)
        tell(done, len(keys))
    return Rebuilt(len(keys) - len(refused), copies, events, refused=tuple(refused))


def _read_log(tools: Tools) -> int:
    """Write the events of the log that are not known, and what they tell of the tree; return how many."""
    scions = grafting.gather(tools)
    with tools.database.writing.begin() as session:
        known = set(session.scalars(select(Event.id)))
        fresh = [event for event in logbook.read_log(tools) if event.id not in known]
        grafting.add_events(session, fresh, grafting.numbers(session, scions))
        grafting.graft(session, tools, scions)
        for event in fresh:
            if event.object_kind == journal.COLLECTION and event.type == EventType.CREATION:
                _plant(session, event)
        assigning.recall(session)
        for store in tools.stores.values():
            facts.put(session, facts.LOG_WATERMARK + store.id, str(_carried_up_to(session, store)))
    return len(fresh)


def _carried_up_to(session: Session, store: Store) -> int:
    """Return the number up to which this very store's log holds every event of the catalogue."""
    carried = {told["id"] for told in logbook.lines(store)}
    last = 0
    for event_id, sequence in session.execute(select(Event.id, Event.sequence).order_by(Event.sequence)):
        if event_id not in carried:
            break
        last = sequence
    return last


def _plant(session: Session, event: Event) -> None:
    if session.get(Collection, event.object_id) is None:
        session.add(Collection(id=event.object_id, created_at=event.at, **event.facts))
        session.flush()
        if event.facts["level"] == "fonds":
            facts.put(session, facts.SCHOOL_NAME, event.facts["title"])
            facts.put(session, facts.FONDS_CODE, event.facts["code"])


def _where(tools: Tools) -> dict[PackageKey, list[Store]]:
    found: dict[PackageKey, list[Store]] = {}
    for store in tools.stores.values():
        for key in stored_packages(store):
            found.setdefault(key, []).append(store)
    return found


def _registered_digests(tools: Tools) -> dict[PackageKey, str]:
    """Return the digest of each package version as the log tells it."""
    query = select(Event).where(Event.type.in_(_REGISTERING), Event.object_kind == journal.ITEM)
    with tools.database.reading() as session:
        return {
            PackageKey(event.object_id, event.facts["version"]): event.facts["digest"]
            for event in session.scalars(query.order_by(Event.sequence))
            if "digest" in event.facts
        }


def _newest_first(key: PackageKey) -> tuple[str, int]:
    """Order by item, newest version first: an older one may come from another school, with its tree."""
    return key.item_id, -key.version


def _register(
    session: Session, tools: Tools, key: PackageKey, stores: list[Store], digest: str | None
) -> Package:
    """Register a package from the first store that tells it truly; one that is known stays as it is.

    Raises one of _NOT_TRUE where no store does.
    """
    known = session.scalars(select(Package).where(Package.prefix == key.prefix)).first()
    if known is not None:
        return known
    for store in stores:
        try:
            inventory = _inventory(store, key, digest)
            if digest is not None and inventory.digest != digest:
                continue
            contents = packages.read(store, key.prefix)
        except (StorageError, AttributeError):  # AttributeError: a record that is no record at all
            continue
        if (contents.item_id, contents.version) != (key.item_id, key.version):
            continue  # another package's bag lies here (A14, A15): it says nothing of this one
        return _write(session, tools, contents, inventory)
    raise NotFound(key=key.prefix)


def _inventory(store: Store, key: PackageKey, digest: str | None) -> Inventory:
    """Return the file list of a bag: by its own manifests if the log knows it so, else by reading every byte.

    What came in from others may list its files in ways of its own, and is good all the same.
    """
    try:
        declared = packages.declared(store, key.prefix)
    except (NotFound, Unreadable):
        return packages.measure(store, key.prefix)
    return declared if declared.digest == digest else packages.measure(store, key.prefix)


def _write(session: Session, tools: Tools, contents: Contents, inventory: Inventory) -> Package:
    """Write what a bag tells, made to fit: as the import did it, else so that no code stands twice."""
    told_events.add(session, contents)
    session.flush()
    item = session.get(Item, contents.item_id)
    if item is not None and item.version >= contents.version:
        return packages.register(session, contents, inventory)
    told = fitting.fitted_as_told(session, contents)
    if told is None:
        if not fitting.is_stranger(session, contents):
            _plant_ancestors(session, contents)
        told = fitting.fitted(session, contents), fitting.Act(tools.software, tools.clock(), fitting.REBUILT)
    fitted, act = told
    package = packages.register(session, fitted, inventory)
    if fitted is not contents:
        act = replace(act, repack=fitting.is_newest(tools.stores.values(), contents))
        fitting.tell(session, session.get_one(Item, contents.item_id), contents, act)
    return package


def _plant_ancestors(session: Session, contents: Contents) -> None:
    """Make the units above an item that no log told of: the bag alone is enough."""
    parent_id = None
    for told in contents.ancestors:
        if session.get(Collection, told["id"]) is None:
            row = Collection(parent_id=parent_id, created_at=contents.created_at)
            for name in ("id", "level", "code", "title", "position"):
                setattr(row, name, told[name])
            session.add(row)
            session.flush()
        parent_id = told["id"]
    if not facts.get(session, facts.SCHOOL_NAME):
        facts.put(session, facts.SCHOOL_NAME, contents.school["name"])
        facts.put(session, facts.FONDS_CODE, contents.school["fonds_code"])


def _add_copies(session: Session, tools: Tools, package: Package, stores: list[Store]) -> int:
    """Add the copies that stand in stores; they are unknown until they were read."""
    known = set(session.scalars(select(Copy.store_id).where(Copy.package_id == package.id)))
    fresh = [store.id for store in stores if store.id not in known]
    for store_id in fresh:
        session.add(
            Copy(
                package_id=package.id,
                store_id=store_id,
                state=CopyState.UNKNOWN,
                outcome=Outcome.NOT_RUN,
                asked_at=tools.clock(),
                created_at=tools.clock(),
            )
        )
    return len(fresh)
