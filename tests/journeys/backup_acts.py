"""What the kill tests of backups run: `python -m tests.journeys.backup_acts ACT DATA [SEALED KEY]`."""

import os
import sys
from pathlib import Path

from repository.config import Settings, from_env
from repository.wiring import build_tools, lay_folders
from repository.workflow import backup_rounds, restoring, upgrading
from repository.workflow.tools import Tools, Work


def opened(settings: Settings) -> Tools:
    """Return the tools of an archive as it stands."""
    lay_folders(settings)
    return build_tools(settings)


def restore(settings: Settings, sealed: Path, secret: str) -> None:
    """Restore as the command does."""
    manifest = restoring.lay(sealed, secret, settings)
    tools = opened(settings)
    restoring.reconcile(tools, tools.software, manifest, lambda done, total: None)
    restoring.finish(settings)


if __name__ == "__main__":
    told = from_env(os.environ)
    if sys.argv[1] == "backup":
        backup_rounds.run(Work(opened(told), {}))
    elif sys.argv[1] == "upgrade":
        upgrading.upgrade(opened(told))
    else:
        restore(told, Path(sys.argv[2]), Path(sys.argv[3]).read_text("utf-8"))
