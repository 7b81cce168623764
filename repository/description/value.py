"""Description: the metadata of one unit, as a value.

A Description (著录) is never changed, only replaced: with_values makes the next
one. Empty values are left out, so "not said" has exactly one form. Which
fields exist is the business of fields.py; any name may stand here, so that a
bag written by a newer version loses nothing when an older one reads it.
"""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

from repository.description.errors import DescriptionUnreadable

Value = str | tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Change:
    """One field that differs; "" or () stands for "not said"."""

    field: str
    before: Value
    after: Value


@dataclass(frozen=True, slots=True)
class Description:
    """The kind of a thing (photo, document ...) and what is said about it."""

    kind: str
    values: Mapping[str, Value]

    def __post_init__(self) -> None:
        kept = {name: cleaned for name in sorted(self.values) if (cleaned := _kept(self.values[name]))}
        object.__setattr__(self, "values", MappingProxyType(kept))

    def __hash__(self) -> int:
        return hash((self.kind, tuple(self.values.items())))

    def __reduce__(self) -> tuple[type["Description"], tuple[str, dict[str, Value]]]:
        return Description, (self.kind, dict(self.values))

    def text(self, name: str) -> str:
        """Return one field as text; many values are joined by 、, "" where nothing is said."""
        value = self.values.get(name, "")
        return value if isinstance(value, str) else "、".join(value)

    def many(self, name: str) -> tuple[str, ...]:
        """Return one field as a tuple of values, () where nothing is said."""
        value = self.values.get(name, ())
        return (value,) if isinstance(value, str) else value

    def with_values(self, values: Mapping[str, Value]) -> "Description":
        """Return a description where these fields are replaced; an empty value takes a field away."""
        return Description(self.kind, {**self.values, **values})

    def to_plain(self) -> dict[str, object]:
        """Return plain JSON values: {"kind": ..., "values": {...}}, fields sorted by name."""
        values = {name: said if isinstance(said, str) else list(said) for name, said in self.values.items()}
        return {"kind": self.kind, "values": values}

    def to_json(self) -> str:
        """Return the same text for the same description, always."""
        return json.dumps(self.to_plain(), ensure_ascii=False, sort_keys=True)

    @staticmethod
    def from_plain(plain: object) -> "Description":
        """Return the description that to_plain told, or raise DescriptionUnreadable."""
        if not isinstance(plain, Mapping) or not isinstance(plain.get("values"), Mapping):
            raise DescriptionUnreadable(reason="shape")
        kind = plain.get("kind")
        if not isinstance(kind, str):
            raise DescriptionUnreadable(reason="kind")
        return Description(kind, {_name(name): _value(value) for name, value in plain["values"].items()})

    @staticmethod
    def from_json(content: str | bytes) -> "Description":
        """Return the description that to_json told, or raise DescriptionUnreadable."""
        try:
            plain = json.loads(content)
        except (ValueError, RecursionError) as damage:
            raise DescriptionUnreadable(reason="json") from damage
        return Description.from_plain(plain)


def changed_fields(before: Description, after: Description) -> tuple[Change, ...]:
    """Return what differs, sorted by field name; another kind is told first, as field "kind"."""
    changes = [Change("kind", before.kind, after.kind)] if before.kind != after.kind else []
    for name in sorted({*before.values, *after.values}):
        old, new = before.values.get(name), after.values.get(name)
        if old != new:
            changes.append(Change(name, _or_empty(old, new), _or_empty(new, old)))
    return tuple(changes)


def _or_empty(value: Value | None, other: Value | None) -> Value:
    if value is not None:
        return value
    return () if isinstance(other, tuple) else ""


def _kept(value: Value | Iterable[str]) -> Value:
    if isinstance(value, str):
        return value if value.strip() else ""
    return tuple(one for one in value if one.strip())


def _name(name: object) -> str:
    if not isinstance(name, str):
        raise DescriptionUnreadable(reason="name")
    return name


def _value(value: object) -> Value:
    if isinstance(value, str):
        return value
    if isinstance(value, list) and all(isinstance(one, str) for one in value):
        return tuple(value)
    raise DescriptionUnreadable(reason="value")
