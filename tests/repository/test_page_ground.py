"""The ground of the pages: strict CSP, nothing foreign, vendored files as they were.

What the browser would block or fetch is refused here already.
"""

import hashlib
import re
from importlib import resources
from pathlib import Path

import pytest
from jinja2 import Environment

ROOT = Path(str(resources.files("repository")))
TEMPLATES = sorted((ROOT / "templates").rglob("*.html"))
STYLES = sorted((ROOT / "static" / "css").glob("*.css"))
SCRIPTS = sorted((ROOT / "static" / "js").glob("*.js"))
PICTURES = sorted((ROOT / "static" / "img").glob("*.svg"))
VENDORED = sorted((ROOT / "static" / "vendor").glob("*/VERSION"))
COMMENT = re.compile(r"\{#.*?#\}", re.DOTALL)
INLINE = re.compile(
    r"<style|\sstyle\s*=|\son[a-z]+\s*=|hx-on|javascript:|<script(?![^>]*\ssrc=)", re.IGNORECASE
)
FOREIGN = re.compile(r"(?:https?:)?//(?!www\.w3\.org/)[a-z0-9-]+\.[a-z]", re.IGNORECASE)
QUOTED = r"""(?:'[^']*'|"[^"]*")"""
MARKED = re.compile(rf"\b(?:_|n?p?gettext)\(\s*{QUOTED}(?:,\s*{QUOTED})?")
#: Words that stay as they are in each language.
OWN_WORDS = re.compile(r"中文|'、'")


def _bare(path: Path) -> str:
    return COMMENT.sub("", path.read_text(encoding="utf-8"))


def _name(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


@pytest.mark.parametrize("path", TEMPLATES, ids=_name)
def test_template_has_nothing_inline(path: Path) -> None:
    """No template has an inline script, style or event attribute: the CSP would drop it."""
    found = INLINE.findall(_bare(path))

    assert found == []


@pytest.mark.parametrize("path", [*TEMPLATES, *STYLES, *SCRIPTS, *PICTURES], ids=_name)
def test_no_foreign_host_is_named(path: Path) -> None:
    """No page, style, script or picture asks another host."""
    found = FOREIGN.findall(_bare(path))

    assert found == []


@pytest.mark.parametrize("path", TEMPLATES, ids=_name)
def test_template_is_well_formed(path: Path) -> None:
    """Every template is well-formed for Jinja with the i18n extension."""
    environment = Environment(extensions=["jinja2.ext.i18n"])

    assert environment.parse(path.read_text(encoding="utf-8")).body


@pytest.mark.parametrize("path", TEMPLATES, ids=_name)
def test_every_chinese_sentence_can_be_translated(path: Path) -> None:
    """Chinese text for people stands only inside _(), ngettext() or pgettext()."""
    left = OWN_WORDS.sub("", MARKED.sub("", _bare(path)))

    assert re.findall(r"[\u4e00-\u9fff]+", left) == []


@pytest.mark.parametrize("path", VENDORED, ids=lambda path: path.parent.name)
def test_vendored_file_is_unchanged(path: Path) -> None:
    """Each vendored file still has the SHA-256 it came with, and its licence beside it."""
    facts = dict(line.split(": ", 1) for line in path.read_text(encoding="utf-8").splitlines())
    file = path.parent / facts["file"].split(" ")[0]

    assert hashlib.sha256(file.read_bytes()).hexdigest() == facts["sha256"]
    assert (path.parent / "LICENSE").stat().st_size > 0


def test_every_error_number_has_a_page() -> None:
    """Each HTTP status that the doors can answer with has its own page."""
    names = {path.stem for path in (ROOT / "templates" / "errors").glob("*.html")}

    assert {"400", "403", "404", "409", "413", "422", "429", "500", "503", "507"} <= names
