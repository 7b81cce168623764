"""Walk a bag folder once: what stands in it.

One scandir pass with lexical paths; no realpath, no link is followed, no
file is opened. Paths are POSIX, relative to the bag, and keep undecodable
bytes as surrogates, so that each goes back to the file it came from.
"""

import os
import stat
from dataclasses import dataclass, field
from pathlib import Path

from preservation.errors import CouldNotJudge


@dataclass(frozen=True, slots=True)
class Walk:
    """What one pass over a folder saw; sizes are bytes."""

    files: dict[str, int] = field(default_factory=dict)
    links: tuple[str, ...] = ()
    specials: tuple[str, ...] = ()
    empty_folders: tuple[str, ...] = ()
    unreadable: tuple[str, ...] = ()

    @property
    def payload(self) -> list[str]:
        """Return the paths of the payload files, sorted."""
        return sorted(path for path in self.files if path.startswith("data/"))


@dataclass(slots=True)
class _Seen:
    """What the pass has gathered so far."""

    files: dict[str, int] = field(default_factory=dict)
    links: list[str] = field(default_factory=list)
    specials: list[str] = field(default_factory=list)
    empty: list[str] = field(default_factory=list)
    unreadable: list[str] = field(default_factory=list)


def walk(root: Path) -> Walk:
    """Return everything under root.

    Raises CouldNotJudge if root is absent, no folder or cannot be listed.
    """
    seen = _Seen()
    try:
        waiting = _list(root, "", seen)
    except OSError as error:
        raise CouldNotJudge(path=str(root), reason=error.strerror or str(error)) from error
    while waiting:
        folder = waiting.pop()
        try:
            waiting.extend(_list(root, folder, seen))
        except OSError:
            seen.unreadable.append(folder)
    return Walk(
        files=seen.files,
        links=tuple(sorted(seen.links)),
        specials=tuple(sorted(seen.specials)),
        empty_folders=tuple(sorted(seen.empty)),
        unreadable=tuple(sorted(seen.unreadable)),
    )


def _list(root: Path, folder: str, seen: _Seen) -> list[str]:
    """Note the entries of one folder and return the folders in it."""
    inner: list[str] = []
    is_empty = True
    with os.scandir(os.path.join(root, folder)) as entries:
        for entry in entries:
            is_empty = False
            path = f"{folder}/{entry.name}" if folder else entry.name
            if entry.is_symlink():
                seen.links.append(path)
            elif entry.is_dir(follow_symlinks=False):
                inner.append(path)
            else:
                _note(entry, path, seen)
    if is_empty and folder != "data":
        seen.empty.append(folder)
    return inner


def _note(entry: os.DirEntry[str], path: str, seen: _Seen) -> None:
    """Note one entry that is neither link nor folder."""
    try:
        found = entry.stat(follow_symlinks=False)
    except OSError:
        seen.unreadable.append(path)
        return
    if stat.S_ISREG(found.st_mode):
        seen.files[path] = found.st_size
    else:
        seen.specials.append(path)
