"""The papers of the sample: minutes, notices, plans, texts."""

from functools import partial
from random import Random

from repository.demo.cast import head_of
from repository.demo.draw_papers import Letter, draw_minutes, draw_motto, draw_notice
from repository.demo.draw_pen import Drawing
from repository.demo.draw_plans import draw_blueprint, draw_new_plan, draw_old_plan
from repository.demo.planned import Filing, Planned, Value
from repository.demo.sample_words import CHRONICLE, DRILL, MEETINGS, MOTTO, SPORTS, Meeting

SCHOOL = "云溪中学"


def minutes() -> list[Planned]:
    """Return the planned meeting minutes (会议记录)."""
    return [_minutes(meeting) for meeting in MEETINGS]


def plans() -> list[Planned]:
    """Return the planned drawings: the campus in two eras and a blueprint."""
    old: dict[str, Value] = {
        "title": "雲溪中學校園平面圖",
        "date": "民国二十五年九月",
        "creator": "雲溪中學",
        "place": "云溪",
        "summary": "墨线图，注校门、礼堂、东斋、西斋、藏书楼、学生宿舍、膳堂、操场和古樟。",
        "source": "校史征集",
        "keywords": ("平面图", "校园"),
    }
    new: dict[str, Value] = {
        "title": "云溪中学校园平面图（2006年）",
        "date": "2006年8月",
        "creator": "总务处",
        "place": "云溪",
        "scale": "1:1000",
        "summary": "彩色印刷图，可与民国二十五年平面图对照。",
        "source": "总务处移交",
        "keywords": ("平面图", "校园"),
    }
    return [
        Planned(
            ("民國校園平面圖.jpg",), Filing("plan", "XSH", "Y", "public"), old, draw_old_plan, year="1936"
        ),
        Planned(
            ("校园平面图2006.jpg",), Filing("plan", "HQ", "Y", "public"), new, draw_new_plan, year="2006"
        ),
        Planned(
            ("教学楼立面图（蓝图）.tif",),
            Filing("plan", "JJ", "Y", "internal"),
            _blueprint_values(),
            draw_blueprint,
            year="1986",
        ),
    ]


def texts() -> list[Planned]:
    """Return the motto in traditional letters, a chronicle in GB18030 and two notices."""
    motto: dict[str, Value] = {
        "title": "民國校訓記",
        "date": "民国二十六年",
        "creator": head_of(1937).name,
        "people": (head_of(1937).name,),
        "pages": "1",
        "summary": "首任校长为校训“清源勤恒”所作短文，繁体竖写，附全文文本。",
        "source": "家属捐赠",
        "keywords": ("校训", "民国"),
    }
    words = "\n".join((MOTTO.heading, *MOTTO.paragraphs, *MOTTO.closing)) + "\n"
    return [
        Planned(
            ("民國校訓記.jpg", "民國校訓記.txt"),
            Filing("document", "XSH", "Y", "public"),
            motto,
            partial(draw_motto, MOTTO),
            year="1937",
            texts=(words.encode("utf-8"),),
        ),
        Planned(
            ("大事记(草稿).txt",),
            Filing("document", "XSH", "Y", "internal"),
            _chronicle_values(),
            _nothing,
            year="1999",
            texts=(CHRONICLE.encode("gb18030"),),
        ),
        _notice(SPORTS, "1994-10-05", "JX", "秋季田径运动会通知.jpg"),
        _notice(DRILL, "2009年4月20日", "XZ", "关于开展防火疏散演练的通知.pdf"),
    ]


def _blueprint_values() -> dict[str, Value]:
    return {
        "title": "云溪中学教学楼正立面图",
        "date": "1986年3月",
        "creator": "云溪县建筑设计室",
        "document_number": "建施—03",
        "scale": "1:100",
        "summary": "晒蓝图，四层教学楼正立面，总长54米，檐高14.4米。",
        "source": "基建办公室移交",
        "pages": "1",
        "keywords": ("教学楼", "蓝图"),
    }


def _chronicle_values() -> dict[str, Value]:
    return {
        "title": "云溪中学大事记（草稿）",
        "date": "1927/1999",
        "creator": "校史编写组",
        "copy_status": "草稿",
        "summary": "一九九九年用旧电脑录入的纯文本，编码为GB18030。",
        "source": "校史编写组",
        "keywords": ("大事记", "校史"),
    }


def _nothing(_dice: Random) -> Drawing:
    """Return no pages: the sample is a plain text."""
    return Drawing(pages=())


def _minutes(meeting: Meeting) -> Planned:
    values: dict[str, Value] = {
        "title": meeting.title,
        "date": meeting.date,
        "creator": meeting.creator,
        "people": meeting.people,
        "place": "云溪中学会议室",
        "summary": meeting.summary,
        "source": "校长办公室移交",
        "pages": str(meeting.pages),
        "keywords": ("会议记录",) + meeting.keywords,
        "genre": "会议记录",
    }
    drawer = partial(draw_minutes, meeting.letter)
    return Planned(
        meeting.file_names,
        Filing("document", meeting.category, "Y", "internal"),
        values,
        drawer,
        year=str(meeting.letter.year),
        form=meeting.form,
    )


def _notice(letter: Letter, date: str, category: str, name: str) -> Planned:
    values: dict[str, Value] = {
        "title": letter.heading,
        "date": date,
        "creator": SCHOOL,
        "document_number": letter.number,
        "pages": "1",
        "genre": "通知",
        "addressee": ("各年级", "各班"),
        "summary": letter.paragraphs[1],
        "source": "校长办公室移交",
        "keywords": ("通知",),
    }
    form = "layered" if name.endswith(".pdf") else "scan"
    return Planned(
        (name,),
        Filing("document", category, "D30", "public"),
        values,
        partial(draw_notice, letter),
        year=str(letter.year),
        form=form,
    )
