"""Say what can be made of a format, and have it made.

Works in the parent: it never opens a foreign file, the sandbox does. File
names are fixed by kind and page, so making again replaces. What cannot be made
is said with a reason; nothing stands in for it.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

from preservation import formats
from preservation.checks import Outcome
from preservation.errors import ChildFailed
from preservation.sandbox import Answer, Sandbox

THUMBNAIL_SIDE = 320  # pixels, longer side
ACCESS_SIDE = 1600
PAGE_LIMIT = 500  # page images of one file; the rest is read in the original
PAGES_AT_ONCE = 8  # of one task: a page takes 0.1 s, a task may take 30
TEXT_LIMIT = 2_000_000  # characters kept for search

#: Which kinds each maker of the format table can make.
_KINDS = MappingProxyType(
    {"image": ("thumbnail", "access"), "document": ("thumbnail", "page", "text"), "text": ("text",)}
)


@dataclass(frozen=True, slots=True)
class Derivative:
    """One file made of an original; width and height in pixels, 0 for text."""

    kind: str  # "thumbnail", "access", "page" or "text"
    number: int  # the page, from 1
    path: Path
    mime: str
    width: int
    height: int
    size: int


@dataclass(frozen=True, slots=True)
class Made:
    """What was made. outcome: PASSED all; WARNED a part; FAILED the file is
    unreadable; NOT_RUN it cannot be made (reason says why)."""

    outcome: Outcome
    derivatives: tuple[Derivative, ...] = ()
    reason: str = ""  # "no_maker", "too_large", "encrypted", "unreadable", "timeout", ..., "page_limit"
    detail: str = ""
    pages: int = 0  # of the original, where it was counted

    @property
    def paths(self) -> tuple[Path, ...]:
        """Return where the made files stand."""
        return tuple(one.path for one in self.derivatives)


def kinds_for(mime: str) -> tuple[str, ...]:
    """Return the kinds that can be made of a format, () for none."""
    kinds = _KINDS.get(formats.by_mime(mime).maker, ())
    return (*kinds, "page") if formats.by_mime(mime).mime == "image/tiff" else kinds


def make_thumbnail(sandbox: Sandbox, path: Path, *, mime: str, target_dir: Path) -> Made:
    """Make thumbnail.jpg, the longer side 320 pixels (of a PDF: its first page)."""
    if "thumbnail" not in kinds_for(mime):
        return _NO_MAKER
    target = target_dir / "thumbnail.jpg"
    if formats.by_mime(mime).maker == "document":
        options: Mapping[str, object] = {"targets": [str(target)], "side": THUMBNAIL_SIDE, "first": 1}
        return _ask(sandbox, "document.pages", path, kind="thumbnail", options=options)
    options = {"target": str(target), "side": THUMBNAIL_SIDE}
    return _ask(sandbox, "image.jpeg", path, kind="thumbnail", options=options)


def make_access_copy(sandbox: Sandbox, path: Path, *, mime: str, target_dir: Path) -> Made:
    """Make access.jpg, the longer side at most 1600 pixels."""
    if "access" not in kinds_for(mime):
        return _NO_MAKER
    options = {"target": str(target_dir / "access.jpg"), "side": ACCESS_SIDE}
    return _ask(sandbox, "image.jpeg", path, kind="access", options=options)


def make_page_images(
    sandbox: Sandbox, path: Path, *, mime: str, target_dir: Path, limit: int = PAGE_LIMIT
) -> Made:
    """Make page-0001.jpg ... of a PDF or a TIFF, at most limit pages.

    WARNED with the reason when only a part could be made.
    """
    if "page" not in kinds_for(mime):
        return _NO_MAKER
    task = "document.pages" if formats.by_mime(mime).maker == "document" else "image.frames"
    made: list[Derivative] = []
    pages, first = 1, 1
    while first <= min(pages, limit):
        numbers = range(first, min(first + PAGES_AT_ONCE, limit + 1))
        targets = [str(target_dir / f"page-{number:04d}.jpg") for number in numbers]
        options = {"targets": targets, "side": ACCESS_SIDE, "first": first}
        part = _ask(sandbox, task, path, kind="page", options=options)
        made.extend(part.derivatives)
        pages = max(pages, part.pages)
        if part.outcome is not Outcome.PASSED:
            outcome = Outcome.WARNED if made else part.outcome
            return Made(outcome, tuple(made), part.reason, part.detail, pages)
        first += PAGES_AT_ONCE
    is_cut = pages > limit
    return Made(
        Outcome.WARNED if is_cut else Outcome.PASSED, tuple(made), "page_limit" if is_cut else "", pages=pages
    )


def make_text(sandbox: Sandbox, path: Path, *, mime: str, target_dir: Path, charset: str = "") -> Made:
    """Make text.txt (UTF-8, pages parted by form feeds) for search.

    charset is what identify found for a text file. WARNED when it was cut.
    """
    if "text" not in kinds_for(mime):
        return _NO_MAKER
    options: dict[str, object] = {"target": str(target_dir / "text.txt"), "limit": TEXT_LIMIT}
    if formats.by_mime(mime).maker == "document":
        return _ask(sandbox, "document.text", path, kind="text", options=options)
    if not charset:
        return Made(Outcome.NOT_RUN, reason="unknown_encoding")
    return _ask(sandbox, "text.text", path, kind="text", options={**options, "charset": charset})


_NO_MAKER = Made(Outcome.NOT_RUN, reason="no_maker")


def _ask(
    sandbox: Sandbox, task: str, path: Path, *, kind: str, options: Mapping[str, object]
) -> Made:
    """Return what the child made, its failures as outcomes."""
    try:
        answer = sandbox.run(task, path, **options)
    except ChildFailed as failure:
        return Made(Outcome.NOT_RUN, reason=str(failure.facts["reason"]))
    made = tuple(_derivative(kind, row) for row in answer.rows("made"))
    if answer.state == "done":
        is_cut = bool(answer.facts.get("is_cut"))
        return Made(
            Outcome.WARNED if is_cut else Outcome.PASSED,
            made,
            "text_limit" if is_cut else "",
            pages=answer.number("pages"),
        )
    outcome = Outcome.FAILED if answer.state == "unreadable" else Outcome.NOT_RUN
    return Made(outcome, made, answer.state, answer.text("detail"), answer.number("pages"))


def _derivative(kind: str, row: Mapping[str, object]) -> Derivative:
    told = Answer("done", row)
    return Derivative(
        kind=kind,
        number=told.number("number") or 1,
        path=Path(told.text("path")),
        mime="text/plain" if kind == "text" else "image/jpeg",
        width=told.number("width"),
        height=told.number("height"),
        size=told.number("size"),
    )
