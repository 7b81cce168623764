"""What the checks of intake said of an item, and how far its ingest is."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from repository import queries
from repository.extensions import db
from repository.models.item import Item
from repository.models.job import Job
from repository.web.findings import finding
from repository.web.words import check_word
from repository.workflow import jobs, states


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


def progress_of(item: Item) -> Progress | None:
    """Return how far the ingest of an accepted item is; None in any other state."""
    if item.state != states.ACCEPTED:
        return None
    found = [job for job in queries.jobs_of(db.session, item.id) if job.verb == "ingest"]
    return _progress(found[-1]) if found else Progress(jobs.QUEUED, 0, "")


def _progress(job: Job) -> Progress:
    percent = int(100 * job.done / job.total) if job.total else 0
    return Progress(job.state, percent, job.error)
