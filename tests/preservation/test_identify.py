"""Formats are told by content; the encoding of text strictly."""

import codecs
import struct
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest
from PIL import Image

from preservation import identify as identify_module
from preservation.checks import Outcome
from preservation.encoding import detect_encoding
from preservation.formats import extension_findings
from preservation.identify import identify, versions
from tests.preservation import samples

SIMPLE = "学校档案馆收藏了一九五六年的毕业照片，前排左三是校长。\n会议记录共十二页。\n"
TRADITIONAL = "學校檔案館收藏了民國三十七年的畢業照片，前排左三是校長。\n會議記錄共十二頁。\n"


@pytest.mark.parametrize(
    ("extension", "mime"),
    [
        ("jpg", "image/jpeg"),
        ("tif", "image/tiff"),
        ("png", "image/png"),
        ("jp2", "image/jp2"),
        ("webp", "image/webp"),
        ("gif", "image/gif"),
        ("bmp", "image/bmp"),
        ("avif", "image/avif"),
    ],
)
def test_d10_images_are_known_without_their_name(tmp_path: Path, extension: str, mime: str) -> None:
    """Content alone names the format: files stand in staging under generated names."""
    Image.new("RGB", (60, 40), "red").save(tmp_path / f"a.{extension}")
    path = (tmp_path / f"a.{extension}").rename(tmp_path / "content")
    found = identify(path)

    assert found.mime == mime
    assert found.puid
    assert [one.source for one in found.judgements] == ["pronom", "libmagic"]
    assert extension_findings(found, f"照片.{extension.upper()}") == ()


def test_pdf_and_its_version_are_known(tmp_path: Path) -> None:
    """PRONOM tells the version of a PDF."""
    found = identify(samples.pdf(tmp_path / "content"))

    assert (found.mime, found.version, found.source) == ("application/pdf", "1.4", "pronom")
    assert found.charset == ""


def test_an_ofd_is_told_from_a_zip(tmp_path: Path) -> None:
    """OFD.xml at the root makes an OFD; elsewhere it makes nothing."""
    found = identify(samples.ofd(tmp_path / "a"))
    with zipfile.ZipFile(tmp_path / "b", "w") as archive:
        archive.writestr("folder/OFD.xml", "<x/>")
    other = identify(tmp_path / "b")

    assert (found.mime, found.source) == ("application/ofd", "own")
    assert "application/zip" in [one.mime for one in found.judgements]
    assert other.mime == "application/zip"


def test_d05_a_broken_or_huge_zip_directory_is_not_read(tmp_path: Path) -> None:
    """A directory larger than the limit, or a forged one, is no OFD and no crash."""
    path = samples.ofd(tmp_path / "a")
    content = bytearray(path.read_bytes())
    at = content.rfind(b"PK\x05\x06")
    struct.pack_into("<I", content, at + 12, 64 << 20)
    path.write_bytes(content)
    (tmp_path / "b").write_bytes(b"PK\x03\x04" + bytes(100))

    assert identify(path).mime == "application/zip"
    assert identify(tmp_path / "b").mime != "application/ofd"


@pytest.mark.parametrize(
    ("text", "encoding", "told"),
    [
        ("plain words\n", "ascii", "us-ascii"),
        (SIMPLE, "utf-8", "utf-8"),
        (SIMPLE, "utf-8-sig", "utf-8-sig"),
        (SIMPLE, "gbk", "gb18030"),
        ("校长", "gbk", "gb18030"),
        (SIMPLE * 4_000, "gbk", "gb18030"),
        ("姓名：㐀𠀀。" + SIMPLE, "gb18030", "gb18030"),
        (TRADITIONAL, "big5", "big5hkscs"),
        (TRADITIONAL * 4_000, "big5", "big5hkscs"),
        (SIMPLE, "utf-16", "utf-16"),
        ("Minutes of the 1956 meeting\n" * 3, "utf-16-le", "utf-16-le"),
        ("Minutes of the 1956 meeting\n" * 3, "utf-16-be", "utf-16-be"),
        (SIMPLE, "utf-32", "utf-32"),
    ],
)
def test_the_encoding_of_a_text_is_found(tmp_path: Path, text: str, encoding: str, told: str) -> None:
    """Each encoding that Chinese schools use is found, and decodes to the same text."""
    path = tmp_path / "content"
    path.write_bytes(text.encode(encoding))
    found = identify(path)

    assert found.charset == told
    assert found.mime == "text/plain"
    assert path.read_bytes().decode(found.charset) == text


def test_one_wrong_byte_at_the_end_is_noticed(tmp_path: Path) -> None:
    """The whole file must decode, not its beginning."""
    path = tmp_path / "content"
    path.write_bytes((SIMPLE * 3_000).encode("utf-8") + b"\xff")

    assert detect_encoding(path) != "utf-8"


@pytest.mark.parametrize(
    "content", [b"", bytes(range(256)) * 40, b"a\0b" * 50, codecs.BOM_UTF16_LE + b"\x00\xd8", b"\x81" * 31]
)
def test_what_is_no_text_has_no_encoding(tmp_path: Path, content: bytes) -> None:
    """Empty, binary, NUL-ridden and cut content is not called text."""
    path = tmp_path / "content"
    path.write_bytes(content)

    assert detect_encoding(path) == ""


def test_a_table_is_known_by_its_name_only_as_text(tmp_path: Path) -> None:
    """.csv says table for a text, and nothing for a picture."""
    table = tmp_path / "a"
    table.write_text("姓名,班级\n林一,二班\n", "gbk")
    picture = samples.photo(tmp_path / "b.jpg")

    assert identify(table, "名册.csv").mime == "text/csv"
    assert identify(picture, "名册.csv").mime == "image/jpeg"


@pytest.mark.parametrize(
    ("name", "code", "outcome"),
    [
        ("照片.jpg", None, None),
        ("照片.JPEG", None, None),
        ("照片.jfif", None, None),
        ("照片.png", "IN-134", Outcome.WARNED),
        ("照片.pdf", "IN-130", Outcome.FAILED),
        ("照片.exe", "IN-133", Outcome.FAILED),
        ("照片.xyz", "IN-132", Outcome.WARNED),
        ("照片", "IN-131", Outcome.WARNED),
    ],
)
def test_d10_extension_against_content(
    tmp_path: Path, name: str, code: str | None, outcome: Outcome | None
) -> None:
    """An alias is fine; another kind is a failure; an unknown one a warning."""
    found = extension_findings(identify(samples.photo(tmp_path / "a.jpg")), name)

    assert [(one.code, one.outcome) for one in found] == ([(code, outcome)] if code else [])


def test_a_program_renamed_as_a_photo_is_found(tmp_path: Path) -> None:
    """A Windows program called .jpg is a failure and of the family of programs."""
    found = identify(samples.program(tmp_path / "content"), "毕业照.jpg")

    assert found.row.family == "executable"
    assert [one.code for one in extension_findings(found, "毕业照.jpg")] == ["IN-133"]


def test_a_shell_script_is_a_program(tmp_path: Path) -> None:
    """Where PRONOM says only "text", libmagic's better word counts."""
    path = tmp_path / "content"
    path.write_text("#!/bin/sh\nrm -rf x\n")

    assert identify(path, "说明.txt").row.family == "executable"


def test_undecodable_file_names_can_be_read(tmp_path: Path) -> None:
    """A path that is no text is judged by libmagic alone, not refused."""
    odd = b"\xb0\xa1.jpg".decode("utf-8", "surrogateescape")
    path = samples.photo(tmp_path / "a.jpg").rename(tmp_path / odd)
    found = identify(path)

    assert found.mime == "image/jpeg"
    assert found.warnings == ("pronom_not_run",)


def test_a_missing_judge_is_not_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without libraries both halves are NOT_RUN; own rules still speak."""
    monkeypatch.setattr(identify_module, "pygfried", None)
    monkeypatch.setattr(identify_module, "magic", None)
    identify_module._cookies.cache_clear()
    found = identify(samples.photo(tmp_path / "a.jpg"))
    text = tmp_path / "b"
    text.write_text(SIMPLE, "gbk")
    told = identify(text)
    identify_module._cookies.cache_clear()

    assert {one.outcome for one in found.judgements} == {Outcome.NOT_RUN}
    assert found.warnings == ("pronom_not_run", "libmagic_not_run")
    assert found.mime == "application/octet-stream"
    assert (told.mime, told.charset, told.source) == ("text/plain", "gb18030", "own")


def test_without_a_libmagic_the_one_in_the_wheel_steps_in(tmp_path: Path) -> None:
    """A machine that has no libmagic still asks both judges."""
    path = samples.photo(tmp_path / "a.jpg")
    # ctypes finds no system library: as on a bare Debian without file(1).
    script = (
        "import ctypes.util, ctypes, sys, pathlib\n"
        "real = ctypes.CDLL\n"
        "class Bare(real):\n"
        "    def __init__(self, name, *rest, **named):\n"
        "        if name == 'libmagic.so.1': raise OSError(name)\n"
        "        real.__init__(self, name, *rest, **named)\n"
        "ctypes.util.find_library = lambda name: None\n"
        "ctypes.CDLL = Bare\n"
        "from preservation.identify import identify\n"
        "found = identify(pathlib.Path(sys.argv[1]))\n"
        "print([one.mime for one in found.judgements], 'pylibmagic' in sys.modules)\n"
    )
    root = str(Path(identify_module.__file__).parent.parent)
    ran = subprocess.run(
        [sys.executable, "-c", script, str(path)], capture_output=True, text=True, cwd=root, check=False
    )

    assert ran.stdout.strip() == "['image/jpeg', 'image/jpeg'] True", ran.stderr


def test_the_judges_tell_their_versions() -> None:
    """Events can name the software that identified a file."""
    assert set(versions()) == {"siegfried", "libmagic"}
