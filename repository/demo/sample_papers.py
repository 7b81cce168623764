"""The papers of the sample: minutes, notices, certificates, cards, plans and plain texts."""

from functools import partial
from random import Random

from repository.demo.cast import head_of, people
from repository.demo.draw_certificates import Certificate, draw_award, draw_diploma
from repository.demo.draw_groups import Sitter
from repository.demo.draw_papers import Letter, draw_card, draw_minutes, draw_motto, draw_notice
from repository.demo.draw_pen import Drawing
from repository.demo.draw_plans import draw_blueprint, draw_new_plan, draw_old_plan
from repository.demo.planned import Planned, Value
from repository.demo.sample_words import CHRONICLE, DRILL, MEETINGS, MOTTO, SPORTS, Meeting

SCHOOL = "云溪中学"


def minutes() -> list[Planned]:
    """Return the planned meeting minutes (会议记录)."""
    return [_minutes(meeting) for meeting in MEETINGS]


def certificates() -> list[Planned]:
    """Return the planned certificates and awards."""
    return [
        _old_diploma(),
        _diploma(1957, "初中", "1957年7月"),
        _diploma(1966, "高中", "1966年"),
        _diploma(1982, "高中", "1982-07-10"),
        _award(1955, "在勤工俭学中积极肯干，爱护公物，被评为劳动积极分子，特发此状，以资鼓励。", "一九五五年"),
        _award(1979, "在一九七八至一九七九学年度学习努力，团结同学，被评为三好学生，特发此状，以资鼓励。", "1979年7月"),
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


def plans() -> list[Planned]:
    """Return the planned drawings: the campus in two eras and a blueprint."""
    old: dict[str, Value] = {
        "title": "雲溪中學校園平面圖", "date": "民国二十五年九月", "creator": "雲溪中學", "place": "云溪",
        "summary": "墨线图，注校门、礼堂、东斋、西斋、藏书楼、学生宿舍、膳堂、操场和古樟。", "source": "校史征集", "keywords": ("平面图", "校园"),
    }
    new: dict[str, Value] = {
        "title": "云溪中学校园平面图（2006年）", "date": "2006年8月", "creator": "总务处", "place": "云溪", "scale": "1:1000",
        "summary": "彩色印刷图，可与民国二十五年平面图对照。", "source": "总务处移交", "keywords": ("平面图", "校园"),
    }
    blue: dict[str, Value] = {
        "title": "云溪中学教学楼正立面图", "date": "1986年3月", "creator": "云溪县建筑设计室", "document_number": "建施—03", "scale": "1:100",
        "summary": "晒蓝图，四层教学楼正立面，总长54米，檐高14.4米。", "source": "基建办公室移交", "pages": "1", "keywords": ("教学楼", "蓝图"),
    }
    return [
        Planned(("民國校園平面圖.jpg",), "plan", "XSH", "Y", "public", old, draw_old_plan, year="1936"),
        Planned(("校园平面图2006.jpg",), "plan", "HQ", "Y", "public", new, draw_new_plan, year="2006"),
        Planned(("教学楼立面图（蓝图）.tif",), "plan", "JJ", "Y", "internal", blue, draw_blueprint, year="1986"),
    ]


def texts() -> list[Planned]:
    """Return the motto in traditional letters, a chronicle in GB18030 and two notices."""
    motto: dict[str, Value] = {
        "title": "民國校訓記", "date": "民国二十六年春", "creator": head_of(1937).name, "people": (head_of(1937).name,), "pages": "1",
        "summary": "首任校长为校训“清源勤恒”所作短文，繁体竖写，附全文文本。", "source": "家属捐赠", "keywords": ("校训", "民国"),
    }
    chronicle: dict[str, Value] = {
        "title": "云溪中学大事记（草稿）", "date": "1927/1999", "creator": "校史编写组", "copy_status": "草稿",
        "summary": "一九九九年用旧电脑录入的纯文本，编码为GB18030。", "source": "校史编写组", "keywords": ("大事记", "校史"),
    }
    words = "\n".join((MOTTO.heading, *MOTTO.paragraphs, *MOTTO.closing)) + "\n"
    return [
        Planned(("民國校訓記.jpg", "民國校訓記.txt"), "document", "XSH", "Y", "public", motto, partial(draw_motto, MOTTO),
                year="1937", texts=(words.encode("utf-8"),)),
        Planned(("大事记(草稿).txt",), "document", "XSH", "Y", "internal", chronicle, _nothing, year="1999",
                texts=(CHRONICLE.encode("gb18030"),)),
        _notice(SPORTS, "1994-10-05", "JX", "秋季田径运动会通知.jpg"),
        _notice(DRILL, "2009年4月20日", "XZ", "关于开展防火疏散演练的通知.pdf"),
    ]


def _nothing(_dice: Random) -> Drawing:
    """Return no pages: the sample is a plain text."""
    return Drawing(pages=())


def _minutes(meeting: Meeting) -> Planned:
    values: dict[str, Value] = {
        "title": meeting.title, "date": meeting.date, "creator": meeting.creator, "people": meeting.people, "place": "云溪中学会议室",
        "summary": meeting.summary, "source": "校长办公室移交", "pages": str(meeting.pages), "keywords": ("会议记录",) + meeting.keywords,
        "genre": "会议记录",
    }
    drawer = partial(draw_minutes, meeting.letter)
    return Planned(meeting.file_names, "document", meeting.category, "Y", "internal", values, drawer, year=str(meeting.letter.year),
                   form=meeting.form)


def _old_diploma() -> Planned:
    pupil = people(1937, 1, dice=Random("yunxi:diploma:1937"))[0]
    head = head_of(1937).name
    body = "現年十七歲在本校初級中學修業期滿成績及格准予畢業此證"
    page = Certificate(1937, "畢業證書", pupil, body, (f"校長　{head}", "中華民國二十六年七月"), "雲字第四十二號", "雲溪中學")
    values: dict[str, Value] = {
        "title": f"{pupil.name}初中毕业证书", "date": "民国二十六年七月", "people": (pupil.name,), "creator": SCHOOL,
        "certificate_number": "雲字第四十二號", "source": "校友捐赠", "summary": "繁体竖写，贴学生像，钤学校方印。", "keywords": ("毕业证书", "民国"),
    }
    return Planned(("畢業證書（民國廿六年）.jpg",), "certificate", "XSH", "Y", "public", values, partial(draw_diploma, page), year="1937")


def _diploma(year: int, school: str, date: str) -> Planned:
    pupil = people(year, 1, dice=Random(f"yunxi:diploma:{year}"))[0]
    digits = "".join("〇一二三四五六七八九"[int(figure)] for figure in str(year))
    before = "".join("〇一二三四五六七八九"[int(figure)] for figure in str(year - 3))
    number = f"云中毕字第 {year % 100}{17 + year % 80:03d} 号"
    body = f"性别{'女' if pupil.female else '男'}，于{before}年九月至{digits}年七月在本校{school}修业期满，成绩及格，准予毕业。"
    page = Certificate(year, "毕业证书", pupil, body, (f"校长　{head_of(year).name}", f"{digits}年七月"), number)
    values: dict[str, Value] = {
        "title": f"{pupil.name}{school}毕业证书", "date": date, "people": (pupil.name,), "creator": SCHOOL, "certificate_number": number,
        "source": "校友捐赠", "summary": f"云溪中学{school}毕业证书，贴学生像，盖校章。", "keywords": ("毕业证书",),
    }
    access = "public" if year < 1960 else "restricted"
    return Planned((f"毕业证书{year}_{pupil.name}.jpg",), "certificate", "XS", "Y", access, values, partial(draw_diploma, page), year=str(year))


def _award(year: int, body: str, date: str) -> Planned:
    pupil = people(year, 1, dice=Random(f"yunxi:award:{year}"))[0]
    if "女子" in body:
        pupil = Sitter("罗小燕", female=True)
    digits = "".join("〇一二三四五六七八九"[int(figure)] for figure in str(year))
    page = Certificate(year, "奖状", pupil, body, (SCHOOL, f"{digits}年"))
    values: dict[str, Value] = {
        "title": f"{pupil.name}奖状", "date": date, "people": (pupil.name,), "creator": SCHOOL, "summary": body, "source": "校友捐赠",
        "award_level": "校级", "keywords": ("奖状",),
    }
    access = "public" if year < 1990 else "internal"
    return Planned((f"奖状-{year}.jpg",), "certificate", "SW", "D30", access, values, partial(draw_award, page), year=str(year))


def _card(year: int, pupil: Sitter, where: str, marks: tuple[tuple[str, str], ...]) -> Planned:
    fields = (("姓名", pupil.name), ("性别", "女" if pupil.female else "男"), ("班级", where), ("入学时间", f"{year}年9月"),
              *marks, ("家庭住址", "云溪镇"), ("备注", "准予升级"))
    digits = "".join("〇一二三四五六七八九"[int(figure)] for figure in str(year))
    letter = Letter(year, "云溪中学学生学籍卡", (), ("教务处", f"{digits}年九月一日"), SCHOOL)
    values: dict[str, Value] = {
        "title": f"{pupil.name}学籍卡", "date": f"{year}年9月1日", "people": (pupil.name,), "creator": "云溪中学教务处", "pages": "1",
        "summary": f"{where}学生学籍卡，含各科成绩。", "source": "教务处移交", "keywords": ("学籍",),
    }
    return Planned((f"学籍卡_{year}_{pupil.name}.jpg",), "document", "XS", "Y", "restricted", values, partial(draw_card, letter, fields),
                   year=str(year))


def _notice(letter: Letter, date: str, category: str, name: str) -> Planned:
    values: dict[str, Value] = {
        "title": letter.heading, "date": date, "creator": SCHOOL, "document_number": letter.number, "pages": "1", "genre": "通知",
        "addressee": ("各年级", "各班"), "summary": letter.paragraphs[1], "source": "校长办公室移交", "keywords": ("通知",),
    }
    form = "layered" if name.endswith(".pdf") else "scan"
    return Planned((name,), "document", category, "D30", "public", values, partial(draw_notice, letter), year=str(letter.year), form=form)
