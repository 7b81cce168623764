"""Random damage to tag files: never a crash, and good only what bagit-python finds good."""

import random
import tempfile
from pathlib import Path

import bagit
from hypothesis import given, settings
from hypothesis import strategies as st

from preservation.checks import Outcome
from preservation.verify import exit_code, verify_folder
from tests.bags.making import hand_made, manifest_lines

#: What is put into tag files; no U+0085, which bagit-python takes for a line end inside names.
TOKENS = (
    *(b"\n", b"\r", b" ", b"  ", b"\t", b"*", b"./", b"../", b"/", b"~", b"%", b"%25", b"%0A", b":", b"#"),
    *(b"\xef\xbb\xbf", b"\xff", b"\x00", b"data/", b"0", b"a", b"1.0", b"UTF-16", b"Payload-Oxum: 7.3\n"),
)
TAG_FILES = ("bagit.txt", "bag-info.txt", "manifest-sha256.txt")


def damaged(raw: bytes, chance: random.Random) -> bytes:
    """Return a tag file with something put in, taken out, doubled or cut off."""
    at = chance.randrange(len(raw) + 1)
    kind = chance.randrange(4)
    if kind == 0:
        return raw[:at] + chance.choice(TOKENS) + raw[at:]
    if kind == 1:
        return raw[:at] + raw[at + chance.randrange(1, 4) :]  # noqa: E203
    if kind == 2:
        lines = raw.split(b"\n")
        lines.insert(chance.randrange(len(lines)), chance.choice(lines))
        return b"\n".join(lines)
    return raw[:at]


def random_bag(folder: Path, chance: random.Random) -> Path:
    """Return a bag by hand with one or two changes in one tag file."""
    files = {"data/a.txt": b"one", "data/é b.txt": b"two", "data/sub/c.txt": b"3"}
    info = {"bag-info.txt": b"Payload-Oxum: 7.3\nContact-Name: a\n  b\n"}
    bag = hand_made(folder, files, version=chance.choice(["0.97", "1.0"]), tags=info)
    path = bag / chance.choice(TAG_FILES)
    for _ in range(chance.choice([1, 1, 2])):
        path.write_bytes(damaged(path.read_bytes(), chance))
    if chance.random() < 0.5:  # a tag manifest that agrees: the damage was there when it was made
        tags = {name: (bag / name).read_bytes() for name in TAG_FILES}
        (bag / "tagmanifest-sha256.txt").write_text(manifest_lines(tags), "utf-8")
    return bag


def bagit_says_good(folder: Path) -> bool:
    """Return whether bagit-python finds a bag valid; it crashes on some bad ones."""
    try:
        bagit.Bag(str(folder)).validate()
    except (bagit.BagError, UnicodeError, ValueError, TypeError, AttributeError, LookupError):
        return False
    return True


@settings(max_examples=400, deadline=None, derandomize=True)  # bagit-python's errors are not ours to find
@given(st.integers(0, 10**9))
def test_random_damage(seed: int) -> None:
    """Each random bag gets an answer, and none that we call good is bad for bagit-python."""
    with tempfile.TemporaryDirectory() as folder:
        bag = random_bag(Path(folder) / "bag", random.Random(seed))
        report = verify_folder(bag, threads=1)

        assert exit_code(report) in (0, 1, 2)
        assert exit_code(report) != 0 or bagit_says_good(bag), report.findings


@settings(max_examples=200, deadline=None)
@given(st.binary(max_size=200), st.sampled_from([*TAG_FILES, "fetch.txt", "tagmanifest-md5.txt"]))
def test_any_bytes_in_a_tag_file(raw: bytes, name: str) -> None:
    """Any bytes in any tag file are answered, and random ones seldom make a good bag."""
    with tempfile.TemporaryDirectory() as folder:
        bag = hand_made(Path(folder) / "bag", tags={name: raw})
        report = verify_folder(bag, threads=1)

        assert report.outcome in Outcome
        assert report.outcome is not Outcome.PASSED or (bag / "tagmanifest-md5.txt").exists()
