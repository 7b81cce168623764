"""How much room each disk must keep (promise P14), asked before anything is taken in.

The reserve of a disk is the greatest of JINGUI_RESERVE_PERCENT of it,
JINGUI_RESERVE_MB, and twice the upload. Below it nothing is taken in and no
bag is begun; reading, describing and checking go on.
"""

from collections.abc import Iterator
from pathlib import Path

from repository.config import Settings
from storage.errors import StorageFull
from storage.faults import translated
from storage.platform import free_room
from storage.reserve import Reserve

DATA = "data"
MB = 1 << 20


def reserve_of(settings: Settings) -> Reserve:
    """Return the rule of the settings."""
    return Reserve(least=settings.reserve_mb * MB, percent=settings.reserve_percent)


def kept_free(settings: Settings, folder: Path) -> int:
    """Return how many bytes must stay free on a folder's disk. Raises StorageError."""
    with translated(writing=True, path=folder.name):
        return reserve_of(settings).wanted(free_room(folder).total)


def refuse_full(settings: Settings, upload: int = 0, *, on_its_way: int = 0) -> None:
    """Return if an upload (bytes) fits on the disk of the data folder and on that of the first store.

    on_its_way are bytes that the data folder takes up before the upload is
    staged. Raises StorageFull. A disk that cannot be asked is not judged here.
    """
    for name, folder in _disks(settings):
        _refuse_below(settings, name, folder, upload, on_its_way if name == DATA else 0)


def refuse_full_store(settings: Settings) -> None:
    """Return if the first store's disk keeps its reserve. Raises StorageFull: what is accepted waits."""
    for name, folder in _disks(settings):
        if name != DATA:
            _refuse_below(settings, name, folder)


def _refuse_below(settings: Settings, name: str, folder: Path, upload: int = 0, more: int = 0) -> None:
    try:
        room = free_room(folder)
    except OSError:
        return
    wanted = reserve_of(settings).wanted(room.total, upload) + more
    if room.bytes < wanted:
        raise StorageFull(wanted=wanted, left=room.bytes, disk=name)


def _disks(settings: Settings) -> Iterator[tuple[str, Path]]:
    yield DATA, settings.data
    first = settings.store_specs[0]
    if first.kind == "folder":
        yield first.id, first.root
