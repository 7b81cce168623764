"""A simulated year: three stores, intake in bursts, absence, events, wrong clocks, two schedulers.

The catalogue, the planner, the worker's verb and the stores are real (stores in
memory); the clock is ours. What is true is kept beside it: when each copy was read
last by the true time.
"""

import io
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random

import pytest
from sqlalchemy import select

from preservation.checks import Outcome
from preservation.policy import CopyState, StoreKind
from preservation.schedule import AHEAD, CopyDue, Span, must
from repository.models.item import Item
from repository.models.job import FixityRun, Job
from repository.models.package import Copy, Package, PackagedFile
from repository.policies import rules
from repository.workflow import assigning, care, planning, timekeeping
from repository.workflow.assigning import StoreWish
from repository.workflow.packages import register_is_whole
from repository.workflow.tools import Tools, Work
from storage.digests import sha256_of
from storage.inventory import FileRecord, Inventory
from storage.layout import package_prefix
from storage.memory import MemoryStore
from tests.archives import ADMINISTRATOR, close, new_archive

DAYS = {"main": 30, "second": 30, "far": 90}
TEN_YEARS, NONE = timedelta(days=3650), timedelta(0)


class Watched(MemoryStore):
    """A store in memory that tells which packages were read."""

    def __init__(self, name: str) -> None:
        super().__init__(name)
        self.read: set[str] = set()

    def open(self, key: str) -> io.BufferedIOBase:  # type: ignore[override]
        """Open an object and note its package."""
        self.read.add(key.rpartition("/data/")[0])
        return super().open(key)  # type: ignore[return-value]


@dataclass(slots=True)
class World:
    """The archive, the true time, and when each copy was really read last."""

    tools: Tools
    stores: dict[str, Watched]
    true: datetime = datetime(2027, 9, 1, 12, 0, tzinfo=UTC)
    wrong: timedelta = timedelta(0)
    read: dict[tuple[str, str], datetime] = field(default_factory=dict)
    size: dict[str, int] = field(default_factory=dict)
    taken: int = 0

    def clock(self) -> datetime:
        """Return what the machine believes."""
        return self.true + self.wrong

    def take_in(self, count: int) -> None:
        """Take packages in, one copy in each store, all verified today."""
        with self.tools.database.writing.begin() as session:
            for _ in range(count):
                self.taken += 1
                self._one(session.add, f"00000000-0000-4000-8000-{self.taken:012}")

    def _one(self, add: object, item_id: str) -> None:
        prefix, content = package_prefix(item_id, 1), item_id.encode() * (1 + self.taken % 5)
        record = FileRecord("data/objects/0001.txt", len(content), sha256_of(content))
        inventory = Inventory((record,))
        now = self.clock()
        item = Item(id=item_id, state="archived", version=1)
        package = Package(
            item_id=item_id, version=1, prefix=prefix, registered_digest=inventory.digest,
            file_count=1, byte_count=len(content), created_at=now,
        )
        package.files = [
            PackagedFile(path=record.path, role="object", size=record.size, sha256=record.sha256)
        ]
        assert register_is_whole(package)
        for name, store in self.stores.items():
            draft = store.begin(prefix)
            draft.put(record.path, io.BytesIO(content))
            draft.commit()
            package.copies.append(
                Copy(store_id=name, state=CopyState.OK, outcome=Outcome.PASSED, checked_at=now, tried_at=now)
            )
            self.read[name, prefix] = self.true
        self.size[prefix] = len(content)
        add(item)  # type: ignore[operator]
        add(package)  # type: ignore[operator]

    def pass_a_day(self) -> None:
        """Let a day pass; the worker marks the time for its last hour."""
        self.true += timedelta(hours=23)
        for _ in range(3):
            self.true += timedelta(minutes=20)
            with self.tools.database.writing.begin() as session:
                timekeeping.mark(session, self.clock())

    def look(self) -> FixityRun | None:
        """Let both schedulers look, do the work, and return the run that began."""
        before = self._last_run()
        for _ in range(2):
            there = planning.answering(self.tools)
            with self.tools.database.writing.begin() as session:
                planning.start_round(session, self.tools, there=there)
        run_id = self._last_run()
        assert run_id - before <= 1, "two schedulers began two rounds"
        if run_id == before:
            return None
        self._work(run_id)
        with self.tools.database.reading() as session:
            return session.get_one(FixityRun, run_id)

    def _work(self, run_id: int) -> None:
        for store in self.stores.values():
            store.read.clear()
        care.fixity(Work(self.tools, {"run": run_id}))
        with self.tools.database.writing.begin() as session:
            for job in session.scalars(select(Job)):
                session.delete(job)
        for name, store in self.stores.items():
            for prefix in store.read & self.size.keys():
                self.read[name, prefix] = self.true

    def _last_run(self) -> int:
        with self.tools.database.reading() as session:
            return session.scalar(select(FixityRun.id).order_by(FixityRun.id.desc()).limit(1)) or 0

    def oldest(self, name: str) -> timedelta:
        """Return for how long the oldest copy of a store was truly not read."""
        return max((self.true - at for (store, _), at in self.read.items() if store == name), default=NONE)


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    """An archive of three stores with rules of their own, and budgets that just fit."""
    stores = {name: Watched(name) for name in DAYS}
    made = new_archive(tmp_path / "data")
    one = World(replace(made, stores=stores), stores)
    one.tools = replace(one.tools, clock=one.clock)
    with one.tools.database.writing.begin() as session:
        wish = StoreWish(StoreKind.REPLICA, "云")
        assigning.assign_store(session, one.tools, ADMINISTRATOR, "far", wish)
    yield one
    close(made)


def _free_bytes(world: World, pressing: set[tuple[str, str]]) -> dict[str, int]:
    """Return what a round read of each store beyond what it had to."""
    return {
        name: sum(
            world.size[prefix]
            for prefix in store.read & world.size.keys()
            if (name, prefix) not in pressing
        )
        for name, store in world.stores.items()
    }


def _pressing(world: World, span: Span) -> set[tuple[str, str]]:
    """Return the copies that a round must read whatever it costs, and those noted under a clock ahead."""
    with world.tools.database.reading() as session:
        told = rules(session, world.tools).stores
        return {
            (copy.store_id, copy.package.prefix)
            for copy in session.scalars(select(Copy))
            if (copy.checked_at is not None and copy.checked_at > world.clock() + AHEAD)
            or must(
                CopyDue(copy.id, 1, copy.checked_at, copy.asked_at is not None),
                now=world.clock(), rule=told[copy.store_id], span=span,
            )
        }


@pytest.mark.parametrize("seed", [1])
def test_p3_p19_a_year_of_bursts_absence_events_and_wrong_clocks(world: World, seed: int) -> None:
    """No copy of a store that answers is too old, no round reads too much, nothing is called missing."""
    random, share = Random(seed), {"main": 0.06, "second": 0.06, "far": 0.025}
    bursts = {0: 10, 33: 25, 34: 5, 120: 12, 250: 8}
    absent = range(60, 74)
    asked_at: datetime | None = None
    jumps = {180: TEN_YEARS, 183: timedelta(0), 210: -TEN_YEARS, 214: timedelta(0)}
    states: set[str] = set()
    for day in range(365):
        world.wrong = jumps.get(day, world.wrong)
        if random.random() < 0.03 and day not in jumps:
            world.true += timedelta(days=1)
            continue  # the machine was off
        world.pass_a_day()
        world.take_in(bursts.get(day, 0))
        for store in world.stores.values():
            store.unreachable = store.id == "second" and day in absent
        if day == 140:
            asked_at = world.true
            with world.tools.database.writing.begin() as session:
                assert care.ask_early(session, at=world.clock(), store_id="far") > 0
        pressing = _pressing(world, Span.DAILY)
        run = world.look()
        if run is None:
            continue
        total = sum(world.size.values())
        free = _free_bytes(world, pressing)
        largest = max(world.size.values())
        assert all(free[name] <= share[name] * total + largest for name in free), (day, free, total)
        assert run.not_checked == run.failed == run.unreadable == 0
        if day in absent and run.away:
            assert set(run.away) == {"second"}
        for name, days in DAYS.items():
            if not world.stores[name].unreachable:
                assert world.oldest(name) <= timedelta(days=days), (day, name)
        if asked_at is not None and day == 141:
            assert all(at >= asked_at for (name, _), at in world.read.items() if name == "far")
        with world.tools.database.reading() as session:
            states |= set(session.scalars(select(Copy.state).distinct()))
            believed = timekeeping.trusted(session, world.clock())
        assert believed is (world.wrong == timedelta(0))

    assert states == {"ok"}
    assert len(world.read) == 3 * world.taken == 180
