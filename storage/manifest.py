"""RFC 8493 tag files of our own bags: values to text and back.

For writing, and for reading what we wrote. The judge of foreign bags has a
tolerant parser of its own in preservation and shares nothing with this one, so
that a mistake here cannot hide itself there.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from storage.errors import Unreadable, UnsafeName
from storage.inventory import decoded, encoded

DECLARATION = "BagIt-Version: 1.0\nTag-File-Character-Encoding: UTF-8\n"
_UNITS = ("B", "KB", "MB", "GB", "TB", "PB")


@dataclass(frozen=True, slots=True, order=True)
class ManifestLine:
    """One file in a manifest (清单)."""

    path: str
    digest: str


@dataclass(frozen=True, slots=True)
class InfoLine:
    """One line of bag-info.txt. Labels may come more than once; order is kept."""

    label: str
    value: str


@dataclass(frozen=True, slots=True)
class Oxum:
    """Payload-Oxum: the payload's size in bytes and its number of files."""

    bytes: int
    files: int

    def __str__(self) -> str:
        return f"{self.bytes}.{self.files}"


def manifest_text(lines: Iterable[ManifestLine]) -> str:
    """Return a manifest sorted by path."""
    return "".join(f"{line.digest}  {encoded(line.path)}\n" for line in sorted(lines))


def parse_manifest(text: str) -> tuple[ManifestLine, ...]:
    """Return the lines of a manifest of ours. Raises Unreadable with the number of a wrong line."""
    lines = []
    for number, line in enumerate(_lines(text), start=1):
        found = re.fullmatch(r"([0-9a-f]+)  (.+)", line)
        if not found:
            raise Unreadable(reason="manifest", line=number)
        lines.append(ManifestLine(path=decoded(found[2]), digest=found[1]))
    return tuple(lines)


def info_text(lines: Sequence[InfoLine]) -> str:
    """Return bag-info.txt. Raises UnsafeName for a label that could not be read back.

    A line break in a value becomes a folded line (a break and a blank), so
    that no value can pretend to be another line.
    """
    told = []
    for line in lines:
        if not line.label.strip() or line.label != line.label.strip() or re.search(r"[:\r\n]", line.label):
            raise UnsafeName(name=line.label, reason="label")
        folds = [part.strip() for part in line.value.splitlines()]
        told.append(f"{line.label}: " + "\n  ".join(fold for fold in folds if fold) + "\n")
    return "".join(told)


def parse_info(text: str) -> tuple[InfoLine, ...]:
    """Return the lines of a bag-info.txt of ours; a fold is read as one blank. Raises Unreadable."""
    lines: list[InfoLine] = []
    for number, line in enumerate(_lines(text), start=1):
        if line[:1].isspace() and lines:
            last = lines.pop()
            lines.append(InfoLine(last.label, f"{last.value} {line.strip()}".strip()))
            continue
        label, colon, value = line.partition(":")
        if not colon or not label.strip():
            raise Unreadable(reason="bag-info", line=number)
        lines.append(InfoLine(label, value.strip()))
    return tuple(lines)


def parse_oxum(text: str) -> Oxum:
    """Return the value of a Payload-Oxum line. Raises Unreadable."""
    found = re.fullmatch(r"([0-9]+)\.([0-9]+)", text)
    if not found:
        raise Unreadable(reason="oxum", value=text)
    return Oxum(bytes=int(found[1]), files=int(found[2]))


def size_text(size: int) -> str:
    """Return a size for people, as Bag-Size wants it: "1.5 MB" (1 KB is 1000 bytes)."""
    number, unit = float(size), 0
    while number >= 999.95 and unit < len(_UNITS) - 1:
        number, unit = number / 1000, unit + 1
    return f"{size} B" if unit == 0 else f"{number:.1f} {_UNITS[unit]}"


def _lines(text: str) -> list[str]:
    """Return the lines of a text of ours: LF only. Raises Unreadable if the last one is cut off."""
    if text and not text.endswith("\n"):
        raise Unreadable(reason="cut off")
    return text.split("\n")[:-1]
