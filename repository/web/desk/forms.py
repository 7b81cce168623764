"""Forms of the desk, built from the data dictionary: what to show, what was typed.

Only what stood on a form is read from it; what did not stand there stays as
it is. An empty retention or access level means: as the category says.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TypeVar

from flask import request
from flask_babel import gettext
from werkzeug.datastructures import MultiDict

from repository.description.codes import (
    ACCESS_LEVELS,
    CATEGORIES,
    CODE_LISTS,
    KINDS,
    RETENTION,
    Code,
    CodeList,
    retention_label,
)
from repository.description.date_labels import humanise
from repository.description.dates import parse_date
from repository.description.errors import DateRefused
from repository.description.fields import FieldSpec, fields_for, quick_fields, spec
from repository.models.item import Item
from repository.permissions import Act, Actor, may
from repository.web.texts import lang, problems, sentence
from repository.workflow.describe import Edit
from repository.workflow.errors import Incomplete, ReasonMissing, Taken, WorkflowError

C = TypeVar("C", bound=Code)
Values = Mapping[str, str | tuple[str, ...]]
Options = list[tuple[str, str]]
#: Columns that an archivist fills in; a depositor names kind and category.
ARCHIVIST_COLUMNS = ("kind", "category", "retention", "access_level", "reference_code")
DEPOSITOR_COLUMNS = ("kind", "category")
DATE_FIELDS = ("date", "digitised_on")


@dataclass(frozen=True, slots=True)
class Typed:
    """What stood on a form that was sent in."""

    values: dict[str, str | tuple[str, ...]]
    columns: dict[str, str]
    revision: int
    reason: str

    @property
    def everything(self) -> dict[str, str | tuple[str, ...]]:
        """Return values and columns by name."""
        return {**self.values, **self.columns}

    def edit(self, item: Item, *, joins: bool = True) -> Edit:
        """Return the edit that was meant."""
        return Edit(self.values, by_category(self.columns, item), self.revision, self.reason, joins)


@dataclass(frozen=True, slots=True)
class Trouble:
    """What a refusal says on the form: at fields, and all of it in a summary."""

    errors: dict[str, str]
    summary: list[tuple[str, str]]


def columns_of(actor: Actor) -> tuple[str, ...]:
    """Return the columns that this person fills in."""
    return ARCHIVIST_COLUMNS if may(actor, Act.DESCRIBE) else DEPOSITOR_COLUMNS


def specs_of(kind: str, *, full: bool) -> tuple[FieldSpec, ...]:
    """Return the fields of the quick or the full form."""
    return fields_for(kind) if full else quick_fields(kind)


def read(actor: Actor) -> Typed:
    """Return what this request's form says; fields that did not stand on it are left out."""
    form = request.form
    shown = specs_of(form.get("shown_kind", ""), full=form.get("form") == "full")
    values: dict[str, str | tuple[str, ...]] = {}
    for row in shown:
        if row.many and row.code_list in CODE_LISTS:
            values[row.name] = tuple(form.getlist(row.name))
        elif row.name in form:
            values[row.name] = form[row.name]
    columns = {name: form[name] for name in columns_of(actor) if name in form}
    return Typed(values, columns, _number(form, "revision"), form.get("reason", ""))


def _number(form: MultiDict[str, str], name: str) -> int:
    return form.get(name, -1, int)


def by_category(columns: Mapping[str, str], item: Item) -> dict[str, str]:
    """Return columns where an empty retention or access level is what the category has to begin with."""
    told = dict(columns)
    category = CATEGORIES.find(told.get("category", item.category))
    if "retention" in told and not told["retention"]:
        told["retention"] = category.retention if category else item.retention
    if "access_level" in told and not told["access_level"]:
        told["access_level"] = category.access_level if category else item.access_level
    return told


def said(item: Item) -> dict[str, str | tuple[str, ...]]:
    """Return what an item says now, as a form shows it.

    Until someone chose a retention the access level is open, too: it stands
    at the strictest only because nobody has thought about it yet.
    """
    values = {name: value if isinstance(value, str) else tuple(value) for name, value in item.values.items()}
    level = item.access_level if item.retention else ""
    columns = {name: getattr(item, name) or "" for name in ARCHIVIST_COLUMNS}
    return {**values, **columns, "access_level": level}


def options_of(specs: Iterable[FieldSpec], values: Values) -> dict[str, Options]:
    """Return the choices of the fields that have a code list; a value outside it stays a choice."""
    found: dict[str, Options] = {}
    for row in specs:
        if row.code_list in CODE_LISTS:
            listed = _listed(CODE_LISTS[row.code_list])
            found[row.name] = _with_present(listed, values.get(row.name, ""), blank=not row.many)
    return found


def column_options(values: Values) -> dict[str, Options]:
    """Return the choices of kind, category, retention and access level."""
    category = CATEGORIES.get(str(values.get("category", "")))
    kept = open_to = gettext("按类别默认")
    if category:
        kept = gettext("%(name)s（%(more)s）", name=kept, more=retention_label(category.retention, lang()))
        level = ACCESS_LEVELS.label(category.access_level, lang())
        open_to = gettext("%(name)s（%(more)s）", name=open_to, more=level)
    retentions = _with_present(_listed(RETENTION), values.get("retention", ""), blank=False)
    return {
        "kind": _listed(KINDS),
        "category": [("", gettext("请选择")), *_listed(CATEGORIES)],
        "retention": [("", kept), *retentions],
        "access_level": [("", open_to), *_listed(ACCESS_LEVELS)],
    }


def code_options() -> dict[str, Options]:
    """Return the choices of a filter bar: every category, kind and access level."""
    return {"category": _listed(CATEGORIES), "kind": _listed(KINDS), "access_level": _listed(ACCESS_LEVELS)}


def _listed(codes: CodeList[C]) -> Options:
    return [(one.code, one.label(lang())) for one in codes.codes]


def _with_present(listed: Options, value: str | tuple[str, ...], *, blank: bool) -> Options:
    present = (value,) if isinstance(value, str) else value
    known = {code for code, _ in listed}
    extra = [(code, retention_label(code, lang())) for code in present if code and code not in known]
    return ([("", gettext("（未填）"))] if blank else []) + listed + extra


def echo(text: str) -> str:
    """Return how a date was understood, or why it was not; "" where nothing was written."""
    if not text.strip():
        return ""
    try:
        return gettext("理解为：%(date)s", date=humanise(parse_date(text).edtf, lang()))
    except DateRefused as refused:
        return sentence(refused)


def echoes(values: Values) -> dict[str, str]:
    """Return how each date on a form was understood."""
    return {name: echo(str(values.get(name, ""))) for name in DATE_FIELDS}


def trouble_of(refusal: WorkflowError, kind: str, shown: Iterable[str]) -> Trouble:
    """Return a refusal as the form shows it; what is not on this form has no field to point at."""
    here = set(shown)
    if isinstance(refusal, Taken):
        told = [("reference_code", sentence(refusal))]
    elif isinstance(refusal, ReasonMissing):
        told = [("reason", sentence(refusal))]
    elif isinstance(refusal, Incomplete):
        told = _incomplete(refusal, kind)
    else:
        told = [("", sentence(refusal))]
    errors = {name: text for name, text in reversed(told) if name in here}
    return Trouble(errors, [(name if name in here else "", text) for name, text in told])


def _incomplete(refusal: Incomplete, kind: str) -> list[tuple[str, str]]:
    found = refusal.facts.get("problems")
    if isinstance(found, tuple) and found:
        return problems(found, kind)
    missing = refusal.facts.get("missing")
    names = [str(name) for name in missing] if isinstance(missing, tuple) else []
    return [(name, gettext("请填写%(name)s。", name=spec(name).label(kind, lang()))) for name in names]
