"""The same work on many files, a few at a time, in order.

hashlib and file reads let other threads run, so two lanes hash on two cores;
results come in the order of the items and memory does not grow with them.
"""

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from itertools import islice
from typing import TypeVar

LANES = 2  # threads; more only help where the medium is much faster than one core's SHA-256
_AHEAD = 16  # items waiting per lane

Item = TypeVar("Item")
Made = TypeVar("Made")


def in_lanes(work: Callable[[Item], Made], items: Iterable[Item], *, lanes: int = LANES) -> Iterator[Made]:
    """Yield work(item) of each item, in order.

    The first failure is raised at its place; what waits then is not begun,
    what runs is waited for.
    """
    if lanes < 2:
        yield from map(work, items)
        return
    rest = iter(items)
    first = list(islice(rest, 2))
    if len(first) < 2:
        yield from map(work, first)  # one file needs no threads
        return
    waiting: deque[Future[Made]] = deque()
    with ThreadPoolExecutor(max_workers=lanes) as pool:
        try:
            waiting.extend(pool.submit(work, item) for item in first)
            while waiting:
                room = lanes * _AHEAD - len(waiting)
                waiting.extend(pool.submit(work, item) for item in islice(rest, room))
                yield waiting.popleft().result()
        finally:
            for future in waiting:
                future.cancel()
