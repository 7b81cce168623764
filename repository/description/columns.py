"""ItemColumns: what the catalogue keeps beside a description.

Plain values, so that this room knows the item without knowing its tables.
`more` carries what else the catalogue wants to find again in the bag.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

from repository.description.errors import DescriptionUnreadable

_NAMES = ("id", "reference_code", "category", "retention", "access_level")


@dataclass(frozen=True, slots=True)
class ItemColumns:
    """The columns of one item; "" where not given."""

    id: str = ""
    reference_code: str = ""
    category: str = ""
    retention: str = ""
    access_level: str = ""
    more: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))

    def to_plain(self) -> dict[str, object]:
        """Return plain JSON values."""
        return {name: getattr(self, name) for name in _NAMES} | {"more": dict(self.more)}

    @staticmethod
    def from_plain(plain: object) -> "ItemColumns":
        """Return the columns that to_plain told, or raise DescriptionUnreadable."""
        if not isinstance(plain, Mapping) or not isinstance(more := plain.get("more", {}), Mapping):
            raise DescriptionUnreadable(reason="item")
        told = {name: plain.get(name, "") for name in _NAMES}
        if not all(isinstance(one, str) for one in (*told.values(), *more.keys(), *more.values())):
            raise DescriptionUnreadable(reason="item")
        return ItemColumns(**told, more=MappingProxyType(dict(sorted(more.items()))))
