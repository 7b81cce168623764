"""Seals: each row gets one, under a key that is made once, whatever dies meanwhile."""

import subprocess
import sys
import threading
from collections import Counter
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import select

from preservation.checks import Outcome
from repository.models.audit import Anchor, AuditEntry, Seal
from repository.models.event import Event
from repository.models.job import Job
from repository.web.notice_words import Speaker
from repository.workflow import (
    accounts,
    anchoring,
    audit,
    auditing,
    facts,
    sealbook,
    sealing,
    sealkey,
    worker,
)
from repository.workflow.errors import SignInRefused
from repository.workflow.tools import Tools, Work
from storage.errors import Unreadable
from storage.failpoints import NAMES
from tests.archives import ADMINISTRATOR, PASSWORD, ROOT, child_environment, environment

SEAL_POINTS = tuple(name for name in NAMES if name.startswith("seal."))
ANCHOR_POINTS = tuple(name for name in NAMES if name.startswith("anchor."))


def write(tools: Tools, count: int = 3) -> None:
    """Write so many entries."""
    with tools.database.writing.begin() as session:
        for number in range(count):
            told = {"n": number}
            audit.record(session, "account.changed", actor=ADMINISTRATOR, at=tools.clock(), facts=told)


def child(act: str, data: Path, **more: str) -> int:
    """Do something in a process of its own and return how it ended."""
    done = subprocess.run(
        [sys.executable, "-m", "tests.repository.workflow.child", act, str(data)],
        cwd=ROOT,
        env=child_environment(environment(data, **more)),
        capture_output=True,
        timeout=120,
    )
    return done.returncode


def sealed(tools: Tools) -> Counter[tuple[str, int]]:
    """Return how many seals each row has."""
    with tools.database.reading() as session:
        return Counter((seal.log, seal.sequence) for seal in session.scalars(select(Seal)))


def rows(tools: Tools) -> set[tuple[str, int]]:
    """Return every row of both logs."""
    with tools.database.reading() as session:
        events = {("event", number) for number in session.scalars(select(Event.sequence))}
        return events | {("audit", number) for number in session.scalars(select(AuditEntry.sequence))}


def test_every_row_gets_one_seal_however_often_the_job_runs(tools: Tools) -> None:
    """Sealing twice, or in two threads at once, seals each row exactly once."""
    write(tools, 40)
    key = sealing.key_of(tools)
    threads = [threading.Thread(target=sealing.seal_all, args=(Work(tools, {}), key)) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    sealing.seal(Work(tools, {}))

    assert set(sealed(tools)) == rows(tools) and set(sealed(tools).values()) == {1}
    assert sealing.seal_all(Work(tools, {}), key) == 0


def test_the_key_is_made_once_for_its_owner_only_and_never_again(tools: Tools) -> None:
    """The worker makes the key at its first use, readable for itself, and keeps it."""
    path = tools.settings.audit_key_file
    first = path.read_bytes()
    sealing.key_of(tools)

    assert path.read_bytes() == first
    assert path.stat().st_mode & 0o777 == 0o600
    assert sealkey.make(path, after=9) == sealing.key_of(tools)
    assert [one.name for one in path.parent.iterdir() if one.name.startswith(".")] == []


def test_two_that_make_the_key_at_once_use_the_same(tmp_path: Path) -> None:
    """Nobody overwrites the key of somebody who was quicker."""
    path, made = tmp_path / "keys" / "audit.key", []
    threads = [threading.Thread(target=lambda: made.append(sealkey.make(path, after=0))) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert len(made) == 8 and len({key.id for key in made}) == 1


@pytest.mark.parametrize("text", ["", "zz", "00" * 31, "00" * 32 + " x", "\ufeff" + "00" * 32])
def test_a_file_that_holds_no_key_is_refused(tmp_path: Path, text: str) -> None:
    """A cut, short or foreign file is no key, and is not overwritten."""
    path = tmp_path / "audit.key"
    path.write_text(text, "utf-8")
    with pytest.raises(Unreadable):
        sealkey.read(path)

    assert path.read_text("utf-8") == text


def test_a_key_that_may_not_be_read_lets_rows_wait_and_the_worker_live(tools: Tools) -> None:
    """Rows wait unsealed, the job waits with its reason; once the key is back, all is sealed."""
    path = tools.settings.audit_key_file
    path.rename(path.with_name("kept"))
    path.mkdir()
    write(tools)
    worker.drain(tools)
    waiting = rows(tools) - set(sealed(tools))
    path.rmdir()
    path.with_name("kept").rename(path)
    sealing.seal(Work(tools, {}))

    assert len(waiting) == 3
    assert set(sealed(tools)) == rows(tools)


@pytest.mark.parametrize("point", SEAL_POINTS)
def test_a_worker_that_dies_while_sealing_leaves_nothing_wrong(tools: Tools, point: str) -> None:
    """Killed at each point of sealing: the next run ends with one seal a row, in the stores, too."""
    if point == "seal.after_key":
        tools.settings.audit_key_file.unlink()
    write(tools)
    killed = child("seal", tools.settings.data, JINGUI_FAILPOINT=point)
    done = child("seal", tools.settings.data)
    anchoring.anchor(Work(tools, {}))
    wanted = {digest for digest in _digests(tools)}

    assert (killed, done) == (-9, 0)
    assert set(sealed(tools)) == rows(tools) and set(sealed(tools).values()) == {1}
    for store in tools.stores.values():
        assert {told["digest"] for told in sealbook.lines(store)} == wanted
    found = auditing.verify(tools)
    former = {"AU-016"} if point == "seal.after_key" else set()
    assert {finding.code for finding in found.findings} == former


def _digests(tools: Tools) -> list[str]:
    with tools.database.reading() as session:
        return list(session.scalars(select(Seal.digest)))


@pytest.mark.parametrize("point", ANCHOR_POINTS)
def test_a_worker_that_dies_while_anchoring_leaves_one_anchor_everywhere(tools: Tools, point: str) -> None:
    """Killed at each point: the next run goes on with the same anchor and writes it into every store."""
    write(tools)
    killed = child("anchor", tools.settings.data, JINGUI_FAILPOINT=point)
    done = child("anchor", tools.settings.data)
    with tools.database.reading() as session:
        carried = [anchor.carried for anchor in session.scalars(select(Anchor))]
    files = [len(list(spec.root.glob("anchors/*/*/*/*.json"))) for spec in tools.settings.store_specs]

    assert (killed, done) == (-9, 0)
    assert [set(told) for told in carried] == [{"main", "second"}]
    assert files == [1, 1]
    assert auditing.verify(tools).outcome is Outcome.PASSED


def test_a_store_that_is_away_keeps_no_row_from_its_seal(tools: Tools) -> None:
    """Sealing needs no store; the store that comes back gets what it missed."""
    root = tools.settings.store_specs[1].root
    root.rename(root.with_name("away"))
    write(tools)
    worker.drain(tools)
    meanwhile = set(sealed(tools))
    root.with_name("away").rename(root)
    sealing.seal(Work(tools, {}))

    assert meanwhile == rows(tools)
    for store in tools.stores.values():
        assert {told["digest"] for told in sealbook.lines(store)} == set(_digests(tools))
    with tools.database.reading() as session:
        last = max(session.scalars(select(Seal.number)))
        assert [facts.number(session, facts.SEAL_WATERMARK + name) for name in tools.stores] == [last, last]


def test_e18_a_refused_sign_in_is_written_down_without_what_was_typed(tools: Tools) -> None:
    """The account's name stands there, of a strange name only its beginning, of the password nothing."""
    for name in ("guanli", "Tr0ub4dor&3\r\n2026-01-01 admin signed in"):
        with tools.database.writing() as session:
            with pytest.raises(SignInRefused):
                accounts.sign_in(session, tools, username=name, password="falsch-geraten", address="10.0.0.9")
            session.commit()
    with tools.database.writing.begin() as session:
        accounts.sign_in(session, tools, username="guanli", password=PASSWORD, address="10.0.0.9")
    with tools.database.reading() as session:
        entries = session.scalars(select(AuditEntry).order_by(AuditEntry.sequence)).all()
        lines = [audit.line(entry) for entry in entries]

    assert [entry.act for entry in entries] == ["session.refused", "session.refused", "session.begun"]
    assert [entry.outcome for entry in entries] == ["failed", "failed", "passed"]
    assert [entry.facts["username"] for entry in entries] == ["guanli", "tr…", "guanli"]
    assert not any("falsch" in line or "ub4dor" in line or "\n" in line for line in lines)
    assert {entry.facts["address"] for entry in entries} == {"10.0.0.9"}


def test_a_new_anchor_is_mailed_once_where_mail_is_set_up(tools: Tools) -> None:
    """The line that people file goes by mail, too; where none is set up nothing is put in line."""
    anchoring.make(Work(tools, {}))
    settings = replace(tools.settings, mail_host="127.0.0.1", mail_to="a@b.invalid", mail_from="c@d.invalid")
    mailing = replace(tools, settings=settings, voice=Speaker())
    asked = {"asked_at": (tools.clock() + timedelta(seconds=1)).isoformat()}
    made = anchoring.make(Work(mailing, asked))
    with tools.database.reading() as session:
        letters = [job.args for job in session.scalars(select(Job).where(Job.verb == "notify"))]

    assert len(letters) == 1
    assert made.short in letters[0]["subject"] and "签字存档" in letters[0]["text"]
