"""Tasks that misbehave; the sandbox loads them in its own tests only."""

import os
import resource
import sys
import time
from pathlib import Path


def spin(path: str) -> dict[str, object]:
    """Use CPU time for ever."""
    while True:
        pass


def sleep(path: str) -> dict[str, object]:
    """Use no CPU time, for ever."""
    while True:
        time.sleep(1)


def eat(path: str) -> dict[str, object]:
    """Take memory until there is none."""
    held = []
    while True:
        held.append(bytearray(16 << 20))


def crash(path: str) -> dict[str, object]:
    """Die at once, as after a fault in a C library."""
    os.abort()


def fault(path: str) -> dict[str, object]:
    """Raise what no task foresees."""
    raise NotImplementedError(path)


def flood(path: str) -> dict[str, object]:
    """Answer with more than an answer may hold."""
    return {"words": "x" * (2 << 20)}


def write(path: str, target: str, size: int) -> dict[str, object]:
    """Write a file of size bytes."""
    with open(target, "wb") as stream:
        stream.write(bytes(size))
    return {}


def babble(path: str) -> dict[str, object]:
    """Print where a library would print, then answer."""
    print('{"state": "done", "forged": true}', flush=True)
    os.write(1, b'{"state": "done", "forged": true}\n')
    return {"forged": False}


def tell(path: str) -> dict[str, object]:
    """Tell about the process itself."""
    return {
        "pid": os.getpid(),
        "memory": resource.getrlimit(resource.RLIMIT_AS)[0],
        "variables": sorted(os.environ),
        "text": Path(path).read_text("utf-8"),
        "is_safe_path": sys.flags.safe_path,
    }


_ALL = (spin, sleep, eat, crash, fault, flood, write, babble, tell)
TASKS = {f"hostile.{one.__name__}": one for one in _ALL}
