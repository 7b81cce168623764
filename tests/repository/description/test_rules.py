"""The proofreading rules: each fires on its fault and on nothing else."""

import json
import os
from datetime import date
from pathlib import Path

import pytest

from repository.description.columns import ItemColumns
from repository.description.messages import MESSAGES, sentence
from repository.description.normalise import normalise
from repository.description.placeholders import is_placeholder
from repository.description.rules import Problem, Severity, Stage, may_file, validate
from repository.description.value import Description, Value

TODAY = date(2026, 11, 21)
COLUMNS = ItemColumns(
    id="a", reference_code="J019-SX·1978·Y-0001", category="SX", retention="Y", access_level="internal"
)
PHOTO: dict[str, Value] = {
    "title": "一九七八届毕业合影", "date": "1978年7月", "place": "操场", "people": ("陆明川", "苏晚晴"), "event": "毕业",
    "background": "旧教学楼", "photographer": "不详",
}
DOCUMENT: dict[str, Value] = {"title": "关于校庆的通知", "date": "1985-05-01", "creator": "云溪中学", "pages": "3"}


def found(kind: str, values: dict[str, Value], columns: ItemColumns = COLUMNS,
          stage: Stage = Stage.FILING) -> tuple[Problem, ...]:
    """Return the problems of one description on the day of the tests."""
    return validate(Description(kind, values), columns, today=TODAY, stage=stage)


@pytest.mark.parametrize(("kind", "values"), [("photo", PHOTO), ("document", DOCUMENT)])
def test_a_good_description_has_no_problem(kind: str, values: dict[str, Value]) -> None:
    """A complete photograph and a complete document pass without a word."""

    assert found(kind, values) == ()
    assert may_file(found(kind, values))


@pytest.mark.parametrize(
    ("field", "value", "code", "severity"),
    [
        ("title", "", "V41", Severity.ERROR), ("title", "扫描0001", "V03", Severity.ERROR),
        ("title", "图", "V03-short", Severity.WARNING), ("title", "长短" * 251, "V42", Severity.ERROR),
        ("title", ("甲题名", "乙题名"), "V45", Severity.ERROR), ("date", "", "V41", Severity.ERROR),
        ("date", "某一天", "V04", Severity.ERROR), ("date", "1978-02-30", "V04-day", Severity.ERROR),
        ("date", "1978年至1956年", "V04-backwards", Severity.ERROR), ("date", "37年",
                                                                   "V04-ambiguous", Severity.ERROR),
        ("date", "2026-11-22", "V04-future", Severity.ERROR), ("digitised_on", "2099年",
                                                               "V04-future", Severity.ERROR),
        ("secrecy", "机密", "V07", Severity.ERROR), ("caption", "机密★10年 某某会议", "V07", Severity.ERROR),
        ("place", "", "V25", Severity.WARNING), ("photographer", "", "V25", Severity.WARNING),
        ("people", ("陆明川2",), "V15", Severity.WARNING), ("caption", "看\u200b不见", "V39", Severity.ERROR),
        ("caption", "\x07", "V39", Severity.ERROR), ("caption", "自造\ue123字", "V39-private", Severity.WARNING),
        ("foo", "x", "V43", Severity.WARNING), ("copy_status", "正本", "V43-kind", Severity.WARNING),
        ("carrier", "竹简", "V44", Severity.ERROR), ("portrait_consent", "随便", "V44", Severity.ERROR),
        ("keywords", tuple(f"词{n}" for n in range(501)), "V47", Severity.ERROR),
    ],
)
def test_each_fault_of_a_photo_is_told(field: str, value: Value, code: str, severity: Severity) -> None:
    """One fault gives exactly one problem, in its field, with its severity and a filled sentence."""
    problems = found("photo", {**PHOTO, field: value})

    assert [(one.field, one.code, one.severity) for one in problems] == [(field, code, severity)]
    assert problems[0].fact("nonsense") == ""
    assert "…" not in sentence(code, dict(problems[0].facts), field=field, kind="photo")
    assert "…" not in sentence(code, dict(problems[0].facts), field=field, kind="photo", lang="en")


@pytest.mark.parametrize(
    ("field", "value", "code"),
    [("creator", "", "V06"), ("pages", "0", "V23"), ("pages", "-1", "V23"), ("pages", "三", "V23"), ("pages",
                                                                                                    "1.5",
                                                                                                    "V23"),
     ("copy_status", "第三稿", "V44"), ("document_number", "长" * 101, "V42")],
)
def test_each_fault_of_a_document_is_told(field: str, value: str, code: str) -> None:
    """One fault, one problem."""

    assert [(one.field, one.code) for one in found("document", {**DOCUMENT, field: value})] == [(field, code)]


@pytest.mark.parametrize(
    ("changed", "field", "code"),
    [
        ({"category": ""}, "category", "V41"), ({"category": "QQ"}, "category", "V44"), ({"retention": ""},
                                                                                         "retention", "V41"),
        ({"retention": "永久"}, "retention", "V05"), ({"access_level": "open"}, "access_level", "V44"),
        ({"access_level": ""}, "access_level", "V41"), ({"reference_code": "A1"}, "reference_code", "V01"),
        ({"reference_code": "J019-SX.1978.Y-0001"}, "reference_code", "V01"),
        ({"category": "XZ"}, "reference_code", "V01-mismatch"), ({"retention": "D10"}, "reference_code",
                                                                 "V01-mismatch"),
    ],
)
def test_each_fault_of_the_columns_is_told(changed: dict[str, str], field: str, code: str) -> None:
    """Columns must hold known codes, and the reference code must agree with them."""
    kept = {"reference_code": COLUMNS.reference_code, "category": "SX", "retention": "Y",
            "access_level": "internal"}
    problems = found("photo", PHOTO, ItemColumns(**{**kept, **changed}))

    assert [(one.field, one.code) for one in problems] == [(field, code)]


def test_schools_may_have_their_own_classes() -> None:
    """A class of the school's own scheme is known when it is handed in; D15 is a retention."""
    columns = ItemColumns(category="KY", retention="D15", access_level="public")
    problems = validate(Description("photo", PHOTO), columns, today=TODAY, categories={"KY"})

    assert problems == ()


def test_handing_in_asks_for_a_title_only() -> None:
    """At deposit what is missing is a warning; a wrong value is an error all the same."""
    missing = found("photo", {"title": "一张老照片"}, ItemColumns(), Stage.DEPOSIT)
    wrong = found("photo", {"title": "一张老照片", "date": "某一天"}, ItemColumns(), Stage.DEPOSIT)

    assert missing and may_file(missing)
    assert not may_file(wrong)
    assert not may_file(found("photo", {}, ItemColumns(), Stage.DEPOSIT))


def test_dates_of_today_and_undated_are_good() -> None:
    """Today is not the future, and 年代不详 is an answer."""

    assert found("photo", {**PHOTO, "date": "2026-11-21"}) == ()
    assert found("photo", {**PHOTO, "date": "年代不详"}) == ()


def test_identity_numbers_are_noticed() -> None:
    """What looks like an identity card number in a caption is a warning; a long number is not."""
    looks_like = "9" * 6 + "19990101" + "000" + "X"

    assert [one.code for one in found("photo", {**PHOTO, "caption": f"号码{looks_like}。"})] == ["V46"]
    assert found("photo", {**PHOTO, "caption": "文号1999010100012345678901"}) == ()


@pytest.mark.parametrize(
    "title",
    ["扫描0001", "扫描件(3)", "新建文档", "新建 Microsoft Word 文档 (2)", "IMG_2034.JPG", "DSC00012", "微信图片_20200101",
     "题名", "无题",
     "2034", "啊啊啊", "照片1", "Scan 12.pdf", "mmexport1600000000.jpg", "ＩＭＧ＿１", "---", "文件 文件 文件 文件 文件 文件"],
)
def test_placeholder_titles(title: str) -> None:
    """Names that machines give are no titles."""

    assert is_placeholder(title)


@pytest.mark.parametrize(
    "title", ["校庆照片", "1978届毕业合影", "文件汇编", "Pan Dong", "扫描仪购置合同", "照", "新建教学楼奠基", "第1号文件"]
)
def test_real_titles(title: str) -> None:
    """Titles that say something are left alone, also when they hold such words."""

    assert not is_placeholder(title)


def test_d32_a_metadata_bomb_is_refused_quickly() -> None:
    """A title of a million characters and a hundred thousand names are two problems, not a hang."""
    problems = found("photo", {**PHOTO, "title": "新建文档" * 250_000 + "x",
                               "people": tuple(map(str, range(100_000)))})

    assert {("title", "V42"), ("people", "V47")} <= {(one.field, one.code) for one in problems}
    assert len(problems) <= 600


def test_every_problem_has_a_sentence() -> None:
    """Each code that can be told has its sentence, also for the worst description."""
    worst: dict[str, Value] = {"title": "\x00", "date": "x", "pages": "0", "secrecy": "绝密", "foo": "\ue000",
                               "people": ("1",)}

    assert {one.code for one in found("nonsense", worst, ItemColumns(category="?",
                                                                     retention="?"))} <= set(MESSAGES)


def test_naughty_strings_break_nothing() -> None:
    """Strings that break programs are tidied, judged and told like any other."""
    folder = os.environ.get("JINGUI_CORPORA")
    if not folder:
        pytest.skip("JINGUI_CORPORA is not set")
    strings = json.loads(Path(folder, "naughty-strings", "blns.json").read_text(encoding="utf-8"))
    for text in strings:
        values = {name: text for name in ("title", "date", "people", "keywords", "related_code", "pages",
                                          "secrecy", "caption")}
        said = normalise("photo", values).description
        problems = found("photo", dict(said.values))

        assert Description.from_json(said.to_json()) == said
        assert "V39" not in {one.code for one in problems}
        assert all(sentence(one.code, dict(one.facts), field=one.field) for one in problems)
    assert len(strings) > 400
