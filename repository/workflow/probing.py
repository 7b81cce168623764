"""Whether stores and disks answer, asked aside, so that a hung disk hangs nobody.

One look at a time, in a thread of its own; whoever asks gets what the last
one saw. A look that has not come back for STUCK counts as no answer.
"""

import threading
import time
from collections.abc import Callable, Mapping

from storage.errors import StorageError

KEPT = 60.0  # seconds an answer is good for
FIRST_WAIT = 2.0  # seconds that the very first caller waits
STUCK = 60.0


class Prober:
    """Knows what answered a moment ago; each probe returns, or raises a StorageError."""

    def __init__(
        self, probes: Mapping[str, Callable[[], None]], *, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._probes, self._clock = probes, clock
        self._answers: dict[str, bool] = {}
        self._asked_at: dict[str, float] = {}
        self._lock = threading.Lock()
        self._asking: dict[str, threading.Thread] = {}

    def answers(self) -> dict[str, bool]:
        """Return for each probe whether it answered; looks again aside where that is too long ago."""
        started = [thread for name in self._probes if (thread := self._look_again(name)) is not None]
        if started and len(self._answers) < len(self._probes):
            end = time.monotonic() + FIRST_WAIT
            for thread in started:
                thread.join(max(0.0, end - time.monotonic()))
        return {name: self._answers.get(name, False) and not self._hangs(name) for name in self._probes}

    def _look_again(self, name: str) -> threading.Thread | None:
        with self._lock:
            before = self._asking.get(name)
            is_asking = before is not None and before.is_alive()
            asked = self._asked_at.get(name)
            if is_asking or (asked is not None and self._clock() - asked < KEPT):
                return None
            self._asked_at[name] = self._clock()
            thread = threading.Thread(target=self._ask, args=(name,), name=f"probe-{name}", daemon=True)
            self._asking[name] = thread
            thread.start()
            return thread

    def _hangs(self, name: str) -> bool:
        thread = self._asking.get(name)
        return thread is not None and thread.is_alive() and self._clock() - self._asked_at[name] >= STUCK

    def _ask(self, name: str) -> None:
        try:
            self._probes[name]()
        except StorageError:
            self._answers[name] = False
        else:
            self._answers[name] = True
