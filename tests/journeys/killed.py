"""What the kill tests run in a process of its own: `python -m tests.journeys.killed ACT DATA [SOURCE]`.

ACT-here does the work in one thread, so that the n-th system call is the same each time.
"""

import sys
from pathlib import Path

from repository import cli, queries
from repository.models.package import Copy
from repository.workflow import care, importing, worker
from repository.workflow.tools import Tools
from storage.lanes import in_lanes
from tests.archives import new_archive, planned

TITLE = "老校门"


def ingest(tools: Tools, source: Path) -> None:
    """Take one photograph in, say ACK once the hand-in is committed, then do the work."""
    importing.run(
        tools, tools.software, [planned(source, title=TITLE)], note="", tell=lambda done, total: None
    )
    print("ACK", flush=True)
    work_off(tools)


def many(tools: Tools, folder: Path) -> None:
    """Take photographs in one by one and say each title once its hand-in is committed."""
    for path in sorted(folder.iterdir()):
        taken = [planned(path, title=path.stem)]
        importing.run(tools, tools.software, taken, note="", tell=lambda done, total: None)
        print(path.stem, flush=True)
        work_off(tools)


def work_off(tools: Tools) -> None:
    """Do all work that can be done now, in this thread if asked so."""
    here = sys.argv[1].endswith("-here")
    if here:
        in_lanes.__kwdefaults__["lanes"] = 1
    worker.drain(tools, in_this_thread=here)


def repair(tools: Tools) -> None:
    """Repair every copy that is not good."""
    with tools.database.writing.begin() as session:
        for troubled in queries.troubled_copies(session, tools.software):
            care.ask_repair(session, tools, tools.software, session.get_one(Copy, troubled.copy.id))
    work_off(tools)


def by_command(*words: str) -> None:
    """Do what a person would do at the command line."""
    in_lanes.__kwdefaults__["lanes"] = 1
    cli.main(words)
    print("ACK", flush=True)


COMMANDS = {"backup": ("backup",), "upgrade": ("init",), "restore": ("restore",)}

if __name__ == "__main__":
    named = COMMANDS.get(sys.argv[1].removesuffix("-here"))
    if named:
        more = [sys.argv[3], "--identity", sys.argv[4]] if named == ("restore",) else []
        by_command(*named, *more)
        raise SystemExit(0)
    archive = new_archive(Path(sys.argv[2]), empty=True)
    if sys.argv[1].startswith("ingest"):
        ingest(archive, Path(sys.argv[3]))
    elif sys.argv[1] == "many":
        many(archive, Path(sys.argv[3]))
    else:
        repair(archive)
    archive.sandbox.close()
