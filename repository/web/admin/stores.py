"""The stores, looked at now: do they answer, how much room, what they hold."""

from collections.abc import Mapping
from dataclasses import dataclass

from flask_babel import gettext

from repository.web.texts import sentence
from repository.workflow.tools import Tools
from storage.errors import StorageError
from storage.store import Store


@dataclass(frozen=True, slots=True)
class Look:
    """What one store answers; free in bytes, None where it cannot tell; trouble "" where all is well.

    medium is the name of an offline medium, "" for a store of the settings.
    """

    id: str
    place: str
    free: int | None
    trouble: str = ""
    medium: str = ""


@dataclass(frozen=True, slots=True)
class StoreRow:
    """One store with the number of copies in each state."""

    look: Look
    states: Mapping[str, int]

    @property
    def copies(self) -> int:
        """Return how many copies are registered in this store."""
        return sum(self.states.values())


def look(tools: Tools) -> tuple[Look, ...]:
    """Return what each configured store answers. Disks are read: let go of the database first."""
    return tuple(_ask(tools.stores[spec.id], spec.place) for spec in tools.settings.store_specs)


def _ask(store: Store, place: str) -> Look:
    try:
        store.probe()
        return Look(store.id, place, store.free_bytes())
    except StorageError as error:
        return Look(store.id, place, None, sentence(error))


def rows(
    looks: tuple[Look, ...], counted: Mapping[str, Mapping[str, int]], media: Mapping[str, str]
) -> list[StoreRow]:
    """Return the stores with their copies, then offline media, then what is not configured any more."""
    found = [StoreRow(one, counted.get(one.id, {})) for one in looks]
    configured = {one.id for one in looks}
    gone = gettext("这个存储已不在设置中，里面的副本不会再核验。")
    left = [name for name in sorted(counted) if name not in configured]
    for name in sorted(left, key=lambda name: name not in media):
        told = Look(name, "", None, medium=media[name]) if name in media else Look(name, "", None, gone)
        found.append(StoreRow(told, counted[name]))
    return found
