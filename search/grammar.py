"""Grammar: what a user writes -> a query tree.

    words side by side   all must be there        毕业 合影
    "a phrase"           these words in a row     "first class"
    -word                must not be there        合影 -1956
    a|b                  one of them              照片|合影
    field:value          in one field only        题名:合影  人物：张三  档号:J019
    1950..1959           dated in these years     年:1956  1950..  ..1959
    word*                begins so (not Chinese)  grad*

Chinese text is found anywhere in a sentence, so a star after it says nothing
new. No brackets, no other signs: everything else is plain text. parse never
raises anything but QueryRefused, whatever is written.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from search.analysis import squeeze, units
from search.errors import QueryRefused
from search.fields import FIELD_OF
from search.folding import fold

MAX_QUERY = 200
MAX_TERM = 64
MAX_CLAUSES = 20
MIN_PREFIX = 2
MAX_EXPANSIONS = 200


@dataclass(frozen=True, slots=True)
class Words:
    """Units in a row; offsets are their positions counted from the first.

    field limits them to one field. With prefix the last one only begins so.
    """

    units: tuple[str, ...]
    offsets: tuple[int, ...]
    wide: tuple[bool, ...]
    field: str = ""
    prefix: bool = False


@dataclass(frozen=True, slots=True)
class Years:
    """Dated within these years; None is open."""

    first: int | None
    last: int | None


@dataclass(frozen=True, slots=True)
class CategoryIs:
    """In this category (类别), folded and without spaces."""

    value: str


Part = Words | Years | CategoryIs


@dataclass(frozen=True, slots=True)
class Clause:
    """One of the options must be there, or with negated none of them."""

    options: tuple[Part, ...]
    negated: bool = False


@dataclass(frozen=True, slots=True)
class Query:
    """All clauses hold. code is the whole text, to compare with codes.

    nothing is True where a text was written but has nothing to search for:
    it finds nothing, while an empty text finds everything.
    """

    clauses: tuple[Clause, ...] = ()
    code: str = ""
    nothing: bool = False

    def words(self) -> Iterator[Words]:
        """Yield the words of all clauses."""
        for clause in self.clauses:
            for part in clause.options:
                if isinstance(part, Words):
                    yield part


_QUOTES = '"“”„＂'
_ITEM = re.compile(
    rf"(?P<bar>[|｜])|(?P<minus>[-－])?(?P<body>(?:(?P<field>[^\s:：|｜{_QUOTES}]{{1,12}})[:：])?"
    rf"(?:[{_QUOTES}](?P<phrase>[^{_QUOTES}]*)[{_QUOTES}]?|(?P<bare>[^\s|｜{_QUOTES}]+)))"
)
_YEAR = r"[0-9]{1,4}"
_RANGE = re.compile(r"([0-9]{4})?\.\.([0-9]{4})?")
_YEARS = re.compile(rf"({_YEAR})?年?(?:\.\.|-|~)({_YEAR})?年?")


def _refuse(limit: str, most: int, found: int) -> QueryRefused:
    return QueryRefused(limit=limit, most=most, found=found)


def _years(text: str, pattern: re.Pattern[str]) -> Years | None:
    match = pattern.fullmatch(text)
    if not match or not (match[1] or match[2]):
        return None
    first, last = (int(group) if group else None for group in match.groups())
    if first is not None and last is not None and first > last:
        first, last = last, first
    return Years(first, last)


def _year_field(text: str) -> Years | None:
    single = re.fullmatch(rf"({_YEAR})年?", text)
    return Years(int(single[1]), int(single[1])) if single else _years(text, _YEARS)


def _words(text: str, field: str, *, may_expand: bool) -> Words | None:
    """Return the words of a piece of text, or None where it has none."""
    stripped = fold(text).rstrip("*")
    starred = may_expand and len(stripped) < len(text)
    found = tuple(units(text))
    if not found:
        return None
    last = found[-1]
    prefix = starred and not last.wide and last.end == len(stripped)
    if prefix and len(last.text) < MIN_PREFIX:
        raise QueryRefused(limit="prefix", least=MIN_PREFIX, found=len(last.text))
    return Words(
        units=tuple(unit.text for unit in found),
        offsets=tuple(unit.position for unit in found),
        wide=tuple(unit.wide for unit in found),
        field=field,
        prefix=prefix,
    )


def _fielded(field: str, value: str, *, may_expand: bool) -> Part | None:
    if field == "year":
        return _year_field(squeeze(value))
    if field == "category":
        return CategoryIs(squeeze(value)) if squeeze(value) else None
    return _words(value, field, may_expand=may_expand)


def _part(match: re.Match[str]) -> Part | None:
    quoted = match["phrase"] is not None
    value = match["phrase"] if quoted else match["bare"]
    field = FIELD_OF.get(fold(match["field"] or ""), "")
    part = _fielded(field, value, may_expand=not quoted) if field else None
    if part is not None:
        return part
    # A field that is none of ours, as in access:*, is plain text.
    text = match["body"]
    return (None if quoted else _years(fold(text), _RANGE)) or _words(text, "", may_expand=not quoted)


def parse(text: str) -> Query:
    """Return the query tree of a text. Raises QueryRefused over a limit."""
    if len(text) > MAX_QUERY:
        raise _refuse("query", MAX_QUERY, len(text))
    clauses: list[Clause] = []
    joined = False
    count = 0
    for match in _ITEM.finditer(text):
        if match["bar"]:
            joined = True
            continue
        if len(match["body"]) > MAX_TERM:
            raise _refuse("term", MAX_TERM, len(match["body"]))
        part = _part(match)
        if part is not None:
            count += 1
            if joined and clauses:
                last = clauses.pop()
                clauses.append(Clause((*last.options, part), last.negated))
            else:
                clauses.append(Clause((part,), bool(match["minus"])))
        joined = False
    if count > MAX_CLAUSES:
        raise _refuse("clauses", MAX_CLAUSES, count)
    return Query(tuple(clauses), squeeze(text), nothing=bool(text.strip()) and not clauses)
