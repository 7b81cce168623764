"""The small rooms below: platform, digests, lanes, failpoints, faults, errors."""

import errno
import hashlib
import io
import os
import signal
import threading
from pathlib import Path
from types import SimpleNamespace

import pytest

from storage import failpoints
from storage.digests import HashingReader, blocks, digest_stream, is_available, sha256_of
from storage.errors import (
    NotFound,
    ReadOnly,
    StorageError,
    StorageFull,
    StoreUnavailable,
    Unreadable,
    UnsafeName,
)
from storage.faults import storage_error, translated
from storage.keys import quarantine_key
from storage.lanes import in_lanes
from tests.storage.samples import run


def test_a_stream_is_hashed_once_in_many_algorithms() -> None:
    """One pass gives every digest asked for, the same as hashlib alone."""
    content = os.urandom(700_001)

    assert digest_stream(io.BytesIO(content), ("sha256", "md5")) == {
        "sha256": sha256_of(content),
        "md5": hashlib.md5(content).hexdigest(),
    }
    assert digest_stream(io.BytesIO(b"")) == {"sha256": sha256_of(b"")}


class ReadOnlyOnce:
    """A stream that only knows read(), as some web servers give."""

    def __init__(self, content: bytes) -> None:
        self._content = io.BytesIO(content)

    def read(self, size: int = -1) -> bytes:
        """Read a few bytes at a time."""
        return self._content.read(min(size, 1000))


def test_streams_without_readinto_are_read() -> None:
    """A stream with read() alone gives the same digest, also through a HashingReader."""
    content = os.urandom(5000)
    passing = HashingReader(ReadOnlyOnce(content))  # type: ignore[arg-type]
    got = passing.read()

    assert digest_stream(ReadOnlyOnce(content))["sha256"] == sha256_of(content)  # type: ignore[arg-type]
    assert got == content and passing.digests() == {"sha256": sha256_of(content)} and passing.size == 5000


def test_a_stream_that_has_nothing_yet_is_not_at_its_end() -> None:
    """A non-blocking stream without bytes raises instead of looking finished."""

    class Waiting(io.RawIOBase):
        def readinto(self, buffer: bytearray) -> None:  # type: ignore[override]
            return None

    with pytest.raises(BlockingIOError):
        list(blocks(Waiting()))  # type: ignore[arg-type]
    assert HashingReader(Waiting()).readinto(bytearray(3)) is None  # type: ignore[arg-type]


def test_sm3_is_that_of_the_standard() -> None:
    """SM3 of "abc" is the vector of GB/T 32905, where the system has it; no name is invented."""
    if is_available("sm3"):
        told = digest_stream(io.BytesIO(b"abc"), ("sm3",))["sm3"]

        assert told == "66c7f0f462eeedd9d1f2d46bdc10e4e24167c4875cf2f7a2297da02b8f4ba8e0"
    assert not is_available("sm99")


@pytest.mark.parametrize("lanes", [1, 2, 4])
@pytest.mark.parametrize("count", [0, 1, 2, 500])
def test_lanes_keep_the_order(lanes: int, count: int) -> None:
    """However many lanes, results come once each and in the order of the items."""
    assert list(in_lanes(lambda n: n * n, iter(range(count)), lanes=lanes)) == [n * n for n in range(count)]


def test_lanes_work_side_by_side() -> None:
    """Two items are worked on at the same time."""
    both = threading.Barrier(2, timeout=5)

    assert sorted(in_lanes(lambda n: both.wait(), [1, 2])) == [0, 1]


def test_lanes_do_not_run_ahead_of_the_reader() -> None:
    """Items are taken as results are, so that memory does not grow with them."""
    taken = []
    results = in_lanes(lambda n: n, (taken.append(n) or n for n in range(10_000)))
    next(results)

    assert len(taken) < 100
    results.close()  # type: ignore[attr-defined]


def test_the_first_failure_stops_the_lanes() -> None:
    """A failure is raised at its place, and what waits is not begun."""
    begun = []

    def work(number: int) -> int:
        begun.append(number)
        if number == 3:
            raise StorageFull()
        return number

    results = in_lanes(work, range(1000))

    assert [next(results) for _ in range(3)] == [0, 1, 2]
    with pytest.raises(StorageFull):
        next(results)
    assert len(begun) < 200


def test_failpoints_do_nothing_by_themselves(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without the variable, or when it names another point, every name is passed."""
    monkeypatch.delenv("JINGUI_FAILPOINT", raising=False)
    passed = [failpoints.reach(name) for name in failpoints.NAMES]
    monkeypatch.setenv("JINGUI_FAILPOINT", "ingest.after_pack:raise")
    failpoints.reach("ingest.before_pack")

    assert passed == [None] * len(failpoints.NAMES)
    assert len(set(failpoints.NAMES)) == len(failpoints.NAMES)


def test_unknown_failpoints_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    """A misspelt name or action in code or environment raises, and never passes for nothing."""
    with pytest.raises(ValueError):
        failpoints.reach("ingest.after_tea")
    for wanted in ("ingest.after_tea", "ingest.after_pack:explode", "ingest.after_pack:raise,x"):
        monkeypatch.setenv("JINGUI_FAILPOINT", wanted)

        with pytest.raises(ValueError):
            failpoints.reach("ingest.after_pack")


def test_failpoints_raise_and_fill(monkeypatch: pytest.MonkeyPatch) -> None:
    """":raise" is a surprise that no StorageError handler takes, ":full" is ENOSPC; lists work."""
    monkeypatch.setenv("JINGUI_FAILPOINT", "ingest.after_pack:raise, ingest.before_pack:full")
    with pytest.raises(failpoints.FailpointReached) as raised:
        failpoints.reach("ingest.after_pack")
    with pytest.raises(OSError) as full:
        failpoints.reach("ingest.before_pack")

    assert not isinstance(raised.value, StorageError)
    assert full.value.errno == errno.ENOSPC


def test_a_failpoint_kills_by_default(monkeypatch: pytest.MonkeyPatch) -> None:
    """A name alone means kill -9; ":sleep" waits."""
    slept: list[float] = []
    monkeypatch.setattr(failpoints, "time", SimpleNamespace(sleep=slept.append))
    monkeypatch.setenv("JINGUI_FAILPOINT", "ingest.after_pack:sleep")
    failpoints.reach("ingest.after_pack")
    program = "from storage.failpoints import reach; reach('repair.after_file')"
    done = run(program, failpoint="repair.after_file")

    assert slept == [failpoints.SLEEP_SECONDS]
    assert done.returncode == -signal.SIGKILL


def test_every_failpoint_stands_in_the_code() -> None:
    """Each name is reached somewhere in the code, so that a test can hit it."""
    root = Path(failpoints.__file__).parents[1]
    rooms = ("storage", "preservation", "repository")
    code = "".join(place.read_text("utf-8") for room in rooms for place in (root / room).rglob("*.py"))

    assert [name for name in failpoints.NAMES if code.count(f'"{name}"') < 2] == []  # once is the list itself


@pytest.mark.parametrize(
    ("number", "reading", "writing"),
    [
        (errno.ENOSPC, StorageFull, StorageFull),
        (errno.EDQUOT, StorageFull, StorageFull),
        (errno.EFBIG, StorageFull, StorageFull),
        (errno.EROFS, ReadOnly, ReadOnly),
        (errno.EACCES, Unreadable, ReadOnly),
        (errno.EPERM, Unreadable, ReadOnly),
        (errno.EIO, Unreadable, StoreUnavailable),
        (errno.ELOOP, Unreadable, StoreUnavailable),
        (errno.ESTALE, StoreUnavailable, StoreUnavailable),
        (errno.EMFILE, StoreUnavailable, StoreUnavailable),
        (errno.ENAMETOOLONG, UnsafeName, UnsafeName),
    ],
)
def test_b08_b13_each_error_number_has_one_meaning(
    number: int, reading: type[StorageError], writing: type[StorageError]
) -> None:
    """A number of the system becomes the error that tells the caller what to do, with its name as a fact."""
    told = storage_error(OSError(number, "x"), writing=False, key="a")

    assert type(told) is reading
    assert told.facts == {"key": "a", "errno": errno.errorcode[number]}
    assert type(storage_error(OSError(number, "x"), writing=True)) is writing


def test_our_own_errors_pass_the_translator() -> None:
    """An error that is ours already is not changed, and an error says its code and facts."""
    with pytest.raises(NotFound) as caught, translated(writing=True):
        raise NotFound(key="a")

    assert str(caught.value) == "ST-001 NotFound: key='a'"


def test_every_error_has_a_code_of_its_own() -> None:
    """No two kinds of storage error share a code."""
    kinds = [StorageError, *StorageError.__subclasses__()]

    assert len({kind.code for kind in kinds}) == len(kinds)


def test_quarantine_keys_are_short_plain_and_new() -> None:
    """A quarantine key tells the day and the old name, cut to fit, and never comes twice."""
    one, two = quarantine_key("aips/x/" + "长" * 85), quarantine_key("aips/x/" + "长" * 85)

    assert one != two
    assert len(one.rsplit("/", 1)[-1].encode()) + len(".json") <= 255
    assert one.startswith(".quarantine/20")
