"""Widths, spaces and invisible characters of typed text.

Only letters and digits are narrowed: Chinese punctuation in full width is
correct Chinese and stays. Nothing here looks at what the text means.
"""

import unicodedata

_ALNUM = {
    wide: wide - 0xFEE0
    for first, last in ((0xFF10, 0xFF19), (0xFF21, 0xFF3A), (0xFF41, 0xFF5A))
    for wide in range(first, last + 1)
}
_ALL_ASCII = {wide: wide - 0xFEE0 for wide in range(0xFF01, 0xFF5F)}
#: Zero-width and direction marks, soft hyphen, byte order mark: seen by no one, found by no search.
INVISIBLE = frozenset(
    "\u00ad\u200b\u200c\u200d\u200e\u200f\u2028\u2029"
    "\u202a\u202b\u202c\u202d\u202e\u2060\u2066\u2067\u2068\u2069\ufeff"
)
_SPACES = {ord(c): " " for c in "\t\u00a0\u2002\u2003\u2009\u202f\u3000"}
_GONE = {ord(c): None for c in INVISIBLE - {"\u2028", "\u2029"}}


def narrow_letters(text: str) -> str:
    """Return the text with full-width letters and digits made half-width."""
    return text.translate(_ALNUM)


def narrow_all(text: str) -> str:
    """Return the text with all full-width ASCII, punctuation too, made half-width."""
    return text.translate(_ALL_ASCII).replace("\u3000", " ")


def is_control(char: str) -> bool:
    """Return whether a character is a control or half a surrogate pair (new lines are not)."""
    return unicodedata.category(char) in ("Cc", "Cs") and char != "\n"


def is_chinese(char: str) -> bool:
    """Return whether a character is a Chinese ideograph (〇 and those beyond the BMP too)."""
    return char == "〇" or unicodedata.name(char, "").startswith(("CJK UNIFIED", "CJK COMPAT"))


def tidy_lines(text: str) -> str:
    """Return the text in NFC, narrow letters, single spaces, no invisible characters; lines are kept."""
    text = text.replace("\r\n", "\n").replace("\r", "\n").replace("\u2028", "\n").replace("\u2029", "\n")
    text = narrow_letters(unicodedata.normalize("NFC", text)).translate(_SPACES).translate(_GONE)
    text = "".join(c for c in text if not is_control(c))
    return "\n".join(" ".join(line.split(" ")).strip() for line in _squeezed(text).split("\n")).strip()


def tidy_line(text: str) -> str:
    """Return the text as tidy_lines does, on one line."""
    return " ".join(tidy_lines(text).split())


def _squeezed(text: str) -> str:
    while "  " in text:
        text = text.replace("  ", " ")
    return text
