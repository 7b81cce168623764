"""A real archive in a temporary folder, and people who sign in to it."""

import io
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient
from PIL import Image, ImageDraw

from preservation.sandbox import Sandbox
from repository.app import create_app
from repository.config import Settings, from_env
from repository.models.account import Account
from repository.models.item import Item
from repository.models.migrating import migrate
from repository.permissions import Actor, Role
from repository.wiring import build_tools, lay_folders
from repository.workflow import accounts, deposit, describe, founding, review, worker
from repository.workflow.accounts import NewAccount
from repository.workflow.describe import Edit
from repository.workflow.founding import Founding
from repository.workflow.indexing import check_index
from repository.workflow.tools import Tools, now_utc

PASSWORD = "yi-ju-hua-mi-ma"
SCHOOL = "云溪中学"


class Clock:
    """The real time, moved by a span; or standing still once it is frozen."""

    def __init__(self) -> None:
        self.shift = timedelta(0)
        self.frozen: datetime | None = None

    def __call__(self) -> datetime:
        """Return the present time of the test."""
        return (self.frozen or now_utc()) + self.shift

    def freeze(self) -> None:
        """Stand still from now on."""
        self.frozen = now_utc()

    def forward(self, **span: float) -> None:
        """Move on."""
        self.shift += timedelta(**span)


@dataclass(frozen=True, slots=True)
class Archive:
    """One running archive of a test."""

    settings: Settings
    tools: Tools
    app: Flask
    clock: Clock

    def actor(self, username: str) -> Actor:
        """Return the actor of an account."""
        with self.tools.database.reading() as session:
            account = session.query(Account).filter_by(username=username).one()
            return accounts.actor_of(account)

    def work(self) -> None:
        """Let the worker do all that waits."""
        worker.drain(self.tools)


def picture(text: str = "", size: tuple[int, int] = (480, 320), colour: str = "#b09a78") -> bytes:
    """Return a JPEG; another text makes other bytes."""
    image = Image.new("RGB", size, colour)
    ImageDraw.Draw(image).text((10, 10), text.encode("ascii", "replace").decode(), fill="black")
    out = io.BytesIO()
    image.save(out, "JPEG", quality=80, comment=text.encode())
    return out.getvalue()


def open_archive(folder: Path, *, found: bool = True, **overrides: object) -> Archive:
    """Return a new archive in this folder: settings, stores, catalogue, index, app."""
    lay_folders(_settings(folder, **overrides))
    opened = reopen(folder, **overrides)
    migrate(opened.tools.database)
    if found:
        _found(opened.tools)
    with opened.tools.database.writing.begin() as session:
        check_index(session, opened.tools)
    opened.work()
    return opened


def reopen(folder: Path, *, sandbox: Sandbox | None = None, **overrides: object) -> Archive:
    """Return the archive that stands in this folder."""
    settings = _settings(folder, **overrides)
    clock = Clock()
    tools = replace(build_tools(settings), clock=clock)
    if sandbox is not None:
        tools = replace(tools, sandbox=sandbox)
    app = create_app(settings, tools)
    app.config["TESTING"] = True
    app.config["WTF_CSRF_ENABLED"] = False
    return Archive(settings, tools, app, clock)


def _settings(folder: Path, **overrides: object) -> Settings:
    told = {"JINGUI_RESERVE_MB": "1", "JINGUI_RESERVE_PERCENT": "0", "JINGUI_FIXITY_MB_PER_SECOND": "0"}
    return from_env(told, data=folder, **overrides)


def _found(tools: Tools) -> None:
    people = (
        ("admin", "周正言", {Role.ADMIN}),
        ("archivist", "苏晚晴", {Role.ARCHIVIST}),
        ("staff", "陆明川", {Role.STAFF}),
        ("colleague", "韩一诺", {Role.STAFF}),
    )
    with tools.database.writing.begin() as session:
        username, full_name, roles = people[0]
        founding.found(session, tools, Founding(SCHOOL, "J019", _new(username, full_name, roles)))
        for username, full_name, roles in people[1:]:
            accounts.create(session, _new(username, full_name, roles))


def _new(username: str, full_name: str, roles: set[Role]) -> NewAccount:
    return NewAccount(username, full_name, PASSWORD, frozenset(roles))


@pytest.fixture(scope="session")
def founded(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the folder of a founded archive that tests copy, and never use itself."""
    folder = tmp_path_factory.mktemp("founded") / "data"
    close(open_archive(folder))
    return folder


@pytest.fixture(scope="session")
def sandbox() -> Iterator[Sandbox]:
    """Yield one pool of limited children for all tests: starting one takes a second."""
    pool = Sandbox(workers=2)
    yield pool
    pool.close()


@pytest.fixture
def archive(tmp_path: Path, founded: Path, sandbox: Sandbox) -> Iterator[Archive]:
    """Yield a founded archive with four accounts: admin, archivist, staff, colleague."""
    opened = reopen(shutil.copytree(founded, tmp_path / "data"), sandbox=sandbox)
    yield opened
    opened.tools.database.engine.dispose()


def close(opened: Archive) -> None:
    """Let go of what an archive of its own holds."""
    opened.tools.sandbox.close()
    opened.tools.database.engine.dispose()


@pytest.fixture
def client(archive: Archive) -> FlaskClient:
    """Return a visitor's browser."""
    return archive.app.test_client()


@pytest.fixture
def signed_in(archive: Archive) -> Callable[[str], FlaskClient]:
    """Return a function: username -> a browser in which that person is signed in."""

    def sign_in(username: str) -> FlaskClient:
        browser = archive.app.test_client()
        answer = browser.post("/login", data={"username": username, "password": PASSWORD})
        assert answer.status_code == 302
        return browser

    return sign_in


@pytest.fixture
def put_in(archive: Archive) -> Callable[..., str]:
    """Return a function that hands in files by real verbs and returns the item's id.

    state is how far it goes: "draft", "submitted", "archived"; archived ones
    have been through the worker.
    """

    return partial(put_into, archive)


def put_into(
    archive: Archive,
    title: str = "一九五六年校运会",
    *,
    files: tuple[tuple[str, bytes], ...] = (),
    state: str = "archived",
    by: str = "staff",
    values: dict[str, str | tuple[str, ...]] | None = None,
    **columns: str,
) -> str:
    """Return the id of an item handed in by real verbs; see the fixture put_in."""
    item_id = hand_in(archive, files or (("合影.jpg", picture(title)),), by=by)
    said = {"title": title, "date": "1956", "place": "操场", **(values or {})}
    told = {"kind": "photo", "category": "SX", "retention": "Y", "access_level": "public", **columns}
    settle(archive, item_id, Edit(said, told), state)
    return item_id


def hand_in(archive: Archive, files: tuple[tuple[str, bytes], ...], *, by: str) -> str:
    """Return the id of a draft with these files."""
    tools, actor = archive.tools, archive.actor(by)
    kept = [tools.staging.keep(io.BytesIO(content), name, algorithms=("sha256",)) for name, content in files]
    with tools.database.writing.begin() as session:
        submission = deposit.begin(session, tools, actor)
        first = deposit.receive(session, tools, actor, submission, staged=kept[0])
        for staged in kept[1:]:
            deposit.add_file(session, tools, actor, first, staged=staged)
        return first.id


def settle(archive: Archive, item_id: str, wanted: Edit, state: str) -> None:
    """Describe a draft and bring it to a state."""
    tools, archivist = archive.tools, archive.actor("archivist")
    with tools.database.writing.begin() as session:
        item = session.get_one(Item, item_id)
        describe.edit(session, tools, archivist, item, wanted=wanted)
        if state != "draft":
            review.submit(session, tools, archivist, item)
        if state == "archived":
            review.accept(session, tools, archivist, item)
    if state == "archived":
        archive.work()
