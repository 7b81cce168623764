"""Take stock of one store (清点): the register against what stands, both ways.

No payload byte is read: names, sizes and what each bag says of itself (its
bag-info.txt) are compared with its place. Nothing is called missing before it
was asked for by name and listed a second time (C08), and nothing is moved.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final

from preservation.checks import Finding, Outcome, worst
from preservation.findings import found
from preservation.identity import is_at_home, told_key
from preservation.strays import Strays
from storage.errors import NotFound, Unreadable, UnsafeName
from storage.layout import ROOT, PackageKey, parse_prefix
from storage.store import Store

_SHARD: Final = re.compile(r"[0-9a-f]{2}")
SHARDS: Final = tuple(f"{number:02x}" for number in range(256))
ASKED_BY_NAME: Final = 50  # files of one package that are asked for one by one

#: The packages of one shard as they stand: prefix -> path -> size in bytes.
Standing = dict[str, dict[str, int]]


@dataclass(frozen=True, slots=True)
class Expected:
    """One package version that the catalogue knows; sizes by path, in bytes.

    is_copied: the catalogue says that a copy stands in this very store.
    """

    key: PackageKey
    is_copied: bool
    sizes: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class Known:
    """What the catalogue knows of one shard (the items whose id begins with two given digits)."""

    packages: Mapping[PackageKey, Expected] = field(default_factory=dict)
    destroyed: frozenset[str] = frozenset()


#: Called with a shard ("3f"), after its listing.
Ask = Callable[[str], Known]


@dataclass(frozen=True, slots=True)
class Count:
    """What was counted. expected = standing + missing + wrong + not_looked; all of packages."""

    expected: int = 0
    standing: int = 0
    missing: int = 0
    wrong: int = 0
    not_looked: int = 0
    objects: int = 0

    def plus(self, other: "Count") -> "Count":
        """Return both together."""
        return Count(*(getattr(self, name) + getattr(other, name) for name in Count.__slots__))

    def to_plain(self) -> dict[str, int]:
        """Return plain JSON values."""
        return {name: getattr(self, name) for name in Count.__slots__}


@dataclass(frozen=True, slots=True)
class Part:
    """What was found in one part of the store: a shard, or "" for all that is no shard."""

    name: str
    count: Count
    findings: tuple[Finding, ...]

    @property
    def outcome(self) -> Outcome:
        """Return the worst outcome of the findings."""
        return worst((Outcome.PASSED, *(one.outcome for one in self.findings)))


def take_stock(store: Store, ask: Ask, *, done: frozenset[str] = frozenset()) -> Iterator[Part]:
    """Yield what each part of a store is like; parts in done are passed over.

    The store is listed once. Raises StoreUnavailable and WrongStore: then
    nothing follows from what was not seen.
    """
    store.probe()
    strays = Strays(store)
    seen: set[str] = set()
    for shard in _shards(store, strays):
        seen.add(shard.name)
        if shard.name not in done:
            yield shard.judged(ask(shard.name))
    store.probe()  # before the first "not there at all"
    for name in SHARDS:
        if name not in seen | done:
            known = ask(name)
            if any(one.is_copied for one in known.packages.values()):
                yield _Shard(store, name, {}).judged(known)
    yield Part("", Count(objects=strays.objects), tuple(strays.judged()))


def _shards(store: Store, strays: Strays) -> Iterator["_Shard"]:
    """Yield each shard that stands with its packages, None where they can't be listed.

    The objects of a shard come one after the other in any listing; all else goes to strays.
    """
    done: set[str] = set()
    try:
        yield from _grouped(store, "", strays, done)
    except Unreadable:  # one folder hides the rest: look at each part alone
        strays.is_whole = False
        for name in filter(_SHARD.fullmatch, store.folders(f"{ROOT}/")):
            if name in done:
                continue
            try:
                yield from _grouped(store, f"{ROOT}/{name}/", strays, done)
            except Unreadable:
                yield _Shard(store, name, None)


def _grouped(store: Store, prefix: str, strays: Strays, done: set[str]) -> Iterator["_Shard"]:
    """Yield each shard below a prefix in turn; done learns which are behind us."""
    now, standing = "", Standing()
    for one in store.list(prefix):
        place = _package_at(one.key)
        if not place:
            strays.see(one)
            continue
        shard = place.split("/", 2)[1]
        if shard != now:
            if now:
                done.add(now)
                yield _Shard(store, now, standing)
            now, standing = shard, Standing()
        standing.setdefault(place, {})[one.key.removeprefix(f"{place}/")] = one.size
    if now:
        done.add(now)
        yield _Shard(store, now, standing)


def _package_at(key: str) -> str:
    """Return the package prefix that a key lies under, "" for what lies elsewhere."""
    *place, rest = key.split("/", 5)
    prefix = "/".join(place)
    try:
        parse_prefix(prefix)
    except UnsafeName:
        return ""
    return prefix if rest else ""


@dataclass(frozen=True, slots=True)
class _Shard:
    """One shard as it was listed."""

    store: Store
    name: str
    standing: Standing | None

    def judged(self, known: Known) -> Part:
        """Return what is wrong in this shard."""
        copied = [one for one in known.packages.values() if one.is_copied]
        if self.standing is None:
            told = found("ST-104", Outcome.NOT_RUN, f"{ROOT}/{self.name}")
            return Part(self.name, Count(expected=len(copied), not_looked=len(copied)), (told,))
        findings: list[Finding] = []
        missing = wrong = 0
        for one in sorted(copied, key=lambda each: each.key):
            told_of_it = self._judge_copy(one)
            findings += told_of_it
            missing += any(each.code == "ST-101" for each in told_of_it)
            wrong += any(each.code not in ("ST-101", "ST-103") for each in told_of_it)
        for prefix in sorted(self.standing):
            key = parse_prefix(prefix)
            expected = known.packages.get(key)
            if expected is None or not expected.is_copied:
                findings += self._judge_stranger(key, expected, known)
        count = Count(
            expected=len(copied),
            standing=len(copied) - missing - wrong,
            missing=missing,
            wrong=wrong,
            objects=sum(map(len, self.standing.values())),
        )
        return Part(self.name, count, tuple(findings))

    def _judge_copy(self, expected: Expected) -> list[Finding]:
        """Return what is wrong with a copy that the catalogue says is here."""
        assert self.standing is not None
        prefix = expected.key.prefix
        listed = self.standing.get(prefix, {})
        findings: list[Finding] = []
        if listed != expected.sizes:
            again = _second_look(self.store, prefix, expected.sizes)
            if not again:
                return [found("ST-101", Outcome.FAILED, prefix)]
            if again != expected.sizes:
                findings.append(_difference(prefix, expected.sizes, again))
            else:
                findings.append(found("ST-103", Outcome.WARNED, prefix))
        other = self._judge_name(expected.key)
        return other if any(one.outcome is Outcome.FAILED for one in other) else findings + other

    def _judge_name(self, key: PackageKey) -> list[Finding]:
        """Return what is wrong with who the bag at a known place says it is."""
        told = told_key(self.store, key.prefix)
        if told == key:
            return []
        if told is None:
            return [found("ST-304", Outcome.WARNED, key.prefix)]
        facts = {"told": told.prefix, "version": key.version, "told_version": told.version}
        if told.item_id == key.item_id and told.version < key.version:
            return [found("ST-301", Outcome.FAILED, key.prefix, **facts)]
        if told_key(self.store, told.prefix) == key:
            return [found("ST-302", Outcome.FAILED, key.prefix, **facts)]
        return [found("ST-303", Outcome.FAILED, key.prefix, **facts)]

    def _judge_stranger(self, key: PackageKey, expected: Expected | None, known: Known) -> list[Finding]:
        """Return what is to say of a package that the catalogue does not know here."""
        told = told_key(self.store, key.prefix)
        if told is None:
            return [found("ST-204", Outcome.WARNED, key.prefix)]
        if told != key:
            code = "ST-402" if is_at_home(self.store, told) else "ST-401"
            return [found(code, Outcome.FAILED, key.prefix, told=told.prefix)]
        if key.item_id in known.destroyed:
            return [found("ST-203", Outcome.FAILED, key.prefix)]
        return [found("ST-201" if expected is None else "ST-202", Outcome.WARNED, key.prefix)]


def _second_look(store: Store, prefix: str, sizes: Mapping[str, int]) -> dict[str, int]:
    """Return what stands at a prefix by a second listing and by asking for each file by name (C08)."""
    store.probe()
    try:
        standing = {one.key.removeprefix(f"{prefix}/"): one.size for one in store.list(f"{prefix}/")}
    except Unreadable:
        standing = {}
    lacking = [path for path in sizes if path not in standing]
    for path in lacking[:ASKED_BY_NAME]:
        try:
            standing[path] = store.stat(f"{prefix}/{path}").size
        except NotFound:
            continue
        except Unreadable:
            standing[path] = -1
    store.probe()  # a disk that went away meanwhile has shown less than it holds
    return standing


def _difference(prefix: str, sizes: Mapping[str, int], standing: Mapping[str, int]) -> Finding:
    """Return how the files of a package differ from the register, with the first path that does."""
    lacking = sorted(sizes.keys() - standing.keys())
    extra = sorted(standing.keys() - sizes.keys())
    differ = sorted(path for path in sizes.keys() & standing.keys() if sizes[path] != standing[path])
    first = [*lacking, *differ, *extra][0]
    counts = {"lacking": len(lacking), "differ": len(differ), "extra": len(extra)}
    return found("ST-102", Outcome.FAILED, prefix, first=first, **counts)
