"""Folding: one form for characters that mean the same.

One character in, one character out: the offsets of the folded text are those
of the original, so that highlights can be cut from what the archivist typed.
Full width becomes half width, traditional (繁体) and variant forms become
simplified (简体), capitals become small letters, accents are dropped. OpenCC's
tables decide which Chinese characters are one.
"""

import unicodedata
from functools import cache

from opencc import OpenCC

# Stands for a character that is not there for a reader: combining marks,
# variation selectors, zero-width characters. Analysis skips it.
IGNORED = "\u00ad"

# Zero is written 零, 〇 or (typed wrongly, but often) ○ in Chinese years.
_BY_HAND = {"〇": "零", "○": "零"}


@cache
def _converters() -> tuple[OpenCC, OpenCC]:
    """Return the Taiwan and Hong Kong converters; both end in simplified."""
    return OpenCC("tw2s"), OpenCC("hk2s")


def _one(text: str, otherwise: str) -> str:
    return text if len(text) == 1 else otherwise


def _fold_once(char: str) -> str:
    char = _one(unicodedata.normalize("NFKC", char), char)
    char = unicodedata.normalize("NFD", char)[0] if ord(char) < 0x2000 else char
    char = _BY_HAND.get(char, char)
    if ord(char) >= 0x2E80:
        for converter in _converters():
            char = _one(converter.convert(char), char)
    return _one(char.lower(), char)


def _fold_character(char: str) -> str:
    """Return the folded form; folding it again changes nothing."""
    if unicodedata.category(char) in ("Mn", "Me", "Cf"):
        return IGNORED
    if char.isspace():
        return "\n" if char in "\n\r\u2028\u2029" else " "
    for _ in range(4):
        folded = _fold_once(char)
        if folded == char:
            break
        char = folded
    return char


class _FoldingTable(dict[int, str]):
    """Code point to folded character, filled as characters are met."""

    def __missing__(self, codepoint: int) -> str:
        folded = self[codepoint] = _fold_character(chr(codepoint))
        return folded


_TABLE = _FoldingTable()


def fold(text: str) -> str:
    """Return text in folded form, of the same length."""
    return text.translate(_TABLE)
