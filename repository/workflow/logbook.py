"""Carries the event log into the stores, so that it outlives the database.

A log object is written once and named by the digest of its content
(storage.layout.log_key); each line is one event row as canonical JSON. Each
store has a watermark of its own: a store that was away catches up later.
"""

import hashlib
import io
import json
from collections.abc import Iterator
from datetime import datetime
from typing import Any

from sqlalchemy import select

from repository.models.event import Event
from repository.workflow import facts
from repository.workflow.tools import Tools, Work
from storage.errors import AlreadyStored, DigestMismatch, NotFound, StorageError, Unreadable
from storage.layout import log_key
from storage.store import Store

BATCH = 5000  # events per log object
_COLUMNS = (
    "sequence",
    "id",
    "type",
    "outcome",
    "object_kind",
    "object_id",
    "agent_name",
    "agent_kind",
    "detail",
    "facts",
)


def line(event: Event) -> str:
    """Return an event as one line of canonical JSON."""
    told = {name: getattr(event, name) for name in _COLUMNS}
    return json.dumps({**told, "at": event.at.isoformat()}, ensure_ascii=False, sort_keys=True)


def row(told: dict[str, Any]) -> Event:
    """Return the event row that a line tells."""
    return Event(**{name: told[name] for name in _COLUMNS}, at=datetime.fromisoformat(told["at"]))


def carry_log(work: Work) -> None:
    """Bring every store's log up to the catalogue's."""
    failed: StorageError | None = None
    for store in work.tools.stores.values():
        try:
            store.probe()
            while _carry_batch(work, store):
                pass
        except StorageError as error:
            failed = error
    if failed is not None:
        raise failed


def _carry_batch(work: Work, store: Store) -> bool:
    """Write one batch into one store; return whether there may be more."""
    name = facts.LOG_WATERMARK + store.id
    with work.reading() as session:
        after = facts.number(session, name)
        rows = session.scalars(
            select(Event).where(Event.sequence > after).order_by(Event.sequence).limit(BATCH)
        )
        events = rows.all()
    if not events:
        return False
    text = "".join(line(event) + "\n" for event in events)
    content = text.encode("utf-8", "backslashreplace")  # half a surrogate pair as its JSON escape
    digest = hashlib.sha256(content).hexdigest()
    try:
        store.put(log_key(events[0].at.date(), digest), io.BytesIO(content), digest)
    except AlreadyStored:
        pass  # a former run wrote it and was stopped before it could say so
    with work.writing() as session:
        facts.put(session, name, str(events[-1].sequence))
    return len(events) == BATCH


def read_log(tools: Tools) -> Iterator[Event]:
    """Yield every event that the stores tell, once, in the order of writing."""
    told: dict[str, dict[str, Any]] = {}
    for store in tools.stores.values():
        for entry in lines(store):
            told.setdefault(entry["id"], entry)
    for entry in sorted(told.values(), key=lambda entry: (entry["sequence"], entry["at"])):
        yield row(entry)


def lines(store: Store) -> Iterator[dict[str, Any]]:
    """Yield every event that one store's log tells; a damaged or unreadable log object is passed over."""
    for found in store.list("log/"):
        try:
            with store.open(found.key) as stream:
                content = stream.read()
        except (DigestMismatch, NotFound, Unreadable):
            continue
        if hashlib.sha256(content).hexdigest() not in found.key:
            continue  # a damaged log object: another store has it whole
        yield from (json.loads(text) for text in content.decode().split("\n") if text)
