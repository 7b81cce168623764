"""Entry goes in; Hit, Facet and Page come out."""

from dataclasses import dataclass, field
from enum import StrEnum


@dataclass(frozen=True, slots=True)
class Entry:
    """One findable thing, as the catalogue tells it to the index.

    tags are access tags: a reader finds the entry if he holds one of them. An
    entry without a tag is found by nobody. years are the first and last year
    of the date, or None where undated. extra is more full text (captions,
    text layers). people, place and words are searched as fields of their own.
    """

    id: str
    title: str
    tags: frozenset[str]
    kind: str = ""
    category: str = ""
    reference_code: str = ""
    reference_sort: str = ""
    people: tuple[str, ...] = ()
    place: str = ""
    creator: str = ""
    number: str = ""
    summary: str = ""
    extra: str = ""
    first_year: int | None = None
    last_year: int | None = None
    date_sort: str = ""
    access_level: str = ""
    generation: int = 0


class Sort(StrEnum):
    """The orders a result can have."""

    RELEVANCE = "relevance"
    DATE = "date"
    DATE_DOWN = "date_down"
    REFERENCE_CODE = "reference_code"


@dataclass(frozen=True, slots=True)
class Request:
    """One question: the user's words, who asks, and how to show it.

    text is in our own query language (search/grammar.py). filters narrow by
    exact field value: category, kind, decade ("1950", "undated"). page counts from 1.
    """

    text: str
    tags: frozenset[str]
    filters: tuple[tuple[str, str], ...] = ()
    sort: Sort = Sort.RELEVANCE
    page: int = 1
    page_size: int = 20


@dataclass(frozen=True, slots=True)
class Mark:
    """A piece of text; hit says whether it is to be shown as found."""

    text: str
    hit: bool = False


@dataclass(frozen=True, slots=True)
class Hit:
    """One found entry with its marked title and snippet."""

    id: str
    title: tuple[Mark, ...]
    snippet: tuple[Mark, ...] = ()


@dataclass(frozen=True, slots=True)
class FacetValue:
    """One value of a facet with the number of hits that carry it."""

    value: str
    count: int


@dataclass(frozen=True, slots=True)
class Facet:
    """The values of one field over the whole result."""

    name: str
    values: tuple[FacetValue, ...]


@dataclass(frozen=True, slots=True)
class Page:
    """One page of hits out of total, with facets over all of them."""

    hits: tuple[Hit, ...]
    total: int
    page: int
    page_size: int
    facets: tuple[Facet, ...] = field(default_factory=tuple)
