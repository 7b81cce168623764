"""An archive with three archived photographs, to be copied for each test."""

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from repository.workflow.tools import Tools
from tests.archives import close, new_archive, photo, planned, take_in

TITLES = {"public": "校门春景", "internal": "校门夏景", "restricted": "校门秋景"}


@pytest.fixture(scope="session")
def stocked(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The data folder of an archive with one photograph of each access level."""
    base = tmp_path_factory.mktemp("stocked")
    tools = new_archive(base / "data")
    take_in(
        tools,
        *(
            planned(photo(base / f"{level}.jpg", tone=n * 30), title=title, access=level,
                    reference_code=f"Y001-XSH·1978·Y-{n:04d}")
            for n, (level, title) in enumerate(TITLES.items(), start=1)
        ),
    )
    close(tools)
    return base / "data"


@pytest.fixture
def data(stocked: Path, tmp_path: Path) -> Path:
    """A copy of it for one test."""
    return Path(shutil.copytree(stocked, tmp_path / "data"))


@pytest.fixture
def archive(data: Path) -> Iterator[Tools]:
    """The archive with three photographs."""
    tools = new_archive(data, empty=True)
    yield tools
    close(tools)


@pytest.fixture
def another(tmp_path: Path) -> Iterator[Callable[[], Tools]]:
    """Return a function that founds a further, empty archive."""
    made: list[Tools] = []

    def found() -> Tools:
        made.append(new_archive(tmp_path / f"another{len(made)}"))
        return made[-1]

    yield found
    for tools in made:
        close(tools)
