"""Takes bags in: our own come back as the packages they are, others' become items.

A bag is judged before anything of it is taken; a bad one is refused whole with
its findings, and nothing is ever fetched (case D15). Taking the same bag in
twice changes nothing.
"""

import shutil
import uuid
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from preservation.checks import Finding, Outcome, Report
from preservation.errors import CouldNotJudge
from preservation.profile import Profile, conforms
from preservation.verify import verify_folder
from repository.description.export_list import CSV_NAME, JSON_NAME, MAP_NAME
from repository.permissions import Act, Actor, may
from repository.workflow import audit, foreign_bags, own_bags
from repository.workflow.errors import Refused
from repository.workflow.exchange_errors import PackRefused
from repository.workflow.importing import DEFAULT_CATEGORY
from repository.workflow.room import kept_free, refuse_full
from repository.workflow.strange_packs import Limits, Unpacked, is_archive, unpack
from repository.workflow.tools import Tools
from storage.faults import translated

Tell = Callable[[int, int], None]
TAKEN, RESTORED, KNOWN, DIFFERS, REFUSED = "taken", "restored", "known", "differs", "refused"
#: Two names that are one elsewhere: only a warning for a bag that stands, a refusal for one that comes (D16).
_REFUSING = frozenset({"BG-701"})
_DEPTH = 3  # folders above a bag in what was handed in
_OUR_LISTS = frozenset({CSV_NAME, JSON_NAME, MAP_NAME})


@dataclass(frozen=True, slots=True)
class Received:
    """What became of one bag: taken (into the inbox), restored, known, differs or refused.

    why is a code where no finding tells it: "profile", "no_payload", "record", "tags", "number".
    """

    name: str
    outcome: str
    item_id: str = ""
    title: str = ""
    version: int = 0
    why: str = ""
    findings: tuple[Finding, ...] = ()


@dataclass(frozen=True, slots=True)
class Wanted:
    """How bags are to be taken in; profile is one that they must satisfy."""

    category: str = DEFAULT_CATEGORY
    profile: Profile | None = None


@dataclass(frozen=True, slots=True)
class Import:
    """What came of one source: a result for each bag, and what lay beside the bags and was passed over."""

    bags: tuple[Received, ...]
    passed_over: tuple[str, ...] = ()

    @property
    def is_good(self) -> bool:
        """Return whether every bag is here now."""
        return all(bag.outcome in (TAKEN, RESTORED, KNOWN) for bag in self.bags)


def take(tools: Tools, actor: Actor, source: Path, wanted: Wanted, *, tell: Tell) -> Import:
    """Take in every bag of a folder, zip or tar and return what became of each.

    Raises Refused, PackRefused (nothing was taken), StorageFull.
    """
    if not may(actor, Act.REVIEW):
        raise Refused()
    refuse_full(tools.settings, source.stat().st_size if source.is_file() else 0)
    scratch = tools.scratch / "imports" / str(uuid.uuid4())
    with translated(writing=True, path=source.name):
        scratch.mkdir(parents=True)
    try:
        opened = _opened(tools, source, scratch)
        bags = _bags(opened.folder)
        if not bags:
            raise PackRefused(why="no_bag", path=source.name)
        told = Import(
            tuple(_all(tools, actor, bags, opened, wanted, source=source, tell=tell)),
            tuple(_beside(opened.folder, bags)),
        )
    finally:
        shutil.rmtree(scratch, ignore_errors=True)
    _keep_record(tools, actor, source, told)
    return told


def _opened(tools: Tools, source: Path, scratch: Path) -> Unpacked:
    if source.is_dir():
        return Unpacked(source)
    if not is_archive(source):
        raise PackRefused(why="unreadable", path=source.name)
    return unpack(source, scratch, Limits(reserve=kept_free(tools.settings, scratch)))


def _bags(folder: Path, depth: int = _DEPTH) -> list[Path]:
    """Return the bag folders at or below a folder; none is looked for inside a bag or behind a link."""
    if (folder / "bagit.txt").is_file():
        return [folder]
    if depth == 0:
        return []
    below = sorted(path for path in folder.iterdir() if path.is_dir() and not path.is_symlink())
    return [bag for path in below for bag in _bags(path, depth - 1)]


def _beside(folder: Path, bags: Sequence[Path]) -> Iterator[str]:
    """Yield the files that lie in no bag; our own lists are no surprise."""
    if folder in bags:
        return
    for path in sorted(folder.rglob("*")):
        inside = any(bag in path.parents for bag in bags)
        if not inside and not path.is_dir() and path.name not in _OUR_LISTS:
            yield path.relative_to(folder).as_posix()


def _all(
    tools: Tools,
    actor: Actor,
    bags: Sequence[Path],
    opened: Unpacked,
    wanted: Wanted,
    *,
    source: Path,
    tell: Tell,
) -> Iterator[Received]:
    """Judge and take every bag; those of ours newest version first, so that the newest tells the item."""
    batch = own_bags.Batch()
    others = foreign_bags.Batch(note=source.name, raw_names=opened.raw_names, root=opened.folder)
    for done, bag in enumerate(sorted(bags, key=own_bags.order), start=1):
        name = bag.name if bag != opened.folder or source.is_dir() else source.stem
        report = _judged(bag, wanted)
        if report is None or report.outcome is Outcome.FAILED:
            findings = () if report is None else _worth_telling(report)
            yield Received(name, REFUSED, findings=findings, why="" if report else "unreadable")
        elif own_bags.is_ours(bag):
            found = own_bags.restore(tools, actor, bag, batch, name=name)
            yield Received(name, found.outcome, found.item_id, found.title, found.version, found.why,
                           _worth_telling(report))
        else:
            taken = foreign_bags.take(
                tools, actor, bag, others, name=name, category=wanted.category, report=report
            )
            yield Received(name, taken.outcome, taken.item_id, taken.title, 0, taken.why,
                           _worth_telling(report))
        tell(done, len(bags))


def _judged(bag: Path, wanted: Wanted) -> Report | None:
    """Return what the judges say of a bag, with what refuses one that comes; None where they cannot say."""
    try:
        report = verify_folder(bag)
        results = list(report.results)
        if wanted.profile is not None:
            results += conforms(bag, wanted.profile).results
    except CouldNotJudge:
        return None
    refused = (Outcome.NOT_RUN, Outcome.AWAITING)
    results = [
        replace(
            result,
            outcome=Outcome.FAILED
            if result.outcome in refused or any(each.code in _REFUSING for each in result.findings)
            else result.outcome,
        )
        for result in results
    ]
    return Report(report.subject, tuple(results))


def _worth_telling(report: Report) -> tuple[Finding, ...]:
    return tuple(each for each in report.findings if each.outcome is not Outcome.PASSED)


def _keep_record(tools: Tools, actor: Actor, source: Path, told: Import) -> None:
    with tools.database.writing.begin() as session:
        audit.record(
            session,
            "bags.imported",
            actor=actor,
            at=tools.clock(),
            outcome=Outcome.PASSED if told.is_good else Outcome.WARNED,
            facts={"source": source.name, **_counted(bag.outcome for bag in told.bags)},
        )


def _counted(outcomes: Iterable[str]) -> dict[str, int]:
    told = list(outcomes)
    return {name: told.count(name) for name in (TAKEN, RESTORED, KNOWN, DIFFERS, REFUSED) if name in told}
