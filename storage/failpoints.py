"""Named places where a test may stop the machine.

JINGUI_FAILPOINT="name[:kill|raise|sleep|full],..." makes reach(name) act there;
without it reach() does nothing. Every name stands in NAMES, so that a test can
walk all of them: a place that nobody breaks is a place that nobody tested.
"""

import errno
import os
import signal
import time

VARIABLE = "JINGUI_FAILPOINT"
SLEEP_SECONDS = 30.0  # long enough for a test to stop, look at or kill the process

NAMES = (
    "staging.after_write",
    "staging.before_commit",
    "staging.after_commit",
    "bag.after_first_file",
    "bag.before_tagmanifest",
    "store.before_fsync",
    "store.before_rename",
    "store.after_rename",
    "replica.after_first_file",
    "replica.before_commit",
    "replica.after_commit",
    "mend.after_aside",
    "mend.before_replace",
    "mend.after_replace",
    "aside.after_note",
    "aside.after_move",
    "quarantine.after_forget",
    "ingest.after_intake",
    "ingest.before_pack",
    "ingest.after_pack",
    "ingest.after_rename",
    "ingest.before_register",
    "ingest.after_register",
    "ingest.after_replica",
    "repair.before_event",
    "repair.after_plan",
    "repair.after_file",
    "repair.before_register",
    "repair.after_register",
    "medium.before_write",
    "medium.after_package",
    "medium.before_register",
    "medium.after_register",
    "seal.after_key",
    "seal.before_commit",
    "seal.after_commit",
    "seal.after_carry",
    "anchor.after_row",
    "anchor.after_put",
    "anchor.before_noted",
    "backup.after_snapshot",
    "backup.after_first_member",
    "backup.before_rename",
    "backup.after_rename",
    "backup.before_listed",
    "backup.after_listed",
    "backup.after_prune",
    "restore.after_mark",
    "restore.after_unpack",
    "restore.after_keys",
    "restore.before_catalogue",
    "restore.after_catalogue",
    "restore.after_reconcile",
    "upgrade.after_backup",
    "upgrade.after_copy",
    "upgrade.after_migrate",
    "upgrade.before_rename",
    "upgrade.after_rename",
)
ACTIONS = ("kill", "raise", "sleep", "full")
_KNOWN = frozenset(NAMES)


class FailpointReached(RuntimeError):
    """The surprise that ":raise" asks for; no StorageError, so nobody expects it."""


def reach(name: str) -> None:
    """Do nothing, unless the environment asks for a failure here.

    Raises ValueError for a name (here or in the environment) that is not in
    NAMES: a misspelt fail-point would make a test pass for nothing.
    """
    if name not in _KNOWN:
        raise ValueError(f"unknown fail-point {name!r}")
    wanted = os.environ.get(VARIABLE)
    if wanted:
        action = _parse(wanted).get(name)
        if action:
            _act(action, name)


def _parse(wanted: str) -> dict[str, str]:
    """Return the asked action of each named fail-point."""
    actions = {}
    for word in wanted.split(","):
        name, _, action = word.strip().partition(":")
        action = action or "kill"
        if name not in _KNOWN or action not in ACTIONS:
            raise ValueError(f"{VARIABLE}: unknown {word.strip()!r}")
        actions[name] = action
    return actions


def _act(action: str, name: str) -> None:
    """Fail in the way that was asked for."""
    if action == "kill":
        os.kill(os.getpid(), getattr(signal, "SIGKILL", signal.SIGTERM))
    elif action == "sleep":
        time.sleep(SLEEP_SECONDS)
    elif action == "full":
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), name)
    else:
        raise FailpointReached(name)
