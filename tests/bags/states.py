"""Random states of the copies of one package, repaired in random order, judged by an oracle (P5).

Each file of each copy is good, damaged, cut, missing, of an older version or
unreadable; a copy may have strangers; a store may be away; what is known of
the others may be fresh, missing or wrong. The oracle looks at the bytes.
"""

import random
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import BinaryIO

from preservation.fixity import check_copy
from preservation.policy import CopyState
from preservation.repair import OtherCopy, RepairResult, carry_out, plan
from storage.digests import sha256_of
from storage.errors import NotFound, StoreUnavailable, Unreadable
from storage.inventory import FileRecord, Inventory
from storage.memory import MemoryStore
from tests.bags.making import flip

PATHS = ("data/0", "data/1", "bag-info.txt", "manifest-sha256.txt")
STATES = ("good", "good", "good", "flipped", "cut", "missing", "older", "unreadable")
PREFIX = "p"


@dataclass(frozen=True, slots=True)
class Plight:
    """The state of one copy: a word for each path, is its store away, does a stranger stand in it."""

    files: tuple[str, ...]
    is_away: bool = False
    has_stranger: bool = False


class Watched(MemoryStore):
    """A memory store that notes when good bytes are written over."""

    def __init__(self, id: str, good: dict[str, bytes]) -> None:
        super().__init__(id)
        self.good = good
        self.overwritten: list[str] = []

    def mend(self, key: str, source: BinaryIO, sha256: str) -> str | None:
        """Mend, and note where what stood was good and could be read."""
        if key not in self.unreadable and self.bytes_of(key) == self.good.get(key):
            self.overwritten.append(key)
        return super().mend(key, source, sha256)

    def bytes_of(self, key: str) -> bytes | None:
        """Return what lies at key, whether or not it can be read."""
        hidden, self.unreadable = self.unreadable, set()
        away, self.unreachable = self.unreachable, False
        try:
            return self.content(key)
        except NotFound:
            return None
        finally:
            self.unreadable, self.unreachable = hidden, away


@dataclass(slots=True)
class Trial:
    """One package in some stores, hurt; faults lists what went wrong, to be empty."""

    stores: list[Watched]
    inventory: Inventory
    good: dict[str, bytes]
    faults: list[str] = field(default_factory=list)
    repaired: int = 0
    lost: int = 0
    waiting: int = 0


def random_plights(chance: random.Random, copies: int) -> list[Plight]:
    """Return the states of some copies."""
    return [
        Plight(
            tuple(chance.choice(STATES) for _ in PATHS),
            is_away=chance.random() < 0.15,
            has_stranger=chance.random() < 0.2,
        )
        for _ in range(copies)
    ]


def trial(plights: Sequence[Plight], seed: int) -> Trial:
    """Lay the copies in these states, repair each in random order, and return how it went."""
    chance = random.Random(seed)
    made = _laid(plights, chance)
    order = [store for store in made.stores if not store.unreachable]
    chance.shuffle(order)
    for store in order:
        _repair(made, store, chance)
    return made


def _laid(plights: Sequence[Plight], chance: random.Random) -> Trial:
    good = {f"{PREFIX}/{path}": chance.randbytes(chance.randrange(2, 60)) for path in PATHS}
    records = [
        FileRecord(key.removeprefix(f"{PREFIX}/"), len(content), sha256_of(content))
        for key, content in good.items()
    ]
    made = Trial([], Inventory.of(records), good)
    for number, plight in enumerate(plights):
        store = Watched(f"s{number}", good)
        for path, state in zip(PATHS, plight.files):
            key = f"{PREFIX}/{path}"
            store.tamper(key, _hurt(good[key], state))
            if state == "unreadable":
                store.unreadable.add(key)
        if plight.has_stranger:
            store.tamper(f"{PREFIX}/stranger", b"strange")
        store.unreachable = plight.is_away
        made.stores.append(store)
    return made


def _hurt(content: bytes, state: str) -> bytes | None:
    if state == "missing":
        return None
    if state == "flipped":
        return flip(content, len(content) // 2)
    if state == "cut":
        return content[:-1]
    return b"version 1 " + content if state == "older" else content


def _known(made: Trial, other: Watched, chance: random.Random) -> OtherCopy:
    """Return what is thought of another copy: the truth of today, nothing, or something wrong."""
    kind = chance.choice(("fresh", "nothing", "wrong"))
    if kind == "fresh" and not other.unreachable:
        return OtherCopy.known_from(check_copy(other, PREFIX, made.inventory))
    if kind == "wrong":
        bad = frozenset(path for path in PATHS if chance.random() < 0.5)
        return OtherCopy(other.id, chance.choice(list(CopyState)), bad)
    return OtherCopy(other.id)


def _repair(made: Trial, store: Watched, chance: random.Random) -> None:
    """Repair one copy and hold the result against what the bytes say."""
    others = [other for other in made.stores if other is not store]
    known = [_known(made, other, chance) for other in others]
    before = {other.id: _everything(other) for other in made.stores}
    hidden = set(store.unreadable)
    report = check_copy(store, PREFIX, made.inventory)
    result = carry_out(
        plan(made.inventory, report, known),
        target=store,
        sources={other.id: other for other in others},
        prefix=PREFIX,
        inventory=made.inventory,
    )
    for path in PATHS:
        _judge_file(made, store, path, result, before=before, hidden=hidden, known=known)
    if store.bytes_of(f"{PREFIX}/stranger") != before[store.id].get(f"{PREFIX}/stranger"):
        made.faults.append(f"{store.id}: a stranger was moved though nobody asked")
    for other in others:
        if _everything(other) != before[other.id]:
            made.faults.append(f"{other.id}: a source was changed")
    made.faults += [f"{store.id}: good bytes written over at {key}" for key in store.overwritten]
    store.overwritten.clear()
    made.repaired += len(result.restored)
    made.lost += len(result.lost)
    made.waiting += len(result.waiting)


def _everything(store: Watched) -> dict[str, bytes | None]:
    keys = [*(f"{PREFIX}/{path}" for path in PATHS), f"{PREFIX}/stranger"]
    return {key: store.bytes_of(key) for key in keys}


def _judge_file(
    made: Trial,
    store: Watched,
    path: str,
    result: RepairResult,
    *,
    before: dict[str, dict[str, bytes | None]],
    hidden: set[str],
    known: list[OtherCopy],
) -> None:
    """Say what is wrong with how one file came out, if anything."""
    key = f"{PREFIX}/{path}"
    good, old, new = made.good[key], before[store.id][key], store.bytes_of(key)
    was_good = old == good and key not in hidden
    sources = [other for other in made.stores if other is not store and _has_good(other, key, good)]
    away = {other.id for other in made.stores if other.unreachable}
    hope = any(one.store_id in away and one.is_hopeful(path) for one in known)
    if was_good:
        if new != good or path in (*result.lost, *result.waiting):
            made.faults.append(f"{store.id} {path}: a good file was not left alone")
    elif sources:
        kept = [one.quarantine_key for one in result.restored if one.path == path]
        if new != good or not kept:
            made.faults.append(f"{store.id} {path}: not repaired though {sources[0].id} had it")
        elif old is not None and (kept[0] is None or store.bytes_of(kept[0]) != old):
            made.faults.append(f"{store.id} {path}: the damaged bytes were not kept")
    else:
        expected = result.waiting if hope else result.lost
        if path not in expected or new != old:
            made.faults.append(f"{store.id} {path}: should be {'waiting' if hope else 'lost'} and untouched")


def _has_good(store: Watched, key: str, good: bytes) -> bool:
    try:
        with store.open(key) as stream:
            return stream.read() == good
    except (NotFound, Unreadable, StoreUnavailable):
        return False
