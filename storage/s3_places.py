"""Where a key of the store stands in its bucket.

A key names a plain object, or a file of a committed tree; that is asked of the
records above it, the package's own first. Records never change, so they are
remembered; whatever is not found is asked of the server, never of the memory.
"""

import re
from collections.abc import Iterator

from storage.errors import NotFound, UnsafeName
from storage.keys import OWN
from storage.s3_tree import RECORD, TREES, Tree, read_tree
from storage.s3_wire import Wire
from storage.store import StoredObject

HIDDEN = OWN | {TREES}
_MOST_KNOWN = 4096  # trees remembered, about 300 bytes each
_PACKAGE = re.compile(r"(aips/[0-9a-f]{2}/[0-9a-f]{2}/[0-9a-f-]{36}/v[0-9]{4,6})(?:/|$)")
_ABOVE_PACKAGES = re.compile(r"aips(/[0-9a-f]{2}(/[0-9a-f]{2}(/[0-9a-f-]{36})?)?)?")


def check_reading(key: str) -> None:
    """Raise UnsafeName for a key that could leave the store's prefix."""
    if "\0" in key or any(part in {"", ".", ".."} for part in key.split("/")):
        raise UnsafeName(key=key, reason="leaves its place")


def check_own(key: str) -> None:
    """Raise UnsafeName for a key that the store needs for itself."""
    parts = key.split("/")
    if parts[0] in HIDDEN or RECORD in parts:
        raise UnsafeName(key=key, reason="the store's own place")


class Places:
    """The way from keys to places of one bucket."""

    def __init__(self, wire: Wire) -> None:
        self._wire = wire
        self._known: dict[str, Tree] = {}

    def of(self, key: str) -> Iterator[str]:
        """Yield the places where key may stand, the likeliest first. Raises UnsafeName."""
        check_reading(key)
        parts = key.split("/")
        if parts[0] in OWN:
            yield key
        if parts[0] in HIDDEN or RECORD in parts:
            return
        above = _ancestors(key)
        likely = [prefix for prefix in above if prefix in self._known or _PACKAGE.fullmatch(prefix)]
        remembered = {prefix: self._known[prefix].token for prefix in likely if prefix in self._known}
        yield from self._inside(key, likely)
        yield key
        yield from self._inside(key, [prefix for prefix in above if prefix not in likely])
        for prefix, token in remembered.items():  # cleared and written anew by another process
            tree = self.fresh(prefix)
            if tree is not None and tree.token != token:
                yield tree.place + key.removeprefix(f"{prefix}/")

    def _inside(self, key: str, prefixes: list[str]) -> Iterator[str]:
        for prefix in prefixes:
            tree = self._tree(prefix)
            if tree is not None:
                yield tree.place + key.removeprefix(f"{prefix}/")

    def locate(self, key: str) -> str:
        """Return where key stands. Raises NotFound, UnsafeName."""
        for place in self.of(key):
            if self._wire.head(place) is not None:
                return place
        raise NotFound(store=self._wire.place.store, key=key)

    def of_new(self, key: str) -> str:
        """Return where key stands or, where it does not, should stand."""
        try:
            return self.locate(key)
        except NotFound:
            tree = self.over(key)
            return key if tree is None else tree.place + key.removeprefix(f"{tree.prefix}/")

    def over(self, key: str) -> Tree | None:
        """Return the tree that a key lies in, None where there is none."""
        if _ABOVE_PACKAGES.fullmatch(key) or key.split("/", 1)[0] in HIDDEN:
            return None
        package = _PACKAGE.match(key)
        prefixes = _ancestors(key)
        if package and package[1] != key:
            prefixes = [package[1], *(prefix for prefix in prefixes if prefix.startswith(package[1] + "/"))]
        return next(filter(None, map(self._tree, prefixes)), None)

    def _tree(self, prefix: str) -> Tree | None:
        """Return the tree at prefix, from memory where it was read before."""
        return self._known.get(prefix) or self.fresh(prefix)

    def fresh(self, prefix: str) -> Tree | None:
        """Return the tree at prefix as its record tells it now, with its paths."""
        if _ABOVE_PACKAGES.fullmatch(prefix):
            return None
        tree = read_tree(self._wire, prefix)
        self._known.pop(prefix, None)
        if tree is not None:
            if len(self._known) >= _MOST_KNOWN:
                self._known.clear()
            self._known[prefix] = Tree(prefix, tree.token, ())
        return tree

    def files(self, tree: Tree, below: str = "") -> Iterator[StoredObject]:
        """Yield the objects of a tree; what the listing lacks is looked for by name (C08)."""
        told = self.fresh(tree.prefix) or tree
        lacking = {path for path in told.paths if path.startswith(below)}
        for found in self._wire.list(told.place + below):
            path = found.key.removeprefix(told.place)
            lacking.discard(path)
            yield StoredObject(f"{told.prefix}/{path}", found.size)
        for path in sorted(lacking):
            missed = self._wire.head(told.place + path)
            if missed is not None:
                yield StoredObject(f"{told.prefix}/{path}", missed.size)

    def at(self, prefix: str) -> Iterator[StoredObject]:
        """Yield what stands below prefix (ends in "/"); a tree right there is seen without a listing."""
        tree = self.fresh(prefix[:-1])
        if tree is None:
            yield from self.below(prefix)
            return
        standing = list(self.files(tree))
        shown = {one.key for one in standing}
        yield from standing
        yield from (one for one in self.below(prefix, but=tree.prefix) if one.key not in shown)

    def below(self, prefix: str, but: str = "") -> Iterator[StoredObject]:
        """Yield the plain objects and the files of trees below prefix, which ends in "/"."""
        shown = frozenset[str]()
        for found in self._wire.list(prefix):
            folder, _, name = found.key.rpartition("/")
            if name == RECORD and folder == but:
                continue
            if name == RECORD:
                standing = list(self.files(Tree(folder, "", ())))
                shown = frozenset(one.key for one in standing)
                yield from standing
            elif found.key not in shown:
                yield StoredObject(found.key, found.size)

    def is_taken(self, key: str) -> bool:
        """Return whether something stands at key, below it, or as a file above it.

        The record of a tree of which nothing is left is removed: its place is free again.
        """
        tree = self.fresh(key)
        if tree is not None and self.is_lost(tree):
            self.drop(tree)
        above = [] if _PACKAGE.fullmatch(key) else _ancestors(key)
        if not self._wire.is_empty(f"{key}/") or any(map(self._wire.head, [key, *above])):
            return True
        tree = self.over(key)
        if tree is None:
            return False
        rest = key.removeprefix(f"{tree.prefix}/")
        inside = [tree.place + path for path in [rest, *_ancestors(rest)]]
        return not self._wire.is_empty(f"{inside[0]}/") or any(map(self._wire.head, inside))

    def is_lost(self, tree: Tree) -> bool:
        """Return whether nothing of a tree stands any more, by listing and by name."""
        if not self._wire.is_empty(tree.place):
            return False
        return not any(self._wire.head(tree.place + path) for path in tree.paths)

    def drop(self, tree: Tree) -> None:
        """Remove the record of a tree of which nothing stands."""
        self._known.pop(tree.prefix, None)
        self._wire.delete(f"{tree.prefix}/{RECORD}")


def _ancestors(key: str) -> list[str]:
    """Return the prefixes above a key, the nearest first."""
    parts = key.split("/")
    return ["/".join(parts[:count]) for count in range(len(parts) - 1, 0, -1)]
