"""Bags uploaded on a page: a job takes them in, its result is there for a day.

The upload lies in scratch until the job is done. A job that runs twice takes
nothing twice: a bag that is here already is known.
"""

import json
import os
import shutil
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any, BinaryIO, cast

from sqlalchemy import select
from sqlalchemy.orm import Session

from repository.models.account import Account
from repository.models.job import Job
from repository.permissions import Act, Actor, may
from repository.queries import NotVisible
from repository.workflow import accounts, bag_import, jobs
from repository.workflow.bag_import import Import, Wanted
from repository.workflow.errors import Refused
from repository.workflow.exchange_errors import PackRefused
from repository.workflow.room import refuse_full
from repository.workflow.tools import Tools, Work
from storage.digests import blocks
from storage.errors import DigestMismatch, StorageFull, TooLarge
from storage.faults import translated
from storage.names import safe_name

_KEY = "import:"
_OUTCOME, _UPLOAD = "outcome.json", "upload"


@dataclass(frozen=True, slots=True)
class Standing:
    """How an import stands: the job's state, and once it is done what became of each bag.

    refused holds the facts of a refusal of the whole, why among them.
    """

    id: str
    name: str
    state: str
    done: int = 0
    total: int = 0
    bags: tuple[Mapping[str, Any], ...] = ()
    passed_over: tuple[str, ...] = ()
    refused: Mapping[str, Any] = field(default_factory=dict)


def receive(tools: Tools, stream: IO[bytes], *, announced: int) -> str:
    """Write an upload to scratch and return the id of its import. Raises StorageFull, TooLarge."""
    refuse_full(tools.settings, announced)
    import_id = str(uuid.uuid4())
    folder = _folder(tools, import_id)
    most, size = tools.settings.max_upload_mb << 20, 0
    with translated(writing=True, name=import_id):
        folder.mkdir(parents=True)
        with open(folder / _UPLOAD, "xb") as out:
            for block in blocks(cast(BinaryIO, stream)):
                size += len(block)
                if size > most:
                    shutil.rmtree(folder, ignore_errors=True)
                    raise TooLarge(limit=most)
                out.write(block)
    return import_id


def ask(session: Session, actor: Actor, import_id: str, *, name: str) -> None:
    """Leave the job that takes the upload in. Raises Refused."""
    if not may(actor, Act.REVIEW) or actor.id is None:
        raise Refused()
    key = _KEY + import_id
    shown = safe_name(name).stored
    jobs.enqueue(
        session,
        "import_bags",
        lock="import_bags",
        dedup=key,
        import_id=import_id,
        account=actor.id,
        name=shown,
    )


def take(work: Work) -> None:
    """Take one upload in and keep what came of it."""
    folder = _folder(work.tools, work.args["import_id"])
    upload, source = folder / _UPLOAD, folder / "named" / work.args["name"]
    if upload.exists():
        source.parent.mkdir(exist_ok=True)
        os.replace(upload, source)
    if (folder / _OUTCOME).exists() or not source.exists():
        return
    with work.reading() as session:
        account = session.get(Account, work.args["account"])
        actor = None if account is None or not account.active else accounts.actor_of(account)
    try:
        if actor is None:
            raise Refused()
        told = _told(bag_import.take(work.tools, actor, source, Wanted(), tell=work.tell))
    except PackRefused as refusal:
        told = {"refused": refusal.facts}
    except Refused:
        told = {"refused": {"why": "right"}}
    except StorageFull:
        told = {"refused": {"why": "no_room"}}
    except DigestMismatch:
        told = {"refused": {"why": "unreadable"}}
    part = folder / (_OUTCOME + ".part")
    part.write_text(json.dumps(told, ensure_ascii=False), "utf-8")
    os.replace(part, folder / _OUTCOME)
    source.unlink()


def _told(found: Import) -> dict[str, Any]:
    names = ("name", "outcome", "item_id", "title", "version", "why")
    bags = [
        {name: getattr(bag, name) for name in names}
        | {
            "findings": [
                {"code": one.code, "outcome": str(one.outcome), "path": one.path, "facts": dict(one.facts)}
                for one in bag.findings[:50]
            ]
        }
        for bag in found.bags
    ]
    return {"bags": bags, "passed_over": list(found.passed_over[:200])}


def _folder(tools: Tools, import_id: str) -> Path:
    return tools.scratch / "imports" / f"upload-{uuid.UUID(import_id)}"


def standing(session: Session, tools: Tools, actor: Actor, import_id: str) -> Standing:
    """Return how one's own import stands, or raise NotVisible."""
    job = session.scalars(select(Job).where(Job.dedup_key == _KEY + import_id)).first()
    if job is None or actor.id is None or job.args["account"] != actor.id:
        raise NotVisible(import_id)
    try:
        told = json.loads((_folder(tools, import_id) / _OUTCOME).read_bytes())
    except (OSError, ValueError):
        told = {}
    state = "gone" if job.state == jobs.DONE and not told else job.state
    return Standing(
        id=import_id,
        name=job.args["name"],
        state=state,
        done=job.done,
        total=job.total,
        bags=tuple(told.get("bags", ())),
        passed_over=tuple(told.get("passed_over", ())),
        refused=told.get("refused", {}),
    )
