"""Every job may run twice: each verb, run again on the same arguments, changes nothing more."""

import uuid
from collections.abc import Callable

import pytest
from sqlalchemy import select

from preservation.policy import CopyState
from preservation.premis import EventType
from repository.models.account import Account
from repository.models.event import Event
from repository.models.item import Item
from repository.models.job import FixityRun
from repository.models.package import Copy, Package, Rendition
from repository.models.submission import Submission
from repository.workflow import care, describe, dumping, export_jobs, import_jobs, worker
from repository.workflow.describe import Edit
from repository.workflow.tools import Tools, Work
from repository.workflow.verbs import VERBS
from tests.archives import ARCHIVIST, Clock


def _edited(tools: Tools) -> str:
    with tools.database.writing.begin() as session:
        item = session.scalars(select(Item).order_by(Item.id)).first()
        assert item is not None
        describe.edit(session, tools, ARCHIVIST, item, wanted=Edit({"place": "南门"}, {}, reason="补地点"))
        return item.id


def _damaged(tools: Tools) -> str:
    """Damage a picture in the second store, find it, and return the copy's id."""
    root = tools.settings.store_specs[1].root
    image = sorted(root.glob("aips/*/*/*/v0001/data/objects/0001.jpg"))[0]
    image.chmod(0o644)
    image.write_bytes(image.read_bytes()[:-1] + b"?")
    with tools.database.reading() as session:
        packages = session.scalars(select(Package)).all()
        package = next(one for one in packages if image.is_relative_to(root / one.prefix))
        query = select(Copy.id).where(Copy.package_id == package.id, Copy.store_id == "second")
        copy_id = session.scalars(query).one()
    assert care.check(Work(tools, {}), copy_id) is not None
    return copy_id


def _run(tools: Tools) -> int:
    with tools.database.writing.begin() as session:
        return care.start(session, tools, tools.software, scope="all").id


def _first(tools: Tools) -> str:
    with tools.database.reading() as session:
        return str(session.scalars(select(Item.id).order_by(Item.id)).first())


def _package(tools: Tools) -> dict[str, object]:
    with tools.database.reading() as session:
        return {"package": session.scalars(select(Package.id)).first(), "store": "second"}


def _export(tools: Tools) -> dict[str, object]:
    with tools.database.reading() as session:
        account = session.scalars(select(Account.id).where(Account.username == "archivist")).one()
        ids = list(session.scalars(select(Item.id)))
    wanted = {"export": str(uuid.uuid4()), "account": account, "form": "zip", "names": False}
    return {**wanted, "ids": ids}


def _import(tools: Tools) -> dict[str, object]:
    told = _export(tools)
    export_jobs.export(Work(tools, told))
    made = next((tools.scratch / "exports" / str(told["export"])).glob("*.zip"))
    with open(made, "rb") as stream:
        import_id = import_jobs.receive(tools, stream, announced=made.stat().st_size)
    return {"import_id": import_id, "account": told["account"], "name": "a.zip"}


def _receipt(tools: Tools) -> dict[str, object]:
    with tools.database.reading() as session:
        return {"submission": session.scalars(select(Submission.id)).first(), "mark": "7"}


def _known(tools: Tools) -> dict[str, object]:
    with tools.database.reading() as session:
        return {"prefixes": list(session.scalars(select(Package.prefix)))}


#: Each run of these leaves a report, a backup or an event more, which tests of their own look at.
REPORTING = {"samples", "repair", "stocktake", "backup", "drill", "medium_write", "medium_check"}
#: What each verb is asked to do in an archive with two photographs.
ASKED: dict[str, Callable[[Tools], dict[str, object]]] = {
    "ingest": lambda tools: {"item": _first(tools)},
    "repack": lambda tools: {"item": _edited(tools)},
    "replicate": _package,
    "derive": lambda tools: {"item": _first(tools)},
    "index": lambda tools: {},
    "rebuild_index": lambda tools: {"why": "asked"},
    "fixity": lambda tools: {"run": _run(tools)},
    "adopt": _known,
    "carry_log": lambda tools: {},
    "reap": lambda tools: {"age_seconds": 0},
    "quarantine": lambda tools: {},
    "watch": lambda tools: {},
    "digest": lambda tools: {},
    "notify": lambda tools: {"subject": "", "text": "", "first": "2026-01-01T00:00:00+00:00", "channels": []},
    "export": _export,
    "import_bags": _import,
    "tidy_exchange": lambda tools: {},
    "receipt": _receipt,
    "receipts": lambda tools: {},
    "carry_receipts": lambda tools: {},
    "seal": lambda tools: {},
    "anchor": lambda tools: {},
    "audit_verify": lambda tools: {},
}


def _seen(tools: Tools) -> tuple[object, ...]:
    """Return everything that a second run must not change."""
    with tools.database.reading() as session:
        dump = dumping.to_text(dumping.dump(session))
        states = sorted((copy.id, copy.state) for copy in session.scalars(select(Copy)))
        pictures = sorted((row.item_id, row.kind, row.path) for row in session.scalars(select(Rendition)))
        runs = [care.figures_of(run) for run in session.scalars(select(FixityRun))]
    stores = [spec.root for spec in tools.settings.store_specs]
    files = sorted(str(path) for root in stores for path in root.rglob("*") if path.is_file())
    return dump, states, pictures, runs, files, tools.index.health()


def test_every_slow_verb_is_asked_here() -> None:
    """A new verb is run twice, too, or has tests of its own."""
    assert set(ASKED) | REPORTING == set(VERBS)


@pytest.mark.parametrize("verb", ASKED)
def test_a_verb_that_runs_twice_does_its_work_once(archive: Tools, clock: Clock, verb: str) -> None:
    """Catalogue, copies, pictures, run counts, stored files and index are as after the first run."""
    worker.drain(archive)
    clock.move(minutes=1)
    work = Work(archive, ASKED[verb](archive))
    VERBS[verb](work)
    VERBS["carry_log"](Work(archive, {}))
    once = _seen(archive)
    clock.move(minutes=1)
    VERBS[verb](work)

    assert _seen(archive) == once


def test_a_repair_that_runs_twice_mends_once(archive: Tools, clock: Clock) -> None:
    """The second run reads the copy again, tells that in the log, and mends nothing."""
    worker.drain(archive)
    copy_id = _damaged(archive)
    mended = []
    for _ in range(2):
        clock.move(minutes=1)
        VERBS["repair"](Work(archive, {"copy": copy_id}))
        with archive.database.reading() as session:
            told = session.scalars(select(Event).where(Event.type == EventType.RECOVERY)).all()
            mended.append((session.get_one(Copy, copy_id).state, [event.detail for event in told]))

    assert mended == [(CopyState.OK, ["begin", "end"])] * 2
