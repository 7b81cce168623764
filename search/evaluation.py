"""Evaluation: a query tree -> entries and their weights.

Chinese words become a chain of two-character tokens, the first question is
which entries hold all of them, and only those are asked for the positions.
Every step is limited to the entries the reader may know of, and looks at the
clock: a question that would take too long is refused, not endured.
"""

from collections.abc import Callable, Iterator, Mapping, Set
from dataclasses import dataclass
from typing import Protocol

from search.columns import Columns, dated, in_category, raised
from search.errors import QueryRefused
from search.fields import BAND, weight
from search.grammar import MAX_EXPANSIONS, CategoryIs, Clause, Part, Query, Words, Years


class Tokens(Protocol):
    """Where postings come from.

    Where among is given, other entries may be left out.
    """

    def count(self, token: str) -> int:
        """Return about how many entries hold a token."""

    def weights(self, token: str, among: Set[int] | None) -> dict[int, int]:
        """Return the entries that hold a token with its weight there."""

    def packed(self, token: str, among: Set[int] | None) -> dict[int, bytes]:
        """Return the entries that hold a token with its packed positions."""

    def tokens_from(self, prefix: str) -> Iterator[str]:
        """Yield all tokens that begin so."""


@dataclass(frozen=True, slots=True)
class _Link:
    """One token of a chain, at its distance from the chain's beginning."""

    token: str
    offset: int


def chain(words: Words) -> tuple[_Link, ...]:
    """Return tokens that cover the words: pairs where Chinese stands together."""
    links: list[_Link] = []
    covered = 0
    for index, text in enumerate(words.units):
        if index < covered:
            continue
        if _together(words, index):
            links.append(_Link(text + words.units[index + 1], words.offsets[index]))
            covered = index + 2
        elif index and _together(words, index - 1):
            links.append(_Link(words.units[index - 1] + text, words.offsets[index - 1]))
        else:
            links.append(_Link(text, words.offsets[index]))
    return tuple(links)


def _together(words: Words, index: int) -> bool:
    after = index + 1
    return (
        after < len(words.units)
        and words.wide[index]
        and words.wide[after]
        and words.offsets[after] == words.offsets[index] + 1
    )


@dataclass(slots=True)
class Evaluation:
    """One question over one state of the index."""

    source: Tokens
    columns: Columns
    seen: set[int]
    unpack: Callable[[bytes], list[int]]
    pack: Callable[[list[int]], bytes]
    in_time: Callable[[], None]

    def scores(self, query: Query) -> dict[int, int]:
        """Return the entries that fit among those seen, with their weights."""
        scores = {} if query.nothing else dict.fromkeys(self.seen, 0)
        first = True
        # The rare first and phrases last: they ask only those that are left.
        for clause in sorted(query.clauses, key=self._cost):
            if not scores:
                break
            found = self._clause(clause, scores.keys())
            if clause.negated:
                scores = {place: worth for place, worth in scores.items() if place not in found}
            elif first:
                scores, first = found, False
            else:
                scores = {place: scores[place] + worth for place, worth in found.items()}
        return raised(self.columns, scores, query.code)

    def _cost(self, clause: Clause) -> tuple[int, int]:
        """Return what a clause costs: the columns know years, phrases are dear."""
        dear, most = 0, 0
        for part in clause.options:
            if isinstance(part, Words):
                links = chain(part)
                dear = max(dear, len(links) + bool(part.field) + 10 * part.prefix)
                most = max(most, min(self.source.count(link.token) for link in links))
        return dear + clause.negated, most

    def _clause(self, clause: Clause, places: Set[int]) -> dict[int, int]:
        best: dict[int, int] = {}
        for part in clause.options:
            self.in_time()
            found = self._part(part, places)
            if not best:
                best = found
            else:
                for place, worth in found.items():
                    best[place] = max(worth, best.get(place, 0))
        return best

    def _part(self, part: Part, places: Set[int]) -> dict[int, int]:
        if isinstance(part, Years):
            return dict.fromkeys(dated(self.columns, places, part), 0)
        if isinstance(part, CategoryIs):
            return dict.fromkeys(in_category(self.columns, places, part), 0)
        links = chain(part)
        if len(links) > 1 or part.field or part.prefix:
            return self._phrase(part, links, places)
        token = links[0].token
        weights = self.source.weights(token, self._few(token, places))
        return {place: worth for place, worth in weights.items() if place in places}

    def _few(self, token: str, places: Set[int]) -> Set[int] | None:
        """Return the places where looking for them alone is quicker than reading all."""
        return places if len(places) * 16 < self.source.count(token) else None

    def _phrase(self, words: Words, links: tuple[_Link, ...], places: Set[int]) -> dict[int, int]:
        """Return the entries where the chain's tokens stand one after another."""
        whole = links[:-1] if words.prefix else links
        packed: dict[int, Mapping[int, bytes]] = {}
        left: Set[int] = places
        for link in sorted(whole, key=lambda link: self.source.count(link.token)):
            self.in_time()
            packed[link.offset] = self.source.packed(link.token, self._few(link.token, left))
            left = packed[link.offset].keys() & left
            if not left:
                return {}
        if words.prefix:
            packed[links[-1].offset] = self._expanded(links[-1].token, left)
            left = packed[links[-1].offset].keys() & left
        return self._in_a_row(words, packed, left)

    def _in_a_row(
        self, words: Words, packed: dict[int, Mapping[int, bytes]], left: Set[int]
    ) -> dict[int, int]:
        band = BAND.get(words.field)
        low, high = (band.start, band.start + band.size) if band else (0, 1 << 24)
        unpack = self.unpack
        # The rarest is the first in packed: its places are the fewest.
        (first, lead), *others = packed.items()
        found: dict[int, int] = {}
        for count, place in enumerate(left):
            if not count % 1000:
                self.in_time()
            starts = [start - first for start in unpack(lead[place])]
            for offset, places in others:
                wanted = unpack(places[place])
                starts = [start for start in starts if start + offset in wanted]
                if not starts:
                    break
            starts = [start for start in starts if low <= start < high]
            if starts:
                found[place] = weight(starts)
        return found

    def _expanded(self, prefix: str, places: Set[int]) -> dict[int, bytes]:
        """Return the postings of all words that begin so, as those of one.

        Only words that the reader can see are counted: the limit must not
        tell what is written in entries that are hidden from him.
        """
        merged: dict[int, list[int]] = {}
        count = 0
        for token in self.source.tokens_from(prefix):
            self.in_time()
            postings = self.source.packed(token, None)
            count += not self.seen.isdisjoint(postings)
            if count > MAX_EXPANSIONS:
                raise QueryRefused(limit="expansions", most=MAX_EXPANSIONS, found=count)
            for place in postings.keys() & places:
                merged.setdefault(place, []).extend(self.unpack(postings[place]))
        return {place: self.pack(sorted(found)) for place, found in merged.items()}
