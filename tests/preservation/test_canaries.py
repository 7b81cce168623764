"""Canaries: the checker is checked by damage that was planted on purpose."""

import io
import shutil
import subprocess
import sys
from pathlib import Path
from typing import BinaryIO

import pytest

from preservation import fixity
from preservation.canaries import EXTRA, FLIPPED, KINDS, MISSING, TAG, WHOLE, canary, examine, newest, plant
from preservation.checks import Outcome
from storage.digests import sha256_of
from storage.encrypted import seal_store
from storage.errors import ReadOnly
from storage.keys import VERIFIER
from storage.layout import PackageKey, canary_prefix, packages
from storage.local import create_store
from storage.memory import MemoryStore
from storage.sealed_stream import KEY_BYTES
from tests.preservation.stores_of_bags import add_bag

#: The digest over the lists of all canaries; whoever changes the recipe makes every old store fail.
RECIPE = "6851777e187e13e8d87447712ca09b14fe1ffd86023695154bcfe5d70c2c3666"


@pytest.fixture
def store() -> MemoryStore:
    """A store with canaries of the first generation."""
    made = MemoryStore("main")
    plant(made, 1)
    return made


def test_the_recipe_never_changes() -> None:
    """What stands in old stores is judged by the same lists for ever."""
    told = "".join(canary(kind).inventory.digest for kind in KINDS)

    assert sha256_of(told.encode()) == RECIPE


def test_p4_every_planted_damage_is_found_and_none_else(store: MemoryStore, tmp_path: Path) -> None:
    """A checker in order passes in every kind of store, and finds four kinds of damage."""
    disk = create_store(tmp_path / "disk", "disk")
    plant(disk, 1)

    assert examine(store, 1).outcome is Outcome.PASSED
    assert examine(disk, 1).outcome is Outcome.PASSED
    assert {kind: [code for code, _ in canary(kind).expected] for kind in KINDS} == {
        WHOLE: [],
        FLIPPED: ["FX-101"],
        MISSING: ["FX-201"],
        EXTRA: ["FX-301"],
        TAG: ["FX-102"],
    }


def test_canaries_are_no_packages(store: MemoryStore) -> None:
    """What lists the packages of a store passes over canaries."""
    assert list(packages(store)) == []
    assert newest(store) == 1


def test_planting_twice_changes_nothing(store: MemoryStore) -> None:
    """A stop between two canaries is mended by planting again; what stands stays."""
    before = list(store.list(""))
    plant(store, 1)

    assert list(store.list("")) == before


class _Cached(MemoryStore):
    """A store that answers from a cache: always the bytes that were registered."""

    def open(self, key: str) -> BinaryIO:
        """Return what should stand there."""
        for kind in KINDS:
            prefix = canary_prefix(1, kind) + "/"
            path = key.removeprefix(prefix)
            good = canary(kind).inventory.get(path)
            if key.startswith(prefix) and good is not None:
                content = self.content(key)
                if sha256_of(content) == good.sha256:
                    return io.BytesIO(content)
                middle = len(content) // 2
                mended = content[:middle] + bytes([content[middle] ^ 1]) + content[middle:][1:]
                return io.BytesIO(mended)
        return super().open(key)


def test_a_store_that_answers_from_a_cache_is_found_out() -> None:
    """Where good bytes come for damaged ones, the flipped byte and the damaged tag file are missed."""
    lying = _Cached("main")
    plant(lying, 1)
    proof = examine(lying, 1)

    assert proof.outcome is Outcome.FAILED
    assert {one.kind for one in proof.missed} == {FLIPPED, TAG}


class _Blind:
    """A digest that says what it is told to say."""

    def __init__(self, name: str) -> None:
        self.name = name

    def update(self, block: bytes) -> None:
        """Look away."""

    def hexdigest(self) -> str:
        """Return always the same."""
        return "0" * 64


def test_p17_a_checker_that_computes_wrongly_is_found_out(
    store: MemoryStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A checker whose digests are wrong blames the whole canary, and is not believed."""
    monkeypatch.setattr(fixity, "new_hasher", _Blind)

    assert WHOLE in {one.kind for one in examine(store, 1).missed}


def test_p17_a_checker_that_compares_nothing_is_found_out(
    store: MemoryStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A checker that reads and never compares misses the flipped byte."""
    monkeypatch.setattr(fixity._Reading, "_read", lambda self, record: None)

    assert {one.kind for one in examine(store, 1).missed} >= {FLIPPED, TAG}


@pytest.mark.parametrize("kind", KINDS)
def test_a_canary_that_was_mended_or_lost_is_told(store: MemoryStore, kind: str) -> None:
    """Somebody repaired or removed a canary: it is not found as planted, whichever it is."""
    for found in list(store.list(f"{canary_prefix(1, kind)}/")):
        store.tamper(found.key, None)
    proof = examine(store, 1)

    assert (proof.outcome, [one.kind for one in proof.missed]) == (Outcome.FAILED, [kind])


def test_a_store_that_is_away_proves_nothing(store: MemoryStore) -> None:
    """No answer is no verdict on the checker."""
    store.unreachable = True

    assert examine(store, 1).outcome is Outcome.NOT_RUN


def test_a_store_that_cannot_be_written_refuses_canaries() -> None:
    """Planting says so; it is not taken for planted."""
    made = MemoryStore("main")
    made.read_only = True

    with pytest.raises(ReadOnly):
        plant(made, 1)
    assert newest(made) == 0


def _judged_alone(root: Path) -> "subprocess.CompletedProcess[str]":
    """Run the judge that lies in the store, as a stranger would."""
    command = [sys.executable, "-I", "-S", str(root / VERIFIER)]
    told = {"PYTHONIOENCODING": "utf-8"}
    return subprocess.run(command, env=told, capture_output=True, text=True, timeout=60)


def test_the_single_file_judge_proves_itself_on_canaries_and_counts_none(tmp_path: Path) -> None:
    """Planted damage is no damage of the store; a sample not as planted makes the judge doubt itself."""
    disk = create_store(tmp_path / "disk", "disk")
    add_bag(disk, PackageKey("3fa2c3d4-0000-4000-8000-000000000001", 1))
    plant(disk, 1)
    good = _judged_alone(disk.root)
    changed = disk.root / canary_prefix(1, FLIPPED) / "data" / "sample-1.txt"
    changed.write_bytes(canary(WHOLE).written["data/sample-1.txt"])
    shutil.copyfile(changed, disk.root / canary_prefix(1, WHOLE) / "data" / "sample-2.txt")
    bad = _judged_alone(disk.root)

    assert (good.returncode, "1 in all: 1 good, 0 bad" in good.stdout) == (0, True)
    assert "Self-check passed" in good.stdout
    assert (bad.returncode, "VJ-601" in bad.stdout) == (2, True)


def test_canaries_do_their_work_in_a_sealed_store(tmp_path: Path) -> None:
    """A sealed store tells planted damage as what it is, not as a broken seal."""
    sealed = seal_store(create_store(tmp_path / "disk", "disk"), b"k" * KEY_BYTES)
    plant(sealed, 1)

    assert examine(sealed, 1).outcome is Outcome.PASSED
