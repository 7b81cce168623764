"""From damage to a good copy in a real archive: found, mended, kept aside, told (A01-A12, A16)."""

import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest
from sqlalchemy import select

from preservation.fixity import check_copy
from preservation.policy import CopyState
from preservation.premis import EventType
from preservation.repair import OtherCopy, carry_out, plan
from repository.models.event import Event
from repository.models.package import Copy, Package
from repository.models.watch import Report
from repository.permissions import Actor, Role
from repository.workflow import care, worker
from repository.workflow.packages import inventory_of
from repository.workflow.tools import Tools
from storage.encrypted import seal_store
from storage.errors import Unreadable
from storage.local import LocalStore
from storage.memory import MemoryStore
from storage.replicas import copy_bag
from tests.archives import Clock
from tests.bags.making import alter, flip, flip_hex, overwrite, remake_manifests

PERSON = Actor(None, "李档案", frozenset({Role.ARCHIVIST}), "person")
PHOTO = "data/objects/0001.jpg"


@dataclass(frozen=True, slots=True)
class Case:
    """One kind of damage: how it is made, which files are blamed, whether only a person has it mended."""

    make: Callable[[Path], object]
    blamed: frozenset[str]
    asks_person: bool = False


def case(make: Callable[[Path], object], *blamed: str, asks_person: bool = False) -> Case:
    """Return a case."""
    return Case(make, frozenset(blamed), asks_person)


def forge(bag: Path) -> None:
    """Replace the picture and make every manifest anew."""
    overwrite(bag / PHOTO, b"another picture")
    remake_manifests(bag)


def remove_and_remake(bag: Path) -> None:
    """Remove the picture and make every manifest anew."""
    (bag / PHOTO).unlink()
    remake_manifests(bag)


def link(bag: Path) -> None:
    """Put a link to the very same bytes in the place of the picture."""
    outside = bag.parents[5] / "outside.jpg"
    os.rename(bag / PHOTO, outside)
    (bag / PHOTO).symlink_to(outside)


FORGED = (PHOTO, "manifest-sha256.txt", "tagmanifest-sha256.txt", "bag-info.txt")
CASES = {
    "a01_one_bit": case(lambda bag: alter(bag / PHOTO, lambda old: flip(old, 77)), PHOTO),
    "a02_manifest": case(lambda bag: alter(bag / "manifest-sha256.txt", flip_hex), "manifest-sha256.txt"),
    "a03_tag_manifest": case(
        lambda bag: alter(bag / "tagmanifest-sha256.txt", flip_hex), "tagmanifest-sha256.txt"
    ),
    "a03_declaration": case(lambda bag: alter(bag / "bagit.txt", flip), "bagit.txt"),
    "a04_cut": case(lambda bag: alter(bag / PHOTO, lambda old: old[:50]), PHOTO),
    "a05_deleted": case(lambda bag: (bag / PHOTO).unlink(), PHOTO),
    "a06_payload_file_added": case(
        lambda bag: (bag / "data/objects/9999.jpg").write_bytes(b"x"),
        "data/objects/9999.jpg",
        asks_person=True,
    ),
    "a07_false_premis": case(
        lambda bag: (bag / "premis.xml").write_bytes(b"<premis/>"), "premis.xml", asks_person=True
    ),
    "a09_tag_manifest_removed": case(
        lambda bag: (bag / "tagmanifest-sha256.txt").unlink(), "tagmanifest-sha256.txt"
    ),
    "a10_forged_with_all_manifests": case(forge, *FORGED),
    "a11_removed_with_all_manifests": case(remove_and_remake, *FORGED),
    "a12_an_empty_second_manifest": case(
        lambda bag: (bag / "manifest-sha512.txt").write_bytes(b""), "manifest-sha512.txt", asks_person=True
    ),
    "a16_a_link": case(link, PHOTO),
}


def bag_of(archive: Tools, number: int = 0) -> Path:
    """Return the folder of the first bag in a store."""
    root = archive.settings.store_specs[number].root
    return sorted(root.glob("aips/*/*/*/v0001"))[0]


def contents(bag: Path) -> dict[str, bytes]:
    """Return every file of a bag; links are told as such."""
    return {
        path.relative_to(bag).as_posix(): b"link" if path.is_symlink() else path.read_bytes()
        for path in sorted(bag.rglob("*"))
        if path.is_symlink() or path.is_file()
    }


def check(archive: Tools, *, repair: bool) -> list[Copy]:
    """Check every copy, let what was asked for be done, and return the copies that are not good."""
    with archive.database.writing.begin() as session:
        care.start(session, archive, archive.software, scope="all", repair=repair)
    worker.drain(archive)
    with archive.database.reading() as session:
        return list(session.scalars(select(Copy).where(Copy.state != "ok")))


def ask(archive: Tools, copy_id: str) -> None:
    """Let a person ask for the repair of a copy."""
    with archive.database.writing.begin() as session:
        care.ask_repair(session, archive, PERSON, session.get_one(Copy, copy_id))
    worker.drain(archive)


@pytest.mark.parametrize("name", CASES)
def test_a01_to_a16_each_damage_is_found_mended_kept_and_told(
    archive: Tools, clock: Clock, name: str
) -> None:
    """Exactly what changed is blamed; afterwards the bag is as before, what was replaced is kept."""
    damage, bag = CASES[name], bag_of(archive)
    before = contents(bag)
    damage.make(bag)
    hurt = contents(bag)
    bad = check(archive, repair=not damage.asks_person)
    if damage.asks_person:
        assert contents(bag) == hurt
        ask(archive, bad[0].id)
    with archive.database.reading() as session:
        reports = session.scalars(select(Report).where(Report.kind == "repair")).all()
        events = session.scalars(select(Event).where(Event.type == EventType.RECOVERY)).all()
        states = set(session.scalars(select(Copy.state)))
    kept = {
        path.read_bytes()
        for path in (archive.settings.store_specs[0].root / ".quarantine").rglob("*")
        if path.is_file() and not path.is_symlink()
    }
    changed = {path for path in hurt if hurt[path] != before.get(path) and hurt[path] != b"link"}

    assert contents(bag) == before
    assert states == {"ok"}
    assert [{one["path"] for one in report.facts["files"]} for report in reports] == [damage.blamed]
    assert [event.detail for event in events] == ["begin", "end"]
    assert {hurt[path] for path in changed} <= kept


def test_a02_a03_the_payload_is_not_blamed_for_its_manifest(archive: Tools, clock: Clock) -> None:
    """A manifest and a tag manifest that both differ: two findings, none on a file of the payload."""
    alter(bag_of(archive) / "manifest-sha256.txt", flip_hex)
    alter(bag_of(archive) / "tagmanifest-sha256.txt", flip_hex)
    (bad,) = check(archive, repair=False)

    assert {(one["code"], one["path"]) for one in bad.findings} == {
        ("FX-103", "manifest-sha256.txt"),
        ("FX-103", "tagmanifest-sha256.txt"),
    }


def test_a20_payload_from_one_copy_and_tag_file_from_another(archive: Tools, clock: Clock) -> None:
    """Two copies with different damage mend each other, file by file, in one round."""
    first, second = bag_of(archive), bag_of(archive, 1)
    before = contents(first)
    alter(first / PHOTO, flip)
    (first / "bagit.txt").unlink()
    alter(second / "bag-info.txt", flip)
    (second / "manifest-sha256.txt").unlink()

    assert check(archive, repair=True) == []
    assert contents(first) == contents(second) == before


def test_a20_three_copies_of_three_kinds_mend_each_other(archive: Tools) -> None:
    """A file from a disk, one from memory, one from a sealed store: the mix is whole, in every store."""
    with archive.database.reading() as session:
        package = session.scalars(select(Package).order_by(Package.prefix)).first()
        assert package is not None
        inventory, prefix = inventory_of(package), package.prefix
    disk = archive.first_store
    memory, inner = MemoryStore("memory"), MemoryStore("sealed")
    sealed = seal_store(inner, bytes(range(32)))
    for store in (memory, sealed):
        copy_bag([disk], store, prefix, inventory)
    alter(bag_of(archive) / PHOTO, flip)
    memory.tamper(f"{prefix}/bagit.txt", b"wrong")
    memory.tamper(f"{prefix}/{PHOTO}", None)
    inner.tamper(f"{prefix}/bag-info.txt", flip(inner.content(f"{prefix}/bag-info.txt"), 30))
    stores = {store.id: store for store in (disk, memory, sealed)}
    results = [
        carry_out(
            plan(inventory, check_copy(store, prefix, inventory), [OtherCopy(name) for name in stores]),
            target=store,
            sources=stores,
            prefix=prefix,
            inventory=inventory,
        )
        for store in stores.values()
    ]

    assert [result.report.custody for result in results] == [CopyState.OK] * 3
    assert [result.lost for result in results] == [()] * 3


def test_b12_a_copy_that_cannot_be_read_is_mended_from_another(
    archive: Tools, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Errors while reading: UNREADABLE, then replaced from the other store; the old file is kept."""
    broken = (bag_of(archive) / PHOTO).stat().st_ino
    opened = LocalStore.open

    def failing(self: LocalStore, key: str) -> object:
        place = self.root / key
        if place.is_file() and place.stat().st_ino == broken:
            raise Unreadable(store=self.id, key=key, reason="I/O error")
        return opened(self, key)

    monkeypatch.setattr(LocalStore, "open", failing)
    (bad,) = check(archive, repair=False)
    ask(archive, bad.id)
    kept = (archive.settings.store_specs[0].root / ".quarantine").rglob("*")

    assert bad.state == "unreadable"
    with archive.database.reading() as session:
        assert set(session.scalars(select(Copy.state))) == {"ok"}
    assert broken in {path.stat().st_ino for path in kept}
