"""The proofreading rules: what is wrong with a description.

One small function a rule, in an ordered tuple. The numbers are those of our
validation catalogue (V01 ...); the sentences are in data/messages.json. An
error stops filing, a warning is shown, and nobody is stopped from handing in:
only a title and readable values are asked for at that stage.
"""

import re
import unicodedata
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum

from repository.description.codes import (
    ACCESS_LEVELS,
    CATEGORIES,
    CODE_LISTS,
    KINDS,
    refused_secrecy,
    retention,
    secrecy_mark,
)
from repository.description.columns import ItemColumns
from repository.description.dates import parse_date
from repository.description.errors import (
    DateAmbiguous,
    DateRefused,
    DatesBackwards,
    NoSuchDay,
    ReferenceCodeRefused,
)
from repository.description.fields import IF_ANY, MUST, PHOTO, FieldSpec, fields_for, is_known, spec
from repository.description.placeholders import is_placeholder
from repository.description.refcodes import parse
from repository.description.value import Description
from repository.description.widths import INVISIBLE, is_control, narrow_all

MAX_VALUES = 500  # names on one large group photograph; more is a mistake or an attack (D32)
SIX_ELEMENTS = ("date", "place", "people", "event", "background", "photographer")  # DA/T 50, with the title
_CATEGORY_CODES = frozenset(one.code for one in CATEGORIES.codes)
_BIRTH = r"(?:18|19|20)[0-9]{2}(?:0[1-9]|1[0-2])(?:0[1-9]|[12][0-9]|3[01])"
_IDENTITY = re.compile(rf"(?<![0-9])[1-9][0-9]{{5}}{_BIRTH}[0-9]{{3}}[0-9Xx](?![0-9])")


class Severity(StrEnum):
    """An error stops filing, a warning and a hint do not."""

    ERROR = "error"
    WARNING = "warning"
    HINT = "hint"


class Stage(StrEnum):
    """How much is asked for: when handed in, or when an archivist files."""

    DEPOSIT = "deposit"
    FILING = "filing"


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that a rule found, in one field or column."""

    field: str
    code: str
    severity: Severity = Severity.ERROR
    facts: tuple[tuple[str, str], ...] = ()

    def fact(self, name: str) -> str:
        """Return one fact by name, "" where there is none."""
        return dict(self.facts).get(name, "")


@dataclass(frozen=True, slots=True)
class Case:
    """All that a rule may look at."""

    description: Description
    columns: ItemColumns
    today: date
    stage: Stage
    categories: frozenset[str] = field(default=_CATEGORY_CODES)

    @property
    def kind(self) -> str:
        """Return the kind of the description."""
        return self.description.kind

    @property
    def at_filing(self) -> Severity:
        """Return how grave a thing is that only filing asks for."""
        return Severity.ERROR if self.stage is Stage.FILING else Severity.WARNING

    def filled(self) -> Iterator[FieldSpec]:
        """Yield the rows of the known fields that say something."""
        return (spec(name) for name in self.description.values if is_known(name))


def validate(
    description: Description,
    columns: ItemColumns,
    *,
    today: date,
    stage: Stage = Stage.FILING,
    categories: Collection[str] = _CATEGORY_CODES,
) -> tuple[Problem, ...]:
    """Return everything wrong with a description, () where all is well.

    categories are the codes of the school's own scheme; today is handed in.
    """
    case = Case(description, columns, today, stage, frozenset(categories))
    return tuple(problem for rule in RULES for problem in rule(case))


def may_file(problems: tuple[Problem, ...]) -> bool:
    """Return whether none of the problems is an error."""
    return all(problem.severity is not Severity.ERROR for problem in problems)


def _facts(**facts: object) -> tuple[tuple[str, str], ...]:
    return tuple((name, str(value)) for name, value in facts.items())


def _required(case: Case) -> Iterator[Problem]:
    for row in fields_for(case.kind):
        if row.obligation_for(case.kind) == MUST and not case.description.many(row.name):
            always = row.name == "title"
            code = "V06" if row.name == "creator" else "V41"
            yield Problem(row.name, code, Severity.ERROR if always else case.at_filing)


def _six_elements(case: Case) -> Iterator[Problem]:
    if case.kind == PHOTO:
        for name in SIX_ELEMENTS:
            if spec(name).obligation_for(PHOTO) == IF_ANY and not case.description.many(name):
                yield Problem(name, "V25", Severity.WARNING)


def _title(case: Case) -> Iterator[Problem]:
    title = case.description.text("title").strip()
    if title and is_placeholder(title):
        yield Problem("title", "V03", case.at_filing, _facts(text=title))
    elif title and len(title) < 2:
        yield Problem("title", "V03-short", Severity.WARNING, _facts(text=title))


def _lengths(case: Case) -> Iterator[Problem]:
    for row in case.filled():
        values = case.description.many(row.name)
        longest = max(map(len, values))
        if longest > row.max_length:
            yield Problem(row.name, "V42", facts=_facts(limit=row.max_length, length=longest))
        if not row.many and len(values) > 1:
            yield Problem(row.name, "V45")
        elif len(values) > MAX_VALUES:
            yield Problem(row.name, "V47", facts=_facts(limit=MAX_VALUES, length=len(values)))


def _known_fields(case: Case) -> Iterator[Problem]:
    here = {row.name for row in fields_for(case.kind)}
    for name in case.description.values:
        if not is_known(name):
            yield Problem(name, "V43", Severity.WARNING, _facts(name=name))
        elif name not in here:
            yield Problem(name, "V43-kind", Severity.WARNING)


def _code_lists(case: Case) -> Iterator[Problem]:
    for row in case.filled():
        known = CODE_LISTS.get(row.code_list)
        for text in case.description.many(row.name) if known else ():
            if known and known.get(text) is None and not (row.name == "secrecy" and refused_secrecy(text)):
                choices = "、".join(one.label_zh for one in known.codes)
                severity = Severity.WARNING if row.name == "language" else Severity.ERROR
                yield Problem(row.name, "V44", severity, _facts(text=text, choices=choices))


def _dates(case: Case) -> Iterator[Problem]:
    for row in case.filled():
        if row.form != "date":
            continue
        text = case.description.text(row.name)
        try:
            found = parse_date(text)
        except DateRefused as refused:
            yield Problem(row.name, _date_code(refused), facts=_facts(**refused.facts))
            continue
        if found.sort > case.today.isoformat():
            yield Problem(row.name, "V04-future", facts=_facts(text=text))


def _date_code(refused: DateRefused) -> str:
    codes = {NoSuchDay: "V04-day", DatesBackwards: "V04-backwards", DateAmbiguous: "V04-ambiguous"}
    return codes.get(type(refused), "V04")


def _secrecy(case: Case) -> Iterator[Problem]:
    word = refused_secrecy(case.description.text("secrecy"))
    if word:
        yield Problem("secrecy", "V07", facts=_facts(word=word))
    for row in case.filled():
        word = secrecy_mark(case.description.text(row.name)) if row.name != "secrecy" else ""
        if word:
            yield Problem(row.name, "V07", facts=_facts(word=word))


def _pages(case: Case) -> Iterator[Problem]:
    text = case.description.text("pages")
    if text and not re.fullmatch(r"0*[1-9][0-9]*", text):
        yield Problem("pages", "V23", facts=_facts(text=text))


def _characters(case: Case) -> Iterator[Problem]:
    for name in case.description.values:
        found = set(case.description.text(name))
        bad = sorted(c for c in found if is_control(c) or c in INVISIBLE)
        if bad:
            yield Problem(name, "V39", facts=_facts(characters=_points(bad)))
        private = sorted(c for c in found if unicodedata.category(c) == "Co")
        if private:
            yield Problem(name, "V39-private", Severity.WARNING, _facts(characters=_points(private)))


def _points(characters: list[str]) -> str:
    return " ".join(f"U+{ord(c):04X}" for c in characters[:10])


def _people(case: Case) -> Iterator[Problem]:
    for name in case.description.many("people")[:MAX_VALUES]:
        if re.search(r"[0-9]", re.sub(r"[（(].*?[)）]", "", narrow_all(name))):
            yield Problem("people", "V15", Severity.WARNING, _facts(text=name))


def _identity_numbers(case: Case) -> Iterator[Problem]:
    for row in case.filled():
        if _IDENTITY.search(narrow_all(case.description.text(row.name))):
            yield Problem(row.name, "V46", Severity.WARNING)


def _column_codes(case: Case) -> Iterator[Problem]:
    columns = case.columns
    tests = (
        ("category", columns.category, columns.category in case.categories),
        ("retention", columns.retention, _is_retention(columns.retention)),
        ("access_level", columns.access_level, ACCESS_LEVELS.get(columns.access_level) is not None),
        ("kind", case.kind, KINDS.get(case.kind) is not None),
    )
    for name, text, is_good in tests:
        if not text:
            yield Problem(name, "V41", case.at_filing)
        elif not is_good:
            code = "V05" if name == "retention" else "V44"
            yield Problem(name, code, facts=_facts(text=text, choices=_choices(name, case)))


def _is_retention(text: str) -> bool:
    found = retention(text)
    return found is not None and found.code == text


def _choices(name: str, case: Case) -> str:
    if name == "category":
        return "、".join(sorted(case.categories))
    listed = {"access_level": ACCESS_LEVELS.codes, "kind": KINDS.codes}.get(name, ())
    return "、".join(one.label_zh for one in listed)


def _reference_code(case: Case) -> Iterator[Problem]:
    text = case.columns.reference_code
    if not text:
        return
    try:
        code = parse(text)
    except ReferenceCodeRefused as refused:
        yield Problem("reference_code", "V01", facts=_facts(**refused.facts))
        return
    if str(code) != text:
        yield Problem("reference_code", "V01", facts=_facts(text=text, reason="form"))
    category, kept = case.columns.category, case.columns.retention
    pairs = (
        ("category", code.main_class, category, {code.main_class, category} <= case.categories),
        ("retention", code.retention, kept, code.retention != "" and _is_retention(kept)),
    )
    for name, in_code, filled, both_known in pairs:
        if both_known and in_code != filled:
            facts = _facts(label=spec(name).label_zh, in_code=in_code, filled=filled)
            yield Problem("reference_code", "V01-mismatch", Severity.WARNING, facts)


RULES: tuple[Callable[[Case], Iterator[Problem]], ...] = (
    _required, _title, _secrecy, _column_codes, _reference_code, _dates, _pages, _lengths, _code_lists,
    _characters, _known_fields, _six_elements, _people, _identity_numbers,
)
