"""Staging: an upload is whole or not there, and its name is kept to the byte."""

import hashlib
import io
import os
import subprocess
from collections.abc import Iterator
from datetime import UTC
from pathlib import Path

import pytest

from storage import platform
from storage.errors import DigestMismatch, NotFound, StorageFull, TooLarge, Unreadable
from storage.platform import Room
from storage.reserve import Reserve
from storage.staging import Staging
from tests.storage.samples import run

UNKNOWN = "0" * 32
KILLED_AT = ("staging.after_write", "staging.before_commit", "staging.after_commit")


@pytest.fixture
def staging(tmp_path: Path) -> Staging:
    """An empty staging area."""
    return Staging(tmp_path / "staging", reserve=Reserve())


def everything(staging: Staging) -> list[str]:
    """Return every name that stands in staging."""
    return sorted(str(place.relative_to(staging.root)) for place in staging.root.rglob("*"))


def age(staging: Staging, id: str) -> None:
    """Make an upload look old."""
    for place in (staging.root / id, *(staging.root / id).iterdir()):
        os.utime(place, (1, 1))


def test_an_upload_is_kept_with_its_digests(staging: Staging) -> None:
    """What was received can be read again, with the size, digests, name and time it had."""
    content = os.urandom(600_000)
    staged = staging.keep(io.BytesIO(content), "照片.JPG", algorithms=("sha256", "sha512"))

    assert staged.size == 600_000
    assert staged.digests == {name: hashlib.new(name, content).hexdigest() for name in ("sha256", "sha512")}
    assert staged.received_at.tzinfo is UTC
    assert staging.read(staged.id) == staged
    assert staging.path(staged.id).read_bytes() == content
    with staging.open(staged.id) as stream:
        assert stream.read() == content


def test_sha256_is_always_made(staging: Staging) -> None:
    """Whatever algorithms are asked for, SHA-256 is among the digests."""
    assert set(staging.keep(io.BytesIO(b"1"), "a", algorithms=("md5",)).digests) == {"md5", "sha256"}


@pytest.mark.parametrize("name", ["../../etc/passwd", "照" * 100 + ".jpg", "CON", "毕业.jpg".encode("gbk")])
def test_p15_the_name_never_becomes_a_path(staging: Staging, name: str | bytes) -> None:
    """Names are data: the folder has a generated id, the sheet has the name to the byte."""
    staged = staging.keep(io.BytesIO(b"1"), name)
    raw = name if isinstance(name, bytes) else name.encode()

    assert everything(staging) == [staged.id, f"{staged.id}/content", f"{staged.id}/staged.json"]
    assert bytes.fromhex(staging.read(staged.id).name.raw_hex) == raw


def test_d22_an_empty_file_is_kept(staging: Staging) -> None:
    """A file of 0 bytes is received; intake judges it."""
    staged = staging.keep(io.BytesIO(b""), "empty.txt")

    assert staged.size == 0
    assert staging.path(staged.id).stat().st_size == 0


class EndlessSource(io.RawIOBase):
    """An upload that never ends, and counts what was taken of it."""

    taken = 0

    def readable(self) -> bool:
        """Return True."""
        return True

    def readinto(self, buffer: bytearray) -> int:  # type: ignore[override]
        """Fill the buffer with zeros."""
        self.taken += len(buffer)
        return len(buffer)


def test_d03_an_upload_over_the_limit_stops_early(staging: Staging) -> None:
    """An upload without announced length is cut off as soon as it passes the limit; nothing stays."""
    source = EndlessSource()
    with pytest.raises(TooLarge) as caught:
        staging.keep(source, "a", limit=1_000_000)  # type: ignore[arg-type]

    assert caught.value.facts["limit"] == 1_000_000
    assert source.taken <= 1_500_000
    assert everything(staging) == []


def test_d03_an_announced_size_over_the_limit_is_not_read(staging: Staging) -> None:
    """What says itself that it is too large is refused before a byte is read; the limit itself is allowed."""
    source = EndlessSource()
    with pytest.raises(TooLarge):
        staging.keep(source, "a", limit=10, announced=11)  # type: ignore[arg-type]

    assert source.taken == 0
    assert staging.keep(io.BytesIO(b"1234567890"), "a", limit=10).size == 10


def test_d31_a_supplied_digest_that_differs_is_refused(staging: Staging) -> None:
    """A wrong digest from the sender ends the upload; a right one, in any case, is accepted."""
    with pytest.raises(DigestMismatch):
        staging.keep(io.BytesIO(b"1"), "a", expected_sha256="0" * 64)
    left = everything(staging)
    right = hashlib.sha256(b"1").hexdigest().upper()

    assert left == []
    assert staging.keep(io.BytesIO(b"1"), "a", expected_sha256=right).size == 1


class CutSource(EndlessSource):
    """An upload whose sender goes away."""

    def readinto(self, buffer: bytearray) -> int:  # type: ignore[override]
        """Give one block, then fail."""
        if self.taken:
            raise ConnectionResetError("gone")
        return super().readinto(buffer)


def test_c01_a_cut_connection_leaves_nothing(staging: Staging) -> None:
    """When the sender goes away its error passes on, and nothing of the upload stays."""
    with pytest.raises(ConnectionResetError):
        staging.keep(CutSource(), "a")  # type: ignore[arg-type]

    assert everything(staging) == []


@pytest.mark.parametrize(("reserve", "announced", "refused"), [(999, 500, 0), (1001, 0, 1), (0, 501, 1)])
def test_b08_the_reserve_is_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, reserve: int, announced: int, refused: int
) -> None:
    """An upload is refused when less than the reserve, or than twice its size, is free."""
    monkeypatch.setattr(platform, "free_room", lambda path: Room(bytes=1000, inodes=None))
    staging = Staging(tmp_path, reserve=Reserve(least=reserve))
    if refused:
        with pytest.raises(StorageFull):
            staging.keep(io.BytesIO(b"1"), "a", announced=announced)
    else:
        staging.keep(io.BytesIO(b"1"), "a", announced=announced)

    assert len(list(staging.all())) == (0 if refused else 1)


def test_b08_an_unannounced_upload_stops_at_the_reserve(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """While bytes arrive the room is looked at again, so that the reserve is never eaten up."""
    rooms = iter([Room(bytes=1000, inodes=None), Room(bytes=10, inodes=None)])
    monkeypatch.setattr(platform, "free_room", lambda path: next(rooms))
    staging = Staging(tmp_path, reserve=Reserve(least=100))
    with pytest.raises(StorageFull):
        staging.keep(io.BytesIO(bytes(17 * 1024 * 1024)), "a")

    assert everything(staging) == []


def test_b09_no_inodes_left_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An upload is refused where bytes are free but no files can be made."""
    monkeypatch.setattr(platform, "free_room", lambda path: Room(bytes=1 << 40, inodes=3))

    with pytest.raises(StorageFull) as caught:
        Staging(tmp_path).keep(io.BytesIO(b"1"), "a")
    assert caught.value.facts["inodes"] == 3


@pytest.fixture
def tiny(tmp_path: Path) -> Iterator[Path]:
    """A file system of 128 KiB, where the tests may mount one."""
    place = tmp_path / "tiny"
    place.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", "size=128k", "none", str(place)]
    if subprocess.run(command, capture_output=True).returncode:
        pytest.skip("only root may mount a tiny file system")
    yield place
    subprocess.run(["umount", "-l", str(place)], check=True)


def test_b08_a_disk_that_fills_while_uploading_keeps_what_it_had(tiny: Path) -> None:
    """ENOSPC in the middle is StorageFull; nothing of the upload stays, earlier ones do."""
    staging = Staging(tiny)
    first = staging.keep(io.BytesIO(b"1" * 1000), "first")
    with pytest.raises(StorageFull):
        staging.keep(io.BytesIO(bytes(400_000)), "big")

    assert [staged.id for staged in staging.all()] == [first.id]
    assert os.listdir(tiny) == [first.id]


def test_a_note_is_kept_beside_an_upload(staging: Staging) -> None:
    """A sidecar is JSON beside the bytes, replaced in one step, {} where there is none."""
    staged = staging.keep(io.BytesIO(b"1"), "a")
    before = staging.read_sidecar(staged.id)
    staging.write_sidecar(staged.id, {"题名": "开学典礼"})
    staging.write_sidecar(staged.id, {"题名": "毕业典礼", "n": 1})

    assert before == {}
    assert staging.read_sidecar(staged.id) == {"题名": "毕业典礼", "n": 1}
    assert len(everything(staging)) == 4


def test_a_dropped_upload_is_gone(staging: Staging) -> None:
    """Drop removes one upload, may be called twice, and leaves the others."""
    one, two = (staging.keep(io.BytesIO(b"1"), name) for name in "ab")
    staging.drop(one.id)
    staging.drop(one.id)

    assert list(staging.all()) == [two]
    for act in (staging.read, staging.open, staging.path, staging.read_sidecar):
        with pytest.raises(NotFound):
            act(one.id)


@pytest.mark.parametrize("id", ["", "..", "../x", "/etc", UNKNOWN, UNKNOWN + "\n", "A" * 32])
def test_only_generated_ids_are_looked_up(staging: Staging, id: str) -> None:
    """An id that could be a path, or that nobody made, is NotFound."""
    for act in (staging.read, staging.open, staging.path, lambda one: staging.write_sidecar(one, {})):
        with pytest.raises(NotFound):
            act(id)
    if id != UNKNOWN:
        with pytest.raises(NotFound):
            staging.drop(id)


def test_a16_a_link_is_no_upload(staging: Staging, tmp_path: Path) -> None:
    """A link in place of the bytes is not followed."""
    staged = staging.keep(io.BytesIO(b"1"), "a")
    (tmp_path / "secret").write_bytes(b"outside")
    staging.path(staged.id).unlink()
    (staging.root / staged.id / "content").symlink_to(tmp_path / "secret")

    with pytest.raises(NotFound):
        staging.open(staged.id)


@pytest.mark.parametrize("sheet", [b"", b"[]", b"{}", b'{"stored": 1}', b"\xff", None])
def test_a_damaged_sheet_is_unreadable_and_spares_the_others(staging: Staging, sheet: bytes | None) -> None:
    """An upload whose sheet is damaged says so; all() still yields the rest."""
    bad, good = (staging.keep(io.BytesIO(b"1"), name) for name in "ab")
    place = staging.root / bad.id / "staged.json"
    place.unlink()
    if sheet is not None:
        place.write_bytes(sheet)

    with pytest.raises(Unreadable):
        staging.read(bad.id)
    assert list(staging.all()) == [good]


def test_all_is_oldest_first_and_empty_before_the_first(staging: Staging) -> None:
    """Uploads come in the order of their receipt; a staging area that is not there has none."""
    before = list(staging.all())
    kept = [staging.keep(io.BytesIO(b"1"), str(number)) for number in range(5)]

    assert before == []
    assert [staged.id for staged in staging.all()] == [staged.id for staged in kept]


def test_sweeping_removes_what_is_old_and_unknown(staging: Staging) -> None:
    """Old folders that nobody names go; named, young and foreign ones stay."""
    known, unknown, young = (staging.keep(io.BytesIO(b"1"), name) for name in "abc")
    unfinished = staging.root / UNKNOWN
    unfinished.mkdir()
    (unfinished / "part").write_bytes(b"1")
    (staging.root / "foreign").mkdir()
    os.utime(staging.root / "foreign", (1, 1))
    for id in (known.id, unknown.id, UNKNOWN):
        age(staging, id)
    swept = staging.sweep({known.id}, 3600)

    assert swept == 2
    assert sorted(os.listdir(staging.root)) == sorted([known.id, young.id, "foreign"])


def test_an_upload_that_still_grows_is_not_swept(staging: Staging) -> None:
    """A folder made long ago whose part is fresh belongs to a slow sender."""
    folder = staging.root / UNKNOWN
    folder.mkdir(parents=True)
    (folder / "part").write_bytes(b"1")
    os.utime(folder, (1, 1))

    assert staging.sweep(set(), 3600) == 0


@pytest.mark.parametrize("failpoint", KILLED_AT)
def test_b01_a_killed_upload_is_whole_or_not_there(staging: Staging, failpoint: str) -> None:
    """Kill -9 at each point: no upload is listed, or a whole one; the sweep clears what is left."""
    program = (
        "import io, sys; from storage.staging import Staging\n"
        "Staging(sys.argv[1]).keep(io.BytesIO(b'12345'), 'a.txt'); print('acknowledged')"
    )
    done = run(program, str(staging.root), failpoint=failpoint)
    found = list(staging.all())
    swept = staging.sweep({staged.id for staged in found}, 0)

    assert done.returncode == -9 and not done.stdout, done.stderr
    assert len(found) == (1 if failpoint == "staging.after_commit" else 0)
    assert len(os.listdir(staging.root)) == len(found) and swept == 1 - len(found)
    for staged in found:
        assert staging.path(staged.id).read_bytes() == b"12345" and staged.size == 5


@pytest.mark.parametrize("failpoint", ["staging.after_write", "staging.before_commit"])
def test_b08_a_failure_at_each_point_leaves_nothing(
    staging: Staging, failpoint: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A disk that is full at any point before the commit is StorageFull with nothing left."""
    monkeypatch.setenv("JINGUI_FAILPOINT", f"{failpoint}:full")
    with pytest.raises(StorageFull):
        staging.keep(io.BytesIO(b"1"), "a")

    assert everything(staging) == []
