"""What stands for an item in lists: the address of its thumbnail, or why there is none."""

from collections.abc import Iterable
from dataclasses import dataclass

from flask import url_for

from repository.extensions import db
from repository.models.item import Item
from repository.models.package import Rendition
from repository.queries import thumbnails

#: Kinds that have a picture of their own where no thumbnail can be made.
_WORDLESS = {"audio": "sound", "document": "text"}


@dataclass(frozen=True, slots=True)
class Thumb:
    """url is "" unless state is "ok"; the states are those of macros/cards.html."""

    url: str
    state: str


def state_of(row: Rendition | None, kind: str) -> str:
    """Return "ok", "preparing", "damaged", or the sign for what has no preview."""
    if row is None:
        return "preparing"
    if row.path:
        return "ok"
    return _WORDLESS.get(kind, "none") if row.trouble == "no_maker" else "damaged"


def thumb_of(item: Item, row: Rendition | None) -> Thumb:
    """Return what to show for one item with this thumbnail row."""
    state = state_of(row, item.kind)
    if row is None or state != "ok":
        return Thumb("", state)
    return Thumb(picture_url(item, row), state)


def picture_url(item: Item, row: Rendition) -> str:
    """Return the address of one picture of an item."""
    return url_for("public.image", item_id=item.id, position=row.position, kind=row.kind, number=row.number)


def thumbs(rows: Iterable[Item]) -> dict[str, Thumb]:
    """Return what to show for each of these (visible) items, by id."""
    kept = list(rows)
    found = thumbnails(db.session, kept)
    return {row.id: thumb_of(row, found.get(row.id)) for row in kept}
