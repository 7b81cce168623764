"""Read the tags of an image as plain, safe text.

Runs only inside the limited child process. Tags are foreign words: cut,
without controls, never trusted. Chinese stands in ASCII tags as GBK or UTF-8
bytes, in XP tags as UTF-16, in XMP as it should; all three are read.
"""

import math
import unicodedata
from collections.abc import Iterable, Mapping

from PIL import ExifTags, Image

from preservation.derivatives.pixels import IMAGE_ERRORS
from preservation.encoding import PLAUSIBLE, plausibility

MAX_TAG = 500  # characters
_LEAST_DPI = 5.0  # 1 is what writers put down when they know no resolution


def read_tags(image: Image.Image) -> dict[str, object]:
    """Return resolution, date, device, software, title, and has_gps."""
    facts: dict[str, object] = {"dpi": _dpi(image.info.get("dpi"))}
    try:
        exif = image.getexif()
        base, details = dict(exif), dict(exif.get_ifd(ExifTags.IFD.Exif))
        position = dict(exif.get_ifd(ExifTags.IFD.GPSInfo))
    except IMAGE_ERRORS:
        base, details, position = {}, {}, {}
        facts["tags_broken"] = True
    words = _xmp_words(image)
    orientation = base.get(ExifTags.Base.Orientation, 1)
    return {
        **facts,
        "orientation": int(orientation) if orientation in range(1, 9) else 1,
        "exif_date": _first(details.get(ExifTags.Base.DateTimeOriginal), words.get("DateTimeOriginal")),
        "software": _first(base.get(ExifTags.Base.Software), words.get("CreatorTool")),
        "maker": _first(base.get(ExifTags.Base.Make)),
        "model": _first(base.get(ExifTags.Base.Model)),
        "title": _first(
            words.get("title"),
            words.get("description"),
            base.get(ExifTags.Base.XPTitle),
            base.get(ExifTags.Base.ImageDescription),
        ),
        "has_gps": any(tag in position for tag in (1, 2, 3, 4)) or "GPSLatitude" in words,
    }


def clean(value: object) -> str:
    """Return a tag as text without controls, at most MAX_TAG characters."""
    if isinstance(value, tuple) and all(isinstance(one, int) and 0 <= one < 256 for one in value):
        value = bytes(value)
    if isinstance(value, bytes):
        text = value[: 4 * MAX_TAG].decode("utf-16-le", "ignore")
    elif isinstance(value, str):
        text = _mended(value[: 4 * MAX_TAG])
    else:
        return ""
    text = text.partition("\0")[0]
    return "".join(" " if unicodedata.category(one)[0] == "C" else one for one in text).strip()[:MAX_TAG]


def _mended(text: str) -> str:
    """Return text whose bytes Pillow read as Latin-1, in its true encoding."""
    try:
        raw = text.encode("latin-1")
    except UnicodeEncodeError:
        return text
    try:
        return raw.decode("utf-8")
    except UnicodeDecodeError:
        is_chinese = plausibility(raw, "gb18030") >= PLAUSIBLE
    return raw.decode("gb18030", "replace") if is_chinese else text


def _first(*values: object) -> str:
    return next((text for text in map(clean, values) if text), "")


def _dpi(value: object) -> list[float]:
    """Return [x, y] in dots per inch, [] where absent, without unit or not a number."""
    if not isinstance(value, tuple) or len(value) != 2:
        return []
    try:
        pair = [round(float(one), 2) for one in value]
    except (ArithmeticError, TypeError, ValueError):
        return []
    return pair if all(math.isfinite(one) and _LEAST_DPI < one < 1e6 for one in pair) else []


def _xmp_words(image: Image.Image) -> dict[str, str]:
    """Return the plain words of the XMP packet by their local names."""
    try:
        packet = image.getxmp()  # read by defusedxml: no entities, no outside files
    except IMAGE_ERRORS:
        return {}
    found: dict[str, str] = {}
    for name, text in _leaves(packet, "", 0):
        found.setdefault(name, text)
    return found


#: Names in XMP that say what a value is, not whose it is.
_WRAPPERS = frozenset(("Alt", "Seq", "Bag", "li", "text", "Description", "RDF", "xmpmeta", "lang"))


def _leaves(node: object, name: str, depth: int) -> Iterable[tuple[str, str]]:
    """Yield (element, text) for each text in the packet, at most 12 deep."""
    if depth > 12:
        return
    if isinstance(node, str):
        if name:
            yield name, node
    elif isinstance(node, Mapping):
        for key, value in node.items():
            if key != "lang":
                yield from _leaves(value, name if key in _WRAPPERS else str(key), depth + 1)
    elif isinstance(node, list | tuple):
        for value in node:
            yield from _leaves(value, name, depth + 1)
