"""From the network to staging to a draft: the whole file or nothing.

No transaction is open while a stream is read. What is not yet named by a row
is nobody's: it is dropped at once where its row could not be written.
"""

from typing import IO, BinaryIO, cast
from urllib.parse import unquote_to_bytes

from flask import abort, request
from sqlalchemy.exc import SQLAlchemyError
from werkzeug.exceptions import ClientDisconnected

from repository import worklists
from repository.extensions import db
from repository.models.item import Item
from repository.models.submission import Submission
from repository.web.guards import current_actor, current_tools
from repository.workflow import deposit
from repository.workflow.room import refuse_full
from storage.errors import DigestMismatch
from storage.staging import Staged


def announced_name() -> bytes:
    """Return the bytes of the name in X-File-Name (percent-encoded UTF-8)."""
    name = unquote_to_bytes(request.headers.get("X-File-Name", ""))
    return name or abort(400)


def announced_size() -> int:
    """Return how many bytes the sender says it will send; who does not say so is refused (411)."""
    size = request.content_length
    return abort(411) if size is None else size


def take(stream: IO[bytes], name: str | bytes, *, announced: int | None = None) -> Staged:
    """Stream one file to staging and return it.

    Raises DigestMismatch where less came than was announced, StorageFull,
    TooLarge; then nothing of it stays.
    """
    tools = current_tools()
    db.release()
    refuse_full(tools.settings, announced or 0)
    limit = tools.settings.max_upload_mb << 20
    try:
        staged = tools.staging.keep(
            cast(BinaryIO, stream), name, limit=limit, announced=announced, algorithms=tools.policy.algorithms
        )
    except ClientDisconnected as cut:
        raise DigestMismatch(announced=announced, reason="cut off") from cut
    if announced is not None and staged.size != announced:
        tools.staging.drop(staged.id)
        raise DigestMismatch(announced=announced, found=staged.size, reason="cut off")
    return staged


def file_away(submission_id: str, staged: Staged) -> Item:
    """Make a draft of a staged file and commit; without the row nothing stays in staging."""
    tools, actor = current_tools(), current_actor()
    try:
        item = deposit.receive(db.session, tools, actor, open_submission(submission_id), staged=staged)
        db.session.flush()
    except SQLAlchemyError:
        tools.staging.drop(staged.id)
        raise
    db.session.commit()
    return item


def open_submission(submission_id: str) -> Submission:
    """Return the submission of this number, begun now if it is new. Raises NotVisible for somebody else's."""
    if worklists.submission_exists(db.session, submission_id):
        return worklists.submission(db.session, current_actor(), submission_id)
    return deposit.begin(db.session, current_tools(), current_actor(), id=submission_id)


def may_add_to(submission_id: str) -> None:
    """Raise NotVisible for somebody else's submission, before its bytes are read."""
    if worklists.submission_exists(db.session, submission_id):
        worklists.submission(db.session, current_actor(), submission_id)
