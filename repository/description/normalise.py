"""Typed values -> tidy values, with a list of what changed.

Widths, spaces, invisible characters, lists of names, brackets of document
numbers, dots of codes. Dates stay as written (but for widths): what they mean
stands beside them. Nothing is changed without being told.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from repository.description.codes import ACCESS_LEVELS, CATEGORIES, CODE_LISTS, KINDS, Code, retention
from repository.description.fields import FieldSpec, is_known, spec
from repository.description.refcodes import normalise_code
from repository.description.value import Change, Description, Value
from repository.description.widths import is_chinese, tidy_line, tidy_lines

_YEAR_BRACKETS = re.compile(r"[\[(（【［<〈《]\s*((?:1[89]|20)[0-9]{2})\s*[\])）】］>〉》]")
_COMPOUND = frozenset(
    "欧阳 司马 上官 诸葛 夏侯 皇甫 尉迟 公孙 慕容 司徒 令狐 端木 东方 南宫 长孙 宇文 司空 独孤 申屠 钟离 闾丘 轩辕".split()
)
_PAGES = re.compile(r"^(?:共|计)?\s*([0-9]+)\s*(?:页|张|p|P|pp)?$")


@dataclass(frozen=True, slots=True)
class Normalised:
    """A description after tidying, and each field that came out different."""

    description: Description
    changes: tuple[Change, ...]


@dataclass(frozen=True, slots=True)
class NormalisedColumns:
    """Item columns after tidying (codes instead of words), and what came out different."""

    values: Mapping[str, str]
    changes: tuple[Change, ...]


def normalise(kind: str, values: Mapping[str, str | Iterable[str]]) -> Normalised:
    """Return the tidy description of typed values with a visible list of changes."""
    tidy: dict[str, Value] = {}
    changes = []
    for name in sorted(values):
        typed = values[name]
        before: Value = typed if isinstance(typed, str) else tuple(typed)
        after = _tidy(name, before)
        tidy[name] = after
        if _told(before) != _told(after):
            changes.append(Change(name, before, after))
    return Normalised(Description(kind, tidy), tuple(changes))


def normalise_columns(values: Mapping[str, str]) -> NormalisedColumns:
    """Return item columns with words turned to codes (永久 -> Y, 公开 -> public); unknown words stay."""
    tidy = {name: _column(name, text) for name, text in values.items()}
    changes = tuple(Change(n, values[n], tidy[n]) for n in sorted(values) if values[n] != tidy[n])
    return NormalisedColumns(tidy, changes)


def split_names(text: str) -> tuple[str, ...]:
    """Return the names in a typed list.

    、；; and new lines always divide; commas do where Chinese is written; spaces only
    between whole Chinese names (张三 李四), never inside one (王 芳, John Smith).
    """
    chinese = any(is_chinese(c) for c in text)
    parts = _split(text, "、;；\n，," if chinese else "、;；\n")
    return tuple(name for part in parts for name in _names_by_space(part))


def _told(value: Value) -> Value:
    """A list of one and the same text are one thing to the reader."""
    return value[0] if isinstance(value, tuple) and len(value) == 1 else value


def _tidy(name: str, value: Value) -> Value:
    if not is_known(name):
        return tidy_lines(value) if isinstance(value, str) else tuple(map(tidy_lines, value))
    row = spec(name)
    if not row.many:
        joined = value if isinstance(value, str) else "、".join(value)
        return _single(row, tidy_lines(joined) if row.long else tidy_line(joined))
    texts = (value,) if isinstance(value, str) else value
    found = (one for text in texts for one in _parts(row, tidy_lines(text)))
    return tuple(dict.fromkeys(_coded(row, one) for one in found if one))


def _single(row: FieldSpec, text: str) -> str:
    if row.name == "document_number":
        return _YEAR_BRACKETS.sub(r"〔\1〕", text)
    if row.name == "pages":
        pages = _PAGES.match(text)
        return str(int(pages[1])) if pages else text
    return _coded(row, text)


def _coded(row: FieldSpec, text: str) -> str:
    known = CODE_LISTS.get(row.code_list)
    found = known.find(text) if known and text else None
    return found.code if found else text


def _parts(row: FieldSpec, text: str) -> tuple[str, ...]:
    if row.split == "names":
        return split_names(text)
    if row.split == "titles":
        return _split(text, "；;\n")
    parts = _split(text, "、，,；;\n")
    if row.split == "codes":
        return tuple(normalise_code(one) if row.name == "related_code" else one for one in parts)
    return tuple(word for part in parts for word in _words_by_space(part))


def _split(text: str, by: str) -> tuple[str, ...]:
    """Divide outside brackets only: 张三（前排左三，校长）、李四 are two."""
    parts, depth = [""], 0
    for char in text:
        depth = max(0, depth + (char in "（(〔[【《") - (char in "）)〕]】》"))
        if char in by and (depth == 0 or char == "\n"):
            parts.append("")
        else:
            parts[-1] += char
    return tuple(part.strip() for part in parts if part.strip())


def _is_chinese_word(word: str) -> bool:
    return all(is_chinese(c) or c == "·" for c in word)


def _words_by_space(text: str) -> tuple[str, ...]:
    words = text.split(" ")
    return tuple(words) if all(len(w) > 1 and _is_chinese_word(w) for w in words) else (text,)


def _names_by_space(text: str) -> tuple[str, ...]:
    """Names of two characters are often written wide (王 芳); such pairs are closed, not divided."""
    words = text.split(" ")
    if len(words) == 1 or not all(_is_chinese_word(w) and len(w) <= 4 for w in words):
        return (text,)
    names: list[str] = []
    rest = list(words)
    while rest:
        word = rest.pop(0)
        if len(word) == 1 and not (rest and len(rest[0]) == 1):
            return (text,)
        if len(word) == 1 or (word in _COMPOUND and rest and len(rest[0]) <= 2):
            word += rest.pop(0)
        names.append(word)
    return tuple(names)


def _column(name: str, text: str) -> str:
    tidy = tidy_line(text)
    if name == "reference_code":
        return normalise_code(text)
    if name == "retention":
        found = retention(tidy) if tidy else None
        return found.code if found else tidy
    code = _listed(name, tidy) if tidy else None
    return code.code if code else tidy


def _listed(name: str, text: str) -> Code | None:
    if name == "category":
        return CATEGORIES.find(text)
    if name == "kind":
        return KINDS.find(text)
    return ACCESS_LEVELS.find(text) if name == "access_level" else None
