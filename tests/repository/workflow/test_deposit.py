"""Handing in and deciding: drafts, submission, acceptance, return."""

from collections.abc import Callable

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from repository.models.event import Event
from repository.models.item import Item
from repository.models.job import Job
from repository.models.submission import StagedFile
from repository.permissions import VISITOR, Actor
from repository.workflow import deposit, describe, review
from repository.workflow.describe import Edit
from repository.workflow.errors import Incomplete, NotAllowed, ReasonMissing, Refused, WorkflowError
from repository.workflow.tools import Tools
from tests.repository.workflow.conftest import People

HandIn = Callable[..., list[str]]
TOLD = Edit(
    {"title": "一九五六年校运会开幕式", "date": "1956", "place": "操场"},
    {"kind": "photo", "category": "XSH", "retention": "Y", "access_level": "internal"},
)


def _submitted(session: Session, tools: Tools, actor: Actor, item_id: str) -> Item:
    item = session.get_one(Item, item_id)
    describe.edit(session, tools, actor, item, wanted=TOLD)
    review.submit(session, tools, actor, item)
    return item


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("合影.JPG", "photo"),
        ("a.tiff", "photo"),
        ("通知.PDF", "document"),
        ("报告.wps", "document"),
        ("歌.mp3", "audio"),
        ("录像.mpg", "video"),
        ("没有扩展名", "other"),
        ("a.jpg.exe", "other"),
        ("", "other"),
    ],
)
def test_the_name_suggests_a_kind(name: str, kind: str) -> None:
    """A first guess by the last extension, in any case; a person corrects it."""
    assert deposit.kind_of(name) == kind


def test_a_file_becomes_a_restricted_draft_of_its_depositor(
    tools: Tools, people: People, hand_in: HandIn
) -> None:
    """The draft carries name and raw name bytes, a capture event, and a job for its preview."""
    [item_id] = hand_in(people.teacher, "老 照片（一）.jpg")

    with tools.database.reading() as session:
        item = session.get_one(Item, item_id)
        [file] = item.staged_files
        assert (item.state, item.access_level, item.depositor_id) == (
            "draft",
            "restricted",
            people.teacher.id,
        )
        assert (file.original_name, bytes.fromhex(file.original_raw).decode()) == ("老 照片（一）.jpg",) * 2
        assert tools.staging.path(file.id).read_bytes() == "老 照片（一）.jpg".encode()
        assert session.scalars(select(Event.type).where(Event.object_id == item_id)).all() == ["capture"]
        assert session.scalars(select(Job.verb).where(Job.dedup_key == f"derive:{item_id}")).all() == [
            "derive"
        ]


@pytest.mark.parametrize("name", ["visitor", "admin"])
def test_who_may_not_hand_in_cannot_begin(tools: Tools, people: People, name: str) -> None:
    """Visitors and mere administrators hand nothing in."""
    actor = VISITOR if name == "visitor" else people.admin
    with pytest.raises(Refused), tools.database.writing.begin() as session:
        deposit.begin(session, tools, actor)


@pytest.mark.parametrize("verb", ["add", "merge", "discard", "submit", "edit"])
@pytest.mark.parametrize("who", ["colleague", "visitor"])
def test_e01_anothers_draft_is_not_touched(
    tools: Tools, people: People, hand_in: HandIn, verb: str, who: str
) -> None:
    """Neither a colleague nor a visitor adds to, merges, discards, submits or edits someone's draft."""
    actor = VISITOR if who == "visitor" else people.colleague
    ids = hand_in(people.teacher, "1.jpg", "2.jpg")
    staged = next(tools.staging.all())
    with pytest.raises(Refused), tools.database.writing.begin() as session:
        first, second = (session.get_one(Item, item_id) for item_id in ids)
        if verb == "add":
            deposit.add_file(session, tools, actor, first, staged=staged)
        elif verb == "merge":
            deposit.merge(session, actor, [first, second])
        elif verb == "discard":
            deposit.discard(session, actor, first)
        elif verb == "submit":
            first.title = "有题名"
            review.submit(session, tools, actor, first)
        else:
            describe.edit(session, tools, actor, first, wanted=TOLD)

    with tools.database.reading() as session:
        assert [item.state for item in session.scalars(select(Item))] == ["draft", "draft"]
        assert len(session.scalars(select(StagedFile)).all()) == 2


def test_what_nobody_handed_in_is_nobodys_own(tools: Tools, people: People, hand_in: HandIn) -> None:
    """A draft without a depositor (from the command line) does not belong to whoever has no id."""
    [item_id] = hand_in(tools.software, "1.jpg")
    with pytest.raises(Refused), tools.database.writing.begin() as session:
        review.submit(session, tools, VISITOR, session.get_one(Item, item_id))


def test_merging_makes_one_item_with_the_files_in_order(
    tools: Tools, people: People, hand_in: HandIn
) -> None:
    """Front, back and envelope become one item with three files; the emptied drafts are gone, no file is."""
    ids = hand_in(people.teacher, "正面.jpg", "背面.jpg", "信封.jpg")
    with tools.database.writing.begin() as session:
        deposit.merge(session, people.teacher, [session.get_one(Item, item_id) for item_id in ids])

    with tools.database.reading() as session:
        [item] = session.scalars(select(Item)).all()
        files = [(file.position, file.original_name) for file in item.staged_files]
        assert (item.id, files) == (ids[0], [(1, "正面.jpg"), (2, "背面.jpg"), (3, "信封.jpg")])
    assert len(list(tools.staging.all())) == 3


def test_what_was_submitted_cannot_be_merged_or_discarded(
    tools: Tools, people: People, hand_in: HandIn
) -> None:
    """After submission the depositor's hand is off it."""
    first, second = hand_in(people.teacher, "1.jpg", "2.jpg")
    with tools.database.writing.begin() as session:
        _submitted(session, tools, people.teacher, first)
    for act in ("merge", "discard"):
        with pytest.raises(NotAllowed), tools.database.writing.begin() as session:
            item, other = session.get_one(Item, first), session.get_one(Item, second)
            if act == "merge":
                deposit.merge(session, people.teacher, [other, item])
            else:
                deposit.discard(session, people.teacher, item)


def test_discarding_tells_what_staging_may_drop(tools: Tools, people: People, hand_in: HandIn) -> None:
    """The draft and its rows are gone, and the freed staging ids come back."""
    [item_id] = hand_in(people.teacher, "1.jpg")
    with tools.database.writing.begin() as session:
        freed = deposit.discard(session, people.teacher, session.get_one(Item, item_id))
        assert deposit.referenced(session) == frozenset()

    assert [staged.id for staged in tools.staging.all()] == list(freed)


def test_a_draft_without_a_title_cannot_be_submitted(tools: Tools, people: People, hand_in: HandIn) -> None:
    """The title is the one thing that everybody must give."""
    [item_id] = hand_in(people.teacher, "1.jpg")
    with pytest.raises(Incomplete) as refusal, tools.database.writing.begin() as session:
        review.submit(session, tools, people.teacher, session.get_one(Item, item_id))

    assert refusal.value.facts == {"missing": ("title",)}


def test_acceptance_files_the_item_and_leaves_the_job_in_the_same_commit(
    tools: Tools, people: People, hand_in: HandIn
) -> None:
    """Accepted means: in the series of its category, with an accession event and one ingest job."""
    [item_id] = hand_in(people.teacher, "1.jpg")
    with tools.database.writing.begin() as session:
        review.accept(session, tools, people.archivist, _submitted(session, tools, people.teacher, item_id))

    with tools.database.reading() as session:
        item = session.get_one(Item, item_id)
        jobs = session.scalars(select(Job).where(Job.verb == "ingest")).all()
        events = session.scalars(
            select(Event.type).where(Event.object_id == item_id).order_by(Event.sequence)
        ).all()
        assert (item.state, item.collection_id is not None, len(jobs)) == ("accepted", True, 1)
        assert events == ["capture", "transfer", "accession"]


@pytest.mark.parametrize("who", ["teacher", "admin"])
@pytest.mark.parametrize("verb", ["accept", "return"])
def test_only_archivists_decide(tools: Tools, people: People, hand_in: HandIn, who: str, verb: str) -> None:
    """Neither the depositor nor a mere administrator accepts or returns."""
    [item_id] = hand_in(people.teacher, "1.jpg")
    actor: Actor = getattr(people, who)
    with pytest.raises(Refused), tools.database.writing.begin() as session:
        item = _submitted(session, tools, people.teacher, item_id)
        if verb == "accept":
            review.accept(session, tools, actor, item)
        else:
            review.return_(session, tools, actor, item, reason="重拍")


def test_a_return_needs_a_reason_and_tells_it(tools: Tools, people: People, hand_in: HandIn) -> None:
    """Blanks are no reason; the reason reaches depositor and log, and the item can be submitted anew."""
    [item_id] = hand_in(people.teacher, "1.jpg")
    with tools.database.writing.begin() as session:
        _submitted(session, tools, people.teacher, item_id)
    with pytest.raises(ReasonMissing), tools.database.writing.begin() as session:
        review.return_(session, tools, people.archivist, session.get_one(Item, item_id), reason=" 　")
    with tools.database.writing.begin() as session:
        item = session.get_one(Item, item_id)
        review.return_(session, tools, people.archivist, item, reason=" 请重拍 ")
        assert (item.state, item.reason) == ("returned", "请重拍")
        review.submit(session, tools, people.teacher, item)
        assert (item.state, item.reason) == ("submitted", "")

    with tools.database.reading() as session:
        told = session.scalars(
            select(Event).where(Event.object_id == item_id, Event.outcome == "failed")
        ).all()
        assert [(event.detail, event.agent_name) for event in told] == [("请重拍", people.archivist.name)]


def test_a_held_item_is_accepted_only_with_a_reason(tools: Tools, people: People, hand_in: HandIn) -> None:
    """Whoever keeps a file although a check failed says why; the reason is kept with it."""
    [item_id] = hand_in(people.teacher, "1.jpg")
    with tools.database.writing.begin() as session:
        _submitted(session, tools, people.teacher, item_id).state = "held"
    with pytest.raises(ReasonMissing), tools.database.writing.begin() as session:
        review.accept(session, tools, people.archivist, session.get_one(Item, item_id))
    with tools.database.writing.begin() as session:
        review.accept(session, tools, people.archivist, session.get_one(Item, item_id), override="孤本，照收")

    with tools.database.reading() as session:
        assert session.get_one(Item, item_id).override == "孤本，照收"


@pytest.mark.parametrize(("values", "field"), [({"date": ""}, "date"), ({"title": "IMG_2034"}, "title")])
def test_what_is_not_described_well_enough_is_not_accepted(
    tools: Tools, people: People, hand_in: HandIn, values: dict[str, str], field: str
) -> None:
    """Filing asks for more than handing in; the refusal names the field and nothing has changed."""
    [item_id] = hand_in(people.teacher, "1.jpg")
    with tools.database.writing.begin() as session:
        item = _submitted(session, tools, people.teacher, item_id)
        describe.edit(session, tools, people.archivist, item, wanted=Edit(values, {}))
    with pytest.raises(Incomplete) as refusal, tools.database.writing.begin() as session:
        review.accept(session, tools, people.archivist, session.get_one(Item, item_id))

    problems = refusal.value.facts["problems"]
    assert isinstance(problems, tuple) and field in {problem.field for problem in problems}
    with tools.database.reading() as session:
        assert session.get_one(Item, item_id).state == "submitted"


@pytest.mark.parametrize("state", ["draft", "accepted", "archived"])
def test_a_decision_in_the_wrong_state_is_refused(
    tools: Tools, people: People, hand_in: HandIn, state: str
) -> None:
    """D02: who clicks twice, or too early, gets a refusal and no second job."""
    [item_id] = hand_in(people.teacher, "1.jpg")
    with tools.database.writing.begin() as session:
        session.get_one(Item, item_id).state = state
    refusals: list[type[WorkflowError]] = []
    for override in ("", "理由"):
        try:
            with tools.database.writing.begin() as session:
                review.accept(
                    session, tools, people.archivist, session.get_one(Item, item_id), override=override
                )
        except WorkflowError as refusal:
            refusals.append(type(refusal))

    assert refusals == [NotAllowed, NotAllowed]
