"""Highlights: where the question's words stand in a text.

What comes out is text in pieces, never markup: the page that shows it
escapes it. Folding keeps offsets, so pieces are cut from the original.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from search.analysis import LOOSE, NARROW, WIDE
from search.entry import Hit, Mark
from search.folding import IGNORED, fold
from search.grammar import Query, Words

SNIPPET = 120
_BEFORE = 30
# Characters looked through for the snippets of one page: the text layer of a
# whole book is not read to its end, so that no page takes long (P20).
_PAGE_BUDGET = 2_000_000
_BETWEEN = rf"(?:(?!{NARROW}|[{WIDE}])[\s\S]){{0,8}}?"


@dataclass(frozen=True, slots=True)
class Shown:
    """The texts of an entry that a hit is cut from."""

    id: str
    title: str
    summary: str
    extra: str


@dataclass(frozen=True, slots=True)
class _Span:
    start: int
    end: int


def _word(text: str, *, wide: bool, prefix: bool) -> str:
    body = f"{IGNORED}*".join(re.escape(char) for char in text)
    if wide:
        return body
    tail = rf"(?:{IGNORED}*{NARROW})*" if prefix else ""
    return rf"(?<!{NARROW}){body}{tail}(?!{NARROW})"


def _pattern(words: Words) -> str:
    pieces: list[str] = []
    for index, text in enumerate(words.units):
        wide = words.wide[index]
        if index:
            together = wide and words.wide[index - 1] and words.offsets[index] == words.offsets[index - 1] + 1
            pieces.append(LOOSE if together else _BETWEEN)
        pieces.append(_word(text, wide=wide, prefix=words.prefix and index == len(words.units) - 1))
    return "".join(pieces)


def _wanted(query: Query, field: str) -> re.Pattern[str] | None:
    """Return what to mark in a field: the positive words that may hit there."""
    patterns = [
        _pattern(part)
        for clause in query.clauses
        if not clause.negated
        for part in clause.options
        if isinstance(part, Words) and part.field in ("", field)
    ]
    # The longer first, or 学 would hide 学校.
    return re.compile("|".join(sorted(patterns, key=len, reverse=True))) if patterns else None


def _spans(pattern: re.Pattern[str] | None, text: str) -> Iterator[_Span]:
    if pattern is None:
        return
    for match in pattern.finditer(fold(text)):
        yield _Span(match.start(), match.end())


def _marks(text: str, spans: Iterable[_Span]) -> tuple[Mark, ...]:
    marks: list[Mark] = []
    place = 0
    for span in spans:
        first, end = span.start, span.end
        if first > place:
            marks.append(Mark(text[place:first]))
        marks.append(Mark(text[first:end], hit=True))
        place = end
    if place < len(text):
        marks.append(Mark(text[place:]))
    return tuple(marks)


def _whole(pattern: re.Pattern[str] | None, text: str) -> tuple[Mark, ...]:
    return _marks(text, _spans(pattern, text))


def _cut(pattern: re.Pattern[str] | None, text: str, first: _Span) -> tuple[Mark, ...]:
    """Return the piece of text around its first hit."""
    start = max(0, first.start - _BEFORE)
    stop = min(len(text), max(start + SNIPPET, first.end))
    left = (Mark("…"),) if start else ()
    right = (Mark("…"),) if stop < len(text) else ()
    return (*left, *_whole(pattern, text[start:stop]), *right)


@dataclass(slots=True)
class _Marker:
    """Marks the hits of one page; patterns are made once for all of them."""

    title: re.Pattern[str] | None
    summary: re.Pattern[str] | None
    extra: re.Pattern[str] | None
    most: int

    def hit(self, shown: Shown) -> Hit:
        """Return the entry with what was asked marked in title and snippet."""
        return Hit(shown.id, _whole(self.title, shown.title), self._snippet(shown))

    def _snippet(self, shown: Shown) -> tuple[Mark, ...]:
        for pattern, text in ((self.summary, shown.summary), (self.extra, shown.extra)):
            first = next(_spans(pattern, text[: self.most]), None)
            if first is not None:
                return _cut(pattern, text, first)
        text = shown.summary or shown.extra
        return _cut(None, text, _Span(0, 0)) if text else ()


def hits_of(query: Query, shown: Iterable[Shown], *, page_size: int) -> Iterator[Hit]:
    """Yield the entries of one page with what was asked marked in them."""
    marker = _Marker(
        title=_wanted(query, "title"),
        summary=_wanted(query, "summary"),
        extra=_wanted(query, "extra"),
        most=_PAGE_BUDGET // page_size,
    )
    return map(marker.hit, shown)
