"""EncryptedStore: the contract around two stores, and what nobody without the key can do."""

import io
import os
from collections.abc import Callable
from pathlib import Path

import pytest

from storage.encrypted import NOTE, EncryptedStore, seal_of, seal_store
from storage.errors import AlreadyStored, DigestMismatch, StoreUnavailable, WrongKey, WrongStore
from storage.local import create_store
from storage.memory import MemoryStore
from storage.sealed_stream import CHUNK, OpenedReader, SealingReader, key_id, plain_size, sealed_size
from tests.contracts.store_contract import StoreContract, read, sha256

KEY = bytes(range(32))
OTHER = bytes(32)


def sealed(content: bytes, key: bytes = KEY) -> bytes:
    """Return what a store keeps of content."""
    return SealingReader(key, io.BytesIO(content)).read()


def opened(content: bytes, key: bytes = KEY) -> bytes:
    """Return the plain bytes of a sealed object."""
    return OpenedReader(key, io.BytesIO(content), len(content)).read()


class TestSealedMemory(StoreContract):
    """The contract holds around a store in memory."""

    @pytest.fixture
    def store(self) -> EncryptedStore:
        """An empty sealed store in memory."""
        return seal_store(MemoryStore(), KEY)


class TestSealedFolder(StoreContract):
    """The contract holds around a store on a disk."""

    @pytest.fixture
    def store(self, tmp_path: Path) -> EncryptedStore:
        """An empty sealed store in a folder."""
        return seal_store(create_store(tmp_path / "store", "sealed"), KEY)


@pytest.mark.parametrize("size", [0, 1, CHUNK - 1, CHUNK, CHUNK + 1, 3 * CHUNK, 3 * CHUNK + 5])
def test_every_size_comes_back_and_is_told(size: int) -> None:
    """Empty, whole and broken numbers of chunks open to the same bytes; sizes follow."""
    content = os.urandom(size)
    kept = sealed(content)

    assert len(kept) == sealed_size(size)
    assert plain_size(len(kept)) == size
    assert opened(kept) == content


def test_two_seals_of_one_content_have_nothing_in_common() -> None:
    """Each object has a key and a salt of its own: equal files cannot be told from others."""
    first, second = sealed(b"x" * 1000), sealed(b"x" * 1000)

    assert first[64:] != second[64:]
    assert b"x" * 8 not in first


def _cut_chunk(kept: bytes) -> bytes:
    return kept[: 64 + CHUNK + 16]


def _swap_chunks(kept: bytes) -> bytes:
    first, second = 64 + CHUNK + 16, 64 + 2 * (CHUNK + 16)
    return kept[:64] + kept[first:second] + kept[64:first] + kept[second:]


@pytest.mark.parametrize(
    "change",
    [
        pytest.param(lambda kept: kept[:-1], id="cut"),
        pytest.param(_cut_chunk, id="cut-at-a-chunk"),
        pytest.param(_swap_chunks, id="reordered"),
        pytest.param(lambda kept: kept + b"x", id="longer"),
        pytest.param(lambda kept: kept[:70] + bytes([kept[70] ^ 1]) + kept[71:], id="bit"),
        pytest.param(lambda kept: kept[:3] + b"?" + kept[4:], id="magic"),
        pytest.param(lambda kept: kept[:10] + b"?" + kept[11:], id="header-rest"),
        pytest.param(lambda kept: kept[:40] + bytes([kept[40] ^ 1]) + kept[41:], id="salt"),
        pytest.param(lambda kept: kept[:30], id="only-half-a-header"),
        pytest.param(lambda kept: b"", id="nothing"),
    ],
)
def test_every_change_of_a_sealed_object_is_found(change: Callable[[bytes], bytes]) -> None:
    """Cut, longer, reordered, flipped: reading raises, and no wrong byte is given."""
    content = os.urandom(2 * CHUNK + 100)
    with pytest.raises(DigestMismatch):
        opened(change(sealed(content)))


def test_a_part_can_be_read_from_any_place(tmp_path: Path) -> None:
    """A stream of a sealed file can be sought, as a player asks for it."""
    store = seal_store(create_store(tmp_path / "store", "sealed"), KEY)
    content = os.urandom(2 * CHUNK + 100)
    store.put("film", io.BytesIO(content))
    with store.open("film") as stream:
        stream.seek(CHUNK - 3)
        middle = stream.read(10)
        stream.seek(-7, io.SEEK_END)
        end = stream.read()

    assert (middle, end) == (content[CHUNK - 3:][:10], content[-7:])


def test_e34_nothing_readable_lies_in_the_folder(tmp_path: Path) -> None:
    """No byte of what was put stands in any file of a sealed store, drafts and quarantine too."""
    canary = "仅此一处的字句 canary-7f3a".encode()
    store = seal_store(create_store(tmp_path / "store", "sealed"), KEY)
    draft = store.begin("aips/x")
    draft.put("data/a", io.BytesIO(canary * 1000), sha256(canary * 1000))
    draft.commit()
    store.mend("aips/x/data/a", io.BytesIO(canary), sha256(canary))
    half = store.begin("aips/y")
    half.put("data/b", io.BytesIO(canary))
    files = [path for path in (tmp_path / "store").rglob("*") if path.is_file()]

    assert len(files) >= 5
    assert not [path for path in files if canary[:24] in path.read_bytes()]
    half.abort()


def test_e34_another_key_is_told_and_is_no_damage(tmp_path: Path) -> None:
    """With the wrong key nothing is written or judged; the refusal is that of a wrong store."""
    inner = create_store(tmp_path / "store", "sealed")
    seal_store(inner, KEY).put("a", io.BytesIO(b"secret"))
    wrong = EncryptedStore(inner, OTHER)
    for act in (wrong.probe, lambda: wrong.open("a"), lambda: wrong.put("b", io.BytesIO(b""))):
        with pytest.raises(WrongKey) as refusal:
            act()
        assert isinstance(refusal.value, WrongStore)

    assert seal_of(inner) == key_id(KEY)
    assert read(EncryptedStore(inner, KEY), "a") == b"secret"


def test_an_open_store_is_never_sealed_over(tmp_path: Path) -> None:
    """What holds open objects is not made a sealed store, and an open store has no seal."""
    inner = create_store(tmp_path / "store", "open")
    inner.put("a", io.BytesIO(b"open"))
    with pytest.raises(AlreadyStored):
        seal_store(inner, KEY)
    with pytest.raises(WrongKey):
        EncryptedStore(inner, KEY).probe()

    assert seal_of(inner) is None


def test_the_note_of_the_seal_is_no_object_of_anybody(tmp_path: Path) -> None:
    """The note tells the key's name and not the key, is not listed, and cannot be moved or written."""
    inner = create_store(tmp_path / "store", "sealed")
    store = seal_store(inner, KEY)
    note = read(inner, NOTE)

    assert key_id(KEY).encode() in note and KEY.hex().encode() not in note
    assert list(store.list("")) == []
    assert seal_store(inner, KEY).id == "sealed"


def test_b14_a_sealed_store_that_is_away_is_away() -> None:
    """An unreachable inner store is unavailable, not of another key."""
    inner = MemoryStore()
    store = seal_store(inner, KEY)
    inner.unreachable = True

    with pytest.raises(StoreUnavailable):
        store.probe()
