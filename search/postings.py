"""Postings: where a token stands, in Whoosh's posting file.

Blocks of 256 documents, each three strings of bytes: documents, weights,
positions. Read a block at a time, they answer in a tenth of the time that
Whoosh's one-by-one matchers need.
"""

from array import array
from bisect import bisect_right
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import accumulate, chain, groupby
from typing import Any

from whoosh.codec.whoosh3 import W3Codec, W3FieldWriter, W3LeafMatcher, W3PostingsWriter


def pack(places: list[int]) -> bytes:
    """Return positions as bytes: three for one, four each for more."""
    return places[0].to_bytes(3, "big") if len(places) == 1 else array("I", places).tobytes()


def unpack(packed: bytes) -> list[int]:
    """Return the positions that were packed."""
    if len(packed) == 3:
        return [int.from_bytes(packed, "big")]
    # Bytes of a wrong length are damaged ones: they are no place at all.
    return array("I", packed[:len(packed) & ~3]).tolist()


class Postings:
    """The postings of one token: documents with weights, packed places or both."""

    __slots__ = ("ids", "weights", "values")

    def __init__(self) -> None:
        self.ids: list[int] = []
        self.weights: list[int] = []
        self.values: list[bytes] = []


@dataclass(frozen=True, slots=True)
class TokenPostings:
    """One token of one field with its postings."""

    field: str
    token: bytes
    postings: Postings


def _sealed(raw: bytes) -> int:
    """Return bytes as one number.

    Whoosh pickles a block with protocol 2, which stores bytes as escaped text
    of twice to ten times their size but a number as it is.
    """
    return int.from_bytes(b"\x01" + raw, "big")


def _opened(number: int) -> bytes:
    """Return the bytes that were made one number."""
    return number.to_bytes((number.bit_length() + 7) // 8, "big")[1:]


class _BlockWriter(W3PostingsWriter):  # type: ignore[misc]
    """Writes a block as three strings of bytes instead of tuples of objects.

    A document takes one or four bytes (the step from the one before), its
    weight (at most 143) one, a single position three.
    """

    def add_all(self, postings: Postings) -> None:
        """Write the postings of one token in whole blocks."""
        for start in range(0, len(postings.ids), self._blocklimit):
            if start:
                self._write_block()
            block = slice(start, start + self._blocklimit)
            self._ids = array("I", postings.ids[block])
            self._weights = postings.weights[block]
            self._values = postings.values[block]
            self._maxweight = max(self._weights)

    def _mini_ids(self) -> tuple[str, int]:
        ids = list(self._ids)
        steps = [after - before for before, after in zip([0, *ids[:-1]], ids, strict=True)]
        code = "B" if max(steps) < 256 else "I"
        return code, _sealed(array(code, steps).tobytes())

    def _mini_weights(self) -> int:
        return _sealed(bytes(self._weights))

    def _mini_values(self) -> tuple[bool, int]:
        values: list[bytes] = self._values
        single = all(len(value) == 3 for value in values)
        lengths = b"" if single else array("I", map(len, values)).tobytes()
        return single, _sealed(lengths + b"".join(values))


class _BlockMatcher(W3LeafMatcher):  # type: ignore[misc]
    """Reads what _BlockWriter wrote, a whole block at a time."""

    def _read_ids(self) -> None:
        if self._data is None:
            self._read_data()
        code, number = self._data[0]
        steps = array(code)
        steps.frombytes(_opened(number))
        self._ids = list(accumulate(steps))

    def _read_weights(self) -> None:
        if self._data is None:
            self._read_data()
        self._weights = _opened(self._data[1])

    def _read_values(self) -> None:
        if self._data is None:
            self._read_data()
        single, number = self._data[2]
        raw = _opened(number)
        count = self._blocklength
        lengths = array("I", [3]) * count
        if not single:
            size = count * lengths.itemsize
            lengths = array("I", raw[:size])
            raw = raw[size:]
        ends = list(accumulate(lengths))
        self._values = [raw[start:end] for start, end in zip(chain([0], ends), ends, strict=False)]

    def _blocks(self, wanted: list[int] | None) -> Iterator[None]:
        """Stop at each block that may hold one of the wanted documents."""
        place = 0
        while not self._atend:
            if wanted is None:
                yield
            elif place == len(wanted):
                return
            else:
                if wanted[place] <= self._maxid:
                    yield
                place = bisect_right(wanted, self._maxid, place)
            self._next_block()

    def weights_among(self, wanted: list[int] | None) -> Postings:
        """Return documents with weights; wanted is in rising order, None for all."""
        found = Postings()
        for _ in self._blocks(wanted):
            self._read_ids()
            self._read_weights()
            found.ids.extend(self._ids)
            found.weights.extend(self._weights)
        return found

    def places_among(self, wanted: list[int] | None) -> Postings:
        """Return documents with packed places; there may be more than wanted."""
        found = Postings()
        for _ in self._blocks(wanted):
            self._read_ids()
            self._read_values()
            found.ids.extend(self._ids)
            found.values.extend(self._values)
        return found


class _BlockFieldWriter(W3FieldWriter):  # type: ignore[misc]
    """Takes a token's postings all at once."""

    def add_postings(self, schema: Any, lengths: Any, items: Iterable[TokenPostings]) -> None:
        """Write tokens in order of field and bytes."""
        for field, group in groupby(items, key=lambda item: item.field):
            self.start_field(field, schema[field])
            for item in group:
                self.start_term(item.token)
                self._postwriter.add_all(item.postings)
                self.finish_term()
            self.finish_field()


class BlockCodec(W3Codec):  # type: ignore[misc]
    """Whoosh's codec with our blocks in the posting file."""

    # No field lengths are kept: weights do not depend on them.
    length_stats = False

    def __init__(self) -> None:
        super().__init__(blocklimit=256, compression=1, inlinelimit=0)

    def field_writer(self, storage: Any, segment: Any) -> _BlockFieldWriter:
        """Return the writer of a segment's tokens."""
        return _BlockFieldWriter(self, storage, segment)

    def postings_writer(self, dbfile: Any, byteids: bool = False) -> _BlockWriter:
        """Return the writer of one field's postings."""
        return _BlockWriter(
            dbfile, blocklimit=self._blocklimit, compression=self._compression, inlinelimit=0
        )

    def postings_reader(
        self, dbfile: Any, terminfo: Any, format_: Any, term: Any = None, scorer: Any = None
    ) -> _BlockMatcher:
        """Return the postings of one term."""
        offset, length = terminfo.extent()
        return _BlockMatcher(dbfile, offset, length, format_, term=term, scorer=scorer)
