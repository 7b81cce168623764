"""EDTF -> plain words: 1956~ is 约1956年, 195X is 1950年代.

For pages that show a date which nobody has written in words. The Chinese is
such that parse_date reads it back to the same EDTF.
"""

import re
from collections.abc import Mapping
from types import MappingProxyType

from repository.description.edtf_values import Single, single

_SEASONS = {
    "zh": {"21": "春", "22": "夏", "23": "秋", "24": "冬"},
    "en": {"21": "spring", "22": "summer", "23": "autumn", "24": "winter"},
}
_MONTHS = (
    "January", "February", "March", "April", "May", "June", "July",
    "August", "September", "October", "November", "December",
)
_WORDS: Mapping[str, Mapping[str, str]] = MappingProxyType(
    {
        "zh": {
            "undated": "年代不详", "~": "约{0}", "?": "{0}（存疑）", "%": "约{0}（存疑）",
            "span": "{0}至{1}", "since": "{0}起", "until": "截至{0}",
            "before": "{0}以前", "after": "{0}以后", "between": "{0}至{1}之间", "or": "或", "and": "和",
        },
        "en": {
            "undated": "date unknown", "~": "circa {0}", "?": "{0} (uncertain)", "%": "circa {0} (uncertain)",
            "span": "{0} to {1}", "since": "from {0}", "until": "until {0}",
            "before": "{0} or before", "after": "{0} or after", "between": "between {0} and {1}",
            "or": " or ", "and": " and ",
        },
    }
)


def humanise(edtf: str, lang: str = "zh") -> str:
    """Return an EDTF text in plain "zh" or "en"; what is not EDTF comes back as it is."""
    lang = lang if lang in _WORDS else "zh"
    words = _WORDS[lang]
    if edtf in ("", "XXXX"):
        return words["undated"]
    inner = re.fullmatch(r"([\[{])([^\[\]{}]+)[\]}]", edtf)
    if inner:
        by = words["or"] if inner[1] == "[" else words["and"]
        return by.join(_stretch(one.strip(), lang) for one in inner[2].split(","))
    if "/" in edtf:
        first, last = ("" if end == ".." else end for end in edtf.split("/", 1))
        return _pair(first, last, "since until span".split(), lang)
    return _single(edtf, lang)


def _stretch(text: str, lang: str) -> str:
    if ".." not in text:
        return _single(text, lang)
    first, last = text.split("..", 1)
    return _pair(first, last, "after before between".split(), lang)


def _pair(first: str, last: str, names: list[str], lang: str) -> str:
    words = _WORDS[lang]
    if not last:
        return words[names[0]].format(_single(first, lang))
    if not first:
        return words[names[1]].format(_single(last, lang))
    return words[names[2]].format(_single(first, lang), _single(last, lang))


def _single(text: str, lang: str) -> str:
    one = single(text)
    if one is None:
        return text
    said = _english(one) if lang == "en" else _chinese(one)
    return _WORDS[lang][one.mark].format(said) if one.mark else said


def _chinese(one: Single) -> str:
    if one.year.endswith("XX"):
        return f"{int(one.year[:2]) + 1}世纪"
    if one.year.endswith("X"):
        return f"{one.year[:3]}0年代"
    if one.month == "XX":
        return f"{one.year}年（{'月日' if one.day else '月份'}不详）"
    if one.month in _SEASONS["zh"]:
        return f"{one.year}年{_SEASONS['zh'][one.month]}"
    month = f"{int(one.month)}月" if one.month else ""
    day = "（日不详）" if one.day == "XX" else f"{int(one.day)}日" if one.day else ""
    return f"{one.year}年{month}{day}"


def _english(one: Single) -> str:
    if one.year.endswith("XX"):
        century = int(one.year[:2]) + 1
        ending = {1: "st", 2: "nd", 3: "rd"}.get(century % 10, "th") if century // 10 != 1 else "th"
        return f"{century}{ending} century"
    if one.year.endswith("X"):
        return f"{one.year[:3]}0s"
    if one.month in _SEASONS["en"]:
        return f"{_SEASONS['en'][one.month]} {one.year}"
    if not one.month.isdigit():
        return one.year
    month = _MONTHS[int(one.month) - 1]
    return f"{int(one.day)} {month} {one.year}" if one.day.isdigit() else f"{month} {one.year}"
