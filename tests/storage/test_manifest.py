"""RFC 8493 tag files: what we write is read back, by us and by the rules."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from storage.errors import Unreadable, UnsafeName
from storage.manifest import (
    InfoLine,
    ManifestLine,
    Oxum,
    info_text,
    manifest_text,
    parse_info,
    parse_manifest,
    parse_oxum,
    size_text,
)

TEXT = st.text(st.characters(exclude_categories=("Cs",)), min_size=1)


def test_a_manifest_is_sorted_and_escapes_three_characters() -> None:
    """CR, LF and % are percent-encoded, everything else stands as it is (section 2.1.3)."""
    lines = [ManifestLine("data/b\r\n", "22"), ManifestLine("data/a 100%0A.照片", "11")]

    assert manifest_text(lines) == "11  data/a 100%250A.照片\n22  data/b%0D%0A\n"


@given(st.lists(TEXT, unique=True))
def test_a_manifest_is_read_back(paths: list[str]) -> None:
    """Any paths survive text and back."""
    lines = tuple(sorted(ManifestLine(path, "0f") for path in paths))

    assert parse_manifest(manifest_text(lines)) == lines


@pytest.mark.parametrize("text", ["0f data/a\n", "0f  \n", "  data/a\n", "xy  data/a\n", "\n", "0f  data/a"])
def test_a_damaged_manifest_is_unreadable(text: str) -> None:
    """A line of another form, or a cut off one, is Unreadable."""
    with pytest.raises(Unreadable):
        parse_manifest(text)


def test_info_lines_keep_order_and_repeats() -> None:
    """Labels may repeat; order is kept; values may hold colons."""
    lines = (InfoLine("Contact-Name", "甲"), InfoLine("Note", "a: b"), InfoLine("Contact-Name", "乙"))

    assert info_text(lines) == "Contact-Name: 甲\nNote: a: b\nContact-Name: 乙\n"
    assert parse_info(info_text(lines)) == lines


@pytest.mark.parametrize("end", ["\n", "\r", "\r\n", "\n\n", "\u2028", "\x85", "\x0b", "\x0c", "\x1e"])
def test_e18_a_line_break_in_a_value_makes_no_new_line(end: str) -> None:
    """A value can't pretend to be another label: its breaks become folds, read as a blank."""
    text = info_text([InfoLine("Title", f"one{end}Payload-Oxum: 0.0")])

    assert all(line[:1].isspace() for line in text.splitlines()[1:])
    assert parse_info(text) == (InfoLine("Title", "one Payload-Oxum: 0.0"),)


def test_empty_values_are_kept() -> None:
    """A value of nothing is read back as nothing."""
    assert parse_info(info_text([InfoLine("Title", " \n "), InfoLine("B", "1")])) == (
        InfoLine("Title", ""),
        InfoLine("B", "1"),
    )


@pytest.mark.parametrize("label", ["", " ", "a:b", "a\nb", " a", "a "])
def test_labels_that_could_not_be_read_back_are_refused(label: str) -> None:
    """A label without name, with a colon or a line end is UnsafeName."""
    with pytest.raises(UnsafeName):
        info_text([InfoLine(label, "x")])


@pytest.mark.parametrize("text", ["no colon\n", ": x\n", "  fold without a line\n", "a: b"])
def test_a_damaged_info_is_unreadable(text: str) -> None:
    """A line without label, or a cut off one, is Unreadable."""
    with pytest.raises(Unreadable):
        parse_info(text)


def test_oxum_is_bytes_and_files() -> None:
    """Payload-Oxum is told and read as bytes.files; other forms are Unreadable."""
    assert parse_oxum(str(Oxum(bytes=120, files=3))) == Oxum(120, 3)
    for text in ("", "1", "1.", ".1", "1.2.3", "-1.2", "a.b", "１.２"):
        with pytest.raises(Unreadable):
            parse_oxum(text)


@pytest.mark.parametrize(
    ("size", "text"),
    [(0, "0 B")]
    + [(999, "999 B"), (1000, "1.0 KB"), (1500, "1.5 KB"), (999_950, "1.0 MB"), (10**18, "1000.0 PB")],
)
def test_sizes_are_told_for_people(size: int, text: str) -> None:
    """Sizes are told in thousands with one decimal place."""
    assert size_text(size) == text
