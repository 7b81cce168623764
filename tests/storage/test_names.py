"""Names: whatever comes in is kept to the byte and made fit to stand anywhere."""

import json
import os
import unicodedata
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from storage.errors import UnsafeName
from storage.names import check_path, safe_extension, safe_name, twin_key


def naughty_strings() -> list[str]:
    """Return the corpus of naughty strings; the test is skipped without it."""
    folder = os.environ.get("JINGUI_CORPORA")
    if not folder:
        pytest.skip("JINGUI_CORPORA is not set")
    place = Path(folder) / "naughty-strings" / "blns.json"
    words: list[str] = json.loads(place.read_text(encoding="utf-8"))
    return words


def is_fit(stored: str) -> bool:
    """Return whether a name can stand on every system."""
    return (
        check_path(stored) == stored
        and "/" not in stored
        and len(stored.encode()) <= 255
        and unicodedata.is_normalized("NFC", stored)
        and not stored.endswith((".", " "))
        and not any(unicodedata.category(char) in {"Cc", "Cf", "Cs"} or char in '<>:"|?*' for char in stored)
    )


def test_p15_every_naughty_string_becomes_a_fit_name(tmp_path: Path) -> None:
    """Each of the naughty strings can stand on the disk, and its bytes are kept."""
    for word in naughty_strings():
        name = safe_name(word)
        (tmp_path / name.stored).write_bytes(b"1")

        assert is_fit(name.stored), word
        assert bytes.fromhex(name.raw_hex).decode() == name.original == word


@given(st.text(max_size=400) | st.binary(max_size=400))
def test_p15_any_name_becomes_fit_and_is_kept(original: str | bytes) -> None:
    """Any text and any bytes give a fit name, twice the same, with the original kept."""
    name = safe_name(original)
    raw = original if isinstance(original, bytes) else original.encode("utf-8", "surrogatepass")

    assert is_fit(name.stored)
    assert bytes.fromhex(name.raw_hex) == raw
    assert safe_name(original) == name
    assert safe_name(name.stored).stored == name.stored


@pytest.mark.parametrize(
    ("original", "stored"),
    [
        ("毕业照 1978届.jpg", "毕业照 1978届.jpg"),
        ("C:\\Users\\某人\\照片.jpg", "照片.jpg"),
        ("../../etc/passwd", "passwd"),
        ("folder/", "folder"),
        ("", "unnamed"),
        ("..", "unnamed"),
        ("///", "unnamed"),
        ("   ", "unnamed"),
        ("CON", "_CON"),
        ("nul.txt", "_nul.txt"),
        ("com1.tar.gz", "_com1.tar.gz"),
        ("LPT¹", "_LPT¹"),
        ("console.log", "console.log"),
        ("a.", "a"),
        ("a. . .", "a"),
        ("a:b?.txt", "a_b_.txt"),
        ("line\r\nbreak.txt", "line__break.txt"),
        ("photo\u202egpj.exe", "photogpj.exe"),
        ("zero\u200bwidth\ufeff.txt", "zerowidth.txt"),
        ("~root", "_root"),
        (".DS_Store", ".DS_Store"),
    ],
)
def test_d20_d21_awkward_names_are_made_plain(original: str, stored: str) -> None:
    """Paths, reserved names, control and direction characters leave the stored name only."""
    name = safe_name(original)

    assert name.stored == stored
    assert name.original == original
    assert name.is_changed == (stored != original)


def test_d17_decomposed_names_are_composed() -> None:
    """A name from macOS (NFD) is stored composed; its own bytes are kept."""
    decomposed = unicodedata.normalize("NFD", "Café.jpg")
    name = safe_name(decomposed)

    assert name.stored == "Café.jpg"
    assert bytes.fromhex(name.raw_hex) == decomposed.encode()


def test_d18_gbk_names_are_read_and_their_bytes_kept() -> None:
    """A name in GBK bytes, or in the surrogates that hide them, is read as Chinese."""
    raw = "毕业证书.jpg".encode("gbk")
    from_bytes, from_system = safe_name(raw), safe_name(raw.decode("utf-8", "surrogateescape"))

    assert from_bytes == from_system
    assert from_bytes.original == from_bytes.stored == "毕业证书.jpg"
    assert bytes.fromhex(from_bytes.raw_hex) == raw


def test_lone_surrogates_are_shown_with_a_mark() -> None:
    """Half a character, as broken JSON gives it, is shown with U+FFFD and its bytes kept."""
    name = safe_name("\ud800.jpg")

    assert name.stored.endswith(".jpg") and is_fit(name.stored) and "\ufffd" in name.original
    assert name.raw_hex == "eda0802e6a7067"


def test_names_that_are_no_text_are_shown_with_a_mark() -> None:
    """Bytes in no known encoding are shown with U+FFFD and kept."""
    name = safe_name(b"\xff\xff.jpg")

    assert name.stored == "\ufffd\ufffd.jpg"
    assert name.raw_hex == b"\xff\xff.jpg".hex()


@pytest.mark.parametrize("length", [81, 82, 85, 86, 300])
def test_d19_long_chinese_names_keep_their_extension(length: int) -> None:
    """86 Chinese characters and more are cut between characters; the extension stays."""
    original = "照" * length + ".jpg"
    name = safe_name(original)

    assert name.stored.endswith("照.jpg") and len(name.stored.encode()) <= 255
    assert name.stored == "照" * min(length, 83) + ".jpg"
    assert name.original == original


def test_d19_a_long_end_is_no_extension() -> None:
    """A dot far from the end does not save what follows it."""
    name = safe_name("a." + "照" * 100)

    assert name.stored == "a." + "照" * 84
    assert len(safe_name("照" * 84 + " . " + "b" * 20).stored.encode()) <= 255


@pytest.mark.parametrize(
    ("name", "extension"),
    [
        ("a.JPG", ".jpg"),
        ("a.tar.gz", ".gz"),
        ("a", ""),
        (".bashrc", ""),
        ("a.", ""),
        ("照片.图", ""),
        ("a.j pg", ""),
        ("a.jp\ng", ""),
        ("a.jpg\n", ""),
        ("a." + "x" * 15, "." + "x" * 15),
        ("a." + "x" * 16, ""),
        ("a.ＪＰＧ", ""),
    ],
)
def test_extensions_are_short_plain_ascii(name: str, extension: str) -> None:
    """An extension is lower-case ASCII of at most 16 characters, or nothing."""
    assert safe_extension(name) == extension


@pytest.mark.parametrize(
    "path",
    ["a", "data/objects/0001.jpg", "说明.html"]
    + ["data/a b", "data/100%", "data/new\nline", "..a/b..", "a/~b"],
)
def test_plain_paths_pass(path: str) -> None:
    """A relative path without tricks comes back as it is."""
    assert check_path(path) == path


@pytest.mark.parametrize(
    "path",
    ["", ".", "..", "/", "/a", "a/", "a//b", "./a", "a/..", "a/../b", "\\a"]
    + ["a\\..\\b", "\\\\host\\share", "C:"]
    + ["C:/a", "c:a", "~", "~/a", "~user", "a\0", "\ud800", "data/" + "长" * 86, "%HomeDrive%\\a"],
)
def test_d13_paths_that_can_leave_their_place_are_refused(path: str) -> None:
    """Every known way out of a folder is UnsafeName, whichever system reads it."""
    with pytest.raises(UnsafeName):
        check_path(path)


def test_d16_twins_have_one_key() -> None:
    """Names that differ in case or in composition only are twins."""
    assert twin_key("Data/É.JPG") == twin_key("data/e\u0301.jpg")
    assert twin_key("a") != twin_key("b")
