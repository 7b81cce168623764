"""What the tests of intake share: a scanner by agreement, and short ways to ask."""

from pathlib import Path

from preservation.checks import Finding, Outcome
from preservation.examine import SipFile
from preservation.intake import IntakeReport, check
from preservation.sandbox import Sandbox
from preservation.virus import Scan


class Scripted:
    """A scanner that calls infected what holds a word."""

    def scan(self, path: Path) -> Scan:
        """Return FAILED for the word."""
        is_bad = b"infected-by-agreement" in path.read_bytes()
        return Scan(Outcome.FAILED, signature="Agreed") if is_bad else Scan(Outcome.PASSED)

    def version(self) -> str:
        """Return its name."""
        return "scripted"


def judged(
    sandbox: Sandbox, *files: SipFile, known: dict[str, tuple[str, ...]] | None = None
) -> IntakeReport:
    """Return what all checks say, with a scanner that finds nothing."""
    return check(files, known_digests=known or {}, scanner=Scripted(), sandbox=sandbox, subject="sip-1")


def codes(report: IntakeReport) -> list[str]:
    """Return the codes of all findings."""
    return [one.code for one in report.report.findings]


def only(report: IntakeReport, code: str) -> Finding:
    """Return the one finding of that code."""
    (found,) = [one for one in report.report.findings if one.code == code]
    return found
