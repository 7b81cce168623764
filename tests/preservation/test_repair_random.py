"""P5: any damage of two or three copies; nothing good is ever written over."""

import io

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from preservation.fixity import check_copy
from preservation.policy import CopyState
from preservation.repair import OtherCopy, carry_out, plan
from storage.digests import sha256_of
from storage.errors import StorageFull
from storage.inventory import FileRecord, Inventory
from storage.memory import MemoryStore
from tests.bags.making import flip


def test_a_full_target_stops_the_repair_and_keeps_what_stands() -> None:
    """No room for the new bytes: the damaged file stays as it is, and the caller hears why."""
    target, source = MemoryStore("t"), MemoryStore("s")
    inventory = fill(target, source)
    target.tamper("p/data/0", b"rotten")
    steps = plan(inventory, check_copy(target, "p", inventory), [OtherCopy("s")])
    target.full_after_bytes = 1

    with pytest.raises(StorageFull):
        carry_out(steps, target=target, sources={"s": source}, prefix="p", inventory=inventory)
    assert target.content("p/data/0") == b"rotten"


CONTENT = {f"data/{number}": bytes([65 + number]) * (number + 3) for number in range(4)}


def fill(*stores: MemoryStore) -> Inventory:
    """Write the same small package into stores and return its inventory."""
    for store in stores:
        draft = store.begin("p")
        for path, content in CONTENT.items():
            draft.put(path, io.BytesIO(content))
        draft.commit()
    return Inventory.of(FileRecord(path, len(data), sha256_of(data)) for path, data in CONTENT.items())


class Watched(MemoryStore):
    """A memory store that counts good bytes written over."""

    def __init__(self, id: str) -> None:
        super().__init__(id)
        self.overwritten = 0

    def mend(self, key: str, source: object, sha256: str) -> str | None:
        """Mend, and count when what stood was good already."""
        path = key.removeprefix("p/")
        is_there = any(each.key == key for each in self.list("p/"))
        self.overwritten += is_there and self.content(key) == CONTENT[path]
        return super().mend(key, source, sha256)  # type: ignore[arg-type]


DAMAGE = st.sampled_from(["", "", "flip", "cut", "lose", "swap"])


def hurt(store: MemoryStore, path: str, damage: str) -> None:
    """Damage one file of a store."""
    content = CONTENT[path]
    if damage == "flip":
        store.tamper(f"p/{path}", flip(content))
    elif damage == "cut":
        store.tamper(f"p/{path}", content[:-1])
    elif damage == "lose":
        store.tamper(f"p/{path}", None)
    elif damage == "swap":
        store.tamper(f"p/{path}", CONTENT["data/0"] + b"?")


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.integers(2, 3), st.lists(st.lists(DAMAGE, min_size=4, max_size=4), min_size=3, max_size=3))
def test_p5_any_damage_of_two_or_three_copies(count: int, damage: list[list[str]]) -> None:
    """What is good somewhere ends good everywhere, the rest is LOST and untouched."""
    stores = [Watched(f"s{number}") for number in range(count)]
    inventory = fill(*stores)
    for store, kinds in zip(stores, damage):
        for path, kind in zip(CONTENT, kinds):
            hurt(store, path, kind)
    good = {path for number, path in enumerate(CONTENT) if not all(row[number] for row in damage[:count])}
    before = {store.id: {each.key: store.content(each.key) for each in store.list("p/")} for store in stores}
    reports = {store.id: check_copy(store, "p", inventory) for store in stores}
    for store in stores:
        others = [OtherCopy.known_from(reports[other.id]) for other in stores if other is not store]
        result = carry_out(
            plan(inventory, reports[store.id], others),
            target=store,
            sources={other.id: other for other in stores},
            prefix="p",
            inventory=inventory,
        )

        assert set(result.lost) == set(CONTENT) - good
        if result.report.custody is CopyState.MISSING:  # told as a whole, not file by file
            assert not good
        else:
            assert result.report.bad_paths == set(CONTENT) - good
        assert store.overwritten == 0
        for path in result.lost:
            key = f"p/{path}"
            assert before[store.id].get(key) == (store.content(key) if key in before[store.id] else None)
