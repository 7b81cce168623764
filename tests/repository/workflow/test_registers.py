"""A26: the register itself is damaged; who is right is asked of the logs and the bags."""

from pathlib import Path

import pytest
from sqlalchemy import delete, select, update

from repository.models.event import Event
from repository.models.package import Copy, Package, PackagedFile
from repository.models.watch import Report
from repository.workflow import care, dumping, registers, worker
from repository.workflow.registers import BAG, CATALOGUE, LOG, Witness, agreement
from repository.workflow.tools import Tools
from storage.errors import StoreUnavailable
from tests.archives import Clock

GOOD, BAD = "a" * 64, "b" * 64


def check(archive: Tools) -> list[str]:
    """Check every copy and return the codes that are told."""
    with archive.database.writing.begin() as session:
        care.start(session, archive, archive.software, scope="all", repair=True)
    worker.drain(archive)
    with archive.database.reading() as session:
        copies = session.scalars(select(Copy)).all()
        return [found["code"] for copy in copies for found in copy.findings]


def first(archive: Tools) -> Package:
    """Return the first package."""
    with archive.database.reading() as session:
        package = session.scalars(select(Package).order_by(Package.prefix)).first()
        assert package is not None
        return package


def dumped(archive: Tools) -> str:
    """Return the whole catalogue as text, without the log."""
    with archive.database.reading() as session:
        told = dumping.dump(session)
        return dumping.to_text({name: rows for name, rows in told.items() if name != "events"})


def spoil(archive: Tools, how: str) -> None:
    """Damage the register of the first package in the catalogue."""
    package_id = first(archive).id
    with archive.database.writing.begin() as session:
        mine = PackagedFile.package_id == package_id
        if how == "digest":
            session.execute(update(Package).where(Package.id == package_id).values(registered_digest=BAD))
        elif how == "row":
            one = update(PackagedFile).where(mine, PackagedFile.role == "object")
            session.execute(one.values(sha256=BAD))
        elif how == "lost row":
            session.execute(delete(PackagedFile).where(mine, PackagedFile.role == "tag"))
        elif how == "forged":  # list and digest agree with each other, and with nothing else
            one = update(PackagedFile).where(mine, PackagedFile.role == "object")
            session.execute(one.values(sha256=BAD))
            package = session.get_one(Package, package_id)
            session.expire_all()
            package.registered_digest = registers.packages.inventory_of(package).digest


@pytest.mark.parametrize("how", ["digest", "row", "lost row", "forged"])
def test_a26_a_damaged_register_is_told_and_mended_from_logs_and_bags(
    archive: Tools, clock: Clock, how: str
) -> None:
    """No copy is blamed; logs and bags agree, so the catalogue is as before, told in log and report."""
    before = dumped(archive)
    spoil(archive, how)
    spoiled = dumped(archive)
    told = check(archive)
    cases = registers.mend(archive)
    with archive.database.reading() as session:
        mended = Report.facts["register"].as_string() == "mended"
        reports = session.scalars(select(Report).where(mended)).all()
        events = session.scalars(select(Event).where(Event.detail == "register")).all()

    assert told == ["FX-901", "FX-901"]
    assert spoiled != before
    assert [(one.mended, one.agreed) for one in cases] == [(True, first(archive).registered_digest)]
    assert {one.kind for one in cases[0].witnesses} >= {CATALOGUE, LOG, BAG}
    assert (len(reports), len(events)) == (1, 1)
    clock.move(minutes=1)
    assert check(archive) == []
    assert registers.mend(archive) == []


def test_a26_with_an_absent_store_nothing_is_mended(archive: Tools, tmp_path: Path) -> None:
    """An absent witness might be the one that disagrees."""
    spoil(archive, "digest")
    root = next(spec.root for spec in archive.settings.store_specs if spec.id == "second")
    root.rename(root.with_name("pulled"))
    root.mkdir()

    with pytest.raises(StoreUnavailable):
        registers.mend(archive)
    assert first(archive).registered_digest == BAD


def test_a_register_without_fault_is_left_alone(archive: Tools) -> None:
    """Where everything agrees nothing is read and nothing written."""
    before = dumped(archive)

    assert registers.mend(archive) == []
    assert dumped(archive) == before


def witness(kind: str, store: str, digest: str = GOOD) -> Witness:
    """Return a witness."""
    return Witness(kind, store, digest)


@pytest.mark.parametrize(
    ("witnesses", "agreed"),
    [
        ((witness(LOG, "a"), witness(BAG, "a")), GOOD),
        ((witness(LOG, "a"), witness(LOG, "b"), witness(BAG, "a"), witness(BAG, "b", BAD)), GOOD),
        ((witness(LOG, "a"), witness(LOG, "b", BAD), witness(BAG, "a"), witness(BAG, "b")), ""),
        ((witness(LOG, "a"), witness(LOG, "b")), ""),
        ((witness(BAG, "a"), witness(BAG, "b")), ""),
        ((witness(CATALOGUE, ""), witness(LOG, "", BAD)), ""),
        ((witness(LOG, "a", BAD), witness(BAG, "a"), witness(BAG, "b")), ""),
    ],
)
def test_a26_who_may_decide(witnesses: tuple[Witness, ...], agreed: str) -> None:
    """Every log must say the same, and a bag read whole must have it; the catalogue itself does not vote."""
    assert agreement(witnesses) == agreed
