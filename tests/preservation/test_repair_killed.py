"""B02: a repair killed at each fail-point; old damaged or new good, never none."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from preservation.checks import Outcome
from preservation.fixity import check_copy
from preservation.policy import CopyState
from storage.digests import sha256_of
from storage.local import LocalStore
from tests.bags.making import StoredBag, alter, copy_of, flip, stored_bag

POINTS = (
    "repair.after_plan",
    "repair.after_file",
    "mend.after_aside",
    "mend.before_replace",
    "mend.after_replace",
    "aside.after_note",
    "aside.after_move",
)
HURT = ("data/objects/0001.jpg", "data/objects/0002.txt", "bag-info.txt")

#: The repair as its own process, on real stores.
SCRIPT = """
import sys
from pathlib import Path
from preservation.fixity import check_copy
from preservation.repair import OtherCopy, carry_out, plan
from storage.inventory import Inventory
from storage.local import LocalStore

root, prefix = Path(sys.argv[1]), sys.argv[2]
target, source = LocalStore("one", root / "one"), LocalStore("two", root / "two")
inventory = Inventory.from_text((root / "inventory.txt").read_text("utf-8"))
steps = plan(inventory, check_copy(target, prefix, inventory), [OtherCopy("two")])
carry_out(
    steps,
    target=target,
    sources={"two": source},
    prefix=prefix,
    inventory=inventory,
    set_aside_extra=True,
)
"""


def run_repair(root: Path, prefix: str, failpoint: str | None) -> int:
    """Run the repair in a process of its own and return its exit code."""
    project = Path(__file__).parents[2]
    environment = {**os.environ, "PYTHONPATH": str(project)}
    environment.pop("JINGUI_FAILPOINT", None)
    if failpoint:
        environment["JINGUI_FAILPOINT"] = f"{failpoint}:kill"
    command = [sys.executable, "-c", SCRIPT, str(root), prefix]
    return subprocess.run(command, env=environment, cwd=root, timeout=60, check=False).returncode


def hurt_pair(root: Path) -> tuple[StoredBag, dict[str, bytes]]:
    """Return a damaged copy beside a good one, and the good bytes of the damaged files."""
    one = stored_bag(root / "one", store_id="one")
    copy_of(one, root / "two", "two")
    (root / "inventory.txt").write_text(one.inventory.to_text(), "utf-8")
    good = {path: one.file(path).read_bytes() for path in HURT}
    for path in HURT:
        alter(one.file(path), flip)
    one.file("premis.xml").write_bytes(b"<fake/>")
    return one, good


@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="needs kill -9")
@pytest.mark.parametrize("point", POINTS)
def test_b02_killed_repair(tmp_path: Path, point: str) -> None:
    """After kill -9 each file is old damaged or new good, and a second run ends green."""
    one, good = hurt_pair(tmp_path)
    killed = run_repair(tmp_path, one.prefix, point)
    found = {path: one.file(path).read_bytes() for path in HURT}
    again = run_repair(tmp_path, one.prefix, None)
    final = check_copy(LocalStore("one", tmp_path / "one"), one.prefix, one.inventory)

    assert killed == -signal.SIGKILL
    assert all(found[path] in (good[path], flip(good[path])) for path in HURT)
    assert again == 0
    assert final.outcome is Outcome.PASSED, final.findings


@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="needs kill -9")
@pytest.mark.parametrize("point", POINTS)
def test_b02_damaged_bytes_are_never_lost(tmp_path: Path, point: str) -> None:
    """Whenever it is killed, the damaged and the strange bytes still stand somewhere in the store."""
    one, good = hurt_pair(tmp_path)
    wanted = {sha256_of(flip(content)) for content in good.values()} | {sha256_of(b"<fake/>")}
    killed = run_repair(tmp_path, one.prefix, point)
    stands = {
        sha256_of(path.read_bytes()) for path in (tmp_path / "one").rglob("*") if path.is_file()
    }

    assert killed == -signal.SIGKILL
    assert wanted <= stands


def test_the_good_copy_is_only_read(tmp_path: Path) -> None:
    """A repair changes nothing in the copy that it reads from."""
    one, _ = hurt_pair(tmp_path)
    two = LocalStore("two", tmp_path / "two")
    before = {path: path.stat().st_mtime_ns for path in (tmp_path / "two").rglob("*") if path.is_file()}
    code = run_repair(tmp_path, one.prefix, None)
    after = {path: path.stat().st_mtime_ns for path in (tmp_path / "two").rglob("*") if path.is_file()}

    assert code == 0
    assert before == after
    assert check_copy(two, one.prefix, one.inventory).custody is CopyState.OK
