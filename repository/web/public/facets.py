"""Facets with their labels, alike on the browse and the search page."""

from collections.abc import Mapping
from dataclasses import dataclass

from flask_babel import gettext

from repository.web.words import category_word, decade_word, kind_word

_WORD = {"category": category_word, "kind": kind_word, "decade": decade_word}


@dataclass(frozen=True, slots=True)
class FacetRow:
    """One value of a facet: what goes into the address, what people read, how many."""

    value: str
    label: str
    count: int


@dataclass(frozen=True, slots=True)
class NamedFacet:
    """A facet as pages show it; chosen is the value now in force, chosen_label its word."""

    title: str
    name: str
    rows: tuple[FacetRow, ...]
    chosen: str = ""
    chosen_label: str = ""


def title_of(name: str) -> str:
    """Return the heading of a facet."""
    return {"category": gettext("类别"), "kind": gettext("种类"), "decade": gettext("年代")}[name]


def label_of(name: str, value: str) -> str:
    """Return the word for one value of a facet."""
    return _WORD[name](value)


def named(name: str, counts: Mapping[str, int], chosen: str) -> NamedFacet:
    """Return a facet with labels: decades from old to new, the rest by how many."""
    order = sorted(counts) if name == "decade" else sorted(counts, key=lambda value: (-counts[value], value))
    rows = tuple(FacetRow(value, label_of(name, value), counts[value]) for value in order if value)
    return NamedFacet(title_of(name), name, rows, chosen, label_of(name, chosen) if chosen else "")
