"""A real file system that turns read-only under open files, as a dying disk does."""

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


class CannotMount(Exception):
    """This machine does not let us."""


def _run(*words: str) -> str:
    done = subprocess.run(words, capture_output=True, text=True)
    if done.returncode:
        raise CannotMount(f"{words[0]}: {done.stderr.strip() or done.returncode}")
    return done.stdout.strip()


class Disk:
    """An ext4 in a file, mounted at place with errors=remount-ro."""

    def __init__(self, place: Path) -> None:
        self.place = place

    def fail(self) -> None:
        """Report an error of the medium to the kernel, which refuses every write from now on."""
        device = Path(_run("findmnt", "-n", "-o", "SOURCE", str(self.place))).name
        Path(f"/sys/fs/ext4/{device}/trigger_fs_error").write_text("1\n")


@contextmanager
def mounted(folder: Path, *, megabytes: int = 64) -> Iterator[Disk]:
    """Yield a mounted disk. Raises CannotMount where one may not, or the kernel cannot be told to fail."""
    image, place = folder / "disk.img", folder / "disk"
    place.mkdir()
    with image.open("wb") as file:
        file.truncate(megabytes << 20)
    _run("mkfs.ext4", "-q", "-F", str(image))
    _run("mount", "-o", "loop,errors=remount-ro", str(image), str(place))
    try:
        device = Path(_run("findmnt", "-n", "-o", "SOURCE", str(place))).name
        if not Path(f"/sys/fs/ext4/{device}/trigger_fs_error").exists():
            raise CannotMount("this kernel cannot be told to fail a disk")
        yield Disk(place)
    finally:
        _run("umount", "-l", str(place))
