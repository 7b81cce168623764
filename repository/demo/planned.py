"""One planned sample: its names, its words, its drawer."""

from collections.abc import Callable
from dataclasses import dataclass
from random import Random

from repository.demo.draw_pen import Drawing

Value = str | tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Filing:
    """Where a sample belongs: kind, category (门类), retention (保管期限), level of access (开放程度)."""

    kind: str
    category: str
    retention: str
    access_level: str


@dataclass(frozen=True, slots=True)
class Planned:
    """A sample before it is drawn.

    names are file names; the suffix says what is written: .jpg one page each in order, .tif and
    .pdf all pages, .txt the next of `texts`. form is "scan" (default), "black" (TIFF of an office
    copier) or "layered" (PDF with text layer).
    """

    names: tuple[str, ...]
    filing: Filing
    values: dict[str, Value]
    draw: Callable[[Random], Drawing]
    year: str = ""
    texts: tuple[bytes, ...] = ()
    form: str = "scan"
