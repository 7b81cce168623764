"""Awkward bags (reliability, section 8): each gets a finding, none a crash."""

import hashlib
import os
import re
import socket
import unicodedata
from pathlib import Path

import pytest

from preservation.checks import Outcome, Report
from preservation.errors import CouldNotJudge
from preservation.findings import FINDING_CODES
from preservation.verify import exit_code, verify_folder
from tests.bags.making import hand_made, manifest_lines

FILES = {"data/a.txt": b"one", "data/b.txt": b"two"}


def codes(report: Report) -> set[str]:
    """Return the codes of a report."""
    return {finding.code for finding in report.findings}


def failed(report: Report) -> set[str]:
    """Return the codes that make a report fail."""
    return {finding.code for finding in report.findings if finding.outcome is Outcome.FAILED}


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


def test_fetch_is_never_obeyed(tmp_path: Path) -> None:
    """A file that only fetch.txt could bring is missing, and no connection is made."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.setblocking(False)
        url = f"http://127.0.0.1:{server.getsockname()[1]}/a.txt"
        bag = hand_made(tmp_path / "bag", FILES, tags={"fetch.txt": f"{url} - data/a.txt\n".encode()})
        (bag / "data/a.txt").unlink()
        report = verify_folder(bag)

        assert "BG-504" in failed(report)
        with pytest.raises(BlockingIOError):
            server.accept()


def test_a16_link_in_place_of_a_file(tmp_path: Path) -> None:
    """A link to the right bytes is a fault, and not followed."""
    bag = hand_made(tmp_path / "bag", FILES)
    outside = tmp_path / "outside.txt"
    outside.write_bytes(b"one")
    (bag / "data/a.txt").unlink()
    (bag / "data/a.txt").symlink_to(outside)
    report = verify_folder(bag)

    assert failed(report) == {"BG-101"}


def test_a_linked_folder_is_not_entered(tmp_path: Path) -> None:
    """A folder that is a link is one finding; what lies behind it is not looked at."""
    bag = hand_made(tmp_path / "bag", {**FILES, "data/sub/c.txt": b"three"})
    (bag / "data/sub").rename(tmp_path / "elsewhere")
    (bag / "data/sub").symlink_to(tmp_path / "elsewhere")
    report = verify_folder(bag)

    assert failed(report) == {"BG-101"}


def test_a_loop_of_links_ends(tmp_path: Path) -> None:
    """A link to the bag itself does not send the judge round in circles."""
    bag = hand_made(tmp_path / "bag", FILES)
    (bag / "data/again").symlink_to(bag)

    assert failed(verify_folder(bag)) == {"BG-101"}


def test_a_linked_data_folder(tmp_path: Path) -> None:
    """A bag whose data folder is a link has none."""
    bag = hand_made(tmp_path / "bag", FILES)
    (bag / "data").rename(tmp_path / "data")
    (bag / "data").symlink_to(tmp_path / "data")

    assert {"BG-101", "BG-509"} <= failed(verify_folder(bag))


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no pipes on this system")
def test_a_pipe_is_not_read(tmp_path: Path) -> None:
    """A pipe in place of a file is a fault, and nobody waits for it."""
    bag = hand_made(tmp_path / "bag", FILES)
    (bag / "data/a.txt").unlink()
    os.mkfifo(bag / "data/a.txt")

    assert failed(verify_folder(bag)) == {"BG-102"}


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root can read everything")
def test_a18_an_unreadable_file_is_neither_good_nor_missing(tmp_path: Path) -> None:
    """A file without the right to read it makes the bag not judged, exit 2."""
    bag = hand_made(tmp_path / "bag", FILES)
    (bag / "data/a.txt").chmod(0)
    report = verify_folder(bag)
    (bag / "data/a.txt").chmod(0o644)

    assert codes(report) >= {"BG-805"}
    assert exit_code(report) == 2


def test_only_an_unknown_digest(tmp_path: Path) -> None:
    """A bag whose only manifest has a digest nobody can compute is not judged, exit 2."""
    line = manifest_lines(FILES).encode()
    bag = hand_made(tmp_path / "bag", FILES, tags={"manifest-sha999.txt": line})
    (bag / "manifest-sha256.txt").unlink()
    report = verify_folder(bag)

    assert report.outcome is Outcome.NOT_RUN
    assert exit_code(report) == 2


@pytest.mark.parametrize("algorithm", ["md5", "sha1", "sha224", "sha384", "sha512", "sha3_256", "sm3"])
def test_every_common_digest_is_computed(tmp_path: Path, algorithm: str) -> None:
    """A flipped byte is found under each digest that this machine has."""
    if algorithm not in hashlib.algorithms_available:
        pytest.skip(f"this machine has no {algorithm}")
    bag = hand_made(tmp_path / "bag", FILES, algorithm=algorithm)
    good = verify_folder(bag)
    (bag / "data/a.txt").write_bytes(b"onf")

    assert not failed(good), good.findings
    assert "BG-801" in failed(verify_folder(bag))


def test_a_bag_without_manifest_or_data(tmp_path: Path) -> None:
    """An empty folder is bad for what it lacks."""
    (tmp_path / "bag").mkdir()

    assert {"BG-201", "BG-301", "BG-509"} <= failed(verify_folder(tmp_path / "bag"))


def test_an_empty_payload_is_allowed(tmp_path: Path) -> None:
    """A bag may hold nothing (RFC 8493, 2.1.2)."""
    assert not failed(verify_folder(hand_made(tmp_path / "bag", {})))


def test_tag_manifests_must_not_list_payload_or_each_other(tmp_path: Path) -> None:
    """A tag manifest that lists payload or tag manifests is a fault in 1.0."""
    listed = {"data/a.txt": b"one", "tagmanifest-md5.txt": b""}
    tags = {"tagmanifest-sha256.txt": manifest_lines(listed).encode(), "tagmanifest-md5.txt": b""}
    report = verify_folder(hand_made(tmp_path / "bag", FILES, tags=tags))

    assert {"BG-403", "BG-404"} <= failed(report)
    assert "BG-508" in codes(report)


def test_a02_a_damaged_manifest_does_not_blame_the_payload(tmp_path: Path) -> None:
    """When the tag manifest says that a manifest is damaged, its quarrel with the payload is not judged."""
    good = manifest_lines(FILES).encode()
    tags = {
        "tagmanifest-sha256.txt": manifest_lines({"manifest-sha256.txt": good}).encode(),
        "manifest-sha256.txt": (b"0" if good[:1] != b"0" else b"1") + good[1:],
    }
    report = verify_folder(hand_made(tmp_path / "bag", FILES, tags=tags))

    assert failed(report) == {"BG-803"}
    assert "BG-804" in codes(report)


def test_an_absent_folder_cannot_be_judged(tmp_path: Path) -> None:
    """No folder, or a file in its place, raises CouldNotJudge."""
    (tmp_path / "file").write_bytes(b"")

    with pytest.raises(CouldNotJudge):
        verify_folder(tmp_path / "absent")
    with pytest.raises(CouldNotJudge):
        verify_folder(tmp_path / "file")


def test_deep_folders_do_not_exhaust_the_judge(tmp_path: Path) -> None:
    """A tree deeper than Python's call stack likes is walked."""
    deep = "data/" + "d/" * 700 + "leaf.txt"

    assert not failed(verify_folder(hand_made(tmp_path / "bag", {deep: b"x"})))


def test_threads_and_progress(tmp_path: Path) -> None:
    """One thread or four find the same, and progress ends with all bytes."""
    files = {f"data/{number}.bin": bytes([number]) * 70_000 for number in range(12)}
    bag = hand_made(tmp_path / "bag", files)
    (bag / "data/7.bin").write_bytes(b"x" * 70_000)
    heard: list[tuple[int, int]] = []
    one = verify_folder(bag, threads=1)
    four = verify_folder(bag, threads=4, progress=lambda done, total: heard.append((done, total)))

    assert one == four
    assert failed(one) == {"BG-801"}
    assert heard[-1] == (840_000, 840_000)
    assert [done for done, _ in heard] == sorted(done for done, _ in heard)


def test_system_litter_and_names_for_other_systems(tmp_path: Path) -> None:
    """Names that Windows or macOS would change, and their leftovers, are warnings."""
    files = {"data/Thumbs.db": b"", "data/con.txt": b"", "data/a?b": b"", "data/A": b"", "data/a": b""}
    report = verify_folder(hand_made(tmp_path / "bag", files))

    assert not failed(report), report.findings
    assert {"BG-701", "BG-702", "BG-703"} <= codes(report)


def test_every_code_has_a_line() -> None:
    """Each code that a judge can say is in FINDING_CODES, and each line there is said by a judge."""
    folder = Path(__file__).parents[2] / "preservation"
    rooms = [path for path in folder.glob("*.py") if path.name != "findings.py"]
    source = "".join(path.read_text("utf-8") for path in rooms)
    unsaid = [code for code in FINDING_CODES if f'"{code}"' not in source]
    unknown = set(re.findall(r'"((?:BG|FX)-[0-9]{3})"', source)) - set(FINDING_CODES)

    assert not unsaid
    assert not unknown
