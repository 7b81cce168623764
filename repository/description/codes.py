"""Code lists: what a field may hold, as values.

The lists are data/*.json. They are presets that a school may change; a code is
unique inside its own list only (WS is 外事 at a university, 文书 in DA/T 13).
Words are found by code, label or alias, in any width and case.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, Generic, TypeVar

from repository.description.tables import table
from repository.description.widths import narrow_all


@dataclass(frozen=True, slots=True)
class Code:
    """One allowed value with its labels and the words that also mean it."""

    code: str
    label_zh: str
    label_en: str
    aliases: tuple[str, ...] = ()

    def label(self, lang: str = "zh") -> str:
        """Return the label in "zh" or "en"."""
        return self.label_en if lang == "en" else self.label_zh


@dataclass(frozen=True, slots=True)
class Kind(Code):
    """A kind of thing with its DCMI type."""

    dcmi: str = ""


@dataclass(frozen=True, slots=True)
class Category(Code):
    """A class of records (类别) with the retention and access level that are sensible to begin with."""

    retention: str = "Y"
    access_level: str = "restricted"


@dataclass(frozen=True, slots=True)
class Retention(Code):
    """How long to keep (保管期限): years is None for 永久; suggested_from keeps an old word such as 长期."""

    years: int | None = None
    suggested_from: str = ""


C = TypeVar("C", bound=Code)


@dataclass(frozen=True, slots=True)
class CodeList(Generic[C]):
    """An ordered list of codes with the standard that it comes from."""

    name: str
    standard: str
    codes: tuple[C, ...]
    words: Mapping[str, C] = field(repr=False, compare=False)

    def find(self, text: str) -> C | None:
        """Return the code that a code, label or alias means, or None."""
        return self.words.get(_word(text))

    def get(self, code: str) -> C | None:
        """Return the code that is written exactly so, or None."""
        return next((one for one in self.codes if one.code == code), None)

    def label(self, code: str, lang: str = "zh") -> str:
        """Return the label of a code; the code itself where it is unknown."""
        found = self.get(code)
        return found.label(lang) if found else code


def _word(text: str) -> str:
    return "".join(narrow_all(text).split()).lower()


def _listed(name: str, standard: str, codes: Iterable[C]) -> CodeList[C]:
    kept = tuple(codes)
    words: dict[str, C] = {}
    for one in kept:
        for word in (one.code, one.label_zh, one.label_en, *one.aliases):
            words.setdefault(_word(word), one)
    return CodeList(name, standard, kept, MappingProxyType(words))


def _plain(row: Mapping[str, Any]) -> dict[str, Any]:
    labels = {"label_zh": row["zh"], "label_en": row["en"]}
    return {"code": row["code"], "aliases": tuple(row["aliases"]), **labels}


def _simple(name: str) -> CodeList[Code]:
    raw = table(name)
    return _listed(name, raw["standard"], (Code(**_plain(row)) for row in raw["codes"]))


_KINDS, _CATEGORIES, _RETENTION, _SECRECY = (
    table(name) for name in ("kinds", "categories", "retention", "secrecy")
)

KINDS: CodeList[Kind] = _listed(
    "kinds", _KINDS["standard"], (Kind(**_plain(row), dcmi=row["dcmi"]) for row in _KINDS["codes"])
)
CATEGORIES: CodeList[Category] = _listed(
    _CATEGORIES["list"],
    _CATEGORIES["standard"],
    (
        Category(**_plain(row), retention=row["retention"], access_level=row["access"])
        for row in _CATEGORIES["codes"]
    ),
)
RETENTION: CodeList[Retention] = _listed(
    "retention",
    _RETENTION["standard"],
    (Retention(**_plain(row), years=row["years"]) for row in _RETENTION["codes"]),
)
ACCESS_LEVELS: CodeList[Code] = _simple("access_levels")
SECRECY: CodeList[Code] = _simple("secrecy")
CODE_LISTS: Mapping[str, CodeList[Code]] = MappingProxyType(
    {
        name: _simple(name)
        for name in ("secrecy", "copy_status", "languages", "carriers", "generation", "consent")
    }
)

#: 秘密, 机密, 绝密: known only to be refused (保密法: state secrets need systems of their own).
REFUSED_SECRECY: tuple[str, ...] = tuple(_SECRECY["refused"])
_SECRET = re.compile("|".join(REFUSED_SECRECY))
_SECRET_MARK = re.compile(rf"({'|'.join(REFUSED_SECRECY)})\s*[★☆]")
_FIXED_TERM = re.compile(r"^(?:D|定期)?([1-9][0-9]{0,2})年?$")


def retention(text: str) -> Retention | None:
    """Return what 永久, D30, 30年 or the old 长期 means, or None.

    长期 and 短期 lead to a suggestion only (suggested_from keeps the word).
    """
    listed = RETENTION.find(text)
    if listed:
        return listed
    word = narrow_all(text).strip()
    if word in _RETENTION["legacy"]:
        found = RETENTION.find(_RETENTION["legacy"][word])
        return Retention(found.code, found.label_zh, found.label_en, (), found.years, word) if found else None
    years = _FIXED_TERM.match(word.upper())
    if years is None:
        return None
    number = int(years[1])
    return Retention(f"D{number}", f"定期{number}年", f"{number} years", (), number)


def retention_label(code: str, lang: str = "zh") -> str:
    """Return the label of a retention code, of D15 too; the code itself where it is none."""
    found = retention(code)
    return found.label(lang) if found else code


def refused_secrecy(text: str) -> str:
    """Return the state secrecy word that a 密级 value holds (机密★20年 too), "" where there is none."""
    found = _SECRET.search("".join(text.split()))
    return found[0] if found else ""


def secrecy_mark(text: str) -> str:
    """Return the state secrecy word that a star marks inside running text (机密★), "" where there is none."""
    found = _SECRET_MARK.search(narrow_all(text))
    return found[1] if found else ""
