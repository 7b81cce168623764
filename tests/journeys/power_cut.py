"""A disk of its own that can lose its power: ext4 on a loop device over a file.

What the kernel has not written yet is not in the file, so a copy of the file
is what a power cut at that moment would leave. The writer is stopped while the
copy is made; the file system's own commit every few seconds is put off.
"""

import os
import shutil
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

MEGABYTES = 192


def why_not() -> str:
    """Return why no loop disk can be mounted here, "" where one can."""
    if os.geteuid() != 0:
        return "only root can mount a loop disk"
    for program in ("mkfs.ext4", "fsck.ext4", "losetup"):
        if shutil.which(program) is None:
            return f"{program} is not installed"
    tried = subprocess.run(["losetup", "-f"], capture_output=True, text=True)
    return "" if tried.returncode == 0 else f"no loop device here: {tried.stderr.strip()[:100]}"


def make_disk(image: Path) -> None:
    """Make an empty ext4 file system in a file."""
    with image.open("wb") as file:
        file.truncate(MEGABYTES << 20)
    _do("mkfs.ext4", "-q", "-m", "0", "-E", "lazy_itable_init=0,lazy_journal_init=0", str(image))


@contextmanager
def mounted(image: Path, place: Path) -> Iterator[Path]:
    """Mount the file system in a file at place meanwhile."""
    place.mkdir(exist_ok=True)
    _do("mount", "-o", "loop,commit=600", str(image), str(place))
    try:
        yield place
    finally:
        _do("umount", "--lazy", str(place))  # the index keeps files mapped until its reader is collected


def cut(image: Path, process: "subprocess.Popen[str]", to: Path) -> None:
    """Stop the process, copy what is on the disk now, and let the process go on."""
    process.send_signal(signal.SIGSTOP)
    try:
        _do("cp", "--sparse=always", str(image), str(to))
    finally:
        process.send_signal(signal.SIGCONT)


@dataclass(frozen=True, slots=True)
class Recovered:
    """What fsck said of a disk after the power came back."""

    code: int
    said: str


def recover(image: Path) -> Recovered:
    """Replay the journal and mend the file system, as a machine does when it starts."""
    done = subprocess.run(["fsck.ext4", "-p", str(image)], capture_output=True, text=True)
    return Recovered(done.returncode, done.stdout + done.stderr)


def _do(*command: str) -> None:
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode:
        raise OSError(f"{' '.join(command)}: {done.stderr.strip()}")
