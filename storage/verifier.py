"""Lays the single-file judge into a store on a disk.

verify_jingui.py needs nothing but Python 3.8: whoever finds the disk in thirty
years can check it with nothing else. It is laid when a store is made and when the
one that lies there is not the one we have.
"""

import contextlib
import os
import secrets
from importlib.resources import files

from storage import platform
from storage.faults import translated
from storage.keys import DRAFTS, VERIFIER


def verifier_text() -> bytes:
    """Return the source of the judge."""
    return files("storage").joinpath(VERIFIER).read_bytes()


def lay_verifier(root: str | os.PathLike[str]) -> bool:
    """See to it that our judge lies in a store's folder; return whether it was written now.

    Raises ReadOnly, StorageFull, StoreUnavailable.
    """
    place = os.path.join(os.fspath(root), VERIFIER)
    wanted = verifier_text()
    with translated(writing=True, key=VERIFIER):
        with contextlib.suppress(FileNotFoundError):
            with open(place, "rb") as standing:
                if standing.read(len(wanted) + 1) == wanted:
                    return False
        folder = os.path.join(os.fspath(root), DRAFTS)
        os.makedirs(folder, exist_ok=True)
        draft = os.path.join(folder, secrets.token_hex(16))
        fd = platform.open_new(draft)
        try:
            platform.write_all(fd, wanted)
            os.fsync(fd)
        finally:
            os.close(fd)
        os.replace(draft, place)
        platform.fsync_dir(root)
    return True
