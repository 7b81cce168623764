"""The check-up of the system, its jobs, the settings, the figures."""

import re
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest
from flask.testing import FlaskClient

from repository.app import create_app
from repository.config import TABLE
from repository.models.event import Event
from repository.models.job import Job
from repository.web.admin.system import without_password
from repository.workflow import facts, jobs, leases
from tests.repository.web.conftest import PASSWORD, Archive, put_into

SignIn = Callable[[str], FlaskClient]


def check_up(page: str) -> dict[str, tuple[str, str]]:
    """Return verdict and text of each line by its label."""
    rows = re.findall(
        r'<th scope="row" class="text-nowrap">(.*?)</th>'
        r'<td><span class="jg-badge[^"]*">(.*?)</span></td>\s*<td>(.*?)</td>',
        page,
        re.DOTALL,
    )
    return {label: (verdict, re.sub(r"<[^>]+>|\s+", " ", told)) for label, verdict, told in rows}


def test_the_check_up_says_what_is_wrong_and_what_to_do(archive: Archive, signed_in: SignIn) -> None:
    """Without worker and scanner the page says so, with the command and the setting that help."""
    put_into(archive)
    found = check_up(signed_in("admin").get("/health-check").text)

    assert found["数据文件夹"][0] == found["存储 main"][0] == found["检索索引"][0] == "正常"
    assert found["后台程序"][0] == "有问题" and "./run worker" in found["后台程序"][1]
    assert found["病毒检测"][0] == "注意" and "JINGUI_CLAMD" in found["病毒检测"][1]
    assert "收有 1 件" in found["检索索引"][1]
    assert found["服务器时钟"][0] == "正常"


def test_a_worker_at_work_is_seen(archive: Archive, signed_in: SignIn) -> None:
    """While somebody holds the lease, the line is green and names the process."""
    with archive.tools.database.writing.begin() as session:
        leases.take(session, leases.WORKER, archive.tools.clock())
    found = check_up(signed_in("admin").get("/health-check").text)

    assert found["后台程序"][0] == "正常" and "进程" in found["后台程序"][1]


def test_a_clock_that_went_back_is_seen(archive: Archive, signed_in: SignIn) -> None:
    """Events of the future mean that the clock is wrong now."""
    put_into(archive)
    admin = signed_in("admin")
    with archive.tools.database.writing.begin() as session:
        future = archive.tools.clock() + timedelta(days=400)
        session.add(Event(type="capture", at=future, outcome="passed", object_kind="school", object_id="-",
                          agent_name="-", agent_kind="software"))
    found = check_up(admin.get("/health-check").text)

    assert found["服务器时钟"][0] == "有问题" and "请校准" in found["服务器时钟"][1]
    assert found["事件日志"][0] == "进行中"  # that event is not in the stores yet


def test_a_disk_below_the_reserve_is_said(archive: Archive) -> None:
    """Below the reserve nothing is taken in: the line is red and says so (B05)."""
    settings = replace(archive.settings, reserve_mb=1 << 40)
    app = create_app(settings, replace(archive.tools, settings=settings))
    app.config["WTF_CSRF_ENABLED"] = False
    browser = app.test_client()
    browser.post("/login", data={"username": "admin", "password": PASSWORD})
    found = check_up(browser.get("/health-check").text)

    assert found["数据文件夹"][0] == "有问题" and "已停止接收" in found["数据文件夹"][1]


def test_a_store_that_is_away_is_said_on_the_status_page(archive: Archive, signed_in: SignIn) -> None:
    """The line of that store alone is red."""
    root = next(spec.root for spec in archive.settings.store_specs if spec.id == "second")
    root.rename(root.with_name("pulled-out"))
    found = check_up(signed_in("admin").get("/health-check").text)

    assert (found["存储 second"][0], found["存储 main"][0]) == ("有问题", "正常")
    assert "请检查硬盘或网络" in found["存储 second"][1]


def test_a_scanner_that_did_not_answer_is_said(archive: Archive) -> None:
    """What the page says of the scanner is what the last file met."""
    put_into(archive)
    settings = replace(archive.settings, clamd="unix:/nowhere/clamd.sock")
    app = create_app(settings, replace(archive.tools, settings=settings))
    app.config["WTF_CSRF_ENABLED"] = False
    browser = app.test_client()
    browser.post("/login", data={"username": "admin", "password": PASSWORD})
    found = check_up(browser.get("/health-check").text)

    assert found["病毒检测"][0] == "注意" and "未检测" in found["病毒检测"][1]


def test_a_parked_job_is_shown_and_tried_again(archive: Archive, signed_in: SignIn) -> None:
    """The reason stands beside it; the button puts it in line once more; a second press changes nothing."""
    with archive.tools.database.writing.begin() as session:
        job = jobs.enqueue(session, "derive", item="-")
        job.state, job.attempts, job.error = jobs.PARKED, 3, "OSError: 磁盘不见了"
        job_id = job.id
    admin = signed_in("admin")
    before = admin.get("/system/status").text
    admin.post(f"/system/jobs/{job_id}/retry")
    again = admin.post(f"/system/jobs/{job_id}/retry", follow_redirects=True)
    with archive.tools.database.reading() as session:
        row = session.get_one(Job, job_id)

    assert "OSError: 磁盘不见了" in before and "再试一次" in before and "搁置" in before
    assert (row.state, row.attempts) == (jobs.QUEUED, 0)
    assert "已经在做，或者已经做完" in again.text
    assert admin.post("/system/jobs/424242/retry").status_code == 404


def test_the_index_is_made_anew_on_demand(archive: Archive, signed_in: SignIn) -> None:
    """The button leaves the job; afterwards the page says when and why it was made."""
    put_into(archive)
    admin = signed_in("admin")
    admin.post("/system/index/rebuild")
    archive.work()
    found = check_up(admin.get("/health-check").text)
    with archive.tools.database.reading() as session:
        note = facts.get(session, facts.INDEX_NOTE)

    assert note.endswith(" asked")
    assert "原因：有人要求重建" in found["检索索引"][1]


def test_every_setting_is_listed_with_its_value(archive: Archive, signed_in: SignIn) -> None:
    """The page shows the one table of settings; what differs from the default stands out."""
    page = signed_in("admin").get("/system/settings").text

    assert [spec.variable for spec in TABLE if spec.variable not in page] == []
    assert "<strong>1</strong>" in page  # JINGUI_RESERVE_MB of this archive


@pytest.mark.parametrize(
    ("address", "shown"),
    [
        ("postgresql://jingui:s3cret@db.example/archive", "postgresql://jingui:***@db.example/archive"),
        ("sqlite:///data/catalogue.sqlite", "sqlite:///data/catalogue.sqlite"),
        ("no address at all", "***"),
    ],
)
def test_a_password_in_a_setting_is_not_shown(address: str, shown: str) -> None:
    """The database's password never reaches a page."""
    assert without_password(address) == shown


def test_figures_count_everything_and_name_no_title(archive: Archive, signed_in: SignIn) -> None:
    """By category, kind, access level, year and depositor the same total; a restricted title is not told."""
    put_into(archive, "公开的合影")
    put_into(archive, "处分材料", access_level="restricted", category="XS", kind="certificate", by="colleague")
    put_into(archive, "还是草稿", state="draft")
    page = signed_in("admin").get("/figures").text
    tables = re.findall(r"<caption>(.*?)</caption>(.*?)</table>", page, re.DOTALL)
    totals = {caption: re.findall(r"<strong>([^<]+)</strong>", body)[1:] for caption, body in tables}

    assert "处分材料" not in page and "还是草稿" not in page
    assert len(tables) == 5
    assert {totals[name][0] for name in totals if name.startswith("按")} == {"2"}
    assert totals["各类别逐年归档件数"][-1] == "2"
    assert "陆明川" in page and "韩一诺" in page


def test_figures_of_an_empty_archive(signed_in: SignIn) -> None:
    """Nothing archived yet is said, not drawn as empty tables."""
    assert "还没有已归档的档案" in signed_in("archivist").get("/figures").text


def test_pages_speak_english(signed_in: SignIn) -> None:
    """The settings' own sentences follow the language of the page."""
    admin = signed_in("admin")
    admin.post("/language", data={"lang": "en"})

    assert "Address the web server listens on" in admin.get("/system/settings").text
