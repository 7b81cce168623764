"""Compares anchors (见证) with the chains, with each other and with the key.

The catalogue's own rows of anchors prove little; what the stores tell counts.
"""

from collections.abc import Iterator, Mapping, Sequence

from preservation.checks import Finding, Outcome
from repository.models.audit import Anchor
from repository.workflow import anchorbook
from repository.workflow.anchorbook import Witness
from repository.workflow.chainwalk import Walk
from repository.workflow.sealkey import SealKey
from repository.workflow.verdicts import Stray, Told, finding


def every(own: Mapping[int, Anchor], told: Told) -> list[Witness]:
    """Return each anchor once, in their order, wherever it is told."""
    known = {one.digest: one for one in told.witnesses if one.whole}
    known |= {one.digest: one for one in map(anchorbook.witness, own.values())}
    return sorted(known.values(), key=lambda one: (one.number, one.digest))


def findings(own: Mapping[int, Anchor], told: Told, key: SealKey | None) -> Iterator[Finding]:
    """Yield what is wrong with the anchors themselves."""
    for one in told.witnesses:
        if not one.whole:
            yield finding("AU-010", Outcome.FAILED, one.heads["key"], store=one.where)
    for one in every(own, told):
        if key is not None and one.heads.get("key") == key.id and not one.is_signed(key):
            told_by = {"anchor": one.number, "store": one.where}
            yield finding("AU-009", Outcome.FAILED, f"anchor/{one.number}", **told_by)
    yield from _gone(own, told)


def _gone(own: Mapping[int, Anchor], told: Told) -> Iterator[Finding]:
    """Yield the anchors that were written into a store and are not in it any more, or not as they were."""
    stand = {(one.where, one.digest) for one in told.witnesses}
    for number, anchor in sorted(own.items()):
        for store in told.asked:
            if store in anchor.carried and (store, anchorbook.witness(anchor).digest) not in stand:
                yield finding("AU-018", Outcome.FAILED, f"anchor/{number}", anchor=number, store=store)


def strays(known: Sequence[Witness], walks: Sequence[Walk]) -> Iterator[Stray]:
    """Yield the heads of anchors that the chains do not have."""
    for one in known:
        for seen in walks:
            stood = one.head(seen.log)
            if stood.count and stood.digest not in seen.passed:
                yield Stray(seen.log, one.number, one.at, stood, is_cut=seen.head.count < stood.count)
