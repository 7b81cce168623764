"""The complete file list of a bag, and its own digest.

The list holds every file, tag files too, and lives outside the bag: a bag that
was changed together with its manifests still differs from it (cases A10-A12).
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass, field

from storage.digests import sha256_of
from storage.errors import Unreadable

PAYLOAD = "data/"
_LINE = re.compile(r"([0-9a-f]{64})  ([0-9]+)  (.+)")
_ESCAPE = re.compile(r"%(25|0[AaDd])")


@dataclass(frozen=True, slots=True, order=True)
class FileRecord:
    """One file of a bag: path inside the bag, size in bytes, SHA-256 in hex."""

    path: str
    size: int
    sha256: str


@dataclass(frozen=True, slots=True)
class Inventory:
    """Every file of a bag, sorted by path; no path twice. Raises ValueError for a path twice."""

    files: tuple[FileRecord, ...]
    _by_path: dict[str, FileRecord] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "files", tuple(sorted(self.files)))
        object.__setattr__(self, "_by_path", {record.path: record for record in self.files})
        if len(self._by_path) != len(self.files):
            raise ValueError("a path stands twice in the inventory")

    @classmethod
    def of(cls, records: Iterable[FileRecord]) -> "Inventory":
        """Return the inventory of records in any order."""
        return cls(tuple(records))

    @classmethod
    def from_text(cls, text: str) -> "Inventory":
        """Return the inventory that to_text wrote. Raises Unreadable with the number of a wrong line."""
        records = []
        for number, line in enumerate(text.split("\n")[:-1] if text else (), start=1):
            found = _LINE.fullmatch(line)
            if not found:
                raise Unreadable(reason="inventory", line=number)
            records.append(FileRecord(path=decoded(found[3]), size=int(found[2]), sha256=found[1]))
        if text and not text.endswith("\n"):
            raise Unreadable(reason="inventory", line=len(records) + 1)
        try:
            return cls.of(records)
        except ValueError as error:
            raise Unreadable(reason="inventory") from error

    def to_text(self) -> str:
        """Return the canonical text: one "sha256  size  path" line per file, by path."""
        return "".join(f"{file.sha256}  {file.size}  {encoded(file.path)}\n" for file in self.files)

    @property
    def digest(self) -> str:
        """Return the SHA-256 of the canonical text, the registered digest of the whole bag."""
        return sha256_of(self.to_text().encode())

    @property
    def total_bytes(self) -> int:
        """Return the size of all files together, in bytes."""
        return sum(file.size for file in self.files)

    @property
    def payload(self) -> tuple[FileRecord, ...]:
        """Return the files below data/ (载荷)."""
        return tuple(file for file in self.files if file.path.startswith(PAYLOAD))

    @property
    def tags(self) -> tuple[FileRecord, ...]:
        """Return the files beside data/ (标签文件)."""
        return tuple(file for file in self.files if not file.path.startswith(PAYLOAD))

    def get(self, path: str) -> FileRecord | None:
        """Return the record of one path, or None."""
        return self._by_path.get(path)


def encoded(path: str) -> str:
    """Return the path with CR, LF and % written as RFC 8493 section 2.1.3 wants, and nothing else."""
    return path.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def decoded(path: str) -> str:
    """Return the path that encoded() made unreadable. Other uses of % stay as they are."""
    return _ESCAPE.sub(lambda found: chr(int(found[1], 16)), path)
