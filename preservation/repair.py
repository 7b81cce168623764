"""Mend a damaged copy from good ones, file by file.

plan() is pure; carry_out() asks the stores. Bytes come only from a file that
equals the register, good bytes are never written over, damaged ones are kept
in quarantine, and where no good file is left nothing is touched: LOST.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from preservation.fixity import FixityReport, check_copy
from preservation.pace import Pace
from preservation.policy import CopyState
from preservation.repair_source import LOOKS, Seen, SourceAway, SourceFailed, SourceReader, look
from storage.errors import AlreadyStored, DigestMismatch, NotFound, Unreadable, UnsafeName
from storage.failpoints import reach
from storage.inventory import FileRecord, Inventory
from storage.store import Store

QUARANTINE_DAYS: Final = 90  # damaged bytes are kept at least so long (reliability P5)

#: The states in which a copy is asked first, last known good before the others.
_TRUST = (CopyState.OK, CopyState.UNKNOWN, CopyState.UNREADABLE, CopyState.DAMAGED, CopyState.MISSING)


@dataclass(frozen=True, slots=True)
class OtherCopy:
    """What is known about another copy of the same package."""

    store_id: str
    state: CopyState = CopyState.UNKNOWN
    bad_paths: frozenset[str] = frozenset()

    @classmethod
    def known_from(cls, report: FixityReport) -> "OtherCopy":
        """Return what the last reading of that copy said."""
        return cls(report.store_id, report.custody, report.bad_paths)

    def is_hopeful(self, path: str) -> bool:
        """Return whether path may be good there, as far as is known."""
        return self.state is not CopyState.MISSING and path not in self.bad_paths


@dataclass(frozen=True, slots=True)
class RepairStep:
    """One file to mend, the stores to ask in this order, and those of them that may have it good."""

    record: FileRecord
    sources: tuple[str, ...]
    hopeful: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class RepairPlan:
    """What to mend. No copy is known to have the lost files; they are tried all the same.

    shared files are good, but share their bytes with a stranger (case A17).
    """

    store_id: str
    prefix: str
    steps: tuple[RepairStep, ...]
    lost: tuple[RepairStep, ...]
    extra: tuple[str, ...]
    shared: tuple[FileRecord, ...] = ()

    @property
    def is_empty(self) -> bool:
        """Return whether there is nothing to do."""
        return not (self.steps or self.lost or self.extra or self.shared)


@dataclass(frozen=True, slots=True)
class Restored:
    """One file that is good again; quarantine_key is None where nothing stood.

    old_sha256 and old_size (bytes) are of what was replaced, "" and None where
    it could not be read.
    """

    path: str
    source: str
    quarantine_key: str | None
    old_sha256: str = ""
    old_size: int | None = None


@dataclass(frozen=True, slots=True)
class SetAside:
    """One file that did not belong, and where it is now."""

    path: str
    quarantine_key: str


@dataclass(frozen=True, slots=True)
class RepairResult:
    """What was done; report is the reading of the whole copy afterwards.

    lost files are good nowhere; waiting ones may be good in a store that does not
    answer (away). blocked files have a source, but something that does not belong
    stands in their way (a link for a folder): repair again with set_aside_extra.
    parted files share their bytes with no stranger any more.
    """

    store_id: str
    prefix: str
    restored: tuple[Restored, ...]
    left_alone: tuple[str, ...]
    lost: tuple[str, ...]
    blocked: tuple[str, ...]
    set_aside: tuple[SetAside, ...]
    report: FixityReport
    waiting: tuple[str, ...] = ()
    away: tuple[str, ...] = ()
    parted: tuple[Restored, ...] = ()

    @property
    def quarantined(self) -> tuple[str, ...]:
        """Return the keys in quarantine of everything that was moved there."""
        mended = (*self.restored, *self.parted)
        keys = [each.quarantine_key for each in mended if each.quarantine_key is not None]
        return (*keys, *(each.quarantine_key for each in self.set_aside))


def plan(inventory: Inventory, report: FixityReport, others: Sequence[OtherCopy]) -> RepairPlan:
    """Return what to mend in the copy of report, and from where.

    A reading that did not take place gives an empty plan: an absent disk is
    not repaired.
    """
    if report.custody is CopyState.MISSING:
        wanted = inventory.files
    else:
        wanted = tuple(record for record in inventory.files if record.path in report.bad_paths)
    steps: list[RepairStep] = []
    lost: list[RepairStep] = []
    for record in wanted:
        ranked = sorted(
            (other for other in others if other.store_id != report.store_id),
            key=lambda other, path=record.path: (  # type: ignore[misc]
                not other.is_hopeful(path),
                _TRUST.index(other.state),
            ),
        )
        hopeful = frozenset(other.store_id for other in ranked if other.is_hopeful(record.path))
        step = RepairStep(record, tuple(other.store_id for other in ranked), hopeful)
        (steps if hopeful else lost).append(step)
    shared = tuple(record for record in inventory.files if record.path in report.shared_paths)
    return RepairPlan(report.store_id, report.prefix, tuple(steps), tuple(lost), report.extra_paths, shared)


def carry_out(
    plan: RepairPlan,
    *,
    target: Store,
    sources: Mapping[str, Store],
    prefix: str,
    inventory: Inventory,
    set_aside_extra: bool = False,
    pace: Pace | None = None,
) -> RepairResult:
    """Mend the target copy and return what was done, with a new reading of all of it.

    set_aside_extra also parts files from strangers that share their bytes. Safe to
    run again after a crash. Raises StoreUnavailable, WrongStore, StorageFull or
    ReadOnly of the target; a source that fails is passed over.
    """
    target.probe()
    mending = _Mending(target, sources, prefix)
    reach("repair.after_plan")
    if set_aside_extra:  # first: a stranger may stand in the way of a file
        for path in plan.extra:
            if inventory.get(path) is None:
                mending.remove(path)
    for step in (*plan.steps, *plan.lost):
        mending.mend(step)
        reach("repair.after_file")
    for record in plan.shared if set_aside_extra else ():
        mending.part(record)
    return RepairResult(
        store_id=target.id,
        prefix=prefix,
        restored=tuple(mending.restored),
        left_alone=tuple(mending.left_alone),
        lost=tuple(mending.lost),
        blocked=tuple(mending.blocked),
        set_aside=tuple(mending.set_aside),
        report=check_copy(target, prefix, inventory, pace=pace),
        waiting=tuple(mending.waiting),
        away=tuple(sorted(mending.away)),
        parted=tuple(mending.parted),
    )


@dataclass(slots=True)
class _Mending:
    """One repair while it goes on."""

    target: Store
    sources: Mapping[str, Store]
    prefix: str
    restored: list[Restored] = field(default_factory=list)
    left_alone: list[str] = field(default_factory=list)
    lost: list[str] = field(default_factory=list)
    blocked: list[str] = field(default_factory=list)
    set_aside: list[SetAside] = field(default_factory=list)
    waiting: list[str] = field(default_factory=list)
    away: set[str] = field(default_factory=set)
    parted: list[Restored] = field(default_factory=list)

    def mend(self, step: RepairStep) -> None:
        """Mend one file from the first source that equals the register."""
        record = step.record
        seen = look(self.target, f"{self.prefix}/{record.path}", record.sha256)
        if seen is not None and seen.sha256 == record.sha256:
            self.left_alone.append(record.path)
            return
        may_have = False
        for name in step.sources:
            try:
                old = self._take(record, name)
            except SourceAway:
                self.away.add(name)
                may_have |= name in step.hopeful
            except (SourceFailed, DigestMismatch):
                continue
            except (AlreadyStored, NotFound, Unreadable, UnsafeName):
                self.blocked.append(record.path)
                return
            else:
                self.restored.append(_restored(record, name, old, seen))
                return
        (self.waiting if may_have else self.lost).append(record.path)

    def _take(self, record: FileRecord, name: str) -> str | None:
        """Mend a file from one source and return the quarantine key; a first bad read does not count.

        Raises SourceAway, SourceFailed, DigestMismatch, and what the target raises.
        """
        key = f"{self.prefix}/{record.path}"
        source = self.sources.get(name)
        if source is None:
            raise SourceAway(store=name, key=key, reason="not configured")
        for number in range(1, LOOKS + 1):
            try:
                with SourceReader(source, key) as stream:
                    return self.target.mend(key, stream, record.sha256)
            except SourceAway:
                raise
            except (SourceFailed, DigestMismatch):
                if number == LOOKS:
                    raise
        raise SourceFailed(store=name, key=key)

    def part(self, record: FileRecord) -> None:
        """Give a good file bytes of its own; its old name for them goes to quarantine."""
        key = f"{self.prefix}/{record.path}"
        try:
            with SourceReader(self.target, key) as stream:
                old = self.target.mend(key, stream, record.sha256)
        except (SourceFailed, DigestMismatch):
            return  # no longer good: the reading afterwards says so
        self.parted.append(_restored(record, self.target.id, old, Seen(record.sha256, record.size)))

    def remove(self, path: str) -> None:
        """Move a file that does not belong to quarantine, if it still stands."""
        try:
            key = self.target.set_aside(f"{self.prefix}/{path}")
        except NotFound:
            return
        self.set_aside.append(SetAside(path, key))


def _restored(record: FileRecord, source: str, quarantine_key: str | None, seen: Seen | None) -> Restored:
    """Return the word on one file that was mended."""
    if seen is None:
        return Restored(record.path, source, quarantine_key)
    return Restored(record.path, source, quarantine_key, seen.sha256, seen.size)
