"""P3 with a clock that runs while disks are read."""

from datetime import datetime, timedelta

from sqlalchemy import select

from repository.models.package import Copy
from repository.workflow import care, worker
from repository.workflow.tools import Tools, Work
from tests.archives import Clock


def _checked(tools: Tools) -> dict[str, datetime]:
    with tools.database.reading() as session:
        return {copy.id: copy.checked_at or copy.created_at for copy in session.scalars(select(Copy))}


def _round(tools: Tools, clock: Clock, *, hours: float) -> None:
    """Do the daily round, each copy taking so many hours, and wait for the next day's hour."""
    began = clock.now
    with tools.database.writing.begin() as session:
        run_id = care.start(session, tools, tools.software, scope="due").id

    def tell(done: int, total: int) -> None:
        clock.move(hours=hours)

    care.fixity(Work(tools, {"run": run_id}, tell))
    clock.now = began + timedelta(days=1)


def test_p3_holds_although_a_round_takes_hours(archive: Tools, clock: Clock) -> None:
    """Read early in one round and late in the next: no copy waits over 30 days."""
    worker.drain(archive)
    gaps = []
    before = _checked(archive)
    for day in range(95):
        _round(archive, clock, hours=1 + day // 31)
        now = _checked(archive)
        gaps += [now[one] - before[one] for one in now]
        before = now

    assert timedelta(days=27) < max(gaps) <= timedelta(days=30)
