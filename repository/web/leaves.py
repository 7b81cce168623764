"""The leaves of an item: what one turns over on its page, one picture after the other.

A scan is one leaf, a PDF or a TIFF of many pages one leaf for each page; a
file without a picture still has its leaf, which says why.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from repository import queries
from repository.extensions import db
from repository.models.item import Item
from repository.models.package import Package, Rendition
from repository.web.guards import current_actor
from repository.web.pictures import picture_url, state_of
from repository.workflow.packages import OBJECT


@dataclass(frozen=True, slots=True)
class Leaf:
    """One picture; url is "" unless state is "ok" (see macros/cards.html). name is the file it is from."""

    position: int
    url: str
    state: str
    name: str


@dataclass(frozen=True, slots=True)
class Turned:
    """The leaf that is open; number counts from 1 and stays within all."""

    leaf: Leaf
    number: int
    all: int


def leaves_of(item: Item, package: Package | None) -> list[Leaf]:
    """Return the leaves of a visible item in order."""
    rows = queries.renditions(db.session, current_actor(), item)
    return [leaf for position, name in _names(item, package) for leaf in _of_file(item, position, name, rows)]


def _names(item: Item, package: Package | None) -> Iterable[tuple[int, str]]:
    if package is None:
        return [(row.position, row.original_name) for row in item.staged_files]
    files = sorted((row for row in package.files if row.role == OBJECT), key=lambda row: row.position)
    return [(row.position, row.original_name) for row in files]


def _of_file(item: Item, position: int, name: str, rows: Sequence[Rendition]) -> list[Leaf]:
    mine = [row for row in rows if row.position == position]
    pages = [row for row in mine if row.kind == "page" and row.path]
    whole = [row for row in mine if row.kind == "access" and row.path]
    small = [row for row in mine if row.kind == "thumbnail"]
    shown = pages if len(pages) > 1 or not whole else whole
    if shown:
        return [Leaf(position, picture_url(item, row), "ok", name) for row in shown]
    state = state_of(small[0] if small else None, item.kind)
    return [Leaf(position, picture_url(item, small[0]) if state == "ok" else "", state, name)]


def turn(leaves: Sequence[Leaf], asked: int) -> Turned | None:
    """Return the leaf asked for, the nearest there is, or None where an item has no file."""
    if not leaves:
        return None
    number = min(max(1, asked), len(leaves))
    return Turned(leaves[number - 1], number, len(leaves))
