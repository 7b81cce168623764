"""The preservation rules in force: settings, what was said of stores and units.

Read at one moment into one value, so that every page, figure and round goes by
the same rules. A unit without numbers of its own goes by the unit above it, the
top by the settings. Two folders of one disk are one place, whatever they are called.
"""

import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Protocol
from urllib.parse import urlsplit

from sqlalchemy import ColumnElement, Row, and_, case, false, func, literal, or_, select, union_all
from sqlalchemy.orm import Session

from preservation.policy import CopyState, Policy, StoreKind, StoreRule, Wanted, enough
from repository.config import Settings
from repository.models.collection import Collection
from repository.models.item import Item
from repository.models.keeping import Medium, MediumState, StoreCard
from repository.models.package import Copy
from repository.models.school import Fact
from repository.store_specs import StoreSpec

#: Fact (+ store id) that tells where a store was seen last: {"marker": …, "disk": …}.
SEAT = "store_seat."
GB = 1_000_000_000


class Keeper(Protocol):
    """What the rules depend on beside the catalogue; workflow.tools.Tools is one."""

    @property
    def settings(self) -> Settings: ...
    @property
    def policy(self) -> Policy: ...
    @property
    def stores(self) -> Mapping[str, Any]: ...
    @property
    def clock(self) -> Callable[[], datetime]: ...


@dataclass(frozen=True, slots=True)
class MediumRule:
    """One offline medium in use: its copies count if they were read since read_since."""

    place: str
    read_since: datetime


@dataclass(frozen=True, slots=True)
class Unit:
    """What a unit says itself; None where it says nothing."""

    parent_id: str | None
    copies: int | None
    places: int | None


@dataclass(frozen=True, slots=True)
class Rules:
    """All rules at one moment. units holds the units that differ from the rest, disks where folders lie."""

    at: datetime
    stores: Mapping[str, StoreRule]
    media: Mapping[str, MediumRule]
    rest: Wanted
    units: Mapping[str, Wanted]
    disks: Mapping[str, str]
    named: Mapping[str, str] = field(default_factory=dict)  # store -> the place that people gave it

    def wanted(self, collection_id: str | None) -> Wanted:
        """Return what an item of this unit needs."""
        return self.units.get(collection_id or "", self.rest)

    def verified(self, copies: Iterable[Copy]) -> list[str]:
        """Return the place of each copy that counts: found good, and not moved or shelved too long since."""
        found = []
        for copy in copies:
            if copy.state != CopyState.OK or copy.asked_at is not None:
                continue
            if copy.store_id in self.stores:
                found.append(self.stores[copy.store_id].place)
            elif copy.store_id in self.media and copy.checked_at is not None:
                if copy.checked_at >= self.media[copy.store_id].read_since:
                    found.append(self.media[copy.store_id].place)
        return found

    def protects(self, copies: Iterable[Copy], collection_id: str | None) -> bool:
        """Return whether these copies make an item of this unit protected (已保护)."""
        return enough(self.verified(copies), self.wanted(collection_id))

    def sharing_a_disk(self) -> list[tuple[str, ...]]:
        """Return the stores that lie on one and the same disk, one group a disk."""
        groups: dict[str, list[str]] = {}
        for store_id, disk in self.disks.items():
            groups.setdefault(disk, []).append(store_id)
        return [tuple(group) for group in groups.values() if len(group) > 1]

    def counts(self) -> ColumnElement[bool]:
        """Return the condition on Copy that verified() asks, for questions over all copies."""
        shelved = [
            and_(Copy.store_id == name, Copy.checked_at >= medium.read_since)
            for name, medium in self.media.items()
        ]
        there = or_(Copy.store_id.in_(tuple(self.stores)), *shelved)
        return and_(Copy.state == CopyState.OK, Copy.asked_at.is_(None), there)

    def is_overdue(self) -> ColumnElement[bool]:
        """Return the condition on Copy that it was not read for longer than its store's rule allows."""
        late = [
            and_(Copy.store_id == name, Copy.checked_at < self.at - rule.interval)
            for name, rule in self.stores.items()
        ]
        late += [
            and_(Copy.store_id == name, Copy.checked_at < medium.read_since)
            for name, medium in self.media.items()
        ]
        return or_(false(), *late)

    def is_short(self) -> ColumnElement[bool]:
        """Return the condition on one package's group of copies (outer join) that they are not enough."""
        known = {**{name: rule.place for name, rule in self.stores.items()},
                 **{name: rule.place for name, rule in self.media.items()}}
        place = case(known, value=Copy.store_id, else_=Copy.store_id) if known else Copy.store_id
        good = func.count(Copy.id).filter(self.counts())
        apart = func.count(place.distinct()).filter(self.counts())
        return or_(good < self._column("copies"), apart < self._column("places"))

    def _column(self, name: str) -> ColumnElement[int]:
        """Return the wanted number as a column; asks Item only where a unit differs."""
        numbers: dict[int, list[str]] = {}
        for unit_id, wanted in self.units.items():
            numbers.setdefault(getattr(wanted, name), []).append(unit_id)
        rest = literal(getattr(self.rest, name))
        if not numbers:
            return rest
        return case(*((Item.collection_id.in_(ids), number) for number, ids in numbers.items()), else_=rest)


def rules(session: Session, keeper: Keeper) -> Rules:
    """Return the rules in force now: one statement, two where a unit has numbers of its own."""
    now = keeper.clock()
    told: dict[str, list[Row[Any]]] = {"card": [], "seat": [], "medium": [], "unit": []}
    for row in session.execute(_everything()):
        told[row.what].append(row)
    disks = _disks(keeper, told["seat"])
    units = _inherited(_units(session), keeper.policy.wanted) if told["unit"] else {}
    return Rules(
        at=now,
        stores=_store_rules(keeper, {row.id: row for row in told["card"]}, disks),
        media={row.id: MediumRule(row.words, now - timedelta(days=row.one)) for row in told["medium"]},
        rest=keeper.policy.wanted,
        units=units,
        disks=disks,
        named={row.id: row.words for row in told["card"] if row.words},
    )


def _everything() -> Any:
    """Return one question for cards, seats, media in use and units with numbers of their own."""

    def part(what: str, *columns: Any) -> Any:
        names = ("id", "words", "kind", "one", "two")
        return select(literal(what).label("what"), *(c.label(n) for c, n in zip(columns, names, strict=True)))

    none, nothing = literal(None), literal("")
    card, own = StoreCard, or_(Collection.copies.is_not(None), Collection.places.is_not(None))
    return union_all(
        part("card", card.store_id, card.place, card.kind, card.interval_days, card.nightly_gb),
        part("seat", Fact.name, Fact.value, nothing, none, none).where(Fact.name.startswith(SEAT)),
        part("medium", Medium.id, Medium.place, nothing, Medium.check_days, none).where(
            Medium.state == MediumState.IN_USE
        ),
        part("unit", Collection.id, nothing, nothing, Collection.copies, Collection.places).where(own),
    )


def _units(session: Session) -> dict[str, Unit]:
    query = select(Collection.id, Collection.parent_id, Collection.copies, Collection.places)
    return {row.id: Unit(row.parent_id, row.copies, row.places) for row in session.execute(query)}


def _inherited(units: Mapping[str, Unit], rest: Wanted) -> dict[str, Wanted]:
    """Return what holds in each unit that differs from the rest."""
    found: dict[str | None, Wanted] = {None: rest}

    def of(unit_id: str | None) -> Wanted:
        if unit_id not in found:
            unit = units[str(unit_id)]
            above = of(unit.parent_id)
            found[unit_id] = Wanted(unit.copies or above.copies, unit.places or above.places)
        return found[unit_id]

    return {unit_id: of(unit_id) for unit_id in units if of(unit_id) != rest}


def _disks(keeper: Keeper, seats: Iterable[Row[Any]]) -> dict[str, str]:
    told = {row.id.removeprefix(SEAT): json.loads(row.words).get("disk", "") for row in seats}
    return {name: told[name] for name in keeper.stores if told.get(name)}


def _store_rules(
    keeper: Keeper, cards: Mapping[str, Row[Any]], disks: Mapping[str, str]
) -> dict[str, StoreRule]:
    specs = {spec.id: spec for spec in keeper.settings.store_specs}
    on_disk: dict[str, str] = {}  # disk -> the place of the first store on it
    found = {}
    for name in keeper.stores:
        card, spec, disk = cards.get(name), specs.get(name), disks.get(name, "")
        kind = StoreKind(card.kind) if card is not None else default_kind(spec)
        place = (card.words if card is not None else "") or default_place(keeper.settings, spec, name, disk)
        own = card.one if card is not None else None
        if disk:
            place = on_disk.setdefault(disk, place)
        found[name] = StoreRule(
            id=name,
            kind=kind,
            place=place,
            interval=timedelta(days=own) if own else keeper.policy.interval_of(kind),
            nightly_bytes=card.two * GB if card is not None and card.two else None,
        )
    return found


def default_kind(spec: StoreSpec | None) -> StoreKind:
    """Return what a store is where nobody said it: S3 servers are far, folders near."""
    return StoreKind.REPLICA if spec is not None and spec.kind == "s3" else StoreKind.LOCAL


def default_place(settings: Settings, spec: StoreSpec | None, name: str, disk: str) -> str:
    """Return what stands for the place of a store that nobody named: its server, its disk, itself."""
    if spec is not None and spec.kind == "s3":
        return urlsplit(settings.s3_endpoint).netloc or name
    return disk or name


def units(session: Session) -> list[Collection]:
    """Return all units, in the order in which they stand below each other."""
    return list(session.scalars(select(Collection).order_by(Collection.position, Collection.code)))


def unit(session: Session, unit_id: str) -> Collection | None:
    """Return one unit, None where there is no such unit."""
    return session.get(Collection, unit_id)


def card(session: Session, store_id: str) -> StoreCard | None:
    """Return what was said of a store, None where nothing was."""
    return session.get(StoreCard, store_id)
