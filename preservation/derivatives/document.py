"""Make page images and the text layer of documents (in the child).

Runs only inside the limited child process. pdfium draws; scripts and links of
a PDF are never run (case D08 of reliability). Text goes to a UTF-8 file.
"""

from collections.abc import Iterator
from pathlib import Path

import pypdfium2
import pypdfium2.raw as pdfium

from preservation.derivatives.image import save_bytes, save_jpeg
from preservation.encoding import read_text

#: A page this much longer than wide is a trap, not a page.
_MAX_RATIO = 50.0


def make_pages(path: str, targets: list[str], side: int, first: int) -> dict[str, object]:
    """Return the rows of pages first, first + 1 ... as JPEGs, and the page count."""
    made: list[dict[str, object]] = []
    pages = 0
    try:
        with pypdfium2.PdfDocument(path) as document:
            pages = len(document)
            for offset, target in enumerate(targets[: max(0, pages - first + 1)]):
                row = _draw(document, number=first + offset, side=side, target=target)
                if row is None:
                    return {"state": "too_large", "made": made, "pages": pages}
                made.append(row)
    except pypdfium2.PdfiumError as failure:
        return {"state": _state(failure), "detail": str(failure)[:300], "made": made, "pages": pages}
    return {"made": made, "pages": pages}


def _draw(
    document: pypdfium2.PdfDocument, *, number: int, side: int, target: str
) -> dict[str, object] | None:
    """Return the row of one drawn page, None for a page of impossible shape."""
    page = document[number - 1]
    try:
        width, height = page.get_size()
        longer, shorter = max(width, height), min(width, height)
        if shorter <= 0 or longer / shorter > _MAX_RATIO:
            return None
        bitmap = page.render(scale=side / longer)
        return {**save_jpeg(bitmap.to_pil(), target), "number": number}
    finally:
        page.close()


def extract_pdf_text(path: str, target: str, limit: int) -> dict[str, object]:
    """Write the text layer, pages parted by form feeds; at most limit characters."""
    try:
        with pypdfium2.PdfDocument(path) as document:
            pieces, is_cut = _collect(_page_texts(document), limit)
    except pypdfium2.PdfiumError as failure:
        return {"state": _state(failure), "detail": str(failure)[:300]}
    return _save_text("\f".join(pieces), target, is_cut=is_cut)


def extract_plain_text(path: str, target: str, limit: int, charset: str) -> dict[str, object]:
    """Write a text file anew as UTF-8; at most limit characters."""
    try:
        text = read_text(Path(path), charset, limit=limit + 1)
    except (UnicodeError, LookupError) as failure:
        return {"state": "unreadable", "detail": str(failure)[:300]}
    return _save_text(text[:limit], target, is_cut=len(text) > limit)


def _page_texts(document: pypdfium2.PdfDocument) -> Iterator[str]:
    for number in range(len(document)):
        page = document[number]
        layer = page.get_textpage()
        yield layer.get_text_range()
        layer.close()
        page.close()


def _collect(texts: Iterator[str], limit: int) -> tuple[list[str], bool]:
    """Return texts until limit characters are reached, and whether more follows."""
    pieces: list[str] = []
    left = limit
    for text in texts:
        pieces.append(text[:left])
        left -= len(text)
        if left < 0:
            return pieces, True
    return pieces, False


def _save_text(text: str, target: str, *, is_cut: bool) -> dict[str, object]:
    """Write a text beside target, move it there, and return its row."""
    kept = "".join(one for one in text.replace("\r\n", "\n") if one >= " " or one in "\n\t\f")
    content = kept.encode("utf-8", "replace")
    save_bytes(content, target)
    row: dict[str, object] = {"path": target, "width": 0, "height": 0, "size": len(content)}
    return {"made": [row], "characters": len(kept), "is_cut": is_cut}


def _state(failure: pypdfium2.PdfiumError) -> str:
    locked = getattr(failure, "err_code", None) == pdfium.FPDF_ERR_PASSWORD
    return "encrypted" if locked else "unreadable"


TASKS = {
    "document.pages": make_pages,
    "document.text": extract_pdf_text,
    "text.text": extract_plain_text,
}
