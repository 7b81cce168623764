"""Kills a program before any of its system calls that change a disk.

strace first lists those calls of a program that touch a folder; then the same
program is started once a point and killed right before that call. The program
must do its work in one thread, so that the n-th call is the same each time.
"""

import re
import shutil
import subprocess
import sys
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from tests.archives import ROOT, child_environment

#: Every call by which a program of ours can change what stands on a disk.
MUTATING = (
    "openat", "write", "writev", "pwrite64", "pwritev", "copy_file_range", "sendfile", "ftruncate",
    "fallocate", "fsync", "fdatasync", "syncfs", "rename", "renameat", "renameat2", "link", "linkat",
    "symlink", "symlinkat", "unlink", "unlinkat", "mkdir", "mkdirat", "rmdir", "chmod", "fchmod",
    "fchmodat", "utimensat", "fsetxattr",
)
_CALL = re.compile(r"^(\w+)\(")
SECONDS = 180


@dataclass(frozen=True, slots=True)
class Point:
    """The number-th call of one name, counted over the whole run of a program."""

    call: str
    number: int

    def __str__(self) -> str:
        """Return a short name for a test or a report."""
        return f"{self.call}-{self.number}"


@dataclass(frozen=True, slots=True)
class Program:
    """`python -m module arguments...` with these settings."""

    module: str
    arguments: Sequence[str]
    settings: dict[str, str]

    @property
    def command(self) -> list[str]:
        """Return the command line."""
        return [sys.executable, "-X", "utf8", "-B", "-m", self.module, *self.arguments]


def why_not() -> str:
    """Return why no program can be traced here, "" where one can."""
    strace = shutil.which("strace")
    if strace is None:
        return "strace is not installed"
    tried = subprocess.run([strace, "-qq", "-e", "trace=none", "true"], capture_output=True, text=True)
    return "" if tried.returncode == 0 else f"ptrace is forbidden here: {tried.stderr.strip()[:100]}"


def points(program: Program, folder: Path, log: Path) -> list[Point]:
    """Run a program to its end and return every changing call of it that touches folder, in order."""
    trace = ["strace", "-qq", "-y", "-s", "0", "-o", str(log), "-e", "trace=" + ",".join(MUTATING)]
    done = _run([*trace, *program.command], program)
    if done.returncode:
        raise AssertionError(f"the program fails by itself: {done.stderr[-2000:]}")
    found, seen = [], Counter[str]()
    for line in log.read_text("utf-8", "replace").splitlines():
        call = _CALL.match(line)
        if call is None:
            continue
        seen[call[1]] += 1
        if str(folder) in line and (call[1] != "openat" or "O_CREAT" in line):
            found.append(Point(call[1], seen[call[1]]))
    return found


def kill_at(program: Program, point: Point) -> subprocess.CompletedProcess[str]:
    """Run a program, kill it right before a call, and return what it had said by then."""
    inject = f"inject={point.call}:signal=KILL:when={point.number}"
    trace = ["strace", "-qq", "-o", "/dev/null", "-e", f"trace={point.call}", "-e", inject]
    return _run([*trace, *program.command], program)


def fail_at(program: Program, point: Point, error: str) -> subprocess.CompletedProcess[str]:
    """Run a program and let one call fail with an error (EIO, ENOSPC, EROFS ...)."""
    inject = f"inject={point.call}:error={error}:when={point.number}"
    trace = ["strace", "-qq", "-o", "/dev/null", "-e", f"trace={point.call}", "-e", inject]
    return _run([*trace, *program.command], program)


def was_killed(done: subprocess.CompletedProcess[str]) -> bool:
    """Return whether the kill came before the end."""
    return done.returncode in (-9, 137)


def spread(all_points: Sequence[Point], count: int) -> list[Point]:
    """Return count of the points, the first and the last among them, evenly spread."""
    if len(all_points) <= count:
        return list(all_points)
    step = (len(all_points) - 1) / (count - 1)
    return [all_points[round(number * step)] for number in range(count)]


def _run(command: list[str], program: Program) -> subprocess.CompletedProcess[str]:
    environment = child_environment(program.settings)
    return subprocess.run(
        command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=SECONDS, errors="replace"
    )
