"""The limited child process: one task on one file.

It binds its own limits before any image or PDF library is loaded, then
answers one JSON line for each JSON line it reads. It ends when its input ends,
so it never outlives its parent. Case P13 of the reliability page.
"""

import errno
import importlib
import json
import os
import sys
import time
from collections.abc import Callable
from typing import BinaryIO, cast

from storage.platform import limit_process

#: What a task says: facts that JSON can carry. A key "state" other than
#: "done" tells why the file could not be worked on.
Facts = dict[str, object]
Task = Callable[..., Facts]


def load_tasks(rooms: tuple[str, ...]) -> dict[str, Task]:
    """Return the tasks of all rooms by name.

    Rooms are loaded by name, after the limits are set: with them come C libraries.
    """
    tasks: dict[str, Task] = {}
    for room in rooms:
        tasks.update(cast(dict[str, Task], importlib.import_module(room).TASKS))
    return tasks


def answer(tasks: dict[str, Task], line: bytes) -> Facts:
    """Return what the asked task says about the asked file."""
    asked = json.loads(line)
    task = tasks.get(asked["task"])
    if task is None:
        return {"state": "refused", "detail": "no such task"}
    try:
        facts = task(asked["path"], **asked["options"])
    except MemoryError:
        return {"state": "memory", "detail": "memory limit"}
    except OSError as failure:  # reading or writing, not decoding: tasks tell that themselves
        return {"state": "refused", "detail": errno.errorcode.get(failure.errno or 0, "unknown")}
    return {"state": "done", **facts}


def own_output() -> BinaryIO:
    """Return the pipe to the parent; what libraries print goes elsewhere."""
    pipe = os.fdopen(os.dup(1), "wb", buffering=0)
    os.dup2(2, 1)
    return cast(BinaryIO, pipe)


def serve(tasks: dict[str, Task], *, source: BinaryIO, pipe: BinaryIO) -> None:
    """Answer every line of source until it ends."""
    for line in source:
        facts = answer(tasks, line)
        facts["cpu"] = time.process_time()
        pipe.write(json.dumps(facts).encode("ascii") + b"\n")
        if facts["state"] == "memory":
            return  # what is left in memory cannot be trusted to be little


def main(arguments: list[str]) -> None:
    """Serve with the limits and the task rooms given as arguments."""
    limits = json.loads(arguments[0])
    pipe = own_output()
    limit_process(
        cpu_seconds=limits["cpu_seconds"],
        memory_bytes=limits["memory_bytes"],
        file_bytes=limits["file_bytes"],
    )
    serve(load_tasks(tuple(arguments[1:])), source=sys.stdin.buffer, pipe=pipe)


if __name__ == "__main__":
    main(sys.argv[1:])
