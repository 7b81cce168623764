"""What a note in quarantine (隔离区) says, and when its object may go.

Beside each object in quarantine a note tells where it stood, why it went and
when. An object may be forgotten only where the day folder, the note and the
medium's own time are all before a day: a clock that jumped destroys nothing (P19).
"""

import json
import time
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime

from storage.errors import UnsafeName
from storage.keys import QUARANTINE, quarantine_name

NOTE_SUFFIX = ".json"


@dataclass(frozen=True, slots=True)
class Quarantined:
    """One object in quarantine; size in bytes as it lies there, times are UTC.

    origin is the key at which it stood, why is "mended" or "set aside". at is
    the latest of the note's time and the medium's; None, with an empty origin,
    where the note is lost or damaged: such an object stays for ever.
    """

    key: str
    size: int
    origin: str = ""
    why: str = ""
    at: datetime | None = None

    @property
    def day(self) -> date | None:
        """Return the day of its folder, None where that is no day."""
        parts = self.key.split("/")
        try:
            return date.fromisoformat(parts[1]) if len(parts) > 2 else None
        except ValueError:
            return None

    def is_before(self, day: date) -> bool:
        """Return whether every sign says that it came before that day."""
        return self.day is not None and self.at is not None and self.day < day and self.at.date() < day


def note_of(key: str, *, why: str) -> bytes:
    """Return the note for what stood at key."""
    told = {"key": key, "why": why, "at": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())}
    return json.dumps(told, indent=1).encode() + b"\n"


def quarantined(key: str, size: int, *, note: bytes | None, written: datetime | None = None) -> Quarantined:
    """Return what is known of an object in quarantine from its note; written is the medium's own time."""
    try:
        told = json.loads(note or b"")
        origin, why = str(told["key"]), str(told["why"])
        at = datetime.strptime(str(told["at"]), "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=UTC)
    except (ValueError, KeyError, TypeError):
        return Quarantined(key, size)
    return Quarantined(key, size, origin, why, max(at, written or at))


def is_note_alone(key: str, content: bytes) -> bool:
    """Return whether content is a note of ours whose object is gone (a stop between the two)."""
    known = quarantined(key, len(content), note=content)
    name = key.rpartition("/")[2].partition("-")[2]
    return known.at is not None and name == quarantine_name(known.origin) + NOTE_SUFFIX


def check_quarantine_key(key: str) -> str:
    """Return a key of an object in quarantine: .quarantine/<day>/<name>. Raises UnsafeName."""
    parts = key.split("/")
    if len(parts) != 3 or parts[0] != QUARANTINE or "\0" in key or not {"", ".", ".."}.isdisjoint(parts):
        raise UnsafeName(key=key, reason="not in quarantine")
    return key


def objects_of(names: Iterable[str]) -> list[str]:
    """Return the names of one day's folder that are objects, sorted; the others are their notes."""
    known = set(names)
    notes = {name + NOTE_SUFFIX for name in known} & known
    return sorted(known - notes)
