"""How a verification of the logs is told: values only.

Codes: AU-001 changed, 002 missing, 003 missing before, 004 out of order, 005 one
too many, 006 seal not of our key, 007 tail cut or database older than an
anchor, 008 chain made anew, 009 anchor changed, 010 anchor damaged in a
store, 011 registered digest changed, 012 renumbered, 013 not sealed in time,
014 key not at hand, 015 store away, 016 sealed with a former key, 017 no
anchor yet, 018 anchor gone from a store.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from preservation.checks import Finding, Outcome, worst
from repository.workflow.anchorbook import Witness
from repository.workflow.chains import Head


def finding(code: str, outcome: Outcome, path: str, **facts: object) -> Finding:
    """Return one finding."""
    return Finding(code, outcome, path, tuple((name, str(value)) for name, value in facts.items()))


@dataclass(frozen=True, slots=True)
class Told:
    """The anchors that the reachable stores tell, and which stores were asked and which are away."""

    witnesses: Sequence[Witness] = ()
    asked: Sequence[str] = ()
    away: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class Stray:
    """The head of an anchor that a log's chain does not have; is_cut if the chain is shorter."""

    log: str
    anchor: int
    at: datetime
    head: Head
    is_cut: bool


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a verification found. rows and unsealed are counts per log, wrong counts all that failed.

    strays are anchors whose meaning only the stores can tell (workflow/branches.py).
    """

    at: datetime
    findings: Sequence[Finding]
    rows: Mapping[str, int]
    unsealed: Mapping[str, int]
    anchors: int
    last_anchor: datetime | None
    wrong: int
    strays: Sequence[Stray] = ()

    @property
    def outcome(self) -> Outcome:
        """Return failed, warned (also where a part could not be looked at) or passed."""
        found = worst((Outcome.PASSED, *(one.outcome for one in self.findings)))
        return Outcome.WARNED if found is Outcome.NOT_RUN else found

    def told(self) -> dict[str, Any]:
        """Return it as plain values."""
        return {
            "at": self.at.isoformat(),
            "outcome": str(self.outcome),
            "findings": [
                {"code": one.code, "outcome": str(one.outcome), "path": one.path, "facts": dict(one.facts)}
                for one in self.findings
            ],
            "rows": dict(self.rows),
            "unsealed": dict(self.unsealed),
            "anchors": self.anchors,
            "last_anchor": None if self.last_anchor is None else self.last_anchor.isoformat(),
            "wrong": self.wrong,
        }
