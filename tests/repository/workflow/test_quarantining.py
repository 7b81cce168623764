"""Quarantine: kept for 90 days, then forgotten only where every sign agrees (P5, P19)."""

import json
import os
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import select, update

from repository.models.event import Event
from repository.models.package import Copy
from repository.permissions import Actor, Role
from repository.workflow import care, jobs, quarantining, rebuilding, timekeeping, worker
from repository.workflow.tools import Tools
from tests.archives import Clock, close, new_archive

PERSON = Actor(None, "李档案", frozenset({Role.ARCHIVIST}))


def image(archive: Tools) -> Path:
    """Return the picture of the first package in the first store."""
    root = archive.settings.store_specs[0].root
    return sorted(root.glob("aips/*/*/*/v0001/data/objects/0001.jpg"))[0]


def check_all(archive: Tools, *, repair: bool = False) -> None:
    """Check every copy."""
    with archive.database.writing.begin() as session:
        care.start(session, archive, archive.software, scope="all", repair=repair)
    worker.drain(archive)


def sweep(archive: Tools) -> None:
    """Let the worker sweep quarantine."""
    with archive.database.writing.begin() as session:
        jobs.enqueue(session, "quarantine", lock="quarantine", dedup="quarantine")
    worker.drain(archive)


def age(archive: Tools, days: int) -> None:
    """Make everything in quarantine, and the log of it, so many days older."""
    root = archive.settings.store_specs[0].root / ".quarantine"
    old = datetime.now(UTC) - timedelta(days=days)
    for note in list(root.rglob("*.json")):
        told = {**json.loads(note.read_text("utf-8")), "at": old.strftime("%Y-%m-%dT%H:%M:%SZ")}
        note.write_text(json.dumps(told), "utf-8")
        touch(note, old)
    for day in [path for path in root.iterdir() if path.is_dir()]:
        day.rename(root / old.date().isoformat())


def touch(path: Path, at: datetime) -> None:
    """Give a file another time."""
    os.utime(path, (at.timestamp(), at.timestamp()))


def shift_log(archive: Tools, days: int) -> None:
    """Make every event of the catalogue older, and let them name the quarantine keys as they are now."""
    root = archive.settings.store_specs[0].root
    keys = [path.relative_to(root).as_posix() for path in (root / ".quarantine").rglob("*") if path.is_file()]
    keys = [key for key in keys if not key.endswith(".json")]
    with archive.database.engine.begin() as connection:
        for name in ("events_refuse_update", "events_refuse_delete"):
            connection.exec_driver_sql(f"DROP TRIGGER IF EXISTS {name}")
    with archive.database.writing.begin() as session:
        for event in session.scalars(select(Event)):
            event.at -= timedelta(days=days)
            if event.facts.get("quarantined"):
                event.facts = {**event.facts, "quarantined": keys}


@pytest.fixture
def mended(archive: Tools, clock: Clock) -> Tools:
    """An archive in whose first store one file was mended 100 days ago and read since."""
    path = image(archive)
    path.chmod(0o644)
    path.write_bytes(path.read_bytes()[:-1] + b"?")
    check_all(archive, repair=True)
    age(archive, 100)
    shift_log(archive, 100)
    clock.move(minutes=5)
    check_all(archive)
    return archive


def lying(archive: Tools) -> list[quarantining.Kept]:
    """Return what lies in the first store's quarantine."""
    return quarantining.lying(archive, archive.first_store)


def test_p5_damaged_bytes_are_kept_90_days(archive: Tools, clock: Clock) -> None:
    """What was replaced today is told with its place and the day it may go, and a sweep leaves it."""
    path = image(archive)
    path.chmod(0o644)
    path.write_bytes(path.read_bytes()[:-1] + b"?")
    check_all(archive, repair=True)
    clock.move(minutes=5)
    check_all(archive)
    sweep(archive)
    (kept,) = lying(archive)

    assert kept.path == "data/objects/0001.jpg" and kept.item_id in path.as_posix()
    assert kept.until is not None and kept.until > datetime.now(UTC).date() + timedelta(days=89)
    assert kept.object.size == path.stat().st_size
    assert not kept.may_go


def test_p5_after_90_days_and_a_good_reading_it_goes(mended: Tools) -> None:
    """Old, told in the log, and the copy read and good since: forgotten, and that is told, too."""
    may_go = [one.may_go for one in lying(mended)]
    sweep(mended)
    with mended.database.reading() as session:
        told = session.scalars(select(Event).where(Event.detail == "quarantine")).all()

    assert may_go == [True]
    assert lying(mended) == []
    assert [event.facts["path"] for event in told] == ["data/objects/0001.jpg"]


def _copy_is_bad(archive: Tools, clock: Clock) -> None:
    with archive.database.writing.begin() as session:
        session.execute(update(Copy).values(state="damaged"))


def _not_read_since(archive: Tools, clock: Clock) -> None:
    with archive.database.writing.begin() as session:
        session.execute(update(Copy).values(checked_at=clock() - timedelta(days=101)))


def _clock_ahead(archive: Tools, clock: Clock) -> None:
    with archive.database.writing.begin() as session:
        timekeeping.confirm(session, Actor(None, "王管理", frozenset({Role.ADMIN})), clock())
    clock.move(days=3650)


def _clock_had_gone_back(archive: Tools, clock: Clock) -> None:
    with archive.database.writing.begin() as session:
        earlier = session.scalars(select(Event).order_by(Event.sequence)).first()
        assert earlier is not None
        earlier.at = clock() - timedelta(days=50)


def _day_folder_is_young(archive: Tools, clock: Clock) -> None:
    root = archive.settings.store_specs[0].root / ".quarantine"
    for day in list(root.iterdir()):
        day.rename(root / clock().date().isoformat())
    shift_log(archive, 0)


def _note_is_young(archive: Tools, clock: Clock) -> None:
    for note in (archive.settings.store_specs[0].root / ".quarantine").rglob("*.json"):
        touch(note, datetime.now(UTC))


def _note_is_lost(archive: Tools, clock: Clock) -> None:
    for note in (archive.settings.store_specs[0].root / ".quarantine").rglob("*.json"):
        note.unlink()


def _log_does_not_know(archive: Tools, clock: Clock) -> None:
    with archive.database.writing.begin() as session:
        for event in session.scalars(select(Event)):
            if event.facts.get("quarantined"):
                event.facts = {**event.facts, "quarantined": []}


@pytest.mark.parametrize(
    "doubt",
    [
        _copy_is_bad,
        _not_read_since,
        _clock_ahead,
        _clock_had_gone_back,
        _day_folder_is_young,
        _note_is_young,
        _note_is_lost,
        _log_does_not_know,
    ],
    ids=lambda doubt: doubt.__name__.strip("_"),
)
def test_p19_with_any_doubt_it_stays(
    mended: Tools, clock: Clock, doubt: Callable[[Tools, Clock], None]
) -> None:
    """One sign that does not agree is enough: nothing is forgotten."""
    doubt(mended, clock)
    sweep(mended)

    assert len(lying(mended)) == 1


def test_p19_a_catalogue_made_anew_under_a_wrong_clock_forgets_nothing(
    archive: Tools, clock: Clock
) -> None:
    """No mark of the clock outlives the catalogue: the last event of the log stands in for it."""
    path = image(archive)
    path.chmod(0o644)
    path.write_bytes(path.read_bytes()[:-1] + b"?")
    check_all(archive, repair=True)
    data = archive.settings.data
    close(archive)
    for file in data.glob("catalogue.sqlite*"):
        file.unlink()
    clock.move(days=3650)
    again = new_archive(data, clock=clock, empty=True)
    rebuilding.rebuild(again, lambda done, total: None)
    check_all(again)
    sweep(again)

    assert len(lying(again)) == 1
    close(again)


def test_b14_a_store_that_is_away_is_left_alone(mended: Tools) -> None:
    """A sweep with an absent disk touches nothing there and is told as not done."""
    root = mended.settings.store_specs[0].root
    pulled = root.with_name("pulled")
    root.rename(pulled)
    root.mkdir()
    sweep(mended)
    with mended.database.reading() as session:
        states = jobs.counts(session)

    assert [path for path in (pulled / ".quarantine").rglob("*.jpg")]
    assert states.get("queued")
