"""Bags that come in: ours as the packages they are, others' as items for review, bad ones not at all."""

import hashlib
import json
import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import bagit
import pytest
from sqlalchemy import select

from preservation.verify import verify_folder
from repository.models.event import Event
from repository.models.item import Item
from repository.models.package import Package, PackagedFile
from repository.models.submission import StagedFile
from repository.permissions import Actor, Role
from repository.workflow import (
    bag_import,
    describe,
    dumping,
    exporting,
    own_bags,
    rebuilding,
    review,
    worker,
)
from repository.workflow.bag_import import Import, Wanted
from repository.workflow.describe import Edit
from repository.workflow.errors import Refused
from repository.workflow.exchange_errors import PackRefused
from repository.workflow.exporting import Wish
from repository.workflow.tools import Tools
from tests.archives import ADMINISTRATOR, close, jingui_here, new_archive
from tests.repository.exchange.test_exporting import ids, quiet
from tests.repository.exchange.test_strange_packs import CHINESE, raw_zip

CORPORA = os.environ.get("JINGUI_CORPORA")
SUITE = Path(CORPORA or "absent") / "bagit-conformance-suite"
NAUGHTY = Path(CORPORA or "absent") / "naughty-strings" / "blns.json"


def take(tools: Tools, source: Path, wanted: Wanted = Wanted()) -> Import:
    """Take bags in as the software."""
    return bag_import.take(tools, tools.software, source, wanted, tell=quiet)


def foreign(folder: Path, files: dict[str, bytes], info: dict[str, Any] | None = None) -> Path:
    """Make a bag with bagit-python, of files under any names."""
    for name, content in files.items():
        place = os.fsencode(folder) + b"/" + os.fsencode(name)
        os.makedirs(os.path.dirname(place), exist_ok=True)
        with open(place, "wb") as out:
            out.write(content)
    bagit.make_bag(str(folder), info or {}, checksums=["md5", "sha512"])
    return folder


def outcomes(told: Import) -> list[str]:
    """Return the outcome of each bag."""
    return [bag.outcome for bag in told.bags]


def exported(tools: Tools, target: Path, **more: Any) -> Path:
    """Return an export of everything."""
    exporting.run(tools, tools.software, Wish(ids(tools), **more), target, tell=quiet)
    return target


def content(tools: Tools) -> list[dict[str, Any]]:
    """Return what the catalogue says of its items, without what is this archive's own."""
    with tools.database.reading() as session:
        items = dumping.dump(session)["items"]
    own = {"version", "revision", "revisions", "modified_at", "collection_id", "packages", "intake"}
    files = [
        [(f["original_name"], f["original_raw"], f["sha256"]) for f in _newest(item) if f["position"]]
        for item in items
    ]
    told = [{name: value for name, value in item.items() if name not in own} for item in items]
    return [{**one, "files": its} for one, its in zip(told, files, strict=True)]


def _newest(item: dict[str, Any]) -> list[dict[str, Any]]:
    files: list[dict[str, Any]] = item["packages"][-1]["files"]
    return files


@pytest.mark.parametrize("form", ["folder", "zip", "tar"])
def test_p18_an_export_comes_back_into_a_new_archive_equal(
    archive: Tools, another: Callable[[], Tools], tmp_path: Path, form: str
) -> None:
    """Export, import elsewhere: same ids, descriptions, access levels, files; events kept; rebuilt equal."""
    target = exported(archive, tmp_path / f"out.{form}", form=form)
    other = another()
    told = take(other, target)
    worker.drain(other)
    again = take(other, target)
    worker.drain(other)

    assert outcomes(told) == ["restored"] * 3 and outcomes(again) == ["known"] * 3
    assert told.passed_over == ()
    assert content(other) == content(archive)
    with other.database.reading() as session:
        kept = set(session.scalars(select(Event.id)))
        before = dumping.to_text(dumping.dump(session))
        assert session.scalars(select(Item.collection_id)).first() is not None
    with archive.database.reading() as session:
        capture = set(session.scalars(select(Event.id).where(Event.type == "capture")))
    assert capture and capture <= kept
    other.database.engine.dispose()
    for path in other.settings.data.glob("catalogue.sqlite*"):
        path.unlink()
    close(other)
    rebuilt = new_archive(other.settings.data, empty=True)
    assert rebuilding.rebuild(rebuilt, quiet).refused == ()
    with rebuilt.database.reading() as session:
        assert dumping.to_text(dumping.dump(session)) == before
    close(rebuilt)


def test_all_versions_come_back_with_the_newest_on_top(
    archive: Tools, another: Callable[[], Tools], tmp_path: Path
) -> None:
    """Old versions are registered beside the new one, whatever their order in the export."""
    first = take(another(), exported(archive, tmp_path / "a.zip"))
    assert outcomes(first) == ["restored"] * 3
    school = another()
    take(school, tmp_path / "a.zip")
    worker.drain(school)
    told = take(another(), exported(school, tmp_path / "b.tar", form="tar", all_versions=True))

    assert outcomes(told) == ["restored"] * 6
    assert sorted(bag.version for bag in told.bags) == [1, 1, 1, 2, 2, 2]


def test_a_version_that_differs_is_told_and_nothing_is_overwritten(archive: Tools, tmp_path: Path) -> None:
    """The same id and version with other bytes: the catalogue keeps what it has."""
    target = exported(archive, tmp_path / "out", form="folder")
    bag = next(path for path in sorted(target.iterdir()) if path.is_dir())
    record = bag / "data" / "metadata" / "catalogue.json"
    record.write_text(record.read_text().replace("1978", "1988"))
    bagit.Bag(str(bag)).save(manifests=True)
    with archive.database.reading() as session:
        before = dumping.dump(session)["items"]
    told = take(archive, bag)
    with archive.database.reading() as session:
        assert outcomes(told) == ["differs"]
        assert dumping.dump(session)["items"] == before


def test_a_taken_reference_code_is_kept_as_a_former_one(
    archive: Tools, another: Callable[[], Tools], tmp_path: Path
) -> None:
    """Two schools use one code: the item that comes in keeps it among its former codes, openly."""
    target, other = exported(archive, tmp_path / "a.zip"), another()
    with other.database.writing.begin() as session:
        session.add(Item(title="本校的", reference_code="Y001-XSH·1978·Y-0001", state="draft"))
    told = take(other, target)
    worker.drain(other)
    with other.database.reading() as session:
        rows = [session.get_one(Item, bag.item_id) for bag in told.bags]
        changed = [row for row in rows if row.reference_code is None]

        assert outcomes(told) == ["restored"] * 3
        assert [row.values["former_code"] for row in changed] == [["Y001-XSH·1978·Y-0001"]]
        assert changed[0].version == 2


def test_an_import_that_died_before_it_registered_is_finished_by_the_next(
    archive: Tools, another: Callable[[], Tools], tmp_path: Path
) -> None:
    """The bag stands in the store and no row tells of it: taking it once more registers it."""
    target, other = exported(archive, tmp_path / "out", form="folder"), another()
    bag = next(path for path in sorted(target.iterdir()) if path.is_dir())
    contents = own_bags.believed(bag)
    assert contents is not None
    for path in sorted(path for path in bag.rglob("*") if path.is_file()):
        place = other.settings.store_specs[0].root / contents.prefix / path.relative_to(bag)
        place.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(path, place)
    told = take(other, bag)

    assert outcomes(told) == ["restored"]
    assert ids(other) == (contents.item_id,)


@pytest.mark.parametrize(
    ("path", "value"),
    [(("item", "id"), "../../evil"), (("item", "access_level"), "everybody"), (("item", "version"), "x"),
     (("item", "values"), {"title": {"a": 1}}), (("events",), [{"at": "never"}]), (("files",), [])],
    ids=str,
)
def test_a_record_that_cannot_be_believed_is_refused(
    archive: Tools, another: Callable[[], Tools], tmp_path: Path, path: tuple[str, ...], value: Any
) -> None:
    """A bag that only calls itself ours writes no row."""
    target = exported(archive, tmp_path / "out", form="folder")
    bag = next(each for each in sorted(target.iterdir()) if each.is_dir())
    record = bag / "data" / "metadata" / "catalogue.json"
    told = json.loads(record.read_text())
    place: Any = told
    for name in path[:-1]:
        place = place[name]
    place[path[-1]] = value
    record.write_text(json.dumps(told))
    bagit.Bag(str(bag)).save(manifests=True)
    other = another()
    result = take(other, bag)

    assert [(one.outcome, one.why) for one in result.bags] == [("refused", "record")]
    assert ids(other) == ()


INFO = {"External-Description": "一九八七年建校三十周年相册", "External-Identifier": "YX-87-12",
        "Source-Organization": "云溪中学校友会", "Date": "1987-05", "Contact-Phone": "不留"}
DC_XML = (
    b'<oai_dc:dc xmlns:oai_dc="http://www.openarchives.org/OAI/2.0/oai_dc/" '
    b'xmlns:dc="http://purl.org/dc/elements/1.1/">'
    b"<dc:subject>\xe6\xa0\xa1\xe5\xba\x86</dc:subject></oai_dc:dc>"
)


def test_a_foreign_bag_becomes_one_item_for_review(archive: Tools, tmp_path: Path) -> None:
    """Names, description, digests and tag files are kept; it waits in the inbox; then its bag is valid."""
    files = {"照片/封面.txt": b"a", "照片/内页 1.txt": b"b", "dc.xml": DC_XML}
    bag = foreign(tmp_path / "相册", files, INFO)
    told = take(archive, bag)
    item_id = told.bags[0].item_id
    with archive.database.writing.begin() as session:
        item = session.get_one(Item, item_id)
        staged = {row.original_name: row.digests for row in item.staged_files}
        assert (item.state, item.title) == ("submitted", "一九八七年建校三十周年相册")
        assert item.values["date"] == "1987-05" and item.values["former_code"] == ["YX-87-12"]
        assert item.values["source"] == "云溪中学校友会" and item.values["keywords"] == ["校庆"]
        assert "不留" not in json.dumps(item.values, ensure_ascii=False)
        assert staged["照片/封面.txt"]["md5"] == hashlib.md5(b"a").hexdigest()
        review.accept(session, archive, archive.software, item, override="可")
    worker.drain(archive)
    with archive.database.reading() as session:
        package = session.scalars(select(Package).where(Package.item_id == item_id)).one()
        paths = {row.path for row in package.files}
        names = sorted(row.original_name for row in package.files if row.role == "object")
        place = archive.settings.store_specs[0].root / package.prefix

    assert outcomes(take(archive, bag)) == ["known"]
    assert names == ["dc.xml", "照片/内页 1.txt", "照片/封面.txt"]
    assert {"data/metadata/received/bag-info.txt", "data/metadata/received/manifest-md5.txt"} <= paths
    assert (place / "data/metadata/received/bag-info.txt").read_bytes() == (bag / "bag-info.txt").read_bytes()
    bagit.Bag(str(place)).validate()
    assert verify_folder(place).outcome == "passed"


def test_received_tag_files_go_along_into_later_versions(archive: Tools, tmp_path: Path) -> None:
    """An edit makes version 2, which holds the received tag files, too."""
    told = take(archive, foreign(tmp_path / "b", {"a.txt": b"x"}, INFO))
    with archive.database.writing.begin() as session:
        item = session.get_one(Item, told.bags[0].item_id)
        review.accept(session, archive, archive.software, item)
    worker.drain(archive)
    with archive.database.writing.begin() as session:
        item = session.get_one(Item, told.bags[0].item_id)
        wanted = Edit({"place": "礼堂"}, {}, item.revision, "补")
        describe.edit(session, archive, archive.software, item, wanted=wanted)
    worker.drain(archive)
    with archive.database.reading() as session:
        of_it = (Package.item_id == told.bags[0].item_id, Package.version == 2)
        query = select(PackagedFile.path).join(Package).where(*of_it)

        assert "data/metadata/received/bag-info.txt" in set(session.scalars(query))


def spoil_digest(bag: Path) -> None:
    """Change a payload byte."""
    (bag / "data" / "a.txt").write_bytes(b"y")


def add_fetch(bag: Path) -> None:
    """Say that a file is to be fetched from elsewhere."""
    digest = hashlib.md5(b"z").hexdigest()
    with open(bag / "manifest-md5.txt", "a") as out:
        out.write(f"{digest}  data/far.txt\n")
    (bag / "manifest-sha512.txt").unlink()
    (bag / "fetch.txt").write_text("file:///etc/passwd - data/far.txt\n")


def add_twin(bag: Path) -> None:
    """Put two names side by side that differ in case."""
    shutil.copy(bag / "data" / "a.txt", bag / "data" / "A.TXT")
    bagit.Bag(str(bag)).save(manifests=True)


def add_link(bag: Path) -> None:
    """Put a link in the payload."""
    (bag / "data" / "l").symlink_to("/etc/passwd")


@pytest.mark.parametrize(
    ("spoil", "code"),
    [(spoil_digest, "BG-801"), (add_fetch, "BG-504"), (add_twin, "BG-701"), (add_link, "BG-101")],
)
@pytest.mark.filterwarnings("ignore")
def test_d15_d16_d31_a_bad_bag_is_refused_whole_with_its_findings(
    archive: Tools, tmp_path: Path, spoil: Callable[[Path], None], code: str
) -> None:
    """A wrong digest, fetch.txt (never fetched), twins, a link: the finding is told and no row is written."""
    bag = foreign(tmp_path / "b", {"a.txt": b"x"})
    spoil(bag)
    told = take(archive, bag)
    with archive.database.reading() as session:
        staged = session.scalars(select(StagedFile)).all()

    assert outcomes(told) == ["refused"]
    assert code in {finding.code for finding in told.bags[0].findings}
    assert (staged, list(archive.staging.all())) == ([], [])


def test_d18_a_gbk_zip_keeps_the_bytes_of_its_names(archive: Tools, tmp_path: Path) -> None:
    """A bag zipped by an old Windows: names are read, and their bytes stand beside them."""
    bag = foreign(tmp_path / "旧包", {name: name.encode() for name in CHINESE})
    members = sorted(path for path in bag.rglob("*") if path.is_file())
    raws = {f"旧包/{path.relative_to(bag).as_posix()}".encode("gbk"): path.read_bytes() for path in members}
    told = take(archive, raw_zip(tmp_path / "a.zip", *raws, bodies=tuple(raws.values())))
    with archive.database.reading() as session:
        rows = session.scalars(select(StagedFile)).all()

    assert outcomes(told) == ["taken"]
    assert {row.original_name for row in rows} == set(CHINESE)
    kept = {bytes.fromhex(row.original_raw) for row in rows}
    assert kept == {f"旧包/data/{name}".encode("gbk") for name in CHINESE}


@pytest.mark.skipif(not NAUGHTY.is_file(), reason="JINGUI_CORPORA is not set")
def test_p15_awkward_names_come_through_import_and_export_to_the_byte(
    archive: Tools, another: Callable[[], Tools], tmp_path: Path
) -> None:
    """Fifty naughty strings as file names: bag, import, accept, export, import elsewhere, all equal."""
    strings = json.loads(NAUGHTY.read_text("utf-8"))
    usable = [
        one
        for one in dict.fromkeys(strings)
        if one.strip(". ") and "/" not in one and "\0" not in one and len(one.encode()) < 200
    ]
    folded: dict[str, str] = {}
    for one in usable:
        folded.setdefault(one.casefold().strip(), one)
    names = sorted(folded.values(), key=lambda one: hashlib.sha256(one.encode()).hexdigest())[:50]
    told = take(archive, foreign(tmp_path / "b", {name: name.encode() for name in names}, INFO))
    assert outcomes(told) == ["taken"], told.bags[0].findings
    with archive.database.writing.begin() as session:
        item = session.get_one(Item, told.bags[0].item_id)
        review.accept(session, archive, archive.software, item, override="测试")
    worker.drain(archive)
    with archive.database.writing.begin() as session:
        item = session.get_one(Item, told.bags[0].item_id)
        if item.state == "held":
            review.accept(session, archive, archive.software, item, override="测试")
    worker.drain(archive)
    exporting.run(archive, archive.software, Wish((told.bags[0].item_id,)), tmp_path / "o.zip", tell=quiet)
    other = another()
    take(other, tmp_path / "o.zip")
    with other.database.reading() as session:
        rows = session.scalars(select(PackagedFile).where(PackagedFile.role == "object")).all()

    assert {row.original_name for row in rows} == set(names)
    assert {bytes.fromhex(row.original_raw) for row in rows} == {name.encode() for name in names}


def _suite(kind: str) -> list[Path]:
    return sorted(path for path in SUITE.glob(f"*/{kind}/*") if path.is_dir())


def refused_or(tools: Tools, path: Path) -> list[str]:
    """Return the outcomes of a source; one in which there is no bag at all is refused, too."""
    try:
        return outcomes(take(tools, path))
    except PackRefused:
        return ["refused"]


@pytest.mark.skipif(not SUITE.is_dir(), reason="JINGUI_CORPORA is not set")
def test_the_conformance_suite_is_taken_or_refused_as_it_says(archive: Tools) -> None:
    """Every invalid bag of the Library of Congress is refused; every valid one comes in, or is known."""
    good = {path: take(archive, path).bags[0] for path in _suite("valid")}
    bad = {path: refused_or(archive, path) for path in _suite("invalid")}

    assert len(good) > 20 and len(bad) >= 15
    wrong = {path.name: one.outcome for path, one in good.items() if one.outcome not in ("taken", "known")}
    assert wrong == {}
    assert {path.name: said for path, said in bad.items() if said != ["refused"]} == {}


def test_only_who_reviews_may_import(archive: Tools, tmp_path: Path) -> None:
    """A bag of ours is registered at once, so importing needs the right to review."""
    bag = foreign(tmp_path / "b", {"a.txt": b"x"})
    for actor in (ADMINISTRATOR, Actor("x", "", frozenset({Role.STAFF}))):
        with pytest.raises(Refused):
            bag_import.take(archive, actor, bag, Wanted(), tell=quiet)
    with pytest.raises(PackRefused):
        take(archive, tmp_path / "b" / "data")

    assert ids(archive) != ()


def test_import_from_the_command_line(data: Path, archive: Tools, tmp_path: Path) -> None:
    """Good bags exit 0, a bad one 1 with its finding in words, a profile may be asked for."""
    good = foreign(tmp_path / "好包", {"a.txt": b"x"}, INFO)
    bad = foreign(tmp_path / "坏包", {"a.txt": b"q"}, INFO)
    (bad / "data" / "a.txt").write_bytes(b"r")
    (tmp_path / "p.json").write_text(json.dumps(
        {"BagIt-Profile-Info": {}, "Bag-Info": {"Contact-Name": {"required": True}}}))
    wrong = jingui_here(data, "import-bag", str(good), "--profile", str(tmp_path / "p.json"))
    taken = jingui_here(data, "import-bag", str(good))
    both = jingui_here(data, "import-bag", str(good), str(bad), "--json")
    told = json.loads(both.stdout)

    assert (wrong.returncode, taken.returncode, both.returncode) == (1, 0, 1)
    assert "Contact-Name" in wrong.stdout and "收件箱" in taken.stdout
    assert told[str(good)]["bags"][0]["outcome"] == "known"
    assert told[str(bad)]["bags"][0]["findings"][0]["code"] == "BG-801"
