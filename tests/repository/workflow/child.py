"""What tests of the worker run in a second process: `python -m tests.repository.workflow.child ACT DATA`."""

import os
import sys
import time

from repository.commands.running import run_worker
from repository.config import from_env
from repository.wiring import build_tools
from repository.workflow import anchoring, jobs, sealing, worker
from repository.workflow.tools import Tools, Work


def hold(tools: Tools) -> None:
    """Take the worker's lease and hold it until killed."""
    worker.hire(tools)
    print("held", flush=True)
    sys.stdin.read()


def claim(tools: Tools) -> None:
    """Claim jobs until none is left, and print their numbers."""
    print("ready", flush=True)
    sys.stdin.readline()
    while True:
        with tools.database.writing.begin() as session:
            job = jobs.claim(session, str(os.getpid()), tools.clock())
            if job is None:
                return
            print(job.id)
        time.sleep(0.01)  # the lock is free meanwhile: the other process comes in between


def seal(tools: Tools) -> None:
    """Seal what is not sealed yet."""
    sealing.seal(Work(tools, {}))


def anchor(tools: Tools) -> None:
    """Make an anchor."""
    anchoring.anchor(Work(tools, {}))


if __name__ == "__main__":
    archive = build_tools(from_env(os.environ))
    {"hold": hold, "claim": claim, "work": run_worker, "seal": seal, "anchor": anchor}[sys.argv[1]](archive)
