"""Handing in: an uploaded file becomes a draft that its depositor describes.

A request writes to staging and rows only. The file is on disk and synced
before its row is committed; a row never points at half a file.
"""

from sqlalchemy import select
from sqlalchemy.orm import Session

from preservation.premis import EventType
from repository.models.base import new_id
from repository.models.item import Item
from repository.models.submission import StagedFile, Submission
from repository.permissions import Act, Actor, may
from repository.workflow import jobs, journal, states
from repository.workflow.errors import NotAllowed, Refused
from repository.workflow.tools import Tools
from storage.staging import Staged

#: Extension to kind of item: a first guess that a person corrects.
_KINDS = {
    **dict.fromkeys((".jpg", ".jpeg", ".tif", ".tiff", ".png", ".heic", ".bmp", ".gif", ".webp"), "photo"),
    **dict.fromkeys(
        (".pdf", ".doc", ".docx", ".wps", ".ofd", ".txt", ".rtf", ".xls", ".xlsx", ".ppt", ".pptx"),
        "document",
    ),
    **dict.fromkeys((".mp3", ".wav", ".flac", ".m4a"), "audio"),
    **dict.fromkeys((".mp4", ".mpg", ".mov", ".avi", ".mkv"), "video"),
}


def kind_of(name: str) -> str:
    """Return the kind of item that a file name suggests."""
    return _KINDS.get("." + name.rpartition(".")[2].lower(), "other")


def begin(
    session: Session, tools: Tools, actor: Actor, *, note: str = "", id: str | None = None
) -> Submission:
    """Return a new submission of this person; id is one that a page has promised already. Raises Refused."""
    if not may(actor, Act.SUBMIT):
        raise Refused()
    submission = Submission(
        id=id or new_id(),
        depositor_id=actor.id,
        depositor_name=actor.name,
        note=note.strip(),
        created_at=tools.clock(),
    )
    session.add(submission)
    session.flush()
    return submission


def receive(session: Session, tools: Tools, actor: Actor, submission: Submission, *, staged: Staged) -> Item:
    """Return a new draft item for one staged file."""
    now = tools.clock()
    item = Item(
        submission_id=submission.id,
        kind=kind_of(staged.name.stored),
        state=states.DRAFT,
        depositor_id=actor.id,
        depositor_name=actor.name,
        created_at=now,
        modified_at=now,
    )
    session.add(item)
    session.flush()
    add_file(session, tools, actor, item, staged=staged)
    return item


def add_file(session: Session, tools: Tools, actor: Actor, item: Item, *, staged: Staged) -> StagedFile:
    """Add one more staged file (a page, a back side) to an item not yet accepted."""
    _own(actor, item)
    if not states.allows(item.state, "edit") or item.state == states.ARCHIVED:
        raise NotAllowed(state=item.state, verb="add_file")
    row = StagedFile(
        id=staged.id,
        item_id=item.id,
        position=len(item.staged_files) + 1,
        original_name=staged.name.original,
        original_raw=staged.name.raw_hex,
        stored_name=staged.name.stored,
        size=staged.size,
        sha256=staged.digests["sha256"],
        digests=dict(staged.digests),
        received_at=staged.received_at,
    )
    item.staged_files.append(row)
    session.flush()
    journal.record(
        session,
        EventType.CAPTURE,
        journal.of_item(item.id),
        actor=actor,
        at=tools.clock(),
        detail=staged.name.original,
        facts={"size": staged.size, "sha256": row.sha256},
    )
    jobs.ask_derive(session, item.id)
    return row


def merge(session: Session, actor: Actor, items: list[Item]) -> Item:
    """Make one item of several drafts, their files in order, and return it."""
    first, *others = items
    for item in items:
        _own(actor, item)
        if item.state not in (states.DRAFT, states.RETURNED):
            raise NotAllowed(state=item.state, verb="merge")
    for other in others:
        for row in list(other.staged_files):
            row.item_id, row.position = first.id, len(first.staged_files) + 1
            other.staged_files.remove(row)
            first.staged_files.append(row)
        session.flush()
        session.delete(other)
    session.flush()
    jobs.ask_derive(session, first.id)
    return first


def discard(session: Session, actor: Actor, item: Item) -> tuple[str, ...]:
    """Forget a draft and return the staging ids that are free now."""
    _own(actor, item)
    states.after(item.state, "discard")
    ids = tuple(row.id for row in item.staged_files)
    session.delete(item)
    session.flush()
    return ids


def referenced(session: Session) -> frozenset[str]:
    """Return the ids of all staged files that some item still needs."""
    return frozenset(session.scalars(select(StagedFile.id)))


def _own(actor: Actor, item: Item) -> None:
    if not may(actor, Act.DESCRIBE) and (actor.id is None or item.depositor_id != actor.id):
        raise Refused()
