"""Clear what a crash left in a bucket: drafts and half uploads.

Only what was never committed is removed; ages are told by the server's own clock,
so that a clock of ours that jumped destroys nothing.
"""

import json
from datetime import datetime, timedelta
from typing import Any

from storage.errors import NotFound
from storage.keys import DRAFTS
from storage.s3_aside import MEND_SUFFIX
from storage.s3_tree import files_of, read_tree
from storage.s3_wire import Found, Upload, Wire

_ROUNDING = timedelta(seconds=2)  # times are told in whole seconds, some servers round up


def _line(wire: Wire, older_than_seconds: float) -> datetime:
    """Return the time before which something is old enough."""
    return wire.server_time() - timedelta(seconds=older_than_seconds) + _ROUNDING


def abort_stale(wire: Wire, older_than_seconds: float) -> int:
    """Abort the multipart uploads that got no part for so long and return how many (case C01).

    One that was begun long ago may be a large file on a slow line: each part that arrives is a sign of life.
    """
    line = _line(wire, older_than_seconds)
    count = 0
    for upload in wire.uploads():
        if upload.begun is not None and upload.begun <= line and not _is_alive(wire, upload, line):
            wire.drop(upload)
            count += 1
    return count


def _is_alive(wire: Wire, upload: Upload, line: datetime) -> bool:
    """Return whether a part of an upload arrived after that time."""
    more: dict[str, Any] = {}
    while True:
        try:
            told = wire.ask("list_parts", upload.key, UploadId=upload.id, **more)
        except NotFound:
            return False  # finished or aborted just now
        if any(part["LastModified"] > line for part in told.get("Parts", ())):
            return True
        if not told.get("IsTruncated"):
            return False
        more = {"PartNumberMarker": told["NextPartNumberMarker"]}


def sweep(wire: Wire, older_than_seconds: float) -> int:
    """Remove drafts that nobody touched for so long and return how many; what is committed stays."""
    line = _line(wire, older_than_seconds)
    count = 0
    for note in list(wire.list(f"{DRAFTS}/")):
        if note.modified > line:
            continue
        if note.key.endswith(MEND_SUFFIX):
            wire.delete(note.key)
            count += 1
        else:
            count += _sweep_tree(wire, note, older_than_seconds)
    return count


def _sweep_tree(wire: Wire, note: Found, older_than_seconds: float) -> bool:
    """Remove the files of an old draft that was not committed, then its note; return whether it was one."""
    try:
        prefix = str(json.loads(wire.read(note.key))["prefix"])
    except NotFound:
        return False  # committed or aborted just now
    token = note.key.rpartition("/")[2]
    if any(upload.key.startswith(files_of(prefix, token)) for upload in wire.uploads()):
        return False  # a large file of it is on its way
    line = _line(wire, older_than_seconds)
    files = list(wire.list(files_of(prefix, token)))
    if any(file.modified > line for file in files):
        return False
    tree = read_tree(wire, prefix)
    is_committed = tree is not None and tree.token == token
    if not is_committed:
        for file in files:
            wire.delete(file.key)
    wire.delete(note.key)
    return not is_committed
