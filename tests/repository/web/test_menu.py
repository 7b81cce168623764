"""The menu of the seven headings."""

from collections.abc import Callable

import pytest
from flask.testing import FlaskClient
from sqlalchemy import text

from repository.models.package import Copy
from repository.web.guards import act_of
from repository.web.menu import HEADINGS, Menu
from tests.repository.web.conftest import Archive, put_into

SignIn = Callable[[str], FlaskClient]


def shown(browser: FlaskClient) -> dict[str, list[str]]:
    """Return headings and entries as this person gets them."""
    with browser:
        browser.get("/desk")
        return {heading.label: [entry.label for entry in heading.entries] for heading in Menu()}


def test_there_are_the_seven_headings_in_their_order() -> None:
    """The headings are those that every Chinese archivist knows."""
    assert list(HEADINGS) == ["接收", "整理", "保存", "利用", "鉴定与处置", "统计", "系统管理"]


def test_every_room_exists_and_declares_its_act(archive: Archive) -> None:
    """No entry leads nowhere, also none of the pages that belong to an entry."""
    rooms = [room for rooms in HEADINGS.values() for room in rooms]
    endpoints = [name for room in rooms for name in (room.endpoint, *room.within)]

    assert [name for name in endpoints if act_of(archive.app, name) is None] == []


@pytest.mark.parametrize(
    ("username", "headings"),
    [
        ("staff", ["接收", "利用"]),
        ("archivist", ["接收", "整理", "保存", "利用", "统计", "系统管理"]),
        ("admin", ["保存", "利用", "统计", "系统管理"]),
    ],
)
def test_each_person_sees_only_rooms_that_open(signed_in: SignIn, username: str, headings: list[str]) -> None:
    """Headings without a room for this person are not shown, and each link shown can be opened."""
    browser = signed_in(username)
    found = shown(browser)
    with browser:
        browser.get("/desk")
        addresses = [entry.url for heading in Menu() for entry in heading.entries]

    assert list(found) == headings
    assert {browser.get(address).status_code for address in addresses} == {200}


def test_the_page_one_is_on_is_marked(signed_in: SignIn) -> None:
    """Exactly one entry is active, also on a page that belongs to it."""
    browser = signed_in("admin")
    with browser:
        browser.get("/system/accounts/new")
        active = [entry.label for heading in Menu() for entry in heading.entries if entry.active]

    assert active == ["账号"]


def test_counts_tell_what_waits(archive: Archive, signed_in: SignIn) -> None:
    """The inbox counts what is to be reviewed, the care page copies that are not good."""
    put_into(archive, "待审的照片", state="submitted")
    put_into(archive, "坏了的照片")
    with archive.tools.database.writing.begin() as session:
        session.query(Copy).filter_by(store_id="main").update({"state": "damaged"})
    browser = signed_in("archivist")
    with browser:
        browser.get("/desk")
        counts = {entry.label: entry.count for heading in Menu() for entry in heading.entries}

    assert (counts["收件箱"], counts["保存状况"]) == (1, 1)


def test_a_dead_catalogue_leaves_the_menu_without_counts(archive: Archive, signed_in: SignIn) -> None:
    """Where a count cannot be read the entry still stands, without a number."""
    browser = signed_in("archivist")
    with browser:
        browser.get("/desk")
        with archive.tools.database.writing.begin() as session:
            session.execute(text("ALTER TABLE copies RENAME TO copies_away"))
        counts = {entry.label: entry.count for heading in Menu() for entry in heading.entries}

    assert counts["保存状况"] == 0
