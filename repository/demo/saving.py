"""Drawn pages to files: JPEG, TIFF of many pages, PDF, PNG.

The same drawing gives the same bytes: no clock is read, dates inside the files are fixed. A scan
carries the day of scanning in its EXIF data, which is never the day the picture was taken; that
trap is wanted here.
"""

from io import BytesIO
from pathlib import Path
from time import struct_time

from PIL import Image

from repository.demo.draw_pen import Drawing

SCANNED_ON = "2021:03:15 10:20:00"  # EXIF day of the scanner
EXIF_DATE_TIME = 0x0132
EXIF_MODEL = 0x0110
FIXED_DAY = struct_time((2021, 3, 15, 10, 20, 0, 0, 74, 0))
LINE_POINTS = 27.8  # from one text line to the next on a page, points
RESOLUTION = 300


def save_jpeg(page: Image.Image, path: Path, *, quality: int = 85) -> None:
    """Write one page as JPEG with the EXIF data of a scanner."""
    exif = Image.Exif()
    exif[EXIF_DATE_TIME] = SCANNED_ON
    exif[EXIF_MODEL] = "Yunxi Flatbed 1"
    page.convert("RGB").save(path, quality=quality, dpi=(RESOLUTION, RESOLUTION), exif=exif, optimize=False)


def save_tiff(pages: tuple[Image.Image, ...], path: Path, *, black: bool) -> None:
    """Write all pages into one TIFF: black and white as from an office copier, or colour."""
    ready = [_black(page) if black else page.convert("RGB") for page in pages]
    way = "group4" if black else "jpeg"
    ready[0].save(path, save_all=True, append_images=ready[1:], compression=way, dpi=(RESOLUTION, RESOLUTION))


def save_image_pdf(pages: tuple[Image.Image, ...], path: Path) -> None:
    """Write the pages as a PDF that holds pictures only: its words cannot be found before OCR."""
    first, *rest = [page.convert("RGB") for page in pages]
    first.save(
        path,
        "PDF",
        save_all=True,
        append_images=rest,
        resolution=120.0,
        creationDate=FIXED_DAY,
        modDate=FIXED_DAY,
    )


def save_text_pdf(drawing: Drawing, path: Path) -> None:
    """Write the pages as a PDF with the words as an unseen layer, as OCR software leaves it (双层 PDF)."""
    bodies: list[bytes] = [b"", b"", _font(), _descendant(), _descriptor()]
    kids = []
    for page, words in zip(drawing.pages, drawing.words, strict=True):
        number = len(bodies) + 1
        kids.append(b"%d 0 R" % number)
        wide, tall = page.width * 72 / 120, page.height * 72 / 120
        bodies.append(
            b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 %.2f %.2f] /Contents %d 0 R /Resources "
            b"<< /Font << /F1 3 0 R >> /XObject << /P %d 0 R >> >> >>" % (wide, tall, number + 1, number + 2)
        )
        bodies.append(_stream(b"", _page_content(words, wide, tall)))
        bodies.append(_picture(page))
    bodies[0] = b"<< /Type /Catalog /Pages 2 0 R >>"
    bodies[1] = b"<< /Type /Pages /Kids [%s] /Count %d >>" % (b" ".join(kids), len(kids))
    path.write_bytes(_pdf_file(bodies))


def _black(page: Image.Image) -> Image.Image:
    large = page.convert("L").resize((page.width * 3 // 2, page.height * 3 // 2), Image.Resampling.BICUBIC)
    return large.point([255 if value > 150 else 0 for value in range(256)]).convert(
        "1", dither=Image.Dither.NONE
    )


def _page_content(words: str, wide: float, tall: float) -> bytes:
    lines = [b"q %.2f 0 0 %.2f 0 0 cm /P Do Q" % (wide, tall), b"BT /F1 16 Tf 3 Tr"]
    y = tall - 104.0
    for line in words.splitlines():
        text = line.strip(" 　").encode("utf-16-be").hex().encode("ascii")
        lines.append(b"1 0 0 1 72 %.2f Tm <%s> Tj" % (y, text))
        y -= LINE_POINTS
    return b"\n".join(lines + [b"ET"])


def _picture(page: Image.Image) -> bytes:
    buffer = BytesIO()
    page.convert("RGB").save(buffer, "JPEG", quality=82)
    head = (
        b"/Type /XObject /Subtype /Image /Width %d /Height %d /ColorSpace /DeviceRGB "
        b"/BitsPerComponent 8 /Filter /DCTDecode"
    )
    return _stream(head % (page.width, page.height), buffer.getvalue())


def _stream(head: bytes, body: bytes) -> bytes:
    return b"<< %s /Length %d >>\nstream\n%s\nendstream" % (head, len(body), body)


def _font() -> bytes:
    return (
        b"<< /Type /Font /Subtype /Type0 /BaseFont /STSong-Light /Encoding /UniGB-UCS2-H "
        b"/DescendantFonts [4 0 R] >>"
    )


def _descendant() -> bytes:
    return (
        b"<< /Type /Font /Subtype /CIDFontType0 /BaseFont /STSong-Light /FontDescriptor 5 0 R /DW 1000 "
        b"/CIDSystemInfo << /Registry (Adobe) /Ordering (GB1) /Supplement 2 >> >>"
    )


def _descriptor() -> bytes:
    return (
        b"<< /Type /FontDescriptor /FontName /STSong-Light /Flags 6 /FontBBox [-25 -254 1000 880] "
        b"/ItalicAngle 0 /Ascent 880 /Descent -120 /CapHeight 880 /StemV 93 >>"
    )


def _pdf_file(bodies: list[bytes]) -> bytes:
    out = bytearray(b"%PDF-1.4\n%\xe4\xba\x91\xe6\xba\xaa\n")
    starts = []
    for number, body in enumerate(bodies, start=1):
        starts.append(len(out))
        out += b"%d 0 obj\n%s\nendobj\n" % (number, body)
    table = len(out)
    out += b"xref\n0 %d\n0000000000 65535 f \n" % (len(bodies) + 1)
    for start in starts:
        out += b"%010d 00000 n \n" % start
    out += b"trailer\n<< /Size %d /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF\n" % (len(bodies) + 1, table)
    return bytes(out)
