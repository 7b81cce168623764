"""Verify a Jingui store or disk with nothing else.

核验金匮（Jingui）的存储或离线介质：只需要 Python 3.8 以上，不联网，不改动任何文件。
    python3 verify_jingui.py [文件夹 folder] [--json report.json] [--quiet]
退出码 exit code：0 全部完好 all good，1 有问题 something is bad，2 没能核验 could not be verified.

It lies in every store, so it imports the standard library alone, and shares no code
with the program that wrote the bags. Every bag is read whole (RFC 8493: manifests both
ways, tag manifest, closed world), compared with the digest that the event log of this
store registered, log objects with their names, sealed files with their lists.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import re
import stat
import sys
import time
import unicodedata
from typing import Any, Dict, Iterator, List, Optional, Set, Tuple

VERSION = 1
OK, BAD, UNREADABLE = "ok", "bad", "unreadable"
WORDS = {OK: "完好 OK", BAD: "有问题 BAD", UNREADABLE: "没能核验 NOT VERIFIED"}
FAILED, NOT_RUN, WARNED = "failed", "not_run", "warned"
MARKER, SEAL = ".jingui-store", "sealed.json"
OWN = {MARKER, SEAL, ".drafts", ".quarantine", "verify_jingui.py", "lost+found"}
LITTER = {"System Volume Information", "$RECYCLE.BIN", ".Trashes", ".fseventsd", ".Spotlight-V100"}
#: Samples with planted damage, no packages: this file proves itself on them (自检样本).
CANARIES = "canaries"
PLANTED = {
    "whole": [],
    "flipped": [("BG-801", "data/sample-1.txt")],
    "missing": [("BG-501", "data/sample-2.txt")],
    "extra": [("BG-505", "data/stranger.txt")],
    "tag": [("BG-802", "bag-info.txt")],
}
PACKAGE = re.compile(r"aips/[0-9a-f]{2}/[0-9a-f]{2}/([0-9a-f-]{36})/v([0-9]{4,6})")
HERE = ("replication", "ingestion end", "modification")  # events that say where a package stands
SENTENCES = {
    "BG-101": "链接，不予跟随 a link, not followed",
    "BG-102": "不是普通文件 not a plain file",
    "BG-103": "文件夹打不开 a folder cannot be opened",
    "BG-104": "空文件夹 an empty folder",
    "BG-201": "缺 bagit.txt，bagit.txt is missing",
    "BG-204": "bagit.txt 写得不对 bagit.txt is not understood",
    "BG-301": "没有载荷清单 no payload manifest",
    "BG-302": "不会计算这种摘要 unknown digest",
    "BG-303": "清单中有读不懂的行 a line is not understood",
    "BG-305": "同一文件列了两个不同的摘要 listed twice with different digests",
    "BG-314": "没有标签清单 no tag manifest",
    "BG-318": "文件名的 Unicode 形式不同 name in another Unicode form",
    "BG-401": "路径越出信息包 the path leaves the bag",
    "BG-402": "载荷清单列了 data 以外的文件 outside data/",
    "BG-409": "有 fetch.txt，不会下载 fetch.txt is never fetched",
    "BG-501": "载荷文件缺失 a payload file is missing",
    "BG-502": "标签文件缺失 a tag file is missing",
    "BG-505": "清单中没有的载荷文件 a payload file in no manifest",
    "BG-506": "清单中没有的标签文件 a tag file in no manifest",
    "BG-507": "清单没有列全 a manifest is not complete",
    "BG-603": "与 Payload-Oxum 不符 differs from Payload-Oxum",
    "BG-801": "载荷文件内容不符 a payload file differs",
    "BG-802": "标签文件内容不符 a tag file differs",
    "BG-805": "文件读不出 a file cannot be read",
    "VJ-201": "与日志登记的摘要不符（清单可能被重做）differs from the digest that the log registered",
    "VJ-202": "日志登记在此，但不存在 the log says it is here, and it is not",
    "VJ-301": "日志对象内容与其名称不符 a log object differs from its name",
    "VJ-401": "加密文件与列表不符 a sealed file differs from its list",
    "VJ-402": "列表中的加密文件不存在 a listed sealed file is missing",
    "VJ-403": "加密文件不在任何列表中 a sealed file in no list",
    "VJ-404": "列表内容与其名称不符 a list differs from its name",
    "VJ-601": "自检样本没有认出来，核验结果不可信 a planted damage was not found as planted: do not trust this",
    "VJ-501": "存储是加密的，没有密钥不能核验 the store is sealed: not verified without its key",
}
Finding = Dict[str, str]


def finding(code: str, weight: str, path: str = "") -> Finding:
    """Return one thing that was found."""
    return {"code": code, "weight": weight, "path": path}


def outcome_of(findings: List[Finding]) -> str:
    """Return ok, bad or unreadable: one failure makes it bad, warnings leave it ok."""
    weights = {found["weight"] for found in findings}
    return BAD if FAILED in weights else UNREADABLE if NOT_RUN in weights else OK


class Bag:
    """One bag folder: what stands in it and what was found."""

    def __init__(self, root: str) -> None:
        self.root = root
        self.files: Dict[str, int] = {}
        self.findings: List[Finding] = []
        self.listed: Dict[str, Dict[str, Dict[str, str]]] = {}  # manifest -> path -> {algorithm: digest}
        self.sha256: Dict[str, str] = {}
        self.bytes = 0

    def add(self, code: str, weight: str, path: str = "") -> None:
        """Note something that was found."""
        self.findings.append(finding(code, weight, path))

    def walk(self, folder: str = "") -> None:
        """Note every file below a folder; links are told and not followed."""
        try:
            with os.scandir(os.path.join(self.root, folder)) as found:
                entries = sorted(found, key=lambda entry: entry.name)
        except OSError:
            return self.add("BG-103", NOT_RUN, folder)
        if not entries and folder not in ("", "data"):
            self.add("BG-104", WARNED, folder)
        for entry in entries:
            path = folder + "/" + entry.name if folder else entry.name
            if entry.is_symlink():
                self.add("BG-101", FAILED, path)
            elif entry.is_dir(follow_symlinks=False):
                self.walk(path)
            elif stat.S_ISREG(entry.stat(follow_symlinks=False).st_mode):
                self.files[path] = entry.stat(follow_symlinks=False).st_size
            else:
                self.add("BG-102", FAILED, path)
        return None

    def text(self, path: str) -> Optional[str]:
        """Return a tag file as text, None where it does not stand or cannot be read."""
        if path not in self.files:
            return None
        try:
            with open(os.path.join(self.root, path), "rb") as stream:
                return stream.read().decode("utf-8", "surrogateescape").lstrip("\ufeff")
        except OSError:
            self.add("BG-805", NOT_RUN, path)
            return None

    def judge(self) -> "Bag":
        """Run every check, the cheap ones first, and return the bag."""
        self.walk()
        self.declaration()
        for name in sorted(self.files):
            found = re.fullmatch(r"(tag)?manifest-([A-Za-z0-9-]+)\.txt", name)
            if found:
                self.manifest(name, found[2].lower().replace("-", ""), tag=bool(found[1]))
        self.closed_world()
        self.digests()
        return self

    def declaration(self) -> None:
        """Check bagit.txt, Payload-Oxum, and that nothing is to be fetched."""
        said = self.text("bagit.txt")
        form = r"BagIt-Version: (1\.0|0\.9[3-7])\r?\nTag-File-Character-Encoding: UTF-8(\r?\n)?"
        if said is None:
            self.add("BG-201", FAILED, "bagit.txt")
        elif not re.fullmatch(form, said):
            self.add("BG-204", FAILED, "bagit.txt")
        oxum = re.search(r"(?mi)^Payload-Oxum\s*:\s*(\S+)", self.text("bag-info.txt") or "")
        payload = [size for path, size in self.files.items() if path.startswith("data/")]
        if oxum and oxum[1] != "%d.%d" % (sum(payload), len(payload)):
            self.add("BG-603", FAILED, "bag-info.txt")
        if "fetch.txt" in self.files:
            self.add("BG-409", WARNED, "fetch.txt")

    def manifest(self, name: str, algorithm: str, tag: bool) -> None:
        """Read one manifest: each line to the file that it means."""
        told: Dict[str, Dict[str, str]] = {}
        self.listed[name] = told
        if algorithm not in hashlib.algorithms_available:
            return self.add("BG-302", NOT_RUN, name)
        for line in re.split(r"\r\n|\n|\r", self.text(name) or ""):
            found = re.fullmatch(r"([0-9A-Fa-f]+)[ \t]+\*?(.+)", line)
            if not found:
                if line.strip():
                    self.add("BG-303", FAILED, name)
                continue
            path = self.place(found[2])
            if path is None:
                self.add("BG-401", FAILED, found[2])
            elif not tag and not path.startswith("data/"):
                self.add("BG-402", FAILED, path)
            elif path not in self.files:
                self.add("BG-502" if tag else "BG-501", FAILED, path)
            elif told.setdefault(path, {algorithm: found[1].lower()}) != {algorithm: found[1].lower()}:
                self.add("BG-305", FAILED, path)
        return None

    def place(self, written: str) -> Optional[str]:
        """Return the path that a manifest line means, None if it leaves the bag."""
        path = re.sub("%(0[AaDd]|25)", lambda found: chr(int(found[1], 16)), written)
        if path not in self.files and written in self.files:
            path = written
        if re.match(r"[/\\~]|[A-Za-z]:[\\/]", path) or ".." in re.split(r"[/\\]", path):
            return None
        path = "/".join(part for part in path.split("/") if part not in ("", "."))
        if path not in self.files:
            for other in self.files:
                if unicodedata.normalize("NFC", other) == unicodedata.normalize("NFC", path):
                    self.add("BG-318", WARNED, other)
                    return other
        return path

    def closed_world(self) -> None:
        """Find what stands and is not listed."""
        payload = {name: told for name, told in self.listed.items() if not name.startswith("tag")}
        tags = [told for name, told in self.listed.items() if name.startswith("tag")]
        if not payload:
            self.add("BG-301", FAILED)
        if not tags:
            self.add("BG-314", WARNED)
        known: Set[str] = set().union(*payload.values()) if payload else set()
        for path in sorted(self.files):
            if path.startswith("data/") and path not in known:
                self.add("BG-505", FAILED, path)
            elif path.startswith(("data/", "tagmanifest-")) or not tags:
                continue
            elif not any(path in told for told in tags):
                self.add("BG-506", WARNED, path)
        for name, told in sorted(payload.items()):
            if any(path in known and path not in told for path in self.files if path.startswith("data/")):
                self.add("BG-507", FAILED, name)

    def digests(self) -> None:
        """Read every file once and compare it with every manifest."""
        wanted: Dict[str, Dict[str, Set[str]]] = {}
        for told in self.listed.values():
            for path, each in told.items():
                for algorithm, digest in each.items():
                    wanted.setdefault(path, {}).setdefault(algorithm, set()).add(digest)
        for path in sorted(self.files):
            asked = wanted.get(path, {})
            try:
                read = hash_file(os.path.join(self.root, path), sorted({"sha256", *asked}))
            except OSError:
                self.add("BG-805", NOT_RUN, path)
                continue
            self.bytes += self.files[path]
            self.sha256[path] = read["sha256"]
            if any(says != {read[algorithm]} for algorithm, says in asked.items()):
                self.add("BG-801" if path.startswith("data/") else "BG-802", FAILED, path)

    @property
    def digest(self) -> str:
        """Return the SHA-256 over the complete file list, as registered; "" if not all was read."""
        if set(self.sha256) != set(self.files):
            return ""
        lines = []
        for path in sorted(self.files):
            name = path.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")
            lines.append("%s  %d  %s\n" % (self.sha256[path], self.files[path], name))
        return hashlib.sha256("".join(lines).encode("utf-8", "surrogateescape")).hexdigest()


def hash_file(path: str, algorithms: List[str]) -> Dict[str, str]:
    """Return the hex digests of one file, read once. Raises OSError."""
    hashers = {name: hashlib.new(name) for name in algorithms}
    with open(path, "rb") as stream:
        while True:
            block = stream.read(1 << 20)
            if not block:
                return {name: hasher.hexdigest() for name, hasher in hashers.items()}
            for hasher in hashers.values():
                hasher.update(block)


def folders(root: str, under: str) -> List[str]:
    """Return the names of the real folders right below root/under, sorted."""
    try:
        with os.scandir(os.path.join(root, under)) as found:
            return sorted(entry.name for entry in found if entry.is_dir(follow_symlinks=False))
    except OSError:
        return []


def bags(root: str) -> Iterator[str]:
    """Yield the prefix of every bag below root; "" where root is itself a bag."""
    names = set(os.listdir(root))
    if MARKER not in names and names & {"bagit.txt", "data", "manifest-sha256.txt"}:
        yield ""
        return
    waiting = [name for name in reversed(folders(root, "")) if name not in OWN | LITTER]
    while waiting:
        prefix = waiting.pop()
        if PACKAGE.fullmatch(prefix) or os.path.lexists(os.path.join(root, prefix, "bagit.txt")):
            yield prefix
        elif prefix not in ("log", "audit", "anchors", "lists", "sealed", CANARIES):
            waiting.extend(prefix + "/" + name for name in reversed(folders(root, prefix)))


def named_objects(root: str, top: str) -> Iterator[Tuple[str, Optional[bytes]]]:
    """Yield (path, content) of the write-once objects below top; None where the name is not its digest."""
    for folder, inner, names in os.walk(os.path.join(root, top)):
        inner.sort()
        for name in sorted(names):
            path = os.path.relpath(os.path.join(folder, name), root).replace(os.sep, "/")
            try:
                with open(os.path.join(folder, name), "rb") as stream:
                    content = stream.read()
            except OSError:
                content = b""
            yield path, content if hashlib.sha256(content).hexdigest() == name.partition(".")[0] else None


def lines_of(content: bytes) -> Iterator[Dict[str, Any]]:
    """Yield the JSON objects of an object with one a line; what is none is passed over."""
    for line in content.decode("utf-8", "replace").split("\n"):
        try:
            told = json.loads(line)
        except ValueError:
            continue
        if isinstance(told, dict):
            yield told


def read_log(root: str, store: str, report: Dict[str, Any]) -> Dict[str, str]:
    """Return prefix -> registered digest as the log tells; "expected" holds what should stand here."""
    registered: Dict[str, str] = {}
    for top in ("audit", "anchors"):
        for path, content in named_objects(root, top):
            report["log_objects"] += 1
            if content is None:
                report["findings"].append(finding("VJ-301", FAILED, path))
    for path, content in named_objects(root, "log"):
        report["log_objects"] += 1
        if content is None:
            report["findings"].append(finding("VJ-301", FAILED, path))
            continue
        for told in lines_of(content):
            facts = told.get("facts") or {}
            if told.get("object_kind") == "item" and facts.get("version") and facts.get("digest"):
                item = told["object_id"]
                prefix = "aips/%s/%s/%s/v%04d" % (item[:2], item[2:4], item, facts["version"])
                registered[prefix] = facts["digest"]
                if facts.get("store") == store and told["type"] in HERE and not facts.get("sealed"):
                    report["expected"].add(prefix)
    return registered


def sealed_files(root: str, report: Dict[str, Any]) -> None:
    """Compare the sealed files of a disk with the lists that lie beside them; no key is needed."""
    listed: Dict[str, Dict[str, Any]] = {}
    for path, content in named_objects(root, "lists"):
        if content is None:
            report["findings"].append(finding("VJ-404", FAILED, path))
            continue
        for told in lines_of(content):
            path = str(told.get("path"))
            if path not in listed or str(listed[path].get("at")) <= str(told.get("at")):
                listed[path] = told
    standing = set()
    for folder, _, names in os.walk(os.path.join(root, "sealed")):
        for name in names:
            standing.add(os.path.relpath(os.path.join(folder, name), root).replace(os.sep, "/"))
    for path in sorted(standing - set(listed)):
        report["findings"].append(finding("VJ-403", WARNED, path))
    for path in sorted(listed):
        report["sealed"].append(sealed_file(root, path, listed[path]))


def sealed_file(root: str, path: str, told: Dict[str, Any]) -> Dict[str, Any]:
    """Return what reading one listed sealed file gave."""
    result = {"path": path, "sha256": "", "size": -1, "findings": []}  # type: Dict[str, Any]
    place = os.path.join(root, *path.split("/"))
    try:
        found = os.lstat(place)
        result["size"] = found.st_size if stat.S_ISREG(found.st_mode) else -1
        result["sha256"] = hash_file(place, ["sha256"])["sha256"]
    except FileNotFoundError:
        result["findings"].append(finding("VJ-402", FAILED, path))
    except OSError:
        result["findings"].append(finding("BG-805", NOT_RUN, path))
    else:
        if (result["sha256"], result["size"]) != (told.get("sha256"), told.get("size")):
            result["findings"].append(finding("VJ-401", FAILED, path))
    result["outcome"] = outcome_of(result["findings"])
    return result


def package(root: str, prefix: str, registered: Dict[str, str]) -> Dict[str, Any]:
    """Return what reading one bag gave, compared with the digest that the log registered."""
    bag = Bag(os.path.join(root, prefix) if prefix else root).judge()
    digest = bag.digest
    if prefix in registered and digest and digest != registered[prefix]:
        bag.add("VJ-201", FAILED)
    return {
        "prefix": prefix,
        "outcome": outcome_of(bag.findings),
        "digest": digest,
        "files": len(bag.files),
        "bytes": bag.bytes,
        "findings": bag.findings,
    }


def self_check(root: str) -> Optional[bool]:
    """Return whether the newest samples are judged as they were planted; None where there are none."""
    generations = folders(root, CANARIES)
    if not generations:
        return None
    place = os.path.join(root, CANARIES, generations[-1])
    for kind, planted in sorted(PLANTED.items()):
        found = Bag(os.path.join(place, kind)).judge().findings
        if sorted((each["code"], each["path"]) for each in found if each["weight"] != WARNED) != planted:
            return False
    return True


def store_id(root: str) -> str:
    """Return the id that the marker of a store tells, "" where there is none."""
    try:
        with open(os.path.join(root, MARKER), "rb") as stream:
            return str(json.loads(stream.read(65536).decode("utf-8"))["id"])
    except (OSError, ValueError, KeyError, TypeError):
        return ""


def verify(root: str, quiet: bool = False) -> Dict[str, Any]:
    """Read everything below root and return the report, ready for JSON."""
    report: Dict[str, Any] = {"tool": "verify_jingui", "version": VERSION, "store": store_id(root)}
    report.update(began=stamp(), findings=[], packages=[], sealed=[], log_objects=0, expected=set())
    if os.path.lexists(os.path.join(root, SEAL)):
        report["findings"].append(finding("VJ-501", NOT_RUN, SEAL))
    else:
        registered = read_log(root, report["store"], report)
        for prefix in bags(root):
            report["packages"].append(package(root, prefix, registered))
            tell(report["packages"][-1]["outcome"], prefix or root, report["packages"][-1]["findings"], quiet)
        report["self_check"] = self_check(root)
        if report["self_check"] is False:
            report["findings"].append(finding("VJ-601", NOT_RUN, CANARIES))
        sealed_files(root, report)
        for each in report["sealed"]:
            tell(each["outcome"], each["path"], each["findings"], quiet)
    there = {each["prefix"] for each in report["packages"]}
    for prefix in sorted(report.pop("expected") - there):
        report["findings"].append(finding("VJ-202", FAILED, prefix))
    parts = report["packages"] + report["sealed"]
    counts = {word: sum(each["outcome"] == word for each in parts) for word in (OK, BAD, UNREADABLE)}
    every = [outcome_of(report["findings"]), *(each["outcome"] for each in parts)]
    worst = BAD if BAD in every else UNREADABLE if UNREADABLE in every or not parts else OK
    report.update(ended=stamp(), counts=counts, outcome=worst)
    return report


def stamp() -> str:
    """Return the present time in UTC."""
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())


def tell(outcome: str, subject: str, findings: List[Finding], quiet: bool) -> None:
    """Print one line for what was read, and one for each thing that was found."""
    if outcome == OK and quiet:
        return
    print("%s  %s" % (WORDS[outcome], subject))
    for found in findings[:50]:
        print("    %s %s  %s" % (found["code"], SENTENCES.get(found["code"], ""), found["path"]))


def main(arguments: Optional[List[str]] = None) -> int:
    """Verify what the command line names and return the exit code."""
    parser = argparse.ArgumentParser(description="核验金匮的存储或介质 Verify a Jingui store or disk")
    here = os.path.dirname(os.path.abspath(__file__))
    parser.add_argument("folder", nargs="?", default=here, help="要核验的文件夹，默认本文件所在处 the folder")
    parser.add_argument("--json", metavar="FILE", help="把结果写成 JSON，可登记回系统 write a report")
    parser.add_argument("--quiet", action="store_true", help="只列出有问题的 tell only what is not good")
    asked = parser.parse_args(arguments)
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="backslashreplace")
    if not os.path.isdir(asked.folder):
        print("不是文件夹 not a folder: %s" % asked.folder, file=sys.stderr)
        return 2
    report = verify(os.path.abspath(asked.folder), quiet=asked.quiet)
    if report["findings"]:
        tell(outcome_of(report["findings"]), "整体 as a whole", report["findings"], False)
    if report.get("self_check"):
        print("自检通过：故意损坏的样本都认出来了。 Self-check passed: every planted damage was found.")
    counts = report["counts"]
    numbers = (sum(counts.values()), counts[OK], counts[BAD], counts[UNREADABLE])
    print("共 %d：完好 %d，有问题 %d，没能核验 %d。" % numbers, WORDS[report["outcome"]])
    print("%d in all: %d good, %d bad, %d not verified." % numbers)
    if asked.json:
        with open(asked.json, "w", encoding="utf-8", errors="backslashreplace") as stream:
            json.dump(report, stream, ensure_ascii=True, indent=1)
            stream.write("\n")
    return {OK: 0, BAD: 1, UNREADABLE: 2}[report["outcome"]]


if __name__ == "__main__":
    sys.exit(main())
