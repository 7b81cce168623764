"""Folders and sheets become items: all of a sheet or nothing."""

from datetime import date
from pathlib import Path

import pytest
from sqlalchemy import select

from repository.models.item import Item
from repository.models.submission import Submission
from repository.sheets import Row, read_rows
from repository.workflow import importing
from repository.workflow.errors import SheetRefused, SourceUnreadable
from repository.workflow.importing import Planned
from repository.workflow.tools import Tools
from tests.archives import photo

TODAY = date(2026, 11, 21)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder as it comes from a school's computer."""
    base = tmp_path / "扫描"
    photo(base / "校庆" / "1.jpg")
    photo(base / "2.jpg", tone=3)
    (base / "Thumbs.db").write_bytes(b"x")
    (base / ".DS_Store").write_bytes(b"x")
    (base / "通知.txt").write_text("关于举行春季运动会的通知", "utf-8")
    (base / "link.jpg").symlink_to(base / "2.jpg")
    (base / "空文件夹").mkdir()
    return base


def _row(number: int = 2, **cells: str) -> Row:
    return Row(number, {"文件名": "2.jpg", "题名": "春季运动会", "时间": "1978", **cells})


def _problems(rows: list[Row], paths: list[Path], **more: object) -> list[tuple[object, ...]]:
    with pytest.raises(SheetRefused) as refusal:
        importing.plan_sheet(rows, paths, today=TODAY, **more)  # type: ignore[arg-type]
    problems = refusal.value.facts["problems"]
    assert isinstance(problems, tuple)
    return [(told["row"], told["code"], told["what"]) for told in problems]


def test_each_file_of_a_folder_becomes_an_item_named_after_it(folder: Path) -> None:
    """Whatever lies in folders below is found; an unknown date is told as unknown."""
    planned = importing.plan_folder([folder])

    assert [(one.files[0].name, one.values["title"], one.columns["kind"]) for one in planned] == [
        ("2.jpg", "2", "photo"),
        ("1.jpg", "1", "photo"),
        ("通知.txt", "通知", "document"),
    ]
    assert {one.columns["access_level"] for one in planned} == {"internal"}
    assert {one.values.get("date") for one in planned} == {"年代不详"}


def test_d22_what_is_not_taken_in_is_told(folder: Path) -> None:
    """System files and links are passed over, and listed: never silently."""
    assert [path.name for path in importing.passed_over([folder])] == [".DS_Store", "Thumbs.db", "link.jpg"]


def test_a_path_that_is_not_there_is_refused_before_anything_is_done(folder: Path) -> None:
    """One wrong path among good ones: nothing is planned."""
    with pytest.raises(SourceUnreadable) as refusal:
        importing.plan_folder([folder, folder / "nothing"])

    assert refusal.value.facts == {"path": str(folder / "nothing")}


def test_a_row_tells_files_values_and_columns(folder: Path) -> None:
    """Headers as schools write them; several files of one item are parted by a semicolon of either width."""
    row = Row(
        2,
        {
            "文件": "2.jpg；1.jpg",
            "照片题名": "春季运动会",
            "拍摄时间": "一九七八年五月",
            "开放程度": "公开",
            "类别": "声像",
            "人物": "张三、李四",
        },
    )
    [planned] = importing.plan_sheet([row], [folder], today=TODAY)

    assert [path.name for path in planned.files] == ["2.jpg", "1.jpg"]
    assert (planned.values["title"], planned.values["people"]) == ("春季运动会", "张三、李四")
    assert dict(planned.columns) == {
        "access_level": "public",
        "category": "SX",
        "kind": "photo",
        "retention": "Y",
    }


@pytest.mark.parametrize(
    ("cells", "problem"),
    [
        ({"文件名": "3.jpg"}, ("file", "3.jpg")),
        ({"文件名": ""}, ("no_file", "")),
        ({"文件名": "../扫描/2.jpg"}, ("file", "../扫描/2.jpg")),
        ({"奇怪的列": "x"}, ("column", "奇怪的列")),
        ({"时间": "1978-02-30"}, ("V04-day", "1978-02-30")),
        ({"题名": ""}, ("V41", "")),
        ({"类别": "没有这类"}, ("V44", "")),
        ({"档号": "随便写的"}, ("V01", "")),
    ],
)
def test_a_wrong_cell_is_told_with_row_and_what_it_says(
    folder: Path, cells: dict[str, str], problem: tuple[str, str]
) -> None:
    """The refusal names the row as a person counts it."""
    found = _problems([_row(7, **cells)], [folder])

    assert (7, *problem) in found


def test_d25_all_problems_of_all_rows_come_at_once(folder: Path) -> None:
    """Nobody mends a sheet one refusal at a time."""
    found = _problems(
        [_row(2, 文件名="x.jpg"), _row(3), _row(4, 时间="昨天前天"), _row(5, 文件名="y.jpg")], [folder]
    )

    assert [row for row, _, _ in found] == [2, 4, 5]


def test_one_name_for_two_files_is_asked_about(folder: Path) -> None:
    """Which of two files called 1.jpg is meant cannot be guessed."""
    photo(folder / "1.jpg", tone=7)

    assert _problems([_row(文件名="1.jpg")], [folder]) == [(2, "many_files", "1.jpg")]


def test_a_code_that_is_taken_refuses_the_sheet_before_the_first_item(folder: Path) -> None:
    """Taken in the catalogue or by a row above: found before anything is taken in."""
    one, two = "Y001-XSH·1978·Y-0001", "Y001-XSH·1978·Y-0002"
    rows = [_row(2, 档号=one), _row(3, 档号=two), _row(4, 档号=two)]

    assert _problems(rows, [folder], codes={one}) == [(2, "taken", one), (4, "taken", two)]


def test_a_refused_sheet_has_done_nothing(tools: Tools, folder: Path) -> None:
    """No submission, no item, nothing in staging."""
    (folder / "著录.csv").write_bytes(
        "文件名,题名,时间\n2.jpg,春季运动会,1978\nx.jpg,无,无\n".encode("gb18030")
    )
    _problems(read_rows(folder / "著录.csv"), [folder])

    with tools.database.reading() as session:
        assert [*session.scalars(select(Item)), *session.scalars(select(Submission))] == []
    assert list(tools.staging.all()) == []


def test_run_makes_items_and_tells_how_far_it_is(tools: Tools, folder: Path) -> None:
    """A described one is accepted; one called IMG_2034 waits in the inbox for a person."""
    photo(folder / "IMG_2034.jpg", tone=44)
    planned = importing.plan_folder([folder / "通知.txt", folder / "IMG_2034.jpg"])
    told: list[tuple[int, int]] = []
    ids = importing.run(
        tools, tools.software, planned, note="试", tell=lambda done, total: told.append((done, total))
    )

    with tools.database.reading() as session:
        assert [session.get_one(Item, item_id).state for item_id in ids] == ["accepted", "submitted"]
    assert told == [(1, 2), (2, 2)]


def test_a_file_that_vanishes_meanwhile_is_named_and_the_others_stay(tools: Tools, folder: Path) -> None:
    """D30: what was committed before is kept; the refusal names the path."""
    gone = folder / "gone.jpg"
    planned = [
        *importing.plan_folder([folder / "2.jpg"]),
        Planned((gone,), {"title": "x"}, {"kind": "photo"}),
    ]
    with pytest.raises(SourceUnreadable) as refusal:
        importing.run(tools, tools.software, planned, note="", tell=lambda done, total: None)

    assert refusal.value.facts["path"] == str(gone)
    with tools.database.reading() as session:
        assert len(session.scalars(select(Item)).all()) == 1
