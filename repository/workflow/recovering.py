"""What was handed in and only a lost catalogue knew of: back into the inbox.

Bags tell themselves; a file in staging tells no more than its name. It was
acknowledged all the same (P1), so it becomes a submitted item that an
archivist looks at, and is never swept away for want of a row.
"""

from datetime import datetime, timedelta
from pathlib import PurePosixPath

from sqlalchemy import select
from sqlalchemy.orm import Session

from repository.models.package import PackagedFile
from repository.models.submission import Submission
from repository.workflow import deposit, describe, facts, packages, review
from repository.workflow.describe import Edit
from repository.workflow.tools import Tools
from storage.staging import Staged

#: A younger upload may be one whose row is just being written.
SETTLED = timedelta(minutes=1)


def recover(tools: Tools) -> int:
    """Make an item of every staged file that no row names; return how many.

    A file whose bytes are archived already is what ingest had no time to
    drop: it is left to the reaper.
    """
    with tools.database.reading() as session:
        known = deposit.referenced(session)
    limit = tools.clock() - SETTLED
    orphans = [one for one in tools.staging.all() if one.id not in known and one.received_at < limit]
    with tools.database.writing.begin() as session:
        lost = [one for one in orphans if not _is_archived(session, one)]
        if not lost:
            return 0
        submission = deposit.begin(session, tools, tools.software)
        for one in lost:
            _take(session, tools, submission, one)
    return len(lost)


def waiting_for_rebuild(session: Session, tools: Tools) -> frozenset[str]:
    """Return the uploads that were received before this catalogue began and that no package holds.

    The rows that named them went with a former catalogue: they wait for a rebuild, however long.
    """
    told = facts.get(session, facts.SET_UP_AT)
    began = datetime.fromisoformat(told) if told else None
    older = (one for one in tools.staging.all() if began is None or one.received_at < began)
    return frozenset(one.id for one in older if not _is_archived(session, one))


def _is_archived(session: Session, one: Staged) -> bool:
    query = select(PackagedFile.id).where(
        PackagedFile.sha256 == one.digests["sha256"], PackagedFile.role == packages.OBJECT
    )
    return session.scalars(query.limit(1)).first() is not None


def _take(session: Session, tools: Tools, submission: Submission, one: Staged) -> None:
    item = deposit.receive(session, tools, tools.software, submission, staged=one)
    title = PurePosixPath(one.name.stored).stem
    describe.edit(session, tools, tools.software, item, wanted=Edit(values={"title": title}, columns={}))
    review.submit(session, tools, tools.software, item)
