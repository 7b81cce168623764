"""The data dictionary, code lists, headers and messages hang together."""

import re
import string

import pytest

from repository.description import errors
from repository.description.codes import (
    ACCESS_LEVELS,
    CATEGORIES,
    CODE_LISTS,
    KINDS,
    RETENTION,
    refused_secrecy,
    retention,
    retention_label,
    secrecy_mark,
)
from repository.description.errors import UnknownField
from repository.description.fields import (
    ALL,
    COLUMNS,
    FIELDS,
    fields_for,
    is_known,
    label,
    quick_fields,
    spec,
)
from repository.description.headers import header_to_field, import_headers
from repository.description.messages import MESSAGES, sentence
from repository.description.tables import table, text


def test_names_are_unique_and_rows_are_sound() -> None:
    """Each row has its own name, known kinds, a known list, a known obligation and DA/T 46 element."""
    names = [row.name for row in (*FIELDS, *COLUMNS)]
    elements = {number for number, _, _ in table("dat46")["elements"]}

    assert len(names) == len(set(names))
    for row in (*FIELDS, *COLUMNS):
        assert set(row.kinds) <= set(ALL) and row.kinds
        assert row.obligation in ("must", "if_any", "may")
        assert row.column or row.code_list == "" or row.code_list in CODE_LISTS
        assert row.dat46 == "" or row.dat46 in elements
        assert bool(row.split) == row.many
        assert row.label_zh and row.label_en


def test_dat46_has_88_elements() -> None:
    """M1 to M88, each once."""
    numbers = [number for number, _, _ in table("dat46")["elements"]]

    assert numbers == [f"M{n}" for n in range(1, 89)]


@pytest.mark.parametrize("kind", ALL)
def test_quick_form_has_five_fields(kind: str) -> None:
    """题名, 时间, 地点, 人物, 来源 for every kind."""

    assert [row.name for row in quick_fields(kind)] == ["title", "date", "place", "people", "source"]
    assert KINDS.get(kind) is not None


def test_fields_follow_the_kind() -> None:
    """A photograph has the six elements, a document its number and pages; what is unknown is "other"."""
    photo = {row.name for row in fields_for("photo")}
    document = {row.name for row in fields_for("document")}

    assert {"title", "date", "place", "people", "event", "background", "photographer"} <= photo
    assert {"creator", "document_number", "pages", "copy_status", "attachments"} <= document
    assert "pages" not in photo and "photographer" not in document
    assert fields_for("nonsense") == fields_for("other")


def test_labels_and_obligations_follow_the_kind() -> None:
    """责任者 is must for documents and is called 颁发单位 on certificates."""

    assert spec("creator").obligation_for("document") == "must"
    assert spec("creator").obligation_for("object") == "if_any"
    assert label("creator", "certificate") == "颁发单位"
    assert label("creator", "document", "en") == "Creator"
    assert label("nonsense") == "nonsense"


def test_unknown_field_is_refused() -> None:
    """spec of a name that is not there raises; a column is no field of the description."""
    with pytest.raises(UnknownField):
        spec("nonsense")

    assert is_known("title") and not is_known("reference_code") and not is_known("nonsense")


@pytest.mark.parametrize(
    ("header", "field"),
    [
        ("拍摄时间", "date"), ("摄影时间", "date"), ("日期", "date"), ("形成时间", "date"), ("题名", "title"),
        ("* 题名（必填）", "title"), ("题 名", "title"), ("标题：", "title"), ("Title", "title"), ("dc.title", "title"),
        ("dc:creator", "creator"), ("dcterms:created", "date"), ("M22 题名", "title"), ("责任者", "creator"),
        ("文件编号", "document_number"), ("拍摄者", "photographer"), ("人物（用顿号隔开）", "people"), ("备注", "notes"),
        ("档号", "reference_code"), ("类别", "category"), ("门类", "category"), ("保管期限", "retention"),
        ("开放程度", "access_level"), ("开放标识", "access_level"), ("文件名", "file_name"), ("ＦｉｌｅＮａｍｅ", "file_name"),
        ("种类", "kind"), ("dc.type", "kind"), ("序号", None), ("", None), ("foo", None), ("（）", None),
    ],
)
def test_headers_of_sheets(header: str, field: str | None) -> None:
    """A header is understood without spaces, stars, width, case and remarks; or it is None."""

    assert header_to_field(header) == field


def test_every_label_is_a_header() -> None:
    """The sheet that we offer can be read back, and so can every field name."""
    found = [header_to_field(header) for header in import_headers()]

    assert found == [row.name for row in (*COLUMNS, *FIELDS)]
    assert all(header_to_field(row.name) == row.name for row in FIELDS)


def test_categories_have_sound_defaults() -> None:
    """Each class has a retention and an access level that exist; records of people start restricted."""

    assert [one.code for one in CATEGORIES.codes] == (
        ["DQ", "XZ", "RS", "XS", "JX", "HQ", "JJ", "SB", "CK", "XSH", "SX", "SW", "DZ"]
    )
    assert all(RETENTION.get(one.retention) for one in CATEGORIES.codes)
    assert all(ACCESS_LEVELS.get(one.access_level) for one in CATEGORIES.codes)
    assert {one.code for one in CATEGORIES.codes if one.access_level == "restricted"} == {"RS", "XS", "CK"}
    assert all(one.access_level != "public" for one in CATEGORIES.codes)


@pytest.mark.parametrize(
    ("written", "code"),
    [("永久", "Y"), ("Y", "Y"), ("y", "Y"), ("D30", "D30"), ("30年", "D30"), ("３０年", "D30"), ("定期10年", "D10"),
     ("D15", "D15"), ("长期", "D30"), ("短期", "D10"), ("很久", ""), ("", ""), ("D0", ""), ("D1000", "")],
)
def test_retention_is_understood(written: str, code: str) -> None:
    """永久, years in any common form, and the old words as a suggestion."""
    found = retention(written)

    assert (found.code if found else "") == code
    assert (found is not None and found.suggested_from != "") == (written in ("长期", "短期"))


def test_labels_of_codes() -> None:
    """A code shows its label; an unknown code shows itself."""

    assert retention_label("D15") == "定期15年"
    assert retention_label("?") == "?"
    assert ACCESS_LEVELS.label("internal") == "校内"
    assert ACCESS_LEVELS.label("internal", "en") == "School only"
    assert ACCESS_LEVELS.label("x") == "x"
    assert ACCESS_LEVELS.find("延期开放") == ACCESS_LEVELS.find("未审核") == ACCESS_LEVELS.get("restricted")


@pytest.mark.parametrize(
    ("written", "word"), [("机密", "机密"), ("机 密★20年", "机密"), ("绝密", "绝密"), ("秘密", "秘密"), ("内部", ""), ("", "")]
)
def test_state_secrets_are_recognised(written: str, word: str) -> None:
    """秘密, 机密 and 绝密 in any form are told, so that they can be refused."""

    assert refused_secrecy(written) == word


def test_secrecy_mark_in_running_text() -> None:
    """机密★ in a title counts, the word 秘密 in a story does not."""

    assert secrecy_mark("机密★ 关于某事的通知") == "机密"
    assert secrecy_mark("一本秘密花园的书") == ""


def test_every_code_of_an_error_has_a_sentence() -> None:
    """Each error class of the room has its sentence in two languages."""
    codes = {one.code for one in vars(errors).values() if isinstance(one, type) and hasattr(one, "code")}

    assert codes - {"DE-000"} <= set(MESSAGES)
    assert all(message.zh and message.en for message in MESSAGES.values())


def test_both_languages_use_known_names_only() -> None:
    """A sentence holds {names}; both languages can be formatted without any fact."""
    for code, message in MESSAGES.items():
        parts = string.Formatter().parse(message.zh + message.en)
        names = {name for _, name, _, _ in parts if name}

        assert all(re.fullmatch(r"[a-z_]+", name) for name in names)
        assert "{" not in sentence(code, {}) + sentence(code, {}, lang="en")


def test_sentences_are_filled() -> None:
    """Facts and the label of the field are put in; an unknown code shows itself."""

    assert sentence("V41", {}, field="creator", kind="certificate") == "颁发单位是必填项。"
    assert sentence("V42", {"limit": 5, "length": 9}, field="title",
                    lang="en") == "Title takes 5 characters; there are 9."
    assert sentence("X", {}) == "X"


def test_human_page_asks_no_foreign_host() -> None:
    """The template has no script and no address."""
    page = text("human_page.html")

    assert "<script" not in page and "http" not in page and "url(" not in page


def test_errors_tell_code_and_facts() -> None:
    """An error shows its code, its name and its facts."""

    assert str(UnknownField(name="x")) == "DE-040 UnknownField: name='x'"
