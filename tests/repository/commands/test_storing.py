"""jingui store: keys on paper, and a new disk in the place of a lost one."""

import json
import shutil
from dataclasses import replace
from pathlib import Path
from subprocess import CompletedProcess

import pytest
from sqlalchemy import select

from preservation.checks import Outcome
from repository.models.audit import Anchor, Seal
from repository.models.event import Event
from repository.models.package import Copy
from repository.store_keys import key_file
from repository.workflow import anchoring, auditing, sealbook, worker
from repository.workflow.tools import Tools, Work
from storage.keys import MARKER
from tests.archives import close, jingui_here, new_archive, photo, planned, take_in


def _sealed(tmp_path: Path) -> str:
    return f"main={tmp_path}/main,away=sealed+{tmp_path}/away"


def restore_key(tmp_path: Path, sheet: Path) -> "CompletedProcess[str]":
    """Put back the key that was typed into a file."""
    words = ("store", "key", "away", "--restore", str(sheet))
    return jingui_here(tmp_path / "data", *words, JINGUI_STORES=_sealed(tmp_path))


def _states(tools: Tools, store_id: str) -> list[str]:
    with tools.database.reading() as session:
        return list(session.scalars(select(Copy.state).where(Copy.store_id == store_id)))


@pytest.fixture
def lost(tmp_path: Path) -> Path:
    """An archive of two items whose second disk was lost and replaced by an empty one."""
    tools = new_archive(tmp_path / "data")
    for number in (1, 2):
        take_in(tools, planned(photo(tmp_path / f"{number}.jpg", tone=number), title=f"校庆合影{number}"))
    assert _states(tools, "second") == ["ok", "ok"]
    close(tools)
    shutil.rmtree(tmp_path / "data/stores/second")
    (tmp_path / "data/stores/second").mkdir()
    return tmp_path / "data"


def test_a_lost_disk_is_renewed_and_every_copy_comes_back(lost: Path) -> None:
    """On the empty disk the store begins anew; packages and the whole log stand there again."""
    done = jingui_here(lost, "store", "renew", "second", "--json")
    tools = new_archive(lost, empty=True)
    main = {key for key in _keys(lost / "stores/main") if key.startswith("aips/")}
    with tools.database.reading() as session:
        renewed = session.scalars(select(Event).where(Event.type == "refreshment")).one()
        last = session.scalars(select(Event.sequence).order_by(Event.sequence.desc())).first()

    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["copies"] == 2
    assert _states(tools, "second") == ["ok", "ok"]
    assert main == {key for key in _keys(lost / "stores/second") if key.startswith("aips/")}
    assert (renewed.object_id, renewed.facts["copies"]) == ("second", 2)
    lines = [line for path in (lost / "stores/second/log").rglob("*.jsonl") for line in path.open()]
    assert len(lines) == last
    close(tools)


def test_e17_a_renewed_store_gets_every_seal_and_anchor_and_nothing_is_called_tampered(lost: Path) -> None:
    """A lost disk is no attack: the new one gets the witnesses of the old one, and the logs verify."""
    tools = new_archive(lost, empty=True)
    anchoring.anchor(Work(replace(tools, stores={"main": tools.stores["main"]}), {}))
    with tools.database.writing.begin() as session:
        for anchor in session.scalars(select(Anchor)):
            anchor.carried = {"main": "2026-01-01T00:00:00", "second": "2026-01-01T00:00:00"}
    close(tools)
    assert jingui_here(lost, "store", "renew", "second").returncode == 0
    tools = new_archive(lost, empty=True)
    worker.drain(tools)
    found = auditing.verify(tools)
    told = {one["digest"] for one in sealbook.lines(tools.stores["second"])}
    with tools.database.reading() as session:
        seals = set(session.scalars(select(Seal.digest)))

    assert [one.code for one in found.findings if one.outcome is Outcome.FAILED] == []
    assert seals and seals == told
    assert any(key.startswith("anchors/") for key in _keys(lost / "stores/second"))
    close(tools)


def _keys(root: Path) -> set[str]:
    return {path.relative_to(root).as_posix() for path in root.rglob("*") if path.is_file()}


def test_a_place_that_is_not_empty_is_never_renewed(lost: Path) -> None:
    """A marker, also that of this store with its bags, or any other file, is left as it is."""
    standing = jingui_here(lost, "store", "renew", "main")
    (lost / "stores/second/notes.txt").write_text("somebody's")
    foreign = jingui_here(lost, "store", "renew", "second")
    unknown = jingui_here(lost, "store", "renew", "third")

    assert (standing.returncode, foreign.returncode, unknown.returncode) == (1, 1, 2)
    assert "标记" in standing.stderr and "不是空的" in foreign.stderr and "third" in unknown.stderr
    assert _keys(lost / "stores/second") == {"notes.txt"}


def test_a_renewal_that_was_stopped_goes_on(lost: Path) -> None:
    """A kill between the new marker and the catalogue leaves a store that may be renewed once more."""
    shutil.copy(lost / "stores/main" / MARKER, lost / "stores/second" / MARKER)
    place = lost / "stores/second" / MARKER
    place.write_text(place.read_text("utf-8").replace('"main"', '"second"'), "utf-8")
    done = jingui_here(lost, "store", "renew", "second", "--json")

    assert done.returncode == 0, done.stderr


def test_e34_the_key_on_paper_opens_the_store_again(tmp_path: Path) -> None:
    """What `store key` prints, typed into a file, brings a lost key file back; a typing error is told."""
    stores = _sealed(tmp_path)
    close(new_archive(tmp_path / "data", JINGUI_STORES=stores))
    printed = jingui_here(tmp_path / "data", "store", "key", "away", JINGUI_STORES=stores)
    paper = "\n".join(printed.stdout.splitlines()[2:])
    place = key_file(tmp_path / "data", "away")
    kept = place.read_text("ascii")
    place.unlink()
    refused = jingui_here(tmp_path / "data", "status", JINGUI_STORES=stores)
    sheet = tmp_path / "paper.txt"
    sheet.write_text(paper.replace(paper[:4], "ffff", 1), "utf-8")
    wrong = restore_key(tmp_path, sheet)
    sheet.write_text(paper, "utf-8")
    right = restore_key(tmp_path, sheet)

    assert refused.returncode == 2 and "store key away --restore" in refused.stderr
    assert wrong.returncode == 1 and "校验" in wrong.stderr
    assert right.returncode == 0, right.stderr
    assert place.read_text("ascii") == kept


def test_e34_the_key_of_another_store_is_refused(tmp_path: Path) -> None:
    """A key whose number is not that of the store's seal is not written."""
    stores = _sealed(tmp_path)
    close(new_archive(tmp_path / "data", JINGUI_STORES=stores))
    key_file(tmp_path / "data", "away").unlink()
    sheet = tmp_path / "paper.txt"
    sheet.write_text("00" * 32, "utf-8")
    wrong = restore_key(tmp_path, sheet)
    none = jingui_here(tmp_path / "data", "store", "key", "main", JINGUI_STORES=stores)

    assert wrong.returncode == 1 and "编号" in wrong.stderr
    assert none.returncode == 2 and "没有加密" in none.stderr
    assert not key_file(tmp_path / "data", "away").exists()
