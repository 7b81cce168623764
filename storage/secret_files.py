"""Small files that hold a secret: for their owner only, durable, whole or not there.

A key that a power cut left empty would let everybody in, or lock everybody out.
"""

import os
import secrets
from pathlib import Path

from storage import platform


def keep_new(path: Path, text: str) -> bool:
    """Write a secret unless one stands there, and return whether it was written. Raises OSError."""
    if path.exists():
        return False
    aside = _aside(path, text)
    try:
        platform.rename_new(aside, path)
    except FileExistsError:
        return False
    finally:
        aside.unlink(missing_ok=True)
    platform.fsync_dir(path.parent)
    return True


def replace(path: Path, text: str) -> None:
    """Put another secret in the place of the one that stands there, in one step. Raises OSError."""
    os.replace(_aside(path, text), path)
    platform.fsync_dir(path.parent)


def _aside(path: Path, text: str) -> Path:
    """Write a text durably beside path, for its owner only, and return where."""
    path.parent.mkdir(parents=True, exist_ok=True)
    aside = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    fd = os.open(aside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        platform.write_all(fd, text.encode())
        os.fsync(fd)
    finally:
        os.close(fd)
    return aside
