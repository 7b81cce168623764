"""What the checks say about real files that people hand in."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from preservation.checks import Outcome
from preservation.examine import judge_versions
from preservation.intake import FINDING_CODES, INTAKE_CHECKS, check, shown_name
from preservation.sandbox import Limits, Sandbox
from preservation.virus import ClamdScanner, NoScanner
from tests.preservation import samples
from tests.preservation.intake_parts import codes, judged, only


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    """Two children for all tests here."""
    with Sandbox(workers=2, limits=Limits(wall_seconds=20.0)) as opened:
        yield opened


def test_a_good_photo_passes_every_check(sandbox: Sandbox, tmp_path: Path) -> None:
    """A JPEG under its own name has no findings; all checks ran, in their order."""
    path = samples.photo(tmp_path / "content.jpg", dpi=(300, 300))
    report = judged(sandbox, samples.sip_file(path, "1956届毕业照.jpg"))

    assert report.report.outcome is Outcome.PASSED
    assert report.report.subject == "sip-1"
    assert [one.check for one in report.report.results] == [one.__name__ for one in INTAKE_CHECKS]
    (facts,) = report.files
    assert (facts.width, facts.height, facts.dpi, facts.colour_mode) == (400, 300, (300.0, 300.0), "RGB")
    assert (facts.readable, facts.pages, facts.family) == (Outcome.PASSED, 1, "image")


def test_an_empty_submission_fails(sandbox: Sandbox) -> None:
    """Nothing handed in is a failure, not a success of nothing."""
    assert codes(judged(sandbox)) == ["IN-101"]


def test_d22_an_empty_file_fails_once(sandbox: Sandbox, tmp_path: Path) -> None:
    """A file of 0 bytes is told once, not by every check again."""
    path = tmp_path / "content"
    path.touch()
    report = judged(sandbox, samples.sip_file(path, "空.jpg"))

    assert codes(report) == ["IN-102"]
    assert report.files[0].readable is Outcome.NOT_RUN


@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("a\u202egpj.exe.jpg", "IN-110"),
        ("a\nb.jpg", "IN-110"),
        ("零\u200b宽.jpg", "IN-110"),
        ("../../etc/passwd.jpg", "IN-111"),
        ("C:\\照片\\a.jpg", "IN-111"),
        ("CON.jpg", "IN-112"),
        ("a?.jpg", "IN-112"),
        ("字" * 86 + ".jpg", "IN-113"),
        (b"\xb0\xa1.jpg".decode("utf-8", "surrogateescape"), "IN-114"),
        ("Thumbs.db", "IN-115"),
        ("._照片.jpg", "IN-115"),
    ],
)
def test_d19_d20_d21_odd_names_are_warned_about(
    sandbox: Sandbox, tmp_path: Path, name: str, code: str
) -> None:
    """An odd name never stops a file: it is kept and shown escaped."""
    path = samples.photo(tmp_path / "content.jpg")
    report = judged(sandbox, replace(samples.sip_file(path), name=name))

    assert only(report, code).outcome is Outcome.WARNED
    assert only(report, code).path == name
    assert report.files[0].readable is Outcome.PASSED


def test_shown_names_hold_no_controls() -> None:
    """Direction marks, line ends and odd bytes become visible signs."""
    assert shown_name("a\u202eb\n\udcb0字") == "a\\u{202e}b\\u{000a}\\u{dcb0}字"


def test_a_program_renamed_as_a_photo_fails(sandbox: Sandbox, tmp_path: Path) -> None:
    """A renamed .exe fails twice: it is a program, and its name lies."""
    report = judged(sandbox, samples.sip_file(samples.program(tmp_path / "content"), "毕业照.jpg"))

    assert report.report.outcome is Outcome.FAILED
    assert only(report, "IN-122").outcome is Outcome.FAILED
    assert only(report, "IN-133").fact("extension") == "jpg"


def test_d01_duplicates_are_linked_and_never_refused(sandbox: Sandbox, tmp_path: Path) -> None:
    """The same bytes in the archive, or twice in one submission, are a warning with a link."""
    path = samples.photo(tmp_path / "a.jpg")
    first = samples.sip_file(path, "一.jpg")
    second = samples.sip_file(path, "二.jpg")
    report = judged(sandbox, first, second, known={first.sha256: ("item-7", "item-9")})

    held = [one for one in report.report.findings if one.code == "IN-150"]
    assert [one.path for one in held] == ["一.jpg", "二.jpg"]
    assert held[0].fact("items") == "item-7, item-9"
    assert only(report, "IN-151").fact("first") == "一.jpg"
    assert report.report.outcome is Outcome.WARNED


def test_d23_an_infected_file_fails(sandbox: Sandbox, tmp_path: Path) -> None:
    """The scanner's word stands in the report with the signature."""
    path = tmp_path / "a.txt"
    path.write_text("infected-by-agreement\n")
    report = judged(sandbox, samples.sip_file(path))

    assert only(report, "IN-160").fact("signature") == "Agreed"
    assert report.report.outcome is Outcome.FAILED


def test_without_a_scanner_nothing_is_called_clean(sandbox: Sandbox, tmp_path: Path) -> None:
    """No scanner: one finding for the whole submission, outcome not run."""
    files = [samples.sip_file(samples.photo(tmp_path / f"{n}.jpg", (90 + n, 60))) for n in range(3)]
    report = check(files, known_digests={}, scanner=NoScanner(), sandbox=sandbox)

    assert codes(report) == ["IN-161"]
    assert only(report, "IN-161").fact("reason") == "no_scanner"
    assert report.report.outcome is Outcome.NOT_RUN


def test_a_scanner_that_is_away_is_told_for_each_file(sandbox: Sandbox, tmp_path: Path) -> None:
    """A clamd that cannot be reached leaves each file not scanned, with the reason."""
    files = [samples.sip_file(samples.photo(tmp_path / f"{n}.jpg", (90 + n, 60))) for n in range(2)]
    away = ClamdScanner("unix:/nowhere/clamd.sock")
    report = check(files, known_digests={}, scanner=away, sandbox=sandbox)

    found = report.report.findings
    assert [(one.code, one.fact("reason")) for one in found] == [("IN-161", "unreachable")] * 2


def test_an_unknown_format_is_kept_with_a_warning(sandbox: Sandbox, tmp_path: Path) -> None:
    """Bytes that nobody knows are warned about, not refused."""
    path = tmp_path / "a.xyz"
    path.write_bytes(bytes(range(256)) * 20)
    report = judged(sandbox, samples.sip_file(path))

    assert only(report, "IN-120").outcome is Outcome.WARNED
    assert Outcome.FAILED not in {one.outcome for one in report.report.findings}


def test_a_judge_that_could_not_be_asked_is_told(sandbox: Sandbox, tmp_path: Path) -> None:
    """PRONOM cannot take a path that is no text: the report says so."""
    odd = tmp_path / b"\xb0\xa1.jpg".decode("utf-8", "surrogateescape")
    report = judged(sandbox, samples.sip_file(samples.photo(tmp_path / "a.jpg").rename(odd), "a.jpg"))

    assert only(report, "IN-121").fact("judge") == "pronom"
    assert report.files[0].format.mime == "image/jpeg"


def test_d10_the_versions_of_the_judges_are_known(sandbox: Sandbox) -> None:
    """Events can name the software that identified a file."""
    assert set(judge_versions(sandbox)) == {"siegfried", "libmagic"}


def test_many_files_keep_their_order(sandbox: Sandbox, tmp_path: Path) -> None:
    """Files are examined side by side, facts come back in the order given."""
    files = [samples.sip_file(samples.photo(tmp_path / f"{n}.jpg", (100 + n, 80))) for n in range(12)]
    report = judged(sandbox, *files)

    assert [one.width for one in report.files] == [100 + n for n in range(12)]
    assert [one.file for one in report.files] == files


def test_every_finding_has_its_line(sandbox: Sandbox) -> None:
    """Each code that the sources name stands in the table, and the other way round."""
    folder = Path(check.__code__.co_filename).parent
    named = set()
    for source in ("intake.py", "formats.py"):
        text = (folder / source).read_text("utf-8")
        least = 2 if source == "intake.py" else 1  # there the table itself names each once
        codes = (f"IN-{number}" for number in range(100, 200))
        named |= {code for code in codes if text.count(f'"{code}"') >= least}

    assert named == set(FINDING_CODES)
