"""Outcome, Finding, Report: how a judgement is told.

A failed check is a value, an inability is an outcome, only surprises raise.
"""

from dataclasses import dataclass
from enum import StrEnum

from preservation.clauses import clause_of


class Outcome(StrEnum):
    """The five words. "Not run" is never "passed"."""

    PASSED = "passed"
    WARNED = "warned"
    FAILED = "failed"
    NOT_RUN = "not_run"
    AWAITING = "awaiting"


#: From best to worst: a report is as good as its worst part.
_ORDER = (Outcome.PASSED, Outcome.WARNED, Outcome.NOT_RUN, Outcome.AWAITING, Outcome.FAILED)


def worst(outcomes: tuple[Outcome, ...]) -> Outcome:
    """Return the worst outcome; NOT_RUN where there is none."""
    return max(outcomes, key=_ORDER.index, default=Outcome.NOT_RUN)


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that a check found wrong (or could not find out)."""

    code: str
    outcome: Outcome
    path: str = ""
    facts: tuple[tuple[str, str], ...] = ()

    @property
    def clause(self) -> str:
        """Return the section of RFC 8493 behind it, "" where the standard is silent."""
        return clause_of(self.code)

    def fact(self, name: str) -> str:
        """Return one fact by name, "" where there is none."""
        return dict(self.facts).get(name, "")


@dataclass(frozen=True, slots=True)
class CheckResult:
    """What one named check said, with its findings."""

    check: str
    outcome: Outcome
    findings: tuple[Finding, ...] = ()


@dataclass(frozen=True, slots=True)
class Report:
    """What all checks said about one subject."""

    subject: str
    results: tuple[CheckResult, ...] = ()

    @property
    def outcome(self) -> Outcome:
        """Return the worst outcome of all checks."""
        return worst(tuple(result.outcome for result in self.results))

    @property
    def findings(self) -> tuple[Finding, ...]:
        """Return the findings of all checks, in their order."""
        return tuple(found for result in self.results for found in result.findings)
