"""Takes stock of the stores (清点): catalogue against store, and store against catalogue.

preservation/stock.py judges; here the catalogue is asked shard by shard, so
that memory stays flat and a stopped stocktake goes on where it was. A copy
that looks wrong is read like any other (care.check): that alone changes its
state, so repair is offered as ever. Nothing is ever removed.
"""

import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from preservation.checks import Finding, Outcome, worst
from preservation.policy import CopyState
from preservation.premis import EventType
from preservation.stock import SHARDS, Count, Expected, Known, Part, take_stock
from repository.models.job import Job
from repository.models.package import Copy, Package, PackagedFile
from repository.models.watch import Report
from repository.permissions import Act, Actor, may
from repository.stocktakes import REPORT, VERB
from repository.workflow import care, facts, jobs, journal, rebuilding, tombstones
from repository.workflow.errors import Refused
from repository.workflow.tools import Tools, Work
from storage.errors import StorageError
from storage.layout import PackageKey, parse_prefix
from storage.store import Store

TOLD = 200  # findings that a report keeps
UNKNOWN, UNREGISTERED = "ST-201", "ST-202"
#: What is wrong with a copy that the catalogue has: it is read at once.
_TO_READ = frozenset({"ST-101", "ST-102", "ST-301", "ST-302", "ST-303", "ST-304"})


def ask(session: Session, tools: Tools, actor: Actor) -> int:
    """Put one stocktake of every configured store in line; return how many stores there are."""
    if not may(actor, Act.RUN_CARE):
        raise Refused()
    for store_id in tools.stores:
        dedup = f"{VERB}:{store_id}"
        jobs.enqueue(session, VERB, priority=jobs.LATER, lock=dedup, dedup=dedup, store=store_id)
    return len(tools.stores)


@dataclass(slots=True)
class _Progress:
    """How far a stocktake is and what it found; kept as a fact, so that a restart goes on."""

    began: str
    done: list[str] = field(default_factory=list)
    count: Count = field(default_factory=Count)
    codes: Counter[str] = field(default_factory=Counter)
    findings: list[dict[str, Any]] = field(default_factory=list)
    outcome: Outcome = Outcome.PASSED

    def add(self, part: Part, findings: Sequence[Finding]) -> None:
        """Take in what one part came to; only findings that still hold are counted."""
        self.count = self.count.plus(part.count)
        self.codes.update(one.code for one in findings)
        self.findings += [
            {"code": one.code, "outcome": str(one.outcome), "path": one.path, "facts": dict(one.facts)}
            for one in findings[: max(0, TOLD - len(self.findings))]
        ]
        self.outcome = worst((self.outcome, *(one.outcome for one in findings)))
        if part.name:
            self.done.append(part.name)

    def to_text(self) -> str:
        """Return what from_text understands."""
        told = {name: getattr(self, name) for name in ("began", "done", "codes", "findings", "outcome")}
        return json.dumps({**told, "count": self.count.to_plain()}, ensure_ascii=False)

    @classmethod
    def from_text(cls, text: str) -> "_Progress":
        """Return the progress that to_text told."""
        told = json.loads(text)
        counted = {"count": Count(**told["count"]), "codes": Counter(told["codes"])}
        return cls(**{**told, **counted, "outcome": Outcome(told["outcome"])})


def stocktake(work: Work) -> None:
    """Take stock of one store; without a store, put every store in line.

    A store that does not answer is told as not reachable; no copy changes.
    """
    store = work.tools.stores.get(work.args.get("store", ""))
    if store is None:
        if "store" not in work.args:
            with work.writing() as session:
                ask(session, work.tools, work.tools.software)
        return
    progress, trouble = _begun(work, store), ""
    with work.reading() as session:
        gone = tombstones.gone(session)
    try:
        done = frozenset(progress.done)
        for part in take_stock(store, lambda shard: _known(work, store, shard, gone), done=done):
            if work.stopping():
                raise InterruptedError("the worker is stopping; the stocktake goes on at its next start")
            progress.add(part, _act_on(work, store, part))
            _keep(work, store, progress.to_text())
            work.tell(len(progress.done), len(SHARDS))
    except StorageError as error:
        trouble = error.code
    _report(work, store, progress, trouble)


def _begun(work: Work, store: Store) -> _Progress:
    with work.reading() as session:
        text = facts.get(session, facts.STOCKTAKE + store.id)
    return _Progress.from_text(text) if text else _Progress(work.tools.clock().isoformat())


def _keep(work: Work, store: Store, text: str) -> None:
    with work.writing() as session:
        facts.put(session, facts.STOCKTAKE + store.id, text)


def _known(work: Work, store: Store, shard: str, gone: frozenset[str]) -> Known:
    """Return what the catalogue knows of the items whose id begins with these two digits."""
    found: dict[PackageKey, dict[str, int]] = {}
    copied: set[PackageKey] = set()
    query = (
        select(Package.item_id, Package.version, Copy.id, PackagedFile.path, PackagedFile.size)
        .join(PackagedFile, PackagedFile.package_id == Package.id)
        .outerjoin(Copy, (Copy.package_id == Package.id) & (Copy.store_id == store.id))
        .where(Package.item_id.between(shard, f"{shard}~"))
    )
    with work.reading() as session:
        for item_id, version, copy_id, path, size in session.execute(query):
            key = PackageKey(item_id, version)
            found.setdefault(key, {})[path] = size
            if copy_id is not None:
                copied.add(key)
    return Known({key: Expected(key, key in copied, sizes) for key, sizes in found.items()}, gone)


def _act_on(work: Work, store: Store, part: Part) -> list[Finding]:
    """Read the copies that look wrong, register those that nobody knew; return the findings that hold."""
    holding = [one for one in part.findings if not _came_meanwhile(work, store, one)]
    for prefix in dict.fromkeys(one.path for one in holding if one.code in _TO_READ):
        copy_id = _copy_at(work, store, prefix)
        if copy_id is not None:
            care.check(work, copy_id, repair=work.tools.settings.auto_repair)
    for one in holding:
        if one.code == UNREGISTERED:
            _add_copy(work, store, one.path)
    return holding


def _copy_at(work: Work, store: Store, prefix: str) -> str | None:
    query = select(Copy.id).join(Package).where(Package.prefix == prefix, Copy.store_id == store.id)
    with work.reading() as session:
        return session.scalars(query).first()


def _came_meanwhile(work: Work, store: Store, finding: Finding) -> bool:
    """Return whether a package unknown a moment ago is registered by now, or is just being made."""
    if finding.code not in (UNKNOWN, UNREGISTERED, "ST-204"):
        return False
    lock = f"item:{parse_prefix(finding.path).item_id}"
    busy = select(Job.id).where(Job.lock_key == lock, Job.state.in_((jobs.QUEUED, jobs.RUNNING)))
    known = select(Package.id).where(Package.prefix == finding.path)
    if finding.code == UNREGISTERED:
        known = known.join(Copy).where(Copy.store_id == store.id)
    with work.reading() as session:
        return session.scalars(busy).first() is not None or session.scalars(known).first() is not None


def _add_copy(work: Work, store: Store, prefix: str) -> None:
    """Register a copy that stands in a store; it is unknown, and read first."""
    now = work.tools.clock()
    with work.writing() as session:
        package_id = session.scalars(select(Package.id).where(Package.prefix == prefix)).one()
        told = {"state": CopyState.UNKNOWN, "outcome": Outcome.NOT_RUN, "asked_at": now, "created_at": now}
        session.add(Copy(package_id=package_id, store_id=store.id, **told))


def _report(work: Work, store: Store, progress: _Progress, trouble: str) -> None:
    """Write the report; what broke off is not run, unless something wrong was found before."""
    outcome = worst((progress.outcome, Outcome.NOT_RUN)) if trouble else progress.outcome
    told: dict[str, Any] = {
        "began": progress.began,
        **progress.count.to_plain(),
        "codes": dict(progress.codes),
        "quarantined": _quarantined(store),
        "trouble": trouble,
    }
    now = work.tools.clock()
    with work.writing() as session:
        facts.put(session, facts.STOCKTAKE + store.id, "")
        kept = {**told, "findings": progress.findings}
        session.add(Report(kind=REPORT, at=now, outcome=outcome, subject=store.id, facts=kept))
        journal.record(
            session,
            EventType.VALIDATION,
            journal.Subject(journal.STORE, store.id),
            actor=work.agent,
            at=now,
            outcome=outcome,
            detail=VERB,
            facts=told,
        )


def _quarantined(store: Store) -> dict[str, int] | None:
    """Return how much lies in quarantine, in objects and bytes; None where that can't be told."""
    try:
        sizes = [one.size for one in store.quarantined()]
    except StorageError:
        return None
    return {"objects": len(sizes), "bytes": sum(size for size in sizes if size > 0)}


def ask_adoption(session: Session, actor: Actor, report: Report) -> int:
    """Put the registration of the unknown packages of a report in line; return how many (B17)."""
    if not may(actor, Act.RUN_CARE):
        raise Refused()
    prefixes = [one["path"] for one in report.facts["findings"] if one["code"] == UNKNOWN]
    if prefixes:
        jobs.enqueue(
            session, "adopt", lock="adopt", dedup=f"adopt:{report.id}", prefixes=prefixes, asked_by=actor.name
        )
    return len(prefixes)


def adopt(work: Work) -> None:
    """Register packages that stand in the stores and are unknown to the catalogue."""
    rebuilding.adopt(work.tools, [parse_prefix(prefix) for prefix in work.args["prefixes"]], work.tell)
