"""The table of formats holds together."""

import pytest

from preservation import formats


def test_every_row_uses_known_words() -> None:
    """Family, acceptance, risk and maker are words that the code knows."""
    for row in formats.FORMATS:
        assert row.family in formats.FAMILIES, row
        assert row.accepted in ("yes", "warn", "no"), row
        assert row.risk in ("low", "medium", "high"), row
        assert row.maker in ("image", "document", "text", "none"), row
        assert row.extensions == tuple(one.lower().lstrip(".") for one in row.extensions), row


def test_no_mime_and_no_puid_stands_twice() -> None:
    """A MIME type, an alias and a PRONOM identifier each belong to one row."""
    mimes = [mime for row in formats.FORMATS for mime in (row.mime, *row.aliases)]
    puids = [puid for row in formats.FORMATS for puid in row.puids]

    assert len(mimes) == len(set(mimes))
    assert len(puids) == len(set(puids))


def test_programs_and_only_programs_are_refused() -> None:
    """Executables are the one family that is not taken in."""
    assert {row.family for row in formats.FORMATS if row.accepted == "no"} == {"executable"}
    assert {row.accepted for row in formats.FORMATS if row.family == "executable"} == {"no"}


@pytest.mark.parametrize("mime", ["image/jpeg", "image/tiff", "application/pdf", "application/ofd"])
def test_archival_formats_are_taken_in_without_a_warning(mime: str) -> None:
    """The formats of GB/T 18894-2016 and DA/T 50-2014 are accepted."""
    assert formats.by_mime(mime).accepted == "yes"


def test_names_are_looked_up_in_any_spelling() -> None:
    """Aliases, parameters and capitals lead to the same row."""
    assert formats.by_mime("image/pjpeg").mime == "image/jpeg"
    assert formats.by_mime("Text/Plain; charset=gb18030").mime == "text/plain"
    assert formats.by_mime("nothing/known") is formats.UNKNOWN
    assert formats.by_puid("fmt/2062").mime == "image/avif"
    assert formats.by_puid("fmt/0") is formats.UNKNOWN
    assert [row.mime for row in formats.by_extension("JPEG")] == ["image/jpeg"]
    assert formats.by_extension("") == ()


@pytest.mark.parametrize(
    ("name", "extension"),
    [("毕业照.JPG", "jpg"), ("a.tar.gz", "gz"), (".hidden", ""), ("无扩展名", ""), ("a.", ""), ("a.exe ", "exe")],
)
def test_the_last_extension_counts(name: str, extension: str) -> None:
    """The extension is the last part, lower case; a hidden file has none."""
    assert formats.extension_of(name) == extension
