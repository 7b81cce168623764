"""A bag of somebody else's becomes one item in the inbox.

Its payload files are the item's files under the names they had; every digest
that its manifests give is computed again while they are read (case D31). Its
tag files are kept as they came (workflow/received.py).
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from sqlalchemy import select
from sqlalchemy.orm import Session

from preservation.bagfolder import Bag, read_bag
from preservation.checks import Finding, Outcome, Report
from preservation.premis import EventType
from repository.description.foreign_bag import ForeignBag, described, read_dublin_core
from repository.description.value import Value
from repository.models.event import Event
from repository.models.item import Item
from repository.models.submission import Submission
from repository.permissions import Actor
from repository.workflow import bag_prints, deposit, describe, importing, journal, received, review
from repository.workflow.composing import told_finding
from repository.workflow.describe import Edit
from repository.workflow.tools import Tools
from storage.digests import is_available
from storage.errors import DigestMismatch
from storage.staging import Staged

_DC_FILES = ("dc.xml", "metadata/dc.xml", "data/dc.xml", "data/metadata/dc.xml")


@dataclass(slots=True)
class Batch:
    """One import: all its bags are one submission; raw_names are of paths below root."""

    note: str
    root: Path
    raw_names: Mapping[str, bytes] = field(default_factory=dict)
    submission_id: str = ""


@dataclass(frozen=True, slots=True)
class Taken:
    """What became of one bag; why is "no_payload" or "tags" where it was refused."""

    outcome: str
    item_id: str = ""
    title: str = ""
    why: str = ""


def take(
    tools: Tools, actor: Actor, path: Path, batch: Batch, *, name: str, category: str, report: Report
) -> Taken:
    """Make a submitted item of a judged bag. Raises DigestMismatch, StorageFull; then nothing stays."""
    bag = read_bag(path)
    mark = bag_prints.of(path)
    with tools.database.reading() as session:
        known = _known(session, mark)
    if known is not None:
        return known
    if not bag.walk.payload:
        return Taken("refused", why="no_payload")
    tags = {each: path / each for each in bag.walk.files if not each.startswith("data/")}
    if sum(bag.walk.files[each] for each in tags) > received.MOST_BYTES:
        return Taken("refused", why="tags")
    staged = _stage(tools, bag, batch)
    try:
        received.keep(tools.staging, staged[0].id, {each: tags[each].read_bytes() for each in tags})
        values = _values(bag, path, name)
        with tools.database.writing.begin() as session:
            item = _item(session, tools, actor, batch, staged)
            _describe(session, tools, actor, item, values=values, category=category)
            _tell(session, tools, actor, item, name=name, mark=mark, findings=report.findings)
            review.submit(session, tools, actor, item)
            return Taken("taken", item.id, item.title)
    except BaseException:
        for one in staged:
            tools.staging.drop(one.id)
        raise


def _known(session: Session, mark: str) -> Taken | None:
    """Return the item that was made of the same bag before, if it is still there."""
    query = select(Event.object_id).where(
        Event.type == EventType.UNPACKING, Event.facts["bag"].as_string() == mark
    )
    for item_id in session.scalars(query):
        item = session.get(Item, item_id)
        if item is not None:
            return Taken("known", item.id, item.title)
    return None


def _stage(tools: Tools, bag: Bag, batch: Batch) -> list[Staged]:
    """Return the payload files, streamed to staging, every supplied digest made anew and compared."""
    staged: list[Staged] = []
    try:
        for path in sorted(bag.walk.payload):
            supplied = {
                each.algorithm: each.digests[path].lower()
                for each in bag.payload_listings
                if each.algorithm and path in each.digests and is_available(each.algorithm)
            }
            with open(bag.root / path, "rb") as stream:
                one = tools.staging.keep(
                    stream,
                    path.removeprefix("data/"),
                    announced=bag.walk.files[path],
                    algorithms=tuple({*tools.policy.algorithms, *supplied}),
                )
            staged.append(_with_raw_name(one, bag.root / path, batch))
            for algorithm, digest in supplied.items():
                if one.digests[algorithm] != digest:
                    raise DigestMismatch(path=path, algorithm=algorithm, expected=digest)
    except BaseException:
        for one in staged:
            tools.staging.drop(one.id)
        raise
    return staged


def _with_raw_name(one: Staged, path: Path, batch: Batch) -> Staged:
    """Return a staged file with the bytes of its name as they stood in the zip or tar (case D18)."""
    raw = batch.raw_names.get(path.relative_to(batch.root).as_posix())
    return one if raw is None else replace(one, name=replace(one.name, raw_hex=raw.hex()))


def _values(bag: Bag, path: Path, name: str) -> tuple[str, dict[str, Value]]:
    kinds = {deposit.kind_of(each) for each in bag.walk.payload}
    kind = kinds.pop() if len(kinds) == 1 else "other"
    dc: dict[str, tuple[str, ...]] = {}
    for each in _DC_FILES:
        if not dc and each in bag.walk.files:
            dc = read_dublin_core((path / each).read_bytes()[: 2 << 20])
    info = [(element.label, element.value) for element in bag.info.elements]
    return kind, described(ForeignBag(name=name, kind=kind, info=info, dc=dc))


def _item(session: Session, tools: Tools, actor: Actor, batch: Batch, staged: list[Staged]) -> Item:
    submission = session.get(Submission, batch.submission_id) if batch.submission_id else None
    if submission is None:
        submission = deposit.begin(session, tools, actor, note=batch.note)
    item = deposit.receive(session, tools, actor, submission, staged=staged[0])
    for more in staged[1:]:
        deposit.add_file(session, tools, actor, item, staged=more)
    batch.submission_id = submission.id
    return item


def _describe(
    session: Session,
    tools: Tools,
    actor: Actor,
    item: Item,
    *,
    values: tuple[str, dict[str, Value]],
    category: str,
) -> None:
    kind, told = values
    columns = importing.tidy_columns({"category": category, "kind": kind})
    wanted = Edit(values={**importing.unknown_words(kind), **told}, columns=columns)
    describe.edit(session, tools, actor, item, wanted=wanted)


def _tell(
    session: Session,
    tools: Tools,
    actor: Actor,
    item: Item,
    *,
    name: str,
    mark: str,
    findings: tuple[Finding, ...],
) -> None:
    """Write down that the bag was opened and judged, with everything that was odd about it."""
    about, now = journal.of_item(item.id), tools.clock()
    journal.record(
        session,
        EventType.UNPACKING,
        about,
        actor=actor,
        at=now,
        detail="imported",
        facts={"bag": mark, "name": name},
    )
    odd = [told_finding(finding) for finding in findings if finding.outcome is not Outcome.PASSED]
    journal.record(
        session,
        EventType.VALIDATION,
        about,
        actor=tools.software,
        at=now,
        outcome=Outcome.WARNED if odd else Outcome.PASSED,
        detail="bag",
        facts={"findings": odd[:200]},
    )
