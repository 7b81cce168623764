"""Exports on pages: chosen, made by the worker, fetched by who asked, for a day."""

import io
import re
import zipfile
from collections.abc import Callable

import pytest
from flask.testing import FlaskClient

from repository.models.item import Item
from repository.workflow import rounds
from tests.repository.web.conftest import Archive

SignIn = Callable[[str], FlaskClient]
PutIn = Callable[..., str]


def asked(browser: FlaskClient, **fields: object) -> str:
    """Return the address of the page of a new export."""
    answer = browser.post("/desk/exports", data=fields)
    assert answer.status_code == 302, answer.text
    return answer.headers["Location"]


def names(content: bytes) -> list[str]:
    """Return the names in a zip."""
    return zipfile.ZipFile(io.BytesIO(content)).namelist()


def test_chosen_items_come_as_a_zip_of_bags(archive: Archive, signed_in: SignIn, put_in: PutIn) -> None:
    """Tick, confirm, wait, fetch: the bag of the item stands in the zip; another person never sees it."""
    item_id, browser = put_in("校运会"), signed_in("staff")
    form = browser.get("/desk/exports/new", query_string={"chosen": item_id})
    page = asked(browser, chosen=item_id, form="zip")
    waiting = browser.get(page)
    archive.work()
    ready = browser.get(page)
    fetched = browser.get(page + "/file")

    assert "校运会" in form.text and "1 件" in form.text
    assert "等待中" in waiting.text and 'http-equiv="refresh"' in waiting.text
    assert "已完成" in ready.text and page + "/file" in ready.text
    assert any(name.endswith("/bagit.txt") for name in names(fetched.data))
    assert any(name.endswith("/清单.csv") for name in names(fetched.data))
    other = signed_in("colleague")
    assert [other.get(page + end).status_code for end in ("", "/file")] == [404, 404]
    assert "已完成" in browser.get("/desk/exports").text
    assert "已完成" not in other.get("/desk/exports").text


def test_e11_what_one_may_not_read_does_not_go_out(
    archive: Archive, signed_in: SignIn, put_in: PutIn
) -> None:
    """A bulk export by ids holds only what its asker may read; for what he may not there is no answer."""
    open_id, secret = put_in("公开的"), put_in("机密代号海棠", access_level="restricted")
    browser = signed_in("staff")
    page = asked(browser, chosen=[open_id, secret], form="tar", content="names")
    archive.work()
    told = browser.get(page).text
    fetched = browser.get(page + "/file").data

    assert "1 件已导出" in told and "海棠" not in told
    assert "海棠".encode() not in fetched and secret.encode() not in fetched
    assert browser.post("/desk/exports", data={"chosen": secret}).status_code == 422
    assert "海棠" not in browser.get("/desk/exports/new", query_string={"chosen": secret}).text


def test_p11_a_right_taken_away_stops_the_fetching(
    archive: Archive, signed_in: SignIn, put_in: PutIn
) -> None:
    """An export that was made while an item was open is not handed out once it is closed."""
    item_id, browser = put_in("后来不开放"), signed_in("staff")
    page = asked(browser, chosen=item_id)
    archive.work()
    before = browser.get(page + "/file").status_code
    with archive.tools.database.writing.begin() as session:
        session.get_one(Item, item_id).access_level = "restricted"

    assert (before, browser.get(page + "/file").status_code) == (200, 404)


def test_an_export_is_there_for_a_day(archive: Archive, signed_in: SignIn, put_in: PutIn) -> None:
    """After 24 hours the page says so, the file is not handed out, and the round removes it."""
    browser = signed_in("staff")
    page = asked(browser, chosen=put_in("一天"))
    archive.work()
    archive.clock.forward(hours=25)
    late = browser.get(page)
    rounds.ask(archive.tools, "tidy_exchange")
    archive.work()

    assert "已过期" in late.text
    assert browser.get(page + "/file").status_code == 404
    assert list((archive.tools.scratch / "exports").iterdir()) == []


@pytest.mark.parametrize(
    "fields", [{"from": "search", "q": "校"}, {"from": "catalogue", "list": "catalogue", "in_q": "校"}], ids=str
)
def test_a_search_or_a_filtered_table_goes_out_whole(
    archive: Archive, signed_in: SignIn, put_in: PutIn, fields: dict[str, str]
) -> None:
    """Everything found is chosen, without ticking each."""
    for number in range(3):
        put_in(f"校庆{number}")
    put_in("无关的照片")
    browser = signed_in("archivist")
    form = browser.get("/desk/exports/new", query_string=fields)
    page = asked(browser, **fields, content="names")
    archive.work()

    assert "3 件档案" in form.text
    assert "3 件已导出" in browser.get(page).text
    assert re.search(r"无关", browser.get(page + "/file").data.decode("utf-8", "replace")) is None
