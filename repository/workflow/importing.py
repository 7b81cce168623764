"""Files of a folder, with or without a sheet of metadata, become items.

Each file goes the same way as an upload: staging, draft, description,
submission, acceptance. A sheet is checked whole before the first file is
taken: one wrong row and nothing was done.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path

from sqlalchemy import select
from sqlalchemy.orm import Session

from repository.description.codes import CATEGORIES
from repository.description.columns import ItemColumns
from repository.description.fields import MUST, is_known, spec
from repository.description.headers import header_to_field
from repository.description.normalise import normalise, normalise_columns
from repository.description.rules import Severity, validate
from repository.models.item import Item
from repository.models.submission import Submission
from repository.permissions import Actor
from repository.sheets import Row
from repository.workflow import deposit, describe, review
from repository.workflow.describe import COLUMNS, Edit
from repository.workflow.errors import SheetRefused, SourceUnreadable
from repository.workflow.tools import Tools
from storage.staging import Staged

Values = Mapping[str, str | tuple[str, ...]]
Tell = Callable[[int, int], None]
#: Left behind by systems; listed as passed over, never silently (D22).
PASSED_OVER = frozenset({"thumbs.db", ".ds_store", "desktop.ini"})
DEFAULT_CATEGORY = "XSH"
#: What is written where a file came without any description.
UNKNOWN = {"date": "年代不详", "creator": "责任者不详"}


@dataclass(frozen=True, slots=True)
class Planned:
    """One item to make: its files in order, and what is said of it."""

    files: tuple[Path, ...]
    values: Values = field(default_factory=dict)
    columns: Mapping[str, str] = field(default_factory=dict)


def plan_folder(paths: Iterable[Path], *, category: str = DEFAULT_CATEGORY) -> list[Planned]:
    """Return one item per file, described by its name. Raises SourceUnreadable."""
    planned = []
    for path in _files(paths):
        kind = deposit.kind_of(path.name)
        values = {"title": path.stem.strip() or path.name, **unknown_words(kind)}
        planned.append(Planned((path,), values, tidy_columns({"category": category, "kind": kind})))
    return planned


def unknown_words(kind: str) -> dict[str, str]:
    """Return honest words for what a file alone does not tell, but filing asks for."""
    told = {name: text for name, text in UNKNOWN.items() if is_known(name)}
    return {name: text for name, text in told.items() if spec(name).obligation_for(kind) == MUST}


def _walk(paths: Iterable[Path]) -> list[Path]:
    found: list[Path] = []
    for path in paths:
        if path.is_dir():
            found += sorted(each for each in path.rglob("*") if each.is_symlink() or not each.is_dir())
        elif path.is_file():
            found.append(path)
        else:
            raise SourceUnreadable(path=str(path))
    return found


def _is_passed_over(path: Path) -> bool:
    """Return whether a file is not taken in: left behind by a system, a link, or no regular file."""
    return path.name.lower() in PASSED_OVER or path.is_symlink() or not path.is_file()


def _files(paths: Iterable[Path]) -> list[Path]:
    return [path for path in _walk(paths) if not _is_passed_over(path)]


def passed_over(paths: Iterable[Path]) -> list[Path]:
    """Return what stands there and is not taken in, so that it is told (D22). Raises SourceUnreadable."""
    return [path for path in _walk(paths) if _is_passed_over(path)]


def known_codes(session: Session) -> frozenset[str]:
    """Return every reference code that is taken."""
    return frozenset(code for code in session.scalars(select(Item.reference_code)) if code)


@dataclass(frozen=True, slots=True)
class _Sheet:
    """What the rows of one sheet are held against."""

    files: Mapping[str, tuple[Path, ...]]
    today: date
    category: str
    codes: set[str]  # taken in the catalogue, or by a row above


def plan_sheet(
    rows: Iterable[Row],
    paths: Iterable[Path],
    *,
    today: date,
    category: str = DEFAULT_CATEGORY,
    codes: Iterable[str] = (),
) -> list[Planned]:
    """Return one item per row; the column 文件名 names its files, several parted by ;.

    codes are the reference codes that are taken. Raises SheetRefused with
    every problem of every row.
    """
    files: dict[str, tuple[Path, ...]] = {}
    for path in _files(paths):
        files[path.name] = (*files.get(path.name, ()), path)
    sheet = _Sheet(files, today, category, set(codes))
    problems: list[dict[str, object]] = []
    planned = [_planned(row, sheet, problems) for row in rows]
    if problems:
        raise SheetRefused(problems=tuple(problems))
    return planned


def _planned(row: Row, sheet: _Sheet, problems: list[dict[str, object]]) -> Planned:
    """Return what one row asks for; what is wrong with it is added to problems."""
    told = {name: text for head, text in row.cells.items() if (name := header_to_field(head))}
    for head in row.cells:
        if header_to_field(head) is None:
            problems.append({"row": row.number, "code": "column", "what": head})
    names = [name.strip() for name in told.pop("file_name", "").replace("；", ";").split(";") if name.strip()]
    if not names:
        problems.append({"row": row.number, "code": "no_file", "what": ""})
    for name in names:
        found = len(sheet.files.get(name, ()))
        if found != 1:
            problems.append({"row": row.number, "code": "many_files" if found else "file", "what": name})
    columns = {name: told.pop(name) for name in COLUMNS if name in told}
    columns.setdefault("category", sheet.category)
    columns.setdefault("kind", deposit.kind_of(names[0]) if names else "other")
    one = Planned(
        tuple(sheet.files[name][0] for name in names if name in sheet.files), told, tidy_columns(columns)
    )
    code = one.columns.get("reference_code", "")
    if code in sheet.codes:
        problems.append({"row": row.number, "code": "taken", "field": "reference_code", "what": code})
    if code:
        sheet.codes.add(code)
    problems += _wrong(row.number, one, sheet.today)
    return one


def _wrong(number: int, one: Planned, today: date) -> list[dict[str, object]]:
    """Return what the rules of description refuse in one row."""
    described = normalise(one.columns["kind"], one.values).description
    columns = ItemColumns(
        reference_code=one.columns.get("reference_code", ""),
        category=one.columns.get("category", ""),
        retention=one.columns.get("retention", ""),
        access_level=one.columns.get("access_level", ""),
    )
    return [
        {
            "row": number,
            "code": problem.code,
            "field": problem.field,
            "what": described.text(problem.field),
            "problem": problem,
        }
        for problem in validate(described, columns, today=today)
        if problem.severity is Severity.ERROR
    ]


def tidy_columns(told: Mapping[str, str]) -> dict[str, str]:
    """Return tidy columns, what is missing filled in by the category's preset."""
    tidy = dict(normalise_columns(told).values)
    preset = CATEGORIES.get(tidy.get("category", ""))
    if preset is not None:
        tidy.setdefault("retention", preset.retention)
        tidy.setdefault("access_level", preset.access_level)
    return tidy


def stage(tools: Tools, planned: Planned) -> list[Staged]:
    """Return the files of one item, streamed to staging."""
    staged = []
    for path in planned.files:
        try:
            with path.open("rb") as stream:
                staged.append(
                    tools.staging.keep(
                        stream, path.name, announced=path.stat().st_size, algorithms=tools.policy.algorithms
                    )
                )
        except OSError as error:
            raise SourceUnreadable(path=str(path), reason=error.strerror or "") from error
    return staged


def take_in(
    session: Session,
    tools: Tools,
    actor: Actor,
    submission: Submission,
    *,
    planned: Planned,
    staged: list[Staged],
) -> Item:
    """Make, describe, submit and accept one item from its staged files.

    An item whose description is not enough for filing (a title such as
    IMG_2034) stays in the inbox: nothing is lost, and a person describes it.
    """
    item = deposit.receive(session, tools, actor, submission, staged=staged[0])
    for more in staged[1:]:
        deposit.add_file(session, tools, actor, item, staged=more)
    describe.edit(session, tools, actor, item, wanted=Edit(values=planned.values, columns=planned.columns))
    review.submit(session, tools, actor, item)
    if not any(
        problem.severity is Severity.ERROR
        for problem in describe.problems_of(item, today=tools.clock().date())
    ):
        review.accept(session, tools, actor, item)
    return item


def run(tools: Tools, actor: Actor, planned: list[Planned], *, note: str, tell: Tell) -> list[str]:
    """Take in all planned items, each in a transaction of its own, and return their ids."""
    with tools.database.writing.begin() as session:
        submission_id = deposit.begin(session, tools, actor, note=note).id
    ids = []
    for done, one in enumerate(planned, start=1):
        staged = stage(tools, one)
        with tools.database.writing.begin() as session:
            submission = session.get_one(Submission, submission_id)
            ids.append(take_in(session, tools, actor, submission, planned=one, staged=staged).id)
        tell(done, len(planned))
    return ids
