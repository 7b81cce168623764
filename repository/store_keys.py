"""The keys of sealed stores: files here, groups on paper.

A key lies in data/keys/store-NAME.key and nowhere else on the machine; on paper it
is 16 groups of four hexadecimal digits and a last group that finds a typing error.
Without it nobody, we too, reads a sealed store.
"""

import hashlib
import re
import secrets
from pathlib import Path

from storage.sealed_stream import KEY_BYTES
from storage.secret_files import keep_new


class KeyRefused(Exception):
    """What was typed is no key; why is "length" or "check" (a typing error)."""

    def __init__(self, why: str) -> None:
        super().__init__(why)
        self.why = why


def key_file(data: Path, store_id: str) -> Path:
    """Return where the key of a sealed store lies."""
    return data / "keys" / f"store-{store_id}.key"


def read_key(data: Path, store_id: str) -> bytes | None:
    """Return the key of a sealed store, None where its file is not there. Raises KeyRefused, OSError."""
    place = key_file(data, store_id)
    if not place.exists():
        return None
    text = place.read_text("ascii").strip()
    if not re.fullmatch(f"[0-9a-f]{{{2 * KEY_BYTES}}}", text):
        raise KeyRefused("length")
    return bytes.fromhex(text)


def new_key(data: Path, store_id: str) -> bytes:
    """Make the key of a new sealed store, durably, and return it. Raises FileExistsError."""
    key = secrets.token_bytes(KEY_BYTES)
    write_key(data, store_id, key)
    return key


def write_key(data: Path, store_id: str, key: bytes) -> None:
    """Write a key, readable by us alone, never over another one. Raises FileExistsError, OSError."""
    place = key_file(data, store_id)
    if not keep_new(place, key.hex() + "\n"):
        raise FileExistsError(place)


def in_groups(key: bytes) -> str:
    """Return a key for paper: groups of four, four groups a line, the last group is its check."""
    digits = key.hex() + _check(key)
    groups = re.findall("....", digits)
    return "\n".join(" ".join(groups[start:][:4]) for start in range(0, len(groups), 4))


def from_groups(text: str) -> bytes:
    """Return the key that was typed from paper, with or without its check group. Raises KeyRefused.

    Only hexadecimal digits count; blanks, dashes, lines that begin with '#' and
    the sentences around a printed key do not.
    """
    lines = [line for line in text.splitlines() if line.isascii() and not line.lstrip().startswith("#")]
    digits = re.sub(r"[\s\-]", "", "".join(lines)).lower()
    if not re.fullmatch(f"[0-9a-f]{{{2 * KEY_BYTES}}}([0-9a-f]{{4}})?", digits):
        raise KeyRefused("length")
    key = bytes.fromhex(digits[: 2 * KEY_BYTES])
    if digits[2 * KEY_BYTES:] not in ("", _check(key)):
        raise KeyRefused("check")
    return key


def _check(key: bytes) -> str:
    return hashlib.sha256(b"jingui key check v1" + key).hexdigest()[:4]
