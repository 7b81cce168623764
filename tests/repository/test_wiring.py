"""Settings -> Tools: folders, keys and stores are laid once."""

import sys
from pathlib import Path

import pytest

from preservation.virus import ClamdScanner, NoScanner
from repository.config import SettingRefused, Settings, from_env
from repository.wiring import build_tools, key, lay_folders, policy_of, software_version
from repository.workflow import folders
from storage.errors import StorageError, StoreUnavailable
from tests.archives import close, environment


def _settings(tmp_path: Path, **more: str) -> Settings:
    return from_env(environment(tmp_path / "data", **more))


def test_laying_twice_changes_nothing(tmp_path: Path) -> None:
    """Folders, stores and keys of the first run are those of the second."""
    settings = _settings(tmp_path)
    lay_folders(settings)
    first = {path: path.read_bytes() for path in (tmp_path / "data").rglob("*") if path.is_file()}
    sealed = key(settings, "session.key")
    lay_folders(settings)

    assert {path: path.read_bytes() for path in first} == first
    assert key(settings, "session.key") == sealed


def test_e25_a_key_is_long_random_and_readable_by_us_alone(tmp_path: Path) -> None:
    """There is no default secret: each installation makes its own, 256 bits."""
    keys = set()
    for name in ("a", "b"):
        settings = _settings(tmp_path / name)
        lay_folders(settings)
        keys.add(key(settings, "session.key"))
        assert (settings.data / "keys" / "session.key").stat().st_mode & 0o777 == 0o600

    assert len(keys) == 2 and {len(one) for one in keys} == {64}


def test_b14_an_empty_folder_in_the_place_of_a_known_store_is_a_disk_that_is_away(tmp_path: Path) -> None:
    """After its first run a store is never made again: an empty mount point stays empty and is refused."""
    settings = _settings(tmp_path)
    lay_folders(settings)
    root = settings.store_specs[1].root
    root.rename(root.with_name("away"))
    root.mkdir()
    lay_folders(settings)
    tools = build_tools(settings)
    with pytest.raises(StoreUnavailable):
        tools.stores["second"].probe()

    assert list(root.iterdir()) == []
    assert {state.name: state.writable for state in folders.look(tools)} == {
        "data": True,
        "main": True,
        "second": False,
    }
    close(tools)


def test_a_guest_that_is_not_installed_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without its library an S3 store is refused in one sentence that says what to install."""
    for name in [name for name in sys.modules if name.startswith("storage.s3")]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "boto3", None)
    keys = {"JINGUI_S3_ENDPOINT": "https://s3.invalid", "JINGUI_S3_KEY": "k", "JINGUI_S3_SECRET": "s"}
    with pytest.raises(SettingRefused) as refusal:
        lay_folders(_settings(tmp_path, JINGUI_STORES="cloud=s3://bucket", **keys))

    assert (refusal.value.code, refusal.value.facts) == ("CF-007", {"guest": "s3", "library": "boto3"})


def test_b15_two_disks_that_were_swapped_are_refused(tmp_path: Path) -> None:
    """A store knows its own id: the wrong disk in its place is not written to."""
    settings = _settings(tmp_path)
    lay_folders(settings)
    one, two = (spec.root for spec in settings.store_specs)
    one.rename(one.with_name("x"))
    two.rename(one)
    one.with_name("x").rename(two)
    tools = build_tools(settings)
    for store in tools.stores.values():
        with pytest.raises(StorageError) as refusal:
            store.probe()
        assert refusal.value.code == "ST-006"
    close(tools)


def test_the_tools_are_those_that_the_settings_ask_for(tmp_path: Path) -> None:
    """Order of stores, number of copies, digests, interval and scanner come from the one table."""
    settings = _settings(
        tmp_path,
        JINGUI_STORES=f"nas={tmp_path / 'n'},usb={tmp_path / 'u'},tape={tmp_path / 't'}",
        JINGUI_COPIES="3",
        JINGUI_DIGESTS="sha512",
        JINGUI_FIXITY_DAYS="7",
        JINGUI_CLAMD="127.0.0.1:3310",
    )
    lay_folders(settings)
    tools = build_tools(settings)

    assert (list(tools.stores), tools.first_store.id) == (["nas", "usb", "tape"], "nas")
    policy = policy_of(settings)
    assert (policy.copies_wanted, policy.algorithms, policy.interval.days) == (3, ("sha256", "sha512"), 7)
    assert isinstance(tools.scanner, ClamdScanner)
    assert (tools.software.kind, tools.software.name) == ("software", f"Jingui {software_version()}")
    assert tools.staging.reserve.least == 1 << 20
    close(tools)


def test_without_a_scanner_nothing_is_called_clean(tmp_path: Path) -> None:
    """No address, no scanner: the check will say not run."""
    settings = _settings(tmp_path)
    lay_folders(settings)
    tools = build_tools(settings)

    assert isinstance(tools.scanner, NoScanner)
    close(tools)
