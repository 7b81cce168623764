"""A snapshot: the index of one pointer, open for questions.

Segments never change, so a leaf stays open over many snapshots; what changes
is which of its entries are deleted. Whoosh's files keep a reading place, so
one question is answered at a time (the engine holds a lock).
"""

from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Set
from dataclasses import dataclass
from heapq import merge
from itertools import groupby, pairwise
from pathlib import Path
from time import monotonic

from search.columns import Columns, Orders, counted, narrowed, seen_with
from search.entry import Page, Request
from search.errors import QueryRefused
from search.evaluation import Evaluation
from search.grammar import Query
from search.highlights import Shown, hits_of
from search.pointer import Pointer, check_segment
from search.postings import pack, unpack
from search.segments import Leaf

# P20: any question is answered or refused within two seconds; what is counted
# and shown after the evaluation takes its part of them.
TIME_LIMIT = 1.5
_TAG_SETS = 32


@dataclass(frozen=True, slots=True)
class Clock:
    """Stops a question at its time limit (seconds)."""

    end: float

    def __call__(self) -> None:
        """Raise QueryRefused when the time is over."""
        if monotonic() > self.end:
            raise QueryRefused(limit="time", most=TIME_LIMIT)


@dataclass(frozen=True, slots=True)
class _Place:
    leaf: Leaf
    local: int


class Snapshot:
    """All leaves behind each other; an entry's place counts over all."""

    def __init__(self, root: Path, pointer: Pointer, leaves: dict[str, Leaf]) -> None:
        """Open what the pointer names, using leaves that are open already.

        Raises IndexUnusable where a segment's bytes are not those sealed.
        """
        self.pointer = pointer
        self.leaves: list[Leaf] = []
        self.bases: list[int] = []
        self.columns = Columns()
        self._gone: set[int] = set()
        self._seen: dict[frozenset[str], set[int]] = {}
        for note in pointer.segments:
            leaf = leaves.get(note.id)
            if leaf is None:
                check_segment(root / pointer.folder, note)
                leaf = Leaf(root / pointer.folder, note)
            base = len(self.columns.id)
            self.leaves.append(leaf)
            self.bases.append(base)
            self.columns.extend(leaf.columns)
            self._gone.update(base + local for local in note.deleted)
        self._orders = Orders(self.columns)

    def open_leaves(self) -> dict[str, Leaf]:
        """Return the leaves by segment id, for the next snapshot."""
        return {leaf.id: leaf for leaf in self.leaves}

    def seen(self, tags: frozenset[str]) -> set[int]:
        """Return the living entries that a holder of these tags may see."""
        if tags not in self._seen:
            if len(self._seen) >= _TAG_SETS:
                self._seen.clear()
            self._seen[tags] = seen_with(self.columns, tags) - self._gone
        return self._seen[tags]

    def _local(self, among: Set[int] | None) -> list[list[int] | None]:
        """Return places as each leaf counts them, in rising order."""
        if among is None:
            return [None] * len(self.leaves)
        ordered = sorted(among)
        cuts = [bisect_left(ordered, base) for base in self.bases] + [len(ordered)]
        pieces = (ordered[start:end] for start, end in pairwise(cuts))
        return [[place - base for place in piece] for base, piece in zip(self.bases, pieces, strict=True)]

    def count(self, token: str) -> int:
        """Return how many entries hold a token, hidden and deleted ones too."""
        return sum(leaf.count(token) for leaf in self.leaves)

    def weights(self, token: str, among: Set[int] | None) -> dict[int, int]:
        """Return entries that hold a token with its weight there."""
        found: dict[int, int] = {}
        for base, leaf, wanted in zip(self.bases, self.leaves, self._local(among), strict=True):
            if wanted != []:
                found.update(leaf.weights(token, wanted, base))
        return found

    def packed(self, token: str, among: Set[int] | None) -> dict[int, bytes]:
        """Return entries that hold a token with its packed positions."""
        found: dict[int, bytes] = {}
        for base, leaf, wanted in zip(self.bases, self.leaves, self._local(among), strict=True):
            if wanted != []:
                found.update(leaf.places(token, wanted, base))
        return found

    def tokens_from(self, prefix: str) -> Iterator[str]:
        """Yield all tokens that begin so, each once."""
        streams = [leaf.tokens_from(prefix) for leaf in self.leaves]
        return (token for token, _ in groupby(merge(*streams)))

    def _at(self, place: int) -> _Place:
        index = bisect_right(self.bases, place) - 1
        return _Place(self.leaves[index], place - self.bases[index])

    def _shown(self, place: int) -> Shown:
        at = self._at(place)
        return at.leaf.shown(at.local)

    def answer(self, query: Query, request: Request) -> Page:
        """Answer one question. Raises QueryRefused."""
        clock = Clock(monotonic() + TIME_LIMIT)
        seen = narrowed(self.columns, self.seen(request.tags), request.filters)
        evaluation = Evaluation(self, self.columns, seen, unpack=unpack, pack=pack, in_time=clock)
        scores = evaluation.scores(query)
        places = self._orders.page(
            scores, sort=request.sort, page=request.page, page_size=request.page_size
        )
        return Page(
            hits=tuple(hits_of(query, map(self._shown, places), page_size=request.page_size)),
            total=len(scores),
            page=request.page,
            page_size=request.page_size,
            facets=counted(self.columns, scores),
        )
