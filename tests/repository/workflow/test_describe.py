"""Describing: every edit has its history, nothing is overwritten unseen."""

from collections.abc import Callable

import pytest
from sqlalchemy import select

from repository.models.event import Event
from repository.models.item import Item, Revision
from repository.models.job import Job
from repository.workflow import describe, drafting, review, worker
from repository.workflow.describe import Edit
from repository.workflow.errors import EditedMeanwhile, Incomplete, NotAllowed, Refused, Taken
from repository.workflow.tools import Tools
from tests.archives import Clock
from tests.repository.workflow.conftest import CODE, People

HandIn = Callable[..., list[str]]


def _edit(tools: Tools, actor: object, item_id: str, **wanted: object) -> tuple[str, ...]:
    """Edit an item and return the names of the changed fields."""
    with tools.database.writing.begin() as session:
        item = session.get_one(Item, item_id)
        edit = Edit(**{"values": {}, "columns": {}, **wanted})  # type: ignore[arg-type]
        changes = describe.edit(session, tools, actor, item, wanted=edit)  # type: ignore[arg-type]
    return tuple(change.field for change in changes)


def _revisions(tools: Tools, item_id: str) -> list[Revision]:
    with tools.database.reading() as session:
        query = select(Revision).where(Revision.item_id == item_id).order_by(Revision.number)
        return list(session.scalars(query))


@pytest.fixture
def tools(archive: Tools) -> Tools:
    """An archive with two archived photographs."""
    return archive


def _id(tools: Tools, title: str) -> str:
    with tools.database.reading() as session:
        return session.scalars(select(Item.id).where(Item.title == title)).one()


@pytest.fixture
def archived(tools: Tools) -> str:
    """Return the id of an archived photograph of 1978."""
    return _id(tools, "老校门")


def test_history_tells_before_and_after_who_when_and_why(tools: Tools, people: People, archived: str) -> None:
    """A070: one revision per save, with both values, and an event that names the fields."""
    before = len(_revisions(tools, archived))
    changed = _edit(
        tools,
        people.archivist,
        archived,
        values={"people": "张三、李四"},
        columns={"access_level": "公开"},
        reason="校友辨认",
    )

    last = _revisions(tools, archived)[-1]
    assert set(changed) == {"people", "access_level"} and len(_revisions(tools, archived)) == before + 1
    assert (last.agent_name, last.reason, last.at) == (people.archivist.name, "校友辨认", tools.clock())
    told = {change["field"]: (change["before"], change["after"]) for change in last.changes}
    assert told["access_level"] == ("internal", "public") and told["people"][1] == ["张三", "李四"]
    with tools.database.reading() as session:
        event = session.scalars(select(Event).where(Event.type == "metadata modification")).one()
        assert (set(event.facts["fields"]), event.detail) == ({"people", "access_level"}, "校友辨认")
        assert {job.verb for job in session.scalars(select(Job).where(Job.state == "queued"))} >= {
            "repack",
            "index",
        }


def test_a_save_without_a_change_leaves_no_trace(tools: Tools, people: People, archived: str) -> None:
    """The same words again, or with other blanks and widths, make no revision and no version."""
    before = len(_revisions(tools, archived))

    assert _edit(tools, people.archivist, archived, values={"title": " 老校门　", "date": "１９７８"}) == ()
    assert len(_revisions(tools, archived)) == before
    with tools.database.reading() as session:
        assert session.scalars(select(Job).where(Job.verb == "repack")).all() == []


@pytest.mark.parametrize(
    ("values", "columns"),
    [
        ({"date": "1978-02-30"}, {}),
        ({"date": "某年某月某日"}, {}),
        ({"title": ""}, {}),
        ({}, {"category": "没有这类"}),
        ({}, {"access_level": "随便"}),
        ({}, {"retention": "一百年"}),
        ({}, {"reference_code": "随便写的"}),
    ],
)
def test_a_wrong_value_is_refused_and_keeps_nothing(
    tools: Tools, people: People, archived: str, values: dict[str, str], columns: dict[str, str]
) -> None:
    """One wrong field refuses the whole edit: the right ones beside it are not saved, either."""
    with pytest.raises(Incomplete):
        _edit(tools, people.archivist, archived, values={"place": "南门", **values}, columns=columns)

    with tools.database.reading() as session:
        item = session.get_one(Item, archived)
        assert (item.values.get("place"), item.title, item.date_edtf, item.category, item.access_level) == (
            None,
            "老校门",
            "1978",
            "XSH",
            "internal",
        )
        assert session.scalars(select(Event).where(Event.type == "metadata modification")).all() == []


def test_a_taken_reference_code_is_refused_and_one_given_up_is_free(
    tools: Tools, people: People, archived: str
) -> None:
    """One code, one item."""
    other = _id(tools, "新校门")
    with pytest.raises(Taken) as refusal:
        _edit(tools, people.archivist, other, columns={"reference_code": CODE})
    _edit(tools, people.archivist, archived, columns={"reference_code": ""})

    assert refusal.value.facts == {"name": CODE}
    assert _edit(tools, people.archivist, other, columns={"reference_code": CODE}) == ("reference_code",)


def test_who_saves_an_older_form_is_told(tools: Tools, people: People, archived: str) -> None:
    """The second of two people who opened the same form overwrites nothing."""
    with tools.database.reading() as session:
        seen = session.get_one(Item, archived).revision
    _edit(tools, people.archivist, archived, values={"place": "南门"}, seen=seen)
    with pytest.raises(EditedMeanwhile) as refusal:
        _edit(tools, people.archivist, archived, values={"place": "北门"}, seen=seen)

    assert refusal.value.facts == {"seen": seen, "now": seen + 1}


@pytest.mark.parametrize("who", ["teacher", "admin"])
def test_what_is_archived_is_edited_by_archivists_only(
    tools: Tools, people: People, archived: str, who: str
) -> None:
    """Reading is no right to write."""
    with pytest.raises(Refused):
        _edit(tools, getattr(people, who), archived, values={"place": "南门"})


def test_what_is_being_packed_is_not_edited(tools: Tools, people: People, archived: str) -> None:
    """Between acceptance and archiving the item stands still."""
    with tools.database.writing.begin() as session:
        session.get_one(Item, archived).state = "accepted"
    with pytest.raises(NotAllowed):
        _edit(tools, people.archivist, archived, values={"place": "南门"})


def test_a_depositor_edits_the_own_draft_until_it_is_submitted(
    tools: Tools, people: People, hand_in: HandIn
) -> None:
    """A draft and a returned item are the depositor's; a submitted one is the archivists'."""
    [item_id] = hand_in(people.teacher, "1.jpg")
    _edit(tools, people.teacher, item_id, values={"title": "老校门"}, columns={"category": "XSH"})
    with tools.database.writing.begin() as session:
        review.submit(session, tools, people.teacher, session.get_one(Item, item_id))
    with pytest.raises(Refused):
        _edit(tools, people.teacher, item_id, values={"title": "新校门"})
    with tools.database.writing.begin() as session:
        review.return_(session, tools, people.archivist, session.get_one(Item, item_id), reason="补时间")

    assert _edit(tools, people.teacher, item_id, values={"date": "约1956年"}) == ("date",)
    with tools.database.reading() as session:
        item = session.get_one(Item, item_id)
        assert (item.date_edtf, item.first_year, item.last_year) == ("1956~", 1956, 1956)


def test_in_a_draft_a_missing_value_is_no_error_but_a_wrong_one_is(
    tools: Tools, people: People, hand_in: HandIn
) -> None:
    """Saving half a form is allowed; saving nonsense is not."""
    [item_id] = hand_in(people.teacher, "1.jpg")

    assert _edit(tools, people.teacher, item_id, values={"place": "操场"}) == ("place",)
    with pytest.raises(Incomplete):
        _edit(tools, people.teacher, item_id, values={"date": "1978-13-01"})


def test_saves_of_one_sitting_are_one_revision(
    tools: Tools, people: People, hand_in: HandIn, clock: Clock
) -> None:
    """A page that saves by itself makes one revision; a pause or another person begins a new one."""
    [item_id] = hand_in(people.teacher, "1.jpg")
    for title in ("老", "老校", "老校门"):
        _edit(tools, people.teacher, item_id, values={"title": title}, joins=True)
        clock.move(minutes=3)
    [joined] = _revisions(tools, item_id)
    clock.move(minutes=8)
    _edit(tools, people.teacher, item_id, values={"title": "老校门（南）"}, joins=True)
    _edit(tools, people.archivist, item_id, values={"title": "南校门"}, joins=True)

    assert joined.changes == [{"field": "title", "before": "", "after": "老校门"}]
    assert [revision.agent_name for revision in _revisions(tools, item_id)] == [
        people.teacher.name,
        people.teacher.name,
        people.archivist.name,
    ]


def test_edits_of_an_archived_item_never_join(tools: Tools, people: People, archived: str) -> None:
    """Each save of what is kept stands alone in its history."""
    before = len(_revisions(tools, archived))
    for place in ("南门", "北门"):
        _edit(tools, people.archivist, archived, values={"place": place}, joins=True)

    assert len(_revisions(tools, archived)) == before + 2


def test_two_edits_before_the_worker_comes_make_one_new_version_that_holds_both(
    tools: Tools, people: People, archived: str
) -> None:
    """The job is in line once; the version tells the newest words and both revisions."""
    _edit(tools, people.archivist, archived, values={"place": "南门"})
    _edit(tools, people.archivist, archived, values={"place": "北门"})
    worker.drain(tools)

    with tools.database.reading() as session:
        assert session.get_one(Item, archived).version == 2
    [bag] = tools.settings.store_specs[0].root.glob("aips/*/*/*/v0002")
    assert "北门" in (bag / "data/metadata/description.json").read_text("utf-8")


def test_what_is_typed_and_not_saved_is_kept_for_its_writer_alone(
    tools: Tools, people: People, archived: str
) -> None:
    """Typed words join, make no revision, belong to one person, and go when given up."""
    before = len(_revisions(tools, archived))
    with tools.database.writing.begin() as session:
        item = session.get_one(Item, archived)
        drafting.keep(session, tools, people.archivist, item, typed={"title": "南"}, seen=1)
        drafting.keep(session, tools, people.archivist, item, typed={"people": ("张三",)}, seen=1)
        with pytest.raises(Refused):
            drafting.keep(session, tools, people.teacher, item, typed={"title": "x"}, seen=1)
    with tools.database.writing.begin() as session:
        item = session.get_one(Item, archived)
        row = drafting.kept(session, people.archivist, item)
        assert row is not None and row.typed == {"title": "南", "people": ["张三"]}
        assert drafting.kept(session, people.admin, item) is None
        drafting.forget(session, people.archivist, item)
        session.flush()
        assert drafting.kept(session, people.archivist, item) is None

    assert len(_revisions(tools, archived)) == before
