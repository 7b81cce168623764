"""Columns: the facts that filter, count and order a result.

One list per fact, one place per entry; an engine knows an entry by its place.
Every engine shares this room, so that facets and orders are the same.
"""

from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from heapq import nsmallest
from sys import intern

from search.analysis import squeeze
from search.entry import Entry, Facet, FacetValue, Sort
from search.errors import QueryRefused
from search.fields import FACETS, decade
from search.grammar import CategoryIs, Years

MAX_PAGE_SIZE = 100
# Nobody turns more pages; a machine that wants all uses OAI-PMH.
MAX_DEPTH = 10_000
# Above any sum of field weights: 20 clauses of at most 143.
CODE_WEIGHT = 1 << 20


@dataclass(frozen=True, slots=True)
class Row:
    """The facts of one entry, as they are kept beside its tokens."""

    id: str
    tags: tuple[str, ...]
    category: str
    kind: str
    decade: str
    code: str
    reference_sort: str
    date_sort: str
    first_year: int | None
    last_year: int | None


def row_of(entry: Entry) -> Row:
    """Return the facts of an entry."""
    first = entry.first_year if entry.first_year is not None else entry.last_year
    return Row(
        id=entry.id,
        tags=tuple(sorted(entry.tags)),
        category=entry.category,
        kind=entry.kind,
        decade=decade(entry),
        code=squeeze(entry.reference_code),
        reference_sort=entry.reference_sort,
        date_sort=entry.date_sort,
        first_year=first,
        last_year=entry.last_year if entry.last_year is not None else first,
    )


@dataclass(slots=True)
class Columns:
    """The facts of many entries, one list per fact."""

    id: list[str] = field(default_factory=list)
    tags: list[tuple[str, ...]] = field(default_factory=list)
    category: list[str] = field(default_factory=list)
    kind: list[str] = field(default_factory=list)
    decade: list[str] = field(default_factory=list)
    code: list[str] = field(default_factory=list)
    reference_sort: list[str] = field(default_factory=list)
    date_sort: list[str] = field(default_factory=list)
    first_year: list[int | None] = field(default_factory=list)
    last_year: list[int | None] = field(default_factory=list)

    def add(self, row: Row) -> None:
        """Put one entry behind the others."""
        self.id.append(row.id)
        self.tags.append(row.tags)
        # One object for each value: counting then compares addresses.
        self.category.append(intern(row.category))
        self.kind.append(intern(row.kind))
        self.decade.append(intern(row.decade))
        self.code.append(row.code)
        self.reference_sort.append(row.reference_sort)
        self.date_sort.append(row.date_sort)
        self.first_year.append(row.first_year)
        self.last_year.append(row.last_year)

    def extend(self, other: "Columns") -> None:
        """Put all entries of another table behind these."""
        for name in Row.__slots__:
            getattr(self, name).extend(getattr(other, name))


def seen_with(columns: Columns, tags: frozenset[str]) -> set[int]:
    """Return the places a reader who holds these tags may know of."""
    known = {own for own in set(columns.tags) if not tags.isdisjoint(own)}
    return {place for place, own in enumerate(columns.tags) if own in known}


def dated(columns: Columns, places: Iterable[int], years: Years) -> set[int]:
    """Return those places whose years touch the range; the undated never do."""
    low = -9999 if years.first is None else years.first
    high = 9999 if years.last is None else years.last
    first, last = columns.first_year, columns.last_year
    return {
        place
        for place in places
        if (start := first[place]) is not None and start <= high and (last[place] or start) >= low
    }


def in_category(columns: Columns, places: Iterable[int], wanted: CategoryIs) -> set[int]:
    """Return those places in a category, whatever its width or script."""
    matching = {name for name in set(columns.category) if squeeze(name) == wanted.value}
    category = columns.category
    return {place for place in places if category[place] in matching}


def narrowed(columns: Columns, places: set[int], filters: tuple[tuple[str, str], ...]) -> set[int]:
    """Return those places that pass every filter.

    Two values of one filter widen it. Raises QueryRefused for an unknown one.
    """
    wanted: dict[str, set[str]] = {}
    for name, value in filters:
        if name not in FACETS:
            raise QueryRefused(limit="filter", name=name)
        wanted.setdefault(name, set()).add(value)
    for name, values in wanted.items():
        column = getattr(columns, name)
        places = {place for place in places if column[place] in values}
    return places


def counted(columns: Columns, places: Collection[int]) -> tuple[Facet, ...]:
    """Return the facets over a result: the most frequent first, decades in time."""
    facets = []
    for name in FACETS:
        column = getattr(columns, name)
        counts = Counter(map(column.__getitem__, places))
        pairs = [(value, count) for value, count in counts.items() if value]
        if name == "decade":
            pairs.sort(key=lambda pair: (pair[0] == "undated", int(pair[0]) if pair[0] != "undated" else 0))
        else:
            pairs.sort(key=lambda pair: (-pair[1], pair[0]))
        facets.append(Facet(name, tuple(FacetValue(value, count) for value, count in pairs)))
    return tuple(facets)


def raised(columns: Columns, scores: dict[int, int], code: str) -> dict[int, int]:
    """Return the scores with the entry of exactly this reference code on top."""
    codes = columns.code
    same = [place for place in scores if codes[place] == code] if code else []
    return {**scores, **{place: scores[place] + CODE_WEIGHT for place in same}} if same else scores


def _check_page(page: int, page_size: int) -> None:
    if not 1 <= page_size <= MAX_PAGE_SIZE:
        raise QueryRefused(limit="page_size", most=MAX_PAGE_SIZE, found=page_size)
    if page < 1 or page * page_size > MAX_DEPTH:
        raise QueryRefused(limit="page", most=MAX_DEPTH // page_size, found=page)


class Orders:
    """The orders of all entries, each made when it is first asked for.

    Equals stand by reference code, then by id, so that an order never depends
    on entries that are not in it. Undated and uncoded entries stand last.
    """

    def __init__(self, columns: Columns) -> None:
        self._columns = columns
        self._ranks: dict[Sort, list[int]] = {}
        self._orders: dict[Sort, list[int]] = {}

    def _order(self, sort: Sort) -> list[int]:
        columns = self._columns
        date, reference = columns.date_sort, columns.reference_sort
        if sort == Sort.DATE:
            return sorted(self.order(Sort.REFERENCE_CODE), key=lambda place: (not date[place], date[place]))
        if sort == Sort.DATE_DOWN:
            return sorted(self.order(Sort.REFERENCE_CODE), key=date.__getitem__, reverse=True)
        keys = list(zip(map("".__eq__, reference), reference, columns.id, strict=True))
        return sorted(range(len(keys)), key=keys.__getitem__)

    def order(self, sort: Sort) -> list[int]:
        """Return all places in this order."""
        if sort not in self._orders:
            self._orders[sort] = self._order(sort)
        return self._orders[sort]

    def _rank(self, sort: Sort) -> list[int]:
        """Return for each place which one it is in this order."""
        if sort not in self._ranks:
            ranks = [0] * len(self._columns.id)
            for rank, place in enumerate(self.order(sort)):
                ranks[place] = rank
            self._ranks[sort] = ranks
        return self._ranks[sort]

    def page(self, scores: Mapping[int, int], *, sort: Sort, page: int, page_size: int) -> list[int]:
        """Return the places on one page, in order. Raises QueryRefused."""
        _check_page(page, page_size)
        base = Sort.REFERENCE_CODE if sort == Sort.RELEVANCE else sort
        rank, order = self._rank(base), self.order(base)
        size = len(order) or 1
        if sort == Sort.RELEVANCE:
            # One number holds weight and rank: numbers compare quickest.
            numbers = [rank[place] - worth * size for place, worth in scores.items()]
        else:
            numbers = [rank[place] for place in scores]
        stop = page * page_size
        start = stop - page_size
        return [order[number % size] for number in nsmallest(stop, numbers)[start:]]
