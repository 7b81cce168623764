"""Export: whole, checked, named for every system, and nothing passed over in silence."""

import csv
import json
import tarfile
import zipfile
from pathlib import Path

import bagit
import pytest
from sqlalchemy import select

from preservation.checks import Outcome
from preservation.verify import verify_folder
from repository.models.audit import AuditEntry
from repository.models.event import Event
from repository.models.item import Item
from repository.models.package import Package
from repository.permissions import VISITOR
from repository.workflow import exporting
from repository.workflow.exchange_errors import NothingToExport, TargetTaken
from repository.workflow.exporting import Wish
from repository.workflow.outward_names import FOLDER_BYTES, Names, folder_wish
from repository.workflow.tools import Tools
from storage.names import twin_key
from tests.archives import TEACHER, jingui_here, photo, planned, take_in


def quiet(done: int, total: int) -> None:
    """Tell nobody."""


def ids(tools: Tools) -> tuple[str, ...]:
    """Return the ids of all archived items."""
    with tools.database.reading() as session:
        return tuple(session.scalars(select(Item.id).where(Item.state == "archived").order_by(Item.title)))


def bags(place: Path) -> list[Path]:
    """Return the folders of an export."""
    return sorted(path for path in place.iterdir() if path.is_dir())


def damage(tools: Tools, item_id: str, *stores: str) -> None:
    """Change a byte of the item's object in these stores."""
    with tools.database.reading() as session:
        package = session.scalars(select(Package).where(Package.item_id == item_id)).one()
        path = next(file.path for file in package.files if file.role == "object")
        prefix = package.prefix
    for spec in tools.settings.store_specs:
        if spec.id in stores:
            place = spec.root / prefix / path
            content = bytearray(place.read_bytes())
            content[100] ^= 1
            place.chmod(0o644)
            place.write_bytes(content)


@pytest.mark.parametrize("form", ["folder", "zip", "tar"])
def test_p18_exported_bags_are_valid_for_us_and_for_bagit_python(
    archive: Tools, tmp_path: Path, form: str
) -> None:
    """Three forms, the same bags: the package as it stands in the store, byte for byte."""
    target = tmp_path / ("out" if form == "folder" else f"out.{form}")
    told = exporting.run(archive, archive.software, Wish(ids(archive), form), target, tell=quiet)
    place = target
    if form == "zip":
        zipfile.ZipFile(target).extractall(tmp_path / "un")
        place = tmp_path / "un" / "out"
    if form == "tar":
        with tarfile.open(target) as packed:
            packed.extractall(tmp_path / "un", filter="data")
        place = tmp_path / "un" / "out"

    assert [item.reason for item in told.items] == ["", "", ""]
    assert len(bags(place)) == 3
    for bag in bags(place):
        bagit.Bag(str(bag)).validate()
        assert verify_folder(bag).outcome is Outcome.PASSED
    listed = json.loads((place / "list.json").read_text())
    assert sorted(item["folder"] for item in listed["items"]) == [bag.name for bag in bags(place)]
    rows = list(csv.reader((place / "清单.csv").read_text("utf-8-sig").splitlines()))
    assert rows[0][1] == "档号" and len(rows) > 3
    assert not list(target.parent.glob(".part-*"))


def test_each_exported_item_has_an_event_and_the_export_an_audit_entry(
    archive: Tools, tmp_path: Path
) -> None:
    """PREMIS "exporting" for bags, "dissemination" for plain files; one entry for each export."""
    exporting.run(archive, archive.software, Wish(ids(archive), "tar"), tmp_path / "a.tar", tell=quiet)
    wish = Wish(ids(archive)[:1], "zip", original_names=True)
    exporting.run(archive, archive.software, wish, tmp_path / "b.zip", tell=quiet)
    with archive.database.reading() as session:
        told = list(session.scalars(select(Event.type).where(Event.type.in_(("exporting", "dissemination")))))
        entries = session.scalars(select(AuditEntry).where(AuditEntry.act == "items.exported")).all()

        assert sorted(told) == ["dissemination", "exporting", "exporting", "exporting"]
        assert [entry.facts["items"] for entry in entries] == [3, 1]


def test_a_bad_copy_gives_way_to_another_stores(archive: Tools, tmp_path: Path) -> None:
    """One damaged copy: the export takes the other and is whole."""
    damage(archive, ids(archive)[0], "main")
    wish = Wish(ids(archive), "folder")
    told = exporting.run(archive, archive.software, wish, tmp_path / "out", tell=quiet)

    assert told.left_out == ()
    for bag in bags(tmp_path / "out"):
        bagit.Bag(str(bag)).validate()


def test_an_item_without_a_good_copy_is_left_out_and_told(data: Path, archive: Tools, tmp_path: Path) -> None:
    """Exit 1, the reason in the list, and the others go out."""
    bad = ids(archive)[0]
    damage(archive, bad, "main", "second")
    said = jingui_here(data, "export", *ids(archive), str(tmp_path / "out"))
    listed = json.loads((tmp_path / "out" / "list.json").read_text())

    assert said.returncode == 1
    assert "没有一份副本是完好的" in said.stderr
    assert [(item["reason"], bool(item["path"])) for item in listed["items"] if item["id"] == bad] == [
        ("no_good_copy", True)
    ]
    assert "没有导出" in (tmp_path / "out" / "清单.csv").read_text("utf-8-sig")
    assert len(bags(tmp_path / "out")) == 2


def test_e11_an_export_holds_only_what_its_actor_may_read(archive: Tools, tmp_path: Path) -> None:
    """A visitor gets the public item of three, a teacher two; nobody who may read nothing gets a file."""
    one = exporting.run(archive, VISITOR, Wish(ids(archive)), tmp_path / "one.zip", tell=quiet)
    two = exporting.run(archive, TEACHER, Wish(ids(archive)), tmp_path / "two.zip", tell=quiet)
    secret = [item_id for item_id in ids(archive) if item_id not in {item.id for item in two.items}]
    with pytest.raises(NothingToExport):
        exporting.run(archive, TEACHER, Wish(tuple(secret)), tmp_path / "no.zip", tell=quiet)

    assert (len(one.items), len(two.items)) == (1, 2)
    assert not (tmp_path / "no.zip").exists()


def test_nothing_is_overwritten_by_an_export(archive: Tools, tmp_path: Path) -> None:
    """A target that holds something is refused and stays as it was."""
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "a.txt").write_text("mine")
    (tmp_path / "x.zip").write_text("mine")
    for form, name in (("folder", "full"), ("zip", "x.zip")):
        with pytest.raises(TargetTaken):
            exporting.run(archive, archive.software, Wish(ids(archive), form), tmp_path / name, tell=quiet)

    assert (tmp_path / "x.zip").read_text() == "mine"
    assert [path.name for path in (tmp_path / "full").iterdir()] == ["a.txt"]


def test_d21_files_go_out_under_names_that_windows_can_hold(tmp_path: Path, archive: Tools) -> None:
    """With original names: twins are numbered, forbidden ones changed, and the map tells both."""
    for n, name in enumerate(("CON.jpg", "a:b?.jpg", "Foto.jpg", "foto.jpg")):
        folder = tmp_path / str(n)
        take_in(archive, planned(photo(folder / name, tone=n), title=f"怪名字 {n}：/..", access="public"))
    wish = Wish(ids(archive), "folder", original_names=True)
    told = exporting.run(archive, archive.software, wish, tmp_path / "out", tell=quiet)
    names = {file.original_name: file.path for item in told.items for file in item.files}
    mapped = (tmp_path / "out" / "名称对照.csv").read_text("utf-8-sig")

    assert names["CON.jpg"] == "_CON.jpg" and names["a:b?.jpg"] == "a_b_.jpg"
    assert "CON.jpg" in mapped and "_CON.jpg" in mapped
    for item in told.items:
        for file in item.files:
            assert (tmp_path / "out" / item.folder / file.path).stat().st_size == file.size


def test_d21_no_two_names_are_twins_for_any_system() -> None:
    """Case, NFC and NFD, trailing dots and lengths: every name given is unique, safe and short enough."""
    names = Names()
    wanted = ["Foto.jpg", "foto.jpg", "FOTO.JPG", "é.txt", "e\u0301.txt", "a.", "a", "NUL", "nul.txt",
              "x" * 400 + ".jpg", "x" * 400 + ".jpg", "档" * 200, "档" * 200, "", "..", " . "]
    given = [names.give(name, most=FOLDER_BYTES) for name in wanted]

    assert len({twin_key(name) for name in given}) == len(wanted)
    assert max(len(name.encode()) for name in given) <= FOLDER_BYTES
    assert given[:3] == ["Foto.jpg", "foto (2).jpg", "FOTO (3).JPG"]
    assert all(name == name.rstrip(". ") and name for name in given)
    assert folder_wish("甲/乙", "Y001\\1") == "Y001-1 甲-乙"


def test_export_by_search_collection_and_code(data: Path, archive: Tools, tmp_path: Path) -> None:
    """The command line takes ids, reference codes, a search or a unit."""
    wanted = ("--search", "秋景", "--as", "zip", "--json")
    by_search = jingui_here(data, "export", *wanted, str(tmp_path / "s.zip"))
    by_unit = jingui_here(data, "export", "--collection", "XSH", str(tmp_path / "unit"), "--original-names")
    by_code = jingui_here(data, "export", "Y001-XSH·1978·Y-0001", "--as", "tar", str(tmp_path / "c.tar"))
    nothing = jingui_here(data, "export", "没有这个", str(tmp_path / "n"))

    assert [item["title"] for item in json.loads(by_search.stdout)["items"]] == ["校门秋景"]
    assert (by_unit.returncode, len(bags(tmp_path / "unit"))) == (0, 3)
    assert (by_code.returncode, nothing.returncode) == (0, 2)
    assert "没有找到" in nothing.stderr and not (tmp_path / "n").exists()
