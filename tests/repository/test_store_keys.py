"""Sealed stores in the settings: keys made once, put back from paper, never guessed."""

import shutil
from pathlib import Path

import pytest

from repository.config import SettingRefused, Settings, from_env
from repository.store_keys import KeyRefused, from_groups, in_groups, key_file, read_key, write_key
from repository.store_specs import are_apart, parse_store
from repository.wiring import build_tools, lay_folders
from storage.encrypted import EncryptedStore
from storage.errors import WrongKey
from tests.archives import close, environment

KEY = bytes(range(32))


def _settings(tmp_path: Path, place: str = "sealed+{}/away") -> Settings:
    stores = f"main={tmp_path}/main,away={place.format(tmp_path)}"
    return from_env(environment(tmp_path / "data", JINGUI_STORES=stores))


def test_sealed_is_a_word_before_the_place() -> None:
    """sealed+ is understood before folders and buckets, and one place stays one place."""
    folder, bucket = parse_store("a=sealed+/srv/x"), parse_store("b=sealed+s3://bucket/p")

    assert (folder.kind, str(folder.root), folder.is_sealed) == ("folder", "/srv/x", True)
    assert (bucket.kind, bucket.bucket, bucket.prefix, bucket.is_sealed) == ("s3", "bucket", "p", True)
    assert not are_apart([folder, parse_store("c=/srv/x")])
    with pytest.raises(ValueError, match="d=sealed"):
        parse_store("d=sealed+")


def test_e34_the_key_is_made_once_and_readable_by_us_alone(tmp_path: Path) -> None:
    """The first start makes a key of 32 random bytes; the second uses it."""
    settings = _settings(tmp_path)
    lay_folders(settings)
    first = read_key(settings.data, "away")
    lay_folders(settings)
    tools = build_tools(settings)

    assert first is not None and len(first) == 32
    assert read_key(settings.data, "away") == first
    assert key_file(settings.data, "away").stat().st_mode & 0o777 == 0o600
    assert isinstance(tools.stores["away"], EncryptedStore)
    close(tools)


def test_e34_without_its_key_a_sealed_store_refuses_the_start(tmp_path: Path) -> None:
    """A key file that is lost, or all of the keys folder, is told; nothing is made anew or called damaged."""
    settings = _settings(tmp_path)
    lay_folders(settings)
    key = read_key(settings.data, "away")
    key_file(settings.data, "away").unlink()
    with pytest.raises(SettingRefused) as refusal:
        build_tools(settings)
    shutil.rmtree(settings.data / "keys")
    with pytest.raises(SettingRefused) as again:
        lay_folders(settings)

    assert (refusal.value.code, refusal.value.facts["name"]) == ("CF-009", "away")
    assert again.value.code == "CF-009"
    assert key is not None
    write_key(settings.data, "away", key)
    lay_folders(settings)


def test_e34_another_key_refuses_the_start(tmp_path: Path) -> None:
    """A key that is not this store's is told at the start."""
    settings = _settings(tmp_path)
    lay_folders(settings)
    key_file(settings.data, "away").unlink()
    write_key(settings.data, "away", KEY)
    with pytest.raises(WrongKey):
        lay_folders(settings)


def test_a_sealed_folder_is_never_read_as_an_open_one(tmp_path: Path) -> None:
    """Without sealed+ in the settings a sealed folder is refused, known or unknown to this installation."""
    lay_folders(_settings(tmp_path))
    with pytest.raises(SettingRefused) as refusal:
        lay_folders(_settings(tmp_path, "{}/away"))
    (tmp_path / "data" / "keys" / "store-away").unlink()
    with pytest.raises(SettingRefused) as unknown:
        lay_folders(_settings(tmp_path, "{}/away"))

    assert {refusal.value.code, unknown.value.code} == {"CF-010"}


def test_a_key_goes_to_paper_and_back() -> None:
    """Groups of four come back with blanks, dashes, capitals and notes; a typing error is found."""
    paper = in_groups(KEY)

    assert paper.splitlines()[0] == "0001 0203 0405 0607" and len(paper.split()) == 17
    assert from_groups("# note\n" + paper.upper().replace(" ", "-")) == KEY
    assert from_groups("存储 away 的密钥（编号 565febcd）。请抄写：\n" + paper) == KEY
    assert from_groups(KEY.hex()) == KEY
    with pytest.raises(KeyRefused) as wrong:
        from_groups(paper.replace("0405", "0406"))
    assert wrong.value.why == "check"
    with pytest.raises(KeyRefused) as short:
        from_groups(paper[:30])
    assert short.value.why == "length"
