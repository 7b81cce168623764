"""Highlights: where the question's words stand in a stored text.

What comes out is text in pieces, never markup: the page that shows it
escapes it. Folding keeps offsets, so pieces are cut from the original.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from search.analysis import LOOSE, NARROW
from search.entry import Hit, Mark
from search.folding import IGNORED, fold
from search.grammar import Query, Words

SNIPPET = 120
_BEFORE = 30
# A text layer of a whole book is not marked to its end.
_MOST = 200_000
_BETWEEN = rf"(?:(?!{NARROW})[\s\S]){{0,8}}?"


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
    for match in pattern.finditer(fold(text[:_MOST])):
        yield _Span(match.start(), match.end())


def _marks(text: str, spans: Iterable[_Span], *, start: int, stop: int) -> tuple[Mark, ...]:
    marks: list[Mark] = []
    place = start
    for span in spans:
        first, end = span.start, span.end
        if end > stop:
            break
        if first < place:
            continue
        if first > place:
            marks.append(Mark(text[place:first]))
        marks.append(Mark(text[first:end], hit=True))
        place = end
    if place < stop:
        marks.append(Mark(text[place:stop]))
    return tuple(marks)


def _snippet(query: Query, shown: Shown) -> tuple[Mark, ...]:
    """Return the part of summary or extra around the first hit."""
    for field, text in (("summary", shown.summary), ("extra", shown.extra)):
        first = next(_spans(_wanted(query, field), text), None)
        if first is not None:
            start = max(0, first.start - _BEFORE)
            stop = min(len(text), max(start + SNIPPET, first.end))
            window = text[start:stop]
            marks = _marks(window, _spans(_wanted(query, field), window), start=0, stop=len(window))
            left = (Mark("…"),) if start else ()
            right = (Mark("…"),) if stop < len(text) else ()
            return (*left, *marks, *right)
    text = shown.summary or shown.extra
    beginning = text[:SNIPPET]
    marks = (Mark(beginning),) if beginning else ()
    return (*marks, Mark("…")) if len(text) > SNIPPET else marks


def hit_of(query: Query, shown: Shown) -> Hit:
    """Return the entry with what was asked marked in title and snippet."""
    title = _marks(
        shown.title, _spans(_wanted(query, "title"), shown.title), start=0, stop=len(shown.title)
    )
    return Hit(shown.id, title, _snippet(query, shown))
