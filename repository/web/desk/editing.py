"""Draws the edit page: from the item, from what was typed, or from what was kept."""

from dataclasses import dataclass
from datetime import datetime

from flask import render_template, request
from flask_babel import gettext

from repository import queries
from repository.description.fields import MAY, FieldSpec
from repository.description.rules import Severity
from repository.extensions import db
from repository.models.edit_draft import EditDraft
from repository.models.item import Item
from repository.web.desk import forms
from repository.web.desk.forms import Trouble, Typed
from repository.web.desk.saving import conflict_of
from repository.web.desk.trails import carried, current_trail, list_url, next_id
from repository.web.guards import current_actor, current_tools
from repository.web.leaves import leaves_of
from repository.web.shown import files_of
from repository.web.texts import field_word
from repository.workflow import describe, states
from repository.workflow.errors import EditedMeanwhile, WorkflowError

LEAVES = 6  # pictures beside the form
OPEN = (states.DRAFT, states.RETURNED)


@dataclass(frozen=True, slots=True)
class Group:
    """Fields under one heading; the first group has none."""

    title: str
    note: str
    specs: tuple[FieldSpec, ...]


@dataclass(frozen=True, slots=True)
class Page:
    """What an edit page is made from; typed wins over kept, kept over the item."""

    item: Item
    full: bool = False
    typed: Typed | None = None
    kept: EditDraft | None = None
    refusal: WorkflowError | None = None

    @property
    def values(self) -> dict[str, str | tuple[str, ...]]:
        """Return what the fields show."""
        found = forms.said(self.item)
        if self.kept is not None:
            told = self.kept.typed.items()
            found |= {name: value if isinstance(value, str) else tuple(value) for name, value in told}
        return found | (self.typed.everything if self.typed else {})

    @property
    def revision(self) -> int:
        """Return what the page is made from: once somebody else's edit is on the page, that one."""
        if isinstance(self.refusal, EditedMeanwhile) or (self.kept is None and self.typed is None):
            return self.item.revision
        return self.kept.seen if self.kept is not None else self.typed.revision if self.typed else 0

    @property
    def kept_at(self) -> datetime | None:
        """Return when the kept text was typed, None where nothing of it is on the page."""
        return self.kept.at if self.kept is not None else None


def draw(page: Page) -> str:
    """Return the edit page."""
    item, values, trail = page.item, page.values, current_trail()
    specs = forms.specs_of(item.kind, full=page.full)
    columns = forms.columns_of(current_actor())
    shown = [*(row.name for row in specs), *columns, "reason"]
    trouble = forms.trouble_of(page.refusal, item.kind, shown) if page.refusal else Trouble({}, [])
    not_asked = set(forms.ARCHIVIST_COLUMNS) - set(columns)
    lacking = [name for name in _lacking(item) if name not in not_asked]
    package = queries.package(db.session, current_actor(), item.id) if item.version else None
    conflict = isinstance(page.refusal, EditedMeanwhile) and page.typed is not None
    return render_template(
        "desk/edit.html",
        item=item,
        page=page,
        groups=_groups(specs, item.kind),
        columns=columns,
        values=values,
        options=forms.options_of(specs, values) | forms.column_options(values),
        echoes=forms.echoes(values),
        trouble=trouble,
        conflict=conflict_of(item, page.typed) if conflict and page.typed else None,
        lacking=[field_word(name, item.kind) for name in lacking],
        lacks_more=any(name not in shown for name in lacking),
        reason=page.typed.reason if page.typed else request.args.get("reason", ""),
        carried=carried(trail),
        back=list_url(trail, item),
        has_next=next_id(trail, item) is not None,
        is_open=item.state in OPEN,
        leaves=leaves_of(item, package)[:LEAVES],
        files=files_of(item, package),
    )


def _groups(specs: tuple[FieldSpec, ...], kind: str) -> list[Group]:
    """Return the fields in the order of filling in: the quick ones, what must be told if known, the rest."""
    rest = [row for row in specs if not row.quick]
    told = tuple(row for row in rest if row.obligation_for(kind) != MAY)
    free = tuple(row for row in rest if row.obligation_for(kind) == MAY)
    groups = (
        Group("", "", tuple(row for row in specs if row.quick)),
        Group(gettext("有就要写"), gettext("知道多少写多少。带 * 的归档前一定要有。"), told),
        Group(gettext("选填"), "", free),
    )
    return [group for group in groups if group.specs]


def _lacking(item: Item) -> list[str]:
    """Return the names of the fields that filing asks for and that say nothing yet."""
    if item.state == states.ARCHIVED:
        return []
    found = describe.problems_of(item, today=current_tools().clock().date())
    names = (one.field for one in found if one.severity is Severity.ERROR and one.code in ("V41", "V06"))
    return list(dict.fromkeys(names))
