"""A real archive in a temporary folder, for tests of verbs, pages and commands."""

import os
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

from click.testing import CliRunner
from PIL import Image, ImageDraw

from repository import cli
from repository.config import TABLE, from_env
from repository.models.migrating import migrate
from repository.permissions import Actor, Role
from repository.wiring import build_tools, lay_folders
from repository.workflow import founding, importing, worker
from repository.workflow.accounts import NewAccount
from repository.workflow.describe import COLUMNS
from repository.workflow.founding import Founding
from repository.workflow.importing import Planned
from repository.workflow.tools import Tools, now_utc

ROOT = Path(__file__).resolve().parent.parent
PASSWORD = "correct horse battery"
ARCHIVIST = Actor(None, "李档案", frozenset({Role.ARCHIVIST}))
ADMINISTRATOR = Actor(None, "王管理", frozenset({Role.ADMIN}))
TEACHER = Actor(None, "赵老师", frozenset({Role.STAFF}))


class Clock:
    """A clock that stands still until it is moved."""

    def __init__(self) -> None:
        self.now = now_utc()

    def __call__(self) -> datetime:
        return self.now

    def move(self, **span: float) -> None:
        """Move on by a timedelta's words."""
        self.now += timedelta(**span)


def environment(data: Path, **more: str) -> dict[str, str]:
    """Return the settings of a small archive."""
    quick = {"JINGUI_RESERVE_MB": "1", "JINGUI_RESERVE_PERCENT": "0", "JINGUI_FIXITY_MB_PER_SECOND": "0"}
    return {"JINGUI_DATA": str(data), **quick, **more}


def new_archive(data: Path, *, clock: Clock | None = None, empty: bool = False, **more: str) -> Tools:
    """Return the tools of a founded archive (one administrator who is archivist, too)."""
    settings = from_env(environment(data, **more))
    lay_folders(settings)
    tools = build_tools(settings)
    migrate(tools.database)
    if clock is not None:
        tools = replace(tools, clock=clock)
    if not empty:
        with tools.database.writing.begin() as session:
            first = NewAccount("guanli", "王管理", PASSWORD, founding.administrator_roles(True))
            founding.found(session, tools, Founding("云溪中学", "Y001", first))
    return tools


def close(tools: Tools) -> None:
    """Let go of processes and files."""
    tools.sandbox.close()
    tools.database.engine.dispose()


def photo(path: Path, *, text: str = "", size: tuple[int, int] = (320, 240), tone: int = 120) -> Path:
    """Draw a small photograph and return its path."""
    image = Image.effect_noise(size, 40).convert("RGB")
    draw = ImageDraw.Draw(image)
    draw.rectangle((20, 20, 120, 120), fill=(tone, 90, 60))
    draw.text((30, 40), text.encode("ascii", "ignore").decode(), fill=(255, 255, 255))
    path.parent.mkdir(parents=True, exist_ok=True)
    image.save(path, quality=85)
    return path


def planned(path: Path, *, title: str, access: str = "internal", **values: str) -> Planned:
    """Return one photograph to take in, described well enough for filing."""
    told = {"title": title, "date": "1978", **values}
    columns = {"kind": "photo", "category": "XSH", "retention": "Y", "access_level": access}
    columns |= {name: told.pop(name) for name in COLUMNS if name in told}
    return Planned((path,), told, columns)


def take_in(tools: Tools, *items: Planned) -> list[str]:
    """Take items in, do all the work that follows, and return their ids."""
    ids = importing.run(tools, tools.software, list(items), note="", tell=lambda done, total: None)
    worker.drain(tools)
    return ids


def jingui(data: Path, *arguments: str, **more: str) -> subprocess.CompletedProcess[str]:
    """Run the command line on an archive and return what it said."""
    return subprocess.run(
        [sys.executable, "-m", "repository", *arguments],
        cwd=ROOT,
        env=child_environment(environment(data, **more)),
        capture_output=True,
        text=True,
        timeout=240,
    )


def jingui_here(data: Path, *arguments: str, **more: str) -> "subprocess.CompletedProcess[str]":
    """Run the command line in this very process, which is quicker, and return what it said."""
    told: dict[str, str | None] = {
        **dict.fromkeys(os.environ.keys() & {spec.variable for spec in TABLE}),
        **environment(data, **more),
    }
    with CliRunner().isolation(env=told) as (out, err, _):
        code: object = 0
        try:
            cli.main(list(arguments))
        except SystemExit as end:
            code = end.code
        said = [stream.getvalue().decode() for stream in (out, err)]
    return subprocess.CompletedProcess(list(arguments), int(str(code or 0)), *said)


def child_environment(more: Mapping[str, str]) -> dict[str, str]:
    """Return this process's environment without its own JINGUI settings, plus more."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("JINGUI_")}
    return {**kept, **more, "PYTHONPATH": str(ROOT), "PYTHONUTF8": "1"}
