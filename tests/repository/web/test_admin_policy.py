"""The page of the rules: what holds, where it comes from, who may change it."""

from collections.abc import Callable

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select

from repository.models.collection import Collection
from repository.models.event import Event
from repository.models.keeping import StoreCard
from repository.workflow import locating
from tests.repository.web.conftest import Archive

SignIn = Callable[[str], FlaskClient]
STORE = "/care/policy/stores/second"


def _unit(archive: Archive, code: str) -> Collection:
    with archive.tools.database.reading() as session:
        return session.scalars(select(Collection).where(Collection.code == code)).one()


def test_an_archivist_sees_the_rules_and_changes_none(archive: Archive, signed_in: SignIn) -> None:
    """The tables are there, the links to the forms are not, and the forms are shut."""
    browser = signed_in("archivist")
    page = browser.get("/care/policy").text

    assert "保存策略" in page and "沿用上级" in page and "second" in page
    assert "/care/policy/stores/" not in page
    assert browser.get(STORE).status_code == 403


def test_an_administrator_changes_how_a_store_is_looked_after(archive: Archive, signed_in: SignIn) -> None:
    """The wish is kept, told in the log, and shown on the page."""
    browser = signed_in("admin")
    told = {"kind": "replica", "place": "老校区档案室", "interval_days": "60", "nightly_gb": ""}
    answer = browser.post(STORE, data=told, follow_redirects=True)

    assert answer.status_code == 200 and "老校区档案室" in answer.text and "已保存" in answer.text
    with archive.tools.database.reading() as session:
        card = session.get_one(StoreCard, "second")
        assert (card.kind, card.place, card.interval_days) == ("replica", "老校区档案室", 60)
        assert card.nightly_gb is None
        event = session.scalars(select(Event).where(Event.type == "policy assignment")).one()
        assert (event.object_kind, event.object_id, event.facts["place"]) == ("store", "second", "老校区档案室")
    assert 'value="60"' in browser.get(STORE).text


@pytest.mark.parametrize(
    ("name", "value"),
    [("interval_days", "0"), ("interval_days", "三十"), ("nightly_gb", "-5"), ("place", "长" * 121)],
)
def test_what_makes_no_sense_is_refused_and_stays_in_the_form(
    archive: Archive, signed_in: SignIn, name: str, value: str
) -> None:
    """The sentence stands at the field; nothing is kept."""
    answer = signed_in("admin").post(STORE, data={"kind": "local", name: value})

    assert answer.status_code == 422 and value in answer.text and f"#f-{name}" in answer.text
    with archive.tools.database.reading() as session:
        assert session.get(StoreCard, "second") is None


def test_an_administrator_changes_what_a_unit_needs(archive: Archive, signed_in: SignIn) -> None:
    """Those below inherit it; asking for more than there is, is said at once."""
    browser, unit = signed_in("admin"), _unit(archive, "XSH")
    told = {"copies": "5", "places": ""}
    answer = browser.post(f"/care/policy/units/{unit.id}", data=told, follow_redirects=True)

    assert "要求 5 份副本，但只有 2 个存储和离线介质" in answer.text
    assert (_unit(archive, "XSH").copies, _unit(archive, "XSH").places) == (5, None)
    assert browser.post(f"/care/policy/units/{unit.id}", data={"copies": "99"}).status_code == 422
    assert _unit(archive, "XSH").copies == 5


def test_what_is_not_there_is_not_found(archive: Archive, signed_in: SignIn) -> None:
    """An unknown store or unit is a 404."""
    browser = signed_in("admin")

    assert browser.get("/care/policy/stores/nowhere").status_code == 404
    assert browser.get("/care/policy/units/00000000-0000-4000-8000-000000000000").status_code == 404


def test_two_stores_on_one_disk_are_told_on_both_pages(archive: Archive, signed_in: SignIn) -> None:
    """They look like two places and are one."""
    locating.refresh(archive.tools)
    browser = signed_in("archivist")

    assert "在同一块硬盘上" in browser.get("/care/policy").text
    assert "在同一块硬盘上" in browser.get("/care").text
