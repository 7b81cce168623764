"""Reference codes (档号): parse, compose, validate, sort.

DA/T 13-2022: levels are joined by "-", parts of one level by "·" (U+00B7):
全宗号-类别号-案卷号-件号 or 全宗号-类别号-件号, where 类别号 may carry year,
retention and office. Schools also use 年度-分类号-案卷号-件号. A code is
stable once given; codes sort by their parts, numbers as numbers.
"""

import re
from dataclasses import dataclass

from repository.description.errors import ReferenceCodeRefused
from repository.description.widths import INVISIBLE, narrow_all

LEVEL, SAME = "-", "·"
MAX_LENGTH = 100  # characters
ITEM_WIDTH = 4  # digits, DA/T 22-2015
_DOTS = re.compile(r"[·•・．.‧∙⋅･●]")
_DASHES = re.compile(r"[－—–‐‑−―─﹣-]+")
_FONDS = re.compile(r"^[A-Z][0-9]{3}$")
_CLASS = re.compile(r"^[A-Z]{1,4}[0-9]{0,4}$")
_YEAR = re.compile(r"^(?:1[89]|20)[0-9]{2}$")
_RETENTION = re.compile(r"^(?:Y|D[1-9][0-9]{0,2})$")
_PART = re.compile(r"^[A-Z0-9\u3007\u4e00-\u9fff]{1,12}$")
_NUMBER = re.compile(r"^[0-9]{1,6}$")
_PADDED = 12  # digits in a sort key


@dataclass(frozen=True, slots=True)
class ReferenceCode:
    """A reference code in parts.

    fonds is "" in the university style, where the year comes first. category is the
    类别号 in its parts; numbers run from the widest (案卷号, 组号) to the item, 1 to 3 of them.
    """

    fonds: str
    category: tuple[str, ...]
    numbers: tuple[str, ...]
    leading_year: str = ""

    def __str__(self) -> str:
        levels = (self.fonds, self.leading_year, SAME.join(self.category), *self.numbers)
        return LEVEL.join(level for level in levels if level)

    @property
    def main_class(self) -> str:
        """Return the code of the class (门类), without the digits of its second level: SX of SX11."""
        return self.category[0].rstrip("0123456789")

    @property
    def year(self) -> str:
        """Return the year of filing (年度), "" where the code has none."""
        return self.leading_year or next((part for part in self.category[1:] if _YEAR.match(part)), "")

    @property
    def retention(self) -> str:
        """Return the retention code (Y, D30 ...), "" where the code has none."""
        return next((part for part in self.category[1:] if _RETENTION.match(part)), "")

    @property
    def item(self) -> str:
        """Return the number of the item (件号), as written."""
        return self.numbers[-1]

    @property
    def scope(self) -> str:
        """Return all but the last number: item numbers count inside it."""
        return str(self)[: -len(self.item) - 1]


def normalise_code(text: str) -> str:
    """Return a code with one kind of dot and dash, half width, capital letters, no spaces."""
    text = "".join(c for c in narrow_all(text) if c not in INVISIBLE)
    return _DASHES.sub(LEVEL, _DOTS.sub(SAME, "".join(text.split()))).upper()


def parse(text: str) -> ReferenceCode:
    """Return a code in parts; look-alike dots and dashes are understood.

    Raises ReferenceCodeRefused with the reason: length, levels, fonds, category, number.
    """
    code = normalise_code(text)
    if not 0 < len(code) <= MAX_LENGTH:
        raise ReferenceCodeRefused(text=text[:MAX_LENGTH], reason="length")
    levels = code.split(LEVEL)
    fonds = levels.pop(0) if not _YEAR.match(levels[0]) else ""
    year = levels.pop(0) if levels and _YEAR.match(levels[0]) else ""
    if not 2 <= len(levels) <= 4:
        raise ReferenceCodeRefused(text=text, reason="levels")
    found = ReferenceCode(fonds, tuple(levels[0].split(SAME)), tuple(levels[1:]), year)
    _judge(found, text)
    return found


def is_valid(text: str) -> bool:
    """Return whether parse takes the code."""
    try:
        parse(text)
    except ReferenceCodeRefused:
        return False
    return True


def compose_item(
    fonds: str, category: str, *, year: str, retention: str, number: int, width: int = ITEM_WIDTH
) -> str:
    """Return the code of one item, such as J019-SX·1978·Y-0001; "" leaves year or retention out.

    Raises ReferenceCodeRefused where a part breaks the pattern.
    """
    parts = tuple(part for part in (category, year, retention) if part)
    if number < 1 or not parts:
        reason = "number" if parts else "category"
        raise ReferenceCodeRefused(text=f"{category}{LEVEL}{number}", reason=reason)
    composed = ReferenceCode(fonds, parts, (str(number).zfill(width),))
    _judge(composed, str(composed))
    return str(composed)


def next_number(codes: tuple[str, ...], scope: str) -> int:
    """Return the next free item number in a scope (全宗号 + 类别号), given the codes that exist."""
    head = normalise_code(scope) + LEVEL
    tails = (code[len(head):] for code in map(normalise_code, codes) if code.startswith(head))
    return max((int(tail) for tail in tails if _NUMBER.match(tail)), default=0) + 1


def sort_key(code: str) -> str:
    """Return a text that sorts any code by its parts: levels, then dots, numbers as numbers."""
    levels = normalise_code(code).replace(" ", "").replace(SAME, "!").replace(LEVEL, " ")
    return re.sub(r"[0-9]+", lambda run: run[0].lstrip("0").zfill(_PADDED), levels)


def _judge(code: ReferenceCode, text: str) -> None:
    if not (_FONDS.match(code.fonds) or (code.leading_year and not code.fonds)):
        raise ReferenceCodeRefused(text=text, reason="fonds", part=code.fonds)
    if not _CLASS.match(code.category[0]) or _RETENTION.match(code.category[0]):
        raise ReferenceCodeRefused(text=text, reason="category", part=code.category[0])
    for part in code.category[1:]:
        if not _PART.match(part):
            raise ReferenceCodeRefused(text=text, reason="category", part=part)
    for number in code.numbers:
        if not _NUMBER.match(number):
            raise ReferenceCodeRefused(text=text, reason="number", part=number)
