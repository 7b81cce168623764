"""Tidying typed values: what changes, what must not, and that it is told."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from repository.description.fields import FIELDS
from repository.description.normalise import normalise, normalise_columns, split_names
from repository.description.value import Change


@pytest.mark.parametrize(
    ("typed", "names"),
    [
        ("陆明川、苏晚晴", ("陆明川", "苏晚晴")), ("陆明川，苏晚晴；何远", ("陆明川", "苏晚晴", "何远")),
        ("陆明川,苏晚晴;何远", ("陆明川", "苏晚晴", "何远")), ("陆明川\n苏晚晴", ("陆明川", "苏晚晴")),
        ("陆明川 苏晚晴 何远", ("陆明川", "苏晚晴", "何远")), ("何 远", ("何远",)), ("何 远 苏晚晴", ("何远", "苏晚晴")),
        ("苏晚晴 何 远", ("苏晚晴", "何远")), ("苏晚晴 何", ("苏晚晴 何",)), ("欧阳 望舒", ("欧阳望舒",)),
        ("欧阳望舒 何远", ("欧阳望舒", "何远")), ("陆明川（前排左三，校长）、苏晚晴", ("陆明川（前排左三，校长）", "苏晚晴")),
        ("John Smith", ("John Smith",)), ("Smith, John", ("Smith, John",)),
        ("Smith, John; Doe, Jane", ("Smith, John", "Doe, Jane")),
        ("阿依古丽·麦麦提", ("阿依古丽·麦麦提",)), ("John Smith 陆明川", ("John Smith 陆明川",)), ("", ()), ("、、", ()),
        ("高三（2）班全体师生", ("高三（2）班全体师生",)), ("𠮷田明 何远", ("𠮷田明", "何远")), ("陆明川（（、苏晚晴", ("陆明川（（、苏晚晴",)),
    ],
)
def test_lists_of_names(typed: str, names: tuple[str, ...]) -> None:
    """Names are divided where people divide them and never inside a name."""

    assert split_names(typed) == names


def test_changes_are_told() -> None:
    """Each field that came out different is listed with before and after, the others are not."""
    found = normalise("document", {"title": " 会议　记录１２ ", "people": "陆明川、苏晚晴", "place": "礼堂", "pages": "共12页"})

    assert found.description.text("title") == "会议 记录12"
    assert found.description.many("people") == ("陆明川", "苏晚晴")
    assert found.changes == (
        Change("pages", "共12页", "12"),
        Change("people", "陆明川、苏晚晴", ("陆明川", "苏晚晴")),
        Change("title", " 会议　记录１２ ", "会议 记录12"),
    )


@pytest.mark.parametrize(
    ("field", "typed", "tidy"),
    [
        ("title", "高三（２）班，毕业：合影", "高三（2）班，毕业：合影"), ("title", "a\u200bb\ufeffc\x07d", "abcd"),
        ("title", "第一行\r\n第二行", "第一行 第二行"), ("title", "e\u0301", "\u00e9"), ("date", " 约１９５６年 ", "约1956年"),
        ("caption", "第一行\r\n\r\n  第二行　", "第一行\n\n第二行"), ("document_number", "云中[1985]12号", "云中〔1985〕12号"),
        ("document_number", "云中（1985）12号", "云中〔1985〕12号"), ("document_number", "云中【１９８５】12号", "云中〔1985〕12号"),
        ("pages", "１２", "12"), ("pages", "012", "12"), ("pages", "十二", "十二"), ("copy_status", "复印件", "副本"),
        ("carrier", "CD", "光盘"), ("carrier", "竹简", "竹简"), ("title", "\ud800合影", "合影"), ("unknown", " x ",
                                                                                        "x"),
    ],
)
def test_single_values(field: str, typed: str, tidy: str) -> None:
    """Widths, spaces and invisible characters are tidied, Chinese punctuation and the wording are kept."""

    assert normalise("document", {field: typed}).description.text(field) == tidy


def test_lists_of_other_things() -> None:
    """Keywords divide at spaces and commas, titles of attachments only at lines, codes get their dots."""
    found = normalise(
        "document",
        {"keywords": "校庆 毕业，运动会、校庆", "attachments": "一、二号文件\n名单",
         "related_code": "J019—SX．1978．Y—1；j019-SX·1",
         "language": "中文、英文", "addressee": "教务处、总务处"},
    ).description

    assert found.many("keywords") == ("校庆", "毕业", "运动会")
    assert found.many("attachments") == ("一、二号文件", "名单")
    assert found.many("related_code") == ("J019-SX·1978·Y-1", "J019-SX·1")
    assert found.many("language") == ("zh", "en")
    assert found.many("addressee") == ("教务处", "总务处")


def test_columns_become_codes() -> None:
    """Words of people become codes; what is unknown stays and is left to the rules."""
    typed = {"category": "声像", "retention": "永久", "access_level": "开放", "kind": "照片",
             "reference_code": "j019—sx．1978．y—0001", "file_name": " 一 .jpg"}
    found = normalise_columns(typed)

    assert found.values == {"category": "SX", "retention": "Y", "access_level": "public", "kind": "photo",
                            "reference_code": "J019-SX·1978·Y-0001", "file_name": "一 .jpg"}
    assert {change.field for change in found.changes} == set(typed)
    assert normalise_columns({"category": "没有", "retention": "Y"}).values == {"category": "没有",
                                                                              "retention": "Y"}


@settings(deadline=None)
@given(st.dictionaries(st.sampled_from([row.name for row in FIELDS]), st.text(max_size=30), max_size=6))
def test_tidying_twice_changes_nothing_more(typed: dict[str, str]) -> None:
    """Tidy values stay as they are and can be written as UTF-8."""
    once = normalise("photo", typed).description
    twice = normalise("photo", once.values)

    assert twice.description == once
    assert twice.changes == ()
    assert once.to_json().encode()
