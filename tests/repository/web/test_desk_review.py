"""The inbox and the decision: accept, return, accept all the same."""

from collections.abc import Callable

from flask.testing import FlaskClient

from repository.workflow.describe import Edit
from tests.repository.web.conftest import Archive, hand_in, settle
from tests.repository.web.desk_steps import item_of, quick

SignIn = Callable[[str], FlaskClient]
PutIn = Callable[..., str]
CLASS = {"category": "SX", "retention": "", "access_level": ""}


def held(archive: Archive, signed_in: SignIn) -> str:
    """Return an item that intake has held: its only file is empty."""
    item_id = hand_in(archive, (("空.jpg", b""),), by="staff")
    wanted = Edit({"title": "空文件", "date": "1980"}, {"category": "SX", "retention": "Y"})
    settle(archive, item_id, wanted, "submitted")
    signed_in("archivist").post(f"/desk/items/{item_id}/accept", data=CLASS)
    archive.work()
    return item_id


def test_the_inbox_counts_and_lists_by_state(archive: Archive, signed_in: SignIn, put_in: PutIn) -> None:
    """Each tab shows its items and how many there are; drafts are nobody's work yet."""
    put_in("等待审核的合影", state="submitted")
    put_in("还在写的草稿", state="draft")
    held(archive, signed_in)
    browser = signed_in("archivist")
    waiting, stopped = browser.get("/desk/inbox").text, browser.get("/desk/inbox?tab=held").text

    assert "等待审核的合影" in waiting and "还在写的草稿" not in waiting
    assert "待审 1" in waiting and "检测未通过 1" in waiting and "处理中 0" in waiting
    assert "空文件" in stopped


def test_only_archivists_have_an_inbox(client: FlaskClient, signed_in: SignIn, put_in: PutIn) -> None:
    """Depositors and administrators do not review."""
    item_id = put_in(state="submitted")

    assert client.get("/desk/inbox").status_code == 302
    assert [signed_in(who).get("/desk/inbox").status_code for who in ("staff", "admin")] == [403, 403]
    assert signed_in("staff").post(f"/desk/items/{item_id}/accept", data=CLASS).status_code == 403


def test_accepting_uses_what_the_category_says(archive: Archive, signed_in: SignIn, put_in: PutIn) -> None:
    """Retention and access level left open are those of the category; the worker does the rest."""
    item_id = put_in(state="submitted", category="", retention="")
    browser = signed_in("archivist")
    answer = browser.post(f"/desk/items/{item_id}/accept", data=CLASS, follow_redirects=True)
    on_the_way = browser.get(f"/desk/items/{item_id}/review")
    archive.work()
    item = item_of(archive, item_id)

    assert "已接收“一九五六年校运会”" in answer.text
    assert "排队等待入库" in on_the_way.text and 'http-equiv="refresh"' in on_the_way.text
    assert item.state == "archived"
    assert (item.category, item.retention, item.access_level) == ("SX", "Y", "internal")
    assert browser.get(f"/desk/items/{item_id}/review").location == f"/items/{item_id}"


def test_a_chosen_level_wins_over_the_category(archive: Archive, signed_in: SignIn, put_in: PutIn) -> None:
    """What the archivist chose is taken as it is."""
    item_id = put_in(state="submitted", category="", retention="")
    chosen = {"category": "SX", "retention": "D30", "access_level": "restricted"}
    signed_in("archivist").post(f"/desk/items/{item_id}/accept", data=chosen)
    item = item_of(archive, item_id)

    assert (item.retention, item.access_level) == ("D30", "restricted")


def test_an_item_without_class_is_not_accepted(archive: Archive, signed_in: SignIn, put_in: PutIn) -> None:
    """Without a category the page comes back with the reason at the field, and nothing has changed."""
    item_id = put_in(state="submitted", category="", retention="")
    answer = signed_in("archivist").post(
        f"/desk/items/{item_id}/accept", data={"category": "", "retention": "", "access_level": "",
                                               "reference_code": "J019-SX·1956·Y-0007"}
    )

    assert answer.status_code == 422
    assert "类别" in answer.text and 'aria-invalid="true"' in answer.text
    assert 'value="J019-SX·1956·Y-0007"' in answer.text
    assert item_of(archive, item_id).reference_code is None


def test_a_code_that_is_taken_is_refused(archive: Archive, signed_in: SignIn, put_in: PutIn) -> None:
    """Two items never share a reference code: 409 and a sentence."""
    put_in("先到的", state="submitted", reference_code="J019-SX·1956·Y-0007")
    item_id = put_in("后到的", state="submitted")
    answer = signed_in("archivist").post(
        f"/desk/items/{item_id}/accept", data={**CLASS, "reference_code": "J019-SX·1956·Y-0007"}
    )

    assert answer.status_code == 409
    assert "已经有人使用" in answer.text
    assert item_of(archive, item_id).state == "submitted"


def test_accepting_a_page_that_is_old_is_refused(archive: Archive, signed_in: SignIn, put_in: PutIn) -> None:
    """Who decides on an item as it was before somebody's edit must look again."""
    item_id = put_in(state="submitted")
    browser = signed_in("archivist")
    seen = item_of(archive, item_id).revision
    browser.post(f"/desk/items/{item_id}/edit", data=quick(title="另一个题名", date="1956", revision=seen))
    archive.clock.forward(hours=1)
    answer = browser.post(f"/desk/items/{item_id}/accept", data={**CLASS, "revision": seen})

    assert answer.status_code == 409
    assert item_of(archive, item_id).state == "submitted"


def test_review_leads_to_the_form_where_the_lacking_field_stands(signed_in: SignIn, put_in: PutIn) -> None:
    """A document without an author leads to the full form; its format is not called unknown before intake."""
    item_id = put_in(state="submitted", kind="document", category="XZ")
    page = signed_in("archivist").get(f"/desk/items/{item_id}/review").text

    assert "请填写责任者" in page and "form=full" in page
    assert "入库时识别" in page and "未识别" not in page


def test_returning_needs_a_reason(archive: Archive, signed_in: SignIn, put_in: PutIn) -> None:
    """Without a reason 422 at the field; with one the depositor has the item again."""
    item_id = put_in(state="submitted")
    browser = signed_in("archivist")
    refused = browser.post(f"/desk/items/{item_id}/return", data={"reason": "  "})
    unchanged = item_of(archive, item_id).state
    browser.post(f"/desk/items/{item_id}/return", data={"reason": "请补上拍摄时间"})
    item = item_of(archive, item_id)

    assert refused.status_code == 422
    assert "请写明理由" in refused.text
    assert unchanged == "submitted"
    assert (item.state, item.reason) == ("returned", "请补上拍摄时间")


def test_a_held_item_is_accepted_only_with_a_reason(archive: Archive, signed_in: SignIn) -> None:
    """The page says in plain words what failed; accepting all the same asks why and keeps it."""
    item_id = held(archive, signed_in)
    browser = signed_in("archivist")
    page = browser.get(f"/desk/items/{item_id}/review").text
    refused = browser.post(f"/desk/items/{item_id}/accept", data={**CLASS, "reason": ""})
    browser.post(f"/desk/items/{item_id}/accept", data={**CLASS, "reason": "原件已不存在"})

    assert "文件是空的（0 字节）" in page and "未通过" in page
    assert refused.status_code == 422
    assert "请写明理由" in refused.text
    assert (item_of(archive, item_id).state, item_of(archive, item_id).override) == ("accepted", "原件已不存在")


def test_a_decision_twice_is_a_conflict(archive: Archive, signed_in: SignIn, put_in: PutIn) -> None:
    """Who presses on a page whose item has gone on gets 409 and the present state in words."""
    item_id = put_in(state="submitted")
    browser = signed_in("archivist")
    browser.post(f"/desk/items/{item_id}/accept", data=CLASS)
    answer = browser.post(f"/desk/items/{item_id}/return", data={"reason": "晚了一步"})

    assert answer.status_code == 409
    assert "入库中" in answer.text
    assert item_of(archive, item_id).state == "accepted"


def test_accept_and_next_goes_on_to_the_next(archive: Archive, signed_in: SignIn, put_in: PutIn) -> None:
    """The archivist is led through the inbox and told when it ends."""
    first = put_in("第一件", state="submitted")
    archive.clock.forward(minutes=1)
    second = put_in("第二件", state="submitted")
    browser = signed_in("archivist")
    onward = browser.post(f"/desk/items/{first}/accept", data={**CLASS, "go": "next"})
    end = browser.post(f"/desk/items/{second}/accept", data={**CLASS, "go": "next"}, follow_redirects=True)

    assert onward.location == f"/desk/items/{second}/review"
    assert "后面没有待审的了" in end.text


def test_the_start_page_counts_what_waits(archive: Archive, signed_in: SignIn, put_in: PutIn) -> None:
    """Each person sees his own work with its number; who has none is told so."""
    put_in("一", state="submitted")
    put_in("二", state="draft")
    archivist, staff, admin = (signed_in(who).get("/desk").text for who in ("archivist", "staff", "admin"))

    assert "待审" in archivist and "/desk/inbox" in archivist
    assert "草稿，还没有提交" in staff and "待审" not in staff
    assert "没有待办的事" in admin
