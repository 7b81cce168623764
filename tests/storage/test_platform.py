"""platform: locks, limits, renames and links, by each way that a system may offer."""

import os
from pathlib import Path

import pytest

from storage import linux, platform
from storage.errors import StoreUnavailable, Unreadable
from tests.storage.samples import run


def test_a_lock_has_one_holder(tmp_path: Path) -> None:
    """A second holder is told at once, here and in another process; a dead holder holds nothing."""
    place = tmp_path / "lock"
    program = "import sys; from storage.platform import FileLock; print(FileLock(sys.argv[1]).acquire())"
    with platform.FileLock(place) as lock:
        again, other = lock.acquire(), platform.FileLock(place).acquire()
        elsewhere = run(program, str(place)).stdout
        with pytest.raises(StoreUnavailable), platform.FileLock(place):
            raise AssertionError("two holders")
    freed = run(program, str(place)).stdout

    assert (again, other, elsewhere, freed) == (False, False, "False\n", "True\n")
    lock.release()
    assert platform.FileLock(place).acquire()


def test_limits_hold_in_a_child() -> None:
    """A child with limits can't take more memory or CPU than it was given."""
    memory = run(
        "from storage.platform import limit_process\n"
        "limit_process(memory_bytes=200 * 1024**2)\n"
        "try: bytearray(500 * 1024**2)\n"
        "except MemoryError: print('refused')"
    )
    cpu = run("from storage.platform import limit_process\nlimit_process(cpu_seconds=1)\nwhile True: pass")

    assert memory.stdout == "refused\n", memory.stderr
    assert cpu.returncode < 0


def test_rename_never_overwrites(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A taken name is FileExistsError for files and folders, by each way that the system may offer."""
    for way in ("linux", "link", "neither"):
        if way != "linux":
            monkeypatch.setattr(linux, "HAS_RENAME_NEW", False)
        if way == "neither":
            monkeypatch.setattr(platform, "link_file", lambda source, target: False)
        here = tmp_path / way
        here.mkdir()
        for name in ("a", "b"):
            (here / name).write_text(name)
            (here / f"{name}-folder").mkdir()
            (here / f"{name}-folder" / "x").write_text(name)
        for old, new in (("a", "b"), ("a-folder", "b-folder"), ("a-folder", "b"), ("a", "b-folder")):
            with pytest.raises(FileExistsError):
                platform.rename_new(here / old, here / new)
        platform.rename_new(here / "a", here / "c")
        platform.rename_new(here / "a-folder", here / "c-folder")

        assert (here / "b").read_text() == (here / "b-folder" / "x").read_text() == "b"
        assert sorted(os.listdir(here)) == ["b", "b-folder", "c", "c-folder"]


def test_rename_tells_other_errors(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A source that is not there is FileNotFoundError, by each way."""
    for found in (True, False):
        monkeypatch.setattr(linux, "HAS_RENAME_NEW", found and linux.HAS_RENAME_NEW)

        with pytest.raises(FileNotFoundError):
            platform.rename_new(tmp_path / "none", tmp_path / "b")


def test_opening_follows_no_link(tmp_path: Path) -> None:
    """A link at the end is refused; with straight also one on the way; a folder is no file."""
    (tmp_path / "real").mkdir()
    (tmp_path / "real" / "a").write_text("1")
    (tmp_path / "link").symlink_to(tmp_path / "real")
    (tmp_path / "real" / "b").symlink_to("a")
    os.close(platform.open_nofollow(tmp_path / "link" / "a"))
    os.close(platform.open_nofollow(tmp_path / "real" / "a", straight=True))

    for path, straight in (("real/b", False), ("link/a", True)):
        with pytest.raises(Unreadable):
            platform.open_nofollow(tmp_path / path, straight=straight)
    with pytest.raises(IsADirectoryError):
        platform.open_nofollow(tmp_path / "real")
    with pytest.raises(FileNotFoundError):
        platform.open_nofollow(tmp_path / "none")


def test_copying_in_the_kernel_is_exact(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Bytes are the same with the kernel's copy and without it."""
    content = os.urandom(900_000)
    (tmp_path / "a").write_bytes(content)
    for name in ("kernel", "plain"):
        if name == "plain":
            monkeypatch.delattr(os, "copy_file_range", raising=False)
        source, target = platform.open_nofollow(tmp_path / "a"), platform.open_new(tmp_path / name)
        copied = platform.copy_contents(source, target)
        os.close(source)
        os.close(target)

        assert copied == len(content) and (tmp_path / name).read_bytes() == content


def test_room_is_told_in_bytes_and_inodes(tmp_path: Path) -> None:
    """The room of a file system is a positive number of bytes, and of inodes where it counts them."""
    room = platform.free_room(tmp_path)

    assert room.bytes > 0
    assert room.inodes is None or room.inodes > 0


@pytest.mark.parametrize(
    ("release", "reports"),
    [("6.1.0-18-amd64", True), ("5.8", True), ("5.7.19", False), ("4.19.0", False), ("strange", False)],
)
def test_syncfs_is_believed_from_linux_5_8_on(release: str, reports: bool) -> None:
    """An older kernel does not report lost writes there, so each file is synced by itself."""
    assert linux.reports_lost_writes(release) is reports


def test_cache_advice_never_fails(tmp_path: Path) -> None:
    """Dropping the cache of a pipe, which has none, is no error."""
    reader, writer = os.pipe()
    told = platform.drop_cache(reader)
    os.close(reader)
    os.close(writer)

    assert told is None
