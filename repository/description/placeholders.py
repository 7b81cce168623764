"""Titles that say nothing.

Names that scanners, cameras and programs give (data/placeholders.json) are no
titles (DA/T 22-2015): 扫描0001, 新建文档, IMG_2034.JPG.
"""

import re

from repository.description.tables import table
from repository.description.widths import narrow_all

_PLACEHOLDERS = table("placeholders")
_STEMS = sorted((re.escape(stem) for stem in _PLACEHOLDERS["stems"]), key=len, reverse=True)
_COUNTED = re.compile(rf"(?>{'|'.join(_STEMS)}|[\W_0-9])*+")  # possessive: no title makes it slow
_EXTENSION = re.compile(r"\.[a-z0-9]{2,5}$")


def is_placeholder(title: str) -> bool:
    """Return whether a title says nothing: 扫描0001, 新建文档, IMG_2034.JPG, 12345."""
    plain = _EXTENSION.sub("", "".join(narrow_all(title).split()).lower())
    if plain in _PLACEHOLDERS["exact"] or _COUNTED.fullmatch(plain):
        return True
    return len(plain) > 1 and len(set(plain)) == 1
