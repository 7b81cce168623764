"""The awkward bags on which bagit-python errs (reliability, section 8), one by one.

Each gets a finding with the clause of RFC 8493, or is good where the standard
says so; none is a crash. bagit-python's own answer stands beside it.
"""

import os
import socket
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import bagit
import pytest

from preservation.checks import Outcome
from preservation.clauses import CLAUSES
from preservation.findings import FINDING_CODES
from preservation.verify import exit_code, verify_folder
from tests.bags.making import hand_made, manifest_lines

FILES = {"data/a.txt": b"one", "data/b.txt": b"two"}
ONE = {"data/a.txt": b"one"}
RIGHT = b"BagIt-Version: 1.0\nTag-File-Character-Encoding: UTF-8\n"


@dataclass(frozen=True, slots=True)
class Awkward:
    """One awkward bag: how it is made, what we say (code, clause, outcome), what bagit-python says."""

    name: str
    make: Callable[[Path], Path]
    outcome: Outcome
    code: str
    clause: str
    bagit: str  # good, bad or crash


def case(
    name: str, make: Callable[[Path], Path], outcome: str, code: str = "", clause: str = "", *, bagit: str
) -> Awkward:
    """Return a row of the table."""
    return Awkward(name, make, Outcome(outcome), code, clause, bagit)


def tagged(**tags: bytes) -> Callable[[Path], Path]:
    """Return a maker of the usual bag with tag files; double underscores stand for hyphens."""
    named = {name.replace("__", "-") + ".txt": content for name, content in tags.items()}
    return lambda folder: hand_made(folder, FILES, tags=named)


def listed(content: bytes, files: dict[str, bytes] | None = None) -> Callable[[Path], Path]:
    """Return a maker of a bag with this manifest."""
    return lambda folder: hand_made(folder, files or ONE, tags={"manifest-sha256.txt": content})


def line(path: str, content: bytes = b"one") -> bytes:
    """Return one true manifest line, its path as given."""
    return manifest_lines({path: content}).encode("utf-8", "surrogateescape")


def linked_folder(folder: Path) -> Path:
    """A folder of the payload is a link to the very same files outside the bag."""
    bag = hand_made(folder, {"data/sub/a.txt": b"one"})
    os.rename(bag / "data/sub", folder.with_name("outside"))
    (bag / "data/sub").symlink_to(folder.with_name("outside"))
    return bag


def a_socket(folder: Path) -> Path:
    """A socket stands in the payload."""
    bag = hand_made(folder, ONE)
    here = os.getcwd()
    os.chdir(bag / "data")
    try:
        with socket.socket(socket.AF_UNIX) as one:
            one.bind("s")
    finally:
        os.chdir(here)
    return bag


def twins(folder: Path) -> Path:
    """The same name in NFC and in NFD, both there."""
    composed = "data/é.txt"
    return hand_made(folder, {composed: b"x", unicodedata.normalize("NFD", composed): b"y"})


def folders_as_manifest(folder: Path) -> Path:
    """A folder stands where the manifest should be."""
    bag = hand_made(folder, ONE)
    (bag / "manifest-sha256.txt").unlink()
    (bag / "manifest-sha256.txt").mkdir()
    return bag


def no_utf8(folder: Path) -> Path:
    """A name that is no UTF-8, listed in the encoding that the bag names."""
    raw = os.fsdecode("data/照片.jpg".encode("gbk"))
    told = manifest_lines({"data/照片.jpg": b"x"}).encode("gbk")
    tags = {
        "bagit.txt": b"BagIt-Version: 1.0\nTag-File-Character-Encoding: GBK\n",
        "manifest-sha256.txt": told,
    }
    return hand_made(folder, {raw: b"x"}, tags=tags)


TAIL = b"Payload-Oxum: "
BAGS = (
    case(
        "manifests that list different files",
        tagged(manifest__sha512=manifest_lines(ONE, "sha512").encode()),
        "failed", "BG-507", "2.1.3", bagit="good",
    ),
    case(
        "an empty second manifest",
        tagged(manifest__sha512=b""),
        "failed", "BG-507", "2.1.3", bagit="good",
    ),
    case(
        "a literal percent sign, encoded as 1.0 wants it",
        listed(line("data/100%25.txt"), {"data/100%.txt": b"one"}),
        "warned", "BG-314", "2.2.1", bagit="bad",
    ),
    case(
        "a line end inside a name",
        listed(line("data/a%0Ab.txt"), {"data/a\nb.txt": b"one"}),
        "warned", "BG-703", "6.1", bagit="good",
    ),
    case(
        "a percent sign not encoded at all",
        listed(line("data/100%25.txt"), {"data/100%25.txt": b"one"}),
        "warned", "BG-308", "2.1.3", bagit="good",
    ),
    case("a folder that is a link", linked_folder, "failed", "BG-101", "3", bagit="bad"),
    case("a socket in the payload", a_socket, "failed", "BG-102", "3", bagit="any"),
    case(
        "a payload manifest that lists a tag file",
        lambda folder: hand_made(
            folder, ONE, tags={"manifest-sha256.txt": line("data/a.txt") + line("bagit.txt", RIGHT)}
        ),
        "failed", "BG-402", "2.1.3", bagit="any",
    ),
    case(
        "a tag manifest that lists a payload file",
        tagged(tagmanifest__sha256=line("data/a.txt")),
        "failed", "BG-403", "2.2.1", bagit="any",
    ),
    case(
        "a tag manifest that lists a tag manifest",
        tagged(tagmanifest__sha256=line("tagmanifest-md5.txt", b""), tagmanifest__md5=b""),
        "failed", "BG-404", "2.2.1", bagit="any",
    ),
    case(
        "an Oxum of words",
        tagged(bag__info=TAIL + b"six.two\n"),
        "failed",
        "BG-602",
        "2.2.2",
        bagit="any",
    ),
    case(
        "an Oxum without its point",
        tagged(bag__info=TAIL + b"6\n"),
        "failed",
        "BG-602",
        "2.2.2",
        bagit="any",
    ),
    case(
        "an Oxum in other digits",
        tagged(bag__info=TAIL + "６.２\n".encode()),
        "failed",
        "BG-602",
        "2.2.2",
        bagit="any",
    ),
    case(
        "an Oxum that is wrong",
        tagged(bag__info=TAIL + b"7.2\n"),
        "failed",
        "BG-603",
        "2.2.2",
        bagit="bad",
    ),
    case(
        "two Oxums",
        tagged(bag__info=(TAIL + b"6.2\n") * 2),
        "failed",
        "BG-604",
        "2.2.2",
        bagit="any",
    ),
    case(
        "bag-info without a colon",
        tagged(bag__info=b"Source-Organization A School\n"),
        "failed", "BG-601", "2.2.2", bagit="any",
    ),
    case(
        "a fetch line of one word",
        tagged(fetch=b"http://example.org/a\n"),
        "failed",
        "BG-405",
        "2.2.3",
        bagit="any",
    ),
    case(
        "a fetch line without length",
        tagged(fetch=b"http://example.org/a data/a.txt\n"),
        "failed", "BG-405", "2.2.3", bagit="any",
    ),
    case(
        "a fetch line that leaves the bag",
        tagged(fetch=b"http://example.org/a - data/../../a.txt\n"),
        "failed", "BG-406", "2.2.3", bagit="any",
    ),
    case(
        "a fetch line that no manifest lists",
        tagged(fetch=b"http://example.org/a - data/c.txt\n"),
        "failed", "BG-407", "2.2.3", bagit="any",
    ),
    case(
        "an unknown version",
        tagged(bagit=RIGHT.replace(b"1.0", b"2.7")),
        "failed", "BG-205", "2.1.1", bagit="any",
    ),
    case(
        "a version that is no number",
        tagged(bagit=RIGHT.replace(b"1.0", b"one")),
        "failed", "BG-204", "2.1.1", bagit="any",
    ),
    case(
        "a third line in bagit.txt",
        tagged(bagit=RIGHT + b"Note: x\n"),
        "failed",
        "BG-208",
        "2.1.1",
        bagit="any",
    ),
    case(
        "an unknown encoding",
        tagged(bagit=RIGHT.replace(b"UTF-8", b"KLINGON")),
        "failed",
        "BG-207",
        "2.1.1",
        bagit="any",
    ),
    case(
        "a line without a path",
        listed(line("data/a.txt") + b"0" * 64 + b"\n"),
        "failed",
        "BG-303",
        "2.1.3",
        bagit="any",
    ),
    case(
        "a line with an empty path",
        listed(line("data/a.txt") + b"0" * 64 + b"  \n"),
        "failed",
        "BG-303",
        "2.1.3",
        bagit="any",
    ),
    case(
        "a digest that is too short",
        listed(b"abc  data/a.txt\n"),
        "failed",
        "BG-312",
        "2.4",
        bagit="any",
    ),
    case("NFC and NFD twins", twins, "warned", "BG-701", "6.1", bagit="any"),
    case(
        "a name that ends in a space",
        lambda folder: hand_made(folder, {"data/a ": b"x"}),
        "warned", "BG-703", "6.1", bagit="any",
    ),
    case("a name that is no UTF-8", no_utf8, "warned", "BG-704", "2.3", bagit="any"),
    case("a folder for a manifest", folders_as_manifest, "failed", "BG-301", "2.1.3", bagit="any"),
    case(
        "bytes that are no UTF-8",
        listed(line("data/a.txt") + b"\xff\xfe\n"),
        "failed",
        "BG-309",
        "2.3",
        bagit="any",
    ),
    case(
        "a path above the bag",
        listed(line("data/../../a.txt")),
        "failed",
        "BG-401",
        "5.1",
        bagit="any",
    ),
)


def bagit_says(folder: Path) -> str:
    """Return what bagit-python makes of a bag: good, bad, or a crash."""
    try:
        bagit.Bag(str(folder)).validate()
    except bagit.BagError:
        return "bad"
    except (ValueError, TypeError, AttributeError, LookupError, OSError):
        return "crash"
    return "good"


@pytest.mark.parametrize("awkward", BAGS, ids=lambda awkward: awkward.name)
def test_section_8_each_awkward_bag_gets_a_finding_with_its_clause(tmp_path: Path, awkward: Awkward) -> None:
    """Never a crash: a finding that names the clause, and the outcome that the standard asks for."""
    report = verify_folder(awkward.make(tmp_path / "bag"))
    told = {finding.code: finding for finding in report.findings}

    assert report.outcome is awkward.outcome, report.findings
    assert awkward.code in told, report.findings
    assert told[awkward.code].clause == awkward.clause
    assert exit_code(report) == (1 if awkward.outcome is Outcome.FAILED else 0)


@pytest.mark.parametrize(
    "awkward", [one for one in BAGS if one.bagit != "any"], ids=lambda awkward: awkward.name
)
def test_section_8_where_bagit_python_says_otherwise(tmp_path: Path, awkward: Awkward) -> None:
    """The library's own answer is known, so that a new version of it is noticed."""
    assert bagit_says(awkward.make(tmp_path / "bag")) == awkward.bagit


def test_every_finding_on_a_bag_has_its_clause() -> None:
    """Each code of the judge of bags names a section of RFC 8493; BG-9.. judges by a profile, not by it."""
    codes = {code for code in FINDING_CODES if code.startswith("BG-") and not code.startswith("BG-9")}

    assert set(CLAUSES) == codes
    assert all(part.isdigit() for clause in CLAUSES.values() for part in clause.split("."))
