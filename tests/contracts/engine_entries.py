"""The entries that every engine is asked about."""

from dataclasses import replace

import pytest

from search.engine import Engine
from search.entry import Entry, Page, Request, Sort

ALL = frozenset({"public", "school", "closed"})
PUBLIC = frozenset({"public"})


def entry(name: str, title: str, **facts: object) -> Entry:
    """Return an entry for everybody, with these facts."""
    made = Entry(id=name, title=title, tags=PUBLIC)
    return replace(made, **facts)  # type: ignore[arg-type]


PHOTO = entry(
    "photo",
    "1956年師範學校附屬小學開學典禮合影",
    kind="photo",
    category="校史",
    reference_code="J019-ZP·1956·D30-001-001",
    reference_sort="J019 0001",
    people=("张三丰", "喆嬭"),
    place="圖書館前",
    creator="校办 赵六",
    summary="前排左起第三人为老校长，后排有大学教师。",
    first_year=1956,
    last_year=1956,
    date_sort="1956-09-01",
)
CLASS = entry(
    "class",
    "2019级3班毕业照",
    kind="photo",
    category="学生",
    reference_code="J019-ZP·2019·D30-001-002",
    reference_sort="J019 0002",
    people=("𠮷野", "李四"),
    first_year=2019,
    last_year=2019,
    date_sort="2019-06-30",
    extra="学 生 名 单：王 五，孙\n七。Ｃｌａｓｓ　Ｌｉｓｔ ＡＢＣ１２３",
)
MINUTES = entry(
    "minutes",
    "校务会议记录",
    kind="document",
    category="校史",
    number="校发〔1956〕12号",
    summary="讨论图书馆馆舍与学校操场。",
    extra="The Headmaster opened the meeting; graduates were present.",
    first_year=1950,
    last_year=1952,
    date_sort="1950-01-01",
)
UNDATED = entry("undated", "铜钟", kind="object", summary="操场里的旧钟")
CORPUS = (PHOTO, CLASS, MINUTES, UNDATED)


def ask(engine: Engine, text: str, *, tags: frozenset[str] = ALL, sort: Sort = Sort.RELEVANCE) -> list[str]:
    """Return the ids found, in order."""
    page = engine.find(Request(text, tags, sort=sort, page_size=100))
    return [hit.id for hit in page.hits]


def facet(page: Page, name: str) -> dict[str, int]:
    """Return the counts of one facet by value."""
    found = next(one for one in page.facets if one.name == name)
    return {value.value: value.count for value in found.values}


class EngineFixtures:
    """The engine under test: usable and empty, or filled with CORPUS."""

    @pytest.fixture
    def engine(self) -> Engine:
        """Return a usable, empty engine."""
        raise NotImplementedError

    @pytest.fixture
    def filled(self, engine: Engine) -> Engine:
        """Return an engine that holds CORPUS."""
        engine.rebuild(CORPUS, 1)
        return engine
