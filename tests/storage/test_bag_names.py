"""Every name that a file system can hold comes through the writer and back (P15, section 8)."""

import json
import os
import tempfile
from pathlib import Path

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from preservation.checks import Outcome
from preservation.fixity import check_copy
from preservation.policy import CopyState
from preservation.verify import verify_folder
from storage.bag import Incoming, write_bag
from storage.errors import UnsafeName
from storage.layout import package_prefix
from storage.local import LocalStore, create_store
from storage.manifest import parse_manifest
from storage.names import check_path, safe_name

PREFIX = package_prefix("12345678-1234-4234-8234-123456789abc", 1)
CORPORA = os.environ.get("JINGUI_CORPORA")
#: What makes trouble: line ends, percent signs, spaces, asterisks, both slashes, digests, other line ends.
TRICKY = ("%", "%25", "%0A", "%0d", "\n", "\r", "\r\n", " ", "  ", "*", "\t", "\x0b", "\x85", "\u2028", "#")
NAMES = st.lists(
    st.one_of(st.sampled_from(TRICKY), st.text(min_size=1, max_size=6)), min_size=1, max_size=6
).map("".join)


def write(root: Path, paths: list[str]) -> LocalStore:
    """Write a bag that holds these payload paths."""
    store = create_store(root, "one")
    payload = [Incoming.of_bytes(path, path.encode()) for path in paths]
    inventory = write_bag(store, PREFIX, payload=payload, tag_files={}, info=[])
    report = check_copy(store, PREFIX, inventory)
    assert report.custody is CopyState.OK, report.findings
    return store


def listed(store: LocalStore) -> dict[str, str]:
    """Return what the bag's own manifest tells."""
    text = (store.root / PREFIX / "manifest-sha256.txt").read_bytes().decode()
    return {line.path: line.digest for line in parse_manifest(text)}


def can_stand(path: str) -> bool:
    """Return whether our writer takes a path."""
    try:
        check_path(path)
    except UnsafeName:
        return False
    return True


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(NAMES)
def test_any_name_that_can_stand_is_written_and_read_back(name: str) -> None:
    """The manifest tells the very name, our judge finds the file under it, and nothing is lost."""
    path = f"data/{name}"
    assume(can_stand(path))
    with tempfile.TemporaryDirectory() as folder:
        store = write(Path(folder), [path])
        report = verify_folder(store.root / PREFIX, threads=1)

        assert set(listed(store)) == {path}
        assert (store.root / PREFIX / path).read_bytes() == path.encode()
        assert report.outcome in (Outcome.PASSED, Outcome.WARNED), report.findings


@settings(max_examples=400, deadline=None)
@given(st.binary(min_size=1, max_size=255))
def test_p15_any_bytes_of_a_name_are_kept(raw: bytes) -> None:
    """The bytes of a name come back from its record, and the stored name can stand on any system."""
    named = safe_name(raw)
    as_seen = safe_name(os.fsdecode(raw))

    assert bytes.fromhex(named.raw_hex) == raw
    assert as_seen == named
    assert check_path(named.stored) == named.stored
    assert "/" not in named.stored and len(named.stored.encode()) <= 255


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.binary(min_size=1, max_size=80).filter(lambda raw: b"/" not in raw and b"\0" not in raw))
def test_p15_any_file_on_the_disk_comes_into_a_bag_and_back_under_its_name(raw: bytes) -> None:
    """A file of any name is packed under a safe one, with the bytes of its own name beside it."""
    assume(raw not in (b".", b".."))
    with tempfile.TemporaryDirectory() as folder:
        source = os.path.join(os.fsencode(folder), raw)
        with open(source, "wb") as stream:
            stream.write(b"content of " + raw)
        (seen,) = os.listdir(folder)
        named = safe_name(seen)
        record = json.dumps({"stored": named.stored, "raw": named.raw_hex})
        place = Path(folder) / ("store" if raw != b"store" else "other")
        store = write(place, [f"data/{named.stored}"])
        told = json.loads(record)

        assert bytes.fromhex(told["raw"]) == raw
        assert os.path.join(os.fsencode(folder), bytes.fromhex(told["raw"])) == source
        assert set(listed(store)) == {f"data/{told['stored']}"}


@pytest.mark.skipif(not CORPORA, reason="JINGUI_CORPORA is not set")
def test_p15_the_big_list_of_naughty_strings(tmp_path: Path) -> None:
    """Every naughty string is a name: its bytes are kept, and all that can stand are in one good bag."""
    strings = json.loads((Path(CORPORA or "") / "naughty-strings/blns.json").read_text("utf-8"))
    kept = [safe_name(one.encode("utf-8", "surrogatepass")) for one in strings]
    fitting = [one for one in strings if can_stand(f"data/{one}")]
    paths = sorted({f"data/{number:04d}/{one}" for number, one in enumerate(fitting)})
    store = write(tmp_path / "store", paths)
    report = verify_folder(store.root / PREFIX)

    assert [bytes.fromhex(one.raw_hex).decode("utf-8", "surrogatepass") for one in kept] == strings
    assert set(listed(store)) == set(paths) and len(paths) > 300
    assert report.outcome in (Outcome.PASSED, Outcome.WARNED), report.findings[:5]
