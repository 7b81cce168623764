"""The BagIt profile of our bags: they satisfy it, and a bag that does not is told apart."""

import json
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from preservation.checks import Outcome, Report
from preservation.errors import CouldNotJudge
from preservation.profile import Profile, conforms, read_profile
from repository.models.item import Item
from repository.workflow import describe, worker
from repository.workflow.bagging import PROFILE
from repository.workflow.describe import Edit
from repository.workflow.tools import Tools
from storage.layout import packages
from tests.archives import ROOT, jingui_here

OURS = ROOT / "docs" / "bagit-profile.json"


def codes(report: Report) -> set[str]:
    """Return the codes that a report says."""
    return {finding.code for finding in report.findings}


def stored(tools: Tools) -> Iterator[Path]:
    """Yield every bag folder of every store."""
    for spec in tools.settings.store_specs:
        for key in packages(tools.stores[spec.id]):
            yield spec.root / key.prefix


@pytest.fixture
def bag(archive: Tools, tmp_path: Path) -> Path:
    """A copy of one bag of ours, open to changes."""
    target = Path(shutil.copytree(next(stored(archive)), tmp_path / "bag"))
    for path in (target, *target.rglob("*")):
        path.chmod(0o755 if path.is_dir() else 0o644)
    return target


def test_every_bag_of_ours_satisfies_our_profile(archive: Tools) -> None:
    """In every store, in its first and a later version; the profile's own name stands in new bags."""
    with archive.database.writing.begin() as session:
        item = session.query(Item).first()
        assert item is not None
        wanted = Edit({"place": "东门"}, {}, item.revision, "补地点")
        describe.edit(session, archive, archive.software, item, wanted=wanted)
    worker.drain(archive)
    profile, found = read_profile(OURS), list(stored(archive))

    assert len(found) == 8
    assert [conforms(path, profile).outcome for path in found] == [Outcome.PASSED] * 8
    assert profile["BagIt-Profile-Info"]["BagIt-Profile-Identifier"] == PROFILE
    assert PROFILE in (found[0] / "bag-info.txt").read_text()


def test_each_broken_rule_of_a_profile_has_its_finding(bag: Path) -> None:
    """Elements, values, versions, digests, fetch.txt and files: one code each."""
    info = (bag / "bag-info.txt").read_text()
    lines = [line for line in info.splitlines() if not line.startswith("Bagging-Date")]
    lines += ["Source-Organization: 另一所学校", "BagIt-Profile-Identifier: urn:other"]
    (bag / "bag-info.txt").write_text("\n".join(lines) + "\n")
    (bag / "bagit.txt").write_text("BagIt-Version: 0.97\nTag-File-Character-Encoding: UTF-8\n")
    (bag / "manifest-md5.txt").write_text("")
    (bag / "fetch.txt").write_text("")
    (bag / "extra.txt").write_text("")
    (bag / "data" / "metadata" / "dc.xml").unlink()
    (bag / "manifest-sha256.txt").rename(bag / "manifest-sha1.txt")

    assert codes(conforms(bag, read_profile(OURS))) == {f"BG-90{n}" for n in (1, 2, 3, 4, 5, 6, 7, 8, 9)}


def test_a_foreign_profile_is_judged_by_its_own_words(bag: Path) -> None:
    """Recommended elements warn, fetch.txt may be asked for, data may have to be empty."""
    profile: Profile = {
        "BagIt-Profile-Info": {},
        "Bag-Info": {"Contact-Name": {"recommended": True}, "Title": {"required": True}},
        "Fetch.txt-Required": True,
        "Data-Empty": True,
    }
    report = conforms(bag, profile)

    assert [(one.code, one.outcome, one.fact("label")) for one in report.findings[:2]] == [
        ("BG-901", Outcome.WARNED, "Contact-Name"),
        ("BG-901", Outcome.FAILED, "Title"),
    ]
    assert codes(report) == {"BG-901", "BG-908", "BG-909"}


WRONG = '{"BagIt-Profile-Info": {}, "Manifests-Required": 5}'


@pytest.mark.parametrize("text", ["", "[]", "{}", WRONG, "[" * 9999])
def test_what_is_no_profile_is_told_as_such(tmp_path: Path, text: str) -> None:
    """A file that holds no profile is refused, never half believed."""
    (tmp_path / "p.json").write_text(text)
    with pytest.raises(CouldNotJudge):
        read_profile(tmp_path / "p.json")

    assert json.loads(OURS.read_text("utf-8"))["Allow-Fetch.txt"] is False


def test_verify_asks_for_a_profile_too(bag: Path, tmp_path: Path) -> None:
    """jingui verify --profile: 0 where the bag satisfies it, 1 where not, 2 where it is no profile."""
    strict = {"BagIt-Profile-Info": {}, "Bag-Info": {"Contact-Name": {"required": True}}}
    (tmp_path / "p.json").write_text(json.dumps(strict))
    (tmp_path / "none.json").write_text("[]")
    profiles = (OURS, tmp_path / "p.json", tmp_path / "none.json")
    said = [jingui_here(tmp_path / "x", "verify", str(bag), "--profile", str(path)) for path in profiles]

    assert [one.returncode for one in said] == [0, 1, 2]
    assert "Contact-Name" in said[1].stdout
