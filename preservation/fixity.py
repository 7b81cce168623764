"""Read one stored copy and compare it with the register.

Closed world: the registered inventory (固化信息) is the only truth, the bag's
own manifests are files like others. A verdict of damage needs two reads; a
store that does not answer is never "missing" (cases A01-A19, A24, B14).
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from threading import Lock

from preservation.checks import Finding, Outcome, worst
from preservation.findings import found
from preservation.pace import Pace
from preservation.policy import CopyState
from storage.digests import blocks, new_hasher
from storage.errors import DigestMismatch, NotFound, StorageError, Unreadable
from storage.inventory import FileRecord, Inventory
from storage.lanes import LANES, in_lanes
from storage.store import Store

#: Called with the bytes read so far and the bytes in all.
Progress = Callable[[int, int], None]

#: Findings that say a registered file is not there as registered.
BAD_FILE = frozenset({"FX-101", "FX-102", "FX-103", "FX-104", "FX-201", "FX-202", "FX-401", "FX-402"})
EXTRA_FILE = frozenset({"FX-301", "FX-302"})


@dataclass(frozen=True, slots=True)
class FixityReport:
    """What one reading of a copy (副本) found.

    checked (good) + failed + unreadable + not_checked = expected; extra files
    are counted apart. bytes_read counts second reads, too.
    """

    store_id: str
    prefix: str
    outcome: Outcome
    custody: CopyState
    findings: tuple[Finding, ...]
    files_expected: int
    files_checked: int
    files_failed: int
    files_unreadable: int
    files_not_checked: int
    files_extra: int
    bytes_read: int

    @property
    def bad_paths(self) -> frozenset[str]:
        """Return the registered files that are not there as registered."""
        return frozenset(finding.path for finding in self.findings if finding.code in BAD_FILE)

    @property
    def extra_paths(self) -> tuple[str, ...]:
        """Return the files that the register does not know."""
        return tuple(finding.path for finding in self.findings if finding.code in EXTRA_FILE)

    @property
    def shared_paths(self) -> frozenset[str]:
        """Return the files whose bytes have a name outside the package (case A17)."""
        return frozenset(finding.path for finding in self.findings if finding.code == "FX-403")


def check_copy(
    store: Store,
    prefix: str,
    inventory: Inventory,
    *,
    pace: Pace | None = None,
    progress: Progress | None = None,
) -> FixityReport:
    """Read every registered file of one copy and return what differs.

    An unreachable or wrong store gives NOT_RUN and "unknown". Never raises StorageError: no copy stops a run.
    """
    reading = _Reading(store, prefix, inventory, pace, progress)
    try:
        store.probe()
        reading.look()
        if reading.is_absent:
            store.probe()  # a disk that went away meanwhile is not a missing copy
            return reading.missing()
        reading.check_all()
        reading.tell_extras()
        reading.tell_shared()
        if reading.has_missing:
            store.probe()
    except StorageError as error:  # away, another store, or what no store should say: no verdict, no stop
        return reading.broken_off(error)
    return reading.report()


class _BytesDiffer(Exception):
    """One read gave other bytes than the register has."""


@dataclass(frozen=True, slots=True)
class _Verdict:
    """What reading one file came to: good, unless it failed or could not be read."""

    failed: bool = False
    unreadable: bool = False
    findings: tuple[Finding, ...] = ()


@dataclass(slots=True)
class _Reading:
    """One reading of one copy while it goes on."""

    store: Store
    prefix: str
    inventory: Inventory
    pace: Pace | None
    progress: Progress | None
    standing: dict[str, int] | None = None
    findings: list[Finding] = field(default_factory=list)
    checked: int = 0
    failed: int = 0
    unreadable: int = 0
    extra: int = 0
    bytes_read: int = 0
    lock: Lock = field(default_factory=Lock)

    def look(self) -> None:
        """List what stands; where a folder cannot be listed each file is asked alone."""
        start = len(self.prefix) + 1
        try:
            self.standing = {each.key[start:]: each.size for each in self.store.list(f"{self.prefix}/")}
        except (Unreadable, NotFound) as error:
            self.standing = None
            self.findings.append(found("FX-401", Outcome.NOT_RUN, "", reason=error))

    @property
    def is_absent(self) -> bool:
        """Return whether nothing at all stands under the prefix."""
        return self.standing == {} and bool(self.inventory.files)

    @property
    def has_missing(self) -> bool:
        """Return whether a file was found missing."""
        return any(finding.code in ("FX-201", "FX-202") for finding in self.findings)

    def check_all(self) -> None:
        """Compare every file; one lane where a pace holds the reading, so that a disk need not seek."""
        for verdict in in_lanes(self.check, self.inventory.files, lanes=LANES if self.pace is None else 1):
            self.failed += verdict.failed
            self.unreadable += verdict.unreadable
            self.checked += not (verdict.failed or verdict.unreadable)
            self.findings.extend(verdict.findings)

    def check(self, record: FileRecord) -> _Verdict:
        """Return the verdict on one file: the cheap signs first, then every byte."""
        is_payload = record.path.startswith("data/")
        size = self._size(record.path)
        if size is None:
            return _failed("FX-201" if is_payload else "FX-202", record)
        if size == -1:
            return _failed("FX-402", record)
        if size != record.size:
            return _failed("FX-104", record, size=size, registered=record.size)
        return self._read_twice(record)

    def _size(self, path: str) -> int | None:
        """Return the size that stands, None where nothing does, -1 for a link.

        What looks wrong in the listing is asked again: a verdict needs two looks.
        """
        record = self.inventory.get(path)
        if self.standing is not None and record is not None and self.standing.get(path) == record.size:
            return record.size
        try:
            return self.store.stat(f"{self.prefix}/{path}").size
        except NotFound:
            return None
        except Unreadable:
            if self.standing is None:
                return record.size if record else None  # the read will tell
            return self.standing.get(path, -1)  # a link on the way hides it from the listing

    def _read_twice(self, record: FileRecord) -> _Verdict:
        """Read a file, and once more where the first read was not good."""
        try:
            self._read(record)
        except (_BytesDiffer, DigestMismatch, NotFound, Unreadable, OSError) as first:
            return self._read_again(record, first)
        return _Verdict()

    def _read_again(self, record: FileRecord, first: Exception) -> _Verdict:
        """Read a file for the second time; this verdict counts."""
        try:
            self._read(record)
        except (_BytesDiffer, DigestMismatch) as second:  # a sealed store finds it by itself
            return _failed(_damage_code(record.path), record, reads=second, registered=record.sha256)
        except NotFound:
            return _failed("FX-201" if record.path.startswith("data/") else "FX-202", record)
        except (Unreadable, OSError) as second:
            told = found("FX-401", Outcome.NOT_RUN, record.path, reason=second)
            return _Verdict(unreadable=True, findings=(told,))
        return _Verdict(findings=(found("FX-105", Outcome.WARNED, record.path, first=first),))

    def _read(self, record: FileRecord) -> None:
        """Read one file to its end. Raises _BytesDiffer, NotFound, Unreadable, OSError."""
        hasher = new_hasher("sha256")
        with self.store.open(f"{self.prefix}/{record.path}") as stream:
            for block in blocks(stream):
                hasher.update(block)
                self._passed(len(block))
        if hasher.hexdigest() != record.sha256:
            raise _BytesDiffer(hasher.hexdigest())

    def _passed(self, count: int) -> None:
        """Count bytes that were read, and wait where they came too fast."""
        with self.lock:
            self.bytes_read += count
            if self.progress is not None:
                self.progress(self.bytes_read, self.inventory.total_bytes)
            if self.pace is not None:
                self.pace.take(count)

    def tell_extras(self) -> None:
        """Tell what stands and is not registered; nothing is ever removed."""
        for path, size in sorted((self.standing or {}).items()):
            if self.inventory.get(path) is None:
                self.extra += 1
                code = "FX-301" if path.startswith("data/") else "FX-302"
                self.findings.append(found(code, Outcome.FAILED, path, size=size))

    def tell_shared(self) -> None:
        """Tell files whose bytes have a name outside the package (case A17), where the store can see it."""
        look = getattr(self.store, "links_from_outside", None)
        if look is None:
            return
        start = f"{self.prefix}/"
        try:
            for each in look(f"{self.prefix.rpartition('/')[0]}/"):
                if each.key.startswith(start):
                    self.findings.append(found("FX-403", Outcome.WARNED, each.key.removeprefix(start)))
        except (Unreadable, NotFound) as error:  # another version's folder: told of that one, too
            self.findings.append(found("FX-401", Outcome.WARNED, "", reason=error))

    def missing(self) -> FixityReport:
        """Return the report of a copy of which nothing stands."""
        self.failed = len(self.inventory.files)
        self.findings.append(found("FX-002", Outcome.FAILED))
        return self.report(CopyState.MISSING)

    def broken_off(self, error: StorageError) -> FixityReport:
        """Return the report of a reading that the store ended."""
        is_begun = bool(self.checked or self.failed or self.unreadable)
        code = "FX-003" if is_begun else "FX-001"
        if self.has_missing:  # they may be missing only because the disk went away
            self.findings = [each for each in self.findings if each.code not in ("FX-201", "FX-202")]
            self.failed = sum(finding.code in BAD_FILE - {"FX-401"} for finding in self.findings)
        self.findings.append(found(code, Outcome.NOT_RUN, reason=error))
        is_damaged = any(finding.outcome is Outcome.FAILED for finding in self.findings)
        return self.report(None if is_damaged else CopyState.UNKNOWN)  # a store that is away gives no verdict

    def report(self, custody: CopyState | None = None) -> FixityReport:
        """Return what is known now."""
        outcome = worst((Outcome.PASSED, *(finding.outcome for finding in self.findings)))
        done = self.checked + self.failed + self.unreadable
        return FixityReport(
            store_id=self.store.id,
            prefix=self.prefix,
            outcome=outcome,
            custody=custody or self._custody(outcome),
            findings=tuple(self.findings),
            files_expected=len(self.inventory.files),
            files_checked=self.checked,
            files_failed=self.failed,
            files_unreadable=self.unreadable,
            files_not_checked=len(self.inventory.files) - done,
            files_extra=self.extra,
            bytes_read=self.bytes_read,
        )

    def _custody(self, outcome: Outcome) -> CopyState:
        """Return the custody word that follows from the outcome."""
        if outcome is Outcome.FAILED:
            return CopyState.DAMAGED
        if outcome is not Outcome.NOT_RUN:
            return CopyState.OK
        is_closed = any(finding.code == "FX-401" for finding in self.findings)
        return CopyState.UNREADABLE if is_closed else CopyState.UNKNOWN


def _failed(code: str, record: FileRecord, **facts: object) -> _Verdict:
    """Return the verdict on a file that is not what was registered."""
    return _Verdict(failed=True, findings=(found(code, Outcome.FAILED, record.path, **facts),))


def _damage_code(path: str) -> str:
    """Return which kind of damage it is: payload, manifest or other tag file."""
    if path.startswith("data/"):
        return "FX-101"
    is_manifest = "/" not in path and path.startswith(("manifest-", "tagmanifest-"))
    return "FX-103" if is_manifest else "FX-102"
