"""The edit page: nothing typed is lost, nothing of others is overwritten, no version by autosave."""

import uuid
from collections.abc import Callable

import pytest
from flask.testing import FlaskClient

from repository.models.edit_draft import EditDraft
from repository.models.item import Revision
from repository.models.job import Job
from tests.repository.web.conftest import Archive, picture
from tests.repository.web.desk_steps import item_of, quick, send

SignIn = Callable[[str], FlaskClient]
PutIn = Callable[..., str]
JSON = {"Accept": "application/json"}
FILED = {"date": "1956", "category": "SX", "retention": "Y", "access_level": "public"}


def revisions(archive: Archive, item_id: str) -> list[Revision]:
    """Return the edits of an item, oldest first."""
    with archive.tools.database.reading() as session:
        return session.query(Revision).filter_by(item_id=item_id).order_by(Revision.number).all()


def drafts(archive: Archive) -> int:
    """Return how many typed and unsaved texts are kept."""
    with archive.tools.database.reading() as session:
        return session.query(EditDraft).count()


@pytest.fixture
def draft(signed_in: SignIn) -> str:
    """Return an empty draft of the teacher."""
    item_id: str = send(signed_in("staff"), "a.jpg", picture("a")).get_json()["id"]
    return item_id


def test_the_quick_form_has_five_fields_and_no_red(signed_in: SignIn, draft: str) -> None:
    """On arrival the five fields stand there with help, and nothing is marked wrong."""
    page = signed_in("staff").get(f"/desk/items/{draft}/edit").text

    five = ("title", "date", "place", "people", "source")
    assert [name for name in five if f'name="{name}"' not in page] == []
    assert 'name="photographer"' not in page and 'name="retention"' not in page
    assert 'aria-invalid' not in page
    assert "约1956年" in page  # the example beside the field


def test_the_full_form_follows_the_kind(signed_in: SignIn, put_in: PutIn) -> None:
    """The full form of a photograph asks for the photographer, that of a document for its number."""
    photo = put_in(state="submitted")
    document = put_in("会议记录", state="submitted", kind="document", values={"creator": "校长室"})
    browser = signed_in("archivist")
    pages = [browser.get(f"/desk/items/{one}/edit?form=full").text for one in (photo, document)]

    assert ['name="photographer"' in page for page in pages] == [True, False]
    assert ['name="document_number"' in page for page in pages] == [False, True]


def test_what_is_lacking_is_told_to_whoever_can_fill_it_in(signed_in: SignIn, put_in: PutIn) -> None:
    """A depositor is not asked for the retention; a field of the full form is told with the way there."""
    item_id = put_in(state="draft", kind="document", category="", retention="")
    page = signed_in("staff").get(f"/desk/items/{item_id}/edit").text
    full = signed_in("archivist").get(f"/desk/items/{item_id}/edit?form=full").text

    assert "归档前还要补上：责任者、类别。" in page and "到“完整著录”里填" in page
    assert "归档前还要补上：责任者、类别、保管期限。" in full and "到“完整著录”里填" not in full


def test_saving_the_quick_form_leaves_the_rest(archive: Archive, signed_in: SignIn, put_in: PutIn) -> None:
    """Fields that did not stand on the form keep what they say."""
    item_id = put_in(state="submitted", values={"photographer": "韩一诺", "language": ()})
    seen = item_of(archive, item_id).revision
    typed = quick(title="换了题名", people="陆明川、苏晚晴", place="", revision=seen, **FILED)
    signed_in("archivist").post(f"/desk/items/{item_id}/edit", data=typed)
    values = item_of(archive, item_id).values

    assert (values["title"], values["photographer"]) == ("换了题名", "韩一诺")
    assert values["people"] == ["陆明川", "苏晚晴"]
    assert "place" not in values


def test_a_wrong_date_comes_back_with_everything_typed(
    archive: Archive, signed_in: SignIn, draft: str
) -> None:
    """422, the reason at the field, all that was typed still there, nothing saved."""
    typed = quick(title="校门口", date="1956年13月", place="大门", people="甲某")
    answer = signed_in("staff").post(f"/desk/items/{draft}/edit", data=typed)

    assert answer.status_code == 422
    assert 'value="1956年13月"' in answer.text and 'value="大门"' in answer.text
    assert 'id="f-date-error"' in answer.text and 'aria-invalid="true"' in answer.text
    assert item_of(archive, draft).values == {}


def test_the_page_says_how_a_date_was_understood(signed_in: SignIn, put_in: PutIn) -> None:
    """Under the date stands what it was taken to mean."""
    item_id = put_in(state="draft", values={"date": "民国三十七年"})

    assert "理解为：1948年" in signed_in("staff").get(f"/desk/items/{item_id}/edit").text


def test_autosave_of_a_draft_really_saves(archive: Archive, signed_in: SignIn, draft: str) -> None:
    """The answer tells the new revision; many saves of one sitting are one edit in the history."""
    browser, url = signed_in("staff"), f"/desk/items/{draft}/autosave"
    first = browser.post(url, data=quick(title="运"), headers=JSON).get_json()
    later = quick(title="运动会", date="约1956年", revision=first["revision"])
    answer = browser.post(url, data=later, headers=JSON).get_json()
    [edit] = revisions(archive, draft)
    told = {change["field"]: (change["before"], change["after"]) for change in edit.changes}

    assert answer["revision"] == item_of(archive, draft).revision == edit.number
    assert answer["echo"]["date"] == "理解为：约1956年"
    assert item_of(archive, draft).title == "运动会"
    assert told["title"] == ("", "运动会")


def test_another_sitting_is_another_edit(archive: Archive, signed_in: SignIn, draft: str) -> None:
    """What is typed an hour later stands in the history on its own."""
    browser, url = signed_in("staff"), f"/desk/items/{draft}/autosave"
    browser.post(url, data=quick(title="运动会"), headers=JSON)
    archive.clock.forward(minutes=20)
    browser.post(url, data=quick(title="校运动会", revision=1), headers=JSON)

    assert [edit.number for edit in revisions(archive, draft)] == [1, 2]


def test_half_a_date_is_kept_and_offered_again(archive: Archive, signed_in: SignIn, draft: str) -> None:
    """What cannot be saved yet is not lost: the page shows it when opened again, until it is given up."""
    browser = signed_in("staff")
    typed = quick(title="校庆", date="195？年夏")
    answer = browser.post(f"/desk/items/{draft}/autosave", data=typed, headers=JSON)
    again = browser.get(f"/desk/items/{draft}/edit").text
    browser.post(f"/desk/items/{draft}/forget")
    afterwards = browser.get(f"/desk/items/{draft}/edit").text

    assert answer.status_code == 200
    assert "已恢复您在" in again and 'value="195？年夏"' in again
    assert 'value="195？年夏"' not in afterwards
    assert drafts(archive) == 0


def test_autosave_of_an_archived_item_makes_no_version(
    archive: Archive, signed_in: SignIn, put_in: PutIn
) -> None:
    """Typing in an archived item leaves no revision and no job; saving with a reason leaves one of each."""
    item_id = put_in()
    browser, seen = signed_in("archivist"), item_of(archive, item_id).revision
    typed = quick(title="校运会入场", revision=seen, **FILED)
    answer = browser.post(f"/desk/items/{item_id}/autosave", data=typed, headers=JSON)
    typing = item_of(archive, item_id)
    offered = browser.get(f"/desk/items/{item_id}/edit").text
    with archive.tools.database.reading() as session:
        about_it = Job.verb != "seal"  # signing in is an act, and acts are sealed
        waiting = session.query(Job).filter(Job.state != "done", about_it).count()
    browser.post(f"/desk/items/{item_id}/edit", data={**typed, "reason": "核对底片"})
    archive.work()
    saved = item_of(archive, item_id)

    assert answer.get_json()["revision"] == seen
    assert (typing.title, typing.revision, typing.version, waiting) == ("一九五六年校运会", seen, 1, 0)
    assert 'value="校运会入场"' in offered
    assert (saved.title, saved.revision, saved.version) == ("校运会入场", seen + 1, 2)
    assert revisions(archive, item_id)[-1].reason == "核对底片"
    assert drafts(archive) == 0


def test_an_archived_item_is_changed_only_with_a_reason(
    archive: Archive, signed_in: SignIn, put_in: PutIn
) -> None:
    """Without a reason 422 at the field and nothing changes."""
    item_id = put_in()
    seen = item_of(archive, item_id).revision
    typed = quick(title="新题名", revision=seen, **FILED)
    answer = signed_in("archivist").post(f"/desk/items/{item_id}/edit", data=typed)

    assert answer.status_code == 422
    assert "请写明理由" in answer.text and 'value="新题名"' in answer.text
    assert item_of(archive, item_id).title == "一九五六年校运会"


def test_two_editors_see_both_versions(archive: Archive, signed_in: SignIn, put_in: PutIn) -> None:
    """The second one gets 409 with both texts side by side, his own in the form; then he decides."""
    item_id = put_in(state="submitted")
    seen = item_of(archive, item_id).revision
    ours, theirs = signed_in("archivist"), signed_in("archivist")
    url = f"/desk/items/{item_id}/edit"
    other = quick(title="别人的题名", date="1956", place="操场", category="SX", revision=seen)
    theirs.post(url, data=other)
    mine = quick(title="我的题名", date="1957", place="操场", category="SX", revision=seen)
    refused = ours.post(url, data=mine)
    between = item_of(archive, item_id)
    ours.post(url, data={**mine, "revision": between.revision})

    assert refused.status_code == 409
    assert "这件档案刚刚有人改过" in refused.text
    assert "<td>别人的题名</td><td>我的题名</td>" in refused.text
    assert "操场</td>" not in refused.text
    assert f'name="revision" value="{between.revision}"' in refused.text
    assert between.title == "别人的题名"
    assert item_of(archive, item_id).title == "我的题名"


def test_autosave_over_somebody_elses_edit_keeps_both(
    archive: Archive, signed_in: SignIn, put_in: PutIn
) -> None:
    """Autosave never overwrites: 409, the text is kept for its writer, and saving shows both."""
    item_id = put_in(state="submitted")
    seen = item_of(archive, item_id).revision
    browser = signed_in("archivist")
    typed = quick(date="1956", category="SX", revision=seen)
    browser.post(f"/desk/items/{item_id}/edit", data={**typed, "title": "先存的"})
    answer = browser.post(f"/desk/items/{item_id}/autosave", data={**typed, "title": "后打的"}, headers=JSON)
    again = browser.get(f"/desk/items/{item_id}/edit").text

    assert answer.status_code == 409
    assert "没有覆盖任何人的修改" in answer.get_json()["error"]
    assert item_of(archive, item_id).title == "先存的"
    assert 'value="后打的"' in again and f'name="revision" value="{seen}"' in again


def test_who_may_not_edit_finds_no_page(signed_in: SignIn, put_in: PutIn, draft: str) -> None:
    """A colleague's draft, one's own submitted item, a public item: 404 for who may not change it."""
    submitted, public = put_in(state="submitted"), put_in("公开的")

    assert signed_in("colleague").get(f"/desk/items/{draft}/edit").status_code == 404
    assert signed_in("staff").get(f"/desk/items/{submitted}/edit").status_code == 404
    assert signed_in("staff").post(f"/desk/items/{public}/edit", data=quick(title="改")).status_code == 404
    assert signed_in("staff").post(f"/desk/items/{public}/autosave", data=quick(title="改")).status_code == 404
    assert signed_in("staff").get(f"/desk/items/{uuid.uuid4()}/edit").status_code == 404


def test_a_depositor_cannot_open_his_draft_to_the_public(
    archive: Archive, signed_in: SignIn, draft: str
) -> None:
    """Access level, retention and code are the archivist's: what a depositor sends of them is not read."""
    typed = quick(title="合影", access_level="public", retention="D10", reference_code="J019-SX·1956·Y-0001")
    signed_in("staff").post(f"/desk/items/{draft}/edit", data=typed)
    item = item_of(archive, draft)

    assert (item.title, item.access_level) == ("合影", "restricted")
    assert (item.retention, item.reference_code) == ("", None)


def test_save_and_next_walks_through_what_is_missing(
    archive: Archive, signed_in: SignIn, put_in: PutIn
) -> None:
    """From "未编档号" one comes from item to item, the reason is carried along, and the end is told."""
    ids = []
    for title in ("第一件", "第二件"):
        ids.append(put_in(title))
        archive.clock.forward(minutes=1)
    browser = signed_in("archivist")
    table = browser.get("/desk/items?missing=reference_code").text
    carried = {"list": "catalogue", "in_missing": "reference_code", "go": "next", "reason": "补编档号"}
    typed = quick(**FILED)
    last_first = list(reversed(ids))
    places = []
    for number, one in enumerate(last_first, start=1):
        code = f"J019-SX·1956·Y-000{number}"
        seen = item_of(archive, one).revision
        data = {**typed, **carried, "title": f"第{number}", "reference_code": code, "revision": seen}
        places.append(browser.post(f"/desk/items/{one}/edit", data=data).location)

    assert "未编档号 2" in table
    assert places[0].startswith(f"/desk/items/{last_first[1]}/edit?")
    assert "in_missing=reference_code" in places[0] and "reason=" in places[0]
    assert places[1] == "/desk/items?missing=reference_code"


def test_the_table_is_narrowed_and_counts(signed_in: SignIn, put_in: PutIn) -> None:
    """The filter bar narrows; drafts do not belong to the table; the total is told."""
    put_in("运动会入场", reference_code="J019-SX·1956·Y-0001")
    put_in("教师合影", category="RS", access_level="restricted")
    put_in("草稿一份", state="draft")
    browser = signed_in("archivist")
    everything, narrowed = browser.get("/desk/items").text, browser.get("/desk/items?category=RS").text
    found, nothing = browser.get("/desk/items?q=1956·Y").text, browser.get("/desk/items?q=没有的").text

    assert "运动会入场" in everything and "教师合影" in everything and "草稿一份" not in everything
    assert "共 2 条" in everything
    assert "教师合影" in narrowed and "运动会入场" not in narrowed
    assert "运动会入场" in found and "共 1 条" in found
    assert "没有符合条件的档案" in nothing


def test_the_history_shows_before_and_after(archive: Archive, signed_in: SignIn, put_in: PutIn) -> None:
    """Each edit stands there with who, why, and both values."""
    item_id = put_in()
    seen = item_of(archive, item_id).revision
    browser = signed_in("archivist")
    typed = quick(title="校运会开幕", place="操场", **FILED)
    browser.post(f"/desk/items/{item_id}/edit", data={**typed, "revision": seen, "reason": "题名更准确"})
    page = browser.get(f"/desk/items/{item_id}/history").text

    assert "<td>一九五六年校运会</td><td>校运会开幕</td>" in page
    assert "题名更准确" in page and "苏晚晴" in page
    assert signed_in("staff").get(f"/desk/items/{item_id}/history").status_code == 403


def test_an_item_on_its_way_in_is_not_edited(archive: Archive, signed_in: SignIn, put_in: PutIn) -> None:
    """While the package is made the edit page leads to the item and says why; autosave answers 409."""
    item_id = put_in(state="submitted")
    browser = signed_in("archivist")
    chosen = {"category": "SX", "retention": "", "access_level": ""}
    browser.post(f"/desk/items/{item_id}/accept", data=chosen)
    page = browser.get(f"/desk/items/{item_id}/edit", follow_redirects=True)
    answer = browser.post(f"/desk/items/{item_id}/autosave", data=quick(title="改"), headers=JSON)

    assert page.request.path == f"/items/{item_id}"
    assert "入库中" in page.text
    assert answer.status_code == 409
