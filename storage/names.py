"""Names of files: what came, and what may stand on a disk.

The name that was handed in is data and is kept to the byte; the name made from
it can stand on any system: NFC, no path, no control or direction characters,
none of Windows' reserved names, at most 255 bytes (85 Chinese characters).
check_path is lexical: it asks no disk (RFC 8493 section 5.1).
"""

import re
import unicodedata
from dataclasses import dataclass

from storage.errors import UnsafeName

MOST_BYTES = 255  # ext4, XFS, NTFS (in UTF-16 units) and most others
_LONGEST_EXTENSION = 32  # bytes; longer is no extension but a name with a dot in it
_RESERVED = re.compile(r"(?i)(CON|PRN|AUX|NUL|CONIN\$|CONOUT\$|COM[0-9¹²³]|LPT[0-9¹²³])(\..*)?")
_FORBIDDEN = re.compile(r'[<>:"|?*/\\]')
_DRIVE = re.compile(r"[A-Za-z]:")
_EXTENSION = re.compile(r"\.[a-z0-9]{1,15}")


@dataclass(frozen=True, slots=True)
class SafeName:
    """A name in its two forms; raw_hex is the bytes that were handed in."""

    stored: str
    original: str
    raw_hex: str

    @property
    def is_changed(self) -> bool:
        """Return whether the stored name differs from the original."""
        return self.stored != self.original


def safe_name(original: str | bytes) -> SafeName:
    """Return a name that can stand anywhere, with the original beside it.

    Bytes (or the surrogates that stand for them) are read as UTF-8, else as
    GB 18030; what is neither is shown with U+FFFD. Only the last part of a
    path counts.
    """
    raw = _to_bytes(original)
    shown = _decode(raw)
    parts = [part for part in re.split(r"[/\\]", shown) if part]
    return SafeName(stored=_clean(parts[-1] if parts else ""), original=shown, raw_hex=raw.hex())


def _to_bytes(original: str | bytes) -> bytes:
    """Return the bytes behind a name, also where Python hides them in surrogates."""
    if isinstance(original, bytes):
        return original
    try:
        return original.encode("utf-8", "surrogateescape")
    except UnicodeEncodeError:  # a lone surrogate from JSON or UTF-16, no hidden byte
        return original.encode("utf-8", "surrogatepass")


def _decode(raw: bytes) -> str:
    """Return the bytes as text: UTF-8, else GB 18030 (old Windows and ZIP), else with U+FFFD."""
    for encoding in ("utf-8", "gb18030"):
        try:
            return raw.decode(encoding)
        except UnicodeDecodeError:
            continue
    return raw.decode("utf-8", "replace")


def _clean(name: str) -> str:
    """Return one path part that every system takes."""
    kept = "".join(_kept(char) for char in unicodedata.normalize("NFC", name))
    kept = unicodedata.normalize("NFC", _FORBIDDEN.sub("_", kept)).strip().rstrip(". ")
    if kept.startswith("~"):
        kept = "_" + kept[1:]
    if not kept.strip("."):
        kept = "unnamed"
    if _RESERVED.fullmatch(kept):
        kept = "_" + kept
    return _shorten(kept)


def _kept(char: str) -> str:
    """Return the character, "_" for one that no name should have, "" for an invisible one."""
    kind = unicodedata.category(char)
    if kind == "Cf":  # zero width, right-to-left overrides, byte order mark
        return ""
    return "_" if kind in {"Cc", "Cs", "Cn", "Zl", "Zp"} else char


def _shorten(name: str) -> str:
    """Return the name in at most MOST_BYTES bytes, with its extension kept."""
    if len(name.encode()) <= MOST_BYTES:
        return name
    stem, dot, last = name.rpartition(".")
    tail = dot + last
    if not stem or len(tail.encode()) > _LONGEST_EXTENSION:
        stem, tail = name, ""
    room = MOST_BYTES - len(tail.encode())
    return stem.encode()[:room].decode("utf-8", "ignore").rstrip(". ") + tail


def safe_extension(name: str) -> str:
    """Return ".jpg" and the like: lower-case ASCII, at most 16 characters with the dot, else ""."""
    stem, dot, last = name.rpartition(".")
    found = (dot + last).lower()
    return found if stem and _EXTENSION.fullmatch(found) else ""


def check_path(path: str) -> str:
    """Return the path if it is relative, plain and cannot leave its place.

    Raises UnsafeName: empty or dotted parts, either slash at a wrong place,
    drive letters, "~", NUL, bytes that are no text, parts over 255 bytes.
    """
    try:
        encoded = path.encode()
    except UnicodeEncodeError as error:
        raise UnsafeName(path=path.encode("utf-8", "backslashreplace").decode(), reason="not text") from error
    reason = ""
    if b"\0" in encoded or b"\\" in encoded:
        reason = "forbidden character"
    elif path.startswith("~") or _DRIVE.match(path):
        reason = "absolute"
    elif not _parts_are_plain(path):
        reason = "empty or dotted part"
    elif any(len(part) > MOST_BYTES for part in encoded.split(b"/")):
        reason = "too long"
    if reason:
        raise UnsafeName(path=path, reason=reason)
    return path


def _parts_are_plain(path: str) -> bool:
    """Return whether no part is empty, "." or ".."."""
    return all(part not in {"", ".", ".."} for part in path.split("/"))


def twin_key(path: str) -> str:
    """Return what two paths share that some system takes for the same (case, NFC and NFD)."""
    return unicodedata.normalize("NFC", unicodedata.normalize("NFC", path).casefold())
