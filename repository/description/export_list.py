"""The list that lies in every export: what went out, what did not.

Read by people as 清单.csv (a spreadsheet opens it), by machines as list.json.
The words here are data of the list, as the labels of fields.py are; a cell
that a spreadsheet would run as a formula is written as text (case D26), the
JSON stays exact.
"""

import csv
import io
import json
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from typing import Any

SCHEMA = "jingui-export/1"
CSV_NAME, JSON_NAME, MAP_NAME = "清单.csv", "list.json", "名称对照.csv"
_HEAD = ("序号", "档号", "题名", "版本", "件标识", "导出位置", "文件", "原文件名", "字节数", "SHA-256", "结果")
_MAP_HEAD = ("档号", "题名", "原来的名称", "导出的名称")
DONE = "已导出"
_REASONS = {
    "no_good_copy": "没有导出：没有一份副本是完好的",
    "register": "没有导出：目录里的登记不完整",
    "gone": "没有导出：件已不在目录里",
}
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


@dataclass(frozen=True, slots=True)
class OutFile:
    """One file of an export: path is below the item's place, size in bytes; original_raw in hex."""

    path: str
    size: int
    sha256: str
    original_name: str = ""
    original_raw: str = ""


@dataclass(frozen=True, slots=True)
class OutItem:
    """One package version in an export; reason is "" where it went out, path then names nothing bad."""

    id: str
    title: str
    reference_code: str
    version: int
    folder: str
    digest: str
    wanted: str = ""
    files: tuple[OutFile, ...] = ()
    reason: str = ""
    path: str = ""


@dataclass(frozen=True, slots=True)
class OutList:
    """What one export says of itself."""

    made_at: str
    software: str
    school: str
    form: str
    items: tuple[OutItem, ...]

    @property
    def left_out(self) -> tuple[OutItem, ...]:
        """Return what did not go out."""
        return tuple(item for item in self.items if item.reason)


def to_json(told: OutList) -> bytes:
    """Return the list for machines."""
    plain: dict[str, Any] = {"schema": SCHEMA, **asdict(told)}
    return json.dumps(plain, ensure_ascii=False, sort_keys=True, indent=1).encode() + b"\n"


def to_csv(told: OutList) -> bytes:
    """Return the list for people: one row a file, with a byte-order mark for spreadsheets."""
    rows: list[Sequence[object]] = [_HEAD]
    for number, item in enumerate(told.items, start=1):
        about = (number, item.reference_code, item.title, item.version, item.id, item.folder)
        if item.reason:
            rows.append((*about, item.path, "", "", "", _REASONS.get(item.reason, item.reason)))
        for file in item.files:
            rows.append((*about, file.path, file.original_name, file.size, file.sha256, DONE))
    return _written(rows)


def map_csv(told: OutList) -> bytes:
    """Return which names had to change on the way out, b"" where none had."""
    rows: list[Sequence[object]] = []
    for item in told.items:
        if item.wanted and item.wanted != item.folder.rpartition("/")[2]:
            rows.append((item.reference_code, item.title, item.wanted, item.folder))
        for file in item.files:
            name = file.path.rpartition("/")[2]
            if told.form == "names" and file.original_name and file.original_name != name:
                place = f"{item.folder}/{file.path}"
                rows.append((item.reference_code, item.title, file.original_name, place))
    return _written([_MAP_HEAD, *rows]) if rows else b""


def _written(rows: Iterable[Sequence[object]]) -> bytes:
    out = io.StringIO()
    csv.writer(out, lineterminator="\r\n").writerows([_cell(value) for value in row] for row in rows)
    return out.getvalue().encode("utf-8-sig", "replace")


def _cell(value: object) -> object:
    if isinstance(value, str) and value.startswith(_FORMULA):
        return "'" + value
    return value
