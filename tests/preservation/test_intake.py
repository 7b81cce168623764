"""What the checks say about real files that people hand in."""

import struct
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from PIL import ExifTags, Image

from preservation.checks import Finding, Outcome
from preservation.examine import SipFile
from preservation.intake import FINDING_CODES, INTAKE_CHECKS, IntakeReport, check, shown_name
from preservation.sandbox import Limits, Sandbox
from preservation.virus import ClamdScanner, NoScanner, Scan
from tests.preservation import samples


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    """Two children for all tests here."""
    with Sandbox(workers=2, limits=Limits(wall_seconds=20.0)) as opened:
        yield opened


class Scripted:
    """A scanner that calls infected what holds a word."""

    def scan(self, path: Path) -> Scan:
        """Return FAILED for the word."""
        is_bad = b"infected-by-agreement" in path.read_bytes()
        return Scan(Outcome.FAILED, signature="Agreed") if is_bad else Scan(Outcome.PASSED)

    def version(self) -> str:
        """Return its name."""
        return "scripted"


def judged(
    sandbox: Sandbox, *files: SipFile, known: dict[str, tuple[str, ...]] | None = None
) -> IntakeReport:
    """Return what all checks say, with a scanner that finds nothing."""
    return check(files, known_digests=known or {}, scanner=Scripted(), sandbox=sandbox, subject="sip-1")


def codes(report: IntakeReport) -> list[str]:
    """Return the codes of all findings."""
    return [one.code for one in report.report.findings]


def only(report: IntakeReport, code: str) -> Finding:
    """Return the one finding of that code."""
    (found,) = [one for one in report.report.findings if one.code == code]
    return found


def test_a_good_photo_passes_every_check(sandbox: Sandbox, tmp_path: Path) -> None:
    """A JPEG under its own name has no findings; all checks ran, in their order."""
    path = samples.photo(tmp_path / "content.jpg", dpi=(300, 300))
    report = judged(sandbox, samples.sip_file(path, "1956届毕业照.jpg"))

    assert report.report.outcome is Outcome.PASSED
    assert report.report.subject == "sip-1"
    assert [one.check for one in report.report.results] == [one.__name__ for one in INTAKE_CHECKS]
    (facts,) = report.files
    assert (facts.width, facts.height, facts.dpi, facts.colour_mode) == (400, 300, (300.0, 300.0), "RGB")
    assert (facts.readable, facts.pages, facts.family) == (Outcome.PASSED, 1, "image")


def test_an_empty_submission_fails(sandbox: Sandbox) -> None:
    """Nothing handed in is a failure, not a success of nothing."""
    assert codes(judged(sandbox)) == ["IN-101"]


def test_d22_an_empty_file_fails_once(sandbox: Sandbox, tmp_path: Path) -> None:
    """A file of 0 bytes is told once, not by every check again."""
    path = tmp_path / "content"
    path.touch()
    report = judged(sandbox, samples.sip_file(path, "空.jpg"))

    assert codes(report) == ["IN-102"]
    assert report.files[0].readable is Outcome.NOT_RUN


@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("a\u202egpj.exe.jpg", "IN-110"),
        ("a\nb.jpg", "IN-110"),
        ("零\u200b宽.jpg", "IN-110"),
        ("../../etc/passwd.jpg", "IN-111"),
        ("C:\\照片\\a.jpg", "IN-111"),
        ("CON.jpg", "IN-112"),
        ("a?.jpg", "IN-112"),
        ("字" * 86 + ".jpg", "IN-113"),
        (b"\xb0\xa1.jpg".decode("utf-8", "surrogateescape"), "IN-114"),
        ("Thumbs.db", "IN-115"),
        ("._照片.jpg", "IN-115"),
    ],
)
def test_d19_d20_d21_odd_names_are_warned_about(
    sandbox: Sandbox, tmp_path: Path, name: str, code: str
) -> None:
    """An odd name never stops a file: it is kept and shown escaped."""
    path = samples.photo(tmp_path / "content.jpg")
    report = judged(sandbox, replace(samples.sip_file(path), name=name))

    assert only(report, code).outcome is Outcome.WARNED
    assert only(report, code).path == name
    assert report.files[0].readable is Outcome.PASSED


def test_shown_names_hold_no_controls() -> None:
    """Direction marks, line ends and odd bytes become visible signs."""
    assert shown_name("a\u202eb\n\udcb0字") == "a\\u{202e}b\\u{000a}\\u{dcb0}字"


def test_a_program_renamed_as_a_photo_fails(sandbox: Sandbox, tmp_path: Path) -> None:
    """A renamed .exe fails twice: it is a program, and its name lies."""
    report = judged(sandbox, samples.sip_file(samples.program(tmp_path / "content"), "毕业照.jpg"))

    assert report.report.outcome is Outcome.FAILED
    assert only(report, "IN-122").outcome is Outcome.FAILED
    assert only(report, "IN-133").fact("extension") == "jpg"


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


def test_d01_duplicates_are_linked_and_never_refused(sandbox: Sandbox, tmp_path: Path) -> None:
    """The same bytes in the archive, or twice in one submission, are a warning with a link."""
    path = samples.photo(tmp_path / "a.jpg")
    first = samples.sip_file(path, "一.jpg")
    second = samples.sip_file(path, "二.jpg")
    report = judged(sandbox, first, second, known={first.sha256: ("item-7", "item-9")})

    held = [one for one in report.report.findings if one.code == "IN-150"]
    assert [one.path for one in held] == ["一.jpg", "二.jpg"]
    assert held[0].fact("items") == "item-7, item-9"
    assert only(report, "IN-151").fact("first") == "一.jpg"
    assert report.report.outcome is Outcome.WARNED


def test_d23_an_infected_file_fails(sandbox: Sandbox, tmp_path: Path) -> None:
    """The scanner's word stands in the report with the signature."""
    path = tmp_path / "a.txt"
    path.write_text("infected-by-agreement\n")
    report = judged(sandbox, samples.sip_file(path))

    assert only(report, "IN-160").fact("signature") == "Agreed"
    assert report.report.outcome is Outcome.FAILED


def test_without_a_scanner_nothing_is_called_clean(sandbox: Sandbox, tmp_path: Path) -> None:
    """No scanner: one finding for the whole submission, outcome not run."""
    files = [samples.sip_file(samples.photo(tmp_path / f"{n}.jpg", (90 + n, 60))) for n in range(3)]
    report = check(files, known_digests={}, scanner=NoScanner(), sandbox=sandbox)

    assert codes(report) == ["IN-161"]
    assert only(report, "IN-161").fact("reason") == "no_scanner"
    assert report.report.outcome is Outcome.NOT_RUN


def test_a_scanner_that_is_away_is_told_for_each_file(sandbox: Sandbox, tmp_path: Path) -> None:
    """A clamd that cannot be reached leaves each file not scanned, with the reason."""
    files = [samples.sip_file(samples.photo(tmp_path / f"{n}.jpg", (90 + n, 60))) for n in range(2)]
    away = ClamdScanner("unix:/nowhere/clamd.sock")
    report = check(files, known_digests={}, scanner=away, sandbox=sandbox)

    found = report.report.findings
    assert [(one.code, one.fact("reason")) for one in found] == [("IN-161", "unreachable")] * 2


def test_an_unknown_format_is_kept_with_a_warning(sandbox: Sandbox, tmp_path: Path) -> None:
    """Bytes that nobody knows are warned about, not refused."""
    path = tmp_path / "a.xyz"
    path.write_bytes(bytes(range(256)) * 20)
    report = judged(sandbox, samples.sip_file(path))

    assert only(report, "IN-120").outcome is Outcome.WARNED
    assert Outcome.FAILED not in {one.outcome for one in report.report.findings}


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


def test_a_judge_that_could_not_be_asked_is_told(sandbox: Sandbox, tmp_path: Path) -> None:
    """PRONOM cannot take a path that is no text: the report says so."""
    odd = tmp_path / b"\xb0\xa1.jpg".decode("utf-8", "surrogateescape")
    report = judged(sandbox, samples.sip_file(samples.photo(tmp_path / "a.jpg").rename(odd), "a.jpg"))

    assert only(report, "IN-121").fact("judge") == "pronom"
    assert report.files[0].format.mime == "image/jpeg"


def test_many_files_keep_their_order(sandbox: Sandbox, tmp_path: Path) -> None:
    """Files are examined side by side, facts come back in the order given."""
    files = [samples.sip_file(samples.photo(tmp_path / f"{n}.jpg", (100 + n, 80))) for n in range(12)]
    report = judged(sandbox, *files)

    assert [one.width for one in report.files] == [100 + n for n in range(12)]
    assert [one.file for one in report.files] == files


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


def test_every_finding_has_its_line(sandbox: Sandbox) -> None:
    """Each code that the sources name stands in the table, and the other way round."""
    folder = Path(check.__code__.co_filename).parent
    named = set()
    for source in ("intake.py", "identify.py"):
        text = (folder / source).read_text("utf-8")
        least = 2 if source == "intake.py" else 1  # there the table itself names each once
        codes = (f"IN-{number}" for number in range(100, 200))
        named |= {code for code in codes if text.count(f'"{code}"') >= least}

    assert named == set(FINDING_CODES)
