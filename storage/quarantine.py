"""Where damaged and foreign objects of a disk store go.

Nothing is thrown away: what is replaced or does not belong is moved to
.quarantine/<day>/, with a note beside it that tells where it stood
(reliability P5: damaged bytes are kept).
"""

import os
import shutil
import stat
from collections.abc import Iterator
from datetime import UTC, date, datetime

from storage import platform
from storage.aside import (
    NOTE_SUFFIX,
    Quarantined,
    check_quarantine_key,
    is_note_alone,
    note_of,
    objects_of,
    quarantined,
)
from storage.errors import StorageError
from storage.failpoints import reach
from storage.keys import QUARANTINE, quarantine_key

LONGEST_NOTE = 64 * 1024  # bytes; a note repeats one key


def keep_beside(root: str, key: str) -> str:
    """Give what stands at key a second name in quarantine and return that key.

    The object stays where it is, to be replaced in one step. Where it can't
    have two names (a folder; a file system without links) it is moved, and the
    caller's key is free until the good bytes are there. Raises OSError.
    """
    place, aside = os.path.join(root, key), _noted(root, key, why="mended")
    target = os.path.join(root, aside)
    if stat.S_ISDIR(os.lstat(place).st_mode) or not platform.link_file(place, target):
        platform.rename_new(place, target)
        platform.fsync_dir(os.path.dirname(place))
    platform.fsync_dir(os.path.dirname(target))
    return aside


def move_aside(root: str, key: str) -> str:
    """Move what stands at key to quarantine and return its key there. Raises OSError."""
    place, aside = os.path.join(root, key), _noted(root, key, why="set aside")
    target = os.path.join(root, aside)
    reach("aside.after_note")
    platform.rename_new(place, target)
    reach("aside.after_move")
    platform.fsync_dir(os.path.dirname(target))
    platform.fsync_dir(os.path.dirname(place))
    return aside


def _noted(root: str, key: str, *, why: str) -> str:
    """Choose a quarantine key, write the note of it durably and return it."""
    aside = quarantine_key(key)
    folder = os.path.dirname(os.path.join(root, aside))
    os.makedirs(folder, exist_ok=True)
    fd = platform.open_new(os.path.join(root, aside) + NOTE_SUFFIX)
    try:
        platform.write_all(fd, note_of(key, why=why))
        os.fsync(fd)
    finally:
        os.close(fd)
    platform.fsync_dir(folder)
    platform.fsync_dir(os.path.dirname(folder))
    platform.fsync_dir(root)
    return aside


def lying(root: str) -> Iterator[Quarantined]:
    """Yield what lies in quarantine, by key. Raises OSError."""
    top = os.path.join(root, QUARANTINE)
    for day in sorted(os.listdir(top)) if os.path.isdir(top) and not os.path.islink(top) else ():
        folder = os.path.join(top, day)
        if not stat.S_ISDIR(os.lstat(folder).st_mode):
            continue
        for name in objects_of(os.listdir(folder)):
            key = f"{QUARANTINE}/{day}/{name}"
            if not is_note_alone(key, _start_of(os.path.join(root, key)) or b""):
                yield _known(root, key)


def _known(root: str, key: str) -> Quarantined:
    """Return what the note of one object says."""
    place = os.path.join(root, key)
    note = _start_of(place + NOTE_SUFFIX)
    written = None if note is None else datetime.fromtimestamp(os.lstat(place + NOTE_SUFFIX).st_mtime, UTC)
    return quarantined(key, _size(place), note=note, written=written)


def _start_of(place: str) -> bytes | None:
    """Return the start of a plain file, None where none can be read."""
    try:
        with open(platform.open_nofollow(place, straight=True), "rb") as stream:
            return stream.read(LONGEST_NOTE)
    except (OSError, StorageError):
        return None


def _size(place: str) -> int:
    """Return the bytes of a file, or of everything in a folder."""
    told = os.lstat(place)
    if not stat.S_ISDIR(told.st_mode):
        return told.st_size
    return sum(os.lstat(os.path.join(at, name)).st_size for at, _, names in os.walk(place) for name in names)


def forget(root: str, key: str, *, before: date) -> bool:
    """Remove one old object of quarantine, then its note; return whether it is gone. Raises OSError."""
    place = os.path.join(root, check_quarantine_key(key))
    if not platform.is_straight(os.path.dirname(place)) or not os.path.lexists(place):
        return False
    if not _known(root, key).is_before(before):
        return False
    if stat.S_ISDIR(os.lstat(place).st_mode):
        shutil.rmtree(place)
    else:
        os.unlink(place)
    reach("quarantine.after_forget")
    os.unlink(place + NOTE_SUFFIX)
    platform.fsync_dir(os.path.dirname(place))
    return True
