"""Issues receipts (接收回执), writes them into every store, brings them back.

One by itself for each submission of a person once all of it is kept in
verified copies (已保护); earlier on demand, saying plainly what is not done. A
receipt is signed, written once and never changed.
"""

import hashlib
import io
import json
from collections.abc import Iterator
from datetime import datetime
from typing import Any

from sqlalchemy import exists, select
from sqlalchemy.orm import Session

from preservation.premis import EventType
from repository.models.item import Item
from repository.models.keeping import Receipt
from repository.models.submission import Submission
from repository.permissions import Act, Actor, may
from repository.queries import NotVisible
from repository.workflow import audit, facts, jobs, journal, states
from repository.workflow.exchange_errors import ReceiptRefused
from repository.workflow.reading import open_original
from repository.workflow.receipt_sheets import SM3, Sheet, canonical, new_code, sheet
from repository.workflow.tools import Tools, Work
from storage.digests import digest_stream
from storage.errors import AlreadyStored, StorageError
from storage.signatures import SigningKey, is_signed, key_id, signing_key
from storage.store import Store

SUBMISSION = "submission"
ROOT, KEYS = "receipts/", "receipts/keys/"
AT_ONCE = 200  # submissions a round
_MOST_BYTES = 256 << 20
_COMPLETE = '"complete":true'  # as canonical JSON writes it; inside a text the quotes would be escaped
_COLUMNS = ("id", "submission_id", "code", "content", "digest", "signature", "key_id")


def ask(session: Session, actor: Actor, submission: Submission) -> None:
    """Leave the job that issues a receipt as things stand. Raises NotVisible, ReceiptRefused."""
    is_own = actor.id is not None and submission.depositor_id == actor.id
    if not (is_own and may(actor, Act.SUBMIT)) and not may(actor, Act.REVIEW):
        raise NotVisible(submission.id)
    if not session.scalar(select(exists().where(Item.submission_id == submission.id))):
        raise ReceiptRefused()
    dedup = f"receipt:{submission.id}"
    job = jobs.enqueue(session, "receipt", lock="receipts", dedup=dedup, submission=submission.id)
    job.args = {**job.args, "mark": str(job.id), "asked_by": actor.name}


def issue(work: Work) -> None:
    """Issue one receipt that was asked for."""
    _issue(work, work.args["submission"], mark=work.args["mark"])


def issue_due(work: Work) -> None:
    """Issue what is due, then carry every receipt into every store."""
    with work.reading() as session:
        due = _due(session)
    for done, submission_id in enumerate(due, start=1):
        _issue(work, submission_id, mark="")
        work.tell(done, len(due))
    carry(work)


def _due(session: Session) -> list[str]:
    """Return the submissions of persons that are archived whole and have no complete receipt."""
    of_it = select(Item.id).where(Item.submission_id == Submission.id)
    told = select(Receipt.id).where(
        Receipt.submission_id == Submission.id, Receipt.content.contains(_COMPLETE, autoescape=True)
    )
    query = (
        select(Submission.id)
        .where(
            Submission.depositor_id.is_not(None),
            of_it.exists(),
            ~of_it.where(Item.state != states.ARCHIVED).exists(),
            ~told.exists(),
        )
        .order_by(Submission.created_at)
    )
    return list(session.scalars(query.limit(AT_ONCE)))


def _issue(work: Work, submission_id: str, *, mark: str) -> None:
    """Write one receipt; without a mark only a complete one. A mark that is told already is done."""
    with work.reading() as session:
        submission = session.get_one(Submission, submission_id)
        known = of_submission(session, submission_id)
        if mark and any(json.loads(row.content).get("mark") == mark for row in known):
            return
        found = sheet(session, work.tools, submission)
    if not mark and not found.is_complete:
        return
    _fill_in(work.tools, found)
    key = signing_key(work.tools.settings.data / "keys" / "receipt.key")
    with work.writing() as session:
        _write(session, work, found, key, mark=mark)


def _fill_in(tools: Tools, found: Sheet) -> None:
    """Compute the SM3 of every file from a stored copy; one that cannot be read now has none."""
    for want in found.wanting:
        try:
            with open_original(tools, want.original) as stream:
                digests = digest_stream(stream, ("sha256", SM3))
        except StorageError:
            continue
        if digests["sha256"] == want.original.sha256:
            found.told["items"][want.item]["files"][want.file][SM3] = digests[SM3]


def _write(session: Session, work: Work, found: Sheet, key: SigningKey, *, mark: str) -> Receipt:
    now = work.tools.clock()
    told = {**found.told, "issued_at": now.isoformat(), "number": _number(session, now), "mark": mark}
    told["code"] = new_code(canonical(told))
    content = canonical(told)
    row = Receipt(
        submission_id=told["submission"]["id"],
        code=told["code"],
        issued_at=now,
        content=content,
        digest=hashlib.sha256(content.encode()).hexdigest(),
        signature=key.sign(content.encode()),
        key_id=key.id,
    )
    session.add(row)
    facts.put(session, facts.RECEIPT_KEY + key.id, key.public)
    session.flush()
    about = journal.Subject(SUBMISSION, row.submission_id)
    journal.record(
        session,
        EventType.DIGITAL_SIGNATURE_GENERATION,
        about,
        actor=work.tools.software,
        at=now,
        facts={"number": told["number"], "digest": row.digest, "key": key.id},
    )
    audit.record(
        session,
        "receipt.issued",
        actor=work.agent,
        at=now,
        about=about,
        facts={"number": told["number"], "complete": told["complete"]},
    )
    verb = "carry_receipts"
    jobs.enqueue(session, verb, priority=jobs.LATER, lock=verb, dedup=verb)
    return row


def _number(session: Session, now: datetime) -> str:
    """Return the next number of the year, "2026-0001"; who writes holds the catalogue's write lock."""
    name = f"{facts.RECEIPT_NUMBER}{now.year}"
    number = facts.number(session, name) + 1
    facts.put(session, name, str(number))
    return f"{now.year}-{number:04d}"


def of_submission(session: Session, submission_id: str) -> list[Receipt]:
    """Return the receipts of a submission, the newest first."""
    query = select(Receipt).where(Receipt.submission_id == submission_id)
    return list(session.scalars(query.order_by(Receipt.issued_at.desc(), Receipt.id)))


def document(row: Receipt, public: str) -> dict[str, str]:
    """Return a receipt as it stands in a store and is handed out: content, signature, key."""
    told = {name: str(getattr(row, name)) for name in _COLUMNS}
    return {**told, "issued_at": row.issued_at.isoformat(), "public_key": public}


def carry(work: Work) -> None:
    """Write every receipt and public key into each store that lacks it; a store that is away waits."""
    with work.reading() as session:
        objects = dict(_objects(session))
    failed: StorageError | None = None
    for store in work.tools.stores.values() if objects else ():
        try:
            store.probe()
            have = {found.key for found in store.list(ROOT)}
            for key in sorted(objects.keys() - have):
                _put(store, key, objects[key])
        except StorageError as error:
            failed = error
    if failed is not None:
        raise failed


def _put(store: Store, key: str, content: bytes) -> None:
    try:
        store.put(key, io.BytesIO(content), hashlib.sha256(content).hexdigest())
    except AlreadyStored:
        return  # a former run wrote it


def _objects(session: Session) -> Iterator[tuple[str, bytes]]:
    keys = set()
    for row in session.scalars(select(Receipt)):
        public = facts.get(session, facts.RECEIPT_KEY + row.key_id)
        told = json.dumps(document(row, public), ensure_ascii=False, sort_keys=True, indent=1)
        yield f"{ROOT}{row.issued_at.year}/{row.id}.json", told.encode() + b"\n"
        keys.add((row.key_id, public))
    for one, public in keys:
        yield f"{KEYS}{one}.pub", public.encode() + b"\n"


def recall(tools: Tools) -> int:
    """Bring back the receipts that the stores tell and the catalogue does not know; return how many.

    One is believed if its signature is of a key that stands in a store, too.
    """
    publics: dict[str, str] = {}
    told: list[dict[str, Any]] = []
    for store in tools.stores.values():
        for found in store.list(ROOT):
            content = _read(store, found.key, found.size)
            if found.key.startswith(KEYS):
                publics |= _public(content)
            else:
                told += _told(content)
    with tools.database.writing.begin() as session:
        known = set(session.scalars(select(Receipt.id)))
        true = {one["id"]: one for one in told if _is_true(one, publics)}  # one store's may be damaged
        fresh = [one for one in true.values() if one["id"] not in known]
        for one in fresh:
            row = {name: one[name] for name in _COLUMNS}
            session.add(Receipt(**row, issued_at=datetime.fromisoformat(one["issued_at"])))
            facts.put(session, facts.RECEIPT_KEY + one["key_id"], publics[one["key_id"]])
            _keep_count(session, json.loads(one["content"])["number"])
            session.flush()
    return len(fresh)


def _read(store: Store, key: str, size: int) -> bytes:
    if not 0 <= size <= _MOST_BYTES:
        return b""
    try:
        with store.open(key) as stream:
            return stream.read()
    except StorageError:
        return b""


def _public(content: bytes) -> dict[str, str]:
    try:
        public = content.decode("ascii").strip()
        return {key_id(public): public}
    except ValueError:
        return {}


def _told(content: bytes) -> list[dict[str, Any]]:
    try:
        one = json.loads(content)
        whole = all(isinstance(one[name], str) for name in (*_COLUMNS, "issued_at"))
        return [one] if whole else []
    except (ValueError, KeyError, TypeError):
        return []


def _is_true(one: dict[str, Any], publics: dict[str, str]) -> bool:
    content = one["content"].encode()
    public = publics.get(one["key_id"], "")
    same = hashlib.sha256(content).hexdigest() == one["digest"]
    return same and is_signed(content, one["signature"], public)


def _keep_count(session: Session, number: str) -> None:
    year, _, count = number.partition("-")
    if not (count.isascii() and count.isdigit()):
        return  # signed by who knows whom: no number of ours
    name = facts.RECEIPT_NUMBER + year
    facts.put(session, name, str(max(facts.number(session, name), int(count))))
