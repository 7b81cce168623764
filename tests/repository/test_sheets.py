"""Spreadsheets as people really send them."""

from datetime import date, datetime
from pathlib import Path

import pytest
from openpyxl import Workbook

from repository import sheets
from repository.sheets import Row, SheetUnreadable, read_rows

HEAD = ("文件名", "题名", "时间")
LINE = ("1.jpg", "一九五六年校运会，开幕", "1956")


def _xlsx(path: Path, *lines: tuple[object, ...]) -> Path:
    book = Workbook()
    assert book.active is not None
    for line in lines:
        book.active.append(line)
    book.save(path)
    return path


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "gb18030", "gbk"])
def test_d25_csv_is_read_in_the_encodings_that_schools_use(tmp_path: Path, encoding: str) -> None:
    """UTF-8 with and without mark, UTF-16 and GB18030 give the same rows, commas in quotes included."""
    path = tmp_path / "著录.csv"
    path.write_bytes('文件名,题名,时间\r\n1.jpg,"一九五六年校运会，开幕",1956\r\n'.encode(encoding))

    assert read_rows(path) == [Row(2, dict(zip(HEAD, LINE, strict=True)))]


def test_xlsx_and_csv_tell_the_same(tmp_path: Path) -> None:
    """A table saved in both forms gives the same rows."""
    (tmp_path / "a.csv").write_text(
        "\n".join(",".join(f'"{cell}"' for cell in row) for row in (HEAD, LINE)), "utf-8"
    )

    assert read_rows(_xlsx(tmp_path / "a.xlsx", HEAD, LINE)) == read_rows(tmp_path / "a.csv")


def test_cells_become_the_text_that_people_see(tmp_path: Path) -> None:
    """A year is no "1956.0", a day no midnight, and a long number keeps its digits."""
    row = (1956.0, date(1956, 5, 1), datetime(1956, 5, 1, 8), 3.5, "007")
    path = _xlsx(tmp_path / "a.xlsx", ("a", "b", "c", "d", "e"), row)

    assert read_rows(path)[0].cells == {
        "a": "1956",
        "b": "1956-05-01",
        "c": "1956-05-01 08:00:00",
        "d": "3.5",
        "e": "007",
    }


def test_empty_rows_are_left_out_and_numbers_stay_those_of_the_sheet(tmp_path: Path) -> None:
    """Row numbers are those that a person sees, the header being 1."""
    path = _xlsx(tmp_path / "a.xlsx", HEAD, LINE, (None, "  ", None), LINE)

    assert [row.number for row in read_rows(path)] == [2, 4]


def test_ragged_rows_lose_nothing_that_has_a_header(tmp_path: Path) -> None:
    """A short row has fewer cells; what stands beyond the last header has no name and is not taken."""
    path = tmp_path / "a.csv"
    path.write_text("a,b,\n1\n1,2,3,4\n", "utf-8")

    assert [row.cells for row in read_rows(path)] == [{"a": "1"}, {"a": "1", "b": "2"}]


def test_d26_a_formula_is_text(tmp_path: Path) -> None:
    """A cell that looks like a formula comes in as it is written and is never computed."""
    path = tmp_path / "a.csv"
    path.write_text('题名\n"=HYPERLINK(""http://x.example"")"\n', "utf-8")

    assert read_rows(path)[0].cells == {"题名": '=HYPERLINK("http://x.example")'}


def test_a_doubled_column_is_refused_with_its_name(tmp_path: Path) -> None:
    """Two columns of one name: nobody can know which is meant."""
    with pytest.raises(SheetUnreadable) as refusal:
        read_rows(_xlsx(tmp_path / "a.xlsx", ("题名", "时间", "题名 "), LINE))

    assert (refusal.value.code, refusal.value.facts["columns"]) == ("SH-003", "题名")


@pytest.mark.parametrize(
    ("name", "content", "code"),
    [
        ("a.csv", b"", "SH-002"),
        ("a.xlsx", b"not a zip", "SH-001"),
        ("a.xlsx", b"PK\x05\x06" + bytes(18), "SH-001"),
        ("a.csv", b"\xff\xff\xff\x81", "SH-005"),
        ("a.csv", b"\xff\xfe\x00", "SH-005"),
    ],
)
def test_what_is_no_sheet_is_refused_with_its_name(
    tmp_path: Path, name: str, content: bytes, code: str
) -> None:
    """An empty, foreign or undecodable file gives a refusal and no traceback."""
    path = tmp_path / name
    path.write_bytes(content)
    with pytest.raises(SheetUnreadable) as refusal:
        read_rows(path)

    assert (refusal.value.code, refusal.value.facts["name"]) == (code, name)


def test_a_sheet_beyond_the_limit_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A sheet of a million rows is told to be divided, with the numbers."""
    monkeypatch.setattr(sheets, "MAX_ROWS", 2)
    path = tmp_path / "a.csv"
    path.write_text("a\n1\n2\n3\n", "utf-8")
    with pytest.raises(SheetUnreadable) as refusal:
        read_rows(path)

    assert (refusal.value.code, refusal.value.facts["most"]) == ("SH-004", 2)


def test_a_csv_with_a_giant_cell_is_refused_and_not_a_crash(tmp_path: Path) -> None:
    """D32: one cell of 200,000 characters is a refusal, not a traceback."""
    path = tmp_path / "a.csv"
    path.write_text("题名\n" + "长" * 200_000 + "\n", "utf-8")
    with pytest.raises(SheetUnreadable) as refusal:
        read_rows(path)

    assert refusal.value.code == "SH-001"
