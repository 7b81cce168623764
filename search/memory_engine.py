"""MemoryEngine: every entry is read for every question.

The reference for all engines: it knows no tokens and no postings, only texts
and units, so that it cannot share a fault with them. For tests and trials.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from threading import RLock

from search.analysis import Unit, units
from search.columns import Columns, Orders, counted, dated, in_category, narrowed, raised, row_of, seen_with
from search.engine import Health
from search.entry import Entry, Page, Request
from search.errors import QueryRefused
from search.fields import BAND, band_at, passages, weight
from search.grammar import MAX_EXPANSIONS, CategoryIs, Clause, Part, Query, Words, Years, parse
from search.highlights import Shown, hits_of


def _stands_at(words: Words, text: dict[int, Unit], place: int) -> bool:
    """Tell whether the words stand in the text from this position on."""
    last = len(words.units) - 1
    for index, offset in enumerate(words.offsets):
        unit = text.get(place + offset)
        if unit is None or unit.wide != words.wide[index]:
            return False
        wanted = words.units[index]
        begins = words.prefix and index == last and unit.text.startswith(wanted)
        if unit.text != wanted and not begins:
            return False
    return True


@dataclass(slots=True)
class _Text:
    """The units of one entry by position."""

    units: dict[int, Unit]

    def places(self, words: Words) -> list[int]:
        """Return the positions where the words stand."""
        starts = [place for place in sorted(self.units) if _stands_at(words, self.units, place)]
        return [place for place in starts if words.field in ("", band_at(place).name)]


def _read(entry: Entry) -> _Text:
    placed: dict[int, Unit] = {}
    for name, text in passages(entry).items():
        band = BAND[name]
        for unit in units(text):
            if unit.position < band.size - 1:
                placed[band.start + unit.position] = unit
    return _Text(placed)


@dataclass(slots=True)
class _Shelf:
    """All entries in a row, as a question sees them."""

    entries: list[Entry]
    texts: list[_Text]
    columns: Columns = field(default_factory=Columns)

    def _check_prefix(self, words: Words, places: set[int]) -> None:
        """Raise QueryRefused if too many words begin so."""
        start = words.units[-1]
        found = {
            unit.text
            for place in places
            for unit in self.texts[place].units.values()
            if not unit.wide and unit.text.startswith(start)
        }
        if len(found) > MAX_EXPANSIONS:
            raise QueryRefused(limit="expansions", most=MAX_EXPANSIONS, found=len(found))

    def part(self, part: Part, places: set[int]) -> dict[int, int]:
        """Return the places that fit one part, with its weight there."""
        if isinstance(part, Years):
            return dict.fromkeys(dated(self.columns, places, part), 0)
        if isinstance(part, CategoryIs):
            return dict.fromkeys(in_category(self.columns, places, part), 0)
        starts = {place: self.texts[place].places(part) for place in places}
        return {place: weight(found) for place, found in starts.items() if found}

    def clause(self, clause: Clause, places: set[int]) -> dict[int, int]:
        """Return the places that fit one of the options, best weight first."""
        best: dict[int, int] = {}
        for part in clause.options:
            for place, worth in self.part(part, places).items():
                best[place] = max(worth, best.get(place, 0))
        return best

    def scores(self, query: Query, places: set[int]) -> dict[int, int]:
        """Return the places that fit every clause with their sum of weights."""
        scores = {} if query.nothing else dict.fromkeys(places, 0)
        for words in query.words():
            if words.prefix:
                self._check_prefix(words, places)
        for clause in query.clauses:
            found = self.clause(clause, set(scores))
            if clause.negated:
                scores = {place: worth for place, worth in scores.items() if place not in found}
            else:
                scores = {place: scores[place] + worth for place, worth in found.items()}
        return raised(self.columns, scores, query.code)


class MemoryEngine:
    """An Engine that keeps entries in memory and reads all of them."""

    def __init__(self) -> None:
        self._entries: dict[str, Entry] = {}
        self._texts: dict[str, _Text] = {}
        self._generation = 0
        self._lock = RLock()

    def replace(self, entries: Iterable[Entry], generation: int) -> int:
        """Add entries or put them in place of those with the same id."""
        new = {entry.id: entry for entry in entries}
        with self._lock:
            self._entries = {**self._entries, **new}
            self._texts.update({name: _read(entry) for name, entry in new.items()})
            self._generation = generation
        return len(new)

    def remove(self, ids: Iterable[str], generation: int) -> None:
        """Forget entries; ids that are not there are no error."""
        gone = set(ids)
        with self._lock:
            self._entries = {name: entry for name, entry in self._entries.items() if name not in gone}
            self._texts = {name: text for name, text in self._texts.items() if name not in gone}
            self._generation = generation

    def find(self, request: Request) -> Page:
        """Answer one question. Raises QueryRefused."""
        query = parse(request.text)
        with self._lock:
            entries = list(self._entries.values())
            shelf = _Shelf(entries, [self._texts[entry.id] for entry in entries])
        for entry in entries:
            shelf.columns.add(row_of(entry))
        seen = narrowed(shelf.columns, seen_with(shelf.columns, request.tags), request.filters)
        scores = shelf.scores(query, seen)
        places = Orders(shelf.columns).page(
            scores, sort=request.sort, page=request.page, page_size=request.page_size
        )
        shown = (Shown(e.id, e.title, e.summary, e.extra) for e in (entries[place] for place in places))
        return Page(
            hits=tuple(hits_of(query, shown, page_size=request.page_size)),
            total=len(scores),
            page=request.page,
            page_size=request.page_size,
            facets=counted(shelf.columns, scores),
        )

    def rebuild(self, entries: Iterable[Entry], generation: int) -> int:
        """Put these entries in place of all others."""
        new = {entry.id: entry for entry in entries}
        texts = {name: _read(entry) for name, entry in new.items()}
        with self._lock:
            self._entries, self._texts, self._generation = new, texts, generation
        return len(new)

    def health(self) -> Health:
        """Return the state: always usable."""
        return Health(True, "", len(self._entries), self._generation)
