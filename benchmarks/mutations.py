"""Count what the checker misses and what a repair gets wrong, over very many random faults.

    python -m benchmarks.mutations --seeds 500 --pairs 10000

makes each kind of damage (tests/bags/faults.py) by each seed in one of four
copies (two disks, memory, sealed), asks the real check, and looks at an
untouched copy, too; then repairs random states of two copies. Reach: 10,000
faults, 0 missed, 0 false alarms; 10,000 pairs, 0 good bytes written over (P4, P5).
"""

import argparse
import random
import tempfile
import time
from collections import Counter
from pathlib import Path

from preservation.checks import Outcome
from preservation.fixity import check_copy
from storage.encrypted import seal_store
from storage.memory import MemoryStore
from storage.replicas import copy_bag
from tests.bags.faults import KINDS, FolderHand, Hand, MemoryHand, judge
from tests.bags.making import copy_of, stored_bag
from tests.bags.states import random_plights, trial


def faults(seeds: int) -> Counter[str]:
    """Return how the checks of all faults ended: right, missed, false alarm, wrong word."""
    counted: Counter[str] = Counter()
    for seed in range(seeds):
        with tempfile.TemporaryDirectory() as folder:
            _one_seed(Path(folder), seed, counted)
    return counted


def _one_seed(root: Path, seed: int, counted: Counter[str]) -> None:
    """Make a new bag with its copies, and every kind of damage in one of them."""
    chance = random.Random(seed)
    payload = {f"data/objects/{n:04d}.bin": chance.randbytes(chance.randrange(1, 4000)) for n in range(4)}
    payload |= {"data/objects/0009 é.txt": chance.randbytes(9), "data/objects/empty": b""}
    bag = stored_bag(root / "one", payload)
    second = copy_of(bag, root / "two", "two")
    memory, inner = MemoryStore("memory"), MemoryStore("sealed")
    sealed = seal_store(inner, chance.randbytes(32))
    for store in (memory, sealed):
        copy_bag([bag.store], store, bag.prefix, bag.inventory)
    hands: list[Hand] = [
        FolderHand(bag.store, bag.folder),
        FolderHand(second.store, second.folder),
        MemoryHand(memory, memory, bag.prefix),
        MemoryHand(sealed, inner, bag.prefix),
    ]
    files = {record.path: bag.file(record.path).read_bytes() for record in bag.inventory.files}
    for number, kind in enumerate(KINDS):
        hand, other = hands[(seed + number) % 4], hands[(seed + number + 1) % 4]
        told = judge(hand, bag.prefix, bag.inventory, files, kind=kind, seed=seed)
        counted["faults"] += 1
        counted["missed"] += bool(told.missed)
        counted["false alarms"] += bool(told.falsely)
        counted["wrong words"] += bool(told.wrong_code)
        untouched = check_copy(other.store, bag.prefix, bag.inventory)
        counted["untouched copies"] += 1
        counted["false alarms"] += untouched.outcome is not Outcome.PASSED
        if not told.is_right:
            print(f"seed {seed} {kind}: {told}")


def pairs(number: int, copies: int) -> Counter[str]:
    """Return how repairs of random states of so many copies ended."""
    counted: Counter[str] = Counter()
    for seed in range(number):
        ended = trial(random_plights(random.Random(f"{copies}-{seed}"), copies), seed)
        counted["cases"] += 1
        counted["wrong"] += bool(ended.faults)
        counted["files mended"] += ended.repaired
        counted["files lost"] += ended.lost
        counted["files waiting"] += ended.waiting
        for fault in ended.faults:
            print(f"seed {seed}: {fault}")
    return counted


def main() -> None:
    """Print the counts of both, with the seconds they took."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("--seeds", type=int, default=50)
    parser.add_argument("--pairs", type=int, default=1000)
    told = parser.parse_args()
    for name, count in (
        (f"{len(KINDS)} kinds x {told.seeds} seeds", lambda: faults(told.seeds)),
        ("repairs of two copies", lambda: pairs(told.pairs, 2)),
        ("repairs of three copies", lambda: pairs(told.pairs, 3)),
    ):
        start = time.perf_counter()
        counted = count()
        seconds = time.perf_counter() - start
        print(f"{name}: {', '.join(f'{key} {value:,}' for key, value in counted.items())} ({seconds:.0f} s)")


if __name__ == "__main__":
    main()
