"""Writes anchors (见证) into the stores, once and for good, and reads them back.

An anchor tells where both chains stood. What is written off the machine can
be compared later, also by people without the key: whoever changes the logs
would have to change every store, and the paper in the drawer, too.
"""

import hashlib
import io
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm.attributes import flag_modified

from repository.models.audit import Anchor
from repository.workflow import chains
from repository.workflow.sealkey import SealKey
from repository.workflow.tools import Work
from storage.errors import AlreadyStored, DigestMismatch, NotFound, Unreadable
from storage.failpoints import reach
from storage.layout import anchor_key
from storage.store import Store


@dataclass(frozen=True, slots=True)
class Witness:
    """One anchor as somebody tells it; where names the store, "" for the catalogue; whole is False for
    an object whose bytes are not those it is named by."""

    number: int
    at: datetime
    heads: dict[str, Any]
    mac: str
    where: str = ""
    whole: bool = True

    def head(self, log: str) -> chains.Head:
        """Return where a log stood."""
        told = self.heads.get(log) or chains.Head().told()
        return chains.Head(told["sequence"], told["count"], told["digest"])

    @property
    def signed(self) -> str:
        """Return the text that the mac is over."""
        return chains.canonical({"number": self.number, "at": self.at.isoformat(), "heads": self.heads})

    @property
    def text(self) -> str:
        """Return the anchor as it is written into a store."""
        return chains.canonical(
            {"number": self.number, "at": self.at.isoformat(), "heads": self.heads, "mac": self.mac}
        )

    @property
    def digest(self) -> str:
        """Return the SHA-256 of the text, in hex; the anchor is named by it."""
        return hashlib.sha256(chains.encoded(self.text)).hexdigest()

    @property
    def short(self) -> str:
        """Return what people copy and compare: the first 24 letters of the digest, in groups of four."""
        return " ".join(re.findall("....", self.digest[:24]))

    def is_signed(self, key: SealKey) -> bool:
        """Return whether the mac is this key's."""
        return key.fits(self.signed, self.mac)


def witness(anchor: Anchor) -> Witness:
    """Return an anchor as the catalogue tells it."""
    return Witness(anchor.number, anchor.at, anchor.heads, anchor.mac)


def carry(work: Work, store: Store) -> int:
    """Write into a store every anchor that it has not got yet; return how many."""
    with work.reading() as session:
        known = session.scalars(select(Anchor).order_by(Anchor.number)).all()
        lacking = [witness(anchor) for anchor in known if store.id not in anchor.carried]
    for one in lacking:
        content = chains.encoded(one.text)
        try:
            store.put(anchor_key(one.at.date(), one.digest), io.BytesIO(content), one.digest)
        except AlreadyStored:
            pass  # a former run wrote it and was stopped before it could say so
        reach("anchor.after_put")
    if lacking:
        note(work, [one.number for one in lacking], store.id)
    return len(lacking)


def note(work: Work, numbers: list[int], place: str) -> None:
    """Keep where anchors have been written to."""
    reach("anchor.before_noted")
    with work.writing() as session:
        for anchor in session.scalars(select(Anchor).where(Anchor.number.in_(numbers))):
            anchor.carried[place] = work.tools.clock().isoformat()
            flag_modified(anchor, "carried")


def read(store: Store) -> Iterator[Witness]:
    """Yield every anchor that a store tells. Raises StoreUnavailable."""
    for found in store.list("anchors/"):
        try:
            with store.open(found.key) as stream:
                content = stream.read()
        except DigestMismatch:
            content = b""  # damaged in a sealed store
        except (NotFound, Unreadable):
            continue
        yield _parsed(content, found.key, store.id)


def _parsed(content: bytes, key: str, where: str) -> Witness:
    """Return the anchor in an object; one that is damaged tells nothing, but that it is."""
    damaged = Witness(0, datetime.min, {"key": key}, "", where, whole=False)
    if hashlib.sha256(content).hexdigest() not in key:
        return damaged
    try:
        told = json.loads(content)
        return Witness(told["number"], datetime.fromisoformat(told["at"]), told["heads"], told["mac"], where)
    except (ValueError, KeyError, TypeError):
        return damaged
