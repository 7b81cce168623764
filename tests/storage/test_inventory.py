"""Inventory: the complete list of a bag, its text and its digest."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from storage.digests import sha256_of
from storage.errors import Unreadable
from storage.inventory import FileRecord, Inventory

ONE = FileRecord("data/照片.jpg", 3, "a" * 64)
TWO = FileRecord("bagit.txt", 55, "b" * 64)
PATHS = st.text(st.characters(exclude_categories=("Cs",)), min_size=1)
DIGESTS = st.binary(min_size=32, max_size=32).map(bytes.hex)
RECORDS = st.lists(
    st.builds(FileRecord, path=PATHS, size=st.integers(0, 1 << 50), sha256=DIGESTS),
    unique_by=lambda record: record.path,
)


def test_an_inventory_is_sorted_and_counts() -> None:
    """Whatever the order of the records, the inventory is one; payload and tag files are told apart."""
    inventory = Inventory.of([ONE, TWO])

    assert inventory == Inventory.of([TWO, ONE])
    assert inventory.files == (TWO, ONE)
    assert (inventory.payload, inventory.tags) == ((ONE,), (TWO,))
    assert inventory.total_bytes == 58
    assert inventory.get("bagit.txt") == TWO and inventory.get("none") is None


def test_the_digest_is_that_of_the_canonical_text() -> None:
    """The digest can be made again in thirty years with sha256sum over the text."""
    inventory = Inventory.of([ONE, TWO])

    assert inventory.to_text() == f"{'b' * 64}  55  bagit.txt\n{'a' * 64}  3  data/照片.jpg\n"
    assert inventory.digest == sha256_of(inventory.to_text().encode())


def test_a10_any_change_changes_the_digest() -> None:
    """Another path, size, digest, one file more or less: each gives another digest."""
    digests = {
        Inventory.of(records).digest
        for records in (
            [],
            [ONE],
            [ONE, TWO],
            [TWO, FileRecord(ONE.path, 4, ONE.sha256)],
            [TWO, FileRecord(ONE.path, 3, "c" * 64)],
            [TWO, FileRecord("data/b", 3, ONE.sha256)],
        )
    }

    assert len(digests) == 6


@given(RECORDS)
def test_the_text_is_read_back(records: list[FileRecord]) -> None:
    """Any names, also with line ends and percent signs, survive text and back."""
    inventory = Inventory.of(records)

    assert Inventory.from_text(inventory.to_text()) == inventory


def test_a_path_stands_once() -> None:
    """The same path twice is refused."""
    with pytest.raises(ValueError):
        Inventory.of([ONE, FileRecord(ONE.path, 9, "c" * 64)])


@pytest.mark.parametrize(
    "text",
    ["x", "\n", "abc  3  data/a\n", f"{'a' * 64}  x  data/a\n", f"{'a' * 64}  3  \n", f"{'a' * 64} 3 a\n"]
    + [f"{'a' * 64}  3  data/a", f"{'a' * 64}  3  a\n{'a' * 64}  4  a\n"],
)
def test_a_damaged_text_is_unreadable(text: str) -> None:
    """A text that to_text did not write is Unreadable, never a shorter list."""
    with pytest.raises(Unreadable):
        Inventory.from_text(text)
