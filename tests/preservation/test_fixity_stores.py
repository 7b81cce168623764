"""One copy in a store that fails, lies or is slow: A18, A24, B14, B15."""

import io
import os
from pathlib import Path
from typing import BinaryIO

import pytest

from preservation.checks import Finding, Outcome
from preservation.fixity import FixityReport, check_copy
from preservation.pace import Pace
from preservation.policy import CopyState
from storage.errors import NotFound, StoreUnavailable, Unreadable
from storage.inventory import Inventory
from storage.memory import MemoryStore
from tests.bags.making import StoredBag, copy_of, flip, stored_bag

PHOTO = "data/objects/0001.jpg"


TEXT = "data/objects/0002.txt"


@pytest.fixture
def bag(tmp_path: Path) -> StoredBag:
    """Return a good bag in a store on disk."""
    return stored_bag(tmp_path / "one")


def read(bag: StoredBag) -> FixityReport:
    """Return a reading whose numbers add up."""
    report = check_copy(bag.store, bag.prefix, bag.inventory)
    told = report.files_checked + report.files_failed + report.files_unreadable + report.files_not_checked
    assert told == report.files_expected == len(bag.inventory.files)
    return report


def only(report: FixityReport) -> Finding:
    """Return the one finding of a report."""
    assert len(report.findings) == 1, report.findings
    return report.findings[0]


def test_b14_store_without_marker_is_not_read(bag: StoredBag) -> None:
    """An absent marker (an empty mount point) is "not run" and "unknown", never "missing"."""
    (bag.store.root / ".jingui-store").unlink()
    report = read(bag)

    assert only(report).code == "FX-001"
    assert report.outcome is Outcome.NOT_RUN
    assert report.custody is CopyState.UNKNOWN
    assert report.files_not_checked == report.files_expected


def test_b15_wrong_disk(bag: StoredBag, tmp_path: Path) -> None:
    """Another store in the place of ours is not read either."""
    other = copy_of(bag, tmp_path / "two", "two")
    os.rename(bag.store.root, tmp_path / "away")
    os.rename(other.store.root, bag.store.root)

    assert only(read(bag)).code == "FX-001"


class Flaky:
    """A real store whose first reads go wrong, as with a bad cable or bad memory."""

    def __init__(self, bag: StoredBag, *, errors: list[str], path: str = PHOTO) -> None:
        self._store = bag.store
        self._errors = errors
        self._key = f"{bag.prefix}/{path}"
        self.id = bag.store.id

    def __getattr__(self, name: str) -> object:
        return getattr(self._store, name)

    def open(self, key: str) -> BinaryIO:
        """Open an object, wrongly as long as errors are left."""
        error = self._errors.pop(0) if key == self._key and self._errors else ""
        if error == "unreadable":
            raise Unreadable(key=key)
        if error == "gone":
            raise StoreUnavailable(store=self.id)
        if error == "missing":
            raise NotFound(key=key)
        stream = self._store.open(key)
        return io.BytesIO(flip(stream.read())) if error == "bit" else stream


def flaky_read(bag: StoredBag, *errors: str) -> FixityReport:
    """Return a reading of a bag through a store that fails in this order."""
    store = Flaky(bag, errors=list(errors))
    report = check_copy(store, bag.prefix, bag.inventory)  # type: ignore[arg-type]
    told = report.files_checked + report.files_failed + report.files_unreadable + report.files_not_checked
    assert told == report.files_expected
    return report


@pytest.mark.parametrize("error", ["bit", "unreadable", "missing"])
def test_a24_transient_error_is_no_verdict(bag: StoredBag, error: str) -> None:
    """A bad first read with a good second one is a soft error, told but no damage."""
    report = flaky_read(bag, error)

    assert only(report).code == "FX-105"
    assert report.outcome is Outcome.WARNED
    assert report.custody is CopyState.OK


def test_a24_two_bad_reads_are_a_verdict(bag: StoredBag) -> None:
    """Two bad reads are damage."""
    report = flaky_read(bag, "bit", "bit")

    assert only(report).code == "FX-101"


def test_a18_unreadable_is_its_own_word(bag: StoredBag) -> None:
    """A file that cannot be read twice is unreadable: not ok, not missing, not damaged."""
    report = flaky_read(bag, "unreadable", "unreadable")

    assert only(report).code == "FX-401"
    assert report.outcome is Outcome.NOT_RUN
    assert report.custody is CopyState.UNREADABLE
    assert report.files_unreadable == 1


def test_a_store_that_goes_away_breaks_the_reading_off(bag: StoredBag) -> None:
    """What was not read is told as not checked, and nothing is called missing."""
    report = flaky_read(bag, "gone")

    assert only(report).code == "FX-003"
    assert report.outcome is Outcome.NOT_RUN
    assert report.custody is CopyState.UNKNOWN
    assert report.files_not_checked >= 1
    assert report.files_failed == 0


def test_missing_is_only_said_while_the_store_answers() -> None:
    """Files that vanish together with their store are not called missing."""
    store = MemoryStore("m")
    draft = store.begin("aips/x/v0001")
    draft.put("bagit.txt", io.BytesIO(b"one"))
    draft.commit()
    inventory = Inventory.from_text(f"{'a' * 64}  3  bagit.txt\n{'b' * 64}  3  data/gone.txt\n")

    class Ending:
        """Answers until the last probe."""

        id = "m"
        probes = 0

        def __getattr__(self, name: str) -> object:
            return getattr(store, name)

        def probe(self) -> None:
            self.probes += 1
            if self.probes > 1:
                raise StoreUnavailable(store="m")

    report = check_copy(Ending(), "aips/x/v0001", inventory)  # type: ignore[arg-type]

    assert "FX-201" not in {finding.code for finding in report.findings}
    assert "FX-003" in {finding.code for finding in report.findings}
    assert report.files_not_checked == 1


def test_progress_and_pace(bag: StoredBag) -> None:
    """Progress ends with all bytes, and a pace makes the reading last as long as agreed."""
    now = [0.0]
    slept: list[float] = []

    def sleep(seconds: float) -> None:
        slept.append(seconds)
        now[0] += seconds

    heard: list[int] = []
    pace = Pace(1000, clock=lambda: now[0], sleep=sleep)
    total = bag.inventory.total_bytes
    check_copy(
        bag.store, bag.prefix, bag.inventory, pace=pace, progress=lambda done, _: heard.append(done)
    )

    assert heard[-1] == total
    assert sum(slept) == pytest.approx((total - 250) / 1000)


def test_a_pace_needs_a_speed() -> None:
    """A pace of nothing would never end."""
    with pytest.raises(ValueError):
        Pace(0, clock=lambda: 0.0, sleep=lambda _: None)


def test_a_memory_store_is_read_alike(tmp_path: Path) -> None:
    """The same damage in another kind of store gives the same findings."""
    bag = stored_bag(tmp_path / "one")
    store = MemoryStore("m")
    draft = store.begin(bag.prefix)
    for record in bag.inventory.files:
        draft.put(record.path, io.BytesIO(bag.file(record.path).read_bytes()))
    draft.commit()
    good = check_copy(store, bag.prefix, bag.inventory)
    store.tamper(f"{bag.prefix}/{PHOTO}", flip(bag.file(PHOTO).read_bytes()))
    store.unreadable.add(f"{bag.prefix}/{TEXT}")
    bad = check_copy(store, bag.prefix, bag.inventory)

    assert good.outcome is Outcome.PASSED
    assert {(each.code, each.path) for each in bad.findings} == {("FX-101", PHOTO), ("FX-401", TEXT)}
    assert bad.custody is CopyState.DAMAGED
    assert bad.bad_paths == {PHOTO, TEXT}
