"""Read a file wholly and tell its technical facts (in the child).

Runs only inside the limited child process. A file that cannot be decoded is an
answer ("unreadable"), as is one that is too large to be opened within the
memory limit. Damage that still decodes to some picture is not seen here: after
acceptance the digest sees it. Technical facts follow DA/T 31-2017 (resolution, colour) and
DA/T 54-2014 (capture device, software, position known).
"""

from pathlib import Path

import pypdfium2
import pypdfium2.raw as pdfium

from preservation.derivatives.pixels import IMAGE_ERRORS, TooManyPixels, check_size, open_image
from preservation.derivatives.tags import read_tags
from preservation.encoding import BLOCK

#: Frames of one file that are decoded; a fax archive of more is rare.
MAX_FRAMES = 1_000
#: Marks of active content in a PDF outside compressed streams.
_ACTIVE = (b"/JavaScript", b"/Launch", b"/EmbeddedFile", b"/RichMedia")


def read_image(path: str) -> dict[str, object]:
    """Return size, colour, resolution and tags of an image, fully decoded."""
    try:
        with open_image(Path(path)) as image:
            check_size(image, scaled=image.format in ("JPEG", "MPO"))
            facts: dict[str, object] = {
                "width": image.width,
                "height": image.height,
                "colour_mode": image.mode,
                "decoder": image.format or "",
                "has_profile": bool(image.info.get("icc_profile")),
                **read_tags(image),
            }
            # A JPEG is decoded at 1/8: every compressed byte is still read, so
            # damage shows as before, at a third of the time.
            image.draft(None, (image.width // 8 or 1, image.height // 8 or 1))
            frames = getattr(image, "n_frames", 1)
            read = min(frames, MAX_FRAMES) if image.format in ("TIFF", "GIF", "WEBP", "AVIF") else 1
            for number in range(read):
                if number:
                    image.seek(number)
                    check_size(image)
                image.load()
            return {**facts, "pages": frames, "frames_read": read}
    except TooManyPixels as failure:
        return {"state": "too_large", "width": failure.width, "height": failure.height}
    except IMAGE_ERRORS as failure:
        return {"state": "unreadable", "detail": f"{type(failure).__name__}: {failure}"[:300]}


def read_pdf(path: str) -> dict[str, object]:
    """Return page count, first page size in points, and active content."""
    try:
        with pypdfium2.PdfDocument(path) as document:
            pages = len(document)
            if not pages:
                return {"state": "unreadable", "detail": "no pages"}
            width, height = document[0].get_size()
            scripts = pdfium.FPDFDoc_GetJavaScriptActionCount(document.raw)
            attachments = pdfium.FPDFDoc_GetAttachmentCount(document.raw)
            return {
                "pages": pages,
                "width": round(width),
                "height": round(height),
                "title": str(document.get_metadata_dict().get("Title", ""))[:500],
                "software": str(document.get_metadata_dict().get("Producer", ""))[:200],
                "active": ", ".join(_active_marks(path, has_scripts=scripts > 0, attachments=attachments)),
            }
    except pypdfium2.PdfiumError as failure:
        locked = getattr(failure, "err_code", None) == pdfium.FPDF_ERR_PASSWORD
        return {"state": "encrypted" if locked else "unreadable", "detail": str(failure)[:300]}


def read_text_file(path: str, charset: str) -> dict[str, object]:
    """Return the number of characters and lines of a text."""
    characters = lines = 0
    try:
        with open(path, encoding=charset) as stream:
            while block := stream.read(BLOCK):
                characters += len(block)
                lines += block.count("\n")
    except (UnicodeError, LookupError) as failure:
        return {"state": "unreadable", "detail": str(failure)[:300]}
    return {"characters": characters, "lines": lines}


def _active_marks(path: str, *, has_scripts: bool, attachments: int) -> list[str]:
    """Return the words that tell of scripts, launches and attachments."""
    found = {"/JavaScript"} if has_scripts else set()
    if attachments > 0:
        found.add("/EmbeddedFile")
    kept = b""
    with open(path, "rb") as stream:
        while block := stream.read(1 << 20):
            window = kept + block
            found.update(mark.decode("ascii") for mark in _ACTIVE if mark in window)
            kept = window[-16:]
    return sorted(found)


TASKS = {"read.image": read_image, "read.pdf": read_pdf, "read.text": read_text_file}
