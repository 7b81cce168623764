"""Words around a date (约, 以前, 至, 或 ...) -> EDTF.

The text is cleaned once, then read one layer at a time: first the plain forms
of date_forms.py, then the qualifiers from the outside in, then spans. In a
span the second half may leave out what the first half has said.
"""

import re
from collections.abc import Callable

from repository.description.date_forms import ERAS, plain_form
from repository.description.edtf_values import bounds, members
from repository.description.errors import DateAmbiguous, DateUnreadable
from repository.description.numerals import arabic
from repository.description.widths import INVISIBLE, narrow_all

_UNDATED = frozenset(ERAS["undated"])

#: Traditional characters and odd waves that stand in dates.
_ONE_SHAPE = str.maketrans("國華約屆級後間學號時紀貳參陸緒豐慶統計遲從個畢業〜∼", "国华约届级后间学号时纪贰叁陆绪丰庆统计迟从个毕业~~")
_ZONE = r"(?:Z|[+-][0-9]{2}:?[0-9]{2})?"
_CLOCK = re.compile(rf"(?<=[0-9])(?:T|\s+)[0-9]{{1,2}}:[0-9]{{2}}(?::[0-9]{{2}}(?:\.[0-9]+)?)?{_ZONE}$")
_SPACED_DIGITS = re.compile(r"(?<=[0-9])\s+(?=[0-9])")
_SPACED_DASH = re.compile(r"(?<=\S)\s+-+\s+(?=\S)")
_DASHES = re.compile(r"[—–―─‐‑−﹣]+|--+")
_TWO_DECADES = re.compile(r"([二三四五六七八九])[、,]?([三四五六七八九])十年代")
_STOP = re.compile(r"(?<=[0-9日月年])[。.,;]$")
_BRACKETS = re.compile(r"^\(([^()]*)\)$")
_WEEKDAY = re.compile(r"(?:\((?:星期|周|礼拜)[1-6日天]\)|(?:星期|周|礼拜)[1-6日天]|上午|下午|中午|晚上?|凌晨)$")
_TAKEN = re.compile(r"(?:拍?摄|留影|合影|印制?)$")
_HEAD = re.compile(r"^(约?)(?:(?:拍?摄|形成|写|成文|绘制?|颁发|建)于|时间:|日期:|公元(?!前)|西元(?!前))")

_INFERRED = re.compile(r"^\[([0-9]{8}|[0-9]{6}|[0-9]{4})\]$")  # DA/T 18: an archivist's inference
_ABOUT = (
    re.compile(r"^(?:大约|大概|大致|约为|约在|约|CA\.|CA|C\.|CIRCA)(.+)$"),
    re.compile(r"^(.+?)(?:前后|左右|上下|许)$"),
    re.compile(r"^(.+?)\((?:大约|大概|约)\)$"),
)
_DOUBT_WORD = "(?:存疑|待考|待查|推测|估计|可能|不确定|疑|\\?)"
_DOUBT = (
    re.compile(r"^(?:可能是|可能为|可能|疑为|疑似|疑|估计是|估计|推测为|推测|似为|应为)(.+)$"),
    re.compile(f"^(.+?)(?:\\({_DOUBT_WORD}\\)|{_DOUBT_WORD})$"),
)
_BEFORE = (re.compile(r"^(?:不晚于|早于|至迟|最晚)(.+)$"), re.compile(r"^(.+?)(?:以前|之前|前)$"))
_AFTER = (re.compile(r"^(?:不早于|晚于|最早)(.+)$"), re.compile(r"^(.+?)(?:以后|之后|后)$"))
_SINCE = (re.compile(r"^(?:自|从)?(.+?)(?:起|以来|[—~到-]?至?今|迄今|—)$"),)
_UNTIL = (re.compile(r"^(?:截至|截止到?|至|到|—)(.+)$"),)
_BETWEEN = re.compile(r"^(?:介于|在)?(?P<left>.+?)[—~至到和与-](?P<right>.+?)之间$")
_EITHER = re.compile(r"^(?P<left>.+?)(?:或者|或是|或)(?P<right>.+?)$")
_TWICE = re.compile(r"^(?P<left>[^()]+)\((?P<right>[^()]+)\)$")
_EDTF = re.compile(r"^[0-9X?~%./,\[\]{}-]+$")
_SPANS = tuple(
    re.compile(pattern)
    for pattern in (
        r"^(?:自|从)?(?P<left>.+?)(?:—|~|至|到)(?P<right>.+?)(?:间|期间|为?止)?$",
        r"^(?P<left>[0-9]{4})-(?P<right>[0-9]{4}年?)$",
        r"^(?P<left>[0-9]{8})-(?P<right>[0-9]{8})$",
        r"^(?P<left>[0-9]{4}[年届级].*?)-(?P<right>.+)$",
        r"^(?P<left>[0-9]{2}(?:年代.*?|[届级])?)-(?P<right>[0-9]{2}(?:年代.*|[届级].*))$",
        r"^(?P<left>[0-9]{4}(?:[./][0-9]{1,2}){1,2})-(?P<right>.+)$",
        r"^(?P<left>[0-9]{4}-[0-9]{1,2}-[0-9]{1,2})-(?P<right>[0-9]{4}-[0-9]{1,2}-[0-9]{1,2})$",
        r"^(?P<left>(?:中华)?民国.+?年.*?)-(?P<right>.+)$",
        r"^(?P<left>.+?)/(?P<right>.+)$",
    )
)
_REIGN = "|".join(("中华民国", "民国", *ERAS["reigns"]))
#: What the second half of a span inherits: shape of the first half (with its head), shape of the second.
_INHERITED = tuple(
    (re.compile(left), re.compile(right))
    for left, right in (
        (r"(?P<head>[0-9]{4}年[0-9]{1,2}月)[0-9]{1,2}[日号]?", r"[0-9]{1,2}[日号]?"),
        (r"(?P<head>[0-9]{4}年).*", r"[0-9]{1,2}月份?(?:[0-9]{1,2}[日号]?|[上中下]旬)?|[春夏秋冬][季天]?|[上下]半年"),
        (r"(?P<head>[0-9]{4}年?)[春夏秋冬][季天]?", r"[春夏秋冬][季天]?"),
        (r"(?P<head>[0-9]{4}([./-])[0-9]{1,2}\2)[0-9]{1,2}", r"[0-9]{1,2}"),
        (r"(?P<head>[0-9]{4}([./-]))[0-9]{1,2}\2[0-9]{1,2}", r"[0-9]{1,2}[./-][0-9]{1,2}"),
        (r"(?P<head>[0-9]{4}[./-])[0-9]{1,2}", r"[0-9]{1,2}"),
        (r"(?P<head>[0-9]{2})[0-9]{2}.*", r"[0-9]{2}(?:年(?!代).*|[届级].*)?"),
        (rf"(?P<head>{_REIGN})(?:[0-9]+|元)年.*", r"[0-9]{1,3}年.*"),
    )
)
_ONE_DATE = re.compile(r"([0-9X]{4}(?:-[0-9X]{2}){0,2})([?~%]?)")


def read_date(text: str) -> str:
    """Return the EDTF of a written date, "" where undated; it may still be a day that never was.

    Raises DateRefused where no form fits.
    """
    return _read(_cleaned(text))


def _cleaned(text: str) -> str:
    """Return the text without width, spaces and invisible characters; numerals Arabic, one kind of dash."""
    text = "".join(c for c in narrow_all(text) if c not in INVISIBLE).strip()
    text = _CLOCK.sub("", _SPACED_DASH.sub("—", text))
    text = "".join(_SPACED_DIGITS.sub("-", text).split()).translate(_ONE_SHAPE)
    return arabic(_TWO_DECADES.sub(r"\1十、\2十年代", _DASHES.sub("—", text))).upper()


def _bare(text: str) -> str:
    """Return the text without brackets around all of it, 摄于 before it, 摄 or a weekday behind it."""
    text = _STOP.sub("", _HEAD.sub(r"\1", _BRACKETS.sub(r"\1", text)))
    return _WEEKDAY.sub("", _TAKEN.sub("", text)) or text


def _read(text: str) -> str:
    if text in _UNDATED:
        return ""
    text = _bare(text)
    found = plain_form(text)
    if found:
        return found
    for step in _STEPS:
        found = step(text)
        if found:
            return found
    raise DateUnreadable(text=text)


def _inner(text: str) -> str:
    """Return the EDTF inside a qualifier: "undated" says nothing there, and 30年 (前) is a length of time."""
    edtf = "" if re.match(r"^[0-9]{1,2}年(?!代)", text) else _read(text)
    if not edtf:
        raise DateUnreadable(text=text)
    return edtf


def _first_of(patterns: tuple[re.Pattern[str], ...], text: str) -> str:
    return next((found[1] for pattern in patterns if (found := pattern.match(text))), "")


def _marked(edtf: str, mark: str) -> str:
    """Return the EDTF with the mark at each of its dates; ~ and ? together are %."""

    def both(found: re.Match[str]) -> str:
        return found[1] + (mark if found[2] in ("", mark) else "%")

    return _ONE_DATE.sub(both, edtf)


def _inferred(text: str) -> str:
    inner = _INFERRED.match(text)
    return _marked(_inner(inner[1]), "?") if inner else ""


def _edtf(text: str) -> str:
    """Return the text itself where it is EDTF; what only looks so goes on to the next layer."""
    if not _EDTF.match(text):
        return ""
    try:
        bounds(text)
    except DateUnreadable:
        return ""
    return text


def _about(text: str) -> str:
    inner = _first_of(_ABOUT, text)
    return _marked(_inner(inner), "~") if inner else ""


def _doubt(text: str) -> str:
    inner = _first_of(_DOUBT, text)
    return _marked(_inner(inner), "?") if inner else ""


def _one_side(text: str) -> str:
    before, after = _first_of(_BEFORE, text), _first_of(_AFTER, text)
    if before or after:
        return f"[..{_end(before, -1)}]" if before else f"[{_end(after, 0)}..]"
    since, until = _first_of(_SINCE, text), _first_of(_UNTIL, text)
    if since or until:
        return f"{_end(since, 0)}/.." if since else f"../{_end(until, -1)}"
    return ""


def _end(text: str, side: int) -> str:
    """Return the first (0) or last (-1) date of what a text means.

    Only a plain form (五十年代初) may have two ends here: spans of spans are refused.
    """
    edtf = _inner(text)
    ends = members(edtf)
    if edtf.startswith(("[", "{")) or (len(ends) > 1 and plain_form(_bare(text)) is None):
        raise DateUnreadable(text=text)
    return ends[side]


def _between(text: str) -> str:
    found = _BETWEEN.match(text)
    return f"[{_joined(found, '..')}]" if found else ""


def _either(text: str) -> str:
    found = _EITHER.match(text)
    return f"[{_joined(found, ',')}]" if found else ""


def _span(text: str) -> str:
    found = next((found for pattern in _SPANS if (found := pattern.match(text))), None)
    return _joined(found, "/") if found else ""


def _joined(found: re.Match[str], by: str) -> str:
    """Return first and last date of two halves; each half is completed from the other."""
    left, right = found["left"], found["right"]
    if left[-1].isdigit() and right[-1] in "年月日号届级" and not _is_plain(left):
        left += right[-1]
    if left[-1:].isdigit() and right.endswith("年代") and re.fullmatch(r"[0-9]{2}0", left[-3:]):
        left += "年代"
    for first, second in _INHERITED:
        head = first.fullmatch(left)
        if head and second.fullmatch(right):
            right = head["head"] + right
            break
    return f"{_end(left, 0)}{by}{_end(right, -1)}"


def _is_plain(text: str) -> bool:
    return len(text) > 2 and plain_form(text) is not None


def _said_twice(text: str) -> str:
    """Return the narrower of two tellings of one date: 民国三十七年（1948年）. They must not disagree."""
    found = _TWICE.match(text)
    if found is None:
        return ""
    try:
        one, other = _inner(found["left"]), _inner(found["right"])
    except DateUnreadable:
        return ""  # a remark in brackets; perhaps it belongs to the second half of a span
    a, b = bounds(one), bounds(other)
    if a.first <= b.first and b.last <= a.last:
        return other
    if b.first <= a.first and a.last <= b.last:
        return one
    raise DateAmbiguous(text=text, first=found["left"], second=found["right"])


_STEPS: tuple[Callable[[str], str], ...] = (
    _inferred, _edtf, _about, _doubt, _said_twice, _one_side, _between, _either, _span,
)
