"""The sample school: files with descriptions.

`draw_samples` writes about sixty samples that together show what a school keeps: every kind, every
level of access, dates written in many ways, odd file names, text in old encodings. The list is
mixed, so that its first few rows already show several kinds. The same call writes the same bytes.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from itertools import zip_longest
from pathlib import Path
from random import Random

from PIL.Image import Image

from repository.demo.draw_pen import Drawing, Region
from repository.demo.planned import Planned, Value
from repository.demo.sample_certificates import certificates, school_cards
from repository.demo.sample_papers import minutes, plans, texts
from repository.demo.sample_photos import class_photos, event_photos, portraits, things
from repository.demo.saving import save_image_pdf, save_jpeg, save_text_pdf, save_tiff
from repository.description.refcodes import compose_item

FONDS = "Y001"  # fonds number (全宗号) of the invented school
Progress = Callable[[int, int], None]


@dataclass(frozen=True, slots=True)
class Sample:
    """One sample: its files, where it belongs, what it says, and the named heads in its first file.

    values holds the fields of repository/description (title, date as written, place, people ...).
    """

    files: tuple[Path, ...]
    kind: str
    category: str
    retention: str
    access_level: str
    reference_code: str
    values: Mapping[str, Value]
    regions: tuple[Region, ...] = ()


@dataclass(frozen=True, slots=True)
class _Rest:
    """Pages and texts of a sample that are not yet written."""

    pages: Iterator[Image]
    texts: Iterator[bytes]


def draw_samples(folder: Path, *, count: int = 60, progress: Progress | None = None) -> tuple[Sample, ...]:
    """Draw the first count samples into a folder, which is made if missing; at most 60 exist.

    progress is called with (done, all) after each sample. Files that are already there are written anew.
    """
    folder.mkdir(parents=True, exist_ok=True)
    chosen = planned_samples()[:count]
    samples = []
    for done, planned in enumerate(chosen, start=1):
        samples.append(_draw(planned, folder, done))
        if progress is not None:
            progress(done, len(chosen))
    return tuple(samples)


def planned_samples() -> tuple[Planned, ...]:
    """Return all samples before drawing, mixed: one of each sort in turn."""
    sorts = (
        class_photos(),
        event_photos(),
        certificates(),
        minutes(),
        portraits(),
        texts(),
        plans(),
        school_cards(),
        things(),
    )
    return tuple(planned for turn in zip_longest(*sorts) for planned in turn if planned is not None)


def _draw(planned: Planned, folder: Path, number: int) -> Sample:
    drawing = planned.draw(Random(f"yunxi:{planned.names[0]}"))
    files = tuple(folder / name for name in planned.names)
    rest = _Rest(pages=iter(drawing.pages), texts=iter(planned.texts))
    for path in files:
        _save(path, planned, drawing, rest)
    return Sample(
        files=files,
        kind=planned.filing.kind,
        category=planned.filing.category,
        retention=planned.filing.retention,
        access_level=planned.filing.access_level,
        reference_code=reference_code(planned, number),
        values=planned.values,
        regions=tuple(region for region in drawing.regions if region.name),
    )


def reference_code(planned: Planned, number: int) -> str:
    """Return the reference code (档号), or "" for every seventh sample: a school always has some without."""
    if number % 7 == 0:
        return ""
    filing = planned.filing
    return compose_item(FONDS, filing.category, year=planned.year, retention=filing.retention, number=number)


def _save(path: Path, planned: Planned, drawing: Drawing, rest: _Rest) -> None:
    """Write one file as its suffix says."""
    match path.suffix.lower():
        case ".txt":
            path.write_bytes(next(rest.texts))
        case ".tif":
            save_tiff(drawing.pages, path, black=planned.form == "black")
        case ".pdf" if planned.form == "layered":
            save_text_pdf(drawing, path)
        case ".pdf":
            save_image_pdf(drawing.pages, path)
        case _:
            save_jpeg(next(rest.pages), path)
