"""Checks the checker before and after every fixity run (自检).

A store in which the checker does not find the planted damage exactly is not
believed in that run: before, its copies are not read; after, its good verdicts
are taken back and its copies are read again first. The run is invalid and says
so; only then are the canaries planted anew (promises P4, P17).
"""

from typing import Any

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from preservation.canaries import Proof, examine, newest, plant
from preservation.checks import Outcome
from preservation.policy import CopyState
from preservation.premis import EventType
from repository.models.job import FixityRun
from repository.models.package import Copy, Package
from repository.models.watch import Report
from repository.workflow import facts, journal
from repository.workflow.tools import Tools, Work
from storage.errors import StorageError
from storage.store import Store

REPORT = "canary"  # kind of the report that tells of an invalid run
BEFORE, AFTER = "before", "after"
TAKEN_BACK = "FX-902"


def lay(tools: Tools) -> None:
    """Plant canaries in every store that never had any; a store that is away or full gets them later."""
    for store in tools.stores.values():
        try:
            _generation(tools, store)
        except StorageError:
            continue  # the run tells that nothing could be proved there


def _generation(tools: Tools, store: Store) -> int:
    """Return which canaries of a store count; the first are planted here. Raises StorageError.

    A generation that the catalogue knows is never planted again here: if it is
    gone from the store, that must be found.
    """
    name = facts.CANARIES + store.id
    with tools.database.reading() as session:
        known = facts.number(session, name)
    if known:
        return known
    store.probe()
    generation = newest(store) or 1
    plant(store, generation)
    with tools.database.writing.begin() as session:
        facts.put(session, name, str(generation))
    return generation


def before(work: Work, run_id: int) -> frozenset[str]:
    """Examine the checker in every store and return the copies that this run must not judge."""
    with work.reading() as session:
        told = dict(session.get_one(FixityRun, run_id).canaries)
    for store in work.tools.stores.values():
        if told.get(store.id, {}).get(BEFORE) != Outcome.FAILED:
            _examine(work, run_id, store, when=BEFORE)
    with work.reading() as session:
        bad = distrusted(session.get_one(FixityRun, run_id))
        return frozenset(session.scalars(select(Copy.id).where(Copy.store_id.in_(bad))))


def after(work: Work, run_id: int) -> None:
    """Examine the checker again; where it fails now, take the run's good verdicts back."""
    with work.reading() as session:
        run = session.get_one(FixityRun, run_id)
        bad, done = distrusted(run), {name for name, told in run.canaries.items() if AFTER in told}
    for store in work.tools.stores.values():
        if store.id not in bad | done:
            _examine(work, run_id, store, when=AFTER)


def distrusted(run: FixityRun) -> frozenset[str]:
    """Return the stores whose verdicts a run must not believe."""
    return frozenset(
        name for name, told in run.canaries.items() if Outcome.FAILED in (told.get(BEFORE), told.get(AFTER))
    )


def unproved(run: FixityRun) -> tuple[str, ...]:
    """Return the stores that answered a run but where its checker was not examined (read-only, full)."""
    return tuple(
        name
        for name, told in sorted(run.canaries.items())
        if name not in run.away and Outcome.NOT_RUN in (told.get(BEFORE), told.get(AFTER))
    )


def _examine(work: Work, run_id: int, store: Store, *, when: str) -> None:
    """Examine the checker in one store, tell the run, and plant anew what was not found as planted."""
    try:
        proof = examine(store, _generation(work.tools, store))
    except StorageError as error:
        proof = Proof(store.id, 0, Outcome.NOT_RUN, reason=error.code)
    with work.writing() as session:
        run = session.get_one(FixityRun, run_id)
        _tell_run(run, proof, when=when)
        if proof.outcome is Outcome.FAILED:
            run.invalid = True
            taken_back = _take_back(session, work.tools, run, store.id) if when == AFTER else 0
            _tell(session, work.tools, run, proof, taken_back=taken_back)
    if proof.outcome is Outcome.FAILED:
        _plant_anew(work, run_id, store, proof.generation)


def _tell_run(run: FixityRun, proof: Proof, *, when: str) -> None:
    one: dict[str, Any] = {**run.canaries.get(proof.store_id, {}), "generation": proof.generation}
    one[when] = str(proof.outcome)
    if proof.missed:
        one["missed"] = [missed.to_plain() for missed in proof.missed]
    if proof.reason:
        one["reason"] = proof.reason
    run.canaries = {**run.canaries, proof.store_id: one}


def _take_back(session: Session, tools: Tools, run: FixityRun, store_id: str) -> int:
    """Give the copies that this run found good in a store their old state back; return how many.

    They go to the head of the queue. A copy made meanwhile was read by its maker, not by this run.
    """
    theirs = (
        Copy.store_id == store_id,
        Copy.state == CopyState.OK,
        Copy.tried_at >= run.started_at,
        Copy.created_at < run.started_at,
    )
    rows = session.execute(select(Package.item_id, Package.version).join(Copy).where(*theirs)).all()
    values = {
        "state": Copy.prior_state,
        "checked_at": Copy.prior_checked_at,
        "outcome": str(Outcome.NOT_RUN),
        "findings": [{"code": TAKEN_BACK, "outcome": str(Outcome.NOT_RUN), "path": "", "facts": {}}],
        "asked_at": tools.clock(),
    }
    session.execute(update(Copy).where(*theirs).values(values).execution_options(synchronize_session=False))
    session.expire_all()
    run.checked -= min(len(rows), run.checked)
    for row in rows:
        journal.record(
            session,
            EventType.FIXITY_CHECK,
            journal.of_item(row.item_id),
            actor=tools.software,
            at=tools.clock(),
            outcome=Outcome.NOT_RUN,
            detail="taken back",
            facts={"store": store_id, "version": row.version, "findings": [], "run": run.id},
        )
    return len(rows)


def _tell(session: Session, tools: Tools, run: FixityRun, proof: Proof, *, taken_back: int) -> None:
    """Write down, for people and for ever, that the checker failed."""
    told = {
        "run": run.id,
        "generation": proof.generation,
        "missed": [missed.to_plain() for missed in proof.missed],
        "taken_back": taken_back,
    }
    now = tools.clock()
    session.add(Report(kind=REPORT, at=now, outcome=Outcome.FAILED, subject=proof.store_id, facts=told))
    journal.record(
        session,
        EventType.FIXITY_CHECK,
        journal.Subject(journal.STORE, proof.store_id),
        actor=tools.software,
        at=now,
        outcome=Outcome.FAILED,
        detail="canary",
        facts=told,
    )


def _plant_anew(work: Work, run_id: int, store: Store, generation: int) -> None:
    """Plant the next generation, and note whether the checker judges that one rightly.

    If it does, somebody changed the old canaries; if not, the checker or the store lies.
    """
    fresh = generation + 1
    try:
        plant(store, fresh)
        proof = examine(store, fresh)
    except StorageError as error:
        proof = Proof(store.id, fresh, Outcome.NOT_RUN, reason=error.code)
    with work.writing() as session:
        run = session.get_one(FixityRun, run_id)
        one = {**run.canaries[store.id], "fresh": str(proof.outcome), "fresh_generation": fresh}
        run.canaries = {**run.canaries, store.id: one}
        if proof.outcome is Outcome.PASSED:
            facts.put(session, facts.CANARIES + store.id, str(fresh))
