"""LocalStore on a bad disk: links, rights, no room, read-only, input/output errors."""

import io
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from storage import platform
from storage.errors import AlreadyStored, ReadOnly, StorageFull, StoreUnavailable, Unreadable
from storage.local import LocalStore, create_store
from tests.contracts.store_contract import read, sha256
from tests.storage.samples import run


@pytest.fixture
def store(tmp_path: Path) -> LocalStore:
    """An empty store on a disk."""
    return create_store(tmp_path / "store", "first")


ROOT_READS_ALL = "root can read whatever its mode is" if hasattr(os, "geteuid") and os.geteuid() == 0 else ""


def test_a16_a_link_is_told_and_never_followed(store: LocalStore, tmp_path: Path) -> None:
    """A link in place of a file is listed with size -1 and can't be read, carried or counted."""
    (tmp_path / "secret").write_bytes(b"outside")
    store.put("aips/x/a", io.BytesIO(b"1"))
    (store.root / "aips/x/link").symlink_to(tmp_path / "secret")
    draft = store.begin("aips/y")

    assert [found.size for found in store.list("aips/x/")] == [1, -1]
    for act in (store.open, store.stat, store.link_count, lambda key: draft.carry("a", key)):
        with pytest.raises(Unreadable):
            act("aips/x/link")


def test_a16_a_linked_folder_is_told_and_never_followed(store: LocalStore, tmp_path: Path) -> None:
    """A link in place of a folder is one object of size -1; nothing is read or written through it."""
    outside = tmp_path / "outside"
    (outside / "empty").mkdir(parents=True)
    (outside / "a").write_bytes(b"outside")
    store.put("aips/x/b", io.BytesIO(b"1"))
    (store.root / "aips/x/data").symlink_to(outside)

    assert [(found.key, found.size) for found in store.list("")] == [("aips/x/b", 1), ("aips/x/data", -1)]
    assert list(store.folders("aips/x/")) == []
    for act in (store.open, store.stat, store.set_aside):
        with pytest.raises(Unreadable):
            act("aips/x/data/a")
    with pytest.raises(Unreadable):
        list(store.list("aips/x/data/"))
    with pytest.raises(Unreadable):
        store.mend("aips/x/data/new/a", io.BytesIO(b"1"), sha256(b"1"))
    with pytest.raises(Unreadable):
        store.put("aips/x/data/new/a", io.BytesIO(b"1"))
    with pytest.raises(AlreadyStored):
        store.begin("aips/x/data")
    assert sorted(os.listdir(outside)) == ["a", "empty"]


def test_a16_mend_puts_a_file_where_a_link_stood(store: LocalStore, tmp_path: Path) -> None:
    """The link goes to quarantine as a link; what it pointed to is not touched."""
    (tmp_path / "secret").write_bytes(b"outside")
    store.put("aips/x/a", io.BytesIO(b"1"))
    (store.root / "aips/x/a").unlink()
    (store.root / "aips/x/a").symlink_to(tmp_path / "secret")
    aside = store.mend("aips/x/a", io.BytesIO(b"1"), sha256(b"1"))

    assert read(store, "aips/x/a") == b"1"
    assert aside is not None and (store.root / aside).is_symlink()
    assert (tmp_path / "secret").read_bytes() == b"outside"


def test_mend_puts_a_file_where_a_folder_stood(store: LocalStore) -> None:
    """A folder in the place of a file goes to quarantine with all it holds."""
    store.put("aips/x/a/stray", io.BytesIO(b"1"))
    aside = store.mend("aips/x/a", io.BytesIO(b"good"), sha256(b"good"))

    assert read(store, "aips/x/a") == b"good"
    assert aside is not None and (store.root / aside / "stray").read_bytes() == b"1"


def test_a_special_file_never_hangs_the_reader(store: LocalStore) -> None:
    """A FIFO is told with size -1 and Unreadable at once."""
    os.mkfifo(store.root / "pipe")

    assert [found.size for found in store.list("")] == [-1]
    with pytest.raises(Unreadable):
        store.open("pipe")


def test_a17_shared_names_of_one_package_are_no_fault(store: LocalStore) -> None:
    """Versions, drafts and quarantine share files; a name in another package is a fault."""
    store.put("aips/i/v0001/a", io.BytesIO(b"kept"))
    draft = store.begin("aips/i/v0002")
    draft.carry("a", "aips/i/v0001/a")
    while_packing = list(store.links_from_outside("aips/i/"))
    draft.commit()
    counted = store.link_count("aips/i/v0002/a")
    store.mend("aips/i/v0002/a", io.BytesIO(b"kept"), sha256(b"kept"))
    in_quarantine = list(store.links_from_outside("aips/i/"))
    (store.root / "aips/other").mkdir()
    os.link(store.root / "aips/i/v0001/a", store.root / "aips/other/a")

    assert while_packing == in_quarantine == []
    assert counted == 2
    assert [found.key for found in store.links_from_outside("aips/i/")] == ["aips/i/v0001/a"]


def test_carrying_copies_where_links_are_not_possible(
    store: LocalStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without hard links the kernel copies, and both files stand alone."""
    monkeypatch.setattr(platform, "link_file", lambda source, target: False)
    content = os.urandom(700_000)
    store.put("a", io.BytesIO(content))
    draft = store.begin("x")
    draft.carry("a", "a")
    draft.commit()

    assert store.link_count("a") == store.link_count("x/a") == 1
    assert read(store, "x/a") == content


@pytest.mark.skipif(bool(ROOT_READS_ALL), reason=ROOT_READS_ALL or "runs")
def test_a18_a_file_without_rights_is_unreadable(store: LocalStore) -> None:
    """chmod 000 reads as Unreadable, neither good nor missing; a folder makes its list fail."""
    store.put("aips/x/a", io.BytesIO(b"1"))
    os.chmod(store.root / "aips/x/a", 0)
    with pytest.raises(Unreadable):
        store.open("aips/x/a")
    os.chmod(store.root / "aips/x", 0)
    with pytest.raises(Unreadable):
        list(store.list(""))
    os.chmod(store.root / "aips/x", 0o755)

    assert store.stat("aips/x/a").size == 1


def test_a18_an_account_without_rights_reads_unreadable(store: LocalStore) -> None:
    """The same, as another account, where the tests run as root."""
    if not ROOT_READS_ALL:
        pytest.skip("not root: the test above runs")
    store.put("aips/x/a", io.BytesIO(b"1"))
    os.chmod(store.root / "aips/x/a", 0)
    with pytest.MonkeyPatch.context() as patch:
        child = _as_nobody(store, patch)

    assert child == "Unreadable ReadOnly"


def _as_nobody(store: LocalStore, patch: pytest.MonkeyPatch) -> str:
    """Return what an account without rights is told when it reads and writes."""
    program = (
        "import io, os, sys\n"
        "from storage.local import LocalStore\n"
        "from storage.errors import StorageError\n"
        "os.chdir(sys.argv[1]); os.chroot('.'); os.setgid(65534); os.setuid(65534)\n"
        "store = LocalStore('first', '/')\n"
        "def told(act):\n"
        "    try: act()\n"
        "    except StorageError as error: return type(error).__name__\n"
        "print(told(lambda: store.open('aips/x/a')), told(lambda: store.put('b', io.BytesIO(b''))))\n"
    )
    os.chmod(store.root, 0o755)
    return run(program, str(store.root)).stdout.strip()


def test_b10_a_limit_on_file_size_is_storage_full(store: LocalStore) -> None:
    """A write that the system cuts off is StorageFull and leaves nothing, also of a tree."""
    program = (
        "import io, sys\n"
        "from storage import platform\n"
        "from storage.errors import StorageFull\n"
        "from storage.local import LocalStore\n"
        "store = LocalStore('first', sys.argv[1])\n"
        "platform.limit_process(file_bytes=100_000)\n"
        "draft = store.begin('tree'); draft.put('small', io.BytesIO(b'1'))\n"
        "for act in (lambda: store.put('big', io.BytesIO(bytes(300_000))),\n"
        "            lambda: draft.put('big', io.BytesIO(bytes(300_000)))):\n"
        "    try: act()\n"
        "    except StorageFull as error: print(error.facts['errno'])\n"
        "draft.abort()\n"
    )
    done = run(program, str(store.root))

    assert done.stdout.split() == ["EFBIG", "EFBIG"], done.stderr
    assert list(store.list("")) == []
    assert os.listdir(store.root / ".drafts") == []


@pytest.fixture
def tiny(tmp_path: Path) -> Iterator[Path]:
    """A file system of 256 KiB and few inodes, where the tests may mount one."""
    place = tmp_path / "tiny"
    place.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", "size=256k,nr_inodes=24", "none", str(place)]
    if subprocess.run(command, capture_output=True).returncode:
        pytest.skip("only root may mount a tiny file system")
    yield place
    subprocess.run(["umount", "-l", str(place)], check=True)


def test_b08_a_full_disk_loses_nothing(tiny: Path) -> None:
    """ENOSPC is StorageFull for puts, drafts and mends; what stood stands and can be read."""
    store = create_store(tiny, "tiny")
    store.put("good", io.BytesIO(b"1" * 1000))
    draft = store.begin("tree")
    big = bytes(400_000)

    for act in (
        lambda: store.put("big", io.BytesIO(big)),
        lambda: draft.put("big", io.BytesIO(big)),
        lambda: store.mend("good", io.BytesIO(big), sha256(big)),
    ):
        with pytest.raises(StorageFull):
            act()
    draft.abort()
    assert [found.key for found in store.list("")] == ["good"]
    assert read(store, "good") == b"1" * 1000
    assert os.listdir(tiny / ".drafts") == []


def test_b09_no_inodes_left_is_storage_full(tiny: Path) -> None:
    """When free bytes but no inodes remain, the draft fails whole."""
    store = create_store(tiny, "tiny")
    draft = store.begin("tree")
    with pytest.raises(StorageFull):
        for number in range(30):
            draft.put(str(number), io.BytesIO(b""))
    draft.abort()

    assert list(store.list("")) == []
    assert store.put("after", io.BytesIO(b"1")).size == 1


def test_b13_a_disk_gone_read_only_still_reads(tiny: Path) -> None:
    """EROFS is ReadOnly for writes; reading goes on."""
    store = create_store(tiny, "tiny")
    store.put("good", io.BytesIO(b"1"))
    subprocess.run(["mount", "-o", "remount,ro", str(tiny)], check=True)

    for act in (
        lambda: store.put("b", io.BytesIO(b"")),
        lambda: store.begin("tree"),
        lambda: store.mend("good", io.BytesIO(b"2"), sha256(b"2")),
        lambda: store.set_aside("good"),
    ):
        with pytest.raises(ReadOnly):
            act()
    assert read(store, "good") == b"1"


def test_b12_an_error_while_reading_is_unreadable(store: LocalStore) -> None:
    """A read that the system refuses after opening is Unreadable, by read, readinto and read of the rest."""
    store.put("a", io.BytesIO(bytes(600_000)))
    for act in (lambda s: s.read(), lambda s: s.read(10), lambda s: s.readinto(bytearray(300_000))):
        stream = store.open("a")
        broken = os.open(store.root, os.O_RDONLY)  # reading a folder is EISDIR; EIO takes the same way
        os.dup2(broken, stream.fileno())
        os.close(broken)

        with pytest.raises(Unreadable):
            act(stream)
        stream.close()


def test_b11_a_failed_sync_loses_the_draft_and_is_not_asked_again(
    store: LocalStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    """EIO on fsync ends the write: nothing is visible, nothing stays in drafts, fsync was called once."""
    calls = []

    def fails(fd: int) -> None:
        calls.append(fd)
        raise OSError(5, "Input/output error")

    draft = store.begin("tree")
    draft.put("a", io.BytesIO(b"1"))
    draft.put("b", io.BytesIO(b"2"))
    monkeypatch.setattr(os, "fsync", fails)
    with pytest.raises(StoreUnavailable):
        draft.commit()
    with pytest.raises(StoreUnavailable):
        store.put("c", io.BytesIO(b"3"))
    monkeypatch.undo()

    assert len(calls) == 2
    assert list(store.list("")) == []
    assert os.listdir(store.root / ".drafts") == []


@pytest.mark.skipif(not hasattr(os, "RWF_NOWAIT"), reason="the system does not tell what is in its cache")
def test_opening_drops_the_cache(store: LocalStore) -> None:
    """What the memory still holds is forgotten before a read, so that the disk answers (performance.md)."""

    def is_cached(fd: int) -> bool:
        try:
            return os.preadv(fd, [bytearray(1)], 100_000, os.RWF_NOWAIT) == 1
        except BlockingIOError:
            return False

    store.put("a", io.BytesIO(os.urandom(1_000_000)))
    with open(store.root / "a", "rb") as plain:
        try:
            plain.read()
            before = is_cached(plain.fileno())
        except OSError:
            pytest.skip("this file system does not tell what is in its cache")
        platform.drop_cache(plain.fileno())
        if is_cached(plain.fileno()):
            pytest.skip("this file system lives in memory")
        plain.seek(0)
        plain.read()
        with store.open("a"):
            after = is_cached(plain.fileno())

    assert before and not after
