"""WhooshEngine: the embedded default, up to 100,000 entries.

    <folder>/current.json          the pointer: the commit point
    <folder>/v<SCHEMA>-<n>/*.seg   segments, never changed once named
    <folder>/writer.lock           one writer at a time, over all processes

A writer writes segments beside the old ones, syncs them, and only then
renames the pointer; what no pointer names is swept away by the next writer.
So a crash at any moment leaves the old index or the new one. An index that is
missing, foreign, of another schema or damaged is never opened: rebuild it.
"""

import math
import re
import shutil
from collections.abc import Collection, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import replace as changed
from pathlib import Path
from threading import RLock

from whoosh.filedb.filestore import FileStorage
from whoosh.util.filelock import try_for

from search.engine import Health
from search.entry import Entry, Page, Request
from search.errors import IndexUnusable
from search.fields import SCHEMA_VERSION
from search.grammar import parse
from search.pointer import (
    POINTER,
    Pointer,
    SegmentNote,
    note_segment,
    read_pointer,
    sync_folder,
    write_pointer,
)
from search.segments import NewSegment
from search.snapshot import Snapshot

# Postings in memory before a segment is written, at about 150 bytes each.
SEGMENT_POSTINGS = 1_500_000
# So many segments of one size class (1-7, 8-63, 64-511 entries) become one.
# Larger ones stay until a rebuild: adding one entry never takes a second.
MERGE_AT = 8
MERGE_BELOW = 512
LOCK_WAIT = 10.0
_RETRIES = 5


def _living(note: SegmentNote) -> int:
    return note.docs - len(note.deleted)


def _to_merge(notes: Iterable[SegmentNote]) -> list[SegmentNote]:
    """Return the segments of the smallest size class that is full, or none."""
    classes: dict[int, list[SegmentNote]] = {}
    for note in notes:
        if _living(note) < MERGE_BELOW:
            classes.setdefault(int(math.log(_living(note), MERGE_AT) + 1e-9), []).append(note)
    full = [size for size, members in classes.items() if len(members) >= MERGE_AT]
    return classes[min(full)] if full else []


def _noted(folder: Path, writer: NewSegment, deleted: Iterable[int] = ()) -> SegmentNote | None:
    segment = writer.finish()
    if segment is None:
        return None
    return note_segment(folder, id=segment.segid, docs=segment.doc_count_all(), deleted=deleted)


def _without(snapshot: Snapshot, ids: Collection[str]) -> list[SegmentNote]:
    """Return the segments with these entries marked as deleted; empty ones go."""
    notes = []
    for leaf, note in zip(snapshot.leaves, snapshot.pointer.segments, strict=True):
        gone = {leaf.place_of[name] for name in ids if name in leaf.place_of}
        note = changed(note, deleted=tuple(sorted(gone.union(note.deleted))))
        if _living(note):
            notes.append(note)
    return notes


class WhooshEngine:
    """An Engine on Whoosh's files in one folder.

    seal is this installation's secret: an index made with another one is
    foreign. A second writer waits ten seconds, then gets IndexUnusable with
    reason "locked" and retry=True: its job is to be run again. A disk that
    cannot be written gives reason "unwritable", with retry=True as well.
    """

    def __init__(self, folder: Path, seal: str) -> None:
        self._root = folder
        self._seal = seal
        self._lock = RLock()
        self._snapshot: Snapshot | None = None
        self._stamp: tuple[int, ...] = ()

    # Reading

    def find(self, request: Request) -> Page:
        """Answer one question. Raises QueryRefused, IndexUnusable."""
        query = parse(request.text)
        with self._lock:
            return self._current().answer(query, request)

    def health(self) -> Health:
        """Return the state of the index; never raises."""
        try:
            with self._lock:
                pointer = self._current().pointer
        except IndexUnusable as error:
            return Health(False, str(error.facts["reason"]), 0, 0)
        return Health(True, "", pointer.count, pointer.generation)

    def _current(self) -> Snapshot:
        """Return the snapshot of the pointer as it is now.

        A writer may sweep old segments away between our reading its old
        pointer and opening them: then there is a new pointer, look again.
        """
        for _ in range(_RETRIES):
            stamp = self._stamp_now()
            if self._snapshot is not None and stamp == self._stamp:
                return self._snapshot
            try:
                self._snapshot = self._opened()
            except IndexUnusable:
                self._snapshot = None
                if stamp == self._stamp_now():
                    raise
            else:
                self._stamp = stamp
        raise IndexUnusable(reason="damaged", file=POINTER)

    def _stamp_now(self) -> tuple[int, ...]:
        try:
            facts = (self._root / POINTER).stat()
        except OSError:
            return ()
        return facts.st_mtime_ns, facts.st_ino, facts.st_size

    def _opened(self) -> Snapshot:
        pointer = read_pointer(self._root, self._seal)
        leaves = self._snapshot.open_leaves() if self._snapshot else {}
        return Snapshot(self._root, pointer, leaves)

    # Writing

    def replace(self, entries: Iterable[Entry], generation: int) -> int:
        """Add entries or put them in place of those with the same id."""
        new = {entry.id: entry for entry in entries}
        with self._writing() as snapshot:
            notes = _without(snapshot, new)
            old = _to_merge(notes)
            folder = self._root / snapshot.pointer.folder
            writer = NewSegment(folder)
            for entry in new.values():
                writer.add(entry)
            for note in old:
                writer.absorb(note)
            written = _noted(folder, writer)
            kept = [note for note in notes if note not in old]
            self._commit(snapshot.pointer, kept + ([written] if written else []), generation)
        return len(new)

    def remove(self, ids: Iterable[str], generation: int) -> None:
        """Forget entries; ids that are not there are no error."""
        with self._writing() as snapshot:
            self._commit(snapshot.pointer, _without(snapshot, set(ids)), generation)

    def rebuild(self, entries: Iterable[Entry], generation: int) -> int:
        """Build a new index beside the old one, then put it in its place."""
        with self._locked():
            folder = self._root / f"v{SCHEMA_VERSION}-{self._next_number()}"
            folder.mkdir()
            try:
                notes = _built(folder, entries)
                pointer = Pointer(folder.name, generation, 0, ())
                self._commit(pointer, notes, generation)
            except BaseException:
                shutil.rmtree(folder, ignore_errors=True)
                raise
        return sum(_living(note) for note in notes)

    def _next_number(self) -> int:
        found = (re.fullmatch(r"v\d+-(\d+)", path.name) for path in self._root.iterdir())
        return max((int(match[1]) for match in found if match), default=0) + 1

    def _commit(self, base: Pointer, notes: list[SegmentNote], generation: int) -> None:
        """Make these segments the index, then sweep away what is no part of it."""
        count = sum(_living(note) for note in notes)
        pointer = Pointer(base.folder, generation, count, tuple(notes))
        sync_folder(self._root / pointer.folder)
        write_pointer(self._root, self._seal, pointer)
        self._sweep(pointer)

    def _sweep(self, pointer: Pointer) -> None:
        """Remove old folders and segments; what is still open elsewhere later."""
        named = {note.filename for note in pointer.segments}
        for path in self._root.iterdir():
            if path.is_dir() and re.fullmatch(r"v\d+-\d+", path.name) and path.name != pointer.folder:
                shutil.rmtree(path, ignore_errors=True)
        for path in (self._root / pointer.folder).iterdir():
            if path.name not in named:
                _remove(path)

    @contextmanager
    def _writing(self) -> Iterator[Snapshot]:
        """Hold the writer lock and give the snapshot to change."""
        with self._locked():
            with self._lock:
                snapshot = self._current()
            yield snapshot

    @contextmanager
    def _locked(self) -> Iterator[None]:
        try:
            self._root.mkdir(parents=True, exist_ok=True)
            lock = FileStorage(str(self._root)).lock("writer.lock")
            if not try_for(lock.acquire, timeout=LOCK_WAIT, delay=0.05):
                raise IndexUnusable(reason="locked", retry=True)
            try:
                yield
            finally:
                lock.release()
        except OSError as error:
            # Full or read-only disk: the old index stays true.
            raise IndexUnusable(reason="unwritable", retry=True, errno=error.errno) from error


def _remove(path: Path) -> None:
    if path.is_dir():
        shutil.rmtree(path, ignore_errors=True)
        return
    try:
        path.unlink()
    except OSError:
        # Windows: another process has it open; the next writer removes it.
        pass


def _built(folder: Path, entries: Iterable[Entry]) -> list[SegmentNote]:
    """Write all entries into segments of a new folder; of twins the last stays."""
    notes: list[SegmentNote] = []
    deleted: list[set[int]] = [set()]
    places: dict[str, tuple[int, int]] = {}
    writer = NewSegment(folder)
    count = 0
    for entry in entries:
        if entry.id in places:
            number, place = places[entry.id]
            deleted[number].add(place)
        places[entry.id] = (len(notes), count)
        writer.add(entry)
        count += 1
        if writer.pool.size >= SEGMENT_POSTINGS:
            note = _noted(folder, writer)
            assert note is not None
            notes.append(note)
            deleted.append(set())
            writer = NewSegment(folder)
            count = 0
    last = _noted(folder, writer)
    if last is not None:
        notes.append(last)
    marked = [changed(n, deleted=tuple(sorted(gone))) for n, gone in zip(notes, deleted, strict=False)]
    return [note for note in marked if _living(note)]
