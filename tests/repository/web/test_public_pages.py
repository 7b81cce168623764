"""The public pages: front page, browsing, search, item page; nothing leaks."""

import uuid
from collections.abc import Callable

import pytest
from flask.testing import FlaskClient
from werkzeug.datastructures import MultiDict

from repository.models.item import Item
from repository.models.package import Copy
from repository.workflow.describe import Edit
from tests.repository.web.conftest import Archive, picture, settle

SignIn = Callable[[str], FlaskClient]
PutIn = Callable[..., str]


def test_empty_front_page_says_what_to_do(client: FlaskClient, signed_in: SignIn) -> None:
    """An empty archive leads visitors to sign in, and its people to the first upload."""
    visitor, person = client.get("/"), signed_in("staff").get("/")

    assert "还没有公开的档案" in visitor.text
    assert "馆藏还是空的" in person.text


def test_front_page_counts_only_what_one_may_see(
    client: FlaskClient, signed_in: SignIn, put_in: PutIn
) -> None:
    """A visitor's figures, newest items and categories hold nothing that is not public."""
    put_in("公开的合影")
    put_in("教师人事卡片", access_level="restricted", category="RS", kind="document", values={"creator": "校长室"})
    visitor, archivist = client.get("/").text, signed_in("archivist").get("/").text

    assert "您可以查看 1 件档案" in visitor
    assert "教师人事卡片" not in visitor and "人事" not in visitor
    assert "您可以查看 2 件档案" in archivist
    assert "教师人事卡片" in archivist


def test_hidden_item_is_not_found_and_looks_like_none(
    client: FlaskClient, signed_in: SignIn, put_in: PutIn
) -> None:
    """Page, file and picture of a restricted item answer exactly like those of no item at all."""
    hidden = put_in("教师人事卡片", access_level="restricted", category="RS")
    nothing = str(uuid.uuid4())
    for browser in (client, signed_in("colleague")):
        for rest in ("", "/files/1", "/images/1/thumbnail/1"):
            there, none = browser.get(f"/items/{hidden}{rest}"), browser.get(f"/items/{nothing}{rest}")

            assert (there.status_code, none.status_code) == (404, 404)
            assert there.text.replace(hidden, "") == none.text.replace(nothing, "")


def test_item_page_shows_description_and_standing(client: FlaskClient, put_in: PutIn) -> None:
    """The page of an item has its picture, labelled description, files, and one sentence on its copies."""
    item_id = put_in(values={"people": ("陆明川", "苏晚晴"), "date": "约1956年"})
    page = client.get(f"/items/{item_id}").text

    assert "已保护：2 份副本都完好" in page
    assert "陆明川、苏晚晴" in page and "约1956年" in page
    assert f"/items/{item_id}/images/1/access/1" in page
    assert "合影.jpg" in page and "SHA-256" in page
    assert "修改记录" not in page and "副本</h2>" not in page


def test_archivist_sees_copies_history_and_edits(signed_in: SignIn, put_in: PutIn) -> None:
    """Who describes sees the copies by store, the revisions and what happened to the item."""
    page = signed_in("archivist").get(f"/items/{put_in()}").text

    assert "副本</h2>" in page and "main" in page and "second" in page
    assert "修改记录" in page and "入库" in page
    assert "修改著录" in page


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"state": "damaged"}, "有 1 份副本有问题（损坏）。"),
        ({"state": "unreadable"}, "有 1 份副本有问题（读不出）。"),
        ({"state": "unknown"}, "1 份副本完好，还差 1 份"),
        ({"state": "damaged", "lost": ["data/x"]}, "已经找不到完好的副本"),
    ],
)
def test_item_page_tells_what_is_wrong_with_a_copy(
    archive: Archive, client: FlaskClient, put_in: PutIn, change: dict[str, object], said: str
) -> None:
    """The sentence follows the state of the copies."""
    item_id = put_in()
    with archive.tools.database.writing.begin() as session:
        copy = session.query(Copy).filter_by(store_id="second").one()
        for name, value in change.items():
            setattr(copy, name, value)

    assert said in client.get(f"/items/{item_id}").text


def test_item_of_many_pages_is_turned_over(client: FlaskClient, put_in: PutIn) -> None:
    """An item of three scans shows one at a time, with where one is and the ways on."""
    item_id = put_in("会议记录", files=tuple((f"第{n}页.jpg", picture(str(n))) for n in (1, 2, 3)))
    second, beyond = client.get(f"/items/{item_id}?page=2").text, client.get(f"/items/{item_id}?page=99").text

    assert "第 2 / 3 页" in second and f"/items/{item_id}/images/2/access/1" in second
    assert 'rel="prev" href="?page=1#picture"' in second and 'rel="next" href="?page=3#picture"' in second
    assert "第 3 / 3 页" in beyond and 'rel="next"' not in beyond


def test_twins_are_linked_only_where_both_may_be_seen(
    client: FlaskClient, signed_in: SignIn, put_in: PutIn
) -> None:
    """Two items with the same bytes name each other, but never a hidden one."""
    same = (("a.jpg", picture("same")),)
    shown, hidden = put_in("公开的那件", files=same), put_in("内部的那件", files=same, access_level="restricted")

    assert "同一文件也在" not in client.get(f"/items/{shown}").text
    assert "内部的那件" in signed_in("archivist").get(f"/items/{shown}").text
    assert client.get(f"/items/{hidden}").status_code == 404


def test_draft_is_seen_by_its_depositor_only(client: FlaskClient, signed_in: SignIn, put_in: PutIn) -> None:
    """A draft has a page for who handed it in and for archivists; for others it does not exist."""
    item_id = put_in("还没交的", state="draft")

    own = signed_in("staff").get(f"/items/{item_id}").text

    assert "草稿：还没有提交" in own and "修改著录" in own
    assert signed_in("archivist").get(f"/items/{item_id}").status_code == 200
    assert signed_in("colleague").get(f"/items/{item_id}").status_code == 404
    assert client.get(f"/items/{item_id}").status_code == 404


def test_submitted_item_leads_the_archivist_to_review(signed_in: SignIn, put_in: PutIn) -> None:
    """What waits for a decision has a way to it; its depositor can no longer edit."""
    item_id = put_in("等着审核的", state="submitted")
    archivist, depositor = signed_in("archivist"), signed_in("staff")

    assert f"/desk/items/{item_id}/review" in archivist.get(f"/items/{item_id}").text
    assert "修改著录" not in depositor.get(f"/items/{item_id}").text


def test_browse_counts_agree_with_what_is_listed(client: FlaskClient, put_in: PutIn) -> None:
    """Each facet link shows as many items as its count says, decades and undated ones too."""
    put_in("五十年代的", values={"date": "1956"})
    put_in("跨年代的", values={"date": "1959-1961"})
    put_in("无日期的", values={"date": "年代不详"}, category="XSH")
    fifties = client.get("/browse?decade=1950").text
    undated = client.get("/browse", query_string=MultiDict({"decade": "undated", "category": "XSH"})).text

    assert "共 2 条" in fifties and "跨年代的" in fifties and "无日期的" not in fifties
    assert "共 1 条" in undated and "无日期的" in undated
    assert "这里还没有您可以查看的档案" in client.get("/browse?decade=nonsense").text


def test_search_finds_words_in_mid_sentence_and_marks_them(client: FlaskClient, put_in: PutIn) -> None:
    """Two characters from the middle of a title find it; the found words are marked, the rest is escaped."""
    put_in("云溪中学<春季>田径运动会合影")
    put_in("图书馆外景")
    page = client.get("/search?q=运动").text

    assert "<mark>运动</mark>" in page and "&lt;春季&gt;" in page
    assert "共 1 条" in page and "图书馆外景" not in page


def test_search_total_and_facets_leak_nothing(client: FlaskClient, signed_in: SignIn, put_in: PutIn) -> None:
    """What a visitor may not see is not in hits, total or facets."""
    put_in("运动会合影")
    put_in("运动会受伤学生名单", access_level="restricted", category="XS")
    visitor, archivist = client.get("/search?q=运动会").text, signed_in("archivist").get("/search?q=运动会").text

    assert "共 1 条" in visitor and "名单" not in visitor and "category=XS\"" not in visitor
    assert "共 2 条" in archivist and "名单" in archivist


def test_search_narrows_by_facets_and_offers_to_take_them_away(client: FlaskClient, put_in: PutIn) -> None:
    """Chosen facets stand as chips whose links keep the rest of the question."""
    put_in("运动会合影")
    page = client.get("/search?q=运动会&category=SX&decade=1950&sort=date").text

    assert 'href="/search?q=%E8%BF%90%E5%8A%A8%E4%BC%9A&amp;decade=1950&amp;sort=date"' in page
    assert "类别：声像" in page and "共 1 条" in page


def test_search_without_result_gives_advice(client: FlaskClient) -> None:
    """Nothing found is told with what to try."""
    page = client.get("/search?q=不存在的词")

    assert page.status_code == 200
    assert "没有找到" in page.text and "换个说法" in page.text


def test_refused_query_is_told_and_kept(client: FlaskClient) -> None:
    """A query over the limit answers 422 with the reason, and what was typed stays in the box."""
    answer = client.get("/search", query_string={"q": "长" * 300})

    assert answer.status_code == 422
    assert "最多 200 个字" in answer.text and "长" * 300 in answer.text


def test_lost_index_is_told_honestly_and_rebuilt(
    archive: Archive, client: FlaskClient, put_in: PutIn
) -> None:
    """Without an index the search answers 503, asks for a rebuild, and works again after it."""
    put_in("运动会合影")
    for path in archive.tools.settings.data.joinpath("index").rglob("*"):
        if path.is_file():
            path.unlink()
    lost = client.get("/search?q=运动会")
    archive.work()
    found = client.get("/search?q=运动会")

    assert lost.status_code == 503 and "正在重建" in lost.text
    assert found.status_code == 200 and "共 1 条" in found.text


def test_hit_that_is_hidden_meanwhile_is_dropped_and_said(
    archive: Archive, client: FlaskClient, put_in: PutIn
) -> None:
    """An item that was closed a moment ago is not shown, and the total is honest."""
    item_id = put_in("运动会合影")
    with archive.tools.database.writing.begin() as session:
        session.get_one(Item, item_id).access_level = "restricted"
    page = client.get("/search?q=运动会").text

    assert "运动会合影" not in page.replace('value="运动会', "")
    assert "有 1 件刚刚改了开放程度" in page


def test_edit_shows_in_search_after_the_worker(archive: Archive, client: FlaskClient, put_in: PutIn) -> None:
    """A new title is found once the worker has indexed it, and the old one is not."""
    item_id = put_in("运动会合影")
    settle(archive, item_id, Edit({"title": "毕业典礼"}, {}), "draft")
    archive.work()

    assert "共 1 条" in client.get("/search?q=毕业典礼").text
    assert "没有找到" in client.get("/search?q=运动会").text
