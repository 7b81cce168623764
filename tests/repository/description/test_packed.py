"""What is written into a bag: Dublin Core, DA/T 46, description.json, 说明.html."""

import json
import os
from html.parser import HTMLParser
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lxml import etree

from repository.description.bag_description import (
    MAX_BYTES,
    SCHEMA,
    BagDescription,
    bag_description,
    read_bag_description,
    to_bytes,
)
from repository.description.columns import ItemColumns
from repository.description.crosswalk import DC, dublin_core_xml, to_dat46, to_dublin_core
from repository.description.errors import DescriptionUnreadable
from repository.description.human_page import human_page, readable_size
from repository.description.packed import EventFact, FileFact
from repository.description.value import Description

COLUMNS = ItemColumns(
    id="3fa2", reference_code="J019-SX·1956·Y-0001", category="SX", retention="Y", access_level="internal",
    more={"embargo_until": "2030-01-01"},
)
PHOTO = Description(
    "photo",
    {
        "title": "校庆 <合影> & 留念", "date": "约1956年", "place": "操场", "people": ("陆明川", "苏晚晴"),
        "photographer": "何远", "event": "校庆", "related_code": ("J019-WS·1956·Y-0001",), "carrier": "相纸",
        "portrait_consent": "granted", "language": "zh",
    },
)
FILE = FileFact(
    path="data/objects/0001.jpg", original_name="老照片 \udcff.jpg", size=12_345_678, sha256="ab" * 32,
    mime="image/jpeg", puid="fmt/43", format_name="JPEG", original_hex="e88081ff",
)
EVENT = EventFact("virus check", "2026-11-21T00:00:00Z", "not_run", "clamd", "未检测", agent_kind="software")
BAG = BagDescription(
    COLUMNS, PHOTO, files=(FILE,), ancestors=({"level": "fonds", "code": "J019", "title": "云溪中学"},),
    history=({"at": "2026-11-20T00:00:00Z", "verb": "accept", "n": 1},), events=(EVENT,), school="云溪中学",
)


def test_dublin_core_elements() -> None:
    """Each field becomes its element, dates become EDTF, the kind a DCMI type, codes their labels."""

    assert to_dublin_core(PHOTO, COLUMNS, (FILE,)) == {
        "title": ("校庆 <合影> & 留念",),
        "creator": ("何远",),
        "description": ("校庆",),
        "contributor": ("陆明川", "苏晚晴"),
        "date": ("1956~",),
        "type": ("StillImage",),
        "format": ("相纸", "image/jpeg"),
        "identifier": ("J019-SX·1956·Y-0001",),
        "language": ("zh",),
        "relation": ("J019-WS·1956·Y-0001",),
        "coverage": ("操场",),
        "rights": ("校内",),
    }


def test_dublin_core_of_little() -> None:
    """Without a code the id stands, an unreadable date stays as written, an unknown kind is a Collection."""
    found = to_dublin_core(Description("nonsense", {"date": "某一天"}), ItemColumns(id="3fa2"))

    assert found == {"date": ("某一天",), "type": ("Collection",), "identifier": ("3fa2",)}
    assert "identifier" not in to_dublin_core(PHOTO, ItemColumns())


def test_dublin_core_xml_is_well_formed() -> None:
    """Any text, also what XML cannot hold, gives a record that another parser reads."""
    content = dublin_core_xml({"title": ("a<b>&\x00\ud800\uffff𠮷",), "nonsense": ("x",)})
    record = etree.fromstring(content)

    assert record.findtext(f"{{{DC}}}title") == "a<b>&\ufffd\ufffd\ufffd𠮷"
    assert etree.QName(record).localname == "dc" and len(record) == 1
    assert content == dublin_core_xml({"title": ("a<b>&\x00\ud800\uffff𠮷",)})


def test_dat46_has_chinese_names_in_their_containers() -> None:
    """Elements stand under their containers, with the parts of the code and the M numbers."""
    tree = to_dat46(PHOTO, COLUMNS, files=(FILE,), events=(EVENT,), school="云溪中学")
    item = tree["文件实体"]

    assert item["内容描述"]["题名"] == "校庆 <合影> & 留念"
    assert item["内容描述"]["人名"] == ["陆明川", "苏晚晴"]
    assert item["档号"] == {
        "值": "J019-SX·1956·Y-0001", "全宗号": "J019", "年度": "1956", "保管期限": "永久", "类别号": "SX", "室编件号": "0001",
    }
    assert item["电子属性"] == [
        {"格式信息": "JPEG；image/jpeg；fmt/43", "计算机文件名": FILE.original_name, "计算机文件大小": 12_345_678}
    ]
    assert item["权限管理"]["控制标识"] == "校内"
    assert tree["业务实体"] == [
        {"业务状态": "未进行", "业务行为": "virus check", "行为时间": "2026-11-21T00:00:00Z", "行为描述": "未检测"}
    ]
    assert tree["机构人员实体"] == [{"机构人员类型": "软件", "机构人员名称": "clamd"}]
    assert tree["元素编号"]["题名"] == "M22" and tree["元素编号"]["业务行为"] == "M81"


def test_dat46_of_little_has_no_empty_names() -> None:
    """What is not known is not written."""

    assert to_dat46(Description("photo", {}), ItemColumns()) == {
        "标准": "DA/T 46-2009",
        "元素编号": {"聚合层次": "M1", "文件组合类型": "M41", "形式特征": "M40"},
        "文件实体": {"聚合层次": "文件", "形式特征": {"文件组合类型": "单件"}},
    }


def test_bag_description_comes_back() -> None:
    """All that the catalogue needs is read back, also a name that was no UTF-8 and rows of its own."""
    found = read_bag_description(bag_description(BAG))

    assert (found.columns, found.description, found.files) == (COLUMNS, PHOTO, (FILE,))
    assert [dict(row) for row in found.ancestors] == [dict(row) for row in BAG.ancestors]
    assert [dict(row) for row in found.history] == [dict(row) for row in BAG.history]
    assert found.school == "云溪中学"


def test_bag_description_is_the_same_for_the_same() -> None:
    """The same values give the same bytes: UTF-8 JSON with sorted keys."""
    content = bag_description(BAG)
    plain = json.loads(content)

    assert content == bag_description(BAG) == to_bytes(plain)
    assert plain["schema"] == SCHEMA
    assert plain["date"] == {
        "text": "约1956年", "edtf": "1956~", "first_year": 1956, "last_year": 1956, "sort": "1956-01-01",
    }
    assert "校庆".encode() in content and content.endswith(b"}\n")


bytes_names = st.binary(min_size=1, max_size=20).map(lambda raw: raw.decode("utf-8", "surrogateescape"))


@settings(deadline=None)
@given(bytes_names, st.text(st.characters(exclude_categories=["Cs"]), max_size=30), st.integers(0, 2**60))
def test_p15_any_name_comes_back(name: str, title: str, size: int) -> None:
    """Names of any bytes and titles of any text survive in description.json and on the human page."""
    file = FileFact("data/objects/0001", name, size, "0" * 64)
    told = BagDescription(ItemColumns(id="a"), Description("other", {"title": title}), files=(file,))
    found = read_bag_description(bag_description(told))

    assert found.files[0].original_name == name
    assert found.description == told.description
    assert human_page(told, made_on="2026-11-21").decode("utf-8").count("<h1>") == 1


@pytest.mark.parametrize(
    "damage",
    [
        b"", b"\xff\xfe", b"[]", b"{}", b'{"schema": "jingui-description/2"}', b"[" * 100_000, b'{"a": NaN}',
        b"9" * 5000,
    ],
)
def test_damaged_descriptions_are_refused(damage: bytes) -> None:
    """A file that is not ours or is damaged is refused with a code."""
    with pytest.raises(DescriptionUnreadable):
        read_bag_description(damage)


def test_d32_an_endless_description_is_refused() -> None:
    """A description.json above the limit is refused before it is parsed."""
    with pytest.raises(DescriptionUnreadable) as refused:
        read_bag_description(b" " * (MAX_BYTES + 1))

    assert refused.value.facts == {"reason": "size"}


@pytest.mark.parametrize(
    ("part", "value"),
    [("item", None), ("item", {"id": 1}), ("item", {"more": []}), ("description", []), ("files", {}),
     ("files", [1]), ("files", [{"size": 1, "mime": None}]), ("item", {"id": "a", "more": {"b": 1}}),
     ("files", [{"size": -1}]), ("files", [{"size": True}]), ("files", [{"size": 1, "path": 2}]), ("history",
     "x"),
     ("ancestors", ["x"]), ("school", 1)],
)
def test_damaged_parts_are_refused(part: str, value: object) -> None:
    """Each part that has another shape than we write is refused."""
    plain = {**json.loads(bag_description(BAG)), part: value}
    with pytest.raises(DescriptionUnreadable):
        read_bag_description(to_bytes(plain))


def test_fields_of_a_newer_version_are_kept() -> None:
    """A field that this version does not know is read, shown and written again."""
    plain = json.loads(bag_description(BAG))
    plain["description"]["values"]["smell"] = "樟脑"
    plain["files"][0]["colour"] = "sepia"
    found = read_bag_description(to_bytes(plain))

    assert found.description.text("smell") == "樟脑"
    assert "樟脑" in human_page(found, made_on="2026-11-21").decode()
    assert read_bag_description(bag_description(found)).description == found.description


class _Tags(HTMLParser):
    """Collects tags, links and text of a page."""

    def __init__(self) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.links: list[str] = []
        self.text = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.links += [value or "" for name, value in attrs if name in ("href", "src")]

    def handle_data(self, data: str) -> None:
        self.text += data


def _page(told: BagDescription, to_root: str = "") -> _Tags:
    parsed = _Tags()
    parsed.feed(human_page(told, made_on="2026-11-21", software="金匮 0.1.0", to_root=to_root).decode())
    return parsed


def test_human_page_explains_the_bag() -> None:
    """The page names the item, the school, each file with its first name and digest, and how to check."""
    page = _page(BAG, "../../")

    for said in ("云溪中学", "校庆 <合影> & 留念", "J019-SX·1956·Y-0001", "约1956年", "陆明川、苏晚晴", "老照片 \\udcff.jpg",
                 "ab" * 32, "sha256sum -c manifest-sha256.txt", "2026-11-21", "已授权", "永久", "校内", "声像"):
        assert said in page.text
    assert page.links == ["../../data/objects/0001.jpg"]
    assert "$" not in page.text


def test_e29_nothing_in_a_description_becomes_markup() -> None:
    """Script in a title, a name, a field name or a path stays text."""
    bad = "<script>alert(1)</script>\"'><img src=x>"
    told = BagDescription(
        ItemColumns(id=bad, reference_code=bad, category=bad, retention=bad, access_level=bad),
        Description(bad, {"title": bad, bad: bad, "people": (bad,), "date": bad}),
        files=(FileFact(f'data/objects/"{bad}', bad, 1, bad, bad, bad, bad),), ancestors=({"title": bad},),
        school=bad,
    )
    page = _page(told)

    assert not {"script", "img"} & set(page.tags)
    assert all(link.startswith("data/objects/%22%3Cscript") for link in page.links)


def test_e29_naughty_strings_stay_text() -> None:
    """No string of the corpus opens a tag of its own."""
    folder = os.environ.get("JINGUI_CORPORA")
    if not folder:
        pytest.skip("JINGUI_CORPORA is not set")
    expected = _page(BagDescription(ItemColumns(), Description("photo", {"title": "x"}))).tags.count("p")
    for text in json.loads(Path(folder, "naughty-strings", "blns.json").read_text(encoding="utf-8")):
        page = _page(BagDescription(ItemColumns(), Description("photo", {"title": text})))

        assert "script" not in page.tags
        assert page.tags.count("p") == expected


@pytest.mark.parametrize(
    ("size", "shown"),
    [(0, "0 字节"), (1023, "1023 字节"), (1024, "1.0 KB（1,024 字节）"), (12_345_678, "11.8 MB（12,345,678 字节）"),
     (5 << 40, "5.0 TB（5,497,558,138,880 字节）"), (5 << 50, "5120.0 TB（5,629,499,534,213,120 字节）")],
)
def test_sizes_are_readable(size: int, shown: str) -> None:
    """Sizes are told for people, with the exact number."""

    assert readable_size(size) == shown


def test_human_page_shows_dates_in_plain_words() -> None:
    """A date in EDTF is explained in Chinese; one that is plain already is not repeated."""
    edtf = _page(BagDescription(ItemColumns(), Description("photo", {"date": "195X"})))
    plain = _page(BagDescription(ItemColumns(), Description("photo", {"date": "1978年5月"})))

    assert "195X（即 1950年代，195X）" in edtf.text
    assert "1978年5月" in plain.text and "（即" not in plain.text
