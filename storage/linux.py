"""Two calls of Linux that Python does not offer.

Only storage/platform.py uses this room. Elsewhere, and with another C library,
the names are None or False and platform takes another way.
"""

import ctypes
import os
import sys
from collections.abc import Callable
from typing import Any

_AT_FDCWD = -100  # from fcntl.h: the path is not relative to an open folder
_RENAME_NOREPLACE = 1  # from linux/fs.h


def _from_libc(name: str) -> Callable[..., Any] | None:
    """Return a function of the C library, or None."""
    if not sys.platform.startswith("linux"):
        return None
    try:
        return getattr(ctypes.CDLL(None, use_errno=True), name, None)
    except OSError:
        return None


_renameat2 = _from_libc("renameat2")
_syncfs = _from_libc("syncfs")
HAS_RENAME_NEW = _renameat2 is not None


def reports_lost_writes(release: str) -> bool:
    """Return whether syncfs of that kernel tells of failed writes: Linux 5.8 and later (syncfs(2))."""
    numbers = release.split("-")[0].split(".")[:2]
    return all(number.isdigit() for number in numbers) and tuple(map(int, numbers)) >= (5, 8)


# os.uname is asked only where syncfs was found, so never on Windows.
HAS_SYNC_ALL = _syncfs is not None and reports_lost_writes(os.uname().release)


def _checked(result: int, path: str) -> None:
    """Raise OSError if a call said that it failed."""
    if result != 0:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number), path)


def sync_all(fd: int) -> None:
    """Make everything on the file system of fd durable.

    fd must have been opened before the writing began: failures since then are
    reported. Only where HAS_SYNC_ALL. Raises OSError.
    """
    if _syncfs is not None:
        _checked(_syncfs(fd), f"fd {fd}")


def rename_new(source: str, target: str) -> None:
    """Rename to a name that must be free. Only where HAS_RENAME_NEW. Raises OSError."""
    if _renameat2 is not None:
        names = os.fsencode(source), os.fsencode(target)
        _checked(_renameat2(_AT_FDCWD, names[0], _AT_FDCWD, names[1], _RENAME_NOREPLACE), target)
