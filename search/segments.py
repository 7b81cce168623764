"""Segments: how our tokens and facts lie in Whoosh's files.

Whoosh gives the term dictionary, the posting blocks and the columns. Its
parser, its scoring and its table of contents (a pickle) are not used: tokens
come ready from fields.py, and pointer.py says which segments there are.
"""

import json
import struct
import zlib
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import astuple
from pathlib import Path
from pickle import UnpicklingError
from typing import Any

from whoosh.codec.whoosh3 import W3Segment
from whoosh.columns import CompressedBytesColumn, VarBytesColumn
from whoosh.fields import COLUMN, FieldType, Schema
from whoosh.filedb.filestore import FileStorage
from whoosh.formats import Format
from whoosh.index import TOC
from whoosh.reading import CorruptIndexError, SegmentReader
from whoosh.writing import SegmentWriter

from search.columns import Columns, Row, row_of
from search.entry import Entry
from search.errors import IndexUnusable
from search.fields import tokens, weight
from search.highlights import Shown
from search.pointer import SegmentNote
from search.postings import BlockCodec, Postings, TokenPostings, pack

INDEX_NAME = "jingui"
TEXT = "text"


class _PlacesFormat(Format):  # type: ignore[misc]
    """Postings whose value is a packed list of positions."""


class _TokenField(FieldType):  # type: ignore[misc]
    """A field that is given its tokens, each with positions."""

    def __init__(self) -> None:
        super().__init__(format=_PlacesFormat(), analyzer=None)

    def index(self, value: dict[str, list[int]], **_: Any) -> Iterator[tuple[bytes, int, float, bytes]]:
        """Yield what the writer takes: token, frequency, weight, value."""
        for token, places in value.items():
            yield token.encode(), len(places), float(weight(places)), pack(places)


SCHEMA = Schema(
    text=_TokenField(), row=COLUMN(VarBytesColumn()), shown=COLUMN(CompressedBytesColumn(level=1))
)


_CODEC = BlockCodec()


class _Pool:
    """Collects postings by token; documents come in rising order."""

    def __init__(self) -> None:
        self._terms: dict[tuple[str, bytes], Postings] = {}
        self.size = 0

    def add(self, item: tuple[str, bytes, int, float, bytes]) -> None:
        """Take one posting, as Whoosh's writer hands it over."""
        field, token, doc, worth, value = item
        key = (field, token)
        postings = self._terms.get(key)
        if postings is None:
            postings = self._terms[key] = Postings()
        postings.ids.append(doc)
        postings.weights.append(int(worth))
        postings.values.append(value)
        self.size += 1

    def iter_postings(self) -> Iterator[TokenPostings]:
        """Yield all postings in order of field and token."""
        for field, token in sorted(self._terms):
            yield TokenPostings(field, token, self._terms.pop((field, token)))

    def cleanup(self) -> None:
        """Forget everything."""
        self._terms.clear()


# What reading bytes that have changed since they were sealed can end in.
_DAMAGE = (
    CorruptIndexError,
    UnpicklingError,
    EOFError,
    OSError,
    struct.error,
    zlib.error,
    ValueError,
    LookupError,
    TypeError,
    AttributeError,
    ArithmeticError,
)


@contextmanager
def _reading() -> Iterator[None]:
    """Turn the failures of reading damaged bytes into IndexUnusable."""
    try:
        yield
    except _DAMAGE as error:
        raise IndexUnusable(reason="damaged") from error


def _whoosh_segment(note: SegmentNote) -> Any:
    segment = W3Segment(
        _CODEC, INDEX_NAME, doccount=note.docs, segid=note.id, deleted=set(note.deleted) or None
    )
    segment.compound = True
    return segment


class _Base:
    """What Whoosh's writer asks of an index, without a table of contents."""

    indexname = INDEX_NAME

    def __init__(self, folder: Path, notes: Iterable[SegmentNote]) -> None:
        self.storage = FileStorage(str(folder))
        self._segments = [_whoosh_segment(note) for note in notes]

    def _read_toc(self) -> TOC:
        return TOC(SCHEMA, self._segments, 0)


class NewSegment(SegmentWriter):  # type: ignore[misc]
    """Writes one segment, taking old ones in where they are to be merged.

    finish() returns the new Whoosh segment or None where nothing was added;
    until the pointer names it, it is no part of the index.
    """

    def __init__(self, folder: Path) -> None:
        super().__init__(_Base(folder, ()), _lk=False, codec=_CODEC, compound=True)
        self.pool: _Pool = _Pool()
        self._folder = folder
        self._written: list[Any] = []

    def add(self, entry: Entry) -> None:
        """Add one entry."""
        texts = [entry.id, entry.title, entry.summary, entry.extra]
        self.add_document(
            text=tokens(entry),
            row=json.dumps(astuple(row_of(entry)), separators=(",", ":")).encode(),
            shown=json.dumps(texts, separators=(",", ":")).encode(),
        )

    def absorb(self, note: SegmentNote) -> None:
        """Take the living entries of an old segment in."""
        with _reading():
            reader = SegmentReader(self.storage, SCHEMA, _whoosh_segment(note))
            self.add_reader(reader)
            reader.close()

    def _commit_toc(self, segments: list[Any]) -> None:
        self._written = segments

    def finish(self) -> Any | None:
        """Write the segment's file."""
        self.commit(merge=False)
        return self._written[0] if self._written else None


class Leaf:
    """One open segment: its columns in memory, its postings on the disk.

    Everything here raises IndexUnusable where the segment's bytes are bad.
    """

    def __init__(self, folder: Path, note: SegmentNote) -> None:
        self.id = note.id
        self.docs = note.docs
        self.columns = Columns()
        with _reading():
            self._reader = SegmentReader(FileStorage(str(folder)), SCHEMA, _whoosh_segment(note))
            for packed in self._reader.column_reader("row", translate=False):
                row_id, tags, *rest = json.loads(packed)
                self.columns.add(Row(row_id, tuple(tags), *rest))
            self._shown = self._reader.column_reader("shown", translate=False)
        self.place_of = {name: place for place, name in enumerate(self.columns.id)}

    def count(self, token: str) -> int:
        """Return how many entries hold a token, the deleted ones too."""
        with _reading():
            return int(self._reader.doc_frequency(TEXT, token.encode()))

    def weights(self, token: str, wanted: list[int] | None, base: int) -> dict[int, int]:
        """Return the weights of a token by place, counted from base.

        wanted are places in rising order; others may be left out.
        """
        matcher = self._matcher(token)
        if matcher is None:
            return {}
        with _reading():
            postings: Postings = matcher.weights_among(wanted)
            return dict(zip(map(base.__add__, postings.ids), postings.weights, strict=True))

    def places(self, token: str, wanted: list[int] | None, base: int) -> dict[int, bytes]:
        """Return the packed places of a token, as weights() does."""
        matcher = self._matcher(token)
        if matcher is None:
            return {}
        with _reading():
            postings: Postings = matcher.places_among(wanted)
            return dict(zip(map(base.__add__, postings.ids), postings.values, strict=True))

    def _matcher(self, token: str) -> Any | None:
        key = token.encode()
        with _reading():
            if (TEXT, key) not in self._reader:
                return None
            # reader.postings() would hide the matcher behind a filter.
            return self._reader._terms.matcher(TEXT, key, SCHEMA[TEXT].format)

    def tokens_from(self, prefix: str) -> Iterator[str]:
        """Yield the tokens that begin with the prefix, in byte order."""
        start = prefix.encode()
        with _reading():
            for field, token in self._reader.terms_from(TEXT, start):
                if field != TEXT or not token.startswith(start):
                    return
                yield token.decode()

    def shown(self, place: int) -> Shown:
        """Return the stored texts of one entry."""
        with _reading():
            return Shown(*json.loads(self._shown[place]))
