"""The rules of the house that a machine can see (architecture, conventions 1, 2, 15)."""

import ast
from pathlib import Path

import pytest

from repository.config import TABLE

ROOT = Path(__file__).resolve().parent.parent
PACKAGES = ("repository", "storage", "preservation", "search")
FILES = sorted(
    path for package in PACKAGES for path in (ROOT / package).rglob("*.py") if "versions" not in path.parts
)
#: Foreign library -> the only folders or files that may import it.
GUESTS = {
    "bagit": ("storage",),
    "boto3": ("storage",),
    "cryptography": (
        "storage/sealed_stream.py", "storage/signatures.py", "preservation", "repository/workflow",
    ),
    "pyrage": ("storage/ages.py",),
    "whoosh": ("search",),
    "opencc": ("search",),
    "PIL": ("preservation", "repository/demo"),
    "pillow_heif": ("preservation",),
    "pypdfium2": ("preservation",),
    "magic": ("preservation",),
    "pygfried": ("preservation",),
    "apscheduler": ("repository/workflow/worker.py",),
    "openpyxl": ("repository/sheets.py",),
    "alembic": ("repository/models", "repository/migrations"),
    "defusedxml": ("repository/description",),
    "waitress": ("repository/commands",),
}
#: A file that may be longer, as it must be one: it lies in every store and is run alone.
LONG = {"storage/verify_jingui.py": 520}


def _name(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def _tree(path: Path) -> ast.Module:
    return ast.parse(path.read_text("utf-8"))


def _imports(tree: ast.AST) -> list[ast.Import | ast.ImportFrom]:
    return [node for node in ast.walk(tree) if isinstance(node, ast.Import | ast.ImportFrom)]


@pytest.mark.parametrize("path", FILES, ids=_name)
def test_no_import_is_hidden_or_relative(path: Path) -> None:
    """Imports stand at the top of a file, and name what they import in full."""
    tree = _tree(path)
    inside = [
        node.lineno
        for function in ast.walk(tree)
        if isinstance(function, ast.FunctionDef | ast.AsyncFunctionDef)
        for node in _imports(function)
    ]
    relative = [node.lineno for node in _imports(tree) if isinstance(node, ast.ImportFrom) and node.level]

    assert (inside, relative) == ([], [])


@pytest.mark.parametrize("path", FILES, ids=_name)
def test_guests_stay_in_their_one_home(path: Path) -> None:
    """A foreign library is imported by the one room that stands for it."""
    names = {
        (alias.name if isinstance(node, ast.Import) else node.module or "").partition(".")[0]
        for node in _imports(_tree(path))
        for alias in node.names
    }
    strays = [name for name in names & GUESTS.keys() if not _name(path).startswith(GUESTS[name])]

    assert strays == []


@pytest.mark.parametrize("path", FILES, ids=_name)
def test_files_and_functions_stay_small(path: Path) -> None:
    """A file has at most 300 lines, a function at most 40."""
    text = path.read_text("utf-8")
    long = [
        f"{node.name}:{node.end_lineno - node.lineno + 1}"
        for node in ast.walk(ast.parse(text))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        and node.end_lineno is not None
        and node.end_lineno - node.lineno + 1 > 44
    ]

    most = LONG.get(_name(path), 330)

    assert (len(text.splitlines()) <= most, long) == (True, [])


@pytest.mark.parametrize("path", FILES, ids=_name)
def test_every_file_says_what_it_is_for(path: Path) -> None:
    """Each module has a docstring; an __init__ holds nothing else."""
    tree = _tree(path)
    if path.parent.name == "versions":
        return
    said = ast.get_docstring(tree)

    assert said or (path.name == "__init__.py" and not tree.body)
    if path.name == "__init__.py":
        assert len(tree.body) <= 1


@pytest.mark.parametrize(
    "path", [path for path in FILES if "web" in path.parts or "api" in path.parts], ids=_name
)
def test_doors_select_nothing_themselves(path: Path) -> None:
    """Pages read items through queries.py alone."""
    assert "select(" not in path.read_text("utf-8")


def test_every_setting_is_in_the_readme() -> None:
    """The README lists every setting of the one table."""
    readme = (ROOT / "README.md").read_text("utf-8")
    missing = [spec.variable for spec in TABLE if spec.variable not in readme]

    assert missing == []


def test_broad_excepts_are_in_two_places() -> None:
    """Only the job loop and the web error page catch every exception."""
    found = {
        _name(path)
        for path in FILES
        for node in ast.walk(_tree(path))
        if isinstance(node, ast.ExceptHandler)
        and isinstance(node.type, ast.Name)
        and node.type.id == "Exception"
    }

    assert found <= {"repository/workflow/worker.py", "repository/web/errors.py"}
