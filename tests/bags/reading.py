"""Read what a judge said."""

from preservation.checks import Outcome, Report


def codes(report: Report) -> set[str]:
    """Return the codes of a report."""
    return {finding.code for finding in report.findings}


def failed(report: Report) -> set[str]:
    """Return the codes that make a report fail."""
    return {finding.code for finding in report.findings if finding.outcome is Outcome.FAILED}
