"""A founded archive whose clock stands still until a test moves it, and its people."""

import io
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from repository.models.submission import Submission
from repository.permissions import Actor, Role
from repository.workflow import accounts, deposit
from repository.workflow.accounts import NewAccount
from repository.workflow.tools import Tools
from tests.archives import PASSWORD, Clock, close, new_archive


@pytest.fixture
def clock() -> Clock:
    """A clock that stands still."""
    return Clock()


@pytest.fixture
def tools(tmp_path: Path, clock: Clock) -> Iterator[Tools]:
    """A founded archive with two stores."""
    made = new_archive(tmp_path / "data", clock=clock)
    yield made
    close(made)


@dataclass(frozen=True, slots=True)
class People:
    """Who works in the archive of a test."""

    teacher: Actor
    colleague: Actor
    archivist: Actor
    admin: Actor


@pytest.fixture
def people(tools: Tools) -> People:
    """Make four accounts and return their people."""
    made = {}
    with tools.database.writing.begin() as session:
        for name, role in (("teacher", Role.STAFF), ("colleague", Role.STAFF), ("archivist", Role.ARCHIVIST),
                           ("admin", Role.ADMIN)):
            new = NewAccount(name, f"{name}老师", PASSWORD, frozenset({role}))
            made[name] = accounts.actor_of(accounts.create(session, new))
    return People(**made)


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
