"""The BagIt conformance suite of the Library of Congress, bag by bag."""

import os
from pathlib import Path

import bagit
import pytest

from preservation.checks import Outcome
from preservation.verify import exit_code, verify_folder

CORPORA = os.environ.get("JINGUI_CORPORA")
pytestmark = pytest.mark.skipif(not CORPORA, reason="JINGUI_CORPORA is not set")

#: Where bagit-python 1.9.0 differs: it accepts four bad bags (reliability M2), and refuses three warning
#: cases on Linux because it looks for each name exactly as written.
BAGIT_DIFFERS = {
    "warning/duplicate-file-with-different-case",
    "warning/same-filename-listed-twice-with-different-normalization",
    "warning/special-system-files",
    "windows-only/out-of-scope-file-paths-using-absolute-path-for-fetch",
    "windows-only/out-of-scope-file-paths-using-shortcut-for-fetch",
    "windows-only/out-of-scope-file-paths-using-unc-for-fetch",
    "invalid/bagit-with-invalid-whitespace",
}

#: The finding that names each warning case.
NAMED = {
    "duplicate-file-with-different-case": "BG-311",
    "made-with-md5sum-tools": "BG-306",
    "relative-path": "BG-307",
    "same-filename-listed-twice-with-different-normalization": "BG-310",
    "same-filename-listed-twice-with-the-same-hash": "BG-304",
    "special-system-files": "BG-702",
}


def bags(*kinds: str) -> list[Path]:
    """Return the bags of these kinds in every version of the suite."""
    suite = Path(CORPORA or "absent") / "bagit-conformance-suite"
    found = [path for kind in kinds for path in sorted(suite.glob(f"v*/{kind}/*")) if path.is_dir()]
    return found or [pytest.param(None, marks=pytest.mark.skip(reason="no suite"))]  # type: ignore[list-item]


def name(path: Path | None) -> str:
    """Return a test id such as v0.97-valid-basic-bag."""
    return "-".join(path.parts[-3:]) if path else "none"


@pytest.mark.parametrize("bag", bags("valid"), ids=name)
def test_a_valid_bag_is_valid(bag: Path) -> None:
    """Every valid bag of every version is good, at most with warnings."""
    report = verify_folder(bag)

    assert report.outcome in (Outcome.PASSED, Outcome.WARNED), report.findings
    assert exit_code(report) == 0


@pytest.mark.parametrize("bag", bags("invalid", "linux-only", "windows-only"), ids=name)
def test_an_invalid_bag_is_refused(bag: Path) -> None:
    """Every invalid bag is bad, the system-specific ones on every system."""
    report = verify_folder(bag)

    assert report.outcome is Outcome.FAILED
    assert exit_code(report) == 1


@pytest.mark.parametrize("bag", bags("warning"), ids=name)
def test_a_warning_case_is_named(bag: Path) -> None:
    """Every warning case is good, with a finding that names what is odd."""
    report = verify_folder(bag)

    assert report.outcome is Outcome.WARNED, report.findings
    assert NAMED[bag.name] in {finding.code for finding in report.findings}


@pytest.mark.parametrize(
    "bag", bags("valid", "invalid", "warning", "linux-only", "windows-only"), ids=name
)
def test_bagit_python_agrees(bag: Path) -> None:
    """We and bagit-python give the same verdict, but for seven known bags."""
    try:
        bagit.Bag(str(bag)).validate()
        theirs = True
    except (bagit.BagError, UnicodeError):
        theirs = False
    ours = exit_code(verify_folder(bag)) == 0

    assert (ours != theirs) == (f"{bag.parent.name}/{bag.name}" in BAGIT_DIFFERS)
