"""The pages of a stocktake and of a run's canaries: what was found, in words."""

import shutil
from collections.abc import Callable
from pathlib import Path

from flask.testing import FlaskClient

from repository.models.item import Item
from repository.models.package import Copy, Package
from repository.workflow import care
from tests.repository.web.conftest import Archive, put_into

SignIn = Callable[[str], FlaskClient]


def _root(archive: Archive) -> Path:
    return archive.settings.store_specs[0].root


def _take_stock(archive: Archive, browser: FlaskClient) -> str:
    """Press the button, do the work, and return the page of the newest report on the first store."""
    browser.post("/care/stock")
    archive.work()
    page = browser.get("/care/stock").text
    name = archive.settings.store_specs[0].id
    numbers = {int(part.split('"')[0]) for part in page.split("/care/stock/")[1:]}
    for one in sorted(numbers, reverse=True):
        told = browser.get(f"/care/stock/{one}").text
        if f"清点存储 {name}" in told:
            return told
    raise AssertionError("no report on the first store")


def test_a_store_in_order_is_told_in_one_sentence(archive: Archive, signed_in: SignIn) -> None:
    """Everything where the catalogue says: one sentence, no table of findings."""
    put_into(archive)
    browser = signed_in("archivist")

    assert "还没有清点过" in browser.get("/care/stock").text
    page = _take_stock(archive, browser)
    assert "目录里的 1 份副本都在原处，没有多出来的东西。" in page
    assert "没有发现问题" in page


def test_a_moved_package_and_a_foreign_folder_are_told_by_kind(archive: Archive, signed_in: SignIn) -> None:
    """The page says what stands where, and leads to the copy that lacks."""
    put_into(archive)
    with archive.tools.database.reading() as session:
        prefix = session.query(Package).one().prefix
        copy_id = session.query(Copy).filter_by(store_id=archive.settings.store_specs[0].id).one().id
    (_root(archive) / prefix).rename(_root(archive) / "moved")
    (_root(archive) / "照片").mkdir()
    (_root(archive) / "照片" / "a.jpg").write_bytes(b"x")
    page = _take_stock(archive, signed_in("archivist"))

    assert "被移到了这里" in page and "不是本系统放的东西" in page
    assert f"/care/copies/{copy_id}" in page
    assert "缺失 1" in page and "另有 2 处要看一看" in page


def test_b17_an_unknown_package_is_registered_by_one_button(archive: Archive, signed_in: SignIn) -> None:
    """A package that only the store knows is offered, and stands in the catalogue afterwards."""
    item_id = put_into(archive)
    with archive.tools.database.writing.begin() as session:
        for copy in session.query(Copy):
            session.delete(copy)
        session.flush()
        session.delete(session.query(Package).one())
        session.query(Item).filter_by(id=item_id).one().version = 0
    browser = signed_in("archivist")
    page = _take_stock(archive, browser)
    action = page.split('/adopt"')[0].rsplit('"', 1)[1] + "/adopt"
    browser.post(action)
    archive.work()

    assert "登记这些归档信息包" in page
    with archive.tools.database.reading() as session:
        assert session.query(Package).one().item_id == item_id


def test_an_invalid_run_is_red_everywhere(archive: Archive, signed_in: SignIn) -> None:
    """The dashboard's light, the list of runs and the run's page say that the checker failed."""
    put_into(archive)
    for _ in range(2):
        shutil.rmtree(_root(archive) / "canaries" / "0001" / "flipped", ignore_errors=True)
        with archive.tools.database.writing.begin() as session:
            run_id = care.start(session, archive.tools, archive.tools.software, scope="all").id
        archive.work()
    browser = signed_in("archivist")
    page = browser.get(f"/care/runs/{run_id}").text

    assert "这次核验无效" in page and "改了一个字节的样本" in page
    assert "最近一次核验没有通过自检，结论无效" in browser.get("/care").text
    assert "核验无效" in browser.get("/care/runs").text
