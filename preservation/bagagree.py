"""Compare the digests of a bag's files with its manifests.

A manifest that its tag manifest calls damaged is itself the finding; payload
files that differ from it are not blamed (RFC 8493, section 3; case A02).
"""

from dataclasses import dataclass

from preservation.bagdigest import DigestRead, DigestWanted, Progress, read_digests
from preservation.bagfolder import Bag
from preservation.checks import Finding, Outcome
from preservation.findings import found
from preservation.listing import Listing


@dataclass(frozen=True, slots=True)
class _Difference:
    """One listed file whose bytes are not what its manifest says."""

    listing: Listing
    path: str
    says: str
    reads: str


def digests_agree(bag: Bag, *, threads: int = 2, progress: Progress | None = None) -> tuple[Finding, ...]:
    """Read every listed file once and return a finding for each digest that differs."""
    read = read_digests(bag.root, _wanted(bag), threads=threads, progress=progress)
    findings = [
        found("BG-805", Outcome.NOT_RUN, path, reason=result.trouble)
        for path, result in sorted(read.items())
        if result.trouble
    ]
    differences = [each for listing in bag.listings for each in _differences(listing, read)]
    manifests = {listing.manifest for listing in bag.listings}
    damaged = {each.path for each in differences if each.listing.is_tag and each.path in manifests}
    findings.extend(_finding(each, manifests=manifests, damaged=damaged) for each in differences)
    return tuple(findings)


def _wanted(bag: Bag) -> list[DigestWanted]:
    """Return each listed file once, with all algorithms that any manifest has for it."""
    algorithms: dict[str, set[str]] = {}
    for listing in bag.listings:
        if listing.algorithm is not None:
            for path in listing.digests:
                algorithms.setdefault(path, set()).add(listing.algorithm)
    return [
        DigestWanted(path, bag.walk.files[path], tuple(sorted(names)))
        for path, names in sorted(algorithms.items())
    ]


def _differences(listing: Listing, read: dict[str, DigestRead]) -> list[_Difference]:
    """Return where a listing and the bytes part; files that could not be read are left out."""
    if listing.algorithm is None:
        return []
    return [
        _Difference(listing, path, says, reads)
        for path, says in listing.digests.items()
        if not read[path].trouble and (reads := read[path].digests[listing.algorithm]) != says
    ]


def _finding(each: _Difference, *, manifests: set[str], damaged: set[str]) -> Finding:
    """Return the finding of one difference: who is to blame?"""
    code, outcome = "BG-801", Outcome.FAILED
    if each.path in manifests:
        code = "BG-803"
    elif each.listing.is_tag:
        code = "BG-802"
    elif each.listing.manifest in damaged:
        code, outcome = "BG-804", Outcome.NOT_RUN
    return found(code, outcome, each.path, manifest=each.listing.manifest, says=each.says, reads=each.reads)
