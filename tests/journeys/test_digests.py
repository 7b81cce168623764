"""More digests than SHA-256, by policy: through the whole life of an item."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from preservation.checks import Outcome
from preservation.verify import verify_folder
from repository.models.item import Item
from repository.models.job import FixityRun
from repository.workflow import care, describe, dumping, rebuilding, worker
from repository.workflow.describe import Edit
from repository.workflow.tools import Tools
from tests.archives import ARCHIVIST, close, new_archive, photo, planned, take_in

DIGESTS = "sha256,sha512,sm3"


@pytest.fixture
def tools(tmp_path: Path) -> Iterator[Tools]:
    """A founded archive whose policy asks for three digests."""
    made = new_archive(tmp_path / "data", JINGUI_DIGESTS=DIGESTS)
    yield made
    close(made)


def _dump(tools: Tools) -> str:
    with tools.database.reading() as session:
        return dumping.to_text(dumping.dump(session))


def test_three_digests_go_through_ingest_edit_fixity_and_rebuild(tools: Tools, tmp_path: Path) -> None:
    """Each bag lists all three, is valid and passes fixity; a lost catalogue comes back from such bags."""
    [item_id] = take_in(tools, planned(photo(tmp_path / "a.jpg"), title="老校门", access="public"))
    with tools.database.writing.begin() as session:
        item = session.get_one(Item, item_id)
        describe.edit(session, tools, ARCHIVIST, item, wanted=Edit({"place": "南门"}, {}, reason="补地点"))
    worker.drain(tools)
    with tools.database.writing.begin() as session:
        run_id = care.start(session, tools, tools.software, scope="all").id
    worker.drain(tools)
    with tools.database.reading() as session:
        counted = care.figures_of(session.get_one(FixityRun, run_id))
    bags = [bag for spec in tools.settings.store_specs for bag in spec.root.glob("aips/*/*/*/v*")]
    before = _dump(tools)
    close(tools)
    for file in tools.settings.data.glob("catalogue.sqlite*"):
        file.unlink()
    anew = new_archive(tools.settings.data, empty=True)  # the policy of later days asks for SHA-256 alone
    done = rebuilding.rebuild(anew, lambda done, total: None)

    assert len(bags) == 4
    for bag in bags:
        assert {file.name for file in bag.glob("manifest-*.txt")} == {
            f"manifest-{name}.txt" for name in DIGESTS.split(",")
        }
        assert verify_folder(bag).outcome is Outcome.PASSED
    assert (counted["checked"], counted["expected"]) == (4, 4)
    assert (done.packages, done.copies, done.refused) == (2, 4, ())
    assert _dump(anew) == before
    close(anew)
