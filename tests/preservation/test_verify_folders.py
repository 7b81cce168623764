"""Awkward folders: links, pipes, lost files, many threads, and what cannot be judged."""

import hashlib
import os
import re
import socket
from pathlib import Path

import pytest

from preservation.checks import Outcome
from preservation.errors import CouldNotJudge
from preservation.findings import FINDING_CODES
from preservation.verify import exit_code, verify_folder
from tests.bags.making import hand_made, manifest_lines
from tests.bags.reading import codes, failed

FILES = {"data/a.txt": b"one", "data/b.txt": b"two"}


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
