"""Where things stand in a store: id and version to key.

Keys are generated ASCII ids, sharded, the same in every store; the names that
people gave are data, never places (reliability rule 4). This is core: it asks
no disk but through the Store port.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

from storage.errors import UnsafeName
from storage.store import Store

_ITEM = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}")
_VERSION = re.compile(r"v([0-9]{4,6})")
_SHARD = re.compile(r"[0-9a-f]{2}")
_DIGEST = re.compile(r"[0-9a-f]{64}")
ROLLS, RECEIPTS = "accounts", "receipts"
ROOT = "aips"  # archival information packages (归档信息包)
CANARIES = "canaries"  # samples with planted damage, to check the checker (自检样本); no packages
MOST_VERSIONS = 999_999


@dataclass(frozen=True, slots=True, order=True)
class PackageKey:
    """One version of one item's package."""

    item_id: str
    version: int

    @property
    def prefix(self) -> str:
        """Return the key prefix at which the bag stands, no slash at the end."""
        return package_prefix(self.item_id, self.version)


def item_prefix(item_id: str) -> str:
    """Return "aips/3f/a2/<item_id>", the folder of all versions of an item. Raises UnsafeName."""
    if not _ITEM.fullmatch(item_id):
        raise UnsafeName(name=item_id, reason="no item id")
    return f"{ROOT}/{item_id[:2]}/{item_id[2:4]}/{item_id}"


def package_prefix(item_id: str, version: int) -> str:
    """Return "aips/3f/a2/<item_id>/v0001". Raises UnsafeName for another id or version below 1."""
    if not 1 <= version <= MOST_VERSIONS:
        raise UnsafeName(name=item_id, version=version, reason="no version")
    return f"{item_prefix(item_id)}/v{version:04d}"


def parse_prefix(prefix: str) -> PackageKey:
    """Return what stands at a prefix. Raises UnsafeName unless package_prefix would make that prefix."""
    *_, item_id, version = ("", "", *prefix.split("/"))
    found = _VERSION.fullmatch(version)
    if found and int(found[1]) and _ITEM.fullmatch(item_id):
        key = PackageKey(item_id, int(found[1]))
        if key.prefix == prefix:
            return key
    raise UnsafeName(name=prefix, reason="no package prefix")


def packages(store: Store) -> Iterator[PackageKey]:
    """Yield every package version in a store, by id and version; no file is touched.

    Folders that are not where their name says are left out: they are no
    package of ours until a person has looked (case A13).
    """
    for first in store.folders(f"{ROOT}/"):
        if not _SHARD.fullmatch(first):
            continue
        for second in store.folders(f"{ROOT}/{first}/"):
            if _SHARD.fullmatch(second):
                yield from _packages_in(store, f"{ROOT}/{first}/{second}/")


def _packages_in(store: Store, shard: str) -> Iterator[PackageKey]:
    """Yield the package versions of one shard."""
    for item_id in store.folders(shard):
        if not shard.endswith(f"/{item_id[:2]}/{item_id[2:4]}/"):
            continue
        keys = []
        for version in store.folders(f"{shard}{item_id}/"):
            try:
                keys.append(parse_prefix(f"{shard}{item_id}/{version}"))
            except UnsafeName:
                continue
        yield from sorted(keys)


def log_key(day: date, digest: str) -> str:
    """Return the key of one object of the append-only journal: "log/2026/11/21/<sha256>.jsonl"."""
    return _dated("log", day, digest, "jsonl")


def audit_key(day: date, digest: str) -> str:
    """Return the key of one object of the sealed audit log: "audit/2026/11/21/<sha256>.jsonl"."""
    return _dated("audit", day, digest, "jsonl")


def anchor_key(day: date, digest: str) -> str:
    """Return the key of an anchor (见证) of both logs: "anchors/2026/11/21/<sha256>.json"."""
    return _dated("anchors", day, digest, "json")


def roll_key(day: date, digest: str) -> str:
    """Return the key of a roll of accounts (账号名册): "accounts/2026/11/21/<sha256>.json"."""
    return _dated(ROLLS, day, digest, "json")


def _dated(room: str, day: date, digest: str, kind: str) -> str:
    if not _DIGEST.fullmatch(digest):
        raise UnsafeName(name=digest, reason="no SHA-256")
    return f"{room}/{day:%Y/%m/%d}/{digest}.{kind}"


def canary_prefix(generation: int, kind: str) -> str:
    """Return "canaries/0001/<kind>": a sample bag (自检样本) that the checker must judge rightly.

    Four of five are damaged on purpose. They are no packages: never counted,
    never repaired, and planted anew under the next generation, never mended.
    """
    return f"{CANARIES}/{generation:04d}/{kind}"
