"""The log in the stores, and clearing up after a crash."""

import hashlib
import io
import json
import os
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from sqlalchemy import select

from preservation.premis import EventType
from repository.models.event import Event
from repository.models.item import Item
from repository.models.job import Job
from repository.models.package import Copy, Package
from repository.workflow import facts, jobs, journal, logbook, reaping, worker
from repository.workflow.tools import Tools, Work
from storage.errors import StoreUnavailable
from tests.repository.workflow.conftest import People

HandIn = Callable[..., list[str]]


def _record(tools: Tools, *details: str) -> None:
    with tools.database.writing.begin() as session:
        for detail in details:
            about = journal.Subject(journal.SCHOOL, "school")
            journal.record(
                session, EventType.CREATION, about, actor=tools.software, at=tools.clock(), detail=detail
            )


def _told(tools: Tools, number: int) -> list[str]:
    """Return the details of the school's events as one store tells them, in the order of writing."""
    store = list(tools.stores.values())[number]
    told = [told for told in logbook.lines(store) if told["object_kind"] == "school"]
    return [one["detail"] for one in sorted(told, key=lambda one: int(one["sequence"]))]


def _carry(tools: Tools) -> None:
    logbook.carry_log(Work(tools, {}))


def test_every_event_is_carried_into_every_store_once(tools: Tools) -> None:
    """A log object is named by the digest of what it holds and tells the rows whole."""
    _record(tools, "一", "二")
    _carry(tools)
    _carry(tools)

    assert [_told(tools, 0), _told(tools, 1)] == [["一", "二"]] * 2
    for found in tools.first_store.list("log/"):
        with tools.first_store.open(found.key) as stream:
            assert hashlib.sha256(stream.read()).hexdigest() in found.key
    with tools.database.reading() as session:
        wanted = [
            json.loads(logbook.line(event))
            for event in session.scalars(select(Event).order_by(Event.sequence))
        ]
    assert [json.loads(logbook.line(event)) for event in logbook.read_log(tools)] == wanted


def test_a_crash_between_writing_and_saying_so_doubles_nothing(tools: Tools) -> None:
    """The watermark is older than the log: the same events are put again and read once."""
    _record(tools, "一")
    _carry(tools)
    with tools.database.writing.begin() as session:
        facts.put(session, facts.LOG_WATERMARK + "main", "0")
    _carry(tools)
    with tools.database.writing.begin() as session:
        facts.put(session, facts.LOG_WATERMARK + "main", "0")
    _record(tools, "二")
    _carry(tools)

    assert [event.detail for event in logbook.read_log(tools) if event.object_kind == "school"] == [
        "一",
        "二",
    ]


def test_a_store_that_was_away_catches_up(tools: Tools) -> None:
    """The other store is not kept waiting; the absent one gets everything later, in its own time."""
    _carry(tools)
    root = tools.settings.store_specs[1].root
    away = root.with_name("away")
    root.rename(away)
    _record(tools, "一")
    with pytest.raises(StoreUnavailable):
        _carry(tools)
    assert _told(tools, 0) == ["一"]
    away.rename(root)
    _record(tools, "二")
    _carry(tools)

    assert [_told(tools, 0), _told(tools, 1)] == [["一", "二"]] * 2


def test_an_absent_store_keeps_the_job_in_line_without_using_up_its_tries(tools: Tools) -> None:
    """C09: the job waits and says why; it is never given up because a disk is away."""
    root = tools.settings.store_specs[1].root
    root.rename(root.with_name("away"))
    _record(tools, "一")
    worker.drain(tools)

    with tools.database.reading() as session:
        job = session.scalars(select(Job).where(Job.verb == "carry_log", Job.state == "queued")).one()
        assert (job.attempts, "ST-005" in job.error) == (0, True)


def test_a_damaged_log_object_is_passed_over_and_told_by_the_other_store(tools: Tools) -> None:
    """E17: an edited log line is not believed; the other store has it whole."""
    _record(tools, "一")
    _carry(tools)
    for path in (tools.settings.store_specs[0].root / "log").rglob("*"):
        if path.is_file():
            path.chmod(0o644)
            path.write_bytes(path.read_bytes().replace("一".encode(), "二".encode()))

    assert [event.detail for event in logbook.read_log(tools) if event.object_kind == "school"] == ["一"]


def test_an_event_cannot_forge_a_line(tools: Tools) -> None:
    """E18: line breaks and quotes in a detail stay inside their line."""
    forged = '一\n{"id": "x", "detail": "假"}\r\n\u2028"'
    _record(tools, forged)
    _carry(tools)

    assert _told(tools, 0) == [forged]


def _age(folder: Path, seconds: float) -> None:
    for path in (folder, *folder.rglob("*")):
        os.utime(path, (time.time() - seconds,) * 2)


def test_the_reaper_removes_only_what_is_old_and_nobody_needs(
    tools: Tools, people: People, hand_in: HandIn
) -> None:
    """An orphan younger than an hour may be in the making; a draft's file stays however old it is."""
    [item_id] = hand_in(people.teacher, "draft.jpg")
    old, young = (tools.staging.keep(io.BytesIO(b"x"), name) for name in ("old.jpg", "young.jpg"))
    for staged in tools.staging.all():
        if staged.id != young.id:
            _age(tools.staging.root / staged.id, 7200)
    reaped = reaping.reap(Work(tools, {}))

    assert (reaped.staged, {staged.name.original for staged in tools.staging.all()}) == (
        1,
        {"draft.jpg", "young.jpg"},
    )
    with tools.database.reading() as session:
        assert facts.get(session, facts.LAST_REAPED) == tools.clock().isoformat()
        assert session.get_one(Item, item_id).staged_files[0].original_name == "draft.jpg"


def test_the_reaper_removes_old_drafts_of_bags_and_nothing_that_stands(archive: Tools) -> None:
    """Half-written bags go; every committed file stays."""
    root = archive.settings.store_specs[0].root
    before = {path for path in root.rglob("*") if ".drafts" not in path.parts}
    half = root / ".drafts" / "0123456789abcdef0123456789abcdef"
    (half / "data").mkdir(parents=True)
    (half / "data" / "x").write_bytes(b"half")
    _age(half, 7200)
    reaped = reaping.reap(Work(archive, {}))

    assert (reaped.drafts, half.exists()) == (1, False)
    assert {path for path in root.rglob("*") if ".drafts" not in path.parts} == before


def test_the_reaper_asks_again_for_work_that_lost_its_job(archive: Tools) -> None:
    """An accepted item without a job, and a package without its second copy, get one; twice asked is once."""
    with archive.database.writing.begin() as session:
        session.query(Job).delete()
        session.add(Item(id="lost", state="accepted", title="丢了作业"))
        session.delete(session.scalars(select(Copy).where(Copy.store_id == "second")).first())
    asked = [reaping.reap(Work(archive, {})).asked for _ in range(2)]

    with archive.database.reading() as session:
        waiting = sorted(job.verb for job in session.scalars(select(Job).where(Job.state == "queued")))
    assert asked[0] == 2 and waiting == ["ingest", "replicate"]


def test_a_parked_item_is_left_to_a_person(archive: Tools) -> None:
    """B29: what was given up is not begun again behind everybody's back."""
    with archive.database.writing.begin() as session:
        session.add(Item(id="poison", state="accepted", title="毒药"))
        jobs.enqueue(session, "ingest", lock="item:poison", item="poison").state = "parked"

    assert reaping.reap(Work(archive, {})).asked == 0


def test_a_lost_replica_is_made_again_after_the_reaper_asked(archive: Tools) -> None:
    """The copy is written and verified, and the package has its two good copies."""
    with archive.database.writing.begin() as session:
        copy = session.scalars(select(Copy).where(Copy.store_id == "second")).first()
        assert copy is not None
        package_id, prefix = copy.package_id, copy.package.prefix
        session.delete(copy)
    bag = archive.settings.store_specs[1].root / prefix
    bag.rename(bag.with_name("taken-away"))
    reaping.reap(Work(archive, {}))
    worker.drain(archive)

    with archive.database.reading() as session:
        copies = session.get_one(Package, package_id).copies
        assert [(copy.store_id, copy.state) for copy in copies] == [("main", "ok"), ("second", "ok")]
