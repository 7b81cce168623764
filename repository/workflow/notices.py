"""What is told to people who do not look: alarms (警报) and digests (小结).

Values only; which words they become, a Voice says: the lower floors speak
codes, the doors speak Chinese (web/notice_words.py).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Protocol

RED, AMBER = "red", "amber"


@dataclass(frozen=True, slots=True)
class Alarm:
    """Something that somebody must look at; since in UTC, None where nobody can tell."""

    code: str
    level: str
    subject: str = ""
    facts: Mapping[str, Any] = field(default_factory=dict)
    since: datetime | None = None

    @property
    def key(self) -> str:
        """Return what is equal for one alarm seen twice."""
        return f"{self.code}:{self.subject}"


@dataclass(frozen=True, slots=True)
class Digest:
    """What happened between two times. checked + failed + unreadable copies were read or tried."""

    since: datetime
    until: datetime
    checked: int
    failed: int
    unreadable: int
    not_checked: int
    runs: int
    invalid: int
    repaired: int
    lost: int
    archived: int
    copies: int
    waiting: int
    alarms: Sequence[Alarm] = ()


@dataclass(frozen=True, slots=True)
class Anchored:
    """An anchor (见证) of the logs: its number, when it was made, the first letters of its digest."""

    number: int
    at: datetime
    short: str


@dataclass(frozen=True, slots=True)
class Said:
    """A notice in words."""

    subject: str
    text: str


class Voice(Protocol):
    """Puts notices into words."""

    def alarms(self, found: Sequence[Alarm]) -> Said:
        """Return one notice about these alarms."""

    def digest(self, told: Digest) -> Said:
        """Return the sentence of a digest."""

    def anchor(self, told: Anchored) -> Said:
        """Return the line of an anchor, to be kept outside the archive."""


class CodeVoice:
    """The voice of a worker that nobody gave words: codes and figures."""

    def alarms(self, found: Sequence[Alarm]) -> Said:
        """Return the codes, one a line."""
        return Said("Jingui: alarms", "\n".join(f"{one.level} {one.key} {dict(one.facts)}" for one in found))

    def digest(self, told: Digest) -> Said:
        """Return the figures."""
        return Said("Jingui: digest", f"checked {told.checked}, failed {told.failed}, waiting {told.waiting}")

    def anchor(self, told: Anchored) -> Said:
        """Return the line of an anchor."""
        return Said("Jingui: anchor", f"{told.number} {told.at.isoformat()} {told.short}")
