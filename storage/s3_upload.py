"""Write one object to S3: whole or in parts.

What was written is read back and hashed before anyone is told that it stands
(case C04). Memory holds one part: small files go in one request, large ones in
parts that grow, so that 1,000 of them (the least that servers allow) hold 100 GB.
"""

from dataclasses import dataclass
from typing import Any, BinaryIO

from storage.digests import digest_stream, new_hasher, sha256_of
from storage.errors import AlreadyStored, DigestMismatch, NotFound, StorageError, StoreUnavailable, Unreadable
from storage.s3_wire import Upload, Wire

PART = 16 * 1024 * 1024  # bytes; the least that AWS allows is 5 MiB
_GROW_EVERY = 200  # parts after which their size doubles
COPY_MOST = 4 * 1024 * 1024 * 1024  # bytes; a server copies up to 5 GiB in one request
OTHER_BYTES = "stored other bytes"
_LOOKS = 2  # reads before a verdict on what was written


@dataclass(frozen=True, slots=True)
class Written:
    """What stands at a key now; size in bytes."""

    size: int
    sha256: str
    mark: str = ""


def write(
    wire: Wire, key: str, source: BinaryIO, sha256: str | None, *, only_new: bool, part_bytes: int = PART
) -> Written:
    """Write source, read once, to key and return what was read back.

    Raises DigestMismatch (source is not what was announced), AlreadyStored,
    StoreUnavailable (also when the server keeps other bytes than it was sent);
    then nothing of it stands.
    """
    first = _read(source, part_bytes)
    if len(first) < part_bytes:
        found = sha256_of(first)
        _check_announced(sha256, found, key=key)
        mark = wire.put(key, first, sha256=found, only_new=only_new)
        written = Written(len(first), found, mark)
    else:
        written = _write_parts(wire, key, first, source, sha256=sha256, only_new=only_new)
    _check_stored(wire, key, written)
    return written


def _write_parts(
    wire: Wire, key: str, first: bytes, source: BinaryIO, *, sha256: str | None, only_new: bool
) -> Written:
    """Write a large object in parts; whatever goes wrong, the parts are dropped (case C01)."""
    hasher, size, tags = new_hasher("sha256"), 0, dict[int, str]()
    upload = wire.start(key, sha256=sha256 or "")
    try:
        block = first
        while block:
            hasher.update(block)
            size += len(block)
            number = len(tags) + 1
            told = wire.ask("upload_part", key, UploadId=upload.id, PartNumber=number, Body=block)
            tags[number] = str(told["ETag"])
            block = _read(source, len(first) << (number // _GROW_EVERY))
        _check_announced(sha256, hasher.hexdigest(), key=key)
        _finish(wire, upload, tags, only_new=only_new)
    except BaseException:
        try:
            wire.drop(upload)
        except StorageError:
            pass  # abort_stale comes by later
        raise
    return Written(size, hasher.hexdigest(), upload.mark)


def _finish(wire: Wire, upload: Upload, tags: dict[int, str], *, only_new: bool) -> None:
    """Make the parts one object; an answer that got lost is found out by looking (case C03)."""
    try:
        wire.finish(upload, tags, only_new=only_new)
    except NotFound:  # no such upload any more: an earlier try has finished it, if the object is ours
        if not wire.is_marked(upload.key, upload.mark):
            raise StoreUnavailable(store=wire.place.store, key=upload.key, reason="upload lost") from None
    except AlreadyStored:
        if not wire.is_marked(upload.key, upload.mark):
            raise


def _check_announced(sha256: str | None, found: str, *, key: str) -> None:
    if sha256 and found != sha256:
        raise DigestMismatch(key=key, expected=sha256, found=found)


def _check_stored(wire: Wire, key: str, written: Written) -> None:
    """Return if the server gives back what it was sent; else remove it and raise StoreUnavailable.

    It is our own fresh object that is removed, never one that anybody was told of; a
    server that let another's write pass the same condition has stored theirs.
    """
    try:
        check_back(wire, key, written)
    except StoreUnavailable as error:
        if error.facts["reason"] == OTHER_BYTES and wire.is_marked(key, written.mark):
            wire.delete(key)
        raise


def check_back(wire: Wire, key: str, written: Written) -> None:
    """Read an object back. Raises StoreUnavailable, with reason OTHER_BYTES after two looks at such."""
    found = ""
    for _ in range(_LOOKS):
        try:
            with wire.get(key) as stream:
                found = digest_stream(stream)["sha256"]
        except (NotFound, Unreadable) as error:
            found = error.code
        if found == written.sha256:
            return
    facts = {"store": wire.place.store, "key": key, "expected": written.sha256, "found": found}
    raise StoreUnavailable(**facts, reason=OTHER_BYTES)


def copy(wire: Wire, from_key: str, to_key: str, size: int, *, most: int = COPY_MOST) -> None:
    """Let the server copy an object over whatever stands at to_key. Raises NotFound."""
    if size <= most:
        wire.copy(from_key, to_key)
        return
    upload = wire.start(to_key)
    tags = dict[int, str]()
    try:
        for start in range(0, size, most):
            number = len(tags) + 1
            span = f"bytes={start}-{min(start + most, size) - 1}"
            words: dict[str, Any] = {"CopySource": wire.source(from_key), "CopySourceRange": span}
            told = wire.ask("upload_part_copy", to_key, UploadId=upload.id, PartNumber=number, **words)
            tags[number] = str(told["CopyPartResult"]["ETag"])
        wire.finish(upload, tags, only_new=False)
    except BaseException:
        wire.drop(upload)
        raise


def _read(source: BinaryIO, size: int) -> bytes:
    """Return the next size bytes of source, fewer only at its end."""
    blocks, left = list[bytes](), size
    while left:
        block = source.read(left)
        if block is None:
            raise BlockingIOError("the stream has no bytes yet")  # "nothing yet" must not read as "the end"
        if not block:
            break
        blocks.append(block)
        left -= len(block)
    return blocks[0] if len(blocks) == 1 else b"".join(blocks)
