"""Real files for the tests of intake, drawn or forged here."""

import hashlib
import struct
import zipfile
import zlib
from pathlib import Path
from typing import Any

from PIL import Image, ImageDraw

from preservation.examine import SipFile


def photo(path: Path, size: tuple[int, int] = (400, 300), **options: Any) -> Path:
    """Draw a picture with detail in it and return its path."""
    image = Image.linear_gradient("L").resize(size).convert("RGB")
    draw = ImageDraw.Draw(image)
    for step in range(0, size[0], 7):
        draw.line((step, 0, size[0] - step, size[1]), fill=(step % 255, 90, 200), width=2)
    image.save(path, **options)
    return path


def chunk(kind: bytes, content: bytes) -> bytes:
    """Return one PNG chunk."""
    return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))


def bomb_png(path: Path, side: int = 30_000) -> Path:
    """Forge a PNG of side x side black dots: 900 Mpx in about 110 KB."""
    packer = zlib.compressobj(9)
    row = bytes(side // 8 + 1)
    packed = b"".join(packer.compress(row * 1_000) for _ in range(side // 1_000)) + packer.flush()
    header = struct.pack(">IIBBBBB", side, side, 1, 0, 0, 0, 0)
    body = chunk(b"IHDR", header) + chunk(b"IDAT", packed) + chunk(b"IEND", b"")
    path.write_bytes(b"\x89PNG\r\n\x1a\n" + body)
    return path


def cut(path: Path, share: float = 0.6) -> Path:
    """Cut the end off a file and return its path."""
    content = path.read_bytes()
    path.write_bytes(content[: int(len(content) * share)])
    return path


def pdf(
    path: Path, texts: tuple[str, ...] = ("School report",), *, catalog: str = "", trailer: str = ""
) -> Path:
    """Write a PDF with one page for each Latin text."""
    kids = " ".join(f"{4 + 2 * number} 0 R" for number in range(len(texts)))
    objects = [
        f"<< /Type /Catalog /Pages 2 0 R {catalog} >>",
        f"<< /Type /Pages /Kids [{kids}] /Count {len(texts)} >>",
        "<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>",
    ]
    for number, text in enumerate(texts):
        drawn = f"BT /F1 24 Tf 72 700 Td ({text}) Tj ET"
        page = "<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Resources << /Font << /F1 3 0 R >> >>"
        objects.append(f"{page} /Contents {5 + 2 * number} 0 R >>")
        objects.append(f"<< /Length {len(drawn)} >>\nstream\n{drawn}\nendstream")
    content = b"%PDF-1.4\n"
    places = []
    for number, one in enumerate(objects, 1):
        places.append(len(content))
        content += f"{number} 0 obj\n{one}\nendobj\n".encode("latin-1")
    start = len(content)
    table = "".join(f"{place:010d} 00000 n \n" for place in places)
    size = len(objects) + 1
    content += f"xref\n0 {size}\n0000000000 65535 f \n{table}trailer\n".encode("latin-1")
    content += f"<< /Size {size} /Root 1 0 R {trailer} >>\nstartxref\n{start}\n%%EOF\n".encode("latin-1")
    path.write_bytes(content)
    return path


def locked_pdf(path: Path) -> Path:
    """Write a PDF that no password opens: pdfium asks for one."""
    lock = f"/Encrypt << /Filter /Standard /V 1 /R 2 /P -44 /O <{'11' * 32}> /U <{'22' * 32}> >>"
    return pdf(path, trailer=f"{lock} /ID [<{'33' * 16}> <{'33' * 16}>]")


def ofd(path: Path) -> Path:
    """Write the least that is an OFD (GB/T 33190)."""
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("OFD.xml", "<ofd:OFD xmlns:ofd='http://www.ofdspec.org/2016' Version='1.0'/>")
    return path


def program(path: Path) -> Path:
    """Write the head of a Windows program; it does nothing."""
    stub = b"MZ" + bytes(58) + struct.pack("<I", 128) + bytes(64)
    path.write_bytes(stub + b"PE\0\0" + struct.pack("<HH", 0x14C, 1) + bytes(400))
    return path


def sip_file(path: Path, name: str = "") -> SipFile:
    """Return a file of a submission as staging would hand it over."""
    content = path.read_bytes()
    return SipFile(path, name or path.name, len(content), hashlib.sha256(content).hexdigest())
