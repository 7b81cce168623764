"""系统体检, the banner over the desk, and /healthz."""

import re
import threading
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select

from repository.app import create_app
from repository.models.job import Job
from repository.models.package import Copy
from repository.web import alarm_words
from repository.web.admin import checkup
from repository.web.notice_words import Speaker
from repository.web.public import alive
from repository.workflow import alarms, facts, heartbeats, leases, watching
from repository.workflow.notices import AMBER, RED, Alarm, Digest
from repository.workflow.probing import Prober
from repository.workflow.tools import Tools, Work
from storage.errors import StoreUnavailable
from storage.memory import MemoryStore
from tests.repository.web.conftest import Archive, put_into

SignIn = Callable[[str], FlaskClient]


def live(archive: Archive) -> None:
    """Leave the signs of life of a worker with its clock, and let it look."""
    tools = archive.tools
    with tools.database.writing.begin() as session:
        leases.take(session, leases.WORKER, tools.clock())
        facts.put(session, facts.CLOCK_ALIVE, tools.clock().isoformat())
        for name in heartbeats.DUTIES:
            heartbeats.beat(session, name, tools.clock())
    watching.watch(Work(tools, {}))


def damage(archive: Archive) -> None:
    """Let one copy be known as damaged."""
    put_into(archive)
    with archive.tools.database.writing.begin() as session:
        session.scalars(select(Copy)).first().state = "damaged"  # type: ignore[union-attr]


def line(page: str, label: str) -> str:
    """Return the verdict of one line of the check-up."""
    found = re.search(rf'<th scope="row" class="text-nowrap">{label}</th><td><span[^>]*>(.*?)</span>', page)
    return found[1] if found else ""


def test_what_nobody_looked_at_is_never_green(archive: Archive, signed_in: SignIn) -> None:
    """A fresh archive whose worker never came: those lines say 未检查."""
    page = signed_in("archivist").get("/health-check").text

    assert {line(page, label) for label in ("副本", "核验程序", "复制", "备份", "恢复演练", "通知")} == {"未检查"}
    assert line(page, "后台程序") == "有问题"


def test_what_the_worker_saw_is_shown_with_its_time(archive: Archive, signed_in: SignIn) -> None:
    """After a look the lines are green or say what is wrong; an old look counts as none."""
    archive.clock.freeze()
    damage(archive)
    live(archive)
    browser = signed_in("archivist")
    page = browser.get("/health-check").text
    archive.clock.forward(minutes=25)
    soon = browser.get("/health-check").text
    archive.clock.forward(minutes=4)
    with archive.tools.database.writing.begin() as session:
        facts.put(session, facts.ALARMS, facts.get(session, facts.ALARMS).replace("copies_bad", "jobs_stuck"))
    archive.clock.forward(minutes=2)
    browser = signed_in("archivist")

    assert (line(page, "副本"), line(page, "复制"), line(page, "备份")) == ("有问题", "正常", "正常")
    assert "有 1 份副本损坏或缺失。" in page and "怎么办：" in page
    assert line(soon, "复制") == "正常"
    assert line(browser.get("/health-check").text, "复制") == "未检查"


def test_the_parts_of_the_data_are_shown_with_their_sizes(archive: Archive, signed_in: SignIn) -> None:
    """F05: staging, previews, index, scratch, quarantines, measured by the worker."""
    put_into(archive)
    live(archive)
    page = signed_in("admin").get("/health-check").text

    assert all(word in page for word in ("暂存区", "缩略图和预览", "临时文件", "存储 main 的隔离区"))


def test_looking_again_is_a_job(archive: Archive, signed_in: SignIn) -> None:
    """The button leaves the worker one job, however often it is pressed."""
    browser = signed_in("archivist")
    for _ in range(2):
        assert browser.post("/health-check/look").status_code == 302
    with archive.tools.database.reading() as session:
        waiting = session.scalars(select(Job).where(Job.verb == "watch", Job.state == "queued")).all()

    assert len(waiting) == 1
    assert signed_in("staff").post("/health-check/look").status_code == 403


def test_a_trial_notice_is_a_job_of_the_administrator(archive: Archive, signed_in: SignIn) -> None:
    """It is put in line like any other notice."""
    signed_in("admin").post("/health-check/notice")
    with archive.tools.database.reading() as session:
        [job] = session.scalars(select(Job).where(Job.verb == "notify")).all()

    assert "试发通知" in job.args["subject"]
    assert signed_in("archivist").post("/health-check/notice").status_code == 403


@pytest.mark.parametrize(("who", "sees"), [("archivist", True), ("admin", True), ("staff", False)])
def test_a_red_alarm_stands_over_every_desk_page(
    archive: Archive, signed_in: SignIn, who: str, sees: bool
) -> None:
    """Whoever may see the care pages sees it on all of them, nobody else."""
    damage(archive)
    live(archive)
    browser = signed_in(who)

    assert ("有 1 份副本损坏或缺失。" in browser.get("/desk").text) is sees
    assert "看系统体检" not in archive.app.test_client().get("/").text


def test_no_banner_where_all_is_well(archive: Archive, signed_in: SignIn) -> None:
    """A quiet page stays quiet."""
    live(archive)

    assert "看系统体检" not in signed_in("archivist").get("/desk").text


def test_b26_a_dead_worker_is_told_in_the_app_within_minutes(archive: Archive, signed_in: SignIn) -> None:
    """The web does not wait for the worker to say that it is dead."""
    archive.clock.freeze()
    live(archive)
    archive.clock.forward(minutes=6)

    assert "后台程序没有运行" in signed_in("archivist").get("/desk").text


def test_f07_a_notice_that_did_not_arrive_is_told_in_the_app(archive: Archive, signed_in: SignIn) -> None:
    """The banner says so although it is no red alarm."""
    live(archive)
    with archive.tools.database.writing.begin() as session:
        heartbeats.ended(session, heartbeats.MAIL, archive.tools.clock(), trouble="mail: refused")
    watching.watch(Work(archive.tools, {}))

    assert "通知没有送达" in signed_in("admin").get("/desk").text


def test_healthz_says_ok_and_nothing_else(archive: Archive, client: FlaskClient) -> None:
    """A monitor without an account learns one word."""
    live(archive)

    assert client.get("/healthz").json == {"status": "ok"}


def test_healthz_tells_codes_without_titles_or_paths(archive: Archive, client: FlaskClient) -> None:
    """An alarm is no failure: 200, the code and the number."""
    damage(archive)
    live(archive)
    answer = client.get("/healthz")

    told = {"status": "degraded", "codes": ["copies_bad"], "alarms": 1}
    assert (answer.status_code, answer.json) == (200, told)


def test_healthz_fails_when_nobody_works(archive: Archive, client: FlaskClient) -> None:
    """Late after two minutes, failed after five."""
    archive.clock.freeze()
    live(archive)
    archive.clock.forward(minutes=3)
    late = client.get("/healthz")
    archive.clock.forward(minutes=3)
    dead = client.get("/healthz")

    assert (late.status_code, late.json["codes"]) == (200, ["worker_late"])  # type: ignore[index]
    assert (dead.status_code, dead.json["codes"]) == (503, ["worker_dead"])  # type: ignore[index]


def test_healthz_fails_without_a_catalogue(archive: Archive, client: FlaskClient) -> None:
    """The answer is JSON also where the database is gone."""
    archive.tools.database.engine.dispose()
    path = archive.settings.data / "catalogue.sqlite"
    path.rename(path.with_suffix(".away"))
    path.mkdir()
    answer = client.get("/healthz")

    told = {"status": "failed", "codes": ["database"], "alarms": 0}
    assert (answer.status_code, answer.json) == (503, told)


@pytest.mark.parametrize(("away", "status"), [(("second",), 200), (("main", "second"), 503)])
def test_c09_healthz_tells_a_store_that_is_away(
    archive: Archive, client: FlaskClient, away: tuple[str, ...], status: int
) -> None:
    """One is told, all of them are a failure."""
    live(archive)
    for spec in archive.settings.store_specs:
        if spec.id in away:
            spec.root.rename(spec.root.with_name(f"{spec.id}-out"))
    answer = client.get("/healthz")

    assert answer.status_code == status
    assert answer.json["codes"] == ["store_away" if status == 200 else "no_store"]  # type: ignore[index]


class Hanging(MemoryStore):
    """A store whose disk never answers."""

    def __init__(self, id: str) -> None:
        super().__init__(id)
        self.release = threading.Event()

    def probe(self) -> None:
        """Wait until the test lets go."""
        self.release.wait(20)


def test_a_hung_store_hangs_nobody(monkeypatch: pytest.MonkeyPatch) -> None:
    """The first caller waits a moment, the next not at all; the store counts as not answering."""
    monkeypatch.setattr("repository.workflow.probing.FIRST_WAIT", 0.05)
    hung, now = Hanging("b"), [0.0]
    prober = Prober({"a": MemoryStore("a").probe, "b": hung.probe}, clock=lambda: now[0])
    first = prober.answers()
    now[0] = 61.0
    later = prober.answers()
    threads = [one for one in threading.enumerate() if one.name == "probe-b"]
    hung.release.set()

    assert (first, later["b"]) == ({"a": True, "b": False}, False)
    assert len(threads) == 1, "a hung store must not gather threads"


def test_an_answer_is_kept_for_a_minute() -> None:
    """Within it the disk is left alone; after it a store that went away is seen."""

    class Counted(MemoryStore):
        asked = 0

        def probe(self) -> None:
            """Count, and fail the second time."""
            Counted.asked += 1
            if Counted.asked > 1:
                raise StoreUnavailable()

    now = [0.0]
    prober = Prober({"a": Counted("a").probe}, clock=lambda: now[0])
    told = [prober.answers()["a"] for _ in range(3)]
    asked = Counted.asked
    now[0] = 61.0
    prober.answers()
    for thread in threading.enumerate():
        if thread.name == "probe-a":
            thread.join(5)

    assert (told, asked) == ([True, True, True], 1)
    assert prober.answers()["a"] is False


def test_a_full_disk_is_told_by_healthz(archive: Archive) -> None:
    """P14: the code says that nothing is taken in; reading goes on, so it is no failure."""
    live(archive)
    settings = replace(archive.settings, reserve_mb=1 << 40)
    app = create_app(settings, replace(archive.tools, settings=settings))
    answer = app.test_client().get("/healthz")

    assert (answer.status_code, answer.json["codes"]) == (200, ["disk_full"])  # type: ignore[index]
    assert alive.DEAD == timedelta(minutes=5)


def codes_in(tools: Tools) -> set[str]:
    """Return every code that the rules of alarms can give, read from their text."""
    with open(alarms.__file__, encoding="utf-8") as file:
        text = file.read()
    named = set(re.findall(r'Alarm\("(\w+)"', text))
    return named | {"folder_not_writable", "backups_not_writable", "store_away"}


#: Alarms that the check-up tells in a line asked while the page is drawn.
ASKED_LIVE = {
    *("worker_dead", "overdue", "duty_failed", "mail_failed", "jobs_parked", "index_wrong"),
    *("first_store_away", "store_away", "folder_not_writable", "backups_not_writable"),
    *("disk_full", "disk_low", "run_invalid", "report_failed"),
    *("certificate_bad", "certificate_ends"),
}


def test_every_alarm_has_a_line_on_the_page(archive: Archive) -> None:
    """Nothing rings that the list does not show."""
    shown = {code for codes, _ in checkup._SUBJECTS.values() for code in codes} | ASKED_LIVE

    assert codes_in(archive.tools) - shown == set()


def test_every_alarm_has_words(archive: Archive) -> None:
    """No code reaches people; each has a sentence, an advice and a page that exists."""
    with archive.app.test_request_context("/"):
        for code in codes_in(archive.tools):
            alarm = Alarm(code, RED, "x", {"count": 1, "free": 5, "wanted": 9, "bytes": 1, "percent": 2})
            assert alarm_words.sentence(alarm) and alarm_words.advice(alarm)
            assert alarm_words.endpoint(alarm) in archive.app.view_functions
    assert codes_in(archive.tools) <= alarm_words.CODES


FIGURES = dict(checked=412, failed=0, unreadable=0, not_checked=0, runs=1, invalid=0, repaired=1, lost=0,
               archived=0, copies=900, waiting=2)


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({}, "过去一天：核验 412 份副本，全部完好；修复 1 份；2 个待办。"),
        (
            {"failed": 3, "unreadable": 1, "repaired": 0, "waiting": 0},
            "核验 415 份副本，3 份损坏或缺失、1 份读不出；没有待办。",
        ),
        ({"runs": 0, "checked": 0, "repaired": 0}, "没有做过核验；2 个待办。"),
        ({"invalid": 1, "repaired": 0}, "有 1 轮核验无效，结果不能算数；2 个待办。"),
        ({"not_checked": 5, "repaired": 0}, "核验 412 份副本，5 份没有查到；2 个待办。"),
        ({"lost": 2, "archived": 30}, "全部完好；修复 1 份；2 份找不到完好的来源；新入库 30 件；2 个待办。"),
    ],
)
def test_p17_the_digest_is_one_honest_sentence(archive: Archive, change: dict[str, int], told: str) -> None:
    """What was read and found good is told as such; what was not read never passes for good."""
    now = archive.tools.clock()
    figures: dict[str, Any] = {**FIGURES, **change}
    digest = Digest(since=now - timedelta(days=1), until=now, **figures)
    said = Speaker().digest(digest)

    assert told in said.text and "\n" not in said.text


def test_a_notice_of_several_alarms_names_the_first_and_the_number() -> None:
    """The subject can be read on a phone; the text has one line for each."""
    bad, late = Alarm("copies_bad", RED, facts={"count": 3}), Alarm("overdue", RED, "backup")
    found = [bad, late, Alarm("mail_failed", AMBER)]
    said = Speaker().alarms(found)

    assert said.subject == "金匮警报：有 3 份副本损坏或缺失。等 3 件"
    assert said.text.split("\n")[1].startswith("“备份”该做而没有做。")
