"""The pictures of the sample: classes, events, portraits."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from random import Random

from repository.demo.cast import FIRST_HEAD, FOURTH_HEAD, SECOND_HEAD, THIRD_HEAD, head_of, people
from repository.demo.draw_certificates import draw_badge, draw_pennant
from repository.demo.draw_events import (
    draw_choir,
    draw_house,
    draw_laboratory,
    draw_planting,
    draw_running,
    draw_tug,
)
from repository.demo.draw_groups import ClassPhoto, Sitter, draw_class, draw_portrait
from repository.demo.draw_pen import Drawing
from repository.demo.planned import Filing, Planned, Value

PLACE = "云溪中学"
KEYWORDS = ("运动会", "植树", "实验", "歌咏", "拔河", "教学楼", "文艺", "老校舍", "绿化")
Scene = Callable[[int, str, Random], Drawing]


@dataclass(frozen=True, slots=True)
class SchoolClass:
    """A class that was photographed: year, name, date as written, people per row, names known or not."""

    year: int
    called: str
    date: str
    rows: tuple[int, int, int, int]
    known: bool = True
    file_name: str = ""


CLASSES = (
    SchoolClass(1948, "民國三十七年秋級初中畢業紀念", "民国三十七年", (8, 9, 6, 7), known=False),
    SchoolClass(1952, "一九五二届初三甲班毕业合影", "1952年7月", (9, 10, 6, 8)),
    SchoolClass(1954, "一九五四届初三（1）班毕业留念", "1954-07-10", (10, 10, 7, 9)),
    SchoolClass(
        1956,
        "一九五六届初三（2）班毕业合影",
        "约1956年",
        (11, 10, 7, 10),
        file_name="老照片－约１９５６年（初三②班）·毕业合影〖翻拍〗.jpg",
    ),
    SchoolClass(1959, "一九五九届高三毕业合影", "1959届", (10, 11, 7, 9)),
    SchoolClass(1962, "一九六二届初三（1）班毕业留影", "一九六二年", (11, 11, 7, 10)),
    SchoolClass(1965, "一九六五届高三（1）班毕业合影", "1965.7", (10, 10, 6, 9), known=False),
    SchoolClass(1973, "一九七三届高中毕业合影", "1973年前后", (11, 10, 7, 9)),
    SchoolClass(1978, "一九七八届高三（2）班毕业合影", "1978届", (11, 11, 7, 10)),
    SchoolClass(1981, "一九八一届初三（4）班毕业留念", "1981年7月", (10, 11, 6, 10)),
    SchoolClass(1985, "一九八五届高三（1）班毕业合影", "1985-07-02", (11, 11, 8, 10)),
    SchoolClass(1990, "一九九〇届高三（3）班毕业留念", "1990年7月", (12, 11, 7, 10)),
    SchoolClass(1996, "一九九六届初三（5）班毕业合影", "1996年6月28日", (11, 12, 7, 11)),
    SchoolClass(2003, "2003届高三（6）班毕业合影", "2003-06-20", (12, 12, 8, 11), file_name="IMG_0371.jpg"),
    SchoolClass(2012, "2012届初三（3）班毕业合影", "2012-06-21", (12, 11, 7, 11)),
    SchoolClass(2019, "2019届高三（1）班毕业合影", "2019-06-03", (12, 12, 8, 11)),
)

LONG_NAME = "云溪中学一九七九年三月十二日全校师生在后山参加春季义务植树活动时初二年级同学抬水培土扶苗的现场照片之三（由退休教师捐赠的底片翻印件）.jpg"
# The bytes of 云溪 in GBK read as Latin letters: such names come out of old archives and USB sticks.
BROKEN_NAME = "云溪运动会".encode("gbk").decode("latin-1") + "1957.jpg"


def class_photos() -> list[Planned]:
    """Return the planned class photographs, oldest first."""
    return [_class_photo(school_class) for school_class in CLASSES]


def event_photos() -> list[Planned]:
    """Return the planned photographs of single events."""
    return [
        _event(1957, "五十年代", "运动会百米决赛", draw_running, "云溪中学第五届田径运动会", BROKEN_NAME),
        _event(1955, "1955年春", "初中部师生绿化后山", draw_planting, "绿化祖国", "扫描0001.jpg"),
        _event(1963, "1963年", "高二化学实验课：制取氧气", draw_laboratory, "氧气的制取", "化学实验课.jpg"),
        _event(
            1962,
            "1962-05-04",
            "歌咏大会上高一年级合唱",
            draw_choir,
            "庆祝建校三十五周年歌咏大会",
            "歌咏大会 1962.jpg",
        ),
        _event(1979, "1979-03-12", "全校师生在后山植树", draw_planting, "", LONG_NAME),
        _event(1985, "1985年秋", "秋季运动会拔河比赛", draw_tug, "团结拼搏　友谊第一", "拔河（1985秋）.jpg"),
        _event(1986, "1986年9月1日", "新教学楼落成", draw_house, "热烈庆祝新教学楼落成", "新教学楼落成.jpg"),
        _event(1995, "1995-12-31", "元旦文艺汇演", draw_choir, "元旦文艺汇演", "元旦汇演01.jpg"),
        _event(2001, "2001年", "初一生物实验课：观察细胞", draw_laboratory, "细胞的观察", "DSC00012.JPG"),
        _event(
            2011,
            "2011-10-20",
            "第五十二届田径运动会接力赛",
            draw_running,
            "云溪中学第五十二届田径运动会",
            "运动会-接力.jpg",
        ),
        _event(1934, "民国二十三年", "老校舍外景", draw_house, "", "老校舍.jpg"),
        _event(1956, "1950年代", "红砖教学楼外景", draw_house, "", "红砖楼.jpg"),
    ]


def portraits() -> list[Planned]:
    """Return the planned portraits of heads and teachers."""
    dice = Random("yunxi:portraits")
    chemist, poet = people(1963, 2, dice=dice, teacher=True)
    return [
        _portrait(FIRST_HEAD, 1931, "民国二十年", "首任校长", "校长陆怀瑾.jpg"),
        _portrait(SECOND_HEAD, 1957, "约1957年", "第二任校长", "苏婉仪校长像.jpg"),
        _portrait(THIRD_HEAD, 1984, "1984年", "第三任校长", "秦守正.jpg"),
        _portrait(FOURTH_HEAD, 2008, "2008-05-12", "第四任校长", "叶舒窈校长（证件照）.jpg"),
        _portrait(chemist, 1963, "1960年代", "化学教师", "化学组老师.jpg"),
        _portrait(poet, 1947, "1947年", "国文教师", "国文教师像.jpg"),
    ]


def things() -> list[Planned]:
    """Return the planned pictures of objects (实物)."""
    badge: dict[str, Value] = {
        "title": "五十年代三角校徽",
        "date": "五十年代",
        "creator": "云溪中学",
        "source": "校友捐赠",
        "summary": "铜胎珐琅，红底金边，正面有“云溪中学”四字和五角星。",
        "keywords": ("校徽", "实物"),
    }
    pennant: dict[str, Value] = {
        "title": "一九八六届毕业生赠“桃李芬芳”锦旗",
        "date": "1986届",
        "creator": "一九八六届全体毕业生",
        "source": "校长办公室移交",
        "summary": "红绒底，金字，下缀流苏。",
        "keywords": ("锦旗", "毕业"),
    }
    words = ("赠：云溪中学", "桃李芬芳", "一九八六届全体毕业生")
    return [
        Planned(
            ("校徽（五十年代）.jpg",),
            Filing("object", "SW", "Y", "public"),
            badge,
            partial(draw_badge, "云溪中学", 1956),
            year="1956",
        ),
        Planned(
            ("锦旗 桃李芬芳.jpg",),
            Filing("object", "SW", "D30", "public"),
            pennant,
            partial(draw_pennant, words),
            year="1986",
        ),
    ]


def _class_photo(school_class: SchoolClass) -> Planned:
    year = school_class.year
    dice = Random(f"yunxi:class:{year}")
    pupils = people(year, school_class.rows[0] + school_class.rows[1] + school_class.rows[3], dice=dice)
    teachers = people(year, school_class.rows[2] - 1, dice=dice, teacher=True)
    head = head_of(year)
    seat = len(teachers) // 2
    teachers = teachers[:seat] + (head,) + teachers[seat:]
    if not school_class.known:
        pupils = tuple(Sitter("", sitter.female) for sitter in pupils)
    first, second = school_class.rows[0], school_class.rows[0] + school_class.rows[1]
    rows = (pupils[:first], pupils[first:second], teachers, pupils[second:])
    title = f"云溪中学{school_class.called}"
    named = tuple(sitter.name for row in rows for sitter in row if sitter.name)
    values: dict[str, Value] = {
        "title": title,
        "date": school_class.date,
        "place": f"{PLACE}校园",
        "people": named,
        "event": "毕业合影",
        "background": _background(year),
        "photographer": "云溪照相馆" if year < 1990 else "校办公室",
        "source": "班主任捐赠",
        "caption": _who_sits_where(rows),
        "keywords": ("毕业", "合影"),
    }
    photo = ClassPhoto(year, title, rows)
    name = school_class.file_name or f"{title}.jpg"
    access = "public" if year < 2000 else "internal"  # pupils of late years are still young
    return Planned(
        (name,), Filing("photo", "SX", "Y", access), values, partial(draw_class, photo), year=str(year)
    )


def _who_sits_where(rows: tuple[tuple[Sitter, ...], ...]) -> str:
    parts = []
    for label, row in zip(("后排", "三排", "二排（教师）", "前排"), rows, strict=True):
        names = "、".join(sitter.name for sitter in row if sitter.name)
        parts.append(f"{label}左起：{names}。" if names else f"{label}：姓名待考。")
    return "".join(parts)


def _background(year: int) -> str:
    if year < 1950:
        return "身后是青砖灰瓦的老校舍"
    return "身后是红砖教学楼" if year < 1986 else "身后是新教学楼和钟楼"


def _event(year: int, date: str, what: str, scene: Scene, banner: str, name: str) -> Planned:
    values: dict[str, Value] = {
        "title": f"云溪中学{what}",
        "date": date,
        "place": f"{PLACE}{_where(scene)}",
        "event": what,
        "background": _behind(scene, year),
        "photographer": "摄影者不详" if year < 1980 else "校办公室",
        "source": "校史征集" if year < 1980 else "校长办公室移交",
        "keywords": tuple(word for word in KEYWORDS if word in what) or ("校园",),
    }
    category = "XSH" if scene is draw_house else "SX"
    return Planned(
        (name,),
        Filing("photo", category, "Y", "public"),
        values,
        partial(scene, year, banner),
        year=str(year),
    )


def _behind(scene: Scene, year: int) -> str:
    if scene is draw_planting:
        return "身后是后山荒坡" if year < 1979 else "当年春天全校在后山种树一千二百余株"
    if scene is draw_laboratory:
        return "黑板上写着当天的课题，桌上摆着玻璃仪器"
    if scene is draw_choir:
        return "礼堂舞台，挂红布横幅"
    return "老校舍借用云溪书院旧址" if year < 1950 else f"{_background(year)}，两旁是杨树和樟树"


def _where(scene: Scene) -> str:
    places: dict[Scene, str] = {
        draw_planting: "后山",
        draw_laboratory: "实验室",
        draw_choir: "礼堂",
        draw_house: "校园",
    }
    return places.get(scene, "操场")


def _portrait(sitter: Sitter, year: int, date: str, role: str, name: str) -> Planned:
    values: dict[str, Value] = {
        "title": f"{role}{sitter.name}像",
        "date": date,
        "people": (sitter.name,),
        "place": "云溪照相馆",
        "event": "肖像",
        "background": "照相馆布幕",
        "photographer": "云溪照相馆",
        "source": "家属捐赠" if year < 1980 else "人事处移交",
        "keywords": ("校长" if "校长" in role else "教师", "肖像"),
    }
    access = "public" if "校长" in role else "internal"
    sitter = Sitter(sitter.name, sitter.female, teacher=True)
    return Planned(
        (name,),
        Filing("photo", "RS", "Y", access),
        values,
        partial(draw_portrait, sitter, year),
        year=str(year),
    )
