"""Offline media: disks in a cupboard that are copies, read at home or elsewhere."""

import json
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import func, select

from repository.models.event import Event
from repository.models.keeping import Medium, MediumState
from repository.models.package import Copy, Package
from repository.models.watch import Report
from repository.workflow import (
    care,
    dumping,
    medium_checking,
    medium_opening,
    medium_writing,
    offline,
    rebuilding,
    replicating,
    worker,
)
from repository.workflow.errors import Incomplete, Refused, Taken
from repository.workflow.medium_errors import MediumRefused
from repository.workflow.offline import Enrolment
from repository.workflow.tools import Tools, Work
from storage import ages
from storage.errors import StorageFull
from storage.keys import VERIFIER
from storage.local import LocalStore, create_store
from tests.archives import ADMINISTRATOR, TEACHER, Clock, close, new_archive, photo, planned, take_in

PAIR = ages.new_identity()
CANARY = "墨痕仅此一处"


def no_tell(done: int, total: int) -> None:
    """Say nothing."""


@pytest.fixture(scope="module")
def filled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with two photographs and an archive that holds them, made once."""
    folder = tmp_path_factory.mktemp("filled")
    opened = new_archive(folder / "data")
    for number in (1, 2):
        title = f"校庆合影 {CANARY} {number}"
        take_in(opened, planned(photo(folder / f"{number}.jpg", tone=number), title=title))
    close(opened)
    return folder


@pytest.fixture
def tools(filled: Path, tmp_path: Path) -> Iterator[Tools]:
    """A copy of that archive of two photographs, with a clock of its own."""
    shutil.copytree(filled, tmp_path, dirs_exist_ok=True)
    opened = new_archive(tmp_path / "data", clock=Clock(), empty=True)
    yield opened
    close(opened)


@pytest.fixture
def disk(tmp_path: Path) -> Path:
    """An empty folder in the place of a mounted disk."""
    (tmp_path / "disk").mkdir()
    return tmp_path / "disk"


def work(tools: Tools) -> Work:
    """Return a run of a verb that a person asked for."""
    return Work(tools, {}, actor=ADMINISTRATOR)


def enrolled(tools: Tools, name: str = "甲盘", **more: Any) -> Medium:
    """Enter a disk and return its row, apart from the session."""
    told = Enrolment(name, "周正言", "综合楼 302 防火柜", **more)
    with tools.database.writing.begin() as session:
        row = offline.enrol(session, tools, ADMINISTRATOR, told)
        session.flush()
        session.expunge(row)
    return row


def row_of(tools: Tools, medium: Medium) -> Medium:
    """Return a medium as it is now."""
    with tools.database.reading() as session:
        row = session.get_one(Medium, medium.id)
        session.expunge(row)
    return row


def write(tools: Tools, medium: Medium, folder: Path) -> medium_writing.Written:
    """Write what is due; a test has only one disk."""
    return medium_writing.write(work(tools), row_of(tools, medium), folder, same_disk=True)


def check(tools: Tools, medium: Medium, folder: Path) -> medium_checking.Tally:
    """Read the whole medium."""
    return medium_checking.check(work(tools), row_of(tools, medium), folder)


def states(tools: Tools, store_id: str) -> list[str]:
    """Return the states of the copies in a store or on a medium."""
    with tools.database.reading() as session:
        return sorted(session.scalars(select(Copy.state).where(Copy.store_id == store_id)))


def flip(path: Path) -> None:
    """Turn one bit of a file over, as a failing disk does."""
    path.chmod(0o644)
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(bytes(content))


def judged(folder: Path, out: Path) -> dict[str, Any]:
    """Run the judge on the disk as a stranger would, and return its report."""
    words = [sys.executable, "-I", "-S", str(folder / VERIFIER), "--quiet", "--json", str(out)]
    subprocess.run(words, cwd=folder, capture_output=True, timeout=60)
    told: dict[str, Any] = json.loads(out.read_text("utf-8"))
    return told


FORMS = pytest.mark.parametrize("recipients", [(), (PAIR.recipient,)], ids=["open", "sealed"])


@FORMS
def test_p8_what_is_due_is_written_read_back_and_counted(
    tools: Tools, disk: Path, recipients: tuple[str, ...]
) -> None:
    """All packages go onto an empty disk, later only new ones; each is a copy with its event."""
    medium = enrolled(tools, recipients=recipients)
    first = write(tools, medium, disk)
    again = write(tools, medium, disk)
    take_in(tools, planned(photo(disk.parent / "3.jpg", tone=3), title="运动会"))
    later = write(tools, medium, disk)
    with tools.database.reading() as session:
        told = session.scalars(select(Event).where(Event.type == "replication", Event.object_kind == "item"))
        copied = [event for event in told if event.facts["store"] == medium.id]
        reports = session.scalars(select(Report).where(Report.kind == "medium")).all()

    assert (first.packages, again.packages, later.packages) == (2, 0, 1)
    assert states(tools, medium.id) == ["ok", "ok", "ok"]
    assert (len(copied), len(reports)) == (3, 3)
    assert row_of(tools, medium).written_at == tools.clock()
    assert check(tools, medium, disk).outcome == "passed"


def test_e34_a_sealed_disk_holds_no_readable_word(tools: Tools, disk: Path) -> None:
    """Neither titles nor pictures nor the log of a sealed medium can be read without the identity."""
    medium = enrolled(tools, recipients=(PAIR.recipient,))
    write(tools, medium, disk)
    picture = (disk.parent / "1.jpg").read_bytes()[200:264]
    found = [
        path.name
        for path in disk.rglob("*")
        if path.is_file() and (CANARY.encode() in path.read_bytes() or picture in path.read_bytes())
    ]

    assert found == []
    assert len(list(disk.rglob("*.tar.age"))) == 2 and list(disk.rglob("*.jsonl.age"))


@FORMS
def test_a01_damage_on_a_medium_is_found_and_written_anew(
    tools: Tools, disk: Path, recipients: tuple[str, ...]
) -> None:
    """A flipped bit makes one copy damaged; the next writing mends it and keeps the old bytes."""
    medium = enrolled(tools, recipients=recipients)
    write(tools, medium, disk)
    flip(sorted((*disk.rglob("*.tar.age"), *disk.rglob("objects/0001.jpg")))[0])
    tally = check(tools, medium, disk)
    found = states(tools, medium.id)
    mended = write(tools, medium, disk)

    assert (tally.ok, tally.damaged, tally.outcome) == (1, 1, "failed")
    assert found == ["damaged", "ok"]
    assert mended.mended == 1
    assert check(tools, medium, disk).outcome == "passed"
    assert list(LocalStore(medium.id, disk).quarantined())


def test_a05_what_is_gone_from_a_medium_is_missing(tools: Tools, disk: Path) -> None:
    """A package that was deleted on the disk is missing there, and only there."""
    medium = enrolled(tools)
    write(tools, medium, disk)
    shutil.rmtree(next(disk.rglob("v0001")))
    tally = check(tools, medium, disk)

    assert (tally.ok, tally.missing) == (1, 1)
    assert states(tools, "main") == ["ok", "ok"]


def refusal(tools: Tools, medium: Medium, folder: Path, **more: bool) -> str:
    """Return why a folder is not taken."""
    with pytest.raises(MediumRefused) as refused:
        medium_writing.write(work(tools), row_of(tools, medium), folder, **more)
    return str(refused.value.facts["why"])


def test_b15_a_folder_that_is_not_this_medium_is_refused(tools: Tools, disk: Path, tmp_path: Path) -> None:
    """Another disk, a store, an unmounted place, a used folder, our own folders: nothing is written."""
    one, two = enrolled(tools), enrolled(tools, "乙盘")
    write(tools, one, disk)
    (tmp_path / "empty").mkdir()
    (tmp_path / "used").mkdir()
    (tmp_path / "used/letter.txt").write_text("somebody's")
    (tmp_path / "data/stick").mkdir()
    before = sorted(disk.rglob("*"))

    assert refusal(tools, two, disk) == "other"
    assert refusal(tools, one, tmp_path / "data/stores/main") == "other"
    assert refusal(tools, one, tmp_path / "empty", same_disk=True) == "blank"
    assert refusal(tools, two, tmp_path / "empty") == "same_disk"
    assert refusal(tools, two, tmp_path / "used", same_disk=True) == "not_empty"
    assert refusal(tools, two, tmp_path / "data/stick", same_disk=True) == "inside"
    assert refusal(tools, two, tmp_path / "none") == "absent"
    assert refusal(tools, two, Path("disk")) == "absent"
    assert sorted(disk.rglob("*")) == before
    assert list((tmp_path / "empty").iterdir()) == []
    with pytest.raises(MediumRefused):
        check(tools, two, disk)


def test_b08_a_disk_without_room_is_refused_with_figures_before_writing(
    tools: Tools, disk: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What will not fit wholly is not begun."""
    medium = enrolled(tools)
    monkeypatch.setattr(LocalStore, "free_bytes", lambda store: 40 << 20)
    monkeypatch.setattr(medium_writing, "_SPARE", 40 << 20)
    with pytest.raises(StorageFull) as refused:
        write(tools, medium, disk)

    assert refused.value.facts["left"] == 40 << 20
    assert int(str(refused.value.facts["wanted"])) > 40 << 20
    assert states(tools, medium.id) == [] and not (disk / "aips").exists()


def test_a_report_from_elsewhere_counts_by_its_digests(tools: Tools, disk: Path, tmp_path: Path) -> None:
    """What the judge on the disk found on another machine is taken in and marked; its word alone is not."""
    medium = enrolled(tools)
    write(tools, medium, disk)
    tools.clock.move(days=1)  # type: ignore[attr-defined]
    report = judged(disk, tmp_path / "report.json")
    good = medium_checking.register(work(tools), row_of(tools, medium), report)
    with tools.database.reading() as session:
        last = session.scalars(select(Event).order_by(Event.sequence.desc())).first()
        checks = session.scalars(select(Event.detail).where(Event.type == "fixity check")).all()
    report["packages"][0]["digest"] = "0" * 64
    forged = medium_checking.register(work(tools), row_of(tools, medium), report)
    flip(next(disk.rglob("objects/0001.jpg")))
    damaged = medium_checking.register(work(tools), row_of(tools, medium), judged(disk, tmp_path / "r.json"))

    assert (good.outcome, good.ok) == ("passed", 2)
    assert last is not None and last.facts["elsewhere"] is True
    assert list(checks).count("elsewhere") == 2
    assert (forged.outcome, forged.damaged, damaged.damaged) == ("failed", 1, 1)


def test_p17_an_old_report_makes_no_damaged_copy_good(tools: Tools, disk: Path, tmp_path: Path) -> None:
    """A report made before the damage was found is brought late, or twice: the newer verdict stands."""
    medium = enrolled(tools)
    write(tools, medium, disk)
    report = judged(disk, tmp_path / "report.json")
    flip(next(disk.rglob("objects/0001.jpg")))
    tools.clock.move(days=1)  # type: ignore[attr-defined]
    check(tools, medium, disk)
    checked_at = row_of(tools, medium).checked_at
    late = medium_checking.register(work(tools), row_of(tools, medium), report)

    assert (late.outcome, late.expected) == ("not_run", 0)
    assert sorted(states(tools, medium.id)) == ["damaged", "ok"]
    assert row_of(tools, medium).checked_at == checked_at


def test_a_sealed_medium_is_checked_elsewhere_without_a_key(tools: Tools, disk: Path, tmp_path: Path) -> None:
    """The judge compares sealed files with their lists; we compare its digests with our log."""
    medium = enrolled(tools, recipients=(PAIR.recipient,))
    write(tools, medium, disk)
    good = medium_checking.register(work(tools), medium, judged(disk, tmp_path / "a.json"))
    flip(next(disk.rglob("*.tar.age")))
    bad = medium_checking.register(work(tools), medium, judged(disk, tmp_path / "b.json"))

    assert (good.outcome, good.ok, bad.damaged) == ("passed", 2, 1)


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"tool": "x"}, "report"),
        ({"store": "main"}, "other"),
        ({"began": "2199-01-01T00:00:00Z"}, "future"),
        ({"began": "yesterday"}, "report"),
        ({"packages": [{"prefix": "x"}]}, "report"),
        ({"packages": 5}, "report"),
    ],
)
def test_a_report_that_is_none_of_this_medium_is_refused(
    tools: Tools, disk: Path, tmp_path: Path, change: dict[str, Any], why: str
) -> None:
    """Another tool, another disk, another time: nothing is written down."""
    medium = enrolled(tools)
    write(tools, medium, disk)
    report = {**judged(disk, tmp_path / "report.json"), **change}
    with pytest.raises(MediumRefused) as refused:
        medium_checking.register(work(tools), medium, report)

    assert refused.value.facts["why"] == why


@FORMS
def test_p5_what_no_store_has_comes_back_from_a_medium(
    tools: Tools, disk: Path, tmp_path: Path, recipients: tuple[str, ...]
) -> None:
    """A file that is damaged in every store is lost until the disk is attached, and good afterwards."""
    medium = enrolled(tools, recipients=recipients)
    write(tools, medium, disk)
    for store in ("main", "second"):
        flip(next((tmp_path / "data/stores" / store).rglob("objects/0001.jpg")))
    with tools.database.writing.begin() as session:
        care.start(session, tools, tools.software, scope="all", repair=True)
    worker.drain(tools)
    lost = states(tools, "main") + states(tools, "second")
    if recipients:
        with pytest.raises(MediumRefused):
            medium_opening.attach(work(tools), row_of(tools, medium), disk)
    done = medium_opening.attach(work(tools), row_of(tools, medium), disk, secret=PAIR.secret)

    assert lost == ["damaged", "ok", "damaged", "ok"]
    assert done.left == 0
    assert states(tools, "main") + states(tools, "second") == ["ok"] * 4
    assert list(tools.scratch.iterdir()) == []


@FORMS
def test_p6_any_medium_is_a_source_for_a_whole_rebuild(
    tools: Tools, disk: Path, tmp_path: Path, recipients: tuple[str, ...]
) -> None:
    """With stores and catalogue gone, one disk (opened, if sealed) gives packages, history and media back."""
    medium = enrolled(tools, recipients=recipients)
    write(tools, medium, disk)
    with tools.database.reading() as session:
        before = dumping.dump(session)
    root = disk
    if recipients:
        root = tmp_path / "opened"
        into = create_store(root, medium.id)
        source = LocalStore(medium.id, disk)
        done = medium_opening.open_all(source, into, secret=PAIR.secret, scratch=tmp_path, tell=no_tell)
        assert (done.packages, done.refused) == (2, ())
    again = new_archive(tmp_path / "new", empty=True, JINGUI_STORES=f"{medium.id}={root}")
    rebuilding.rebuild(again, no_tell)
    with again.database.reading() as session:
        after = dumping.dump(session)
    close(again)

    assert [one["title"] for one in after["items"]] == [one["title"] for one in before["items"]]
    assert {one["id"] for one in before["events"]} <= {one["id"] for one in after["events"]}
    assert after["media"] == before["media"]


def test_p6_a_rebuild_from_the_stores_knows_the_media(tools: Tools, disk: Path, tmp_path: Path) -> None:
    """Media, their state and what they hold come back from the log; copies are unknown then."""
    kept, gone = enrolled(tools), enrolled(tools, "乙盘", note="旧盘")
    write(tools, kept, disk)
    (tmp_path / "other").mkdir()
    write(tools, gone, tmp_path / "other")
    with tools.database.writing.begin() as session:
        held = offline.give_up(
            session, tools, ADMINISTRATOR, session.get_one(Medium, gone.id), state=MediumState.LOST
        )
    worker.drain(tools)
    with tools.database.reading() as session:
        before = dumping.dump(session)
    tools.database.engine.dispose()
    for path in (tmp_path / "data").glob("catalogue.sqlite*"):
        path.unlink()
    again = new_archive(tmp_path / "data", empty=True)
    rebuilding.rebuild(again, no_tell)
    with again.database.reading() as session:
        after = dumping.dump(session)

    assert held == 2
    assert after["media"] == before["media"] and len(after["media"]) == 2
    assert [p["copies"] for one in after["items"] for p in one["packages"]] == [
        p["copies"] for one in before["items"] for p in one["packages"]
    ]
    assert states(again, kept.id) == ["unknown", "unknown"] and states(again, gone.id) == []
    close(again)


def test_a125_a_disk_that_was_not_brought_is_told(tools: Tools, disk: Path) -> None:
    """Overdue for writing and for checking are told apart, with owner and days; lost disks are not."""
    medium = enrolled(tools, rotation_days=30, check_days=60)
    write(tools, medium, disk)
    clock = tools.clock
    assert isinstance(clock, Clock)

    def late() -> list[tuple[str, int]]:
        with tools.database.reading() as session:
            return [(one.act, one.days) for one in offline.overdue(session, clock())]

    fresh = late()
    clock.move(days=31, hours=1)
    first = late()
    clock.move(days=31)
    both = late()
    with tools.database.writing.begin() as session:
        offline.give_up(
            session, tools, ADMINISTRATOR, session.get_one(Medium, medium.id), state=MediumState.RETIRED
        )

    assert (fresh, first, both) == ([], [("write", 1)], [("write", 32), ("check", 2)])
    assert late() == []
    assert refusal(tools, medium, disk) == "gone"


def test_only_an_administrator_enters_disks_and_each_name_is_one(tools: Tools) -> None:
    """A wrong actor, an empty field, days of nothing, a taken name, a wrong key are refused."""
    enrolled(tools)

    def enter(actor: Any = ADMINISTRATOR, **changed: Any) -> None:
        told = replace(Enrolment("丙盘", "周正言", "防火柜"), **changed)
        with tools.database.writing.begin() as session:
            offline.enrol(session, tools, actor, told)

    with pytest.raises(Refused):
        enter(TEACHER)
    with pytest.raises(Incomplete):
        enter(owner=" ")
    with pytest.raises(Incomplete):
        enter(check_days=0)
    with pytest.raises(Taken):
        enter(name="甲盘")
    with pytest.raises(ages.NotAnIdentity):
        enter(recipients=("age1wrong",))


def test_p8_every_store_of_an_archive_judges_itself(tools: Tools, tmp_path: Path) -> None:
    """The judge in each store says good over bags, logs and seals; then finds a damaged log object."""
    worker.drain(tools)
    reports = [judged(tmp_path / "data/stores" / name, tmp_path / "r.json") for name in ("main", "second")]
    flip(next((tmp_path / "data/stores/main/log").rglob("*.jsonl")))
    damaged = judged(tmp_path / "data/stores/main", tmp_path / "r.json")

    assert [(one["outcome"], one["counts"]["ok"]) for one in reports] == [("ok", 2), ("ok", 2)]
    assert damaged["outcome"] == "bad" and {one["code"] for one in damaged["findings"]} == {"VJ-301"}


def test_online_rounds_leave_media_alone(tools: Tools, disk: Path) -> None:
    """A fixity round reads what is reachable, and no job tries to copy onto a disk in a cupboard."""
    medium = enrolled(tools)
    write(tools, medium, disk)
    shutil.rmtree(disk)
    with tools.database.writing.begin() as session:
        run = care.start(session, tools, tools.software, scope="all")
        expected = run.expected
        waiting = replicating.catch_up(session, tools)
    worker.drain(tools)
    with tools.database.reading() as session:
        packages = session.scalar(select(func.count()).select_from(Package))

    assert packages == 2 and waiting == 0
    assert states(tools, medium.id) == ["ok", "ok"]
    assert expected == 4
