"""Fields: what of an entry is searched, and what it weighs.

All fields share one list of tokens; each has a band of positions of its own,
so that a phrase never runs from one field into the next and the position
tells the field. Change anything here or in analysis.py: SCHEMA_VERSION + 1.
"""

from bisect import bisect_right
from dataclasses import dataclass

from search.analysis import spread
from search.entry import Entry
from search.folding import fold

SCHEMA_VERSION = 1


@dataclass(frozen=True, slots=True)
class Band:
    """One field: the positions from start on are its own.

    tier is the rank of a hit there: a hit in a higher tier comes before any
    number of hits in a lower one. Bands stand in falling order of tier.
    """

    name: str
    tier: int
    start: int
    size: int


_LAYOUT = (
    # name, tier, most units
    ("title", 8, 1 << 15),
    ("people", 6, 1 << 16),
    ("code", 4, 1 << 12),
    ("number", 4, 1 << 12),
    ("place", 4, 1 << 14),
    ("creator", 4, 1 << 14),
    ("year", 4, 1 << 4),
    ("summary", 2, 1 << 20),
    ("extra", 1, 14 << 20),
)


def _bands() -> tuple[Band, ...]:
    bands: list[Band] = []
    start = 0
    for name, tier, size in _LAYOUT:
        bands.append(Band(name, tier, start, size))
        start += size
    # A position is kept in three bytes.
    assert start < 1 << 24
    return tuple(bands)


BANDS = _bands()
BAND = {band.name: band for band in BANDS}
_STARTS = [band.start for band in BANDS]

# What a user may write before the colon. year and category are not text.
_NAMES = {
    "title": ("title", "题名", "标题"),
    "people": ("people", "person", "人物", "人名"),
    "place": ("place", "地点"),
    "creator": ("creator", "责任者", "作者", "摄影者"),
    "code": ("code", "档号"),
    "number": ("number", "文号"),
    "category": ("category", "类别"),
    "year": ("year", "年", "年份", "年度"),
}
FIELD_OF = {fold(name): field for field, names in _NAMES.items() for name in names}

# Fields that narrow a result by exact value, counted as facets.
FACETS = ("category", "kind", "decade")


def band_at(position: int) -> Band:
    """Return the field in which a position lies."""
    return BANDS[bisect_right(_STARTS, position) - 1]


def passages(entry: Entry) -> dict[str, str]:
    """Return the searched text of each field that has any."""
    years = {year for year in (entry.first_year, entry.last_year) if year is not None}
    texts = {
        "title": entry.title,
        "people": "；\n\n".join(entry.people),
        "code": entry.reference_code,
        "number": entry.number,
        "place": entry.place,
        "creator": entry.creator,
        # A photo dated 1956 answers to "1956" though its title does not say so.
        "year": str(years.pop()) if len(years) == 1 else "",
        "summary": entry.summary,
        "extra": entry.extra,
    }
    return {name: text for name, text in texts.items() if text}


def tokens(entry: Entry) -> dict[str, list[int]]:
    """Return each token of an entry with its positions in rising order."""
    found: dict[str, list[int]] = {}
    for name, text in passages(entry).items():
        band = BAND[name]
        spread(text, band.start, band.size - 1, found)
    return found


def weight(places: list[int]) -> int:
    """Return what occurrences at these positions (rising) are worth.

    It depends on this entry alone: a weight that counted other entries (as
    BM25 does) would let hidden ones move the order of those that are seen.
    """
    return 16 * band_at(places[0]).tier + min(len(places), 15)


def decade(entry: Entry) -> str:
    """Return the decade of the first year ("1950") or "undated"."""
    year = entry.first_year if entry.first_year is not None else entry.last_year
    return "undated" if year is None else str(year // 10 * 10)
