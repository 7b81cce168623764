"""Who a stored bag says it is (bag-info.txt, RFC 8493 section 2.2.2).

The id inside is bound to the place: a bag at another place than its own was
moved, swapped or put back from an older copy (cases A13-A15, A25).
"""

from typing import Final

from storage.errors import DigestMismatch, NotFound, Unreadable, UnsafeName
from storage.layout import PackageKey, parse_prefix
from storage.manifest import parse_info
from storage.store import Store

INFO_FILE: Final = "bag-info.txt"
_LIMIT: Final = 1 << 20  # bytes; a bag-info.txt of ours is far smaller


def told_key(store: Store, prefix: str) -> PackageKey | None:
    """Return which package the bag at prefix says it is; None where it does not say."""
    try:
        with store.open(f"{prefix}/{INFO_FILE}") as stream:
            lines = parse_info(stream.read(_LIMIT).decode())
        told = {line.label: line.value for line in lines}
        key = PackageKey(told["Internal-Sender-Identifier"], int(told["Jingui-Item-Version"]))
        return parse_prefix(key.prefix)
    except (DigestMismatch, NotFound, Unreadable, UnsafeName, ValueError, KeyError):
        return None


def is_at_home(store: Store, key: PackageKey) -> bool:
    """Return whether this package stands at its own place."""
    return told_key(store, key.prefix) == key
