"""Chinese numerals in dates -> Arabic digits.

Two systems meet: by place (一九七八 -> 1978) and by value (三十七 -> 37). A run
that is neither is left as it stands, so that the date is refused, not guessed.
"""

import re

_DIGITS = {
    **{c: str(n) for n, c in enumerate("〇一二三四五六七八九")},
    **{c: str(n) for n, c in enumerate("零壹贰叁肆伍陆柒捌玖")},
    "○": "0",
}
_TENS = {"十": "10", "拾": "10", "廿": "20", "卅": "30", "卌": "40"}
_RUN = re.compile(f"[{''.join(_DIGITS)}{''.join(_TENS)}]+")


def arabic(text: str) -> str:
    """Return the text with every run of Chinese numerals below one hundred, or by place, in digits."""
    return _RUN.sub(lambda run: _number(run[0]), text)


def _number(run: str) -> str:
    tens = [c for c in run if c in _TENS]
    if not tens:
        return "".join(_DIGITS[c] for c in run)
    if len(tens) > 1 or len(run) > 3:
        return run
    before, after = run.split(tens[0])
    if len(before) > 1 or len(after) > 1 or (before and _TENS[tens[0]] != "10"):
        return run
    value = int(_TENS[tens[0]])
    if before:
        value *= int(_DIGITS[before])
    return str(value + int(_DIGITS[after] if after else 0))
