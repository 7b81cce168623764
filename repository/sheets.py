"""Spreadsheets: rows in and out. The one home of openpyxl.

.xlsx comes first; CSV is decoded by its byte order mark, then as strict
UTF-8, then as GB18030 (Excel in China writes GBK).
"""

import csv
import io
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime
from itertools import islice
from pathlib import Path
from xml.etree.ElementTree import ParseError
from zipfile import BadZipFile

from openpyxl import load_workbook

MAX_ROWS = 100_000


class SheetUnreadable(Exception):
    """A sheet that cannot be read; code and facts say why."""

    def __init__(self, code: str, **facts: object) -> None:
        super().__init__(code, facts)
        self.code = code
        self.facts = facts


@dataclass(frozen=True, slots=True)
class Row:
    """One row: its number in the sheet (the header is 1) and its cells by header."""

    number: int
    cells: dict[str, str]


def read_rows(path: Path) -> list[Row]:
    """Return the rows of the first sheet, empty rows left out. Raises SheetUnreadable."""
    found = _xlsx(path) if path.suffix.lower() in (".xlsx", ".xlsm") else _csv(path)
    lines = list(islice(found, MAX_ROWS + 2))  # a sheet without end is not read to its end
    if len(lines) > MAX_ROWS + 1:
        raise SheetUnreadable("SH-004", name=path.name, most=MAX_ROWS)
    if not lines:
        raise SheetUnreadable("SH-002", name=path.name)
    header = [cell.strip() for cell in lines[0]]
    doubled = sorted({name for name in header if name and header.count(name) > 1})
    if doubled:
        raise SheetUnreadable("SH-003", name=path.name, columns="、".join(doubled))
    rows = []
    for number, line in enumerate(lines[1:], start=2):
        pairs = zip(header, line, strict=False)
        cells = {name: cell.strip() for name, cell in pairs if name and cell.strip()}
        if cells:
            rows.append(Row(number, cells))
    return rows


def _xlsx(path: Path) -> Iterator[list[str]]:
    try:
        book = load_workbook(path, read_only=True, data_only=True)
        try:
            for row in book.worksheets[0].iter_rows(values_only=True):
                yield [_text(cell) for cell in row]
        finally:
            book.close()
    except (BadZipFile, ParseError, LookupError, OSError, TypeError, ValueError) as damage:
        raise SheetUnreadable("SH-001", name=path.name) from damage


def _text(cell: object) -> str:
    if cell is None:
        return ""
    if isinstance(cell, datetime):
        return cell.date().isoformat() if cell.time().isoformat() == "00:00:00" else cell.isoformat(" ")
    if isinstance(cell, date):
        return cell.isoformat()
    if isinstance(cell, float) and cell.is_integer():
        return str(int(cell))
    return str(cell)


def _csv(path: Path) -> Iterator[list[str]]:
    try:
        yield from csv.reader(io.StringIO(_decoded(path.read_bytes(), path.name), newline=""))
    except (csv.Error, OSError) as damage:
        raise SheetUnreadable("SH-001", name=path.name) from damage


def _decoded(content: bytes, name: str) -> str:
    marks = ((b"\xef\xbb\xbf", "utf-8-sig"), (b"\xff\xfe", "utf-16"), (b"\xfe\xff", "utf-16"))
    marked = tuple(encoding for mark, encoding in marks if content.startswith(mark))
    for encoding in marked or ("utf-8", "gb18030"):
        try:
            return content.decode(encoding)
        except UnicodeDecodeError:
            continue
    raise SheetUnreadable("SH-005", name=name)
