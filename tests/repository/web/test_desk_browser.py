"""Handing in with a real browser: choose, watch, describe, hand over. And without JavaScript."""

import os
import shutil
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect, sync_playwright
from werkzeug.serving import make_server

from repository.models.item import Item
from tests.repository.web.conftest import PASSWORD, Archive, picture
from tests.repository.web.desk_steps import kept

pytestmark = pytest.mark.browser
NAMES = ("chromium", "chromium-browser", "google-chrome")
QUIET = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Yield the machine's Chromium; without one skip, but fail where CI is set."""
    found = next((place for name in NAMES if (place := shutil.which(name))), None)
    if found is None:
        give_up = pytest.fail if os.environ.get("CI") else pytest.skip
        give_up(f"no browser on this machine: looked for {', '.join(NAMES)}")
    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=found, args=list(QUIET))
        yield opened
        opened.close()


@pytest.fixture
def address(archive: Archive) -> Iterator[str]:
    """Yield the address of the running app, with CSRF tokens as in real life."""
    archive.app.config["WTF_CSRF_ENABLED"] = True
    server = make_server("127.0.0.1", 0, archive.app, threaded=True)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.port}"
    server.shutdown()
    thread.join()
    server.server_close()


def sign_in(context: BrowserContext, address: str, username: str = "staff") -> Page:
    """Return a page on which this person is signed in."""
    page = context.new_page()
    page.set_default_timeout(10_000)
    page.goto(f"{address}/login")
    page.fill("[name=username]", username)
    page.fill("[name=password]", PASSWORD)
    page.click("main button[type=submit]")
    return page


@pytest.fixture
def photos(tmp_path: Path) -> list[Path]:
    """Return two photographs on disk."""
    paths = [tmp_path / name for name in ("校门 旧照.jpg", "礼堂.jpg")]
    for path in paths:
        path.write_bytes(picture(path.stem + str(len(path.stem))))
    return paths


def items(archive: Archive) -> list[Item]:
    """Return all items, oldest first."""
    with archive.tools.database.reading() as session:
        return session.query(Item).order_by(Item.created_at, Item.id).all()


def test_two_files_by_the_real_page(
    archive: Archive, browser: Browser, address: str, photos: list[Path]
) -> None:
    """Two files are chosen, received, described and handed over; the console stays clean."""
    context = browser.new_context()
    page = sign_in(context, address)
    heard: list[str] = []
    page.on("console", lambda message: heard.append(message.text) if message.type == "error" else None)
    page.goto(f"{address}/desk/upload")
    page.set_input_files("input[type=file]", photos)
    expect(page.locator("[data-state=done]")).to_have_count(2)
    page.get_by_role("button", name="下一步：填写说明").click()
    for number, title in enumerate(("旧校门", "大礼堂")):
        page.get_by_label("题名", exact=False).nth(number + 1).fill(title)
    page.locator("[name=all-date]").fill("约1956年")
    page.get_by_role("button", name="全部提交").click()
    expect(page.locator("#flash")).to_contain_text("已提交 2 件")
    context.close()

    assert sorted((item.title, item.state, item.date_edtf) for item in items(archive)) == [
        ("大礼堂", "submitted", "1956~"),
        ("旧校门", "submitted", "1956~"),
    ]
    assert heard == []


def test_the_edit_page_saves_by_itself(
    archive: Archive, browser: Browser, address: str, photos: list[Path]
) -> None:
    """A moment after typing the draft is saved, the page says when, and how the date was understood."""
    context = browser.new_context()
    page = sign_in(context, address)
    page.goto(f"{address}/desk/upload")
    page.set_input_files("input[type=file]", photos[:1])
    page.get_by_role("button", name="下一步：填写说明").click()
    page.get_by_role("link", name="填写全部说明").click()
    page.fill("[name=title]", "旧校门")
    page.fill("[name=date]", "民国三十七年")
    expect(page.locator("[data-autosave-status]")).to_contain_text("已自动保存")
    expect(page.locator("[data-echo=date]")).to_have_text("理解为：1948年")
    [saved] = items(archive)
    page.get_by_role("button", name="保存并提交").click()
    expect(page.locator("#flash")).to_contain_text("已提交“旧校门”")
    context.close()

    assert (saved.title, saved.date_edtf, saved.state) == ("旧校门", "1948", "draft")
    assert [item.state for item in items(archive)] == ["submitted"]


def test_everything_works_without_javascript(
    archive: Archive, browser: Browser, address: str, photos: list[Path]
) -> None:
    """With scripts switched off the same pages hand in, ask before deleting, and delete."""
    context = browser.new_context(java_script_enabled=False)
    page = sign_in(context, address)
    page.goto(f"{address}/desk/upload")
    page.set_input_files("input[type=file]", photos)
    page.get_by_role("button", name="开始上传").click()
    received = kept(archive)
    page.goto(f"{address}/desk/mine")
    page.get_by_role("button", name="删除").first.click()
    expect(page.locator(".jg-thing")).to_be_visible()
    page.get_by_role("button", name="删除").click()
    expect(page.locator("#flash")).to_contain_text("已删除")
    context.close()

    assert (received.items, received.staged) == (2, 2)
    assert (kept(archive).items, kept(archive).staged) == (1, 1)
