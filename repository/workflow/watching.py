"""Looks every ten minutes, keeps what is wrong, and tells people once.

A red alarm is told at once and at most once a day; a digest is one sentence
a day or a week; nobody ever gets one mail per file. A notice that does not
arrive is tried again for two days and is told in the app meanwhile (F07).
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from preservation.checks import Outcome
from preservation.premis import EventType
from repository.models.event import Event
from repository.models.item import Item
from repository.models.job import FixityRun
from repository.models.package import Copy
from repository.models.school import Fact
from repository.workflow import alarms, facts, heartbeats, jobs, looking, mailing, states
from repository.workflow.notices import AMBER, RED, Alarm, Digest, Said
from repository.workflow.tools import Tools, Work

FRESH = timedelta(minutes=30)  # what was seen longer ago is not believed any more
ONCE_A = timedelta(hours=24)
FORGET = timedelta(days=7)
RETRY, GIVE_UP = timedelta(minutes=15), timedelta(hours=48)
MEASURED_EVERY = timedelta(hours=6)
DIGEST_HOUR = 8  # local time
MONDAY = 0


@dataclass(frozen=True, slots=True)
class Seen:
    """What the last look found; at is None where nobody ever looked."""

    at: datetime | None
    alarms: tuple[Alarm, ...] = ()

    def is_fresh(self, now: datetime) -> bool:
        """Return whether it may still be believed."""
        return self.at is not None and now - self.at <= FRESH


def watch(work: Work) -> None:
    """Look at everything, keep what was found, and put a notice of new red alarms in line."""
    looks = looking.look(work.tools)
    now = work.tools.clock()
    _measure(work, now)
    with work.reading() as session:
        found = alarms.alarms(session, work.tools, now, looks)
    with work.writing() as session:
        told = with_since(found, seen(session).alarms, now)
        kept = {"at": now.isoformat(), "alarms": [_row(alarm) for alarm in told]}
        facts.put(session, facts.ALARMS, json.dumps(kept))
        _tell_new(session, work.tools, told, now)


def _measure(work: Work, now: datetime) -> None:
    """Measure the parts of the data folder, which walks every file of them, four times a day."""
    with work.reading() as session:
        before = measured(session)
    if before.at is not None and timedelta(0) <= now - before.at < MEASURED_EVERY:
        return
    rows = [[part.name, part.bytes, part.files, part.percent] for part in looking.parts(work.tools)]
    with work.writing() as session:
        facts.put(session, facts.PARTS, json.dumps({"at": now.isoformat(), "parts": rows}))


@dataclass(frozen=True, slots=True)
class Measured:
    """How much each part of the data takes up, and when that was measured (None: never)."""

    at: datetime | None
    parts: tuple[looking.Part, ...] = ()


def measured(session: Session) -> Measured:
    """Return what was measured last."""
    told = json.loads(facts.get(session, facts.PARTS, "{}"))
    if not told:
        return Measured(None)
    return Measured(datetime.fromisoformat(told["at"]), tuple(looking.Part(*row) for row in told["parts"]))


def seen(session: Session) -> Seen:
    """Return what the last look found. One statement."""
    return _seen(facts.get(session, facts.ALARMS))


def _seen(text: str) -> Seen:
    if not text:
        return Seen(None)
    told = json.loads(text)
    return Seen(datetime.fromisoformat(told["at"]), tuple(_alarm(row) for row in told["alarms"]))


@dataclass(frozen=True, slots=True)
class Glance:
    """What a page may know at once: the alarms, and when the worker was heard last (None: never)."""

    alarms: tuple[Alarm, ...]
    heard: datetime | None


def glance(session: Session, now: datetime) -> Glance:
    """Return what the last look found and whether anybody works. One statement."""
    names = (facts.ALARMS, facts.CLOCK_ALIVE)
    told = {row.name: row.value for row in session.scalars(select(Fact).where(Fact.name.in_(names)))}
    heard = datetime.fromisoformat(told[facts.CLOCK_ALIVE]) if facts.CLOCK_ALIVE in told else None
    found = _seen(told.get(facts.ALARMS, "")).alarms
    if heard is None or now - heard > heartbeats.DUTIES[heartbeats.WORKER]:
        rest = tuple(alarm for alarm in found if alarm.code != "worker_dead")
        return Glance((Alarm("worker_dead", RED, since=heard), *rest), heard)
    return Glance(found, heard)


def with_since(found: Sequence[Alarm], before: Sequence[Alarm], now: datetime) -> list[Alarm]:
    """Return the alarms with the time since when they stand; a store that is away too long turns red."""
    known = {alarm.key: alarm.since for alarm in before}
    dated = [replace(one, since=one.since or known.get(one.key) or now) for one in found]
    return sorted((_grown(one, now) for one in dated), key=lambda one: one.level != RED)


def _grown(alarm: Alarm, now: datetime) -> Alarm:
    away = alarm.code == "store_away" and alarm.since is not None
    if away and alarm.since is not None and now - alarm.since > alarms.AWAY_TOO_LONG:
        return replace(alarm, level=RED)
    return alarm


def untold(session: Session, found: Sequence[Alarm], now: datetime) -> list[Alarm]:
    """Return the red alarms that nobody was told of for a day, and note that they are told now."""
    told = {
        key: at
        for key, at in json.loads(facts.get(session, facts.ALARMS_TOLD, "{}")).items()
        if now - datetime.fromisoformat(at) < FORGET
    }
    new = [
        alarm
        for alarm in found
        if alarm.level == RED
        and (alarm.key not in told or now - datetime.fromisoformat(told[alarm.key]) >= ONCE_A)
    ]
    if new:
        told |= {alarm.key: now.isoformat() for alarm in new}
        facts.put(session, facts.ALARMS_TOLD, json.dumps(told))
    return new


def _tell_new(session: Session, tools: Tools, found: Sequence[Alarm], now: datetime) -> None:
    if mailing.is_set_up(tools.settings):
        new = untold(session, found, now)
        if new:
            ask_notify(session, tools.voice.alarms(new), now)


def ask_notify(session: Session, said: Said, now: datetime) -> None:
    """Put one notice in line."""
    _in_line(session, said, list(mailing.CHANNELS), now.isoformat())


def _in_line(
    session: Session, said: Said, channels: list[str], first: str, run_after: datetime | None = None
) -> None:
    told: dict[str, Any] = {"subject": said.subject, "text": said.text, "first": first, "channels": channels}
    jobs.enqueue(session, "notify", run_after=run_after, **told)


def notify(work: Work) -> None:
    """Send one notice; what did not arrive is tried again later, for two days, on its way alone."""
    told, channels = work.args, tuple(work.args["channels"])
    sent = mailing.send(work.tools.settings, told["subject"], told["text"], channels=channels)
    failed = [one.channel for one in sent if one.outcome is Outcome.FAILED]
    now = work.tools.clock()
    with work.writing() as session:
        heartbeats.ended(session, heartbeats.MAIL, now, trouble=mailing.troubles(sent))
        if failed and now - datetime.fromisoformat(told["first"]) < GIVE_UP:
            _in_line(session, Said(told["subject"], told["text"]), failed, told["first"], now + RETRY)


def digest(work: Work) -> None:
    """Put the sentence of the day, or of the week on Mondays, in line."""
    tools, now = work.tools, work.tools.clock()
    rhythm = tools.settings.digest
    if rhythm == "off" or (rhythm == "weekly" and now.astimezone().weekday() != MONDAY):
        return
    with work.writing() as session:
        last = facts.get(session, facts.DIGESTED)
        since = datetime.fromisoformat(last) if last else now - ONCE_A
        if now - since < timedelta(hours=12):
            return  # told today already
        facts.put(session, facts.DIGESTED, now.isoformat())
        if mailing.is_set_up(tools.settings):
            ask_notify(session, tools.voice.digest(digest_of(session, since=since, until=now)), now)


def digest_of(session: Session, *, since: datetime, until: datetime) -> Digest:
    """Return what happened between two times, and what waits now."""
    columns = (FixityRun.checked, FixityRun.failed, FixityRun.unreadable, FixityRun.expected)
    sums = [func.coalesce(func.sum(column), 0) for column in columns]
    ended = (FixityRun.finished_at > since, FixityRun.finished_at <= until)
    invalid = func.count().filter(FixityRun.invalid.is_(True))
    counted = session.execute(select(*sums, func.count(), invalid).where(*ended)).one()
    checked, failed, unreadable, expected, runs, bad = (int(number) for number in counted)
    waiting = select(func.count()).where(Item.state.in_((states.SUBMITTED, states.HELD)))
    return Digest(
        since=since,
        until=until,
        checked=checked,
        failed=failed,
        unreadable=unreadable,
        not_checked=expected - checked - failed - unreadable,
        runs=runs,
        invalid=bad,
        repaired=_events(session, since, until, EventType.RECOVERY, Event.detail == "end"),
        lost=_events(session, since, until, EventType.RECOVERY, Event.detail == "lost"),
        archived=_events(session, since, until, EventType.INGESTION_END),
        copies=session.scalar(select(func.count()).select_from(Copy)) or 0,
        waiting=session.scalar(waiting) or 0,
        alarms=seen(session).alarms,
    )


def _events(session: Session, since: datetime, until: datetime, kind: EventType, *more: Any) -> int:
    """Return how many acts of one kind went well or not between two times."""
    query = select(func.count()).where(Event.type == kind, Event.at > since, Event.at <= until, *more)
    return session.scalar(query) or 0


def guard(tools: Tools) -> tuple[mailing.Delivery, ...]:
    """Tell people that nobody works, from a process that lives; nothing where all is well (case B26)."""
    now = tools.clock()
    with tools.database.reading() as session:
        dead = alarms.worker_alarm(session, now)
    if dead is None or not mailing.is_set_up(tools.settings):
        return ()
    with tools.database.writing.begin() as session:
        new = untold(session, [dead], now)
    if not new:
        return ()
    said = tools.voice.alarms(new)
    return mailing.send(tools.settings, said.subject, said.text)


def _row(alarm: Alarm) -> dict[str, Any]:
    since = None if alarm.since is None else alarm.since.isoformat()
    told = {"code": alarm.code, "level": alarm.level, "subject": alarm.subject}
    return {**told, "facts": dict(alarm.facts), "since": since}


def _alarm(row: dict[str, Any]) -> Alarm:
    since = row["since"]
    at = None if since is None else datetime.fromisoformat(since)
    return Alarm(row["code"], row["level"] or AMBER, row["subject"], row["facts"], at)
