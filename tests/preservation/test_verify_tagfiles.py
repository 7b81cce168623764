"""Awkward tag files (reliability, section 8): each gets a finding, none a crash."""

from pathlib import Path

import pytest

from preservation.checks import Outcome
from preservation.verify import exit_code, verify_folder
from tests.bags.making import hand_made, manifest_lines
from tests.bags.reading import codes, failed

FILES = {"data/a.txt": b"one", "data/b.txt": b"two"}


def test_a_plain_old_bag_is_good(tmp_path: Path) -> None:
    """A bag by hand without a tag manifest is good, with one warning."""
    report = verify_folder(hand_made(tmp_path / "bag"))

    assert codes(report) == {"BG-314"}
    assert exit_code(report) == 0


@pytest.mark.parametrize("version", ["0.93", "0.94", "0.95", "0.96", "0.97", "1.0"])
def test_each_version_is_known(tmp_path: Path, version: str) -> None:
    """Bags of each published version are judged by their rules."""
    report = verify_folder(hand_made(tmp_path / "bag", version=version))

    assert report.outcome is Outcome.WARNED


@pytest.mark.parametrize(
    ("declaration", "code"),
    [
        (b"BagIt-Version: 2.0\nTag-File-Character-Encoding: UTF-8\n", "BG-205"),
        (b"BagIt-Version: 0.92\nTag-File-Character-Encoding: UTF-8\n", "BG-205"),
        (b"BagIt-Version: .97\nTag-File-Character-Encoding: UTF-8\n", "BG-204"),
        (b"", "BG-204"),
        (b"\x00\xff\xfe garbage", "BG-204"),
        (b"BagIt-Version: 1.0\n", "BG-206"),
        (b"BagIt-Version: 1.0\nTag-File-Character-Encoding: Klingon-8\n", "BG-207"),
        (b"BagIt-Version: 1.0\nTag-File-Character-Encoding: base64\n", "BG-207"),
        ("BagIt-Version: 1.0\nTag-File-Character-Encoding: UTF-8é\n".encode(), "BG-207"),
        (b"BagIt-Version: 1.0\nTag-File-Character-Encoding: UTF-8\xff\n", "BG-309"),
        (b"BagIt-Version: 1.0\nTag-File-Character-Encoding: utf\x00\n", "BG-207"),
        (b"BagIt-Version: 1.0\nTag-File-Character-Encoding: UTF-8\nMore: lines\n", "BG-208"),
        (b"Tag-File-Character-Encoding: UTF-8\nBagIt-Version: 1.0\n", "BG-208"),
        (b"BagIt-Version : 1.0\nTag-File-Character-Encoding: UTF-8\n", "BG-209"),
        (b"\xef\xbb\xbfBagIt-Version: 1.0\nTag-File-Character-Encoding: UTF-8\n", "BG-203"),
    ],
)
def test_a_wrong_declaration_is_named(tmp_path: Path, declaration: bytes, code: str) -> None:
    """Each fault of bagit.txt has its own finding and makes the bag bad."""
    report = verify_folder(hand_made(tmp_path / "bag", tags={"bagit.txt": declaration}))

    assert code in failed(report)


@pytest.mark.parametrize(
    ("lines", "code"),
    [
        ("nonsense\n", "BG-303"),
        ("abc  data/a.txt\n", "BG-312"),
        (f"{'a' * 64}\n", "BG-303"),
        (f"{'a' * 64}   \n", "BG-303"),
        (f"{'a' * 64}  ../outside.txt\n", "BG-401"),
        (f"{'a' * 64}  /etc/passwd\n", "BG-401"),
        (f"{'a' * 64}  data/../../x\n", "BG-401"),
        (f"{'a' * 64}  ~/x\n", "BG-401"),
        (f"{'a' * 64}  C:\\x\n", "BG-401"),
        (f"{'a' * 64}  \\\\server\\x\n", "BG-401"),
        (f"{'a' * 64}  %HOME%\\x\n", "BG-401"),
        (f"{'a' * 64}  bag-info.txt\n", "BG-402"),
        (f"{'a' * 64}  data/absent.txt\n", "BG-501"),
        (f"{'a' * 64}  data/a.txt\n", "BG-305"),
        (f"{'a' * 64}  data/nul\x00byte\n", "BG-501"),
    ],
)
def test_a_wrong_manifest_line_is_named(tmp_path: Path, lines: str, code: str) -> None:
    """A line that is malformed, out of scope, absent or doubled is a finding."""
    manifest = (manifest_lines(FILES) + lines).encode()
    report = verify_folder(hand_made(tmp_path / "bag", FILES, tags={"manifest-sha256.txt": manifest}))

    assert code in failed(report)


@pytest.mark.parametrize(
    ("change", "code"),
    [
        (lambda text: text.replace("  ", " *"), "BG-306"),
        (lambda text: text.replace("data/a", "./data//a"), "BG-307"),
        (lambda text: "# made by hand\n" + text, "BG-313"),
        (lambda text: "\ufeff" + text, "BG-316"),
        (lambda text: text.replace("\n", "\r"), "BG-314"),
        (lambda text: text.upper().replace("DATA/", "data/").replace(".TXT", ".txt"), "BG-303"),
    ],
)
def test_a_manifest_of_another_maker_is_read(tmp_path: Path, change: object, code: str) -> None:
    """Asterisks, dots, comments, marks, old line ends: read, and told as a warning."""
    assert callable(change)
    manifest = change(manifest_lines(FILES)).encode()
    report = verify_folder(hand_made(tmp_path / "bag", FILES, tags={"manifest-sha256.txt": manifest}))

    if code == "BG-303":  # capital file names are other names, capital digests are not
        assert "BG-303" not in codes(report)
    else:
        assert code in codes(report)
        assert not failed(report), report.findings


@pytest.mark.parametrize(
    ("info", "code"),
    [
        ("Payload-Oxum: 6.2\n", ""),
        ("Payload-Oxum: 7.2\n", "BG-603"),
        ("Payload-Oxum: 6.3\n", "BG-603"),
        ("Payload-Oxum: 6\n", "BG-602"),
        ("Payload-Oxum: six.two\n", "BG-602"),
        ("Payload-Oxum: ²⁶.²\n", "BG-602"),
        ("Payload-Oxum: -6.2\n", "BG-602"),
        ("Payload-Oxum: \n", "BG-602"),
        (f"Payload-Oxum: {'9' * 5000}.2\n", "BG-602"),
        ("Payload-Oxum: 6.2\nPayload-Oxum: 6.2\n", "BG-604"),
        ("Payload-Oxum: 6.2\nPayload-Oxum: 7.2\n", "BG-604"),
        ("a line without a colon\n", "BG-601"),
        (": no label\n", "BG-601"),
        ("  folded, but nothing before\n", "BG-601"),
        ("Source-Organization: 第一中学\n  folded on\n", ""),
    ],
)
def test_bag_info(tmp_path: Path, info: str, code: str) -> None:
    """Faults of bag-info.txt and Payload-Oxum are findings."""
    report = verify_folder(hand_made(tmp_path / "bag", FILES, tags={"bag-info.txt": info.encode()}))

    assert failed(report) == ({code} if code else set())


@pytest.mark.parametrize(
    ("line", "code"),
    [
        ("https://example.org/a - data/a.txt", ""),
        ("https://example.org/a 3 data/a.txt", ""),
        ("https://example.org/a", "BG-405"),
        ("https://example.org/a - ", "BG-405"),
        ("https://example.org/a three data/a.txt", "BG-405"),
        ("not-a-url - data/a.txt", "BG-405"),
        ("file:///etc/passwd - data/a.txt", "BG-405"),
        ("https://example.org/a - ../a.txt", "BG-406"),
        ("https://example.org/a - bag-info.txt", "BG-406"),
        ("https://example.org/a - data/unlisted.txt", "BG-407"),
    ],
)
def test_fetch(tmp_path: Path, line: str, code: str) -> None:
    """fetch.txt is read and judged, and nothing is fetched."""
    report = verify_folder(hand_made(tmp_path / "bag", FILES, tags={"fetch.txt": f"{line}\n".encode()}))

    assert failed(report) == ({code} if code else set())
    assert "BG-409" in codes(report)
