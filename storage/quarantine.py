"""Where damaged and foreign objects of a disk store go.

Nothing is thrown away: what is replaced or does not belong is moved to
.quarantine/<day>/, with a note beside it that tells where it stood
(reliability P5: damaged bytes are kept).
"""

import json
import os
import stat
import time

from storage import platform
from storage.failpoints import reach
from storage.keys import quarantine_key

NOTE_SUFFIX = ".json"


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
    told = {"key": key, "why": why, "at": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())}
    fd = platform.open_new(os.path.join(root, aside) + NOTE_SUFFIX)
    try:
        platform.write_all(fd, json.dumps(told, indent=1).encode() + b"\n")
        os.fsync(fd)
    finally:
        os.close(fd)
    platform.fsync_dir(folder)
    platform.fsync_dir(os.path.dirname(folder))
    platform.fsync_dir(root)
    return aside
