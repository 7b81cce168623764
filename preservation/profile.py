"""Judge a bag against a BagIt profile: what a partner asks of bags.

BagIt Profiles 1.4.0: which elements bag-info.txt must have, which digests,
which tag files. The profile is a value read from JSON; nothing is fetched by
its identifier. Ours is docs/bagit-profile.json.
"""

import fnmatch
import json
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

from preservation.bagfolder import Bag, read_bag
from preservation.checks import CheckResult, Finding, Outcome, Report, worst
from preservation.errors import CouldNotJudge
from preservation.findings import found

Profile = Mapping[str, Any]
_MOST_BYTES = 1 << 20  # a profile is a page of JSON


def read_profile(path: Path) -> Profile:
    """Return the profile that a file holds. Raises CouldNotJudge where it is none."""
    try:
        with open(path, "rb") as stream:
            told = json.loads(stream.read(_MOST_BYTES))
    except (OSError, ValueError, RecursionError) as error:
        raise CouldNotJudge(path=str(path), reason="no profile") from error
    if not isinstance(told, dict) or not isinstance(told.get("BagIt-Profile-Info"), dict):
        raise CouldNotJudge(path=str(path), reason="no profile")
    if not _has_its_shapes(told):
        raise CouldNotJudge(path=str(path), reason="no profile")
    return told


def conforms(folder: Path, profile: Profile) -> Report:
    """Return in what a bag folder differs from a profile; whether it is a valid bag is verify's to say.

    Raises CouldNotJudge where there is no such folder.
    """
    bag = read_bag(folder)
    results = []
    for name, judge in _CHECKS:
        findings = tuple(judge(bag, profile))
        outcome = worst((Outcome.PASSED, *(each.outcome for each in findings)))
        results.append(CheckResult(f"profile {name}", outcome, findings))
    return Report(str(folder), tuple(results))


def _has_its_shapes(told: Profile) -> bool:
    """Return whether lists are lists of text and the elements are objects."""
    lists = [value for name, value in told.items() if name.endswith(("-Required", "-Allowed", "-Version"))]
    texts = all(
        isinstance(value, bool) or (isinstance(value, list) and all(isinstance(one, str) for one in value))
        for value in lists
    )
    elements = told.get("Bag-Info", {})
    return texts and isinstance(elements, dict) and all(isinstance(one, dict) for one in elements.values())


def _info(bag: Bag, profile: Profile) -> Iterable[Finding]:
    for label, rule in profile.get("Bag-Info", {}).items():
        said = [value for value in bag.info.values(label) if value.strip()]
        if not said:
            if rule.get("required"):
                yield found("BG-901", Outcome.FAILED, bag.info_name, label=label)
            elif rule.get("recommended"):
                yield found("BG-901", Outcome.WARNED, bag.info_name, label=label)
        if len(said) > 1 and rule.get("repeatable") is False:
            yield found("BG-902", Outcome.FAILED, bag.info_name, label=label)
        allowed = rule.get("values")
        for value in said:
            if allowed and value not in allowed:
                yield found("BG-903", Outcome.FAILED, bag.info_name, label=label, said=value[:80])


def _version(bag: Bag, profile: Profile) -> Iterable[Finding]:
    accepted = profile.get("Accept-BagIt-Version")
    version = bag.declaration.version
    said = "" if version is None else f"{version.major}.{version.minor}"
    if accepted and said not in accepted:
        yield found("BG-904", Outcome.FAILED, "bagit.txt", version=said)


def _manifests(bag: Bag, profile: Profile) -> Iterable[Finding]:
    for key, prefix, listings in (
        ("Manifests", "manifest-", bag.payload_listings),
        ("Tag-Manifests", "tagmanifest-", bag.tag_listings),
    ):
        names = {each.manifest.removeprefix(prefix).removesuffix(".txt").lower() for each in listings}
        for name in profile.get(f"{key}-Required", ()):
            if name.lower() not in names:
                yield found("BG-905", Outcome.FAILED, f"{prefix}{name}.txt")
        allowed = profile.get(f"{key}-Allowed")
        for name in sorted(names) if allowed is not None else ():
            if name not in {one.lower() for one in allowed or ()}:
                yield found("BG-906", Outcome.FAILED, f"{prefix}{name}.txt")


def _fetch(bag: Bag, profile: Profile) -> Iterable[Finding]:
    if bag.fetch is not None and profile.get("Allow-Fetch.txt") is False:
        yield found("BG-907", Outcome.FAILED, "fetch.txt")
    if bag.fetch is None and profile.get("Fetch.txt-Required") is True:
        yield found("BG-908", Outcome.FAILED, "fetch.txt")


def _files(bag: Bag, profile: Profile) -> Iterable[Finding]:
    own = {"bagit.txt", "bag-info.txt", "fetch.txt", *(each.manifest for each in bag.listings)}
    tags = {path for path in bag.walk.files if not path.startswith("data/")}
    payload = set(bag.walk.files) - tags
    for key, stands, checked in (("Tag-Files", tags, tags - own), ("Payload-Files", payload, payload)):
        for pattern in profile.get(f"{key}-Required", ()):
            if not any(fnmatch.fnmatchcase(path, pattern) for path in stands):
                yield found("BG-908", Outcome.FAILED, pattern)
        allowed = profile.get(f"{key}-Allowed")
        for path in sorted(checked) if allowed is not None else ():
            if not any(fnmatch.fnmatchcase(path, pattern) for pattern in allowed or ()):
                yield found("BG-909", Outcome.FAILED, path)
    if profile.get("Data-Empty") and any(bag.walk.files[path] for path in payload):
        yield found("BG-909", Outcome.FAILED, "data")


_CHECKS: tuple[tuple[str, Callable[[Bag, Profile], Iterable[Finding]]], ...] = (
    ("bag-info", _info),
    ("version", _version),
    ("manifests", _manifests),
    ("fetch", _fetch),
    ("files", _files),
)
