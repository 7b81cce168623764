"""Settings: one table, read strictly."""

from dataclasses import fields
from pathlib import Path

import pytest

from repository.config import TABLE, SettingRefused, Settings, SettingSpec, from_env, shown


def test_an_empty_environment_gives_the_defaults() -> None:
    """Without any variable every setting has the default that its row tells."""
    settings = from_env({})

    assert (settings.data, settings.port, settings.copies, settings.https) == (Path("data"), 8080, 2, False)
    assert [spec.id for spec in settings.store_specs] == ["main", "second"]
    assert settings.database_url == "sqlite:///data/catalogue.sqlite"


def test_every_row_is_a_field_and_every_field_a_row() -> None:
    """The table and the settings name the same things in the same order."""
    assert [spec.name for spec in TABLE] == [field.name for field in fields(Settings)]


@pytest.mark.parametrize("spec", TABLE, ids=lambda spec: spec.variable)
def test_every_row_says_what_it_is_for_and_its_default_is_allowed(spec: SettingSpec) -> None:
    """Each row has a sentence in both languages, and its default, said aloud, gives what silence gives."""
    assert spec.sentence_zh and spec.sentence_en and spec.sentence_zh != spec.sentence_en
    assert getattr(from_env({spec.variable: spec.default}), spec.name) == getattr(from_env({}), spec.name)


def test_an_unknown_variable_is_a_refusal_that_names_it() -> None:
    """A misspelt setting does not pass for the default."""
    with pytest.raises(SettingRefused) as refusal:
        from_env({"JINGUI_PROT": "80", "PATH": "/bin"})

    assert (refusal.value.code, refusal.value.facts) == ("CF-001", {"name": "JINGUI_PROT"})


def test_other_programs_variables_are_none_of_our_business() -> None:
    """Only names that begin with JINGUI_ are looked at."""
    assert from_env({"HOME": "x", "jingui_port": "1", "MY_JINGUI_PORT": "1"}).port == 8080


@pytest.mark.parametrize(
    ("variable", "value"),
    [
        ("JINGUI_PORT", "http"),
        ("JINGUI_PORT", "-1"),
        ("JINGUI_PORT", "0"),
        ("JINGUI_PORT", "65536"),
        ("JINGUI_PORT", "８０"),
        ("JINGUI_PORT", "8080.5"),
        ("JINGUI_PORT", "9" * 5000),
        ("JINGUI_HTTPS", "maybe"),
        ("JINGUI_COPIES", "0"),
        ("JINGUI_FIXITY_DAYS", "0"),
        ("JINGUI_FIXITY_HOUR", "24"),
        ("JINGUI_WORKER_THREADS", "0"),
        ("JINGUI_SESSION_MINUTES", "0"),
        ("JINGUI_LANGUAGE", "fr"),
        ("JINGUI_DIGESTS", "md5"),
        ("JINGUI_DIGESTS", "sha512,nonsense"),
    ],
)
def test_a_wrong_value_is_a_refusal_that_names_variable_and_value(variable: str, value: str) -> None:
    """What cannot be meant is refused at the start, not at night when it is needed."""
    with pytest.raises(SettingRefused) as refusal:
        from_env({variable: value})

    assert (refusal.value.code, refusal.value.facts["name"]) == ("CF-002", variable)


@pytest.mark.parametrize(
    ("text", "value"), [("yes", True), ("ON", True), ("1", True), ("No", False), ("off", False)]
)
def test_yes_and_no_are_written_in_several_ways(text: str, value: bool) -> None:
    """The usual words for yes and no are all understood."""
    assert from_env({"JINGUI_HTTPS": text}).https is value


def test_an_empty_value_is_the_default() -> None:
    """A variable that is set to nothing counts as not set."""
    assert from_env({"JINGUI_PORT": "", "JINGUI_STORES": ""}).port == 8080


def test_stores_are_named_folders_in_order() -> None:
    """The first named store is the one that commits first; blanks around commas do not matter."""
    settings = from_env({"JINGUI_STORES": "nas = /mnt/nas ,usb=/mnt/a=b,".replace(" = ", "=")})

    assert [(spec.id, str(spec.root)) for spec in settings.store_specs] == [
        ("nas", "/mnt/nas"),
        ("usb", "/mnt/a=b"),
    ]


@pytest.mark.parametrize("text", ["/mnt/nas", "=/mnt/nas", "nas=", "n as=/mnt", "存储=/mnt", "../x=/mnt"])
def test_a_store_without_a_plain_name_or_folder_is_refused(text: str) -> None:
    """A store's id becomes a file name and a word in events: ASCII letters, digits, underscores."""
    with pytest.raises(SettingRefused) as refusal:
        from_env({"JINGUI_STORES": text})

    assert (refusal.value.code, refusal.value.facts["value"]) == ("CF-003", text)


CLOUD = {"JINGUI_S3_ENDPOINT": "https://s3.invalid", "JINGUI_S3_KEY": "k", "JINGUI_S3_SECRET": "hush-hush"}


def test_a_store_may_be_a_bucket() -> None:
    """A place that begins with s3:// is a bucket and a prefix; other places stay folders."""
    settings = from_env({"JINGUI_STORES": "main=/x,cloud=s3://school-archive/copies/a/", **CLOUD})
    main, cloud = settings.store_specs

    assert (main.kind, cloud.kind) == ("folder", "s3")
    assert (cloud.bucket, cloud.prefix, cloud.place) == (
        "school-archive",
        "copies/a",
        "s3://school-archive/copies/a/",
    )


@pytest.mark.parametrize("text", ["a=s3://", "a=s3://B", "a=s3://bkt/../x", "a=s3://bkt/a//b", "a=s3:///x"])
def test_a_bucket_that_can_be_none_is_refused(text: str) -> None:
    """Bucket and prefix follow the server's rules and cannot leave their place."""
    with pytest.raises(SettingRefused) as refusal:
        from_env({"JINGUI_STORES": text, **CLOUD})

    assert refusal.value.code == "CF-003"


@pytest.mark.parametrize("lacking", sorted(CLOUD))
def test_a_bucket_without_address_or_keys_is_refused(lacking: str) -> None:
    """Whoever names a bucket says where its server is and who asks."""
    with pytest.raises(SettingRefused) as refusal:
        from_env({"JINGUI_STORES": "a=s3://bucket", **CLOUD, lacking: ""})

    assert (refusal.value.code, refusal.value.facts) == ("CF-006", {"name": lacking})


def test_the_server_of_buckets_is_an_address() -> None:
    """An endpoint that is no http address is refused."""
    with pytest.raises(SettingRefused) as refusal:
        from_env({"JINGUI_STORES": "a=s3://bucket", **CLOUD, "JINGUI_S3_ENDPOINT": "ftp://x"})

    assert refusal.value.code == "CF-002"


def test_secrets_are_never_shown() -> None:
    """A secret setting is shown as stars where it is set, and is not in the settings' own text."""
    settings = from_env({"JINGUI_STORES": "a=s3://bucket", **CLOUD})
    told = {spec.name: shown(spec, getattr(settings, spec.name)) for spec in TABLE}

    assert (told["s3_key"], told["s3_secret"], told["s3_region"]) == ("***", "***", "us-east-1")
    assert "hush-hush" not in repr(settings) + str(told)
    assert shown(TABLE[0], Path("data")) == "data"


TWICE = ["a=/x,a=/y", "a=/x,b=/x", "a=/x/y,b=/x/z/../y", "a=s3://bkt/x,b=s3://bkt/x/"]


@pytest.mark.parametrize("text", TWICE)
def test_two_stores_in_one_place_are_refused(text: str) -> None:
    """A second copy in the same folder would be no copy."""
    with pytest.raises(SettingRefused) as refusal:
        from_env({"JINGUI_STORES": text, **CLOUD})

    assert refusal.value.code == "CF-004"


def test_overrides_win_over_the_environment(tmp_path: Path) -> None:
    """What the caller hands in is already typed and comes last."""
    settings = from_env({"JINGUI_DATA": "elsewhere", "JINGUI_PORT": "81"}, data=tmp_path, port=82)

    assert (settings.data, settings.port) == (tmp_path, 82)


def test_sha256_always_comes_first_and_once() -> None:
    """Whatever else is asked for, SHA-256 is there: the register is made of it."""
    assert from_env({"JINGUI_DIGESTS": "SHA512, sha256,sha512"}).algorithms == ("sha256", "sha512")
