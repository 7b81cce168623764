"""Opens an original for reading, from the first copy that is good.

What the register knows of a copy decides the order; what the disk says
decides the rest. Bytes that are known to be damaged are never handed out.
"""

import hashlib
import logging
from collections.abc import Iterator
from dataclasses import dataclass
from typing import BinaryIO

from preservation.checks import Outcome
from preservation.policy import CopyState
from repository.models.package import Copy, Package, PackagedFile
from repository.workflow.tools import Tools
from storage.errors import DigestMismatch, StorageError, Unreadable

log = logging.getLogger("jingui.reading")
BLOCK = 1 << 18
_BEST_FIRST = (CopyState.OK, CopyState.UNKNOWN, CopyState.DAMAGED, CopyState.UNREADABLE, CopyState.MISSING)


@dataclass(frozen=True, slots=True)
class Original:
    """One registered file and where its copies are, best first; size in bytes."""

    key: str
    size: int
    sha256: str
    store_ids: tuple[str, ...]


def original_of(package: Package, file: PackagedFile) -> Original:
    """Return a file of a package (with its copies loaded) as a value that outlives the session."""
    copies = sorted(package.copies, key=lambda copy: _BEST_FIRST.index(CopyState(copy.state)))
    good = tuple(copy.store_id for copy in copies if not _known_bad(copy, file.path))
    return Original(f"{package.prefix}/{file.path}", file.size, file.sha256, good)


def _known_bad(copy: Copy, path: str) -> bool:
    if copy.state == CopyState.OK:
        return False
    return any(found["outcome"] == Outcome.FAILED and found["path"] in ("", path) for found in copy.findings)


def open_original(tools: Tools, original: Original) -> BinaryIO:
    """Return the stream of the first copy that can be opened and has the right size.

    Raises Unreadable where none can.
    """
    failure: StorageError | None = None
    for store_id in original.store_ids:
        store = tools.stores.get(store_id)
        if store is None:
            continue
        try:
            size = store.stat(original.key).size
            if size == original.size:
                return store.open(original.key)
            failure = DigestMismatch(store=store_id, key=original.key, size=size, registered=original.size)
        except StorageError as error:
            failure = error
        log.warning("%s is not readable in %s: %s", original.key, store_id, failure)
    raise Unreadable(key=original.key, copies=len(original.store_ids)) from failure


def blocks(stream: BinaryIO, original: Original) -> Iterator[bytes]:
    """Yield the whole stream; the last block only once the digest of all of it is right.

    Raises DigestMismatch instead of the last block: whoever receives it then
    sees a broken transfer and not a whole file that is wrong.
    """
    digest = hashlib.sha256()
    kept = b""
    while block := stream.read(BLOCK):
        digest.update(block)
        if kept:
            yield kept
        kept = block
    if digest.hexdigest() != original.sha256:
        log.error("%s: what was read differs from the register", original.key)
        raise DigestMismatch(key=original.key, expected=original.sha256)
    if kept:
        yield kept
