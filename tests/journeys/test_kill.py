"""Kill -9 at each named place of ingest and repair; then start again (P1, P2, B01, B02).

After the restart nothing acknowledged is lost, nothing is half-visible, and
no orphan lies in staging or among the drafts.
"""

import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from repository.permissions import access_tags
from search.entry import Request
from storage.failpoints import NAMES
from tests.archives import (
    ARCHIVIST,
    ROOT,
    child_environment,
    close,
    environment,
    new_archive,
    photo,
)
from tests.journeys.afterwards import assert_nothing_half, restarted
from tests.journeys.kill_matrix import check_repair, prepare_repair
from tests.journeys.killed import TITLE

INGEST = tuple(
    name for name in NAMES if name.startswith(("staging.", "bag.", "store.", "replica.", "ingest."))
)
REPAIR = tuple(name for name in NAMES if name.startswith(("mend.", "repair.")))


def _run(data: Path, failpoint: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "tests.journeys.killed", arguments[0], str(data), *arguments[1:]],
        cwd=ROOT,
        env=child_environment(environment(data, JINGUI_FAILPOINT=failpoint)),
        capture_output=True,
        text=True,
        timeout=120,
    )


@pytest.fixture(scope="module")
def founded(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the data folder of a founded archive, to be copied for each kill."""
    data = tmp_path_factory.mktemp("founded") / "data"
    close(new_archive(data))
    return data


@pytest.mark.parametrize("name", INGEST)
def test_b01_kill_at_each_place_of_ingest(name: str, founded: Path, tmp_path: Path) -> None:
    """After the restart an acknowledged item stands in both stores; another is gone or whole."""
    data = tmp_path / "data"
    shutil.copytree(founded, data)
    source = photo(tmp_path / "老校门.jpg")

    ended = _run(data, name, "ingest", str(source))
    assert ended.returncode == -signal.SIGKILL, ended.stderr

    tools = restarted(data)
    assert_nothing_half(tools)
    if "ACK" in ended.stdout:
        assert tools.index.find(Request(TITLE, access_tags(ARCHIVIST))).total == 1
    assert source.exists()
    close(tools)


@pytest.mark.parametrize("victim", ["data/objects/0001.jpg", "bag-info.txt", "data/metadata/catalogue.json"])
def test_c04_a_badly_written_bag_is_set_aside_and_packed_again(
    victim: str, founded: Path, tmp_path: Path
) -> None:
    """A bag that was spoiled before it was registered goes to quarantine and is written anew from staging."""
    data = tmp_path / "data"
    shutil.copytree(founded, data)
    source = photo(tmp_path / "老校门.jpg")
    _run(data, "ingest.after_rename", "ingest", str(source))
    [bag] = (data / "stores/main").glob("aips/*/*/*/v0001")
    (bag / victim).chmod(0o644)
    (bag / victim).write_bytes((bag / victim).read_bytes()[:-1] + b"?")

    tools = restarted(data)

    assert_nothing_half(tools)
    assert (bag / "data/objects/0001.jpg").read_bytes() == source.read_bytes()
    assert list((data / "stores/main/.quarantine").rglob("*.json"))
    close(tools)


@pytest.fixture(scope="module")
def damaged(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the data folder of an archive with one damaged file in each store, found by a run."""
    base = tmp_path_factory.mktemp("damaged")
    prepare_repair(base)
    return base / "data"


@pytest.mark.parametrize("name", REPAIR)
def test_b02_kill_at_each_place_of_repair(name: str, damaged: Path, tmp_path: Path) -> None:
    """Killed there, each file is the old damaged or the new good one; started again, all is good."""
    data = tmp_path / "data"
    shutil.copytree(damaged, data)

    ended = _run(data, name, "repair")
    assert ended.returncode == -signal.SIGKILL, ended.stderr
    check_repair(data)
