"""The clause of RFC 8493 behind each finding on a bag.

A finding that no clause forbids but that a person should know has the clause
that makes it worth knowing (6.1: interoperability). FX-... findings compare a
copy with our register, where the standard is silent, and have none.
"""

from collections.abc import Mapping
from typing import Final

_DECLARATION, _PAYLOAD, _MANIFEST = "2.1.1", "2.1.2", "2.1.3"
_TAG_MANIFEST, _INFO, _FETCH = "2.2.1", "2.2.2", "2.2.3"
_TEXT, _ALGORITHMS, _VALID = "2.3", "2.4", "3"
_SPECIAL_PATHS, _URLS, _TRAVEL = "5.1", "5.2", "6.1"

#: Finding code -> section of RFC 8493.
CLAUSES: Final[Mapping[str, str]] = {
    "BG-101": _VALID,
    "BG-102": _VALID,
    "BG-103": _VALID,
    "BG-104": _PAYLOAD,
    "BG-201": _DECLARATION,
    "BG-202": _TEXT,
    "BG-203": _DECLARATION,
    "BG-204": _DECLARATION,
    "BG-205": _DECLARATION,
    "BG-206": _DECLARATION,
    "BG-207": _DECLARATION,
    "BG-208": _DECLARATION,
    "BG-209": _DECLARATION,
    "BG-301": _MANIFEST,
    "BG-302": _ALGORITHMS,
    "BG-303": _MANIFEST,
    "BG-304": _MANIFEST,
    "BG-305": _MANIFEST,
    "BG-306": _TRAVEL,
    "BG-307": _MANIFEST,
    "BG-308": _MANIFEST,
    "BG-309": _TEXT,
    "BG-310": _TRAVEL,
    "BG-311": _TRAVEL,
    "BG-312": _ALGORITHMS,
    "BG-313": _MANIFEST,
    "BG-314": _TAG_MANIFEST,
    "BG-315": _ALGORITHMS,
    "BG-316": _TEXT,
    "BG-318": _TRAVEL,
    "BG-319": _TRAVEL,
    "BG-401": _SPECIAL_PATHS,
    "BG-402": _MANIFEST,
    "BG-403": _TAG_MANIFEST,
    "BG-404": _TAG_MANIFEST,
    "BG-405": _FETCH,
    "BG-406": _FETCH,
    "BG-407": _FETCH,
    "BG-408": _URLS,
    "BG-409": _FETCH,
    "BG-501": _VALID,
    "BG-502": _VALID,
    "BG-503": _VALID,
    "BG-504": _VALID,
    "BG-505": _VALID,
    "BG-506": _TAG_MANIFEST,
    "BG-507": _MANIFEST,
    "BG-508": _TAG_MANIFEST,
    "BG-509": _PAYLOAD,
    "BG-601": _INFO,
    "BG-602": _INFO,
    "BG-603": _INFO,
    "BG-604": _INFO,
    "BG-701": _TRAVEL,
    "BG-702": _TRAVEL,
    "BG-703": _TRAVEL,
    "BG-704": _TEXT,
    "BG-801": _VALID,
    "BG-802": _VALID,
    "BG-803": _VALID,
    "BG-804": _VALID,
    "BG-805": _VALID,
}


def clause_of(code: str) -> str:
    """Return the section of RFC 8493 behind a finding, such as "2.1.3"; "" where there is none."""
    return CLAUSES.get(code, "")
