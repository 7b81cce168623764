"""Archives for commands that run as real processes."""

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from repository.permissions import Role
from repository.workflow import accounts
from repository.workflow.accounts import NewAccount
from tests.archives import PASSWORD, close, new_archive, photo, planned, take_in


@pytest.fixture(scope="session")
def stocked(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The data folder of an archive with three photographs of three levels and a teacher's account."""
    base = tmp_path_factory.mktemp("stocked")
    tools = new_archive(base / "data")
    with tools.database.writing.begin() as session:
        accounts.create(session, NewAccount("jiaoshi", "赵老师", PASSWORD, frozenset({Role.STAFF})))
    levels = {"public": "校门春景", "internal": "校门夏景", "restricted": "校门秋景"}
    take_in(
        tools,
        *(
            planned(photo(base / f"{level}.jpg", tone=n * 30), title=title, access=level)
            for n, (level, title) in enumerate(levels.items())
        ),
    )
    close(tools)
    return base / "data"


@pytest.fixture
def data(stocked: Path, tmp_path: Path) -> Path:
    """A copy of it for one test."""
    shutil.copytree(stocked, tmp_path / "data")
    return tmp_path / "data"


@pytest.fixture
def damage(data: Path) -> Callable[[str], Path]:
    """Return a function: store -> the picture in it whose last byte was flipped."""

    def act(store: str) -> Path:
        image = sorted((data / "stores" / store).glob("aips/*/*/*/v0001/data/objects/0001.jpg"))[0]
        good = image.read_bytes()
        image.chmod(0o644)
        image.write_bytes(good[:-1] + bytes([good[-1] ^ 1]))
        return image

    return act
