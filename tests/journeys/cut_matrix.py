"""Cuts the power of a disk while an archive takes photographs in, and looks at each cut (P1, B06, B07)."""

import os
import random
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import select, text

from repository.models.item import Item
from repository.permissions import access_tags
from search.entry import Request
from tests.archives import ARCHIVIST, ROOT, child_environment, close, environment, new_archive, photo
from tests.journeys.afterwards import assert_nothing_half, restarted
from tests.journeys.power_cut import cut, make_disk, mounted, recover

LONGEST = 300  # seconds that the taking in may last


@dataclass(frozen=True, slots=True)
class Cut:
    """One snapshot: the disk's file and the titles that had been acknowledged before."""

    image: Path
    acknowledged: tuple[str, ...]


def cuts(folder: Path, *, count: int, photos: int, seed: int) -> list[Cut]:
    """Take photographs in on a loop disk and cut its power count times on the way."""
    image, place = folder / "disk.img", folder / "disk"
    make_disk(image)
    source = folder / "photos"
    for number in range(photos):
        photo(source / f"运动会颁奖第{number:03d}幅.jpg", tone=number % 200)
    with mounted(image, place):
        close(new_archive(place / "data"))
        os.sync()
        return _run(image, place / "data", source, folder, count, random.Random(seed))


def _run(
    image: Path, data: Path, source: Path, folder: Path, count: int, chance: random.Random
) -> list[Cut]:
    said = folder / "said"
    with said.open("w") as out:
        process = subprocess.Popen(
            [sys.executable, "-m", "tests.journeys.killed", "many", str(data), str(source)],
            cwd=ROOT, env=child_environment(environment(data)), stdout=out, text=True,
        )
    found: list[Cut] = []
    until = time.monotonic() + LONGEST
    while process.poll() is None and len(found) < count and time.monotonic() < until:
        time.sleep(chance.uniform(0.05, 0.9))
        if not said.stat().st_size or process.poll() is not None:
            continue
        acknowledged = tuple(said.read_text().split())  # before the cut: what is told later need not be there
        snapshot = folder / f"cut{len(found):03d}.img"
        cut(image, process, snapshot)
        found.append(Cut(snapshot, acknowledged))
    process.kill()
    process.wait()
    return found


def look(one: Cut, folder: Path) -> int:
    """Start the archive again on what a cut left, and return how many items stand there.

    Raises AssertionError where something acknowledged is lost or half.
    """
    recovered = recover(one.image)
    assert recovered.code in (0, 1), recovered.said
    with mounted(one.image, folder / "after") as place:
        tools = restarted(place / "data")
        try:
            with tools.database.reading() as session:
                assert session.scalar(text("PRAGMA integrity_check")) == "ok"
                titles = set(session.scalars(select(Item.title)))
            assert set(one.acknowledged) <= titles, set(one.acknowledged) - titles
            assert_nothing_half(tools)
            if titles:
                found = tools.index.find(Request(sorted(titles)[0], access_tags(ARCHIVIST)))
                assert found.total >= 1
            return len(titles)
        finally:
            close(tools)
