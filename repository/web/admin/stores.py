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
    """What one store answers; free in bytes, None where it cannot tell; trouble "" where all is well."""

    id: str
    place: str
    free: int | None
    trouble: str = ""


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


def rows(looks: tuple[Look, ...], counted: Mapping[str, Mapping[str, int]]) -> list[StoreRow]:
    """Return the stores with their copies; one that is known but not configured any more comes last."""
    found = [StoreRow(one, counted.get(one.id, {})) for one in looks]
    configured = {one.id for one in looks}
    gone = gettext("这个存储已不在设置中，里面的副本不会再核验。")
    left = {name: states for name, states in counted.items() if name not in configured}
    return found + [StoreRow(Look(name, "", None, gone), states) for name, states in left.items()]
