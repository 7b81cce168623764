"""Where damaged and foreign objects of an S3 store go.

What is replaced or does not belong is copied to .quarantine/<day>/ by the server,
with a note that tells where it stood; good bytes are uploaded aside, read back, and
only then copied over the key, so that it never stands empty.
"""

import secrets
from collections.abc import Iterator
from datetime import date
from typing import BinaryIO

from storage.aside import (
    NOTE_SUFFIX,
    Quarantined,
    check_quarantine_key,
    is_note_alone,
    note_of,
    objects_of,
    quarantined,
)
from storage.errors import NotFound, StorageError, StoreUnavailable
from storage.failpoints import reach
from storage.faults import translated
from storage.keys import DRAFTS, QUARANTINE, quarantine_key
from storage.s3_tree import Ground
from storage.s3_upload import check_back, copy, write
from storage.s3_wire import Found, Wire

MEND_SUFFIX = ".mend"


def mend(ground: Ground, key: str, place: str, source: BinaryIO, *, sha256: str) -> str | None:
    """Put good bytes at place and return the quarantine key of the old ones; see Store.mend."""
    wire, draft = ground.wire, f"{DRAFTS}/{secrets.token_hex(16)}{MEND_SUFFIX}"
    written = write(wire, draft, source, sha256, only_new=False, part_bytes=ground.part_bytes)
    try:
        aside = _keep(ground, key, place, why="mended")
        with translated(writing=True, key=key):
            reach("mend.after_aside")
            reach("mend.before_replace")
        copy(wire, draft, place, written.size, most=ground.copy_most)
        with translated(writing=True, key=key):
            reach("mend.after_replace")
        check_back(wire, place, written)
    finally:
        _forget(wire, draft)
    return aside


def move(ground: Ground, key: str, place: str) -> str:
    """Move what stands at place to quarantine and return its key there. Raises NotFound."""
    aside = _keep(ground, key, place, why="set aside")
    if aside is None:
        raise NotFound(store=ground.wire.place.store, key=key)
    with translated(writing=True, key=key):
        reach("aside.after_move")
    ground.wire.delete(place)
    return aside


def _keep(ground: Ground, key: str, place: str, *, why: str) -> str | None:
    """Copy what stands at place to quarantine and return its key there, None where nothing stands."""
    wire = ground.wire
    old = wire.head(place)
    if old is None:
        return None
    aside = quarantine_key(key)
    wire.put(aside + NOTE_SUFFIX, note_of(key, why=why))
    with translated(writing=True, key=key):
        reach("aside.after_note")
    try:
        copy(wire, place, aside, old.size, most=ground.copy_most)
    except NotFound:  # the server itself has just put a rotten object away
        return None
    kept = wire.head(aside)
    if kept is None or kept.size != old.size:
        raise StoreUnavailable(store=wire.place.store, key=aside, reason="copy differs")
    return aside


def _forget(wire: Wire, key: str) -> None:
    """Remove a draft; what stays is for the sweep."""
    try:
        wire.delete(key)
    except StorageError:
        return


def lying(wire: Wire) -> Iterator[Quarantined]:
    """Yield what lies in quarantine, by key."""
    found = {one.key: one for one in wire.list(f"{QUARANTINE}/")}
    for key in objects_of(found):
        note = found.get(key + NOTE_SUFFIX)
        if note is None and key.endswith(NOTE_SUFFIX) and is_note_alone(key, wire.read(key)):
            continue
        yield _known(wire, found[key], note)


def _known(wire: Wire, one: Found, note: Found | None) -> Quarantined:
    """Return what the note of one object says."""
    content, written = (None, None) if note is None else (wire.read(note.key), note.modified)
    return quarantined(one.key, one.size, note=content, written=written)


def forget(wire: Wire, key: str, *, before: date) -> bool:
    """Remove one old object of quarantine, then its note; return whether it is gone."""
    one, note = wire.head(check_quarantine_key(key)), wire.head(key + NOTE_SUFFIX)
    if one is None or not _known(wire, one, note).is_before(before):
        return False
    wire.delete(key)
    with translated(writing=True, key=key):
        reach("quarantine.after_forget")
    wire.delete(key + NOTE_SUFFIX)
    return True
