"""Names that would not survive the way to another system.

Pure: paths in, findings out. Only warnings: such a bag is valid, but a copy
of it on Windows, macOS or a USB stick may not be (RFC 8493, section 6.1).
"""

import re
import unicodedata
from collections.abc import Iterable

from preservation.checks import Finding, Outcome
from preservation.findings import found
from preservation.listing import LITTER

_RESERVED = re.compile(r"(con|prn|aux|nul|com[1-9]|lpt[1-9])(\.|$)", re.IGNORECASE)
_ODD = re.compile(r'[<>:"\\|?*\x00-\x1f\x7f]')
#: Most file systems count 255 bytes a name, and Windows 259 characters a path.
_MOST_BYTES = 255


def portability(paths: Iterable[str]) -> tuple[Finding, ...]:
    """Return a warning for each name that may be lost, changed or hidden elsewhere."""
    findings: list[Finding] = []
    folded: dict[str, str] = {}
    for path in sorted(paths):
        name = path.rpartition("/")[2]
        if name.lower() in LITTER:
            findings.append(found("BG-702", Outcome.WARNED, path))
        if not path.isascii() and not _is_utf8(path):
            findings.append(found("BG-704", Outcome.WARNED, path))
        elif not _is_portable(path):
            findings.append(found("BG-703", Outcome.WARNED, path))
        key = path.lower() if path.isascii() else unicodedata.normalize("NFC", path).casefold()
        twin = folded.setdefault(key, path)
        if twin != path:
            findings.append(found("BG-701", Outcome.WARNED, path, twin=twin))
    return tuple(findings)


def _is_utf8(path: str) -> bool:
    """Return whether every character of path can be written as UTF-8."""
    try:
        path.encode("utf-8")
    except UnicodeEncodeError:
        return False
    return True


def _is_portable(path: str) -> bool:
    """Return whether every part of path is a name for Windows, too."""
    if _ODD.search(path):
        return False
    return not any(
        _RESERVED.match(part) or part[-1] in ". " or part[0] == " " or len(part.encode()) > _MOST_BYTES
        for part in path.split("/")
    )
