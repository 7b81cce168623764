"""Receipts: honest, signed, verifiable by anybody, and never lost with the catalogue."""

import hashlib
import io
import json
from pathlib import Path

import pytest
from sqlalchemy import select

from repository.models.account import Account
from repository.models.item import Item
from repository.models.keeping import Receipt
from repository.models.package import Copy
from repository.models.submission import Submission
from repository.permissions import VISITOR, Actor, Role
from repository.queries import NotVisible
from repository.workflow import (
    accounts,
    deposit,
    describe,
    dumping,
    facts,
    rebuilding,
    receipt_checks,
    receipting,
    review,
    rounds,
    worker,
)
from repository.workflow.accounts import NewAccount
from repository.workflow.describe import Edit
from repository.workflow.exchange_errors import ReceiptRefused, ReceiptUnknown
from repository.workflow.receipt_sheets import new_code, read_code
from repository.workflow.tools import Tools, Work
from storage.digests import is_available
from storage.errors import Unreadable
from storage.signatures import is_signed, key_id, signing_key
from tests.archives import PASSWORD, close, new_archive
from tests.repository.exchange.test_exporting import quiet

COLUMNS = {"kind": "document", "category": "XSH", "retention": "Y", "access_level": "restricted"}
VALUES = {"date": "1978", "creator": "校长办公室"}


@pytest.fixture
def teacher(archive: Tools) -> Actor:
    """A teacher with an account."""
    with archive.database.writing.begin() as session:
        new = NewAccount("zhao", "赵老师", PASSWORD, frozenset({Role.STAFF}))
        return accounts.actor_of(accounts.create(session, new))


def hand_in(tools: Tools, actor: Actor, *titles: str, accept: bool = True) -> str:
    """Hand in one text a title and return the submission; accepted ones are worked through."""
    with tools.database.writing.begin() as session:
        submission_id = deposit.begin(session, tools, actor).id
    for title in titles:
        staged = tools.staging.keep(io.BytesIO(f"内容：{title}\n".encode()), f"{title}.txt")
        with tools.database.writing.begin() as session:
            submission = session.get_one(Submission, submission_id)
            item = deposit.receive(session, tools, actor, submission, staged=staged)
            wanted = Edit({"title": title, **VALUES}, COLUMNS)
            describe.edit(session, tools, tools.software, item, wanted=wanted)
            review.submit(session, tools, actor, item)
            if accept:
                review.accept(session, tools, tools.software, item)
    worker.drain(tools)
    return submission_id


def due(tools: Tools) -> None:
    """Let the clock's round of receipts run."""
    rounds.ask(tools, "receipts")
    worker.drain(tools)


def receipts(tools: Tools) -> list[Receipt]:
    """Return all receipts."""
    with tools.database.reading() as session:
        return list(session.scalars(select(Receipt).order_by(Receipt.issued_at)))


def test_a_protected_submission_gets_one_receipt_with_every_file(archive: Tools, teacher: Actor) -> None:
    """Once all is archived and copied: sizes, SHA-256, SM3, registered digest, copies, number, signature."""
    hand_in(archive, teacher, "会议记录甲", "会议记录乙")
    due(archive)
    due(archive)
    (row,) = receipts(archive)
    told = json.loads(row.content)
    body = "内容：会议记录甲\n".encode()
    with archive.database.reading() as session:
        public = facts.get(session, facts.RECEIPT_KEY + row.key_id)
        item = session.get_one(Item, told["items"][0]["id"])
        registered = receipt_checks.verdict(session, teacher, row)

    file = told["items"][0]["files"][0]
    assert told["complete"] is True and told["number"].endswith("-0001")
    assert (file["name"], file["size"]) == ("会议记录甲.txt", len(body))
    assert file["sha256"] == hashlib.sha256(body).hexdigest()
    if is_available("sm3"):
        assert file["sm3"] == hashlib.new("sm3", body).hexdigest()
    assert [copy["store"] for copy in told["items"][0]["copies"]] == ["main", "second"]
    assert told["submission"]["depositor"] == "赵老师" and item.title == "会议记录甲"
    assert is_signed(row.content.encode(), row.signature, public) and key_id(public) == row.key_id
    assert registered.is_good and told["code"] == row.code


def test_on_demand_a_receipt_says_what_is_not_done_yet(archive: Tools, teacher: Actor) -> None:
    """Before acceptance: files as received, no copies, not complete; the complete one follows by itself."""
    submission_id = hand_in(archive, teacher, "待审核的", accept=False)
    due(archive)
    before = receipts(archive)
    with archive.database.writing.begin() as session:
        receipting.ask(session, teacher, session.get_one(Submission, submission_id))
    worker.drain(archive)
    with archive.database.writing.begin() as session:
        item = session.scalars(select(Item).where(Item.submission_id == submission_id)).one()
        review.accept(session, archive, archive.software, item)
    worker.drain(archive)
    due(archive)
    early, late = (json.loads(row.content) for row in receipts(archive))

    assert before == []
    assert (early["complete"], late["complete"]) == (False, True)
    assert (early["items"][0]["state"], early["items"][0]["copies"]) == ("submitted", [])
    assert early["items"][0]["files"][0]["sha256"] == late["items"][0]["files"][0]["sha256"]
    assert (early["number"], late["number"]) == (early["number"], early["number"][:-1] + "2")


def test_a_receipt_job_that_runs_twice_issues_once(archive: Tools, teacher: Actor) -> None:
    """Every job may run twice."""
    submission_id = hand_in(archive, teacher, "一份")
    work = Work(archive, {"submission": submission_id, "mark": "7"})
    receipting.issue(work)
    receipting.issue(work)

    assert len(receipts(archive)) == 1


def test_others_get_no_receipt_of_a_submission(archive: Tools, teacher: Actor) -> None:
    """Only who handed in, or an archivist, may ask; an empty submission gets none."""
    submission_id = hand_in(archive, teacher, "一份")
    with archive.database.writing.begin() as session:
        submission = session.get_one(Submission, submission_id)
        empty = deposit.begin(session, archive, teacher)
        for actor in (VISITOR, Actor("another", "", frozenset({Role.STAFF}))):
            with pytest.raises(NotVisible):
                receipting.ask(session, actor, submission)
        with pytest.raises(ReceiptRefused):
            receipting.ask(session, teacher, empty)


@pytest.mark.parametrize("column", ["content", "signature", "digest", "key_id"])
def test_a_changed_receipt_is_not_genuine(archive: Tools, teacher: Actor, column: str) -> None:
    """Whatever is changed in its row: the signature does not fit any more."""
    hand_in(archive, teacher, "一份")
    due(archive)
    (row,) = receipts(archive)
    with archive.database.writing.begin() as session:
        kept = session.get_one(Receipt, row.id)
        changed = {
            "content": kept.content.replace("一份", "两份"),
            "signature": kept.signature[:-6] + "AAAA==",
            "digest": "0" * 64,
            "key_id": "0" * 16,
        }
        setattr(kept, column, changed[column])
        session.flush()

        assert receipt_checks.is_genuine(session, kept) is False
        assert receipt_checks.verdict(session, teacher, kept).is_good is False
        session.rollback()
    with archive.database.reading() as session:
        assert receipt_checks.is_genuine(session, session.get_one(Receipt, row.id))


def test_p11_names_are_told_to_who_may_read_them_only(archive: Tools, teacher: Actor) -> None:
    """A visitor with the code sees numbers and verdicts; the depositor and archivists see names."""
    hand_in(archive, teacher, "机密代号海棠")
    due(archive)
    (row,) = receipts(archive)
    sha256 = json.loads(row.content)["items"][0]["files"][0]["sha256"]
    with archive.database.reading() as session:
        visitor = receipt_checks.verdict(session, VISITOR, row)
        own = receipt_checks.verdict(session, teacher, row)
        found = receipt_checks.compare(session, VISITOR, row, sha256=sha256.upper())

        assert visitor.is_good and (visitor.items[0].title, visitor.items[0].files) == ("", 1)
        assert own.items[0].title == "机密代号海棠"
        assert [(one.number, one.item, one.name) for one in found] == [(1, 1, "")]
        assert receipt_checks.compare(session, VISITOR, row, sha256="0" * 64) == []


def test_a_receipt_tells_when_its_copies_are_not_well(archive: Tools, teacher: Actor) -> None:
    """No good copy, or another register: the receipt is genuine still, and says what is wrong."""
    hand_in(archive, teacher, "一份")
    due(archive)
    (row,) = receipts(archive)
    with archive.database.writing.begin() as session:
        good = receipt_checks.verdict(session, VISITOR, row)
        for copy in session.scalars(select(Copy)):
            copy.state = "damaged"
        session.flush()
        bad = receipt_checks.verdict(session, VISITOR, row)
        session.rollback()

    assert (good.is_good, good.items[0].copies) == (True, 2)
    assert (bad.is_genuine, bad.is_good, bad.items[0].copies) == (True, False, 0)


def test_receipts_stand_in_every_store_and_come_back_from_there(archive: Tools, teacher: Actor) -> None:
    """Write-once objects with the public key; after a rebuild the dump is equal and numbers go on."""
    hand_in(archive, teacher, "一份")
    due(archive)
    (row,) = receipts(archive)
    with archive.database.reading() as session:
        before = dumping.dump(session)["receipts"]
    for store in archive.stores.values():
        keys = {found.key for found in store.list("receipts/")}
        assert keys == {f"receipts/{row.issued_at.year}/{row.id}.json", f"receipts/keys/{row.key_id}.pub"}
    forged = {**before[0], "id": "00000000-0000-4000-8000-000000000000", "code": "0000-0000-0000"}
    forged["content"] = forged["content"].replace("一份", "两份")
    archive.first_store.put("receipts/2026/forged.json", io.BytesIO(json.dumps(forged).encode()))
    archive.database.engine.dispose()
    for path in archive.settings.data.glob("catalogue.sqlite*"):
        path.unlink()
    rebuilt = new_archive(archive.settings.data, empty=True)
    rebuilding.rebuild(rebuilt, quiet)
    with rebuilt.database.writing.begin() as session:
        assert dumping.dump(session)["receipts"] == before
        assert receipt_checks.is_genuine(session, receipt_checks.by_code(session, row.code.lower()))
        assert facts.number(session, f"{facts.RECEIPT_NUMBER}{row.issued_at.year}") == 1
    close(rebuilt)


@pytest.mark.parametrize("store", [0, 1])
def test_a01_a_receipt_damaged_in_one_store_comes_back_from_another(
    archive: Tools, teacher: Actor, store: int
) -> None:
    """A flipped letter inside the text, which is JSON still: the true one counts, wherever it stands."""
    hand_in(archive, teacher, "会议记录")
    rounds.ask(archive, "receipts")
    worker.drain(archive)
    root = archive.settings.store_specs[store].root
    place = next(one for one in root.glob("receipts/*/*.json"))
    place.chmod(0o644)
    place.write_text(place.read_text("utf-8").replace("会议记录", "会议记禄"), "utf-8")
    with archive.database.writing.begin() as session:
        session.delete(session.scalars(select(Receipt)).one())
    receipting.recall(archive)
    with archive.database.reading() as session:
        rows = session.scalars(select(Receipt)).all()

        assert [receipt_checks.is_genuine(session, row) for row in rows] == [True]


def test_a_store_that_was_away_gets_its_receipts_later(archive: Tools, teacher: Actor) -> None:
    """One store lost its receipts: the next round writes them again."""
    hand_in(archive, teacher, "一份")
    due(archive)
    place = archive.settings.store_specs[1].root / "receipts"
    held = {path.name: path.read_bytes() for path in place.rglob("*") if path.is_file()}
    for path in [path for path in place.rglob("*") if path.is_file()]:
        path.unlink()
    due(archive)

    assert {path.name: path.read_bytes() for path in place.rglob("*") if path.is_file()} == held


def test_a_typed_code_is_read_kindly(archive: Tools) -> None:
    """Case, blanks, hyphens and letters that look alike; what can be no code finds nothing."""
    code = new_code("x")

    assert read_code(code.lower().replace("-", " ")) == code
    assert read_code("oOiI lLuU 2345") == "0011-11VV-2345"
    assert read_code("ABC") == read_code("ABCD-EFGH-JKM!") == ""
    with archive.database.reading() as session, pytest.raises(ReceiptUnknown):
        receipt_checks.by_code(session, "' OR 1=1")
    assert len({new_code("same") for _ in range(50)}) == 50


def test_the_signing_key_is_made_once_for_its_owner_only(tmp_path: Path) -> None:
    """A second call reads the same key; a file that is no key is told, never replaced."""
    first, second = signing_key(tmp_path / "k"), signing_key(tmp_path / "k")
    (tmp_path / "bad").write_text("no key")
    with pytest.raises(Unreadable):
        signing_key(tmp_path / "bad")

    assert first == second and (tmp_path / "k").stat().st_mode & 0o077 == 0
    assert is_signed(b"x", first.sign(b"x"), first.public) is True
    assert is_signed(b"y", first.sign(b"x"), first.public) is False
    assert is_signed(b"x", "no base64!", first.public) is is_signed(b"x", "", "zz") is False
    assert (tmp_path / "bad").read_text() == "no key"


def test_receipts_of_software_come_on_demand_only(archive: Tools) -> None:
    """A folder taken in at the command line gets no receipt by itself; accounts stay as they were."""
    due(archive)
    with archive.database.reading() as session:
        assert session.scalars(select(Account)).all()

    assert receipts(archive) == []
