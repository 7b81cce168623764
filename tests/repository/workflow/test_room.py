"""P14: each disk keeps its reserve; what is accepted waits, edits and reading go on."""

import io
import subprocess
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import select

from preservation.policy import CopyState
from repository.models.item import Item
from repository.models.job import Job
from repository.models.package import Copy, Package
from repository.workflow import deposit, describe, review, watching, worker
from repository.workflow.describe import Edit
from repository.workflow.room import refuse_full, refuse_full_store
from repository.workflow.tools import Tools, Work
from storage.errors import StorageFull
from storage.platform import free_room
from storage.reserve import Reserve
from tests.archives import ARCHIVIST, Clock, close, new_archive, photo

GB, MB = 1 << 30, 1 << 20


@pytest.mark.parametrize(
    ("total", "upload", "wanted"),
    [(10 * GB, 0, 2 * GB), (100 * GB, 0, 5 * GB), (100 * GB, 4 * GB, 8 * GB), (10 * GB, GB // 2, 2 * GB)],
)
def test_p14_the_reserve_is_the_greatest_of_three(total: int, upload: int, wanted: int) -> None:
    """Five per cent, two gigabytes, or twice the upload."""
    assert Reserve(least=2 * GB, percent=5).wanted(total, upload) == wanted


def tight(tools: Tools) -> Tools:
    """Return the same archive on disks that are below their reserve."""
    return replace(tools, settings=replace(tools.settings, reserve_mb=1 << 40))


@pytest.fixture
def small(tmp_path: Path) -> Iterator[Path]:
    """A disk of eight megabytes; only root may mount one."""
    place = tmp_path / "small"
    place.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", "size=8m", "none", str(place)]
    if subprocess.run(command, capture_output=True).returncode:
        pytest.skip("only root may mount a small disk")
    yield place
    subprocess.run(["umount", "-l", str(place)], check=True)


def test_p14_the_first_stores_disk_is_asked_too(tmp_path: Path, small: Path) -> None:
    """An upload that the data folder has room for, but the store has not, is refused before it is read."""
    tools = new_archive(tmp_path / "data", JINGUI_STORES=f"main={small}/main,second={tmp_path}/second")
    refuse_full(tools.settings, 3 * MB)
    with pytest.raises(StorageFull) as refusal:
        refuse_full(tools.settings, 5 * MB)
    close(tools)

    assert refusal.value.facts["disk"] == "main"
    assert refusal.value.facts["wanted"] == 10 * MB


def test_p14_a_share_of_the_disk_stays_free(small: Path) -> None:
    """Per cent are counted of the whole disk, not of what is left."""
    room = free_room(small)
    (small / "full").write_bytes(b"x" * 7 * MB)
    left = free_room(small).bytes

    assert room.total == 8 * MB
    assert Reserve(percent=20).wanted(room.total) > left > Reserve(percent=10).wanted(room.total)


def hand_in(tools: Tools, picture: Path) -> str:
    """Return an accepted item with one photograph in staging."""
    staged = tools.staging.keep(io.BytesIO(picture.read_bytes()), "一.jpg")
    with tools.database.writing.begin() as session:
        submission = deposit.begin(session, tools, ARCHIVIST)
        item = deposit.receive(session, tools, ARCHIVIST, submission, staged=staged)
        told = {"kind": "photo", "category": "XSH", "retention": "Y", "access_level": "internal"}
        wanted = Edit({"title": "旧校门", "date": "1978", "place": "校门"}, told)
        describe.edit(session, tools, ARCHIVIST, item, wanted=wanted)
        review.submit(session, tools, ARCHIVIST, item)
        review.accept(session, tools, ARCHIVIST, item)
        return item.id


def test_p14_what_is_accepted_waits_for_room_and_is_told(tools: Tools, clock: Clock, tmp_path: Path) -> None:
    """The file stays in staging, the job waits with its reason, an alarm counts it; with room it goes in."""
    item_id = hand_in(tools, photo(tmp_path / "a.jpg"))
    worker.drain(tight(tools))
    watching.watch(Work(tools, {}))
    with tools.database.reading() as session:
        [job] = session.scalars(select(Job).where(Job.verb == "ingest")).all()
        waits = {alarm.code: alarm.facts for alarm in watching.seen(session).alarms}
        state = session.get_one(Item, item_id).state
    clock.move(minutes=6)
    worker.drain(tools)

    assert (state, job.state, job.attempts, "ST-007" in job.error) == ("accepted", "queued", 0, True)
    assert waits["intake_waits"] == {"count": 1}
    with tools.database.reading() as session:
        assert session.get_one(Item, item_id).state == "archived"


def test_p14_edits_and_copies_go_on_below_the_reserve(archive: Tools) -> None:
    """A new description is packed into a new version although nothing new is taken in."""
    low = tight(archive)
    with pytest.raises(StorageFull):
        refuse_full_store(low.settings)
    with archive.database.writing.begin() as session:
        item = session.scalars(select(Item).where(Item.title == "老校门")).one()
        describe.edit(session, low, ARCHIVIST, item, wanted=Edit({"title": "老校门正面"}, {}))
    worker.drain(low)

    with archive.database.reading() as session:
        newest = session.scalars(select(Package).order_by(Package.version.desc())).first()
        assert newest is not None and newest.version == 2
        states = session.scalars(select(Copy.state).where(Copy.package_id == newest.id)).all()
        assert states == [CopyState.OK, CopyState.OK]
