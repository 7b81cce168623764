"""Texts for the search tests: statutes and invented ones."""

import json
import os
import random
from pathlib import Path

import pytest

from search.entry import Entry

_INVENTED = (
    "一九五六年九月，清河县师范学校附属小学在老城南门外的新校舍举行开学典礼。校长在图书馆前致辞，"
    "學生列隊於操場，教師坐於前排。會後合影留念，裏面有三年級二班的同學。2019级3班毕业照由王老师拍摄，"
    "編號為 A12-07，ＩＳＯ４００。校史馆藏有铜钟一口，钟上铸有校训。体育部 Basketball Team 1987 夺冠。"
    "𠮷野先生与喆嬭女士捐赠图书三百册，里程碑式的捐赠仪式在礼堂召开；食堂、宿舍同时落成。"
)


def corpora() -> Path:
    """Return the folder of JINGUI_CORPORA, or skip where it is unset."""
    folder = os.environ.get("JINGUI_CORPORA")
    if not folder:
        pytest.skip("JINGUI_CORPORA is unset")
    return Path(folder)


def laws(most: int) -> str:
    """Return the text of the statutes, at most so many characters."""
    text = ""
    for path in sorted((corpora() / "laws").rglob("*.md")):
        text += path.read_text("utf-8")
        if len(text) >= most:
            break
    return text[:most]


def naughty() -> list[str]:
    """Return the strings that break programs."""
    strings: list[str] = json.loads((corpora() / "naughty-strings" / "blns.json").read_text("utf-8"))
    return strings


def invented() -> str:
    """Return a text that is always there."""
    return _INVENTED


def cut(text: str, count: int, chance: random.Random) -> list[Entry]:
    """Return entries made of pieces of a text."""
    entries = []
    for number in range(count):
        start = chance.randrange(max(1, len(text) - 330))
        year = chance.choice([None, *range(1950, 2020)])
        entries.append(
            Entry(
                id=f"entry-{number:04}",
                title=text[start:start + 24],
                tags=frozenset(chance.sample(["public", "school", "closed"], chance.randrange(1, 3))),
                kind=chance.choice(["photo", "document"]),
                category=chance.choice(["校史", "学生", "人事"]),
                people=(text[start + 24:start + 27], text[start + 40:start + 43]),
                place=text[start + 50:start + 56],
                reference_code=f"J019-ZP·{year or 0}-{number:03}",
                reference_sort=f"J019 {number:04}",
                summary=text[start + 60:start + 150],
                extra=text[start + 150:start + 330],
                first_year=year,
                last_year=year,
                date_sort=str(year or ""),
            )
        )
    return entries
