"""Run tasks on one file in a limited child process.

Nothing that parses a foreign file runs in our own process: Pillow and pdfium
live in children with limits on CPU, memory, time and written bytes. A child is
started with exec, never by fork alone (pygfried deadlocks after fork). A warm
child serves many files: its start costs 0.2 s. Case P13 of reliability.
"""

import json
import os
import queue
import signal
import subprocess
import sys
import threading
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from types import MappingProxyType, TracebackType
from typing import IO, cast

from preservation.errors import ChildFailed

#: The tree (or site-packages) in which our packages stand.
ROOT = str(Path(__file__).resolve().parent.parent)
#: An answer holds facts about one file; text and images travel as files.
MAX_ANSWER = 1 << 20
#: The rooms whose tasks a child can do.
READERS = (
    "preservation.readable",
    "preservation.derivatives.image",
    "preservation.derivatives.document",
)
JUDGES = ("preservation.identify",)
#: Go reserves 1.8 GiB of addresses and maps the file; it uses 0.1 GiB of memory.
JUDGE_ADDRESSES = 64 << 30
_KEPT = ("PATH", "LANG", "LC_ALL", "TMPDIR", "TEMP", "TMP", "SYSTEMROOT", "LD_LIBRARY_PATH")
_MEASURED = ("COVERAGE_PROCESS_START", "COVERAGE_PROCESS_CONFIG")  # set by coverage alone, in tests
#: The kernel ends a child that used up its CPU time with one of these two;
#: memory has its own limit, which shows as MemoryError or as a crash.
_TIMES_UP = tuple(int(getattr(signal, name, 0)) for name in ("SIGXCPU", "SIGKILL"))


@dataclass(frozen=True, slots=True)
class Limits:
    """What one child may use; times in seconds, sizes in bytes."""

    wall_seconds: float = 30.0
    cpu_seconds: int = 30
    memory_bytes: int = 1 << 30
    file_bytes: int = 256 << 20
    files: int = 200  # then a new child: leaks of C libraries stay small


@dataclass(frozen=True, slots=True)
class Answer:
    """What a task said about one file.

    state is "done", or why the work could not be done: "unreadable",
    "too_large", "encrypted", "unsupported".
    """

    state: str
    facts: Mapping[str, object] = field(default_factory=lambda: MappingProxyType({}))

    def text(self, name: str) -> str:
        """Return a fact as text, "" where there is none."""
        value = self.facts.get(name)
        return value if isinstance(value, str) else ""

    def number(self, name: str) -> int:
        """Return a fact as a whole number, 0 where there is none."""
        value = self.facts.get(name)
        return int(value) if isinstance(value, int | float) else 0

    def rows(self, name: str) -> tuple[Mapping[str, object], ...]:
        """Return a fact that is a list of rows."""
        value = self.facts.get(name)
        return tuple(row for row in value if isinstance(row, dict)) if isinstance(value, list) else ()


class _Child:
    """One running child process."""

    def __init__(self, limits: Limits, rooms: tuple[str, ...]) -> None:
        # RLIMIT_CPU counts the whole life of a process: the child gets twice
        # the allowance of one file and is retired once the first half is used.
        told = {
            "cpu_seconds": 2 * limits.cpu_seconds,
            "memory_bytes": limits.memory_bytes,
            "file_bytes": limits.file_bytes,
        }
        self._limits = limits
        self._served = 0
        self._cpu = 0.0
        self._process = subprocess.Popen(
            [sys.executable, "-s", "-P", "-X", "utf8", "-m", "preservation.child", json.dumps(told), *rooms],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env=_environment(),
        )

    @property
    def is_worn(self) -> bool:
        """True when the next file belongs to a new child."""
        spent = self._served >= self._limits.files or self._cpu >= self._limits.cpu_seconds
        return spent or self._process.poll() is not None

    def ask(self, task: str, path: Path, options: Mapping[str, object]) -> Answer:
        """Return the answer, or raise ChildFailed; the child is dead then."""
        asked = json.dumps({"task": task, "path": os.path.abspath(path), "options": dict(options)})
        timed_out = threading.Event()
        clock = threading.Timer(self._limits.wall_seconds, self._end, (timed_out,))
        clock.daemon = True
        clock.start()
        try:
            line = self._exchange(asked.encode("ascii") + b"\n")
        finally:
            clock.cancel()
        facts = self._parse(line)
        if facts is None or facts.get("state") in ("memory", "refused"):
            reason = "timeout" if timed_out.is_set() else self._reason(line, facts)
            self.close()
            detail = "" if facts is None else str(facts.get("detail", ""))
            raise ChildFailed(reason=reason, task=task, path=str(path), detail=detail)
        self._served += 1
        self._cpu = cast(float, facts.pop("cpu", 0.0))
        return Answer(state=str(facts.pop("state")), facts=MappingProxyType(facts))

    def retire(self) -> None:
        """Let an idle child end by itself, which it does when its input ends."""
        self._shut(self._process.stdin)
        try:
            self._process.wait(timeout=1.0)
        except subprocess.TimeoutExpired:
            pass  # close() is not so patient
        self.close()

    def close(self) -> None:
        """End the process and take back what it held."""
        self._process.kill()
        self._process.wait()
        self._shut(self._process.stdin)
        self._shut(self._process.stdout)

    @staticmethod
    def _shut(pipe: IO[bytes] | None) -> None:
        try:
            cast(IO[bytes], pipe).close()
        except BrokenPipeError:
            pass  # an unsent line: nobody is there to read it

    def _end(self, timed_out: threading.Event) -> None:
        timed_out.set()
        self._process.kill()

    def _exchange(self, line: bytes) -> bytes:
        try:
            cast(IO[bytes], self._process.stdin).write(line)
            cast(IO[bytes], self._process.stdin).flush()
        except OSError:
            return b""  # it died before it could read
        return cast(IO[bytes], self._process.stdout).readline(MAX_ANSWER)

    @staticmethod
    def _parse(line: bytes) -> dict[str, object] | None:
        """Return the facts; None for an answer that is cut, too long or odd."""
        if not line.endswith(b"\n"):
            return None
        try:
            facts = json.loads(line)
        except ValueError:
            return None
        return facts if isinstance(facts, dict) and "state" in facts else None

    def _reason(self, line: bytes, facts: dict[str, object] | None) -> str:
        if facts is not None:
            return str(facts["state"])
        if line.endswith(b"\n") or len(line) >= MAX_ANSWER:
            return "refused"  # it answered, but not as agreed
        try:
            ended = self._process.wait(timeout=1.0)
        except subprocess.TimeoutExpired:
            return "refused"
        return "timeout" if -ended in _TIMES_UP else "crashed"


def _environment() -> dict[str, str]:
    """Return the few variables that a child needs; ours hold secrets."""
    kept = {name: os.environ[name] for name in _KEPT + _MEASURED if name in os.environ}
    path = os.pathsep.join(part for part in (ROOT, os.environ.get("PYTHONPATH", "")) if part)
    # Each malloc arena reserves 64 MiB of the address space that is limited.
    return {**kept, "PYTHONPATH": path, "MALLOC_ARENA_MAX": "2"}


class _Pool:
    """Some children of one kind, that threads share."""

    def __init__(self, *, workers: int, limits: Limits, rooms: tuple[str, ...]) -> None:
        self._workers = workers
        self._limits = limits
        self._rooms = rooms
        self._closing = threading.Lock()
        self._seats: queue.LifoQueue[_Child | None] = queue.LifoQueue()
        for _ in range(workers):
            self._seats.put(None)

    def run(self, task: str, path: Path, options: Mapping[str, object]) -> Answer:
        """Return the answer of the next free child."""
        child, kept = self._seats.get(), None
        try:
            if child is not None and child.is_worn:
                child.retire()
                child = None
            child = child or _Child(self._limits, self._rooms)
            answer = child.ask(task, path, options)
            kept = child
            return answer
        finally:
            if child is not None and kept is None:
                child.close()
            self._seats.put(kept)

    def close(self) -> None:
        """End all children, waiting for those at work."""
        with self._closing:  # two at once would each wait for the other's seats
            for child in [self._seats.get() for _ in range(self._workers)]:
                if child is not None:
                    child.retire()
                self._seats.put(None)


class Sandbox:
    """Two small pools of limited children that threads may share.

    One reads and draws files, one only names formats: its Go library reserves
    more addresses than a reader may have.
    """

    def __init__(
        self, *, workers: int = 2, limits: Limits = Limits(), extra_rooms: tuple[str, ...] = ()
    ) -> None:
        """Take no process yet: children start when they are first needed."""
        self.workers = workers
        self.limits = limits
        addresses = max(limits.memory_bytes, JUDGE_ADDRESSES)
        self._readers = _Pool(workers=workers, limits=limits, rooms=READERS + extra_rooms)
        self._judges = _Pool(
            workers=workers, limits=replace(limits, memory_bytes=addresses), rooms=JUDGES
        )

    def run(self, task: str, path: Path, **options: object) -> Answer:
        """Return what the task says about the file at path.

        Waits for a free child. Raises ChildFailed with the fact reason, one of
        "timeout", "memory", "crashed", "refused"; the next file gets a new child.
        """
        pool = self._judges if task.startswith("identify.") else self._readers
        return pool.run(task, path, options)

    def close(self) -> None:
        """End all children, waiting for those at work; later calls start anew."""
        self._readers.close()
        self._judges.close()

    def __enter__(self) -> "Sandbox":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, raised: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()
