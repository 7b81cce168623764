"""Awkward names (reliability, section 8): each file is found, each oddity told."""

import unicodedata
from pathlib import Path

import pytest

from preservation.verify import verify_folder
from tests.bags.making import hand_made, manifest_lines
from tests.bags.reading import codes, failed

FILES = {"data/a.txt": b"one", "data/b.txt": b"two"}


@pytest.mark.parametrize(
    "name",
    [
        "data/ends in a space ",
        "data/two  spaces",
        "data/vertical\x0btab",
        "data/next\x85line",
        "data/line\u2028separator",
        "data/form\x0cfeed",
        "data/back\\slash",
        "data/*star",
        "data/#hash",
        "data/~tilde",
        "data/..dots",
        "data/一九五六届毕业合影.jpg",
        "data/" + "字" * 85,
        "data/bad \udcff\udcfe utf-8",
    ],
)
def test_a_strange_name_is_found(tmp_path: Path, name: str) -> None:
    """A file of any name that Linux can hold is found by its manifest line."""
    report = verify_folder(hand_made(tmp_path / "bag", {name: b"x"}))
    without_bytes = failed(report) - {"BG-309"}  # a name that is no UTF-8 cannot be listed in UTF-8

    assert not without_bytes, report.findings
    assert not {"BG-501", "BG-505"} & codes(report)


@pytest.mark.parametrize(
    ("version", "written", "standing", "odd"),
    [
        ("1.0", "100%25.txt", "100%.txt", False),
        ("1.0", "line%0Aend.txt", "line\nend.txt", False),
        ("1.0", "line%0dend.txt", "line\rend.txt", False),
        ("1.0", "100%.txt", "100%.txt", False),
        ("1.0", "%7Etilde.txt", "%7Etilde.txt", False),
        ("1.0", "100%25.txt", "100%25.txt", True),
        ("1.0", "a%0A.txt", "a%0A.txt", True),
        ("0.97", "100%25.txt", "100%25.txt", False),
        ("0.97", "line%0Aend.txt", "line\nend.txt", False),
        ("0.97", "100%25.txt", "100%.txt", True),
    ],
)
def test_percent_signs(tmp_path: Path, *, version: str, written: str, standing: str, odd: bool) -> None:
    """%0A, %0D and (since 1.0) %25 are read as the version wants; another reading is told."""
    files = {f"data/{standing}": b"x"}
    line = manifest_lines(files).split("  ")[0] + f"  data/{written}\n"
    tags = {"manifest-sha256.txt": line.encode()}
    report = verify_folder(hand_made(tmp_path / "bag", files, version=version, tags=tags))

    assert not failed(report), report.findings
    assert ("BG-308" in codes(report)) == odd


@pytest.mark.parametrize("version", ["0.97", "1.0"])
def test_incomplete_second_manifest(tmp_path: Path, version: str) -> None:
    """1.0 wants each manifest complete; before, all of them together were enough."""
    second = manifest_lines({"data/a.txt": b"one"}, "sha512").encode()
    bag = hand_made(tmp_path / "bag", FILES, version=version, tags={"manifest-sha512.txt": second})

    assert ("BG-507" in failed(verify_folder(bag))) == (version == "1.0")
    assert "BG-507" in codes(verify_folder(bag))


@pytest.mark.parametrize("version", ["0.97", "1.0"])
def test_a_file_listed_twice(tmp_path: Path, version: str) -> None:
    """The same line twice is a warning before 1.0 and a fault since."""
    twice = {"manifest-sha256.txt": manifest_lines(FILES).encode() * 2}
    bag = hand_made(tmp_path / "bag", FILES, version=version, tags=twice)

    assert ("BG-304" in failed(verify_folder(bag))) == (version == "1.0")


def test_two_unicode_forms_of_one_name(tmp_path: Path) -> None:
    """A name listed in NFC that stands in NFD is found, and told."""
    composed = "data/é.txt"
    line = manifest_lines({composed: b"x"}).encode()
    decomposed = {unicodedata.normalize("NFD", composed): b"x"}
    report = verify_folder(hand_made(tmp_path / "bag", decomposed, tags={"manifest-sha256.txt": line}))

    assert not failed(report), report.findings
    assert "BG-318" in codes(report)


def test_nfc_and_nfd_twins_are_two_files(tmp_path: Path) -> None:
    """Twins that both stand are both checked, and told as hard to carry."""
    composed = "data/é.txt"
    twins = {composed: b"x", unicodedata.normalize("NFD", composed): b"y"}
    report = verify_folder(hand_made(tmp_path / "bag", twins))

    assert not failed(report), report.findings
    assert "BG-701" in codes(report)


def test_an_unlisted_twin_is_an_extra_file(tmp_path: Path) -> None:
    """A twin that no manifest lists is not excused by the other."""
    composed = "data/é.txt"
    decomposed = unicodedata.normalize("NFD", composed)
    line = manifest_lines({composed: b"x"}).encode()
    tags = {"manifest-sha256.txt": line}
    report = verify_folder(hand_made(tmp_path / "bag", {composed: b"x", decomposed: b"y"}, tags=tags))

    assert "BG-505" in failed(report)


def test_a_manifest_in_gbk(tmp_path: Path) -> None:
    """Tag files in the encoding that bagit.txt names are read, also GBK."""
    files = {"data/照片.jpg": b"x"}
    tags = {
        "bagit.txt": b"BagIt-Version: 1.0\nTag-File-Character-Encoding: GBK\n",
        "manifest-sha256.txt": manifest_lines(files).encode("gbk"),
    }
    report = verify_folder(hand_made(tmp_path / "bag", files, tags=tags))

    assert not failed(report), report.findings


def test_a_manifest_in_another_encoding_than_named(tmp_path: Path) -> None:
    """A manifest that is not in the named encoding is bad."""
    files = {"data/照片.jpg": b"x"}
    tags = {"manifest-sha256.txt": manifest_lines(files).encode("gbk")}

    assert "BG-309" in failed(verify_folder(hand_made(tmp_path / "bag", files, tags=tags)))
