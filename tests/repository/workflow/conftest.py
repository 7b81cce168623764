"""A founded archive whose clock stands still until a test moves it, and its people."""

import io
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from sqlalchemy import select

from repository.models.account import Account
from repository.models.submission import Submission
from repository.permissions import Actor, Role
from repository.workflow import accounts, deposit, worker
from repository.workflow.accounts import NewAccount
from repository.workflow.tools import Tools
from tests.archives import PASSWORD, Clock, close, new_archive, photo, planned, take_in


@pytest.fixture
def clock() -> Clock:
    """A clock that stands still."""
    return Clock()


@dataclass(frozen=True, slots=True)
class People:
    """Who works in the archive of a test."""

    teacher: Actor
    colleague: Actor
    archivist: Actor
    admin: Actor


ROLES = {"teacher": Role.STAFF, "colleague": Role.STAFF, "archivist": Role.ARCHIVIST, "admin": Role.ADMIN}
CODE = "Y001-XSH·1978·Y-0001"


@pytest.fixture(scope="session")
def founded(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The data folder of a founded archive with two stores and four accounts, to be copied for each test."""
    data = tmp_path_factory.mktemp("founded") / "data"
    made = new_archive(data)
    with made.database.writing.begin() as session:
        for name, role in ROLES.items():
            accounts.create(session, NewAccount(name, f"{name}老师", PASSWORD, frozenset({role})))
    worker.drain(made)
    close(made)
    return data


@pytest.fixture(scope="session")
def stocked(founded: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The same with two archived photographs, 老校门 and 新校门."""
    base = tmp_path_factory.mktemp("stocked")
    shutil.copytree(founded, base / "data")
    made = new_archive(base / "data", empty=True)
    old = planned(photo(base / "老.jpg"), title="老校门", reference_code=CODE)
    take_in(made, old, planned(photo(base / "新.jpg", tone=9), title="新校门", access="restricted"))
    close(made)
    return base / "data"


def _opened(template: Path, data: Path, clock: Clock) -> Iterator[Tools]:
    shutil.copytree(template, data)
    made = new_archive(data, clock=clock, empty=True)
    yield made
    close(made)


@pytest.fixture
def tools(founded: Path, tmp_path: Path, clock: Clock) -> Iterator[Tools]:
    """A founded archive without items."""
    yield from _opened(founded, tmp_path / "data", clock)


@pytest.fixture
def archive(stocked: Path, tmp_path: Path, clock: Clock) -> Iterator[Tools]:
    """A founded archive with two archived photographs."""
    yield from _opened(stocked, tmp_path / "data", clock)


def people_of(tools: Tools) -> People:
    """Return the people of an archive."""
    with tools.database.reading() as session:
        rows = {row.username: accounts.actor_of(row) for row in session.scalars(select(Account))}
    return People(**{name: rows[name] for name in ROLES})


@pytest.fixture
def people(tools: Tools) -> People:
    """Return the people of the archive without items."""
    return people_of(tools)


@pytest.fixture
def hand_in(tools: Tools) -> Callable[..., list[str]]:
    """Return a function: actor, file names -> the ids of fresh drafts, one per file."""

    def act(actor: Actor, *names: str) -> list[str]:
        with tools.database.writing.begin() as session:
            submission_id = deposit.begin(session, tools, actor).id
        ids = []
        for name in names:
            staged = tools.staging.keep(io.BytesIO(name.encode()), name)
            with tools.database.writing.begin() as session:
                submission = session.get_one(Submission, submission_id)
                ids.append(deposit.receive(session, tools, actor, submission, staged=staged).id)
        return ids

    return act
