"""Measure verifying and fixity against the bare hash.

Prints ratios of one run and their parts; a time by itself says little on a
shared machine. Reach: performance.md of the plan, "Packaging and fixity".
"""

import argparse
import hashlib
import os
import resource
import tempfile
import time
import uuid
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import bagit

from preservation.fixity import check_copy
from preservation.verify import verify_folder
from storage.bag import Incoming, write_bag
from storage.layout import package_prefix
from storage.local import LocalStore, create_store
from storage.platform import drop_cache, open_nofollow


@dataclass(frozen=True, slots=True)
class Shape:
    """How many files of which size make up a bag."""

    name: str
    files: int
    size: int


SHAPES = (
    Shape("2,000 x 100 KB", 2_000, 100_000),
    Shape("60 x 5 MB", 60, 5_000_000),
    Shape("1 x 256 MB", 1, 256_000_000),
    Shape("20,000 x 100 B", 20_000, 100),
)


def seconds(work: Callable[[], object], *, rounds: int = 3) -> float:
    """Return the quickest of some rounds in seconds."""
    times = []
    for _ in range(rounds):
        start = time.perf_counter()
        work()
        times.append(time.perf_counter() - start)
    return min(times)


def bare_hash(paths: list[Path], threads: int) -> None:
    """Hash files with hashlib alone: the limit."""

    def one(path: Path) -> str:
        with path.open("rb") as stream:
            return hashlib.file_digest(stream, "sha256").hexdigest()

    with ThreadPoolExecutor(threads) as pool:
        list(pool.map(one, paths, chunksize=16))


def cat_cold(paths: list[Path]) -> None:
    """Read files from the medium and do nothing with them: the limit of a cold reading."""
    for path in paths:
        fd = open_nofollow(path)
        drop_cache(fd)
        while os.read(fd, 1 << 18):
            pass
        os.close(fd)


def measure(shape: Shape, store: LocalStore) -> None:
    """Print the ratios of one shape of bag."""
    prefix = package_prefix(str(uuid.uuid4()), 1)
    block = os.urandom(shape.size - 8)
    payload = [
        Incoming.of_bytes(f"data/objects/{number:06}.bin", number.to_bytes(8) + block)
        for number in range(shape.files)
    ]
    inventory = write_bag(store, prefix, payload=payload, tag_files={}, info=[])
    del payload
    folder = store.root / prefix
    paths = [folder / record.path for record in inventory.files]
    bare = seconds(lambda: bare_hash(paths, 2))
    ours = seconds(lambda: verify_folder(folder))
    theirs = seconds(lambda: bagit.Bag(str(folder)).validate(), rounds=2)
    pooled = seconds(lambda: bagit.Bag(str(folder)).validate(processes=2), rounds=2)
    cat = seconds(lambda: cat_cold(paths), rounds=2)
    copy = seconds(lambda: check_copy(store, prefix, inventory), rounds=2)
    print(f"{shape.name}: verify {ours:.3f} s")
    print(f"  verify / bagit 1 process   {ours / theirs:.2f}")
    print(f"  verify / bagit 2 processes {ours / pooled:.2f}")
    print(f"  verify / bare hash, 2 thr. {ours / bare:.2f}")
    print(f"  fixity / cat, both cold    {copy / cat:.2f}")


def main() -> None:
    """Run the measurements."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--root", type=Path, help="where to write (default: a temporary folder)")
    parser.add_argument("--quick", action="store_true", help="only the small shapes")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(dir=options.root) as folder:
        store = create_store(Path(folder) / "store", "bench")
        for shape in SHAPES:
            if not options.quick or shape.files * shape.size < 10**8:
                measure(shape, store)
    print(f"peak memory of this process: {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024} MiB")


if __name__ == "__main__":
    main()
