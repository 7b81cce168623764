"""A fixity run is believed only where the checker finds the damage that was planted."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from flask import render_template_string
from sqlalchemy import select

from preservation import fixity
from preservation.canaries import KINDS
from repository.app import create_app
from repository.models.event import Event
from repository.models.job import FixityRun
from repository.models.package import Copy, Package
from repository.models.watch import Report
from repository.workflow import canaries, care, rebuilding, worker
from repository.workflow.tools import Tools
from storage.errors import ReadOnly
from storage.layout import canary_prefix
from storage.local import LocalStore
from storage.readonly import ReadOnlyStore
from tests.archives import ADMINISTRATOR, Clock, close, jingui_here


def _run(tools: Tools) -> FixityRun:
    """Read everything and return the run."""
    with tools.database.writing.begin() as session:
        run_id = care.start(session, tools, ADMINISTRATOR, scope="all").id
    worker.drain(tools)
    with tools.database.reading() as session:
        return session.get_one(FixityRun, run_id)


def _checked(tools: Tools) -> dict[tuple[str, str], Any]:
    query = select(Package.prefix, Copy.store_id, Copy.checked_at, Copy.state).join(Copy)
    with tools.database.reading() as session:
        return {(row[0], row[1]): (row[2], row[3]) for row in session.execute(query)}


def _canary(tools: Tools, store: str, generation: int, kind: str) -> Path:
    return Path(tools.stores[store].root) / canary_prefix(generation, kind)  # type: ignore[attr-defined]


def _reports(tools: Tools) -> list[Report]:
    with tools.database.reading() as session:
        return list(session.scalars(select(Report).where(Report.kind == canaries.REPORT)))


def test_a_good_run_has_proved_its_checker_in_every_store(archive: Tools, clock: Clock) -> None:
    """Canaries are planted once, found before and after, and count nowhere."""
    clock.move(days=1)
    run = _run(archive)
    again = _run(archive)

    assert not run.invalid and not again.invalid
    assert run.canaries == {
        name: {"generation": 1, "before": "passed", "after": "passed"} for name in archive.stores
    }
    assert (run.expected, run.checked) == (4, 4)
    assert _canary(archive, "main", 1, "whole").is_dir()
    assert not _canary(archive, "main", 2, "whole").exists()
    assert _reports(archive) == []


def test_p17_a_broken_checker_makes_the_run_invalid_and_no_copy_is_believed(
    archive: Tools, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A checker that compares nothing reads no copy: the run says so, and every copy keeps its old date."""
    before = _checked(archive)
    clock.move(days=1)
    monkeypatch.setattr(fixity._Reading, "_read", lambda self, record: None)
    run = _run(archive)
    monkeypatch.undo()

    assert run.invalid and run.finished_at is not None
    assert (run.checked, run.not_checked) == (0, run.expected)
    assert {told["fresh"] for told in run.canaries.values()} == {"failed"}  # no fault of the canaries
    assert _checked(archive) == before
    assert {one.subject for one in _reports(archive)} == set(archive.stores)
    with archive.database.reading() as session:
        alarms = session.scalars(select(Event).where(Event.detail == "canary")).all()
    assert {event.outcome for event in alarms} == {"failed"}
    clock.move(hours=1)
    mended = _run(archive)
    assert (mended.invalid, mended.checked) == (False, 4)


@pytest.mark.parametrize("kind", KINDS)
def test_a_canary_that_somebody_mended_is_told_and_planted_anew(
    archive: Tools, clock: Clock, kind: str
) -> None:
    """A changed canary makes the run invalid in its store only; then a new one stands, and all is well."""
    _run(archive)
    place = _canary(archive, "main", 1, kind) / "data" / "sample-1.txt"
    place.write_bytes(place.read_bytes()[:-1] + b"!")
    if kind == "flipped":
        (place.parent / "sample-2.txt").write_bytes(b"!")
    clock.move(days=1)
    run = _run(archive)
    clock.move(days=1)
    next_run = _run(archive)

    assert run.invalid
    assert (run.canaries["main"]["before"], run.canaries["main"]["fresh"]) == ("failed", "passed")
    assert run.canaries["second"] == {"generation": 1, "before": "passed", "after": "passed"}
    assert (run.expected, run.checked) == (4, 2)
    assert [one.subject for one in _reports(archive)] == ["main"]
    assert (next_run.invalid, next_run.canaries["main"]["generation"], next_run.checked) == (False, 2, 4)


def test_p17_good_verdicts_of_a_checker_that_failed_meanwhile_are_taken_back(
    archive: Tools, clock: Clock
) -> None:
    """What a run found good before its checker failed counts no more: old dates, head of the queue."""
    _run(archive)
    before = _checked(archive)
    clock.move(days=1)
    broken = _canary(archive, "second", 1, "missing") / "data" / "sample-2.txt"
    store = archive.stores["second"]

    class Meddling(LocalStore):
        """A store in which somebody repairs a canary while the run goes on."""

        def open(self, key: str) -> Any:
            """Open, and meddle once a real package is read."""
            if key.startswith("aips/"):
                broken.write_bytes(b"found again")
            return super().open(key)

    meddled = replace(archive, stores={**archive.stores, "second": Meddling("second", store.root)})
    run = _run(meddled)
    after = _checked(archive)

    assert run.invalid
    assert (run.canaries["second"]["before"], run.canaries["second"]["after"]) == ("passed", "failed")
    assert (run.expected, run.checked, run.not_checked) == (4, 2, 2)
    for place, told in after.items():
        assert (told == before[place]) == (place[1] == "second")
    with archive.database.reading() as session:
        theirs = session.scalars(select(Copy).where(Copy.store_id == "second")).all()
        assert all(copy.asked_at == clock() and copy.findings[0]["code"] == "FX-902" for copy in theirs)


def test_a_store_that_is_away_makes_no_run_invalid(archive: Tools, clock: Clock) -> None:
    """Where nothing answers, nothing is proved and nothing is believed or blamed."""
    _run(archive)
    clock.move(days=1)
    (_canary(archive, "second", 1, "x").parents[2] / ".jingui-store").rename(
        _canary(archive, "second", 1, "x").parents[2] / ".away"
    )
    run = _run(archive)

    assert not run.invalid
    assert run.canaries["second"]["before"] == "not_run"
    assert run.canaries["main"]["after"] == "passed"


def test_p17_a_store_that_takes_no_canaries_lets_no_run_pass_as_proved(archive: Tools, clock: Clock) -> None:
    """A read-only store answers and its copies are read, but nothing proves the checker there: a warning."""
    clock.move(days=1)
    stores = {**archive.stores, "second": ReadOnlyStore(archive.stores["second"])}
    run = _run(replace(archive, stores=stores))
    query = select(Event).where(Event.object_id == "all").order_by(Event.sequence.desc())
    with archive.database.reading() as session:
        told = session.scalars(query).first()

    assert run.canaries["second"] == {
        "generation": 0, "before": "not_run", "after": "not_run", "reason": ReadOnly.code
    }
    badge = '{% from "admin/parts.html" import run_badge %}{{ run_badge(run) }}'
    with create_app(archive.settings, archive).test_request_context():
        shown = render_template_string(badge, run=run)

    assert told is not None
    assert (told.outcome, told.facts["unproved"]) == ("warned", ["second"])
    assert "全部完好" not in shown


def test_a_rebuild_passes_over_canaries(archive: Tools, clock: Clock) -> None:
    """A rebuild registers packages and no sample."""
    _run(archive)
    done = rebuilding.rebuild(archive, lambda done, total: None)

    assert (done.packages, done.refused) == (2, ())


def test_canaries_that_vanished_wholly_are_told(archive: Tools, clock: Clock) -> None:
    """Removing the whole folder is found by the catalogue's memory of it, not mended in silence."""
    _run(archive)
    root = Path(archive.stores["main"].root)  # type: ignore[attr-defined]
    (root / "canaries").rename(root.parent / "gone")
    clock.move(days=1)
    run = _run(archive)

    assert run.invalid
    assert len(run.canaries["main"]["missed"]) == 5
    assert run.canaries["main"]["fresh"] == "passed"


def test_p17_an_invalid_run_is_told_at_the_command_line_and_on_the_pages(archive: Tools) -> None:
    """The shell says so and ends with 1; the dashboard's light is red; the next good run ends with 0."""
    data = archive.settings.data
    _run(archive)
    place = _canary(archive, "main", 1, "whole") / "data" / "sample-1.txt"
    place.write_bytes(place.read_bytes()[:-1] + b"!")
    close(archive)
    told = jingui_here(data, "fixity", "run", "--all")
    status = jingui_here(data, "status")
    again = jingui_here(data, "fixity", "run", "--all")

    assert told.returncode == 1
    assert "核验无效" in told.stdout and "完好的样本：应查出“没有问题”" in told.stdout
    assert "没有通过自检" in status.stdout
    assert again.returncode == 0
