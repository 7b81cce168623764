"""Copy a bag from store to store.

Every file is checked against its record while it streams, a file that one
source has damaged is taken from the next, and the copy is read back from the
target's medium. Nothing that stands in a target is ever overwritten here.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from storage.bag import reread
from storage.digests import digest_stream
from storage.errors import AlreadyStored, DigestMismatch, NotFound, StoreUnavailable, Unreadable, WrongStore
from storage.failpoints import reach
from storage.faults import translated
from storage.inventory import FileRecord, Inventory
from storage.lanes import in_lanes
from storage.store import Draft, Store

_BAD_SOURCE = (DigestMismatch, NotFound, Unreadable, StoreUnavailable, WrongStore)


def copy_bag(
    sources: Sequence[Store],
    target: Store,
    prefix: str,
    inventory: Inventory,
    *,
    shared: Mapping[str, str] | None = None,
) -> None:
    """Copy the bag at prefix into target and return when the copy was read back whole.

    sources are tried in order, file by file. shared maps paths to keys in
    target (an older version of the package) that should hold the same bytes:
    they are read, and carried if they do, else copied. A target that already
    holds exactly this bag is success. Raises DigestMismatch with the path
    where no source is right or the target holds something else, and the
    errors of the target; then nothing new is visible, except with
    stage="reread": the copy stands but is not what was sent.
    """
    try:
        draft = target.begin(prefix)
    except AlreadyStored:
        _check_same(target, prefix, inventory)
        return
    try:
        _fill(draft, _Copying(tuple(sources), target, prefix, inventory, shared or {}))
        with translated(writing=True, key=prefix):
            reach("replica.before_commit")
        draft.commit()
    except AlreadyStored:  # another copier was quicker
        draft.abort()
        _check_same(target, prefix, inventory)
        return
    except BaseException:
        draft.abort()
        raise
    with translated(writing=True, key=prefix):
        reach("replica.after_commit")
    reread(target, prefix, inventory)


@dataclass(frozen=True, slots=True)
class _Copying:
    """What is copied, from where to where."""

    sources: tuple[Store, ...]
    target: Store
    prefix: str
    inventory: Inventory
    shared: Mapping[str, str]


def _fill(draft: Draft, copying: _Copying) -> None:
    """Put every file of the inventory into the draft."""

    def bring(record: FileRecord) -> None:
        from_key = copying.shared.get(record.path)
        if from_key is None or not _carried(draft, copying.target, record, from_key=from_key):
            _copied(draft, copying.sources, record, prefix=copying.prefix)

    for number, _ in enumerate(in_lanes(bring, copying.inventory.files)):
        if number == 0:
            with translated(writing=True, key=copying.prefix):
                reach("replica.after_first_file")


def _carried(draft: Draft, target: Store, record: FileRecord, *, from_key: str) -> bool:
    """Carry a file that the target has already, if its bytes are still right, and return whether."""
    try:
        with target.open(from_key) as stream:
            if digest_stream(stream)["sha256"] != record.sha256:
                return False
    except (DigestMismatch, NotFound, Unreadable):
        return False
    draft.carry(record.path, from_key)
    return True


def _copied(draft: Draft, sources: Sequence[Store], record: FileRecord, *, prefix: str) -> None:
    """Copy one file from the first source that has it right. Raises DigestMismatch, StoreUnavailable."""
    tried: list[str] = []
    away: list[StoreUnavailable] = []
    for source in sources:
        try:
            stream = source.open(f"{prefix}/{record.path}")
        except _BAD_SOURCE as error:
            if isinstance(error, StoreUnavailable):
                away.append(error)
            tried.append(f"{source.id}: {error.code}")
            continue
        with stream:
            try:
                draft.put(record.path, stream, record.sha256)
                return
            except (DigestMismatch, Unreadable) as error:
                tried.append(f"{source.id}: {error.code}")
    if away and len(away) == len(tried):
        raise away[0]  # nobody said that the bytes are wrong: worth another try
    raise DigestMismatch(path=record.path, key=prefix, expected=record.sha256, tried=tuple(tried))


def _check_same(target: Store, prefix: str, inventory: Inventory) -> None:
    """Return if the target holds exactly this bag. Raises DigestMismatch naming a path."""
    found = {one.key.removeprefix(f"{prefix}/"): one.size for one in target.list(f"{prefix}/")}
    wanted = {record.path: record.size for record in inventory.files}
    for path in sorted(found.keys() | wanted.keys()):
        if found.get(path) != wanted.get(path):
            raise DigestMismatch(path=path, key=prefix, expected_size=wanted.get(path), size=found.get(path))
    reread(target, prefix, inventory)
