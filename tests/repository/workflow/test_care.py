"""Care for copies: what is due, how a run ends, what is told."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from threading import Lock

import pytest
from sqlalchemy import select, update

from repository import queries
from repository.figures import care_figures
from repository.models.database import Database, open_database
from repository.models.event import Event
from repository.models.job import FixityRun, Job
from repository.models.package import Copy, PackagedFile
from repository.policies import rules
from repository.workflow import care, jobs, planning, worker
from repository.workflow.errors import Refused
from repository.workflow.tools import Tools, Work
from tests.archives import ADMINISTRATOR, ARCHIVIST, TEACHER, Clock


def _start(tools: Tools, scope: str = "all", *, repair: bool = False) -> int:
    with tools.database.writing.begin() as session:
        return care.start(session, tools, tools.software, scope=scope, repair=repair).id


def _run(tools: Tools, scope: str = "all", *, repair: bool = False) -> FixityRun:
    tools.clock.move(minutes=1)  # type: ignore[attr-defined]
    run_id = _start(tools, scope, repair=repair)
    worker.drain(tools)
    return _read(tools, run_id)


def _read(tools: Tools, run_id: int) -> FixityRun:
    with tools.database.reading() as session:
        return session.get_one(FixityRun, run_id)


def _counts(run: FixityRun) -> tuple[int, ...]:
    return (run.expected, run.checked, run.failed, run.unreadable, run.not_checked)


def _image(tools: Tools, store: int = 0) -> Path:
    """Return the picture of an item in a store."""
    return sorted(tools.settings.store_specs[store].root.glob("aips/*/*/*/v0001/data/objects/0001.jpg"))[0]


def _damage(path: Path) -> bytes:
    good = path.read_bytes()
    path.chmod(0o644)
    path.write_bytes(good[:-1] + bytes([good[-1] ^ 1]))
    return good


def _checked(tools: Tools, *times: datetime | None) -> None:
    """Let the copies have been checked at these times."""
    with tools.database.writing.begin() as session:
        for copy, at in zip(session.scalars(select(Copy).order_by(Copy.id)), times, strict=True):
            copy.checked_at = copy.tried_at = at


def test_all_means_all_and_due_means_what_is_near_its_term(archive: Tools, clock: Clock) -> None:
    """P3: never checked, overdue, and due within two days; what was read yesterday is left alone."""
    now = clock()
    _checked(
        archive, None, now - timedelta(days=40), now - timedelta(days=29, hours=1), now - timedelta(days=1)
    )

    assert _counts(_run(archive, "due")) == (3, 3, 0, 0, 0)
    assert _counts(_run(archive, "due")) == (0, 0, 0, 0, 0)
    assert _counts(_run(archive, "all")) == (4, 4, 0, 0, 0)


def test_p3_in_31_simulated_days_every_copy_is_read(archive: Tools, clock: Clock) -> None:
    """With a nightly round no copy is ever older than thirty days, and not all are read on one day."""
    oldest, most = timedelta(0), 0
    for _ in range(62):
        clock.move(days=1)
        run = _round(archive)
        assert run is not None
        most = max(most, run.expected if oldest else 0)
        with archive.database.reading() as session:
            checked = session.scalars(select(Copy.checked_at)).all()
        oldest = max(oldest, *(clock() - at for at in checked if at is not None))

    assert oldest <= timedelta(days=30)
    assert most < 4


def _round(tools: Tools) -> FixityRun | None:
    """Let the clock look once, do the work, and return the run that began, if one did."""
    with tools.database.writing.begin() as session:
        run = planning.start_round(session, tools, there=planning.answering(tools))
        run_id = None if run is None else run.id
    worker.drain(tools)
    return None if run_id is None else _read(tools, run_id)


def test_b25_each_night_is_claimed_once(archive: Tools, clock: Clock) -> None:
    """However many schedulers look, and however often: one round a night."""
    clock.now = datetime(2028, 3, 1, 18, 30, tzinfo=UTC)
    hour = clock().astimezone().hour
    tools = replace(archive, settings=replace(archive.settings, fixity_hour=hour))

    assert _round(tools) is not None
    assert [_round(tools) for _ in range(3)] == [None] * 3
    clock.move(hours=22)
    assert _round(tools) is None
    clock.move(hours=2)
    assert _round(tools) is not None


def test_b25_two_processes_that_look_at_once_begin_one_round(archive: Tools, clock: Clock) -> None:
    """The night is claimed in the catalogue: eight threads with connections of their own, one run."""
    databases = [open_database(archive.settings.database_url) for _ in range(8)]

    def look(database: Database) -> bool:
        with database.writing.begin() as session:
            return planning.start_round(session, replace(archive, database=database)) is not None

    with ThreadPoolExecutor(8) as pool:
        begun = list(pool.map(look, databases))
    for database in databases:
        database.engine.dispose()

    assert begun.count(True) == 1
    with archive.database.reading() as session:
        assert len(session.scalars(select(FixityRun)).all()) == 1


def test_between_the_nights_a_round_begins_only_for_what_presses(archive: Tools, clock: Clock) -> None:
    """After the night's round, a copy past its term or asked for is read at once, and nothing else."""
    _round(archive)
    assert _round(archive) is None
    with archive.database.writing.begin() as session:
        first = session.scalars(select(Copy).order_by(Copy.id)).first()
        assert first is not None
        first.checked_at = first.tried_at = clock() - timedelta(days=30)
    clock.move(minutes=1)
    run = _round(archive)

    assert run is not None and (run.scope, _counts(run)) == ("urgent", (1, 1, 0, 0, 0))
    assert _round(archive) is None


def test_p3_an_event_puts_copies_at_the_head_of_the_queue(archive: Tools, clock: Clock) -> None:
    """Asked for after a restore: read at the next look, within a day, and no longer asked for then."""
    _round(archive)
    clock.move(minutes=5)
    with archive.database.writing.begin() as session:
        assert care.ask_early(session, at=clock(), store_id="second") == 2
    clock.move(minutes=20)
    run = _round(archive)

    assert run is not None and _counts(run) == (2, 2, 0, 0, 0)
    with archive.database.reading() as session:
        assert session.scalars(select(Copy.asked_at)).all() == [None] * 4


def test_an_asked_copy_joins_the_run_that_is_under_way(archive: Tools, clock: Clock) -> None:
    """It does not wait for the end of a long round, and the counts still add up."""
    clock.move(minutes=1)
    with archive.database.writing.begin() as session:
        run_id = planning.start(session, archive, archive.software, scope="daily").id
        before = session.get_one(FixityRun, run_id).expected
        care.ask_early(session, at=clock(), store_id="second")
        assert planning.start(session, archive, archive.software, scope="urgent").id == run_id
        expected = session.get_one(FixityRun, run_id).expected
    worker.drain(archive)

    assert before <= expected and 2 <= expected <= 4
    assert _counts(_read(archive, run_id)) == (expected, expected, 0, 0, 0)


def test_an_absent_store_begins_no_round_each_hour(archive: Tools, clock: Clock) -> None:
    """Its overdue copies wait, told by every run as 联系不上, and are read first when it is back."""
    _round(archive)
    root = archive.settings.store_specs[1].root
    root.rename(root.with_name("away"))
    _checked(archive, *(clock() - timedelta(days=31),) * 4)
    begun = []
    for _ in range(30):
        clock.move(hours=1)
        begun.append(_round(archive))
    runs = [run for run in begun if run is not None]

    assert len(runs) <= 3
    assert all(run.away == {"second": 2} for run in runs if run.scope == "daily")
    root.with_name("away").rename(root)
    clock.move(minutes=20)
    back = _round(archive)
    assert back is not None and _counts(back) == (2, 2, 0, 0, 0)
    assert back.away == {}


def test_two_rounds_are_never_under_way_at_once(archive: Tools, clock: Clock) -> None:
    """Who asks again gets the run that is under way, with one job."""
    clock.move(minutes=1)
    first = _start(archive)

    assert _start(archive, "due") == first
    with archive.database.reading() as session:
        assert len(session.scalars(select(Job).where(Job.verb == "fixity")).all()) == 1


def test_b29_a_run_whose_job_was_given_up_does_not_block_all_later_ones(archive: Tools, clock: Clock) -> None:
    """The next round puts it in line again, and it ends with counts that add up."""
    clock.move(minutes=1)
    run_id = _start(archive)
    with archive.database.writing.begin() as session:
        session.execute(update(Job).where(Job.verb == "fixity").values(state="parked"))

    assert _start(archive, "due") == run_id
    worker.drain(archive)
    assert _counts(_read(archive, run_id)) == (4, 4, 0, 0, 0)
    assert _read(archive, run_id).finished_at is not None


def test_a_stopped_run_goes_on_where_it_stopped(archive: Tools, clock: Clock) -> None:
    """After a stop the counts tell what is left; going on reads only that."""
    clock.move(minutes=1)
    run_id = _start(archive)
    seen: list[int] = []

    def stopping() -> bool:
        seen.append(1)
        return len(seen) > 2

    with pytest.raises(InterruptedError):
        care.fixity(Work(archive, {"run": run_id}, stopping=stopping))
    assert _counts(_read(archive, run_id)) == (4, 2, 0, 0, 2)
    clock.move(minutes=5)
    care.fixity(Work(archive, {"run": run_id}))

    assert _counts(_read(archive, run_id)) == (4, 4, 0, 0, 0)
    with archive.database.reading() as session:
        told = session.scalars(select(Event).where(Event.type == "fixity check")).all()
        assert [event.object_kind for event in told] == ["item"] * 4 + ["store"]


def test_copies_that_come_meanwhile_are_the_next_runs(archive: Tools, clock: Clock) -> None:
    """P17: a run never counts more than it expected."""
    run_id = _start(archive)
    with archive.database.writing.begin() as session:
        late = session.scalars(select(Copy).order_by(Copy.id.desc()).limit(1)).one()
        late.run_id = None
        session.get_one(FixityRun, run_id).expected = 3
    worker.drain(archive)

    assert _counts(_read(archive, run_id)) == (3, 3, 0, 0, 0)


def test_a_finished_run_that_runs_again_tells_nothing_twice(archive: Tools, clock: Clock) -> None:
    """Every job may run twice: the second time it sees that it is done."""
    run = _run(archive)
    clock.move(hours=1)
    care.fixity(Work(archive, {"run": run.id}))

    assert _read(archive, run.id).finished_at == run.finished_at
    with archive.database.reading() as session:
        assert len(session.scalars(select(Event).where(Event.object_kind == "store")).all()) == 1


def test_b14_an_absent_store_is_told_never_missing_and_never_passed(archive: Tools, clock: Clock) -> None:
    """An unmounted disk changes no copy's state; the run says who was away and is no full success."""
    root = archive.settings.store_specs[1].root
    root.rename(root.with_name("away"))
    root.mkdir()
    run = _run(archive, repair=True)

    assert (_counts(run), run.away) == ((2, 2, 0, 0, 0), {"second": 2})
    with archive.database.reading() as session:
        assert {copy.state for copy in session.scalars(select(Copy))} == {"ok"}
        outcomes = session.scalars(select(Event.outcome).where(Event.object_kind == "store")).all()
        assert outcomes[-1] == "warned"
        assert session.scalars(select(Job).where(Job.verb == "repair")).all() == []
    assert list(root.iterdir()) == []
    root.rmdir()
    root.with_name("away").rename(root)
    assert _counts(_run(archive)) == (4, 4, 0, 0, 0)


def test_a_store_that_is_no_longer_configured_is_told(archive: Tools, clock: Clock) -> None:
    """A copy in a store that the settings do not name is not judged, and the run says so."""
    with archive.database.writing.begin() as session:
        session.execute(update(Copy).where(Copy.store_id == "second").values(store_id="sold"))
    run = _run(archive)

    assert (_counts(run), run.away) == ((2, 2, 0, 0, 0), {"sold": 2})
    with archive.database.reading() as session:
        assert {copy.state for copy in session.scalars(select(Copy))} == {"ok"}


def test_a26_a_damaged_register_is_not_blamed_on_the_copy(archive: Tools, clock: Clock) -> None:
    """When the catalogue's own list has lost its digest, no copy is judged and nothing repaired."""
    with archive.database.writing.begin() as session:
        file = session.scalars(select(PackagedFile).where(PackagedFile.role == "object").limit(1)).one()
        file.sha256 = "0" * 64
    before = _image(archive).read_bytes(), _image(archive, 1).read_bytes()
    run = _run(archive, repair=True)

    assert _counts(run) == (4, 2, 0, 2, 0)
    with archive.database.reading() as session:
        copies = session.scalars(select(Copy)).all()
        assert {copy.state for copy in copies} == {"ok"}
        assert [copy.findings[0]["code"] for copy in copies if copy.findings] == ["FX-901"] * 2
    assert (_image(archive).read_bytes(), _image(archive, 1).read_bytes()) == before


def test_damage_is_repaired_by_itself_when_the_round_is_asked_to(archive: Tools, clock: Clock) -> None:
    """P5: found and mended in one go; the software answers for it, begin and end are in the log."""
    image = _image(archive)
    good = _damage(image)
    run = _run(archive, repair=True)

    assert _counts(run) == (4, 3, 1, 0, 0)
    assert image.read_bytes() == good
    with archive.database.reading() as session:
        told = session.scalars(select(Event).where(Event.type == "recovery").order_by(Event.sequence)).all()
        assert [(event.detail, event.outcome, event.agent_kind) for event in told] == [
            ("begin", "awaiting", "software"),
            ("end", "passed", "software"),
        ]
        assert [one["path"] for one in told[1].facts["restored"]] == ["data/objects/0001.jpg"]
        assert care_figures(session, rules(session, archive)).ok == 4


def test_damage_is_only_reported_when_nobody_asked_for_repair(archive: Tools, clock: Clock) -> None:
    """Without the wish the damaged bytes stay where they are, named by path."""
    image = _image(archive)
    _damage(image)
    damaged = image.read_bytes()
    _run(archive)

    assert image.read_bytes() == damaged
    with archive.database.reading() as session:
        [troubled] = queries.troubled_copies(session, ARCHIVIST)
        assert (troubled.copy.state, troubled.copy.findings[0]["path"]) == (
            "damaged",
            "data/objects/0001.jpg",
        )


def test_a_missing_copy_is_missing_and_comes_back(archive: Tools, clock: Clock) -> None:
    """A05: a bag that is gone is not called damaged; repair writes it anew."""
    bag = _image(archive, 1).parents[2]
    bag.rename(bag.with_name("gone"))
    assert _counts(_run(archive)) == (4, 3, 1, 0, 0)
    with archive.database.writing.begin() as session:
        [troubled] = queries.troubled_copies(session, ARCHIVIST)
        assert troubled.copy.state == "missing"
        care.ask_repair(session, archive, ARCHIVIST, session.get_one(Copy, troubled.copy.id))
    worker.drain(archive)

    assert (bag / "data/objects/0001.jpg").read_bytes() == _image(archive).read_bytes()
    with archive.database.reading() as session:
        agents = session.scalars(select(Event.agent_name).where(Event.type == "recovery")).all()
        assert set(agents) == {ARCHIVIST.name}


def test_who_may_not_care_can_neither_run_nor_repair(archive: Tools) -> None:
    """Staff see the archive and do not touch its copies; administrators and archivists may."""
    with archive.database.writing.begin() as session:
        copy = session.scalars(select(Copy).limit(1)).one()
        for act in (
            lambda actor: care.start(session, archive, actor, scope="all"),
            lambda actor: care.ask_repair(session, archive, actor, copy),
        ):
            with pytest.raises(Refused):
                act(TEACHER)
            act(ADMINISTRATOR)
            act(ARCHIVIST)


def test_the_asker_is_in_the_log_of_the_run(archive: Tools, clock: Clock) -> None:
    """Who asked for a run is told with its figures."""
    clock.move(minutes=1)
    with archive.database.writing.begin() as session:
        care.start(session, archive, ADMINISTRATOR, scope="all")
    worker.drain(archive)

    with archive.database.reading() as session:
        event = session.scalars(select(Event).where(Event.object_kind == "store")).one()
        assert event.facts == {
            "expected": 4,
            "checked": 4,
            "failed": 0,
            "unreadable": 0,
            "not_checked": 0,
            "asked_by": ADMINISTRATOR.name,
        }


def test_p19_a_clock_that_jumps_back_makes_no_copy_unchecked_for_ever(archive: Tools, clock: Clock) -> None:
    """B23: ten years back and home again: nothing is purged, and the next full run reads everything."""
    _run(archive)
    clock.move(days=-3650)
    with archive.database.writing.begin() as session:
        planning.start_round(session, archive)
    worker.drain(archive)
    clock.move(days=3650, hours=1)

    assert _counts(_run(archive)) == (4, 4, 0, 0, 0)


def test_no_transaction_is_open_while_a_copy_is_read(archive: Tools, clock: Clock) -> None:
    """Another writer, who waits for nobody, gets the lock in the middle of a check."""
    clock.move(minutes=1)
    run_id = _start(archive)
    store, wrote, one_by_one = archive.first_store, [0], Lock()
    hasty = open_database(archive.settings.database_url, busy_seconds=0)

    class Looking(type(store)):  # type: ignore[misc]
        def open(self, key: str) -> object:
            with one_by_one, hasty.writing.begin() as session:
                jobs.enqueue(session, "carry_log", dedup="logbook")
                wrote[0] += 1
            return super().open(key)

    stores = {**archive.stores, store.id: Looking(store.id, archive.settings.store_specs[0].root)}
    care.fixity(Work(replace(archive, stores=stores), {"run": run_id}))
    hasty.engine.dispose()

    assert wrote[0] > 10 and _counts(_read(archive, run_id)) == (4, 4, 0, 0, 0)
