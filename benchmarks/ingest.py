"""Ingest: writing bags, against bagit-python and against the bare limit.

    python -m benchmarks.ingest [--scale 0.25] [--rounds 3] [--folder DIR]

"bp1" and "bp2" copy the files into a folder and call bagit.make_bag with
SHA-256 and one or two processes, which leaves the bytes in memory; "+ sync"
makes them durable, as every bag of ours is. "ours" is storage.bag.write_bag
into a LocalStore, which reads once, syncs, renames and (row "ours + re-read")
reads back from the disk. "limit" is hashing with hashlib.file_digest plus
copying the same files on two threads, without a sync. A last part measures
photographs through the whole workflow, and one file added to a large bag. All
ratios come from one run, its rounds interleaved; the median counts. Clearing
up is not timed.
"""

import argparse
import gc
import hashlib
import os
import shutil
import statistics
import tempfile
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter
from uuid import uuid4

import bagit
from sqlalchemy import func, select

from repository.models.package import Copy
from storage.bag import Carried, Incoming, write_bag
from storage.layout import package_prefix
from storage.local import LocalStore, create_store
from tests.archives import close, new_archive, photo, planned, take_in

KB, MB = 1000, 1_000_000


@dataclass(frozen=True, slots=True)
class Files:
    """Source files of one size, with their digests."""

    name: str
    folder: Path
    digests: dict[str, str]
    size: int

    def incoming(self) -> list[Incoming]:
        """Return them as new payload files."""
        return [
            Incoming.of_file(f"data/objects/{name}", self.folder / name, size=self.size, sha256=sha256)
            for name, sha256 in self.digests.items()
        ]


def make_files(base: Path, count: int, size: int) -> Files:
    """Write count files of random bytes."""
    folder = base / f"source-{size}"
    folder.mkdir()
    digests = {}
    for number in range(count):
        content = os.urandom(size)
        name = f"{number:05d}.bin"
        (folder / name).write_bytes(content)
        digests[name] = hashlib.sha256(content).hexdigest()
    shown = f"{size // KB} KB" if size < MB else f"{size // MB} MB"
    return Files(f"{count} x {shown}", folder, digests, size)


def interleaved(
    acts: dict[str, Callable[[], object]], rounds: int, *, clear: Callable[[], None] = lambda: None
) -> dict[str, float]:
    """Return the median seconds of each act over rounds, taking turns; clear() runs after each, untimed."""
    times: dict[str, list[float]] = {name: [] for name in acts}
    for _ in range(rounds):
        for name, act in acts.items():
            gc.collect()
            os.sync()
            start = perf_counter()
            act()
            times[name].append(perf_counter() - start)
            clear()
    return {name: statistics.median(each) for name, each in times.items()}


def _ours(store: LocalStore, files: Files, *, verify: bool) -> None:
    prefix = package_prefix(str(uuid4()), 1)
    write_bag(store, prefix, payload=files.incoming(), tag_files={}, info=(), verify=verify)


def _bagit(base: Path, files: Files, processes: int, *, sync: bool = False) -> None:
    folder = base / "bagit"
    shutil.copytree(files.folder, folder)
    bagit.make_bag(str(folder), checksums=["sha256"], processes=processes)
    if sync:
        os.sync()


def _limit(base: Path, files: Files) -> None:
    """Hash and copy the same files on two threads, nothing more."""
    target = base / "limit"
    target.mkdir()

    def one(name: str) -> None:
        with open(files.folder / name, "rb") as stream:
            hashlib.file_digest(stream, "sha256")
        shutil.copyfile(files.folder / name, target / name)

    with ThreadPoolExecutor(2) as pool:
        list(pool.map(one, files.digests))


def packaging(base: Path, files: Files, rounds: int) -> None:
    """Print the ratios of writing one bag of these files."""
    store = create_store(base / "store", "bench")

    def clear() -> None:
        for folder in (base / "bagit", base / "limit", store.root / "aips"):
            shutil.rmtree(folder, ignore_errors=True)

    found = interleaved(
        {
            "bp1": lambda: _bagit(base, files, 1),
            "ours": lambda: _ours(store, files, verify=False),
            "bp2": lambda: _bagit(base, files, 2),
            "bp1 + sync": lambda: _bagit(base, files, 1, sync=True),
            "ours + re-read": lambda: _ours(store, files, verify=True),
            "bp2 + sync": lambda: _bagit(base, files, 2, sync=True),
            "limit": lambda: _limit(base, files),
        },
        rounds,
        clear=clear,
    )
    print(f"\n{files.name}: seconds " + ", ".join(f"{name} {value:.2f}" for name, value in found.items()))
    for name in ("ours", "ours + re-read"):
        ratios = ", ".join(
            f"{found[name] / found[other]:.2f} of {other}" for other in found if not other.startswith("ours")
        )
        print(f"  {name}: {ratios}")
    shutil.rmtree(store.root)


def adding(base: Path, files: Files, rounds: int) -> None:
    """Print what adding one file costs, against bagit's save(manifests=True)."""
    store = create_store(base / "store", "bench")
    item = str(uuid4())
    write_bag(store, package_prefix(item, 1), payload=files.incoming(), tag_files={}, info=(), verify=False)
    old = package_prefix(item, 1)
    carried = [
        Carried(path=one.path, from_key=f"{old}/{one.path}", size=one.size, sha256=one.sha256)
        for one in files.incoming()
    ]
    fresh = Incoming.of_bytes("data/metadata/new.json", b"{}")
    shutil.copytree(files.folder, base / "bagit")
    bag = bagit.make_bag(str(base / "bagit"), checksums=["sha256"])

    def ours() -> None:
        write_bag(store, package_prefix(item, 2), payload=[*carried, fresh], tag_files={}, info=())
        shutil.rmtree(store.root / package_prefix(item, 2))

    def theirs() -> None:
        (base / "bagit" / "data" / "new.json").write_bytes(b"{}")
        bag.save(manifests=True)

    found = interleaved({"save(manifests=True)": theirs, "ours": ours}, rounds)
    ratio = found["ours"] / found["save(manifests=True)"]
    told = f"ours {found['ours']:.3f} s, {ratio:.3f} of bagit's save(manifests=True)"
    print(f"\nadd one file to {files.name}: {told}")
    shutil.rmtree(store.root)
    shutil.rmtree(base / "bagit")


def photographs(base: Path, count: int) -> None:
    """Print photographs per second through the whole workflow, until two copies are verified."""
    tools = new_archive(base / "archive")
    plan = [
        planned(photo(base / "photos" / f"{n}.jpg", size=(1600, 1100), tone=n % 200), title=f"运动会第{n}项")
        for n in range(count)
    ]
    start, begun = perf_counter(), tools.clock()
    take_in(tools, *plan)
    spent = perf_counter() - start
    with tools.database.reading() as session:
        last = session.scalar(select(func.max(Copy.created_at)).where(Copy.store_id == tools.first_store.id))
    assert last is not None
    stored = (last - begun).total_seconds()
    print(f"\n{count} photographs, handed in and stored: {stored:.1f} s, {count / stored:.1f} a second")
    print(f"  until both copies, index and previews are done: {spent:.1f} s, {count / spent:.1f} a second")
    close(tools)


def main() -> None:
    """Run every part and print its ratios."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--scale", type=float, default=0.25, help="1 is 2,000 x 100 KB and 200 x 5 MB")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--folder", default=None, help="work here (a disk, not a memory file system)")
    told = parser.parse_args()
    with tempfile.TemporaryDirectory(dir=told.folder) as name:
        base = Path(name)
        small = make_files(base, max(20, int(2000 * told.scale)), 100 * KB)
        large = make_files(base, max(4, int(200 * told.scale)), 5 * MB)
        packaging(base, small, told.rounds)
        packaging(base, large, told.rounds)
        adding(base, small, told.rounds)
        adding(base, large, told.rounds)
        photographs(base, max(20, int(200 * told.scale)))


if __name__ == "__main__":
    main()
