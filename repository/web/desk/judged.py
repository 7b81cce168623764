"""What the checks of intake said of an item, and how far its ingest is."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

from flask_babel import gettext

from repository import queries
from repository.extensions import db
from repository.models.item import Item
from repository.models.job import Job
from repository.web.findings import finding
from repository.web.guards import current_tools
from repository.web.texts import field_word, problems
from repository.web.words import check_word, listed
from repository.workflow import describe, jobs, states

SIX_ELEMENTS_CODE = "V25"  # DA/T 50-2014


@dataclass(frozen=True, slots=True)
class Found:
    """One finding in words, as finding_list of macros/files.html shows it."""

    outcome: str
    sentence: str
    path: str


@dataclass(frozen=True, slots=True)
class Checked:
    """One check with its outcome and findings."""

    name: str
    outcome: str
    found: tuple[Found, ...]


@dataclass(frozen=True, slots=True)
class Progress:
    """How far an accepted item is: level and percent for the page; waiting is True while something runs."""

    state: str
    percent: int
    error: str

    @property
    def waiting(self) -> bool:
        """Return whether the page should look again by itself."""
        return self.state in (jobs.QUEUED, jobs.RUNNING)


_ORDER = ("failed", "awaiting", "warned", "not_run", "passed")


def findings_of(item: Item) -> list[Checked]:
    """Return what intake said, what is gravest first; [] where it has not run yet."""
    results = item.intake.get("results", ()) if item.intake else ()
    return sorted((_checked(result) for result in results), key=lambda one: _ORDER.index(one.outcome))


def _checked(result: Mapping[str, Any]) -> Checked:
    found = tuple(
        Found(one["outcome"], finding(one["code"], one.get("facts")), str(one.get("path", "")))
        for one in result.get("findings", ())
    )
    return Checked(check_word(result["check"]), result["outcome"], found)


def remarks_of(item: Item, apart: Collection[str]) -> list[str]:
    """Return what the proofreading rules say of the description, but for the fields named in apart.

    What is merely not told of a photograph's six elements is one sentence.
    """
    found = describe.problems_of(item, today=current_tools().clock().date())
    kept = [one for one in found if one.field not in apart]
    lacking = [field_word(one.field, item.kind) for one in kept if one.code == SIX_ELEMENTS_CODE]
    told = [text for _, text in problems([one for one in kept if one.code != SIX_ELEMENTS_CODE], item.kind)]
    if lacking:
        told.append(gettext("照片六要素还缺：%(names)s。知道多少写多少。", names=listed(lacking)))
    return told


def progress_of(item: Item) -> Progress | None:
    """Return how far the ingest of an accepted item is; None in any other state."""
    if item.state != states.ACCEPTED:
        return None
    found = [job for job in queries.jobs_of(db.session, item.id) if job.verb == "ingest"]
    return _progress(found[-1]) if found else Progress(jobs.QUEUED, 0, "")


def _progress(job: Job) -> Progress:
    percent = int(100 * job.done / job.total) if job.total else 0
    return Progress(job.state, percent, job.error)
