"""The certificates, awards and student cards of the sample."""

from functools import partial
from random import Random

from repository.demo.cast import head_of, people
from repository.demo.draw_certificates import Certificate, draw_award, draw_diploma
from repository.demo.draw_groups import Sitter
from repository.demo.draw_papers import Letter, draw_card
from repository.demo.planned import Filing, Planned, Value

SCHOOL = "云溪中学"


def chinese_year(year: int) -> str:
    """Return a year in Chinese figures, as 1978 becomes 一九七八."""
    return "".join("〇一二三四五六七八九"[int(figure)] for figure in str(year))


def certificates() -> list[Planned]:
    """Return the planned certificates and awards."""
    return [
        _old_diploma(),
        _diploma(1957, "初中", "1957年7月"),
        _diploma(1966, "高中", "1966年"),
        _diploma(1982, "高中", "1982-07-10"),
        _award(
            1955, "在勤工俭学中积极肯干，爱护公物，被评为劳动积极分子，特发此状，以资鼓励。", "一九五五年"
        ),
        _award(
            1979,
            "在一九七八至一九七九学年度学习努力，团结同学，被评为三好学生，特发此状，以资鼓励。",
            "1979年7月",
        ),
        _award(1988, "在第三十届校运动会中获女子跳远第一名，特发此状，以资鼓励。", "1988年秋"),
        _award(2006, "在二〇〇六年校园科技节中，作品《溪水水质观察》荣获一等奖。", "2006-12-20"),
    ]


def school_cards() -> list[Planned]:
    """Return the planned student records: always restricted (控制)."""
    girl, boy, third = people(1961, 3, dice=Random("yunxi:cards"))
    return [
        _card(1961, girl, "初一（1）班", (("语文", "87"), ("算术", "92"), ("自然", "85"), ("操行", "甲"))),
        _card(1978, boy, "高一（3）班", (("语文", "74"), ("数学", "96"), ("物理", "91"), ("化学", "88"))),
        _card(1993, third, "初二（4）班", (("语文", "90"), ("数学", "83"), ("英语", "94"), ("体育", "达标"))),
    ]


def _old_diploma() -> Planned:
    pupil = people(1937, 1, dice=Random("yunxi:diploma:1937"))[0]
    head = head_of(1937).name
    body = "現年十七歲在本校初級中學修業期滿成績及格准予畢業此證"
    page = Certificate(
        1937, "畢業證書", pupil, body, (f"校長　{head}", "中華民國二十六年七月"), "雲字第四十二號", "雲溪中學"
    )
    values: dict[str, Value] = {
        "title": f"{pupil.name}初中毕业证书",
        "date": "民国二十六年七月",
        "people": (pupil.name,),
        "creator": SCHOOL,
        "certificate_number": "雲字第四十二號",
        "source": "校友捐赠",
        "summary": "繁体竖写，贴学生像，钤学校方印。",
        "keywords": ("毕业证书", "民国"),
    }
    return Planned(
        ("畢業證書（民國廿六年）.jpg",),
        Filing("certificate", "XSH", "Y", "public"),
        values,
        partial(draw_diploma, page),
        year="1937",
    )


def _diploma(year: int, school: str, date: str) -> Planned:
    pupil = people(year, 1, dice=Random(f"yunxi:diploma:{year}"))[0]
    digits = chinese_year(year)
    before = chinese_year(year - 3)
    number = f"云中毕字第 {year % 100}{17 + year % 80:03d} 号"
    body = f"性别{'女' if pupil.female else '男'}，于{before}年九月至{digits}年七月在本校{school}修业期满，成绩及格，准予毕业。"
    page = Certificate(
        year, "毕业证书", pupil, body, (f"校长　{head_of(year).name}", f"{digits}年七月"), number
    )
    values: dict[str, Value] = {
        "title": f"{pupil.name}{school}毕业证书",
        "date": date,
        "people": (pupil.name,),
        "creator": SCHOOL,
        "certificate_number": number,
        "source": "校友捐赠",
        "summary": f"云溪中学{school}毕业证书，贴学生像，盖校章。",
        "keywords": ("毕业证书",),
    }
    access = "public" if year < 1960 else "restricted"
    return Planned(
        (f"毕业证书{year}_{pupil.name}.jpg",),
        Filing("certificate", "XS", "Y", access),
        values,
        partial(draw_diploma, page),
        year=str(year),
    )


def _award(year: int, body: str, date: str) -> Planned:
    pupil = people(year, 1, dice=Random(f"yunxi:award:{year}"))[0]
    if "女子" in body:
        pupil = Sitter("罗小燕", female=True)
    digits = chinese_year(year)
    page = Certificate(year, "奖状", pupil, body, (SCHOOL, f"{digits}年"))
    values: dict[str, Value] = {
        "title": f"{pupil.name}奖状",
        "date": date,
        "people": (pupil.name,),
        "creator": SCHOOL,
        "summary": body,
        "source": "校友捐赠",
        "award_level": "校级",
        "keywords": ("奖状",),
    }
    access = "public" if year < 1990 else "internal"
    return Planned(
        (f"奖状-{year}.jpg",),
        Filing("certificate", "SW", "D30", access),
        values,
        partial(draw_award, page),
        year=str(year),
    )


def _card(year: int, pupil: Sitter, where: str, marks: tuple[tuple[str, str], ...]) -> Planned:
    fields = (
        ("姓名", pupil.name),
        ("性别", "女" if pupil.female else "男"),
        ("班级", where),
        ("入学时间", f"{year}年9月"),
        *marks,
        ("家庭住址", "云溪镇"),
        ("备注", "准予升级"),
    )
    digits = chinese_year(year)
    letter = Letter(year, "云溪中学学生学籍卡", (), ("教务处", f"{digits}年九月一日"), SCHOOL)
    values: dict[str, Value] = {
        "title": f"{pupil.name}学籍卡",
        "date": f"{year}年9月1日",
        "people": (pupil.name,),
        "creator": "云溪中学教务处",
        "pages": "1",
        "summary": f"{where}学生学籍卡，含各科成绩。",
        "source": "教务处移交",
        "keywords": ("学籍",),
    }
    return Planned(
        (f"学籍卡_{year}_{pupil.name}.jpg",),
        Filing("document", "XS", "Y", "restricted"),
        values,
        partial(draw_card, letter, fields),
        year=str(year),
    )
