"""Reading to the end: damaged, hostile, locked and tagged files."""

import struct
from collections.abc import Iterator
from pathlib import Path

import pytest
from PIL import ExifTags, Image

from preservation.checks import Outcome
from preservation.examine import SipFile
from preservation.intake import check
from preservation.sandbox import Limits, Sandbox
from preservation.virus import NoScanner
from tests.preservation import samples
from tests.preservation.intake_parts import codes, judged, only


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    """Two children for all tests here."""
    with Sandbox(workers=2, limits=Limits(wall_seconds=20.0)) as opened:
        yield opened


@pytest.mark.parametrize("extension", ["jpg", "tif", "png", "webp", "jp2", "gif"])
def test_d07_a_truncated_image_is_damaged_and_told(sandbox: Sandbox, tmp_path: Path, extension: str) -> None:
    """A cut image fails the reading check; its facts and the report are still there."""
    path = samples.cut(samples.photo(tmp_path / f"a.{extension}"))
    before = path.read_bytes()
    report = judged(sandbox, samples.sip_file(path))

    assert only(report, "IN-140").outcome is Outcome.FAILED
    assert report.files[0].readable is Outcome.FAILED
    assert path.read_bytes() == before


def test_d07_a_jpeg_cut_by_its_last_tenth_is_noticed(sandbox: Sandbox, tmp_path: Path) -> None:
    """Reading at an eighth of the size still reads every compressed byte."""
    path = samples.cut(samples.photo(tmp_path / "a.jpg", (2400, 1800)), 0.9)

    assert codes(judged(sandbox, samples.sip_file(path))) == ["IN-140"]


def test_d07_a_compressed_tiff_with_damage_inside_is_noticed(sandbox: Sandbox, tmp_path: Path) -> None:
    """Damage in the second page of a TIFF is found, not only in the first."""
    path = tmp_path / "a.tif"
    pages = [Image.effect_noise((300, 300), 60) for _ in range(2)]
    pages[0].save(path, save_all=True, append_images=pages[1:], compression="tiff_adobe_deflate")
    with Image.open(path) as image:
        image.seek(1)
        strip = image.getexif()[ExifTags.Base.StripOffsets][0]
    content = bytearray(path.read_bytes())
    struct.pack_into("64s", content, strip, b"\xff" * 64)
    path.write_bytes(content)
    report = judged(sandbox, samples.sip_file(path))

    assert codes(report) == ["IN-140"]


def test_d06_an_image_bomb_is_kept_and_not_opened(sandbox: Sandbox, tmp_path: Path) -> None:
    """900 Mpx in 110 KB: not run, with its size told; the file is untouched."""
    path = samples.bomb_png(tmp_path / "bomb.png")
    report = judged(sandbox, samples.sip_file(path))

    assert only(report, "IN-141").outcome is Outcome.NOT_RUN
    assert (report.files[0].width, report.files[0].readable) == (30_000, Outcome.NOT_RUN)


def test_a_pdf_is_opened_and_counted(sandbox: Sandbox, tmp_path: Path) -> None:
    """A document's pages are counted."""
    report = judged(sandbox, samples.sip_file(samples.pdf(tmp_path / "a.pdf", ("one", "two", "three"))))

    assert report.report.outcome is Outcome.PASSED
    assert report.files[0].pages == 3


def test_d07_a_broken_pdf_is_damaged(sandbox: Sandbox, tmp_path: Path) -> None:
    """A PDF without its objects fails the reading check."""
    path = tmp_path / "a.pdf"
    path.write_bytes(b"%PDF-1.4\n" + b"nothing to see here\n" * 40 + b"%%EOF\n")

    assert only(judged(sandbox, samples.sip_file(path)), "IN-140").outcome is Outcome.FAILED


def test_d24_a_locked_pdf_is_flagged(sandbox: Sandbox, tmp_path: Path) -> None:
    """A PDF that asks for a password is kept with a warning."""
    report = judged(sandbox, samples.sip_file(samples.locked_pdf(tmp_path / "a.pdf")))

    assert only(report, "IN-143").outcome is Outcome.WARNED
    assert report.report.outcome is Outcome.WARNED


@pytest.mark.parametrize(
    "catalog",
    [
        "/OpenAction << /S /JavaScript /JS (app.alert\\(1\\)) >>",
        "/OpenAction << /S /Launch /F (calc) >>",
        "/Names << /EmbeddedFiles << /Names [(a) << /Type /Filespec /F (a) /EF << /F 5 0 R >> >>] >> >>",
    ],
)
def test_d08_active_content_of_a_pdf_is_flagged(sandbox: Sandbox, tmp_path: Path, catalog: str) -> None:
    """Scripts, launch actions and attachments are told; the file is kept."""
    path = samples.pdf(tmp_path / "a.pdf", catalog=catalog)
    report = judged(sandbox, samples.sip_file(path))

    assert only(report, "IN-145").outcome is Outcome.WARNED
    assert report.files[0].readable is Outcome.PASSED


def test_text_is_read_in_its_own_encoding(sandbox: Sandbox, tmp_path: Path) -> None:
    """A GBK text passes, and the facts say in which encoding it is."""
    path = tmp_path / "a.txt"
    path.write_text("会议记录：一九五六年，学校扩建校舍。\n" * 50, "gbk")
    report = judged(sandbox, samples.sip_file(path))

    assert report.report.outcome is Outcome.PASSED
    assert report.files[0].format.charset == "gb18030"


def test_what_has_no_reader_is_not_run(sandbox: Sandbox, tmp_path: Path) -> None:
    """An OFD is accepted and identified, and honestly not read."""
    report = judged(sandbox, samples.sip_file(samples.ofd(tmp_path / "a.ofd")))

    assert codes(report) == ["IN-144"]
    assert report.report.outcome is Outcome.NOT_RUN


def test_a_text_of_unknown_encoding_is_not_run(sandbox: Sandbox, tmp_path: Path) -> None:
    """A text that decodes as nothing is named so, not guessed at."""
    path = tmp_path / "a.txt"
    path.write_bytes("Vieilles photos de l'école, fête d'été à Orléans\n".encode("latin-1") * 20)
    report = judged(sandbox, samples.sip_file(path))

    assert only(report, "IN-146").outcome is Outcome.NOT_RUN
    assert report.files[0].format.charset == ""


def test_p13_a_reader_that_dies_leaves_the_file_not_run(tmp_path: Path) -> None:
    """When the child cannot finish, the reason is told and nothing is lost."""
    path = tmp_path / "a.tif"
    Image.new("RGB", (7_000, 7_000)).save(path, compression="tiff_adobe_deflate")
    before = path.read_bytes()
    with Sandbox(workers=1, limits=Limits(memory_bytes=256 << 20)) as tight:
        report = judged(tight, samples.sip_file(path))

    assert only(report, "IN-142").outcome is Outcome.NOT_RUN
    assert only(report, "IN-142").fact("reason") == "memory"
    assert path.read_bytes() == before


def test_p13_a_judge_that_takes_too_long_is_stopped(tmp_path: Path) -> None:
    """A huge file of unknown kind: PRONOM is stopped, libmagic answers alone, the file is kept."""
    path = tmp_path / "content"
    with open(path, "wb") as stream:
        stream.truncate(16 << 30)  # a hole: it takes no room on the disk
    huge = SipFile(path, "数据.xyz", 16 << 30, "0" * 64)
    with Sandbox(workers=1, limits=Limits(wall_seconds=2.0)) as hurried:
        report = check((huge,), known_digests={}, scanner=NoScanner(), sandbox=hurried)

    told = only(report, "IN-121")
    assert (told.fact("judge"), told.fact("detail")) == ("pronom", "timeout")
    assert report.files[0].format.judgements[1].mime == "application/octet-stream"


def chinese_tags(path: Path) -> SipFile:
    """Write a photo with Chinese in every place where cameras and programs put it."""
    xmp = (
        '<x:xmpmeta xmlns:x="adobe:ns:meta/">'
        '<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">'
        '<rdf:Description xmlns:dc="http://purl.org/dc/elements/1.1/"><dc:title><rdf:Alt>'
        '<rdf:li xml:lang="x-default">第一届毕业生合影</rdf:li></rdf:Alt></dc:title></rdf:Description>'
        "</rdf:RDF></x:xmpmeta>"
    )
    exif = Image.Exif()
    exif[ExifTags.Base.Orientation] = 6
    exif[ExifTags.Base.Software] = "########"  # Pillow writes ASCII only: real bytes follow
    exif[ExifTags.Base.Make] = "M$ller"
    exif.get_ifd(ExifTags.IFD.Exif)[ExifTags.Base.DateTimeOriginal] = "1998:06:30 10:20:30"
    exif.get_ifd(ExifTags.IFD.GPSInfo)[ExifTags.GPS.GPSLatitude] = (1.0, 2.0, 3.0)
    content = samples.photo(path, xmp=xmp.encode("utf-8"), exif=exif).read_bytes()
    content = content.replace(b"########", "修图软件".encode("gbk")).replace(b"M$ller", b"M\xfcller")
    path.write_bytes(content)
    return samples.sip_file(path)


def test_tags_are_read_as_safe_text(sandbox: Sandbox, tmp_path: Path) -> None:
    """Chinese in XMP and in GBK bytes, orientation, date and position are told."""
    (facts,) = judged(sandbox, chinese_tags(tmp_path / "a.jpg")).files

    assert facts.title == "第一届毕业生合影"
    assert facts.software == "修图软件"
    assert facts.device == "Müller"
    assert facts.exif_date == "1998:06:30 10:20:30"
    assert (facts.orientation, facts.has_gps) == (6, True)
    assert (facts.width, facts.height) == (400, 300)


def test_d27_entities_in_xmp_are_not_followed(sandbox: Sandbox, tmp_path: Path) -> None:
    """A packet with entities is left unread; the photo passes."""
    bomb = b'<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a "b"><!ENTITY c "&a;&a;">]><x>&c;</x>'
    report = judged(sandbox, samples.sip_file(samples.photo(tmp_path / "a.jpg", xmp=bomb)))

    assert report.files[0].title == ""
    assert report.files[0].readable is Outcome.PASSED
