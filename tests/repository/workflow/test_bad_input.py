"""Bad input at the verbs: nothing is lost, nothing half-visible, all is told."""

import io
import json
import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import select

from repository.models.item import Item
from repository.models.job import Job
from repository.models.package import Package, Rendition
from repository.models.submission import StagedFile
from repository.workflow import deposit, importing, review, worker
from repository.workflow.tools import Tools
from storage.errors import StorageFull, StoreUnavailable, TooLarge
from storage.reserve import Reserve
from storage.staging import Staging
from tests.archives import ARCHIVIST, Clock, close, new_archive, photo, planned, take_in
from tests.preservation.samples import bomb_png, cut, program

IS_ROOT = hasattr(os, "geteuid") and os.geteuid() == 0


@contextmanager
def _small_disk(place: Path, size: str) -> Iterator[None]:
    """Mount a real small disk at place; skip where that is not allowed."""
    place.mkdir(parents=True, exist_ok=True)
    if (
        not IS_ROOT
        or subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", place]).returncode
    ):
        pytest.skip("mounting a small disk needs root")
    try:
        yield
    finally:
        subprocess.run(["umount", "-l", place], check=True)


def _item(tools: Tools, item_id: str) -> Item:
    with tools.database.reading() as session:
        return session.get_one(Item, item_id)


def _codes(item: Item) -> set[str]:
    return {finding["code"] for result in item.intake["results"] for finding in result["findings"]}


def _noise(path: Path, size: int) -> Path:
    path.write_bytes(b"\xff\xd8\xff" + os.urandom(size))
    return path


def test_b08_a_full_staging_disk_keeps_nothing_of_the_upload_and_all_of_the_rest(
    tools: Tools, tmp_path: Path
) -> None:
    """On a real disk of 1 MB a file of 2 MB is refused and leaves no trace; a small one still fits."""
    with _small_disk(tmp_path / "small", "1m"):
        tight = replace(tools, staging=Staging(tmp_path / "small"))
        big = planned(_noise(tmp_path / "big.jpg", 2_000_000), title="大文件一个")
        with pytest.raises(StorageFull):
            importing.run(tight, tools.software, [big], note="", tell=lambda done, total: None)
        left = list((tmp_path / "small").iterdir())
        ids = importing.run(
            tight,
            tools.software,
            [planned(photo(tmp_path / "a.jpg"), title="老校门")],
            note="",
            tell=lambda done, total: None,
        )

        assert left == []
        assert [_item(tools, item_id).state for item_id in ids] == ["accepted"]
        with tools.database.reading() as session:
            assert [row.original_name for row in session.scalars(select(StagedFile))] == ["a.jpg"]


def test_p14_below_the_reserve_nothing_is_taken_in(tools: Tools, tmp_path: Path) -> None:
    """Room that must stay free is not given to an upload; what it wanted and what is left is told."""
    tight = replace(tools, staging=Staging(tools.staging.root, reserve=Reserve(least=1 << 60)))
    with pytest.raises(StorageFull) as refusal:
        tight.staging.keep(io.BytesIO(b"x"), "a.jpg", announced=1)

    assert list(tools.staging.all()) == [] and refusal.value.facts


def test_d03_a_file_beyond_the_limit_is_refused_before_and_while_it_comes(tools: Tools) -> None:
    """Announced too large, or larger than announced: nothing of it stays."""
    for announced in (11, None):
        with pytest.raises(TooLarge):
            tools.staging.keep(io.BytesIO(b"x" * 11), "a.jpg", limit=10, announced=announced)

    assert list(tools.staging.root.iterdir()) == []


def test_b08_a_full_store_leaves_the_item_in_line_and_it_is_archived_once_there_is_room(
    tmp_path: Path, clock: Clock
) -> None:
    """The bag does not fit: nothing stands in the store, the job waits and loses no try."""
    with _small_disk(tmp_path / "disk", "1m"):
        stores = f"main={tmp_path / 'disk/main'},second={tmp_path / 'second'}"
        tools = new_archive(tmp_path / "data", clock=clock, JINGUI_STORES=stores)
        source = photo(tmp_path / "a.png", size=(1000, 700))
        assert source.stat().st_size > 1_200_000
        [item_id] = take_in(tools, planned(source, title="老校门"))
        with tools.database.reading() as session:
            job = session.scalars(select(Job).where(Job.verb == "ingest")).one()
            assert (job.state, job.attempts, "ST-007" in job.error) == ("queued", 0, True)
            assert session.scalars(select(Package)).all() == []
        assert (_item(tools, item_id).state, list(tools.first_store.list("aips/"))) == ("accepted", [])
        subprocess.run(["mount", "-o", "remount,size=32m", tmp_path / "disk"], check=True)
        clock.move(minutes=6)
        worker.drain(tools)

        assert _item(tools, item_id).state == "archived"
        [kept] = (tmp_path / "disk/main").glob("aips/*/*/*/v0001/data/objects/*")
        assert kept.read_bytes() == source.read_bytes()
        close(tools)


def test_b14_an_absent_store_leaves_the_item_in_line(tools: Tools, tmp_path: Path, clock: Clock) -> None:
    """Accepted while the first disk is away: nothing is written in its place, and it is archived later."""
    root = tools.settings.store_specs[0].root
    root.rename(root.with_name("away"))
    root.mkdir()
    with pytest.raises(StoreUnavailable):
        tools.first_store.probe()
    [item_id] = take_in(tools, planned(photo(tmp_path / "a.jpg"), title="老校门"))
    assert (_item(tools, item_id).state, list(root.iterdir())) == ("accepted", [])
    root.rmdir()
    root.with_name("away").rename(root)
    clock.move(minutes=6)
    worker.drain(tools)

    assert _item(tools, item_id).state == "archived"


def _held(tools: Tools, path: Path) -> Item:
    [item_id] = take_in(tools, planned(path, title="有问题的一件"))
    return _item(tools, item_id)


def test_d10_a_program_called_jpg_is_held_with_its_finding(tools: Tools, tmp_path: Path) -> None:
    """The content decides, not the name; nothing of it stands in a store until a person says so."""
    held = _held(tools, program(tmp_path / "合影.jpg"))

    assert (held.state, "IN-133" in _codes(held) or "IN-122" in _codes(held)) == ("held", True)
    assert list(tools.first_store.list("aips/")) == []


def test_d07_a_truncated_tiff_is_held_and_kept_byte_for_byte_once_a_person_accepts_it(
    tools: Tools, tmp_path: Path
) -> None:
    """The only print there is may be damaged: with a reason it is archived as it is, and says why."""
    tiff = tmp_path / "扫描.tif"
    photo(tiff, size=(600, 400))
    content = cut(tiff).read_bytes()
    held = _held(tools, tiff)
    assert (held.state, "IN-140" in _codes(held)) == ("held", True)
    with tools.database.writing.begin() as session:
        item = session.get_one(Item, held.id)
        review.accept(session, tools, ARCHIVIST, item, override="孤本，只有这一份扫描")
    worker.drain(tools)

    assert _item(tools, held.id).state == "archived"
    for spec in tools.settings.store_specs:
        [kept] = spec.root.glob("aips/*/*/*/v0001/data/objects/*")
        assert kept.read_bytes() == content
        told = json.loads((kept.parents[1] / "metadata/catalogue.json").read_bytes())
        assert told["item"]["override"] == "孤本，只有这一份扫描"


def test_d22_an_empty_file_is_held(tools: Tools, tmp_path: Path) -> None:
    """0 bytes are no record; the finding says so."""
    (tmp_path / "空.pdf").touch()
    held = _held(tools, tmp_path / "空.pdf")

    assert (held.state, "IN-102" in _codes(held)) == ("held", True)


def test_d06_a_decompression_bomb_is_kept_byte_for_byte_and_honestly_not_looked_at(
    tools: Tools, tmp_path: Path
) -> None:
    """900 million dots in 110 KB: archived whole, readability not run, no preview and the reason."""
    bomb = bomb_png(tmp_path / "炸弹.png")
    [item_id] = take_in(tools, planned(bomb, title="像素炸弹一枚"))
    item = _item(tools, item_id)

    assert (item.state, item.intake["outcome"]) == ("archived", "not_run")
    findings = [f for result in item.intake["results"] for f in result["findings"]]
    assert [(f["outcome"], f["facts"]["reason"]) for f in findings if f["code"] == "IN-141"] == [
        ("not_run", "too_large")
    ]
    with tools.database.reading() as session:
        rows = session.scalars(select(Rendition).where(Rendition.item_id == item_id)).all()
        assert [(row.kind, row.path, row.trouble) for row in rows] == [("thumbnail", "", "too_large")]
    for spec in tools.settings.store_specs:
        [kept] = spec.root.glob("aips/*/*/*/v0001/data/objects/*")
        assert kept.read_bytes() == bomb.read_bytes()


NAMES = (
    "校" * 86 + ".jpg",
    "../../etc/老校门.jpg",
    "C:\\照片\\老校门.jpg",
    "CON.jpg",
    "照片 .jpg",
    "\u202egpj.老校门.jpg",
    "老\n校\t门.jpg",
    "cafe\u0301.jpg",
    "😀 & <b>.jpg",
    "'; DROP TABLE items; --.jpg",
)


@pytest.fixture(scope="module")
def named(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Tools, dict[str, str]]]:
    """An archive that took in one file under each of these names, and the id of each."""
    base = tmp_path_factory.mktemp("named")
    tools = new_archive(base / "data")
    ids = {}
    for number, name in enumerate(NAMES):
        content = photo(base / f"{number}.jpg", tone=number * 20).read_bytes()
        one = planned(base / f"{number}.jpg", title=f"名字难写的第{number}件")
        with tools.database.writing.begin() as session:
            submission = deposit.begin(session, tools, tools.software)
            staged = tools.staging.keep(io.BytesIO(content), name)
            ids[name] = importing.take_in(
                session, tools, tools.software, submission, planned=one, staged=[staged]
            ).id
    worker.drain(tools)
    yield tools, ids
    close(tools)


@pytest.mark.parametrize("name", NAMES, ids=[f"name-{number}" for number in range(len(NAMES))])
def test_p15_d13_d19_d20_d21_a_name_is_data_and_comes_back_byte_for_byte(
    named: tuple[Tools, dict[str, str]], name: str
) -> None:
    """What a file was called stands in catalogue and bag letter for letter; its path is generated."""
    tools, ids = named
    with tools.database.reading() as session:
        item = session.get_one(Item, ids[name])
        package = session.scalars(select(Package).where(Package.item_id == item.id)).one()
        [file] = [file for file in package.files if file.role == "object"]
        assert (item.state, file.path) == ("archived", "data/objects/0001.jpg")
        assert bytes.fromhex(file.original_raw) == name.encode()
        prefix = package.prefix
    for spec in tools.settings.store_specs:
        record = (spec.root / prefix / "data/metadata/catalogue.json").read_bytes()
        told = json.loads(record)
        assert bytes.fromhex(told["files"][0]["original_raw"]) == name.encode()
        assert told["files"][0]["original_name"] == file.original_name
