"""The drafts of one submission: described at once, merged, handed over, given up."""

import uuid
from collections.abc import Callable

from flask.testing import FlaskClient

from repository.models.package import Rendition
from tests.repository.web.conftest import Archive, picture
from tests.repository.web.desk_steps import NOTHING, Kept, item_of, kept, quick, send

SignIn = Callable[[str], FlaskClient]


def three(browser: FlaskClient) -> tuple[str, list[str]]:
    """Send three files and return the address of their page and the ids of the drafts."""
    place = str(uuid.uuid4())
    names = ("甲.jpg", "乙.jpg", "丙.jpg")
    ids = [send(browser, name, picture(name), submission=place).get_json()["id"] for name in names]
    return f"/desk/upload/{place}", ids


def test_common_fields_fill_only_what_is_empty(archive: Archive, signed_in: SignIn) -> None:
    """What is written once goes to every draft, but never over what is said already."""
    browser = signed_in("staff")
    url, ids = three(browser)
    typed = {f"title-{ids[0]}": "入场式", f"date-{ids[0]}": "1957"}
    common = {"all-title": "校运动会", "all-date": "五十年代", "all-place": "操场"}
    answer = browser.post(url, data={**typed, **common, "do": "fill"})
    items = [item_of(archive, one) for one in ids]

    assert answer.status_code == 302
    assert [item.title for item in items] == ["入场式", "校运动会", "校运动会"]
    assert [item.date_edtf for item in items] == ["1957", "195X", "195X"]
    assert {item.values["place"] for item in items} == {"操场"}


def test_all_are_handed_over_or_none(archive: Archive, signed_in: SignIn) -> None:
    """A missing title stops the whole submission; what was typed in the other rows is saved."""
    browser = signed_in("staff")
    url, ids = three(browser)
    refused = browser.post(url, data={f"title-{ids[0]}": "第一张", "do": "submit"})
    before = [item_of(archive, one) for one in ids]
    titles = {f"title-{one}": f"第{n}张照片" for n, one in enumerate(ids)}
    accepted = browser.post(url, data={**titles, "do": "submit"}, follow_redirects=True)

    assert refused.status_code == 422
    assert "第 2 件：请填写：题名。" in refused.text
    assert [(item.state, item.title) for item in before] == [("draft", "第一张"), ("draft", ""), ("draft", "")]
    assert "已提交 3 件" in accepted.text
    assert {item_of(archive, one).state for one in ids} == {"submitted"}


def test_a_wrong_date_in_a_row_comes_back_as_typed(archive: Archive, signed_in: SignIn) -> None:
    """A date that means nothing is shown again with the reason; the other rows are saved."""
    browser = signed_in("staff")
    url, ids = three(browser)
    typed = {f"date-{ids[0]}": "去年夏天吧", f"title-{ids[1]}": "留影", "all-place": "礼堂"}
    answer = browser.post(url, data={**typed, "do": "save"})

    assert answer.status_code == 422
    assert 'value="去年夏天吧"' in answer.text and 'value="礼堂"' in answer.text
    assert item_of(archive, ids[0]).values == {}
    assert item_of(archive, ids[1]).title == "留影"


def test_chosen_drafts_become_one_item(archive: Archive, signed_in: SignIn) -> None:
    """Two sides of a certificate are one item with two files in order; what only the second says is kept."""
    browser = signed_in("staff")
    url, ids = three(browser)
    typed = {f"title-{ids[0]}": "毕业证书", f"title-{ids[1]}": "背面", f"date-{ids[1]}": "1937"}
    answer = browser.post(url, data={**typed, "chosen": ids[:2], "do": "merge"}, follow_redirects=True)
    archive.work()
    merged = item_of(archive, ids[0])
    with archive.tools.database.reading() as session:
        thumbnails = session.query(Rendition).filter_by(item_id=ids[0], kind="thumbnail")
        pictured = {row.position for row in thumbnails}

    assert "共 2 个文件" in answer.text
    assert [row.original_name for row in merged.staged_files] == ["甲.jpg", "乙.jpg"]
    assert (merged.title, merged.values["date"]) == ("毕业证书", "1937")
    assert pictured == {1, 2}
    assert kept(archive) == Kept(2, 3, 3)


def test_merging_one_is_refused_with_a_sentence(archive: Archive, signed_in: SignIn) -> None:
    """Fewer than two chosen drafts merge into nothing."""
    browser = signed_in("staff")
    url, ids = three(browser)
    answer = browser.post(url, data={"chosen": ids[:1], "do": "merge"})

    assert answer.status_code == 422
    assert "请先勾选" in answer.text
    assert kept(archive) == Kept(3, 3, 3)


def test_own_list_tells_state_and_reason(
    archive: Archive, signed_in: SignIn, put_in: Callable[..., str]
) -> None:
    """A returned item shows the archivist's reason to its depositor, and to no colleague."""
    item_id = put_in("植树留念", state="submitted")
    reason = "右上角缺了一块，请重新扫描"
    signed_in("archivist").post(f"/desk/items/{item_id}/return", data={"reason": reason})
    mine, others = signed_in("staff").get("/desk/mine").text, signed_in("colleague").get("/desk/mine").text

    assert "已退回" in mine and reason in mine
    assert "植树留念" not in others


def test_a_draft_is_deleted_only_after_asking(archive: Archive, signed_in: SignIn) -> None:
    """Without a confirmation the view asks, naming the thing; with it draft and file are gone."""
    browser = signed_in("staff")
    item_id = send(browser, "不要的.jpg", picture("x")).get_json()["id"]
    asked = browser.post(f"/desk/items/{item_id}/discard")
    still = kept(archive)
    done = browser.post(f"/desk/items/{item_id}/discard", data={"confirmed": "1"})

    assert "确定要删除" in asked.text and "不要的.jpg" in asked.text
    assert still == Kept(1, 1, 1)
    assert done.status_code == 302
    assert kept(archive) == NOTHING


def test_nobody_deletes_what_is_handed_over(
    archive: Archive, signed_in: SignIn, put_in: Callable[..., str]
) -> None:
    """A submitted item is not the depositor's to delete, and for a colleague it does not exist."""
    item_id = put_in(state="submitted")
    answers = [signed_in(who).post(f"/desk/items/{item_id}/discard", data={"confirmed": "1"}) for who in
               ("staff", "colleague", "archivist")]

    assert [answer.status_code for answer in answers] == [404, 404, 409]
    assert item_of(archive, item_id).state == "submitted"


def test_one_draft_is_submitted_from_the_list(archive: Archive, signed_in: SignIn) -> None:
    """Without a title the edit page opens and says what is missing; with one it is handed over."""
    browser = signed_in("staff")
    item_id = send(browser, "a.jpg", picture("a")).get_json()["id"]
    refused = browser.post(f"/desk/items/{item_id}/submit")
    browser.post(f"/desk/items/{item_id}/edit", data=quick(title="礼堂落成", date="1956"))
    accepted = browser.post(f"/desk/items/{item_id}/submit", follow_redirects=True)

    assert refused.status_code == 422
    assert "请填写题名" in refused.text
    assert "已提交“礼堂落成”" in accepted.text
    assert item_of(archive, item_id).state == "submitted"
