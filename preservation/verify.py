"""Judge any bag folder alone: RFC 8493 and its drafts from 0.93.

The order of checks is a tuple, the cheap ones first; each is one small
function from a Bag to findings. Nothing is fetched, no link is followed, no
byte is changed, and an awkward bag is answered with a finding, never a crash.
"""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from preservation.bagagree import digests_agree
from preservation.bagdigest import Progress
from preservation.bagfolder import Bag, read_bag
from preservation.checks import CheckResult, Finding, Outcome, Report, worst
from preservation.findings import FINDING_CODES, found
from preservation.listing import LITTER, leaves_the_bag
from preservation.portable import portability

__all__ = ["BAG_CHECKS", "FINDING_CODES", "exit_code", "verify_folder"]

_WEAK = frozenset({"md5", "sha1"})


@dataclass(frozen=True, slots=True)
class BagCheck:
    """One named check on a bag."""

    name: str
    judge: Callable[[Bag], tuple[Finding, ...]]


def verify_folder(path: Path, *, threads: int = 2, progress: Progress | None = None) -> Report:
    """Return everything that is wrong with the bag at path.

    progress hears bytes read and bytes in all. Raises CouldNotJudge if there
    is no such folder or it cannot be listed.
    """
    bag = read_bag(path)
    results = [_result(check.name, check.judge(bag)) for check in BAG_CHECKS]
    results.append(_result("digests", digests_agree(bag, threads=threads, progress=progress)))
    return Report(str(path), tuple(results))


def exit_code(report: Report) -> int:
    """Return 0 for a good bag, 1 for a bad one, 2 where it could not be judged."""
    if report.outcome in (Outcome.PASSED, Outcome.WARNED):
        return 0
    return 1 if report.outcome is Outcome.FAILED else 2


def _result(name: str, findings: tuple[Finding, ...]) -> CheckResult:
    outcomes = (Outcome.PASSED, *(finding.outcome for finding in findings))
    return CheckResult(name, worst(outcomes), findings)


def only_plain_files(bag: Bag) -> tuple[Finding, ...]:
    """Find links, special files, closed folders and empty folders."""
    return (
        *(found("BG-101", Outcome.FAILED, path) for path in bag.walk.links),
        *(found("BG-102", Outcome.FAILED, path) for path in bag.walk.specials),
        *(found("BG-103", Outcome.NOT_RUN, path) for path in bag.walk.unreadable),
        *(found("BG-104", Outcome.WARNED, path) for path in bag.walk.empty_folders),
    )


def has_declaration(bag: Bag) -> tuple[Finding, ...]:
    """Find what is wrong with bagit.txt, and tag files that cannot be read."""
    return (*bag.declaration.findings, *bag.troubles)


def has_manifests(bag: Bag) -> tuple[Finding, ...]:
    """Find missing manifests and digests that we cannot compute or that are weak."""
    findings: list[Finding] = []
    if not bag.payload_listings:
        findings.append(found("BG-301", Outcome.FAILED))
    if not bag.tag_listings:
        findings.append(found("BG-314", Outcome.WARNED))
    for listings in (bag.payload_listings, bag.tag_listings):
        known = [each for each in listings if each.algorithm is not None]
        weight = Outcome.WARNED if known else Outcome.NOT_RUN
        findings.extend(found("BG-302", weight, each.manifest) for each in listings if each.algorithm is None)
    algorithms = {each.algorithm for each in bag.payload_listings if each.algorithm}
    if algorithms and algorithms <= _WEAK:
        findings.append(found("BG-315", Outcome.WARNED, algorithms=", ".join(sorted(algorithms))))
    return tuple(findings)


def lines_are_understood(bag: Bag) -> tuple[Finding, ...]:
    """Find manifest lines that are malformed, doubled, odd or out of scope."""
    return tuple(finding for listing in bag.listings for finding in listing.findings)


def fetch_is_sound(bag: Bag) -> tuple[Finding, ...]:
    """Find what is wrong with fetch.txt; it is read, never obeyed."""
    if bag.fetch is None:
        return ()
    findings = [found("BG-409", Outcome.WARNED, "fetch.txt", lines=len(bag.fetch.lines)), *bag.fetch.findings]
    listed = {path for each in bag.payload_listings for path in (*each.digests, *each.absent)}
    for line in bag.fetch.lines:
        path = line.path.removeprefix("./")
        scheme, _, rest = line.url.partition("://")
        if not path.startswith("data/") or leaves_the_bag(path):
            findings.append(found("BG-406", Outcome.FAILED, path, url=line.url[:200]))
        elif path not in listed:
            findings.append(found("BG-407", Outcome.FAILED, path, url=line.url[:200]))
        if not rest or rest.startswith("/"):
            findings.append(found("BG-405", Outcome.FAILED, path, text=line.url[:120]))
        elif scheme.lower() not in ("http", "https", "ftp", "ftps", "sftp"):
            findings.append(found("BG-408", Outcome.WARNED, path, url=line.url[:200]))
    return tuple(findings)


def info_is_sound(bag: Bag) -> tuple[Finding, ...]:
    """Find malformed bag-info lines and a Payload-Oxum that does not agree."""
    findings = list(bag.info.findings)
    oxums = bag.info.values("Payload-Oxum")
    if len(oxums) > 1:
        weight = bag.declaration.weight if len(set(oxums)) == 1 else Outcome.FAILED
        findings.append(found("BG-604", weight, bag.info_name, said=", ".join(oxums)[:200]))
    for said in oxums[:1]:
        octets, dot, streams = said.strip().partition(".")
        if not (dot and _is_number(octets) and _is_number(streams)):
            findings.append(found("BG-602", Outcome.FAILED, bag.info_name, said=said[:80]))
        elif (int(octets), int(streams)) not in _payload_sums(bag):
            sizes = [bag.walk.files[path] for path in bag.walk.payload]
            stands = f"{sum(sizes)}.{len(sizes)}"
            findings.append(found("BG-603", Outcome.FAILED, bag.info_name, said=said, stands=stands))
    return tuple(findings)


def _is_number(text: str) -> bool:
    """Return whether text is a number in ASCII digits, of a length that can be true."""
    return text.isascii() and text.isdigit() and len(text) <= 20


def _payload_sums(bag: Bag) -> set[tuple[int, int]]:
    """Return the (bytes, files) that agree with what stands.

    Before 1.0 an empty system file that was lost may be counted.
    """
    sizes = [bag.walk.files[path] for path in bag.walk.payload]
    lost = {path for each in bag.payload_listings for path in each.absent if _is_lost_litter(bag, path)}
    return {(sum(sizes), len(sizes)), (sum(sizes), len(sizes) + len(lost))}


def _is_lost_litter(bag: Bag, path: str) -> bool:
    """Return whether the loss of path is only a warning: a system file, before 1.0."""
    return not bag.declaration.is_strict and path.rpartition("/")[2].lower() in LITTER


def every_listed_stands(bag: Bag) -> tuple[Finding, ...]:
    """Find listed files that are missing, and a missing data folder."""
    findings: list[Finding] = []
    if not bag.has_data_folder:
        findings.append(found("BG-509", Outcome.FAILED, "data"))
    fetched = {line.path for line in bag.fetch.lines} if bag.fetch else set()
    told: set[str] = set()
    for listing in bag.listings:
        for path in listing.absent:
            if path in told or bag.places.is_blocked(path):
                continue
            told.add(path)
            if listing.is_tag:
                findings.append(found("BG-502", Outcome.FAILED, path, manifest=listing.manifest))
            elif path in fetched:
                findings.append(found("BG-504", Outcome.FAILED, path))
            elif _is_lost_litter(bag, path):
                findings.append(found("BG-503", Outcome.WARNED, path, manifest=listing.manifest))
            else:
                findings.append(found("BG-501", Outcome.FAILED, path, manifest=listing.manifest))
    return tuple(findings)


def nothing_unlisted(bag: Bag) -> tuple[Finding, ...]:
    """Find files that no manifest lists, and manifests that list less than others."""
    findings: list[Finding] = []
    payload = bag.walk.payload
    listed = {path for each in bag.payload_listings for path in each.digests}
    findings.extend(found("BG-505", Outcome.FAILED, path) for path in payload if path not in listed)
    for listing in bag.payload_listings:
        short = [path for path in payload if path in listed and path not in listing.digests]
        if short:  # 1.0 wants every manifest complete, the drafts all of them together
            findings.append(
                found("BG-507", bag.declaration.weight, listing.manifest, files=len(short), first=short[0])
            )
    return (*findings, *_unlisted_tags(bag))


def _unlisted_tags(bag: Bag) -> list[Finding]:
    """Find tag files in no tag manifest, and tag manifests that disagree."""
    if not bag.tag_listings:
        return []
    listed = {path for each in bag.tag_listings for path in each.digests}
    tags = sorted(path for path in bag.walk.files if not path.startswith("data/"))
    own = {each.manifest for each in bag.tag_listings}
    findings = [found("BG-506", Outcome.WARNED, path) for path in tags if path not in listed | own]
    if any(set(each.digests) != listed for each in bag.tag_listings):
        names = ", ".join(sorted(own))
        findings.append(found("BG-508", Outcome.WARNED, manifests=names))
    return findings


def names_travel(bag: Bag) -> tuple[Finding, ...]:
    """Find names that another system would lose, change or hide."""
    return portability(bag.walk.files)


BAG_CHECKS = (
    BagCheck("plain files", only_plain_files),
    BagCheck("declaration", has_declaration),
    BagCheck("manifests", has_manifests),
    BagCheck("manifest lines", lines_are_understood),
    BagCheck("fetch", fetch_is_sound),
    BagCheck("bag-info", info_is_sound),
    BagCheck("complete", every_listed_stands),
    BagCheck("closed", nothing_unlisted),
    BagCheck("names", names_travel),
)
