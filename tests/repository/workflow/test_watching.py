"""Heartbeats, alarms, digests: a silence is told, and people are told once."""

import io
import json
import os
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import select

from repository.models.job import FixityRun, Job
from repository.models.keeping import Medium
from repository.models.package import Copy
from repository.models.watch import Report
from repository.workflow import (
    alarms,
    facts,
    heartbeats,
    jobs,
    leases,
    looking,
    reaping,
    rounds,
    watching,
    worker,
)
from repository.workflow.looking import Certificate
from repository.workflow.notices import RED, Alarm
from repository.workflow.tools import Tools, Work
from tests.archives import Clock


def look(tools: Tools) -> dict[str, Alarm]:
    """Run the look that the worker runs and return the alarms by their key."""
    watching.watch(Work(tools, {}))
    with tools.database.reading() as session:
        return {alarm.key: alarm for alarm in watching.seen(session).alarms}


def live(tools: Tools) -> None:
    """Leave the signs of life of a worker with its clock."""
    with tools.database.writing.begin() as session:
        leases.take(session, leases.WORKER, tools.clock())
        facts.put(session, facts.CLOCK_ALIVE, tools.clock().isoformat())
        for name in heartbeats.DUTIES:
            heartbeats.beat(session, name, tools.clock())


def test_a_healthy_archive_has_no_alarm(archive: Tools) -> None:
    """A worker that lives, disks with room, copies that were read: nothing is said."""
    live(archive)

    assert look(archive) == {}


def test_b26_a_scheduler_that_dies_silently_is_told_within_26_hours(archive: Tools, clock: Clock) -> None:
    """No duty ends any more: the clock is missed after half an hour, each daily duty after 26 hours."""
    live(archive)
    clock.move(minutes=31)
    soon = look(archive)
    clock.move(hours=25, minutes=30)
    later = look(archive)

    assert soon.keys() == {"overdue:clock", "worker_dead:"}
    assert {"overdue:fixity", "overdue:backup", "overdue:anchor", "overdue:digest"} <= later.keys()
    assert {alarm.level for alarm in later.values()} == {RED}
    assert "overdue:drill" not in later


def test_a_duty_is_expected_from_the_first_start_of_a_worker_that_knows_it(
    tools: Tools, clock: Clock
) -> None:
    """A new duty of an old archive is not late at once, and is late once its time is over."""
    rounds.begin(tools, ["backup", "no duty"])
    clock.move(hours=25)
    rounds.begin(tools, ["backup"])
    early = look(tools)
    clock.move(hours=2)

    assert "overdue:backup" not in early
    assert "overdue:backup" in look(tools)


def test_a_duty_under_way_counts_until_it_is_too_old(tools: Tools, clock: Clock) -> None:
    """A round that takes a day is no silence; one whose process died is one after 26 hours."""
    live(tools)
    clock.move(hours=25)
    with tools.database.writing.begin() as session:
        heartbeats.began(session, "fixity", clock())
    clock.move(hours=20)
    during = look(tools)
    clock.move(hours=7)

    assert "overdue:fixity" not in during
    assert "overdue:fixity" in look(tools)


def test_p19_a_sign_from_the_future_is_no_sign(tools: Tools, clock: Clock) -> None:
    """What was done under a clock ten years ahead keeps no duty quiet once the clock is right."""
    clock.move(days=3650)
    with tools.database.writing.begin() as session:
        heartbeats.beat(session, "backup", clock())
    clock.move(days=-3650)
    with tools.database.reading() as session:
        late = {beat.name for beat in heartbeats.beats(session) if beat.is_overdue(clock())}

    assert "backup" in late


def test_every_duty_of_the_worker_beats_by_itself(tools: Tools, clock: Clock) -> None:
    """A verb that ends well beats; one that fails leaves its trouble and no good end."""
    with tools.database.writing.begin() as session:
        session.query(Job).delete()
        rounds.put_in_line(session, "carry_log")
        jobs.enqueue(session, "fixity", run=999)
    worker.drain(tools)

    with tools.database.reading() as session:
        beats = {beat.name: beat for beat in heartbeats.beats(session)}
    assert (beats["carry_log"].good, beats["carry_log"].trouble) == (clock(), "")
    assert beats["fixity"].good is None and beats["fixity"].trouble.startswith("NoResultFound")


def test_what_the_clock_missed_while_the_machine_was_off_is_asked_for(tools: Tools, clock: Clock) -> None:
    """A machine that sleeps at eight gets its digest later: duties almost late are put in line."""
    live(tools)
    assert rounds.late(tools) == ["watch"] or rounds.late(tools) == []
    clock.move(hours=24, minutes=1)

    assert {"digest", "fixity", "carry_log"} <= set(rounds.late(tools))
    assert "drill" not in rounds.late(tools)


@pytest.mark.parametrize(
    ("state", "code", "level"),
    [
        ("damaged", "copies_bad", "red"),
        ("missing", "copies_bad", "red"),
        ("unreadable", "copies_unreadable", "amber"),
    ],
)
def test_a_copy_that_is_not_good_raises_an_alarm(archive: Tools, state: str, code: str, level: str) -> None:
    """The number of copies is told, no title."""
    live(archive)
    with archive.database.writing.begin() as session:
        session.scalars(select(Copy)).first().state = state  # type: ignore[union-attr]
    [alarm] = look(archive).values()

    assert (alarm.code, alarm.level, alarm.facts["count"]) == (code, level, 1)


def test_p17_a_run_that_missed_a_canary_raises_an_alarm(archive: Tools, clock: Clock) -> None:
    """An invalid run is red until a valid one has ended."""
    live(archive)
    with archive.database.writing.begin() as session:
        missed = {"main": {"before": "failed"}, "second": {"before": "passed"}}
        session.add(FixityRun(scope="all", asked_by="x", finished_at=clock(), invalid=True, canaries=missed))
    [alarm] = look(archive).values()
    with archive.database.writing.begin() as session:
        session.add(FixityRun(scope="all", asked_by="x", finished_at=clock()))

    assert (alarm.code, alarm.level, alarm.facts["stores"]) == ("run_invalid", "red", ["main"])
    assert look(archive) == {}


def test_c09_a_store_that_is_away_is_told_and_turns_red_after_a_day(archive: Tools, clock: Clock) -> None:
    """Amber at first (a disk may be out for an hour), red after 26 hours, gone once it is back."""
    live(archive)
    root = archive.settings.store_specs[1].root
    root.rename(root.with_name("pulled"))
    first = look(archive)
    clock.move(hours=27)
    live(archive)
    later = look(archive)
    root.with_name("pulled").rename(root)

    assert first["store_away:second"].level == "amber"
    assert later["store_away:second"].level == "red"
    assert later["store_away:second"].since == first["store_away:second"].since
    assert "store_away:second" not in look(archive)


def test_the_first_store_away_is_red_at_once(archive: Tools) -> None:
    """Without the store that commits first nothing can be taken in."""
    live(archive)
    root = archive.settings.store_specs[0].root
    root.rename(root.with_name("pulled"))

    assert look(archive)["first_store_away:main"].level == "red"


def test_c12_a_backlog_of_copies_older_than_a_day_is_told_with_its_age(archive: Tools, clock: Clock) -> None:
    """Less than a day is no alarm; later the number and the hours of the oldest are told."""
    with archive.database.writing.begin() as session:
        session.query(Copy).filter_by(store_id="second").delete()
    clock.move(hours=23)
    live(archive)
    early = look(archive)
    clock.move(hours=7)
    live(archive)
    alarm = look(archive)["backlog:"]

    assert "backlog:" not in early
    assert (alarm.level, alarm.facts) == ("red", {"count": 2, "hours": 30})


def test_b29_parked_and_stuck_jobs_are_told(archive: Tools, clock: Clock) -> None:
    """A job given up, and one that has waited for more than a day."""
    with archive.database.writing.begin() as session:
        jobs.enqueue(session, "derive", item="x").state = "parked"
        jobs.enqueue(session, "derive", item="y").created_at = clock()
    clock.move(hours=27)
    live(archive)
    found = look(archive)

    assert found["jobs_parked:"].facts == {"count": 1}
    assert found["jobs_stuck:"].facts == {"count": 1}


def test_p14_a_disk_below_its_reserve_is_told(archive: Tools) -> None:
    """Red below the reserve, amber below twice of it."""
    live(archive)
    full = replace(archive, settings=replace(archive.settings, reserve_mb=1 << 40))

    assert {"disk_full:data", "disk_full:main", "disk_full:second"} == set(look(full))


@pytest.mark.parametrize("kind", ["drill", "backup", "upgrade"])
def test_f03_a_report_that_did_not_pass_is_told_until_a_good_one_comes(
    archive: Tools, clock: Clock, kind: str
) -> None:
    """The last one of its kind counts, whatever file it is about."""
    live(archive)
    with archive.database.writing.begin() as session:
        session.add(Report(kind=kind, at=clock(), outcome="failed", subject="one.age"))
    found = look(archive)
    with archive.database.writing.begin() as session:
        session.add(Report(kind=kind, at=clock(), outcome="passed", subject="two.age"))

    assert {key: alarm.level for key, alarm in found.items()} == {f"report_failed:{kind}": "red"}
    assert look(archive) == {}


def test_the_last_stocktake_of_each_store_counts(archive: Tools, clock: Clock) -> None:
    """A good one elsewhere does not cover it; not run is no pass; a store of yesterday alarms nobody."""
    live(archive)
    outcomes = {"main": "failed", "second": "not_run", "gone": "failed"}
    with archive.database.writing.begin() as session:
        for subject, outcome in outcomes.items():
            session.add(Report(kind="audit", at=clock(), outcome=outcome, subject=subject))
        session.add(Report(kind="audit", at=clock(), outcome="passed", subject="log"))
    found = look(archive)

    assert {key: alarm.level for key, alarm in found.items()} == {
        "report_failed:audit.main": "red",
        "report_failed:audit.second": "amber",
    }


def test_a125_a_medium_that_was_not_brought_is_told(archive: Tools, clock: Clock) -> None:
    """Past its rotation the disk is asked for by name; lost, it alarms nobody."""
    live(archive)
    with archive.database.writing.begin() as session:
        disk = {"id": "m1", "name": "甲盘", "owner": "李档案", "place": "东楼保险柜", "created_at": clock()}
        session.add(Medium(rotation_days=90, check_days=365, **disk))
    clock.move(days=91)
    live(archive)
    with archive.database.writing.begin() as session:
        for copy in session.scalars(select(Copy)):
            copy.checked_at = clock()
    found = look(archive)

    assert found["media_overdue:m1.write"].facts == {"name": "甲盘", "act": "write", "days": 1}
    assert "media_overdue:m1.check" not in found


def test_c13_a_certificate_that_ends_soon_is_told(archive: Tools, clock: Clock) -> None:
    """Amber from three weeks before; one that is not trusted is red: the connection fails closed."""
    live(archive)
    seen = looking.look(archive)
    ends = replace(seen, certificate=Certificate(until=clock() + timedelta(days=20)))
    bad = replace(seen, certificate=Certificate(trouble="self-signed"))
    good = replace(seen, certificate=Certificate(until=clock() + timedelta(days=22)))
    with archive.database.reading() as session:
        found = [alarms.alarms(session, archive, clock(), one) for one in (ends, bad, good)]

    assert [[(one.code, one.level) for one in each] for each in found] == [
        [("certificate_ends", "amber")],
        [("certificate_bad", "red")],
        [],
    ]


def test_b23_a_doubted_clock_is_told(archive: Tools, clock: Clock) -> None:
    """A clock ten years ahead is red; nothing else that hangs on ages is believed."""
    with archive.database.writing.begin() as session:
        facts.put(session, facts.CLOCK_MARK, clock().isoformat())
    clock.move(days=3650)
    live(archive)

    assert look(archive)["clock_doubted:"].level == "red"


def test_f05_scratch_that_takes_a_fifth_of_the_disk_is_told(
    archive: Tools, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What lies in scratch and quarantine is measured against its disk."""
    live(archive)
    monkeypatch.setattr("repository.workflow.alarms.CLUTTER_PERCENT", 0)

    assert {"clutter:scratch", "clutter:quarantine:main", "clutter:quarantine:second"} == set(look(archive))


def test_f05_scratch_that_lost_its_maker_is_swept(tools: Tools) -> None:
    """What nobody touched for a day goes, also a folder; what is young, or tidied by its own, stays."""
    old = time.time() - reaping.SCRATCH_SECONDS - 60
    for name in ("dead", "young", "exports"):
        (tools.scratch / name).mkdir()
        (tools.scratch / name / "part").write_bytes(b"x")
    (tools.scratch / "body").write_bytes(b"x")
    for place in ("dead/part", "dead", "young", "exports/part", "exports", "body"):
        os.utime(tools.scratch / place, (old, old))
    told = reaping.reap(Work(tools, {}))

    assert told.scratch == 2
    assert sorted(place.name for place in tools.scratch.iterdir()) == ["exports", "young"]


def test_a_worker_that_starts_leaves_alone_what_the_web_receives_just_now(tools: Tools) -> None:
    """An upload whose row is about to be written is no rubbish, however often a worker starts."""
    staged = tools.staging.keep(io.BytesIO(b"x" * 100), "a.txt")
    reaping.reap(Work(tools, {}), age_seconds=0, uploads_seconds=reaping.AGE_SECONDS)

    assert tools.staging.read(staged.id).size == 100


def test_an_alarm_keeps_its_first_time(archive: Tools, clock: Clock) -> None:
    """Two looks at one trouble: since is when it was first seen."""
    live(archive)
    with archive.database.writing.begin() as session:
        session.scalars(select(Copy)).first().state = "damaged"  # type: ignore[union-attr]
    first = look(archive)["copies_bad:"]
    clock.move(hours=1)
    live(archive)

    assert first.since == clock() - timedelta(hours=1)
    assert look(archive)["copies_bad:"].since == first.since


def test_what_was_seen_long_ago_is_not_believed(archive: Tools, clock: Clock) -> None:
    """Nobody looked for half an hour: the last look says nothing any more."""
    look(archive)
    with archive.database.reading() as session:
        seen = watching.seen(session)

    assert seen.is_fresh(clock()) and not seen.is_fresh(clock() + timedelta(minutes=31))


def waiting(tools: Tools, verb: str) -> list[dict[str, object]]:
    """Return the arguments of the jobs of a verb that wait."""
    with tools.database.reading() as session:
        found = session.scalars(select(Job).where(Job.verb == verb, Job.state == "queued"))
        return [job.args for job in found]


@pytest.fixture
def mailed(archive: Tools) -> Tools:
    """The archive with a mail server in its settings that nobody asks in this file."""
    server = {"mail_host": "127.0.0.1", "mail_port": 1, "mail_to": "a@b.invalid", "mail_from": "c@d.invalid"}
    return replace(archive, settings=replace(archive.settings, **server))  # type: ignore[arg-type]


def test_one_notice_a_day_for_an_alarm_and_one_for_all_of_a_look(mailed: Tools, clock: Clock) -> None:
    """Two red alarms go in one notice; the same look again sends nothing; the next day it is told again."""
    live(mailed)
    with mailed.database.writing.begin() as session:
        for copy in session.scalars(select(Copy)):
            copy.state, copy.lost = "damaged", ["data/x"]
    look(mailed)
    look(mailed)
    first = len(waiting(mailed, "notify"))
    clock.move(hours=25)
    live(mailed)
    look(mailed)

    assert (first, len(waiting(mailed, "notify"))) == (1, 2)
    assert "copies_lost" in str(waiting(mailed, "notify")[0]["text"])


def test_amber_alarms_and_silent_settings_send_nothing(archive: Tools, mailed: Tools) -> None:
    """Only red is mailed at once; without a server nothing is put in line."""
    live(archive)
    with archive.database.writing.begin() as session:
        session.scalars(select(Copy)).first().state = "unreadable"  # type: ignore[union-attr]
    look(mailed)
    with archive.database.writing.begin() as session:
        session.scalars(select(Copy)).first().state = "damaged"  # type: ignore[union-attr]
    look(archive)

    assert waiting(archive, "notify") == []


Run = Callable[[], None]


def test_the_digest_counts_what_happened_and_is_sent_once_a_day(mailed: Tools, clock: Clock) -> None:
    """One sentence: copies read, repairs, what was taken in, what waits; asked twice it is sent once."""
    with mailed.database.writing.begin() as session:
        session.add(FixityRun(scope="due", asked_by="x", expected=9, checked=7, failed=1, unreadable=1,
                              started_at=clock(), finished_at=clock()))
    for _ in range(2):
        watching.digest(Work(mailed, {}))
    with mailed.database.reading() as session:
        told = watching.digest_of(session, since=clock() - timedelta(days=1), until=clock())

    assert (told.checked, told.failed, told.unreadable, told.not_checked, told.runs) == (7, 1, 1, 0, 1)
    assert (told.archived, told.copies, told.waiting) == (2, 4, 0)
    assert len(waiting(mailed, "notify")) == 1


@pytest.mark.parametrize(("rhythm", "sent"), [("off", 0), ("weekly", 1)])
def test_the_digest_keeps_its_rhythm(mailed: Tools, clock: Clock, rhythm: str, sent: int) -> None:
    """Weekly is once in seven days, off is never."""
    tools = replace(mailed, settings=replace(mailed.settings, digest=rhythm))
    for _ in range(7):
        watching.digest(Work(tools, {}))
        clock.move(days=1)

    assert len(waiting(tools, "notify")) == sent


def test_f07_a_mail_server_that_is_down_breaks_no_job_and_is_told(mailed: Tools, clock: Clock) -> None:
    """The notice waits for another try, the trouble stands as an alarm, and after two days it is given up."""
    with mailed.database.writing.begin() as session:
        watching.ask_notify(session, mailed.voice.alarms([]), clock())
    worker.drain(mailed)
    live(mailed)
    with mailed.database.writing.begin() as session:
        heartbeats.ended(session, heartbeats.MAIL, clock(), trouble="mail: refused")
    alarm = look(mailed)["mail_failed:"]
    first = waiting(mailed, "notify")
    clock.move(hours=49)
    worker.drain(mailed)

    assert alarm.level == "amber" and [one["channels"] for one in first] == [["mail"]]
    assert waiting(mailed, "notify") == []
    with mailed.database.reading() as session:
        assert session.scalars(select(Job).where(Job.verb == "notify", Job.state == "parked")).all() == []


def test_the_look_is_kept_as_json_without_titles(archive: Tools) -> None:
    """Codes and numbers only: the kept look may be read by a monitor."""
    live(archive)
    with archive.database.writing.begin() as session:
        session.scalars(select(Copy)).first().state = "damaged"  # type: ignore[union-attr]
    look(archive)
    with archive.database.reading() as session:
        text = facts.get(session, facts.ALARMS)

    assert json.loads(text)["alarms"][0]["code"] == "copies_bad" and "校门" not in text
