"""B13: the disk turns read-only under a running archive; reading goes on, writing is refused in words."""

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from repository.workflow import worker
from repository.workflow.tools import Work
from repository.workflow.watching import watch
from tests.repository.web.conftest import PASSWORD, Archive, close, open_archive, put_into
from tests.servers.failing_disk import CannotMount, Disk, mounted

DRAFT = "/desk/upload/0b51c1a0-7a53-4c6c-9d1d-0f4f5c1f6a11/file"


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Disk]:
    """A disk that can be told to fail; skips with the reason where that is not allowed."""
    if sys.platform != "linux":
        pytest.skip("only Linux can fail a disk for a test")
    try:
        with mounted(tmp_path) as found:
            yield found
    except (CannotMount, OSError) as reason:
        pytest.skip(f"cannot fail a disk here: {reason}")


@pytest.fixture
def failing(disk: Disk) -> Iterator[Archive]:
    """An archive with one item whose data folder lies wholly on that disk."""
    opened = open_archive(disk.place / "data")
    put_into(opened)
    yield opened
    close(opened)


def test_b13_a_disk_gone_read_only_is_read_and_refuses_writes_with_503(failing: Archive, disk: Disk) -> None:
    """Pages are served; an upload and a form get 503 and a sentence; monitors and people are told."""
    browser = failing.app.test_client()
    browser.post("/login", data={"username": "archivist", "password": PASSWORD})
    disk.fail()
    addresses = ("/", "/browse", "/search?q=校运会", "/care")
    pages = {address: browser.get(address).status_code for address in addresses}
    upload = browser.post(DRAFT, data=b"x" * 1000, headers={"X-File-Name": "a.txt"})
    form = browser.post("/care/runs", data={"scope": "all"})
    told = upload.json or {}
    monitor = failing.app.test_client().get("/healthz")
    page = browser.get("/desk").text

    assert set(pages.values()) == {200}
    assert (upload.status_code, "不能写入" in told["error"]) == (503, True)
    assert (form.status_code, "不能写入" in form.text and "可以照常查阅" in form.text) == (503, True)
    assert (monitor.status_code, "read_only" in monitor.json["codes"]) == (503, True)  # type: ignore[index]
    assert "数据文件夹不能写入" in page


def test_b13_a_store_gone_read_only_keeps_what_is_accepted_waiting(tmp_path: Path, disk: Disk) -> None:
    """The first store refuses writes: the item waits in staging, an alarm says why, reading goes on."""
    opened = open_archive(tmp_path / "data", stores=f"main={disk.place}/main,second={tmp_path}/second")
    item_id = put_into(opened)
    disk.fail()
    late = put_into(opened, "第二件", state="submitted")
    browser = opened.app.test_client()
    browser.post("/login", data={"username": "archivist", "password": PASSWORD})
    decision = {"category": "SX", "retention": "Y", "access_level": "public"}
    browser.post(f"/desk/items/{late}/accept", data=decision)
    worker.drain(opened.tools)
    watch(Work(opened.tools, {}))
    page = browser.get("/desk").text
    held = [staged.name.original for staged in opened.tools.staging.all()]
    close(opened)

    assert opened.app.test_client().get(f"/items/{item_id}").status_code == 200
    assert held == ["合影.jpg"]
    assert "主存储 main 现在不能写入" in page
