"""Which disk a folder lies on, and whether it is still the same folder.

Two folders of one disk are lost together: they are one place. A folder that
was copied to another disk has another marker file (inode, time of birth), though
every byte is equal; that a copy was moved is a reason to read it (P3).
"""

import os
from dataclasses import dataclass
from pathlib import Path

from storage.faults import translated
from storage.keys import MARKER

#: Where Linux tells of which disk a partition is; elsewhere each file system counts as a disk.
_BLOCK = Path("/sys/dev/block")


@dataclass(frozen=True, slots=True)
class Seat:
    """Where a store was seen: its disk, and what changes when its marker is copied elsewhere."""

    disk: str
    marker: str


def seat_of(root: str | os.PathLike[str]) -> Seat:
    """Return where the store in a folder lies now. Raises StoreUnavailable, Unreadable, NotFound."""
    place = os.path.join(os.path.realpath(root), MARKER)
    with translated(writing=False, root=os.fspath(root)):
        told = os.stat(place, follow_symlinks=False)
    return Seat(_disk(told.st_dev), f"{told.st_ino}:{told.st_ctime_ns}")


def disk_of(folder: str | os.PathLike[str]) -> str:
    """Return the whole disk that a folder lies on. Raises StoreUnavailable, Unreadable, NotFound."""
    with translated(writing=False, root=os.fspath(folder)):
        return _disk(os.stat(folder).st_dev)


def _disk(device: int) -> str:
    """Return the whole disk of a device, "" where nobody can tell."""
    if not hasattr(os, "major"):
        return f"disk:{device}"
    number = f"{os.major(device)}:{os.minor(device)}"
    try:
        node = (_BLOCK / number).resolve(strict=True)
        if (node / "partition").exists():
            return f"disk:{(node.parent / 'dev').read_text('ascii').strip()}"
    except OSError:
        pass  # a network or memory file system has no block device: it stands for itself
    return f"disk:{number}"
