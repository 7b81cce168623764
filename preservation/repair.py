"""Mend a damaged copy from good ones, file by file.

plan() is pure; carry_out() asks the stores. Bytes come only from a file that
equals the register, good bytes are never written over, damaged ones are kept
in quarantine, and where no good file is left nothing is touched: LOST.
"""

import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import BinaryIO

from preservation.errors import PreservationError
from preservation.fixity import FixityReport, check_copy
from preservation.pace import Pace
from preservation.policy import CopyState
from storage.digests import digest_stream
from storage.errors import AlreadyStored, DigestMismatch, NotFound, StorageError, Unreadable, UnsafeName
from storage.failpoints import reach
from storage.inventory import FileRecord, Inventory
from storage.store import Store

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
    """One file to mend, and the stores to ask in this order."""

    record: FileRecord
    sources: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class RepairPlan:
    """What to mend. No copy is known to have the lost files; they are tried all the same."""

    store_id: str
    prefix: str
    steps: tuple[RepairStep, ...]
    lost: tuple[RepairStep, ...]
    extra: tuple[str, ...]

    @property
    def is_empty(self) -> bool:
        """Return whether there is nothing to do."""
        return not (self.steps or self.lost or self.extra)


@dataclass(frozen=True, slots=True)
class Restored:
    """One file that is good again; quarantine_key is None where nothing stood."""

    path: str
    source: str
    quarantine_key: str | None


@dataclass(frozen=True, slots=True)
class SetAside:
    """One file that did not belong, and where it is now."""

    path: str
    quarantine_key: str


@dataclass(frozen=True, slots=True)
class RepairResult:
    """What was done; report is the reading of the whole copy afterwards.

    blocked files have a source, but something that does not belong stands in
    their way (a link for a folder): repair again with set_aside_extra.
    """

    store_id: str
    prefix: str
    restored: tuple[Restored, ...]
    left_alone: tuple[str, ...]
    lost: tuple[str, ...]
    blocked: tuple[str, ...]
    set_aside: tuple[SetAside, ...]
    report: FixityReport

    @property
    def quarantined(self) -> tuple[str, ...]:
        """Return the keys in quarantine of everything that was moved there."""
        keys = [each.quarantine_key for each in self.restored if each.quarantine_key is not None]
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
        step = RepairStep(record, tuple(other.store_id for other in ranked))
        is_hopeful = any(other.is_hopeful(record.path) for other in ranked)
        (steps if is_hopeful else lost).append(step)
    return RepairPlan(report.store_id, report.prefix, tuple(steps), tuple(lost), report.extra_paths)


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

    Safe to run again after a crash. Raises StoreUnavailable, WrongStore,
    StorageFull or ReadOnly of the target; a source that fails is passed over.
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
    return RepairResult(
        store_id=target.id,
        prefix=prefix,
        restored=tuple(mending.restored),
        left_alone=tuple(mending.left_alone),
        lost=tuple(mending.lost),
        blocked=tuple(mending.blocked),
        set_aside=tuple(mending.set_aside),
        report=check_copy(target, prefix, inventory, pace=pace),
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

    def mend(self, step: RepairStep) -> None:
        """Mend one file from the first source that equals the register."""
        record = step.record
        key = f"{self.prefix}/{record.path}"
        if self._is_good(key, record):
            self.left_alone.append(record.path)
            return
        for name in step.sources:
            source = self.sources.get(name)
            if source is None:
                continue
            try:
                with _SourceReader(source, key) as stream:
                    old = self.target.mend(key, stream, record.sha256)
            except (_SourceFailed, DigestMismatch):
                continue
            except (AlreadyStored, NotFound, Unreadable, UnsafeName):
                self.blocked.append(record.path)
                return
            self.restored.append(Restored(record.path, name, old))
            return
        self.lost.append(record.path)

    def _is_good(self, key: str, record: FileRecord) -> bool:
        """Return whether the target file equals the register after all.

        It is asked right before mending, because the verdict may be old; a
        first bad read does not count.
        """
        return any(self._reads_good(key, record) for _ in range(2))

    def _reads_good(self, key: str, record: FileRecord) -> bool:
        """Return whether one read of the target file gives the registered bytes."""
        try:
            with self.target.open(key) as stream:
                return digest_stream(stream)["sha256"] == record.sha256
        except (DigestMismatch, NotFound, Unreadable, OSError):
            return False

    def remove(self, path: str) -> None:
        """Move a file that does not belong to quarantine, if it still stands."""
        try:
            key = self.target.set_aside(f"{self.prefix}/{path}")
        except NotFound:
            return
        self.set_aside.append(SetAside(path, key))


class _SourceFailed(PreservationError):
    """A source could not be read; the target is not to blame."""

    code = "PR-003"


class _SourceReader(io.RawIOBase, BinaryIO):
    """Reads a file of another store, and tells its failures from the target's."""

    def __init__(self, store: Store, key: str) -> None:
        self._stream: BinaryIO | None = None
        try:
            self._stream = store.open(key)
        except (StorageError, OSError) as error:
            raise _SourceFailed(store=store.id, key=key, reason=error) from error
        self._facts = {"store": store.id, "key": key}

    def readable(self) -> bool:
        """Return True."""
        return True

    def readinto(self, buffer: bytearray | memoryview) -> int:  # type: ignore[override]
        """Fill the buffer and return the bytes read, 0 at the end. Raises _SourceFailed."""
        if self._stream is None:
            return 0
        try:
            block = self._stream.read(len(buffer))
        except (StorageError, OSError) as error:
            raise _SourceFailed(**self._facts, reason=error) from error
        buffer[: len(block)] = block
        return len(block)

    def close(self) -> None:
        """Close the file of the other store, too."""
        if self._stream is not None:
            self._stream.close()
        super().close()
