"""An export asked for on a page: a job that writes to scratch, a file for a day.

The file belongs to who asked; before he gets it, it is asked again whether he
may read every item in it: a right that was taken away counts at once (P11).
"""

import json
import os
import shutil
import uuid
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import and_, or_, select
from sqlalchemy.orm import Session

from repository.models.account import Account
from repository.models.job import Job
from repository.permissions import Actor
from repository.queries import NotVisible
from repository.workflow import accounts, exporting, jobs
from repository.workflow.exchange_errors import NothingToExport
from repository.workflow.exporting import Wish
from repository.workflow.tools import Tools, Work
from storage.errors import StorageFull

KEPT = timedelta(hours=24)
MOST_ITEMS = 20_000  # in one export from a page
_KEY = "export:"
_OUTCOME = "outcome.json"


@dataclass(frozen=True, slots=True)
class Standing:
    """How an export stands: state is that of its job, "refused", or "gone" once its day is over.

    refused is "nothing" or "full"; left_out are title and reason of what could not go; size in bytes.
    """

    id: str
    state: str
    form: str
    asked_at: datetime
    until: datetime
    done: int = 0
    total: int = 0
    items: int = 0
    size: int = 0
    refused: str = ""
    left_out: tuple[dict[str, Any], ...] = ()


def ask(session: Session, tools: Tools, actor: Actor, wish: Wish) -> str:
    """Leave the job of an export and return the export's id. Raises NothingToExport."""
    ids = exporting.allowed(session, actor, wish.ids)[:MOST_ITEMS]
    if not ids or actor.id is None or wish.form == "folder":
        raise NothingToExport()
    export_id = str(uuid.uuid4())
    jobs.enqueue(
        session,
        "export",
        lock=f"export:{actor.id}",
        dedup=_KEY + export_id,
        export=export_id,
        account=actor.id,
        ids=ids,
        form=wish.form,
        names=wish.original_names,
    )
    return export_id


def export(work: Work) -> None:
    """Write one export into scratch."""
    folder = _folder(work.tools, work.args["export"])
    if (folder / _OUTCOME).exists():
        return
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    wish = Wish(tuple(work.args["ids"]), work.args["form"], work.args["names"])
    told: dict[str, Any]
    try:
        with work.reading() as session:
            actor = _asker(session, work.args["account"])
        listed = exporting.run(work.tools, actor, wish, folder / _name(work.args), tell=_teller(work))
        told = {
            "ids": [item.id for item in listed.items if not item.reason],
            "left_out": [
                {"id": item.id, "title": item.title, "reason": item.reason, "path": item.path}
                for item in listed.left_out
            ],
        }
    except NothingToExport:
        told = {"refused": "nothing"}
    except StorageFull:
        told = {"refused": "full"}
    part = folder / (_OUTCOME + ".part")
    part.write_text(json.dumps(told, ensure_ascii=False), "utf-8")
    os.replace(part, folder / _OUTCOME)


def _teller(work: Work) -> exporting.Tell:
    def tell(done: int, total: int) -> None:
        if work.stopping():
            raise InterruptedError("the worker stops")
        work.tell(done, total)

    return tell


def _asker(session: Session, account_id: str) -> Actor:
    account = session.get(Account, account_id)
    if account is None or not account.active:
        raise NothingToExport()
    return accounts.actor_of(account)


def _name(args: dict[str, Any]) -> str:
    return f"jingui-export-{args['export'][:8]}.{args['form']}"


def _folder(tools: Tools, export_id: str) -> Path:
    return tools.scratch / "exports" / str(uuid.UUID(export_id))


def own(session: Session, tools: Tools, actor: Actor) -> Sequence[Standing]:
    """Return this person's exports of the last day, newest first."""
    query = (
        select(Job)
        .where(Job.verb == "export", Job.created_at > tools.clock() - KEPT)
        .order_by(Job.id.desc())
        .limit(50)
    )
    return [_standing(tools, job) for job in session.scalars(query) if job.args["account"] == actor.id]


def standing(session: Session, tools: Tools, actor: Actor, export_id: str) -> Standing:
    """Return how one's own export stands, or raise NotVisible; titles only of what one may read now."""
    found = _standing(tools, _job(session, actor, export_id))
    seen = set(exporting.allowed(session, actor, [one.get("id", "") for one in found.left_out]))
    left_out = tuple(one if one.get("id") in seen else {**one, "title": ""} for one in found.left_out)
    return replace(found, left_out=left_out)


def _job(session: Session, actor: Actor, export_id: str) -> Job:
    job = session.scalars(select(Job).where(Job.dedup_key == _KEY + export_id)).first()
    if job is None or actor.id is None or job.args["account"] != actor.id:
        raise NotVisible(export_id)
    return job


def _standing(tools: Tools, job: Job) -> Standing:
    told = _outcome(tools, job)
    until = job.created_at + KEPT
    state = job.state
    if told.get("refused"):
        state = "refused"
    elif job.state == jobs.DONE and (not told or tools.clock() > until):
        state = "gone"
    place = _folder(tools, job.args["export"]) / _name(job.args)
    return Standing(
        id=job.args["export"],
        state=state,
        form=job.args["form"],
        asked_at=job.created_at,
        until=until,
        done=job.done,
        total=job.total or len(job.args["ids"]),
        items=len(told.get("ids", ())),
        size=place.stat().st_size if state == jobs.DONE and place.is_file() else 0,
        refused=told.get("refused", ""),
        left_out=tuple(told.get("left_out", ())),
    )


def _outcome(tools: Tools, job: Job) -> dict[str, Any]:
    try:
        told: dict[str, Any] = json.loads((_folder(tools, job.args["export"]) / _OUTCOME).read_bytes())
    except (OSError, ValueError):
        return {}
    return told


def file_of(session: Session, tools: Tools, actor: Actor, export_id: str) -> Path:
    """Return the finished file of one's own export while one may read all of it, or raise NotVisible."""
    job = _job(session, actor, export_id)
    if _standing(tools, job).state != jobs.DONE:
        raise NotVisible(export_id)
    told = _outcome(tools, job)
    ids = [*told["ids"], *(one["id"] for one in told["left_out"])]  # its list tells the titles of these, too
    if len(exporting.allowed(session, actor, ids)) != len(set(ids)):
        raise NotVisible(export_id)
    return _folder(tools, export_id) / _name(job.args)


def tidy(work: Work) -> None:
    """Remove what lies in the scratch of exports and imports for more than a day and waits for no job."""
    limit = work.tools.clock() - KEPT
    with work.reading() as session:
        waiting = tuple(_waiting(session))
    for room in ("exports", "imports"):
        for folder in (work.tools.scratch / room).glob("*"):
            if folder.name.endswith(waiting):
                continue  # an upload of Friday that the worker sees on Monday
            if datetime.fromtimestamp(folder.stat().st_mtime, limit.tzinfo) < limit:
                shutil.rmtree(folder, ignore_errors=True)


def _waiting(session: Session) -> Iterator[str]:
    """Yield the ids of exports and imports whose job is not done; a parked import may be tried again."""
    open_states = (jobs.QUEUED, jobs.RUNNING)
    exports = and_(Job.verb == "export", Job.state.in_(open_states))
    imports = and_(Job.verb == "import_bags", Job.state.in_((*open_states, jobs.PARKED)))
    for args in session.scalars(select(Job.args).where(or_(exports, imports))):
        yield str(args.get("import_id") or args["export"])
