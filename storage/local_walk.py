"""What stands on the disk of a store.

Read by scandir, never through a link: links are told as what they are.
"""

import os
import shutil
import stat
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

from storage import platform
from storage.errors import Unreadable
from storage.faults import storage_error
from storage.keys import DRAFTS, OWN, QUARANTINE


@dataclass(frozen=True, slots=True)
class Standing:
    """One name on the disk, and what the system says about it."""

    key: str
    told: os.stat_result

    @property
    def size(self) -> int:
        """Return the size in bytes, -1 for a link or a special file."""
        return self.told.st_size if stat.S_ISREG(self.told.st_mode) else -1


def entries(root: str, prefix: str) -> tuple[os.DirEntry[str], ...]:
    """Return what stands right under prefix, by name, without the store's own places.

    Nothing where there is no such folder. Raises Unreadable for a folder that
    can't be read or is reached through a link.
    """
    place = os.path.join(root, prefix).rstrip("/" + os.sep) or os.sep
    try:
        if not platform.is_straight(place):
            raise Unreadable(key=prefix, reason="link")
        return _scanned(place, prefix)
    except (FileNotFoundError, NotADirectoryError):
        return ()


def _scanned(place: str, prefix: str) -> tuple[os.DirEntry[str], ...]:
    """Return the entries of one folder. Raises FileNotFoundError, NotADirectoryError, Unreadable."""
    try:
        with os.scandir(place) as found:
            sorted_entries = sorted(found, key=lambda entry: entry.name)
    except (FileNotFoundError, NotADirectoryError):
        raise
    except OSError as error:
        raise storage_error(error, writing=False, key=prefix) from error
    return tuple(entry for entry in sorted_entries if prefix or entry.name not in OWN)


def walk(root: str, prefix: str) -> Iterator[Standing]:
    """Yield everything under prefix that is no folder. Links are told, not followed."""
    yield from _descend(entries(root, prefix), prefix)


def _descend(found: tuple[os.DirEntry[str], ...], prefix: str) -> Iterator[Standing]:
    """Yield what the entries of one folder hold."""
    for entry in found:
        key = prefix + entry.name
        try:
            if entry.is_dir(follow_symlinks=False):
                yield from _descend(_scanned(entry.path, key + "/"), key + "/")
            else:
                yield Standing(key, entry.stat(follow_symlinks=False))
        except (FileNotFoundError, NotADirectoryError):
            continue  # set aside since its folder was read


def holds_nothing(place: str) -> bool:
    """Return whether nothing but empty folders stands at place."""
    if not os.path.lexists(place):
        return True
    if os.path.islink(place) or not os.path.isdir(place):
        return False
    return all(
        not files and not any(os.path.islink(os.path.join(folder, name)) for name in folders)
        for folder, folders, files in os.walk(place)
    )


def linked_from_outside(root: str, folder: str) -> frozenset[str]:
    """Return the keys under folder that have a name outside it, too.

    Names in drafts and quarantine are the store's own and do not count.
    """
    linked = [found for found in walk(root, folder) if found.size >= 0 and found.told.st_nlink > 1]
    names = Counter((found.told.st_dev, found.told.st_ino) for found in linked)

    def strangers() -> frozenset[str]:
        return frozenset(
            found.key for found in linked if names[found.told.st_dev, found.told.st_ino] < found.told.st_nlink
        )

    if strangers():
        for place in (QUARANTINE, DRAFTS):
            names.update((own.told.st_dev, own.told.st_ino) for own in walk(root, place + "/"))
    return strangers()


def sweep_drafts(root: str, older_than_seconds: float) -> int:
    """Remove what nobody touched for so long below .drafts and return how many drafts that was."""
    swept = 0
    for entry in entries(root, DRAFTS + "/"):
        if time.time() - _last_touched(entry.path) < older_than_seconds:
            continue
        if entry.is_dir(follow_symlinks=False):
            shutil.rmtree(entry.path, ignore_errors=True)
        else:
            os.unlink(entry.path)
        swept += not os.path.lexists(entry.path)
    return swept


def _last_touched(path: str) -> float:
    """Return the newest time of change at and below path, in seconds since 1970."""
    newest = os.lstat(path).st_mtime
    for folder, _, files in os.walk(path):
        for name in ("", *files):
            try:
                newest = max(newest, os.lstat(os.path.join(folder, name)).st_mtime)
            except FileNotFoundError:
                continue  # its draft was committed or aborted just now
    return newest
