"""What a key may be, the same in every store.

Some names at the top of a store are its own: the marker, the drafts, the
quarantine. Objects of others never stand there.
"""

import secrets
import time

from storage.errors import UnsafeName
from storage.names import check_path, safe_name

MARKER = ".jingui-store"
DRAFTS = ".drafts"
QUARANTINE = ".quarantine"
#: The judge that lies in every store on a disk; anybody can run it (storage/verify_jingui.py).
VERIFIER = "verify_jingui.py"
#: What the systems lay at the top of a disk of its own; none of ours, and never in the way.
SYSTEMS = frozenset(
    {
        "lost+found",
        "System Volume Information",
        "$RECYCLE.BIN",
        ".Trashes",
        ".fseventsd",
        ".Spotlight-V100",
        ".TemporaryItems",
    }
)
OWN = frozenset({MARKER, DRAFTS, QUARANTINE, VERIFIER}) | SYSTEMS
_LONGEST_TOLD = 120  # bytes of the old name that a quarantine key repeats


def check_new_key(key: str) -> str:
    """Return a key at which something may be written. Raises UnsafeName."""
    check_path(key)
    if key.split("/", 1)[0] in OWN:
        raise UnsafeName(key=key, reason="the store's own place")
    return key


def check_prefix(prefix: str) -> str:
    """Return a prefix for listing: "" or a path that ends in "/". Raises UnsafeName.

    "v1" would also match "v10", therefore the slash.
    """
    if prefix:
        if not prefix.endswith("/"):
            raise UnsafeName(key=prefix, reason="a prefix ends in a slash")
        check_path(prefix[:-1])
    return prefix


def quarantine_key(key: str) -> str:
    """Return a new key in quarantine for what stands at key: the day (UTC), a random part, the old name."""
    day = time.strftime("%Y-%m-%d", time.gmtime())
    return f"{QUARANTINE}/{day}/{secrets.token_hex(8)}-{quarantine_name(key)}"


def quarantine_name(key: str) -> str:
    """Return what a quarantine key repeats of the old name."""
    name = safe_name(key.rsplit("/", 1)[-1]).stored.encode()[:_LONGEST_TOLD].decode("utf-8", "ignore")
    return name.rstrip(". ")
