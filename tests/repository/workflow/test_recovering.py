"""Uploads whose catalogue was lost: back in the inbox, never swept away."""

import io

from sqlalchemy import select

from repository.models.item import Item
from repository.workflow import deposit, reaping, rebuilding
from repository.workflow.tools import Tools, Work
from tests.archives import Clock, close, new_archive

CONTENT = b"one of a kind"


def _hand_in(tools: Tools, content: bytes, name: str | bytes) -> str:
    staged = tools.staging.keep(io.BytesIO(content), name)
    with tools.database.writing.begin() as session:
        submission = deposit.begin(session, tools, tools.software)
        deposit.receive(session, tools, tools.software, submission, staged=staged)
    return staged.id


def _lose_catalogue(tools: Tools) -> None:
    close(tools)
    for file in tools.settings.data.glob("catalogue.sqlite*"):
        file.unlink()


def _rebuild(tools: Tools, clock: Clock) -> tuple[Tools, int]:
    anew = new_archive(tools.settings.data, clock=clock, empty=True)
    return anew, rebuilding.rebuild(anew, lambda done, total: None).staged


def test_p1_a_file_that_was_handed_in_outlives_the_catalogue(archive: Tools, clock: Clock) -> None:
    """After rm of the database, a rebuild and a sweep it waits in the inbox, the bytes of its name kept."""
    name = "校庆".encode("gbk") + b".txt"
    staged_id = _hand_in(archive, CONTENT, name)
    _lose_catalogue(archive)
    clock.move(minutes=2)
    anew, found = _rebuild(archive, clock)
    reaping.reap(Work(anew, {}), age_seconds=0)

    assert found == 1
    assert anew.staging.path(staged_id).read_bytes() == CONTENT
    with anew.database.reading() as session:
        item = session.scalars(select(Item).where(Item.state == "submitted")).one()
        assert (item.title, item.access_level) == ("校庆", "restricted")
        assert bytes.fromhex(item.staged_files[0].original_raw) == name
    close(anew)


def test_what_is_known_or_just_coming_is_not_taken_twice(archive: Tools, clock: Clock) -> None:
    """A rebuild beside a running archive leaves alone what has a row, and what may get one in a moment."""
    _hand_in(archive, CONTENT, "校庆.txt")
    archive.staging.keep(io.BytesIO(b"its row is being written"), "a.txt")

    assert rebuilding.rebuild(archive, lambda done, total: None).staged == 0
    clock.move(minutes=2)
    assert rebuilding.rebuild(archive, lambda done, total: None).staged == 1
    assert rebuilding.rebuild(archive, lambda done, total: None).staged == 0


def test_what_is_archived_already_is_left_to_the_reaper(archive: Tools, clock: Clock) -> None:
    """Ingest died before it dropped the upload: its bytes are in a bag, so no second item is made."""
    store = archive.first_store
    [image, *_] = [found.key for found in store.list("aips/") if "/objects/" in found.key]
    with store.open(image) as stream:
        archive.staging.keep(stream, "again.jpg")
    _lose_catalogue(archive)
    clock.move(minutes=2)
    anew, found = _rebuild(archive, clock)

    assert found == 0
    close(anew)


def test_p1_an_upload_of_a_lost_catalogue_is_never_swept_by_a_fresh_one(archive: Tools, clock: Clock) -> None:
    """Started on an empty catalogue, also one founded anew, the reaper leaves what was acknowledged."""
    staged_id = _hand_in(archive, CONTENT, "老照片.jpg".encode())
    data = archive.settings.data
    _lose_catalogue(archive)
    clock.move(days=2)
    fresh = new_archive(data, clock=clock, empty=True)
    reaping.reap(Work(fresh, {}), age_seconds=0)
    close(fresh)
    founded = new_archive(data, clock=clock)
    reaping.reap(Work(founded, {}), age_seconds=0)
    kept = founded.staging.path(staged_id).read_bytes()
    found = rebuilding.rebuild(founded, lambda done, total: None)

    assert (kept, found.staged) == (CONTENT, 1)
    close(founded)
