"""What stands in a store and is no package at its place (清点：来历不明).

Bags at a wrong place are known by the id inside; log objects must bear their
digest as their name; the rest is foreign. All of it is told, nothing is moved.
"""

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final

from preservation.checks import Finding, Outcome
from preservation.findings import found
from preservation.identity import INFO_FILE, is_at_home, told_key
from storage.digests import digest_stream
from storage.errors import DigestMismatch, NotFound, Unreadable, UnsafeName
from storage.layout import CANARIES, RECEIPTS, ROLLS, ROOT, item_prefix
from storage.store import Store, StoredObject

MOST_TOLD: Final = 5000  # places of one kind; what comes behind them is only counted
_REST: Final = "…"
#: Objects that are written once and named by the SHA-256 of their content.
_WRITTEN_ONCE = re.compile(r"[a-z]+/[0-9]{4}/[0-9]{2}/[0-9]{2}/([0-9a-f]{64})\.jsonl?")
_LOGS: Final = frozenset({"log", "audit", "anchors", ROLLS})
_SHARD = re.compile(r"[0-9a-f]{2}")


@dataclass(slots=True)
class Strays:
    """Gathers what lies elsewhere while a store is listed. is_whole: the listing hid nothing."""

    store: Store
    is_whole: bool = True
    objects: int = 0
    _folders: Counter[str] = field(default_factory=Counter)
    _bags: set[str] = field(default_factory=set)
    _damaged: list[str] = field(default_factory=list)

    def see(self, one: StoredObject) -> None:
        """Take note of one object that is no part of a package at its place."""
        self.objects += 1
        first = one.key.split("/", 1)[0]
        if first in (CANARIES, RECEIPTS):  # receipts are signed, and verified by themselves
            return
        named = _WRITTEN_ONCE.fullmatch(one.key) if first in _LOGS else None
        if named:
            if not self._has_digest(one.key, named[1]):
                self._damaged.append(one.key)
            return
        if one.key.endswith(f"/{INFO_FILE}") and len(self._bags) < MOST_TOLD:
            self._bags.add(one.key[: -len(INFO_FILE) - 1])
        place = astray(one.key)
        self._folders[place if place in self._folders or len(self._folders) < MOST_TOLD else _REST] += 1

    def _has_digest(self, key: str, digest: str) -> bool:
        """Return whether an object can be read and has this SHA-256."""
        try:
            with self.store.open(key) as stream:
                return digest_stream(stream)["sha256"] == digest
        except (DigestMismatch, NotFound, Unreadable):
            return False

    def judged(self) -> Iterator[Finding]:
        """Yield what is to say of everything seen."""
        if not self.is_whole:
            yield found("ST-405", Outcome.NOT_RUN)
        for key in sorted(self._damaged):
            yield found("ST-404", Outcome.FAILED, key)
        explained = set()
        for prefix in sorted(self._bags):
            told = told_key(self.store, prefix)
            if told is not None:
                explained.add(astray(f"{prefix}/{INFO_FILE}"))
                code = "ST-402" if is_at_home(self.store, told) else "ST-401"
                yield found(code, Outcome.FAILED, prefix, told=told.prefix)
        for place, count in sorted(self._folders.items()):
            if place not in explained:
                yield found("ST-403", Outcome.WARNED, place, objects=count)


def astray(key: str) -> str:
    """Return a key up to the first part that is not where the layout wants it."""
    parts = key.split("/")
    if parts[0] != ROOT:
        return parts[0]
    for depth in (2, 3):
        if not _SHARD.fullmatch("".join(parts[depth - 1:depth])):
            return "/".join(parts[:depth])
    depth = 5 if _is_item("".join(parts[3:4]), "/".join(parts[:4])) else 4
    return "/".join(parts[:depth])


def _is_item(item_id: str, place: str) -> bool:
    try:
        return item_prefix(item_id) == place
    except UnsafeName:
        return False
