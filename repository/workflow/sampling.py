"""Fills an archive with the drawn sample material, for looking around.

Samples go the same way as everything else: staging, description, acceptance,
package. What is there already is not taken in again, so the job may run twice.
"""

from collections.abc import Iterable
from pathlib import Path
from tempfile import TemporaryDirectory

from sqlalchemy import select
from sqlalchemy.orm import Session

from repository.demo.samples import FONDS, Sample, draw_samples
from repository.models.item import Item
from repository.workflow import facts, importing, jobs
from repository.workflow.importing import Planned
from repository.workflow.tools import Work

NOTE = "示例"


def ask(session: Session) -> None:
    """Leave the job that draws the samples and takes them in."""
    jobs.enqueue(session, "samples", lock="samples", dedup="samples")


def fill(work: Work) -> None:
    """Draw all samples and take in those that are not here yet."""
    with work.reading() as session:
        fonds = facts.get(session, facts.FONDS_CODE, FONDS)
        known = set(session.scalars(select(Item.title)))
    with TemporaryDirectory(dir=work.tools.scratch) as folder:
        samples = draw_samples(Path(folder), progress=work.tell)
        wanted = planned(samples, fonds=fonds, known=known)
        importing.run(work.tools, work.tools.software, wanted, note=NOTE, tell=work.tell)


def planned(samples: Iterable[Sample], *, fonds: str, known: set[str]) -> list[Planned]:
    """Return what to take in: samples with a title not known yet, numbered in this fonds."""
    return [
        Planned(
            sample.files,
            sample.values,
            {
                "kind": sample.kind,
                "category": sample.category,
                "retention": sample.retention,
                "access_level": sample.access_level,
                "reference_code": sample.reference_code.replace(FONDS, fonds, 1),
            },
        )
        for sample in samples
        if str(sample.values["title"]) not in known
    ]
