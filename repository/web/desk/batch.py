"""The page of one submission: many drafts described at once.

Whatever button is pressed, what is typed is saved first, row by row; a row
that cannot be saved comes back as typed, with the reason beside it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from flask import request

from repository.description.fields import FieldSpec, quick_fields
from repository.extensions import db
from repository.models.item import Item
from repository.web.guards import current_actor, current_tools
from repository.web.texts import sentence
from repository.workflow import deposit, describe, review, states
from repository.workflow.describe import Edit
from repository.workflow.errors import Incomplete

#: Fields that stand in each row of the page.
ROW_FIELDS = ("title", "date")
OPEN = (states.DRAFT, states.RETURNED)
ALL = "all-"


@dataclass(frozen=True, slots=True)
class Batch:
    """What came of one press of a button: errors and typed texts by input name, done is how many items."""

    errors: dict[str, str] = field(default_factory=dict)
    typed: dict[str, str] = field(default_factory=dict)
    done: int = 0


def input_name(name: str, item: Item) -> str:
    """Return the name of a row's input."""
    return f"{name}-{item.id}"


def common_fields() -> tuple[FieldSpec, ...]:
    """Return the fields that can be filled in for all rows at once."""
    return quick_fields("photo")


def save_rows(items: Sequence[Item]) -> Batch:
    """Save what stands in the rows; a row that is refused keeps nothing of it and is told."""
    batch = Batch(typed={ALL + row.name: request.form.get(ALL + row.name, "") for row in common_fields()})
    for item in items:
        names = {name: input_name(name, item) for name in ROW_FIELDS}
        texts = {name: request.form[key] for name, key in names.items() if key in request.form}
        if item.state in OPEN and texts:
            _save(item, texts, batch, names=names)
    return batch


def fill(items: Sequence[Item]) -> Batch:
    """Fill the common fields in wherever an item says nothing yet; without any, nothing happens."""
    batch = Batch()
    common = {row.name: request.form.get(ALL + row.name, "").strip() for row in common_fields()}
    for item in items:
        texts = {name: text for name, text in common.items() if text and not item.values.get(name)}
        if item.state in OPEN and texts:
            _save(item, texts, batch, names={name: ALL + name for name in texts})
    return batch


def _save(item: Item, texts: Mapping[str, str], batch: Batch, *, names: Mapping[str, str]) -> None:
    try:
        with db.session.begin_nested():
            wanted = Edit(texts, {}, joins=True)
            describe.edit(db.session, current_tools(), current_actor(), item, wanted=wanted)
    except Incomplete as refusal:
        batch.typed.update({names[name]: text for name, text in texts.items()})
        for problem in refusal.facts["problems"]:  # type: ignore[attr-defined]
            batch.errors.setdefault(names.get(problem.field, ""), sentence(problem, item.kind))


def merge(items: Sequence[Item]) -> Item | None:
    """Make one item of the chosen drafts, in the order of the list; what only the others say is kept.

    None where fewer than two are chosen. Raises NotAllowed.
    """
    chosen = [item for item in items if item.id in set(request.form.getlist("chosen"))]
    if len(chosen) < 2:
        return None
    said: dict[str, str | tuple[str, ...]] = {}
    for other in chosen[1:]:
        said = {**{name: _plain(value) for name, value in other.values.items()}, **said}
    wanted = {name: value for name, value in said.items() if not chosen[0].values.get(name)}
    first = deposit.merge(db.session, current_actor(), chosen)
    describe.edit(db.session, current_tools(), current_actor(), first, wanted=Edit(wanted, {}, joins=True))
    return first


def _plain(value: str | list[str]) -> str | tuple[str, ...]:
    return value if isinstance(value, str) else tuple(value)


def submit(items: Sequence[Item]) -> Batch:
    """Hand all drafts over to the archivists, or none where a title is missing."""
    batch = Batch()
    going = [item for item in items if item.state in OPEN]
    for item in going:
        if not item.title.strip():
            batch.errors[input_name("title", item)] = sentence(Incomplete(missing=("title",)))
    if batch.errors:
        return batch
    for item in going:
        review.submit(db.session, current_tools(), current_actor(), item)
    return Batch(done=len(going))
