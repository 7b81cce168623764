"""Pages and text of documents; what cannot be made is said."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from PIL import Image, ImageStat

from preservation.checks import Outcome
from preservation.derivatives.registry import (
    Made,
    kinds_for,
    make_access_copy,
    make_page_images,
    make_text,
    make_thumbnail,
)
from preservation.sandbox import Limits, Sandbox
from tests.preservation import samples


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    """One child for all tests here; it could not hold the bomb."""
    with Sandbox(workers=1, limits=Limits(wall_seconds=20.0, memory_bytes=700 << 20)) as opened:
        yield opened


@pytest.fixture
def target(tmp_path: Path) -> Path:
    """An empty folder."""
    folder = tmp_path / "made"
    folder.mkdir()
    return folder


def thumbnail(sandbox: Sandbox, path: Path, target: Path, mime: str = "image/jpeg") -> Made:
    """Return the thumbnail made of path."""
    return make_thumbnail(sandbox, path, mime=mime, target_dir=target)


def test_pages_of_a_pdf_are_drawn(sandbox: Sandbox, tmp_path: Path, target: Path) -> None:
    """Each page becomes an image with its number, across more than one task."""
    path = samples.pdf(tmp_path / "a.pdf", tuple(f"page {n}" for n in range(1, 12)))
    made = make_page_images(sandbox, path, mime="application/pdf", target_dir=target)

    assert (made.outcome, made.pages) == (Outcome.PASSED, 11)
    assert [one.number for one in made.derivatives] == list(range(1, 12))
    assert made.paths[10].name == "page-0011.jpg"
    assert max(made.derivatives[0].width, made.derivatives[0].height) == 1600
    with Image.open(made.paths[0]) as page:
        assert ImageStat.Stat(page.convert("L")).extrema[0][0] < 60


def test_a_limit_of_pages_is_told(sandbox: Sandbox, tmp_path: Path, target: Path) -> None:
    """What the limit leaves out is a warning, with the true number of pages."""
    path = samples.pdf(tmp_path / "a.pdf", ("one", "two", "three"))
    made = make_page_images(sandbox, path, mime="application/pdf", target_dir=target, limit=2)

    assert (made.outcome, made.reason, made.pages) == (Outcome.WARNED, "page_limit", 3)
    assert len(made.derivatives) == 2


def test_pages_of_a_tiff_are_drawn(sandbox: Sandbox, tmp_path: Path, target: Path) -> None:
    """A fax-like TIFF of several pages becomes page images."""
    pages = [Image.new("1", (800, 1000), n % 2) for n in range(10)]
    pages[0].save(tmp_path / "a.tif", save_all=True, append_images=pages[1:], compression="group4")
    made = make_page_images(sandbox, tmp_path / "a.tif", mime="image/tiff", target_dir=target)

    shades = []
    for path in made.paths:
        with Image.open(path) as page:
            shades.append(ImageStat.Stat(page.convert("L")).mean[0] > 128)
    assert (made.outcome, made.pages) == (Outcome.PASSED, 10)
    assert shades == [False, True] * 5


def test_a_pdf_has_a_thumbnail(sandbox: Sandbox, tmp_path: Path, target: Path) -> None:
    """The first page stands for the document."""
    made = thumbnail(sandbox, samples.pdf(tmp_path / "a.pdf", ("one", "two")), target, "application/pdf")

    assert [one.path.name for one in made.derivatives] == ["thumbnail.jpg"]
    assert max(made.derivatives[0].width, made.derivatives[0].height) == 320


def test_the_text_of_a_pdf_is_kept_for_search(sandbox: Sandbox, tmp_path: Path, target: Path) -> None:
    """Pages are parted by form feeds."""
    path = samples.pdf(tmp_path / "a.pdf", ("School report", "Second page"))
    made = make_text(sandbox, path, mime="application/pdf", target_dir=target)

    assert made.paths[0].read_text("utf-8").split("\f") == ["School report", "Second page"]
    assert (made.derivatives[0].kind, made.derivatives[0].mime) == ("text", "text/plain")


def test_the_text_of_a_gbk_file_becomes_utf8(sandbox: Sandbox, tmp_path: Path, target: Path) -> None:
    """A text file is kept for search in UTF-8, without controls."""
    path = tmp_path / "a.txt"
    path.write_bytes("会议记录\r\n第二行\x1b".encode("gbk"))
    made = make_text(sandbox, path, mime="text/plain", target_dir=target, charset="gb18030")

    assert made.paths[0].read_text("utf-8") == "会议记录\n第二行"


def test_a_long_text_is_cut_and_told(
    sandbox: Sandbox, tmp_path: Path, target: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What search does not get is a warning."""
    monkeypatch.setattr("preservation.derivatives.registry.TEXT_LIMIT", 10)
    path = tmp_path / "a.txt"
    path.write_text("字" * 11, "utf-8")
    made = make_text(sandbox, path, mime="text/plain", target_dir=target, charset="utf-8")

    assert (made.outcome, made.reason) == (Outcome.WARNED, "text_limit")
    assert made.paths[0].read_text("utf-8") == "字" * 10


def test_a_locked_pdf_gets_nothing_and_says_why(sandbox: Sandbox, tmp_path: Path, target: Path) -> None:
    """A password stops pictures and text alike."""
    path = samples.locked_pdf(tmp_path / "a.pdf")

    for make in (make_thumbnail, make_page_images, make_text):
        made = make(sandbox, path, mime="application/pdf", target_dir=target)
        assert (made.outcome, made.reason) == (Outcome.NOT_RUN, "encrypted")


def test_what_cannot_be_made_is_said(sandbox: Sandbox, tmp_path: Path, target: Path) -> None:
    """No maker, no placeholder: the outcome is not run."""
    path = samples.ofd(tmp_path / "a.ofd")
    makers = (make_thumbnail, make_access_copy, make_page_images, make_text)

    for make in makers:
        made = make(sandbox, path, mime="application/ofd", target_dir=target)
        assert (made.outcome, made.reason) == (Outcome.NOT_RUN, "no_maker")
    assert os.listdir(target) == []


@pytest.mark.parametrize(
    ("mime", "kinds"),
    [
        ("image/jpeg", ("thumbnail", "access")),
        ("image/tiff", ("thumbnail", "access", "page")),
        ("application/pdf", ("thumbnail", "page", "text")),
        ("text/csv", ("text",)),
        ("image/svg+xml", ()),
        ("application/ofd", ()),
        ("audio/mpeg", ()),
        ("nothing/known", ()),
    ],
)
def test_the_registry_says_what_can_be_made(mime: str, kinds: tuple[str, ...]) -> None:
    """Formats lead to kinds; what has none has none."""
    assert kinds_for(mime) == kinds


def test_a_full_disk_leaves_no_half_file(tmp_path: Path, target: Path) -> None:
    """A copy that cannot be written whole is not there, and the reason is told."""
    path = samples.photo(tmp_path / "a.jpg", (1_600, 1_200))
    with Sandbox(workers=1, limits=Limits(file_bytes=2_000)) as tight:
        made = make_access_copy(tight, path, mime="image/jpeg", target_dir=target)

    assert (made.outcome, made.reason) == (Outcome.NOT_RUN, "refused")
    assert os.listdir(target) == []
