"""The key that seals the logs, a file that only the worker reads.

Made by the worker at its first use, never by the web process, and never
overwritten. The file tells the key in hex and, where an older key was lost,
the number of the last seal that is not of this key: nobody without the file
can move that border.
"""

import hashlib
import hmac
import secrets
from dataclasses import dataclass
from pathlib import Path

from storage.errors import Unreadable
from storage.secret_files import keep_new, replace

SIZE = 32  # bytes


@dataclass(frozen=True, slots=True)
class SealKey:
    """A sealing key; seals up to number after were made with another one."""

    secret: bytes
    after: int = 0

    @property
    def id(self) -> str:
        """Return a short name of the key that tells nothing of it."""
        return hashlib.sha256(b"jingui audit key" + self.secret).hexdigest()[:16]

    def mac(self, text: str) -> str:
        """Return the HMAC-SHA-256 of a text, in hex."""
        return hmac.new(self.secret, text.encode(), hashlib.sha256).hexdigest()

    def fits(self, text: str, mac: str) -> bool:
        """Return whether a mac is this key's over the text."""
        return hmac.compare_digest(self.mac(text).encode(), mac.encode())


def read(path: Path) -> SealKey | None:
    """Return the key, None where there is none. Raises Unreadable (rights, or no key in the file)."""
    try:
        words = path.read_text("ascii").split()
        secret = bytes.fromhex(words[0])
        after = int(words[1]) if len(words) > 1 else 0
    except FileNotFoundError:
        return None
    except (OSError, ValueError, IndexError) as error:
        raise Unreadable(key=str(path), reason=str(error)) from error
    if len(secret) < SIZE:
        raise Unreadable(key=str(path), reason="too short for a key")
    return SealKey(secret, after)


def move_border(path: Path, key: SealKey, *, after: int) -> SealKey:
    """Keep that seals up to number after are of another key. Raises Unreadable."""
    try:
        replace(path, f"{key.secret.hex()} {after}\n")
    except OSError as error:
        raise Unreadable(key=str(path), reason=str(error)) from error
    return SealKey(key.secret, after)


def make(path: Path, *, after: int) -> SealKey:
    """Make the key durably, unless it is there by now, and return the one that is. Raises Unreadable."""
    try:
        keep_new(path, f"{secrets.token_hex(SIZE)} {after}\n")
    except OSError as error:
        raise Unreadable(key=str(path), reason=str(error)) from error
    made = read(path)
    if made is None:
        raise Unreadable(key=str(path), reason="gone at once")
    return made
