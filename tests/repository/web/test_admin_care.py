"""The care pages: the light, figures that add up, damage told and mended."""

import re
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from flask.testing import FlaskClient

from repository.models.job import FixityRun, Job
from repository.models.package import Copy, Package
from repository.workflow import care, leases
from tests.repository.web.conftest import Archive, put_into

SignIn = Callable[[str], FlaskClient]
NOBODY = "00000000-0000-4000-8000-000000000000"


def copy_of(archive: Archive, item_id: str, store: str) -> Copy:
    """Return the copy of an item in a store."""
    with archive.tools.database.reading() as session:
        package = session.query(Package).filter_by(item_id=item_id).one()
        return session.query(Copy).filter_by(package_id=package.id, store_id=store).one()


def bag(archive: Archive, item_id: str, store: str) -> Path:
    """Return the folder of an item's bag in a store."""
    with archive.tools.database.reading() as session:
        prefix = session.query(Package).filter_by(item_id=item_id).one().prefix
    return next(spec.root for spec in archive.settings.store_specs if spec.id == store) / prefix


def damage(path: Path) -> None:
    """Change one byte of a stored file."""
    path.chmod(0o644)
    content = path.read_bytes()
    path.write_bytes(content[:-1] + bytes([content[-1] ^ 1]))


def check_all(archive: Archive) -> int:
    """Let the worker read every copy; return the run's id."""
    with archive.tools.database.writing.begin() as session:
        run_id = care.start(session, archive.tools, archive.tools.software, scope="all").id
    archive.work()
    return run_id


def numbers(page: str) -> dict[str, int]:
    """Return the figures of a page by label."""
    found = re.findall(r"<dt>([^<]+).*?</dt>\s*<dd>([\d,]+)</dd>", page, re.DOTALL)
    return {label.strip(): int(number.replace(",", "")) for label, number in found}


def test_a_sound_archive_is_green(archive: Archive, signed_in: SignIn) -> None:
    """After a check of everything the page says so in one sentence, and its figures add up."""
    put_into(archive)
    check_all(archive)
    page = signed_in("archivist").get("/care").text
    found = numbers(page)

    assert "jg-light jg-green" in page
    assert re.search(r"全部 [\d,]+ 个文件完好，都在 24 小时内核验过。", page)
    assert found.pop("应有副本") == sum(found.values()) == found["完好"] == 2


def test_an_empty_archive_has_its_page(signed_in: SignIn) -> None:
    """Nothing kept yet is no error."""
    page = signed_in("admin").get("/care")

    assert page.status_code == 200
    assert "还没有入库的档案。" in page.text
    assert "还没有做过核验" in page.text


def test_damage_is_told_in_plain_words_and_mended(archive: Archive, signed_in: SignIn) -> None:
    """The page names the file, the good copy and what to do; after the repair it is green again."""
    item_id = put_into(archive, "运动会百米决赛")
    damage(bag(archive, item_id, "main") / "data/objects/0001.jpg")
    check_all(archive)
    browser = signed_in("archivist")
    before = browser.get("/care").text
    copy_id = copy_of(archive, item_id, "main").id
    asked = browser.post(f"/care/copies/{copy_id}/repair", data={"confirmed": "1"})
    waiting = browser.get("/care").text
    archive.work()
    after = browser.get("/care").text

    assert "jg-light jg-red" in before and "有 1 份副本损坏或缺失" in before
    assert "运动会百米决赛" in before and "data/objects/0001.jpg" in before and "怎么办" in before
    assert asked.status_code == 302 and "修复已排队" in waiting
    assert "jg-light jg-green" in after and "需要处理的副本" not in after


def test_repair_asks_once_more_without_scripts(archive: Archive, signed_in: SignIn) -> None:
    """Without "confirmed" a page asks, naming the thing, and nothing is put in line."""
    item_id = put_into(archive, "老校门")
    browser = signed_in("archivist")
    one = browser.post(f"/care/copies/{copy_of(archive, item_id, 'main').id}/repair")
    everything = browser.post("/care/repairs")
    with archive.tools.database.reading() as session:
        asked = session.query(Job).filter_by(verb="repair").count()

    assert "老校门 · main" in one.text and 'name="confirmed"' in one.text
    assert "修复全部有问题的副本？" in everything.text
    assert asked == 0


def test_all_troubled_copies_are_asked_for_at_once(archive: Archive, signed_in: SignIn) -> None:
    """One button mends what can be mended."""
    ids = [put_into(archive, title) for title in ("第一件", "第二件")]
    damage(bag(archive, ids[0], "main") / "bag-info.txt")
    folder = bag(archive, ids[1], "second")
    for path in (folder, *folder.rglob("*")):
        path.chmod(0o755)
    shutil.rmtree(folder)
    check_all(archive)
    browser = signed_in("admin")
    told = numbers(browser.get("/care").text)
    browser.post("/care/repairs", data={"confirmed": "1"})
    archive.work()

    assert (told["损坏"], told["缺失"], told["完好"]) == (1, 1, 2)
    assert "jg-light jg-green" in browser.get("/care").text


def test_a21_lost_is_said_loudly(archive: Archive, signed_in: SignIn) -> None:
    """Where no copy is good the page says LOST, names the file and warns against overwriting."""
    item_id = put_into(archive)
    for number, store in enumerate(("main", "second")):
        path = bag(archive, item_id, store) / "data/objects/0001.jpg"
        damage(path)
        path.write_bytes(path.read_bytes() + bytes([number]))
    check_all(archive)
    browser = signed_in("archivist")
    browser.post("/care/repairs", data={"confirmed": "1"})
    archive.work()
    page = browser.get("/care").text
    own = browser.get(f"/care/copies/{copy_of(archive, item_id, 'main').id}").text

    assert "有 2 份副本里的文件已找不到完好的来源" in page
    assert "请不要删除任何东西" in page and "请不要删除任何东西" in own
    assert "没有完好的来源：data/objects/0001.jpg" in own


def test_a_restricted_title_is_not_told_to_the_administrator(archive: Archive, signed_in: SignIn) -> None:
    """Who cares for copies learns that one is damaged, not what it is, unless he may read it."""
    item_id = put_into(archive, "学生处分材料", access_level="restricted")
    damage(bag(archive, item_id, "main") / "data/objects/0001.jpg")
    run_id = check_all(archive)
    copy_id = copy_of(archive, item_id, "main").id
    addresses = ("/care", f"/care/runs/{run_id}", f"/care/copies/{copy_id}")
    of_admin = [signed_in("admin").get(address) for address in addresses]
    of_archivist = [signed_in("archivist").get(address) for address in addresses]
    asking = signed_in("admin").post(f"/care/copies/{copy_id}/repair")

    assert {answer.status_code for answer in (*of_admin, *of_archivist)} == {200}
    assert ["学生处分材料" in answer.text for answer in (*of_admin, asking)] == [False] * 4
    assert ["学生处分材料" in answer.text for answer in of_archivist] == [True] * 3


def test_a_store_that_is_away_is_no_green(archive: Archive, signed_in: SignIn) -> None:
    """A disk that was pulled out turns the light amber and is named with what to do (B14)."""
    put_into(archive)
    check_all(archive)
    root = next(spec.root for spec in archive.settings.store_specs if spec.id == "second")
    root.rename(root.with_name("pulled-out"))
    root.mkdir()
    page = signed_in("archivist").get("/care").text

    assert "jg-light jg-amber" in page
    assert "存储 second 联系不上" in page and "请检查硬盘或网络" in page


def test_check_now_puts_a_run_in_line_and_shows_how_far_it_is(archive: Archive, signed_in: SignIn) -> None:
    """The button answers at once; the page then shows the run and that nobody works at it yet."""
    put_into(archive)
    browser = signed_in("archivist")
    asked = browser.post("/care/runs", data={"scope": "all"}, follow_redirects=True)
    part = browser.get("/care/progress", headers={"HX-Request": "true"})
    archive.work()
    ended = browser.get("/care/progress", headers={"HX-Request": "true"})

    assert "核验已排队，共 2 份副本" in asked.text
    assert 'http-equiv="refresh"' in asked.text and 'hx-trigger="every' in asked.text
    assert "核验到期的</button>" not in asked.text  # one run at a time
    assert "已核验 0 / 2 份副本" in part.text and "后台程序没有运行" in part.text
    assert "<html" not in part.text
    assert (ended.status_code, ended.headers["HX-Refresh"]) == (200, "true")
    assert "HX-Refresh" not in browser.get("/care/progress").headers


def test_a_run_that_is_worked_at_does_not_complain(archive: Archive, signed_in: SignIn) -> None:
    """While a worker holds the lease the page does not say that none runs."""
    put_into(archive)
    with archive.tools.database.writing.begin() as session:
        leases.take(session, leases.WORKER, archive.tools.clock())
        care.start(session, archive.tools, archive.tools.software, scope="all")

    assert "后台程序没有运行" not in signed_in("archivist").get("/care").text


def test_nothing_due_leaves_no_empty_run(archive: Archive, signed_in: SignIn) -> None:
    """Asked to check what is due when nothing is, the page says so and no run is written."""
    put_into(archive)
    check_all(archive)
    answer = signed_in("archivist").post("/care/runs", data={"scope": "due"}, follow_redirects=True)
    with archive.tools.database.reading() as session:
        runs = session.query(FixityRun).count()

    assert "没有到期的副本" in answer.text
    assert runs == 1


def test_a_run_has_its_page_with_figures_that_add_up(archive: Archive, signed_in: SignIn) -> None:
    """expected = good + bad + unreadable + not checked, and each trouble is listed."""
    item_id = put_into(archive, "校庆合影")
    damage(bag(archive, item_id, "second") / "data/objects/0001.jpg")
    run_id = check_all(archive)
    browser = signed_in("archivist")
    page = browser.get(f"/care/runs/{run_id}").text
    found = numbers(page)

    assert found.pop("应核验") == sum(found.values()) == 2
    assert found["损坏或缺失"] == 1
    assert "校庆合影" in page and "data/objects/0001.jpg" in page
    assert f"/care/runs/{run_id}" in browser.get("/care/runs").text


@pytest.mark.parametrize("address", ["/care/runs/999", f"/care/copies/{NOBODY}"])
def test_what_is_not_there_is_404(signed_in: SignIn, address: str) -> None:
    """A run or copy that does not exist is not found."""
    assert signed_in("archivist").get(address).status_code == 404


def test_the_list_of_runs_has_pages(archive: Archive, signed_in: SignIn) -> None:
    """A year of daily runs is shown page by page."""
    with archive.tools.database.writing.begin() as session:
        now = archive.tools.clock()
        session.add_all(
            FixityRun(scope="due", asked_by="定时", started_at=now, finished_at=now) for _ in range(45)
        )
    browser = signed_in("archivist")

    assert browser.get("/care/runs").text.count('<tr><th scope="row"') == 20
    assert browser.get("/care/runs?page=3").text.count('<tr><th scope="row"') == 5
    assert browser.get("/care/runs?page=-1&size=7").status_code == 200


def test_a_repair_during_a_run_counts_in_the_run(archive: Archive, signed_in: SignIn) -> None:
    """Asked for repair and for a check at once, every copy gets one verdict: the one after the repair."""
    ids = [put_into(archive, title) for title in ("第一件", "第二件", "第三件")]
    damage(bag(archive, ids[0], "main") / "data/objects/0001.jpg")
    check_all(archive)
    browser = signed_in("archivist")
    browser.post("/care/repairs", data={"confirmed": "1"})
    browser.post("/care/runs", data={"scope": "all"})
    archive.work()
    with archive.tools.database.reading() as session:
        run = session.query(FixityRun).order_by(FixityRun.id.desc()).first()

    assert run is not None and run.finished_at is not None
    assert (run.expected, run.checked, run.failed, run.unreadable, run.not_checked) == (6, 6, 0, 0, 0)
    assert copy_of(archive, ids[0], "main").state == "ok"
