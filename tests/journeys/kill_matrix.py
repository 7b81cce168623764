"""The acts of the whole archive that the kill matrix stops before every changing system call.

An act is a program over one data folder, what it starts from, and what must
be true afterwards. tests/journeys/test_kill_calls.py tries some places of
each act, `python -m benchmarks.kills` tries all.
"""

import shutil
import subprocess
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import func, select, text

from repository import queries
from repository.config import from_env
from repository.models.account import Account
from repository.models.item import Item
from repository.models.job import FixityRun
from repository.models.migrating import migrate, newest_revision
from repository.models.package import Copy
from repository.models.school import Fact
from repository.models.snapshot import revision_of
from repository.permissions import access_tags
from repository.wiring import build_tools, lay_folders
from repository.workflow import backing, backup_contents, backup_sheets, care, restoring, worker
from repository.workflow.tools import Tools
from search.entry import Request
from tests.archives import (
    ARCHIVIST,
    close,
    environment,
    jingui_here,
    new_archive,
    photo,
    planned,
    take_in,
)
from tests.journeys import syscalls
from tests.journeys.afterwards import assert_nothing_half, restarted
from tests.journeys.killed import TITLE
from tests.journeys.syscalls import Point, Program

SOURCE, BACKUP, KEY = "老校门.jpg", "backup.age", "backup.key"
LATER = "新校门"
OLD_SCHEMA, ROWS = "0002", 50


@dataclass(frozen=True, slots=True)
class Act:
    """prepare makes what stands before; check looks after the kill at what stands and what was said."""

    name: str
    prepare: Callable[[Path], None]
    check: Callable[[Path, str], None]
    words: tuple[str, ...] = ()
    has_own_stores: bool = False  # beside the data folder, so that this may be lost alone


@dataclass(frozen=True, slots=True)
class Result:
    """One kill; killed is false where the program came to its end before the call."""

    point: Point
    killed: bool


class Matrix:
    """One act with its pattern folder, its points, and a place to try them."""

    def __init__(self, act: Act, folder: Path) -> None:
        """Prepare the pattern and list the points."""
        self.act, self.pattern, self.work = act, folder / "pattern", folder / "work"
        act.prepare(self.pattern)
        self.program = Program(
            "tests.journeys.killed",
            [f"{act.name}-here", str(self.work / "data"), *(str(self.work / word) for word in act.words)],
            environment(self.work / "data", **(own_stores(self.work) if act.has_own_stores else {})),
        )
        self._lay()
        self.points = syscalls.points(self.program, self.work, folder / "trace")

    def try_at(self, point: Point) -> Result:
        """Kill the act before a call, look, start again, look again. Raises AssertionError."""
        self._lay()
        done = syscalls.kill_at(self.program, point)
        self.act.check(self.work / "data", done.stdout)
        return Result(point, syscalls.was_killed(done))

    def _lay(self) -> None:
        shutil.rmtree(self.work, ignore_errors=True)
        subprocess.run(["cp", "-a", str(self.pattern), str(self.work)], check=True)


def own_stores(folder: Path) -> dict[str, str]:
    """Return the setting of two stores beside the data folder."""
    return {"JINGUI_STORES": f"main={folder / 'main'},second={folder / 'second'}"}


def _prepare_ingest(folder: Path) -> None:
    close(new_archive(folder / "data"))
    photo(folder / SOURCE)


def _check_ingest(data: Path, said: str) -> None:
    tools = restarted(data)
    assert_nothing_half(tools)
    if "ACK" in said:
        assert tools.index.find(Request(TITLE, access_tags(ARCHIVIST))).total == 1
    close(tools)


def prepare_repair(folder: Path) -> None:
    """Leave one damaged file in each store, found by a run."""
    tools = new_archive(folder / "data")
    take_in(tools, planned(photo(folder / SOURCE), title=TITLE))
    main, second = (spec.root for spec in tools.settings.store_specs)
    [image] = main.glob("aips/*/*/*/v0001/data/objects/0001.jpg")
    [tag] = second.glob("aips/*/*/*/v0001/bag-info.txt")
    for path in (image, tag):
        path.chmod(0o644)
        path.write_bytes(path.read_bytes()[:-1] + b"?")
    _whole_round(tools)
    close(tools)


def check_repair(data: Path, said: str = "") -> None:
    """Each file is the old damaged or the new good one; started again, all is good."""
    for store in ("main", "second"):
        [bag] = (data / "stores" / store).glob("aips/*/*/*/v0001")
        assert (bag / "data/objects/0001.jpg").stat().st_size > 0
        assert (bag / "bag-info.txt").stat().st_size > 0
    tools = restarted(data)
    with tools.database.writing.begin() as session:
        for troubled in queries.troubled_copies(session, tools.software):
            care.ask_repair(session, tools, tools.software, session.get_one(Copy, troubled.copy.id))
    worker.drain(tools)
    run = _whole_round(tools)
    assert (run.expected, run.checked) == (2, 2)
    assert_nothing_half(tools)
    close(tools)


def _whole_round(tools: Tools) -> FixityRun:
    with tools.database.writing.begin() as session:
        run_id = care.start(session, tools, tools.software, scope="all").id
    worker.drain(tools)
    with tools.database.reading() as session:
        return session.get_one(FixityRun, run_id)


def _prepare_backup(folder: Path) -> None:
    tools = new_archive(folder / "data")
    take_in(tools, planned(photo(folder / SOURCE), title=TITLE))
    close(tools)


def _check_backup(data: Path, said: str) -> None:
    """What is listed opens, what was killed is not listed, and the next backup is made."""
    tools = restarted(data)
    stood = backup_sheets.listed(tools.settings.backups_folder)
    assert len(stood) == 1 or "ACK" not in said
    for sheet in (*stood, backing.make(tools)):
        backup_contents.verify(sheet.path, backing.backup_key(tools).secret, data.parent / f"out-{sheet.id}")
    assert_nothing_half(tools)
    close(tools)


def _prepare_restore(folder: Path) -> None:
    """Leave a backup, its key, and stores that hold one item more; the data folder is lost."""
    tools = new_archive(folder / "data", **own_stores(folder))
    take_in(tools, planned(photo(folder / SOURCE), title=TITLE))
    sheet = backing.make(tools)
    shutil.move(sheet.path, folder / BACKUP)
    shutil.copy(tools.settings.data / "keys" / backing.KEY_FILE, folder / KEY)
    take_in(tools, planned(photo(folder / "b.jpg", tone=30), title=LATER))
    close(tools)
    shutil.rmtree(folder / "data")


def _check_restore(data: Path, said: str) -> None:
    """A restore that was stopped begins anew and ends well; what is newer than the backup is there."""
    stores = own_stores(data.parent)
    settings = from_env(environment(data, **stores))
    if restoring.is_unfinished(settings) or restoring.is_free(settings):
        assert "ACK" not in said
        words = (str(data.parent / BACKUP), "--identity", str(data.parent / KEY))
        again = jingui_here(data, "restore", *words, **stores)
        assert again.returncode in (0, 1), again.stdout + again.stderr
    tools = restarted(data, **stores)
    _whole_round(tools)
    with tools.database.reading() as session:
        assert set(session.scalars(select(Item.title))) == {TITLE, LATER}
        assert session.scalar(select(func.count()).select_from(Account)) == 1
    assert_nothing_half(tools)
    close(tools)


def _prepare_upgrade(folder: Path) -> None:
    """Leave a catalogue of the schema before, with rows in it."""
    settings = from_env(environment(folder / "data"))
    lay_folders(settings)
    tools = build_tools(settings)
    migrate(tools.database, to=OLD_SCHEMA)
    with tools.database.writing.begin() as session:
        session.add_all(Fact(name=f"n{number}", value="旧") for number in range(ROWS))
    close(tools)


def _check_upgrade(data: Path, said: str) -> None:
    """The schema is the old or the new one, every row is there, and the next start ends it."""
    assert revision_of(data / "catalogue.sqlite") in (OLD_SCHEMA, newest_revision())
    done = jingui_here(data, "init")
    assert done.returncode == 0, done.stderr
    tools = new_archive(data, empty=True)
    with tools.database.reading() as session:
        old = select(func.count()).select_from(Fact).where(Fact.value == "旧")
        assert session.scalar(text("PRAGMA integrity_check")) == "ok"
        assert session.scalar(old) == ROWS
    close(tools)


ACTS = (
    Act("ingest", _prepare_ingest, _check_ingest, (SOURCE,)),
    Act("repair", prepare_repair, check_repair),
    Act("backup", _prepare_backup, _check_backup),
    Act("restore", _prepare_restore, _check_restore, (BACKUP, KEY), has_own_stores=True),
    Act("upgrade", _prepare_upgrade, _check_upgrade),
)
