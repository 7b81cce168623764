"""Find the encoding of a text strictly, or say none.

Every byte must decode; a guess that fails anywhere is no answer. GB18030 holds
GBK and GB2312. Between it and Big5, which often both decode, the share of
everyday characters decides (level 1 of GB/T 2312-1980 and of Big5).
"""

import codecs
from collections.abc import Iterator
from pathlib import Path

BLOCK = 64 << 10
#: Below this share of everyday characters a multi-byte reading is chance.
PLAUSIBLE = 0.6
_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
#: Bytes that stand in no text: controls but tab, line feed, vertical tab, form feed, return, Ctrl-Z, escape.
_NEVER = bytes(set(range(0x20)) - {0x09, 0x0A, 0x0B, 0x0C, 0x0D, 0x1A, 0x1B}) + b"\x7f"


def detect_encoding(path: Path) -> str:
    """Return the Python codec that decodes the whole file, "" where none does.

    One of "us-ascii", "utf-8", "utf-8-sig", "utf-16", "utf-16-le",
    "utf-16-be", "utf-32", "gb18030", "big5hkscs". Reads in small blocks.
    """
    with open(path, "rb") as stream:
        head = stream.read(BLOCK)
    if not head:
        return ""
    for candidate in _candidates(head):
        if _decodes(path, candidate):
            return candidate
    return ""


def read_text(path: Path, encoding: str, *, limit: int) -> str:
    """Return at most limit characters of a text, line ends as newlines."""
    with open(path, encoding=encoding, errors="replace") as stream:
        return stream.read(limit)


def _candidates(head: bytes) -> Iterator[str]:
    marked = next((codec for mark, codec in _MARKS if head.startswith(mark)), "")
    if marked:
        yield marked
        return
    if wide := _wide(head):
        yield wide
        return
    if head.translate(None, _NEVER) != head:
        return
    yield "us-ascii"
    yield "utf-8"
    scores = {codec: plausibility(head, codec) for codec in ("gb18030", "big5hkscs")}
    for codec in sorted(scores, key=lambda one: -scores[one]):
        if scores[codec] >= PLAUSIBLE:
            yield codec


def _wide(head: bytes) -> str:
    """Return UTF-16 without a mark: only when zeros stand on one side alone."""
    pairs = len(head) // 2
    high, low = head[0::2].count(0), head[1::2].count(0)
    if len(head) % 2 == 0 and pairs and not high and low > 0.1 * pairs:
        return "utf-16-le"
    if len(head) % 2 == 0 and pairs and not low and high > 0.1 * pairs:
        return "utf-16-be"
    return ""


def _decodes(path: Path, encoding: str) -> bool:
    """Return whether every byte of the file decodes to text."""
    decoder = codecs.getincrementaldecoder(encoding)("strict")
    try:
        with open(path, "rb") as stream:
            while block := stream.read(BLOCK):
                if "\0" in decoder.decode(block):
                    return False
            decoder.decode(b"", final=True)
    except UnicodeError:
        return False
    return True


def plausibility(head: bytes, encoding: str) -> float:
    """Return the share (0 to 1) of everyday characters among the non-ASCII ones."""
    text = codecs.getincrementaldecoder(encoding)("replace").decode(head)
    foreign = [letter for letter in text if letter > "\x7f"]
    if not foreign:
        return 0.0
    return sum(_is_everyday(letter, encoding) for letter in foreign) / len(foreign)


def _is_everyday(letter: str, encoding: str) -> bool:
    """Return whether a character is one that texts of this encoding are made of."""
    if "\u3000" <= letter <= "\u3015" or "\uff01" <= letter <= "\uff5e" or letter in "·—…“”‘’":
        return True
    raw = letter.encode(encoding, "replace")
    if len(raw) != 2:
        return False
    if encoding == "gb18030":  # level 1: the 3,755 commonest, rows 16 to 55
        return 0xB0 <= raw[0] <= 0xD7 and raw[1] >= 0xA1
    return 0xA4 <= raw[0] <= 0xC6  # Big5 level 1: 5,401 characters
