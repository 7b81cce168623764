"""Looks at the folders of this installation: writable, how much room.

A real file is written, synced and removed: a right that looks granted and a
disk that is full or read-only are told apart from one that works.
"""

import io
import secrets
from dataclasses import dataclass
from pathlib import Path

from repository.store_specs import StoreSpec
from repository.workflow.tools import Tools
from storage.errors import StorageError, Unreadable
from storage.faults import translated
from storage.platform import free_room, fsync_file

DATA, BACKUPS = "data", "backups"
_SAMPLE = b"jingui write test\n"


@dataclass(frozen=True, slots=True)
class FolderState:
    """One folder; free and total are bytes, free None where it cannot be told; trouble is a code or ""."""

    name: str
    path: str
    writable: bool
    free: int | None
    trouble: str = ""
    total: int = 0


def look(tools: Tools, *, far: bool = True) -> tuple[FolderState, ...]:
    """Return the state of the data folder, of the backups and of each configured store.

    far: write to stores that are no folders, too. A bucket may keep even
    what is removed, so a look that comes often only asks whether it answers.
    """
    states = [_write_test(DATA, tools.settings.data)]
    if tools.settings.backups_folder.exists():
        states.append(_write_test(BACKUPS, tools.settings.backups_folder))
    for spec in tools.settings.store_specs:
        try:
            tools.stores[spec.id].probe()
        except StorageError as error:
            states.append(FolderState(spec.id, spec.place, False, None, error.code))
            continue
        local = spec.kind == "folder"
        if local:
            states.append(_write_test(spec.id, spec.root))
        else:
            states.append(_draft_test(tools, spec) if far else FolderState(spec.id, spec.place, True, None))
    return tuple(states)


def _write_test(name: str, folder: Path) -> FolderState:
    place = folder / f".write-test-{secrets.token_hex(6)}"
    try:
        with translated(writing=True, folder=name):
            _write_and_remove(place)
            room = free_room(folder)
    except StorageError as error:
        return FolderState(name, str(folder), False, None, error.code)
    return FolderState(name, str(folder), True, room.bytes, total=room.total)


def refuse_unwritable(folder: Path) -> None:
    """Return if a file can be written, synced and read back in a folder. Raises StorageError."""
    with translated(writing=True):
        _write_and_remove(folder / f".write-test-{secrets.token_hex(6)}")


def _draft_test(tools: Tools, spec: StoreSpec) -> FolderState:
    """Write a file in a draft of a store that is no folder, and forget it."""
    try:
        draft = tools.stores[spec.id].begin(f"write-test-{secrets.token_hex(6)}")
        try:
            draft.put("sample", io.BytesIO(_SAMPLE))
        finally:
            draft.abort()
    except StorageError as error:
        return FolderState(spec.id, spec.place, False, None, error.code)
    return FolderState(spec.id, spec.place, True, None)


def _write_and_remove(place: Path) -> None:
    try:
        place.write_bytes(_SAMPLE)
        fsync_file(place)
        if place.read_bytes() != _SAMPLE:
            raise Unreadable(path=place.name)
    finally:
        place.unlink(missing_ok=True)
