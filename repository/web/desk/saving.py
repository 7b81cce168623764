"""Saving what is typed on an edit page, by itself or by hand.

Before archiving, a page that saves by itself really saves; its saves join one
revision. What cannot be saved (half a date, an archived item, somebody else's
edit in between) is kept for its writer as typed and offered again.
"""

from dataclasses import dataclass

from repository import worklists
from repository.extensions import db
from repository.models.item import Item, Revision
from repository.web import words
from repository.web.desk.forms import Typed
from repository.web.guards import current_actor, current_tools
from repository.web.texts import field_word
from repository.workflow import describe, drafting, states
from repository.workflow.errors import EditedMeanwhile, Incomplete, Taken, WorkflowError


@dataclass(frozen=True, slots=True)
class Side:
    """One field on which two edits differ."""

    label: str
    theirs: str
    mine: str


@dataclass(frozen=True, slots=True)
class Conflict:
    """What somebody saved while this form was open, beside what stands on it."""

    last: Revision | None
    sides: tuple[Side, ...]


def autosave(item: Item, typed: Typed) -> WorkflowError | None:
    """Save or keep what is typed, and return what the writer must hear of (somebody saved meanwhile)."""
    if item.state == states.ARCHIVED:
        keep(item, typed)
        return None
    try:
        with db.session.begin_nested():
            describe.edit(db.session, current_tools(), current_actor(), item, wanted=typed.edit(item))
    except EditedMeanwhile as meanwhile:
        keep(item, typed)
        return meanwhile
    except (Incomplete, Taken):
        keep(item, typed)
        return None
    drafting.forget(db.session, current_actor(), item)
    return None


def keep(item: Item, typed: Typed) -> None:
    """Keep what is typed for its writer."""
    drafting.keep(
        db.session, current_tools(), current_actor(), item, typed=typed.everything, seen=typed.revision
    )


def save(item: Item, typed: Typed) -> None:
    """Save an edit; what was kept of it is not needed any more. Raises what describe.edit raises."""
    describe.edit(db.session, current_tools(), current_actor(), item, wanted=typed.edit(item))
    drafting.forget(db.session, current_actor(), item)


def conflict_of(item: Item, typed: Typed) -> Conflict:
    """Return on which fields an item as saved and a form differ."""
    saved = {**{name: _plain(value) for name, value in item.values.items()},
             **{name: str(getattr(item, name) or "") for name in typed.columns}}
    mine = {name: _plain(value) for name, value in typed.everything.items()}
    differing = [name for name, text in mine.items() if _bare(text) != _bare(saved.get(name, ""))]
    sides = tuple(Side(field_word(name, item.kind), _word(name, saved.get(name, "")), _word(name, mine[name]))
                  for name in differing)
    return Conflict(worklists.last_revision(db.session, item), sides)


def _plain(value: str | tuple[str, ...] | list[str]) -> str:
    return value if isinstance(value, str) else "、".join(value)


def _bare(text: str) -> str:
    return "".join(text.split())


def _word(name: str, text: str) -> str:
    known = {"kind": words.kind_word, "category": words.category_word, "retention": words.retention_word,
             "access_level": words.access_word}
    return known[name](text) if name in known and text else text
