"""The logs against whoever owns the database: everything before the last anchor is held (P10, E17)."""

import shutil
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from random import Random

import pytest
from sqlalchemy import StaticPool, create_engine, select, text
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import sessionmaker

from preservation.checks import Outcome
from preservation.premis import EventType
from repository.models.audit import Anchor, AuditEntry, Seal
from repository.models.database import Database
from repository.models.event import Event
from repository.models.watch import Report
from repository.workflow import (
    anchoring,
    audit,
    auditing,
    chains,
    chainwalk,
    journal,
    rebuilding,
    sealkey,
    worker,
)
from repository.workflow.journal import Subject
from repository.workflow.tools import Tools, Work
from repository.workflow.verdicts import Verdict
from tests.archives import ADMINISTRATOR, ARCHIVIST, Clock, close, new_archive
from tests.repository.workflow.log_mutations import MUTATIONS, Mutation, chain_anew, open_raw

ROWS = 150  # of each log before the anchor
ROUNDS = 80  # of each mutation: 13 × 80 is more than 1,000
Change = Callable[[Tools], None]


def write_rows(tools: Tools, count: int) -> None:
    """Write so many rows into both logs, as verbs do."""
    with tools.database.writing.begin() as session:
        for number in range(count):
            facts = {"number": number, "note": "第一行\r\n伪造的一行", "half": "\ud800"}
            about = Subject(audit.ACCOUNT, f"account-{number}")
            audit.record(
                session, "account.changed", actor=ADMINISTRATOR, at=tools.clock(), about=about, facts=facts
            )
            journal.record(
                session, EventType.FIXITY_CHECK, Subject("item", f"item-{number}"), actor=ARCHIVIST,
                at=tools.clock(), facts=facts,
            )


@pytest.fixture(scope="module")
def sealed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Tools]:
    """An archive with two logs of more than 150 rows, sealed, anchored, and some rows after that."""
    clock = Clock()
    made = new_archive(tmp_path_factory.mktemp("sealed") / "data", clock=clock)
    write_rows(made, ROWS)
    worker.drain(made)
    anchoring.anchor(Work(made, {}))
    clock.move(minutes=5)
    write_rows(made, 5)
    worker.drain(made)
    yield made
    close(made)


def over(tools: Tools, raw: sqlite3.Connection) -> Tools:
    """Return the same archive over another database, which is in memory."""
    engine = create_engine("sqlite://", creator=lambda: raw, poolclass=StaticPool)
    sessions = sessionmaker(engine)
    return replace(tools, database=Database(engine, sessions, sessions))


@pytest.fixture(scope="module")
def content(sealed: Tools, tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """The bytes of the sealed archive's database, out of WAL mode so that memory can hold it."""
    path = tmp_path_factory.mktemp("copy") / "copy.sqlite"
    with sealed.database.engine.connect() as connection:
        connection.exec_driver_sql("COMMIT")
        connection.exec_driver_sql(f"VACUUM INTO '{path}'")
    return path.read_bytes()


def codes(verdict: Verdict) -> set[str]:
    """Return the codes of what was found."""
    return {finding.code for finding in verdict.findings}


def test_an_untouched_log_is_told_as_good(sealed: Tools, content: bytes) -> None:
    """No false alarm: not with the key, not on a copy; both logs have all their rows looked at."""
    found = auditing.verify(sealed)
    copied = auditing.verify(over(sealed, open_raw(content)))

    assert (found.outcome, found.findings, found.wrong) == (Outcome.PASSED, (), 0)
    assert (copied.outcome, copied.findings) == (Outcome.PASSED, ())
    assert found.rows["audit"] == ROWS + 5 and found.rows["event"] > ROWS
    assert (dict(found.unsealed), found.anchors) == ({"event": 0, "audit": 0}, 1)


@pytest.mark.parametrize("mutation", MUTATIONS, ids=lambda mutation: mutation.__name__)
def test_e17_whatever_was_changed_before_the_last_anchor_is_found(
    sealed: Tools, content: bytes, mutation: Mutation
) -> None:
    """A thousand changes with the power of the database's owner: each one is found."""
    random = Random(mutation.__name__)
    missed = []
    for _ in range(ROUNDS):
        raw, log = open_raw(content), random.choice(tuple(chains.LOGS))
        did = mutation(raw, random, log, ROWS)
        found = auditing.verify(over(sealed, raw))
        if found.outcome is not Outcome.FAILED or not found.wrong:
            missed.append(did)
        raw.close()

    assert missed == []


def test_p10_a_chain_made_anew_is_found_by_mac_and_without_key_by_anchor(
    sealed: Tools, content: bytes
) -> None:
    """Whoever computes the plain chain anew has no key, and no hand on what the stores were told."""
    raw = open_raw(content)
    chain_anew(raw, Random(7), "audit", ROWS)
    forged = over(sealed, raw)
    with forged.database.reading() as session:
        plain = chainwalk.walk(session, "audit", key=None, wanted=frozenset())
    with_key, without = auditing.verify(forged), auditing.verify(forged, with_key=False)

    assert plain.findings == []  # the chain alone would be believed
    assert "AU-006" in codes(with_key) and with_key.outcome is Outcome.FAILED
    assert codes(without) == {"AU-008", "AU-014"} and without.outcome is Outcome.FAILED


@pytest.mark.parametrize("border", [0, 1_000_000])
def test_p10_no_number_of_a_seal_keeps_its_mac_from_being_looked_at(
    sealed: Tools, content: bytes, tmp_path: Path, border: int
) -> None:
    """A forged seal that is numbered like one of a former key, or below zero, does not pass for one."""
    raw, last = open_raw(content), ROWS + 5
    raw.execute("UPDATE seals SET number = number + ?", (border,))  # all are behind the border
    raw.execute(
        "UPDATE seals SET mac = ?, number = ? WHERE log = 'audit' AND sequence = ?",
        ("0" * 64, border - 7, last),
    )
    key = sealkey.read(sealed.settings.audit_key_file)
    assert key is not None
    (tmp_path / "audit.key").write_text(f"{key.secret.hex()} {border}")
    settings = replace(sealed.settings, audit_key=str(tmp_path / "audit.key"))
    found = auditing.verify(replace(over(sealed, raw), settings=settings))

    assert [(one.code, one.path) for one in found.findings] == [("AU-006", f"audit/{last}")]


def test_p10_a_rebuild_does_not_launder_a_forged_seal(sealed: Tools, tmp_path: Path) -> None:
    """What stood in the catalogue before and does not fit the key is forged, not of a former key."""
    data = tmp_path / "data"
    shutil.copytree(sealed.settings.data, data)
    with closing(sqlite3.connect(data / "catalogue.sqlite")) as connection:
        connection.execute("DROP TRIGGER seals_refuse_update")
        newest = "number = (SELECT max(number) FROM seals)"
        connection.execute(f"UPDATE seals SET mac = ? WHERE {newest}", ("0" * 64,))
        connection.commit()
    forged = new_archive(data, empty=True)
    rebuilding.rebuild(forged, lambda done, total: None)
    found = auditing.verify(forged)

    assert "AU-006" in codes(found) and found.outcome is Outcome.FAILED
    close(forged)


def test_p10_the_finding_names_the_row_and_what_happened_to_it(sealed: Tools, content: bytes) -> None:
    """Changed, gone, gone with its seal, in another place, one too many: each with log and number."""

    def after(*statements: str) -> list[tuple[str, str]]:
        raw = open_raw(content)
        for statement in statements:
            raw.execute(statement)
        found = auditing.verify(over(sealed, raw))
        return [(finding.code, finding.path) for finding in found.findings]

    cut = "DELETE FROM {} WHERE sequence = 40"
    swap = "UPDATE events SET sequence = {} WHERE sequence = {}"

    assert after("UPDATE audit_entries SET act = 'x' WHERE sequence = 40") == [("AU-001", "audit/40")]
    assert after(cut.format("audit_entries")) == [("AU-002", "audit/40")]
    assert after(cut.format("events"), cut.format("seals") + " AND log = 'event'") == [("AU-003", "event/41")]
    assert after(swap.format(-1, 40), swap.format(40, 41), swap.format(41, -1)) == [
        ("AU-004", "event/40"),
        ("AU-004", "event/41"),
    ]
    assert after("INSERT INTO events SELECT 0, 'x', type, at, outcome, object_kind, object_id, agent_name, "
                 "agent_kind, detail, facts FROM events LIMIT 1") == [("AU-005", "event/0")]
    assert after("UPDATE seals SET mac = digest WHERE log = 'event' AND sequence = 9") == [
        ("AU-006", "event/9")
    ]


def test_e17_a_database_of_yesterday_is_found_by_the_anchors_in_the_stores(
    sealed: Tools, tmp_path: Path
) -> None:
    """The whole catalogue put back, anchors and all: the stores remember that it was longer."""
    data = tmp_path / "data"
    shutil.copytree(sealed.settings.data, data)
    clock = Clock()
    archive = new_archive(data, empty=True, clock=clock)
    archive.database.engine.dispose()
    shutil.copy(data / "catalogue.sqlite", tmp_path / "yesterday.sqlite")
    write_rows(archive, 3)
    clock.move(days=1)
    anchoring.anchor(Work(archive, {}))
    close(archive)
    for file in data.glob("catalogue.sqlite*"):
        file.unlink()
    shutil.copy(tmp_path / "yesterday.sqlite", data / "catalogue.sqlite")
    older = new_archive(data, empty=True, clock=clock)
    found = auditing.verify(older)

    assert found.outcome is Outcome.FAILED and codes(found) == {"AU-007"}
    assert [finding.fact("log") for finding in found.findings] == ["event", "audit"]
    close(older)


def test_a26_a_registered_digest_that_was_edited_is_found(archive: Tools) -> None:
    """The digest that a package is held against is held itself against the log."""
    with archive.database.writing.begin() as session:
        session.execute(text("UPDATE packages SET registered_digest = :other"), {"other": "0" * 64})
    anchoring.anchor(Work(archive, {}))
    found = auditing.verify(archive)

    assert [finding.code for finding in found.findings] == ["AU-011", "AU-011"]
    assert found.outcome is Outcome.FAILED


@pytest.mark.parametrize("table", ["events", "audit_entries", "seals"])
@pytest.mark.parametrize("act", ["UPDATE {} SET sequence = sequence + 1000", "DELETE FROM {}"])
def test_p10_the_database_refuses_to_change_or_remove_what_was_written(
    sealed: Tools, table: str, act: str
) -> None:
    """Triggers refuse UPDATE and DELETE on both logs and on the seals."""
    with sealed.database.writing() as session, pytest.raises(IntegrityError, match="append-only"):
        session.execute(text(act.format(table)))


def test_e18_typed_text_forges_no_line(sealed: Tools) -> None:
    """Line breaks, quotes and half characters in a value stay in their value, in the stores, too."""
    lines = 0
    for store in sealed.stores.values():
        for found in store.list("audit/"):
            with store.open(found.key) as stream:
                content = stream.read()
            lines += content.count(b"\n")
            assert b"\r" not in content
    with sealed.database.reading() as session:
        seals = len(session.scalars(select(Seal.number)).all())
        entry = session.get_one(AuditEntry, 1)

        assert lines == seals * len(sealed.stores)
        assert entry.facts["note"] == "第一行\r\n伪造的一行"
        assert len(audit.line(entry).splitlines()) == 1


def test_rows_that_wait_for_their_seal_are_told_and_after_a_day_warned_of(tools: Tools) -> None:
    """A dead worker is no forgery: counted at once, warned of after 26 hours, good once sealed."""
    anchoring.anchor(Work(tools, {}))
    write_rows(tools, 4)
    clock = tools.clock
    assert isinstance(clock, Clock)
    fresh = auditing.verify(tools)
    clock.move(hours=27)
    late = auditing.verify(tools)
    worker.drain(tools)

    assert (fresh.outcome, fresh.unsealed["audit"]) == (Outcome.PASSED, 4)
    assert (late.outcome, codes(late)) == (Outcome.WARNED, {"AU-013"})
    assert auditing.verify(tools).outcome is Outcome.PASSED


def test_what_could_not_be_looked_at_is_never_called_good(tools: Tools) -> None:
    """Without anchor, without key, without a store: each is told, and the outcome is not passed."""
    none = auditing.verify(tools)
    anchoring.anchor(Work(tools, {}))
    no_key = auditing.verify(tools, with_key=False)
    root = tools.settings.store_specs[1].root
    root.rename(root.with_name("away"))
    away = auditing.verify(tools)

    assert (codes(none), none.outcome) == ({"AU-017"}, Outcome.WARNED)
    assert (codes(no_key), no_key.outcome) == ({"AU-014"}, Outcome.WARNED)
    assert (codes(away), away.outcome) == ({"AU-015"}, Outcome.WARNED)


def test_an_anchor_that_was_forged_removed_or_damaged_is_told(tools: Tools) -> None:
    """Anchors are held against the key, against each other, and against where they were written."""
    anchoring.anchor(Work(tools, {}))
    kept = sorted(tools.settings.store_specs[0].root.glob("anchors/*/*/*/*.json"))[0]
    whole = kept.read_bytes()
    kept.chmod(0o600)
    kept.write_bytes(whole.replace(b"count", b"c0unt"))
    damaged = codes(auditing.verify(tools))
    kept.unlink()
    removed = codes(auditing.verify(tools))
    kept.write_bytes(whole)
    with tools.database.writing.begin() as session:
        session.scalars(select(Anchor)).one().mac = "0" * 64
    forged = codes(auditing.verify(tools))

    assert damaged == {"AU-010", "AU-018"}
    assert removed == {"AU-018"}
    assert forged == {"AU-009", "AU-018"}


def test_a_store_that_was_away_gets_the_anchors_it_missed(tools: Tools) -> None:
    """The reachable store has the anchor at once; the other gets it with the next seal."""
    root = tools.settings.store_specs[1].root
    root.rename(root.with_name("away"))
    anchoring.anchor(Work(tools, {}))
    without = sorted(root.with_name("away").glob("anchors/*/*/*/*.json"))
    root.with_name("away").rename(root)
    write_rows(tools, 1)
    worker.drain(tools)
    names = [sorted(spec.root.glob("anchors/*/*/*/*.json")) for spec in tools.settings.store_specs]

    assert without == []
    assert [path.name for path in names[0]] == [path.name for path in names[1]] and len(names[0]) == 1


def test_one_anchor_a_day_is_enough_but_one_that_is_asked_for_is_made(tools: Tools) -> None:
    """The clock asks often; a new anchor is made when the last is a day old, or when somebody wants one."""
    clock = tools.clock
    assert isinstance(clock, Clock)
    first, again = anchoring.make(Work(tools, {})), anchoring.make(Work(tools, {}))
    clock.move(minutes=5)
    asked = anchoring.make(Work(tools, {"asked_at": clock().isoformat()}))
    clock.move(hours=21)
    next_day = anchoring.make(Work(tools, {}))

    assert [one.number for one in (first, again, asked, next_day)] == [1, 1, 2, 3]
    assert len(first.short.replace(" ", "")) == 24 and first.digest.startswith(first.short.replace(" ", ""))


def test_p10_a_forged_row_does_not_keep_the_daily_anchor_from_being_made(tools: Tools) -> None:
    """The catalogue's owner may write that an anchor is fresh; without the key nobody is taken in."""
    first = anchoring.make(Work(tools, {}))
    assert isinstance(tools.clock, Clock)
    tools.clock.move(days=2)
    with tools.database.writing.begin() as session:
        session.add(Anchor(at=tools.clock(), heads=first.heads, mac=first.mac, carried={}))
    made = anchoring.make(Work(tools, {}))

    assert made.number == 3
    key = sealkey.read(tools.settings.audit_key_file)
    assert key is not None and made.is_signed(key)


def test_the_weekly_verification_leaves_a_report(tools: Tools) -> None:
    """What the scheduled verification found stands in a report, with its figures."""
    anchoring.anchor(Work(tools, {}))
    auditing.audit_verify(Work(tools, {}))
    with tools.database.reading() as session:
        report = session.scalars(select(Report).where(Report.kind == auditing.KIND)).one()

        assert (report.outcome, report.subject, report.facts["anchors"]) == ("passed", "log", 1)
        assert auditing.last_report(session) is report


def test_a_rebuild_brings_the_audit_log_back_and_it_verifies(sealed: Tools, tmp_path: Path) -> None:
    """Entries, seals and anchors come back from the stores alone; nothing is warned of."""
    data = tmp_path / "data"
    shutil.copytree(sealed.settings.data, data)
    for file in data.glob("catalogue.sqlite*"):
        file.unlink()
    again = new_archive(data, empty=True)
    rebuilding.rebuild(again, lambda done, total: None)
    acts = select(AuditEntry).order_by(AuditEntry.sequence)
    with sealed.database.reading() as before, again.database.reading() as after:
        wanted = [audit.line(row) for row in before.scalars(acts)]
        found = [audit.line(row) for row in after.scalars(acts)]
        assert found == wanted
        for model, column in ((Seal, Seal.digest), (Event, Event.id), (Anchor, Anchor.mac)):
            query = select(column).order_by(column)
            old, new = (session.scalars(query).all() for session in (before, after))
            assert old == new, model
    worker.drain(again)

    assert auditing.verify(again).findings == ()
    close(again)


def test_a_rebuild_under_a_new_key_tells_which_seals_it_cannot_check(sealed: Tools, tmp_path: Path) -> None:
    """The key was lost with the machine: chain and anchors are compared, the rest is told as not run."""
    data = tmp_path / "data"
    shutil.copytree(sealed.settings.data, data)
    for file in (*data.glob("catalogue.sqlite*"), data / "keys" / "audit.key"):
        file.unlink()
    again = new_archive(data, empty=True)
    anchoring.anchor(Work(again, {}))  # a worker was quicker and made a new key
    rebuilding.rebuild(again, lambda done, total: None)
    worker.drain(again)
    found = auditing.verify(again)
    key = sealkey.read(again.settings.audit_key_file)

    assert key is not None and key.after > ROWS
    assert (found.outcome, codes(found)) == (Outcome.WARNED, {"AU-016"})
    close(again)


def test_b17_rows_numbered_anew_are_warned_of_and_not_called_forged(sealed: Tools, tmp_path: Path) -> None:
    """An older database went on working before the rebuild: all rows are there, under other numbers."""
    data = tmp_path / "data"
    shutil.copytree(sealed.settings.data, data)
    clock = Clock()
    archive = new_archive(data, empty=True, clock=clock)
    archive.database.engine.dispose()
    shutil.copy(data / "catalogue.sqlite", tmp_path / "yesterday.sqlite")
    write_rows(archive, 3)
    clock.move(days=1)
    anchoring.anchor(Work(archive, {}))
    worker.drain(archive)
    close(archive)
    for file in data.glob("catalogue.sqlite*"):
        file.unlink()
    shutil.copy(tmp_path / "yesterday.sqlite", data / "catalogue.sqlite")
    older = new_archive(data, empty=True, clock=clock)
    write_rows(older, 2)
    worker.drain(older)  # sealed under the numbers of the lost rows
    rebuilding.rebuild(older, lambda done, total: None)
    worker.drain(older)
    found = auditing.verify(older)

    assert (found.outcome, codes(found)) == (Outcome.WARNED, {"AU-012"})
    assert found.rows["audit"] == ROWS + 5 + 3 + 2
    close(older)
    for file in data.glob("catalogue.sqlite*"):
        file.unlink()
    anew = new_archive(data, empty=True, clock=clock)
    rebuilding.rebuild(anew, lambda done, total: None)
    worker.drain(anew)
    later = auditing.verify(anew)

    assert (later.outcome, codes(later), later.rows) == (Outcome.WARNED, {"AU-012"}, found.rows)
    close(anew)


def test_one_damaged_object_in_a_sealed_store_hides_nothing(tmp_path: Path) -> None:
    """A damaged anchor is told as such, the store is not called away, and a rebuild goes on without it."""
    stores = f"main={tmp_path}/main,away=sealed+{tmp_path}/away"
    made = new_archive(tmp_path / "data", JINGUI_STORES=stores)
    write_rows(made, 3)
    worker.drain(made)
    anchoring.anchor(Work(made, {}))
    for room in ("anchors", "audit"):
        kept = sorted(tmp_path.glob(f"away/{room}/*/*/*/*"))[0]
        kept.chmod(0o600)
        kept.write_bytes(kept.read_bytes()[:-1] + b"?")
    found = auditing.verify(made)
    rebuilt = rebuilding.rebuild(made, lambda done, total: None)

    assert codes(found) == {"AU-010", "AU-018"}
    assert rebuilt.refused == ()
    close(made)
