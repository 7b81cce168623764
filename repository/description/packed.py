"""What a package says about its files and acts, as values.

Handed in by the verb that packs; used by the crosswalks, the description file
and the human page of a bag.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from repository.description.errors import DescriptionUnreadable

_TEXTS = ("path", "original_name", "sha256", "mime", "puid", "format_name", "original_hex")


@dataclass(frozen=True, slots=True)
class FileFact:
    """One payload file: where it lies in the bag, and how it was called when it came.

    original_name may hold bytes that are no UTF-8 as Python's surrogate escapes;
    original_hex then holds the raw bytes. size is in bytes.
    """

    path: str
    original_name: str
    size: int
    sha256: str
    mime: str = ""
    puid: str = ""
    format_name: str = ""
    original_hex: str = ""

    def to_plain(self) -> dict[str, object]:
        """Return plain JSON values."""
        return asdict(self)

    @staticmethod
    def from_plain(plain: Mapping[str, Any]) -> "FileFact":
        """Return the file that to_plain told, or raise DescriptionUnreadable."""
        texts = {name: plain.get(name, "") for name in _TEXTS}
        size = plain.get("size")
        if type(size) is not int or size < 0 or not all(isinstance(text, str) for text in texts.values()):
            raise DescriptionUnreadable(reason="files")
        return FileFact(size=size, **texts)


@dataclass(frozen=True, slots=True)
class EventFact:
    """One act on the item: type is the PREMIS event type, at an ISO time in UTC."""

    type: str
    at: str
    outcome: str = ""
    agent: str = ""
    detail: str = ""
    basis: str = ""
    agent_kind: str = "person"
