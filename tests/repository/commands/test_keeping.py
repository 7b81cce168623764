"""fixity, repair, verify: exit codes that never lie."""

import json
import os
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner

from repository.commands import keeping
from tests.archives import jingui, jingui_here

CORPORA = os.environ.get("JINGUI_CORPORA")
Damage = Callable[[str], Path]


def _run(data: Path, *arguments: str, **more: str) -> tuple[int, dict[str, object]]:
    """Run a command with --json and return exit code and values."""
    ended = jingui_here(data, *arguments, "--json", **more)
    assert "Traceback" not in ended.stderr, ended.stderr
    told = json.loads(ended.stdout)
    assert isinstance(told, dict)
    return ended.returncode, told


def _counts(told: dict[str, object]) -> list[object]:
    return [told[name] for name in ("expected", "checked", "failed", "unreadable", "not_checked")]


def test_p17_fixity_ends_with_0_only_when_every_copy_was_read_and_is_good(data: Path, damage: Damage) -> None:
    """All good is 0; one damaged copy is 1, named in words; repaired it is 0 again."""
    code, told = _run(data, "fixity", "run", "--all")
    assert (code, _counts(told), told["finished"]) == (0, [6, 6, 0, 0, 0], True)
    image = damage("main")
    bad = jingui(data, "fixity", "run", "--all")
    assert (bad.returncode, "完好 5，损坏或缺失 1" in bad.stdout, "data/objects/0001.jpg" in bad.stdout) == (
        1,
        True,
        True,
    )
    assert _run(data, "status")[0] == 1
    mended = jingui(data, "repair", "--json")
    code, told = mended.returncode, json.loads(mended.stdout)
    assert (code, told) == (0, {"asked": 1, "still_troubled": 0, "lost": 0})

    assert _run(data, "fixity", "run", "--all")[0] == 0
    assert (
        image.read_bytes()
        == sorted((data / "stores/second").glob("aips/*/*/*/v0001/data/objects/0001.jpg"))[0].read_bytes()
    )


def test_b14_fixity_with_an_absent_store_never_ends_with_0(data: Path) -> None:
    """A disk that is away is no success and no damage: its copies were not looked at, and that is said."""
    (data / "stores/second").rename(data / "away")
    code, told = _run(data, "fixity", "run", "--all")

    assert (code, _counts(told), told["away"]) == (1, [3, 3, 0, 0, 0], {"second": 3})
    assert "联系不上，其中 3 份副本这次没有核验" in jingui_here(data, "fixity", "run", "--all").stdout
    assert "联系不上" in jingui_here(data, "status").stdout


def test_a21_repair_without_a_good_copy_says_so_and_ends_with_1(data: Path, damage: Damage) -> None:
    """Lost is told in numbers, and nothing was overwritten."""
    before = [damage(store).read_bytes() for store in ("main", "second")]
    assert _run(data, "fixity", "run", "--all")[0] == 1
    code, told = _run(data, "repair")

    assert (code, told["still_troubled"], told["lost"]) == (1, 2, 2)
    images = [
        sorted((data / "stores" / s).glob("aips/*/*/*/v0001/data/objects/0001.jpg"))[0]
        for s in ("main", "second")
    ]
    assert [image.read_bytes() for image in images] == before


def test_fixity_of_what_is_due_reads_nothing_on_the_day_after(data: Path) -> None:
    """Nothing is due: nothing expected, and that is no failure."""
    code, told = _run(data, "fixity", "run")

    assert (code, told["scope"], _counts(told)) == (0, "due", [0, 0, 0, 0, 0])


def test_verify_judges_a_bag_of_ours_alone(data: Path, damage: Damage, tmp_path: Path) -> None:
    """0 good, 1 bad with the finding, 2 could not judge: with and without --json."""
    bag = sorted((data / "stores/main").glob("aips/*/*/*/v0001"))[0]
    good = jingui_here(tmp_path / "none", "verify", str(bag))
    damage("main")
    bad = jingui(tmp_path / "none", "verify", str(bag))
    nothing = jingui_here(tmp_path / "none", "verify", str(tmp_path / "nothing"))

    assert (good.returncode, good.stdout.startswith("完好")) == (0, True)
    assert (bad.returncode, "data/objects/0001.jpg" in bad.stdout) == (1, True)
    assert (nothing.returncode, "无法判断" in nothing.stderr) == (2, True)
    judged = jingui(tmp_path / "none", "verify", str(bag), "--json")
    assert (judged.returncode, json.loads(judged.stdout)["outcome"]) == (1, "failed")
    assert _run(tmp_path / "none", "verify", str(bag))[1]["outcome"] == "failed"
    assert _run(tmp_path / "none", "verify", str(tmp_path / "nothing"))[0] == 2
    assert not (tmp_path / "none").exists(), "judging a bag makes no archive"


#: The finding that names each warning case of the suite.
NAMED = {
    "duplicate-file-with-different-case": "BG-311",
    "made-with-md5sum-tools": "BG-306",
    "relative-path": "BG-307",
    "same-filename-listed-twice-with-different-normalization": "BG-310",
    "same-filename-listed-twice-with-the-same-hash": "BG-304",
    "special-system-files": "BG-702",
}
SUITE = Path(CORPORA or "absent") / "bagit-conformance-suite"
BAGS = [path for path in sorted(SUITE.glob("v*/*/*")) if path.is_dir()]


@pytest.mark.skipif(not BAGS, reason="JINGUI_CORPORA is not set")
@pytest.mark.parametrize("bag", BAGS, ids=lambda bag: "-".join(bag.parts[-3:]))
def test_p18_verify_gives_the_right_exit_code_for_the_conformance_suite(bag: Path) -> None:
    """Valid is 0, invalid is 1, a warning case is 0 and its finding is named."""
    ended = CliRunner().invoke(keeping.verify, [str(bag), "--json"])
    told = json.loads(ended.stdout)

    assert ended.exit_code == (0 if bag.parent.name in ("valid", "warning") else 1), told
    if bag.parent.name == "warning":
        assert NAMED[bag.name] in {finding["code"] for finding in told["findings"]}


@pytest.mark.skipif(not BAGS, reason="JINGUI_CORPORA is not set")
def test_p18_the_suite_through_the_real_command(tmp_path: Path) -> None:
    """One bag of each kind as a process of its own."""
    for kind, code in (("valid", 0), ("invalid", 1)):
        bag = next(path for path in sorted(SUITE.glob(f"v0.97/{kind}/*")) if path.is_dir())
        assert jingui(tmp_path / "none", "verify", str(bag)).returncode == code


def test_a_bag_that_cannot_be_read_is_not_called_good(data: Path, tmp_path: Path) -> None:
    """A18: an empty folder is bad, a file instead of a folder cannot be judged."""
    (tmp_path / "empty").mkdir()
    (tmp_path / "file").write_text("x")

    assert jingui_here(tmp_path / "none", "verify", str(tmp_path / "empty")).returncode == 1
    assert jingui_here(tmp_path / "none", "verify", str(tmp_path / "file")).returncode == 2
