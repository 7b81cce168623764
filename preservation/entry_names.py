"""The names in a zip or tar, read in the encoding they were written in.

A zip says "UTF-8" or nothing at all; Windows then wrote the code page of its
country (case D18). One packer wrote all names of one file, so all of them
decide together: UTF-8 if every name is UTF-8, else the reading in which most
letters are everyday ones. The raw bytes are kept beside the reading.
"""

from collections.abc import Iterable

from preservation.encoding import PLAUSIBLE, plausibility

#: Best first where two readings are equally plausible: a Chinese school is the rule.
_LOCAL = ("gb18030", "big5hkscs", "cp932")
#: JIS X 0208 level 1 in Shift JIS, and its kana.
_KANJI = range(0x88, 0x98)


def codec_of(names: Iterable[bytes]) -> str:
    """Return the Python codec in which all names are text, "" where there is none."""
    joined = b"\n".join(names).replace(b"/", b"\n")
    try:
        joined.decode("utf-8")
        return "utf-8"
    except UnicodeDecodeError:
        pass
    scores = {codec: _score(joined, codec) for codec in _LOCAL}
    best = max(_LOCAL, key=lambda codec: scores[codec])
    return best if scores[best] >= PLAUSIBLE else _any(joined)


def _any(joined: bytes) -> str:
    """Return the first codec that reads the names at all: rare letters are letters, too."""
    return next((codec for codec in _LOCAL if _reads(joined, codec)), "")


def _reads(joined: bytes, codec: str) -> bool:
    try:
        joined.decode(codec)
    except UnicodeDecodeError:
        return False
    return True


def _score(joined: bytes, codec: str) -> float:
    """Return the share of everyday letters, -1 where the bytes are no text in this codec."""
    if not _reads(joined, codec):
        return -1.0
    if codec != "cp932":
        return plausibility(joined, codec)
    foreign = [letter for letter in joined.decode(codec) if letter > "\x7f"]
    return sum(_is_everyday_japanese(letter) for letter in foreign) / max(1, len(foreign))


def _is_everyday_japanese(letter: str) -> bool:
    if "\u3041" <= letter <= "\u30fe" or "\uff01" <= letter <= "\uff5e" or letter in "々〆ー　、。・":
        return True
    raw = letter.encode("cp932", "replace")
    return len(raw) == 2 and raw[0] in _KANJI
