"""The judge that lies in every store: alone with the standard library, of one mind with ours."""

import ast
import io
import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from preservation.verify import exit_code, verify_folder
from storage import verify_jingui
from storage.errors import UnsafeName
from storage.keys import VERIFIER
from storage.local import LocalStore, create_store
from storage.verifier import lay_verifier, verifier_text
from tests.bags.making import alter, flip, remake_manifests, stored_bag
from tests.bags.mutations import MUTATIONS, PHOTO, Mutation


def run(folder: Path, *arguments: str, script: Path | None = None) -> "subprocess.CompletedProcess[str]":
    """Run a judge as a stranger would: no site packages, no path of ours."""
    return subprocess.run(
        [sys.executable, "-I", "-S", str(script or folder / VERIFIER), *arguments],
        cwd=folder,
        env={"PYTHONIOENCODING": "utf-8"},
        capture_output=True,
        text=True,
        timeout=60,
    )


def test_it_needs_nothing_but_an_old_standard_library() -> None:
    """It imports the standard library alone, at the top, and is written for Python 3.8."""
    tree = ast.parse(verifier_text(), feature_version=(3, 8))
    names = {
        (node.module if isinstance(node, ast.ImportFrom) else node.names[0].name) or ""
        for node in ast.walk(tree)
        if isinstance(node, ast.Import | ast.ImportFrom)
    }
    methods = {node.attr for node in ast.walk(tree) if isinstance(node, ast.Attribute)}

    assert {name.partition(".")[0] for name in names} <= sys.stdlib_module_names
    assert not methods & {"removeprefix", "removesuffix", "file_digest", "UTC"}


@pytest.mark.parametrize("mutation", MUTATIONS, ids=lambda mutation: mutation.name)
def test_it_agrees_with_our_judge(tmp_path: Path, mutation: Mutation) -> None:
    """Good, bad or not to be judged: both say the same of every mutation of a bag."""
    bag = stored_bag(tmp_path / "store")
    mutation.make(bag.folder)
    ours = exit_code(verify_folder(bag.folder))
    theirs = verify_jingui.verify(str(bag.folder), quiet=True)

    assert {"ok": 0, "bad": 1, "unreadable": 2}[theirs["outcome"]] == ours, theirs["packages"]


def test_it_gives_the_digest_that_we_register(tmp_path: Path) -> None:
    """The digest over the complete file list is the same, so a report can be compared with the register."""
    bag = stored_bag(tmp_path / "store")
    report = verify_jingui.verify(str(bag.store.root), quiet=True)

    assert [one["digest"] for one in report["packages"]] == [bag.inventory.digest]
    assert (report["store"], report["outcome"], report["counts"]["ok"]) == ("one", "ok", 1)


def test_p8_a_copy_of_the_store_elsewhere_verifies_itself(tmp_path: Path) -> None:
    """Taken away with its store, run with nothing else, it says good, then finds one flipped bit."""
    bag = stored_bag(tmp_path / "store")
    away = tmp_path / "elsewhere" / "disk"
    shutil.copytree(bag.store.root, away)
    shutil.rmtree(bag.store.root)
    good = run(away, "--json", "../report.json")
    alter(away / bag.prefix / PHOTO, flip)
    bad = run(away, "--quiet")
    told = json.loads((tmp_path / "elsewhere" / "report.json").read_text("utf-8"))

    assert (good.returncode, bad.returncode) == (0, 1), good.stderr + bad.stderr
    assert bag.prefix in good.stdout and "完好 OK" in good.stdout
    assert "有问题 BAD" in bad.stdout and PHOTO in bad.stdout
    assert told["packages"][0]["prefix"] == bag.prefix
    assert told["counts"] == {"ok": 1, "bad": 0, "unreadable": 0}


def test_a10_a_forged_bag_differs_from_the_log(tmp_path: Path) -> None:
    """A bag whose manifests were all made anew is found by the digest in the log; so is a lost one."""
    bag = stored_bag(tmp_path / "store")
    event = {
        "object_kind": "item",
        "object_id": bag.prefix.split("/")[3],
        "type": "ingestion end",
        "facts": {"version": 1, "digest": bag.inventory.digest, "store": "one"},
    }
    content = json.dumps(event).encode() + b"\n"
    name = verify_jingui.hashlib.sha256(content).hexdigest()
    place = bag.store.root / "log/2026/11/21" / f"{name}.jsonl"
    place.parent.mkdir(parents=True)
    place.write_bytes(content)
    before = verify_jingui.verify(str(bag.store.root), quiet=True)
    (bag.folder / PHOTO).chmod(0o644)
    (bag.folder / PHOTO).write_bytes(b"another picture")
    remake_manifests(bag.folder)
    forged = verify_jingui.verify(str(bag.store.root), quiet=True)
    shutil.rmtree(bag.folder)
    lost = verify_jingui.verify(str(bag.store.root), quiet=True)
    place.write_bytes(content + b" ")
    damaged = verify_jingui.verify(str(bag.store.root), quiet=True)

    assert before["outcome"] == "ok"
    assert [found["code"] for found in forged["packages"][0]["findings"]] == ["VJ-201"]
    assert [found["code"] for found in lost["findings"]] == ["VJ-202"]
    assert [found["code"] for found in damaged["findings"]] == ["VJ-301"]


def test_an_empty_or_absent_folder_is_never_called_good(tmp_path: Path) -> None:
    """Nothing to judge is exit code 2: not run is never passed."""
    create_store(tmp_path / "store", "one")
    empty = run(tmp_path / "store")
    absent = run(tmp_path / "store", str(tmp_path / "none"))

    assert (empty.returncode, absent.returncode) == (2, 2)


def test_every_new_store_holds_it_and_no_list_shows_it(tmp_path: Path) -> None:
    """It is laid with the store, is no object of the store, and cannot be written through the port."""
    store = create_store(tmp_path / "store", "one")

    assert (tmp_path / "store" / VERIFIER).read_bytes() == verifier_text()
    assert list(store.list("")) == []
    assert isinstance(store, LocalStore)
    with pytest.raises(UnsafeName):
        store.put(VERIFIER, io.BytesIO(b"another"))


def test_an_older_or_lost_judge_is_laid_anew(tmp_path: Path) -> None:
    """At the start the judge we have is put in the place of another one, once."""
    create_store(tmp_path / "store", "one")
    place = tmp_path / "store" / VERIFIER
    place.unlink()
    laid = [lay_verifier(tmp_path / "store"), lay_verifier(tmp_path / "store")]
    place.write_text("an older one")
    laid.append(lay_verifier(tmp_path / "store"))

    assert laid == [True, False, True]
    assert place.read_bytes() == verifier_text()
