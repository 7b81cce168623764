"""Settings -> Tools: which real thing stands behind each port."""

import contextlib
import importlib
import secrets
from collections.abc import Mapping
from datetime import timedelta
from importlib.metadata import PackageNotFoundError, version
from typing import Any

from preservation.policy import Policy
from preservation.sandbox import Sandbox
from preservation.virus import ClamdScanner, NoScanner, Scanner
from repository.config import SettingRefused, Settings
from repository.models.database import open_database
from repository.permissions import system_actor
from repository.store_keys import KeyRefused, new_key, read_key
from repository.store_specs import StoreSpec
from repository.workflow.room import reserve_of
from repository.workflow.tools import Tools
from search.whoosh_engine import WhooshEngine
from storage.encrypted import EncryptedStore, seal_of, seal_store
from storage.errors import StorageError
from storage.local import LocalStore, create_store
from storage.secret_files import keep_new
from storage.staging import Staging
from storage.store import Store
from storage.verifier import lay_verifier

MB = 1 << 20
#: Optional guests, loaded only where the settings ask for them: a school on one PC installs none.
GUESTS = {"s3": "storage.s3:S3Store"}


def software_version() -> str:
    """Return the installed version, "0" when run from a tree that is not installed."""
    try:
        return version("jingui")
    except PackageNotFoundError:
        return "0"


def lay_folders(settings: Settings) -> None:
    """Make the data folder, the keys and the stores where they are not yet. Raises SettingRefused."""
    lay_data(settings)
    for spec in settings.store_specs:
        _lay_store(settings, spec)


def lay_data(settings: Settings) -> None:
    """Make the data folder and the keys, without any store. Raises SettingRefused."""
    try:
        for name in ("keys", "staging", "renditions", "index", "scratch"):
            (settings.data / name).mkdir(parents=True, exist_ok=True)
        (settings.data / "keys").chmod(0o700)
    except OSError as error:
        raise SettingRefused("CF-005", name="JINGUI_DATA", value=settings.data, why=error.strerror) from error


def _lay_store(settings: Settings, spec: StoreSpec) -> None:
    """Make a store once. Later an empty folder in its place is a disk that is away, no new store (B14)."""
    known = settings.data / "keys" / f"store-{spec.id}"
    if not known.exists():
        make_store(settings, spec)
        known.touch()
    elif spec.kind == "folder":
        _look_after_folder(settings, spec)


def make_store(settings: Settings, spec: StoreSpec) -> None:
    """Make the store of a row of the settings in its empty place; one that stands there already stays.

    Raises AlreadyStored, SettingRefused (a sealed store whose key is not here), the errors of the store.
    """
    if spec.kind == "folder":
        inner: Store = create_store(spec.root, spec.id)
    else:
        guest = _guest(spec.kind)(spec.id, **_s3_words(settings, spec))
        guest.create()
        inner = guest
    if not spec.is_sealed:
        _refuse_sealed(spec, inner)
        return
    key = _sealing_key(settings, spec)
    if key is None:
        if seal_of(inner) is not None:
            raise SettingRefused("CF-009", name=spec.id, key_id=seal_of(inner))
        key = new_key(settings.data, spec.id)
    seal_store(inner, key)


def _look_after_folder(settings: Settings, spec: StoreSpec) -> None:
    """Refuse a folder that is sealed and should not be, or with another key; one that is away may wait."""
    inner = LocalStore(spec.id, spec.root)
    try:
        inner.probe()
    except StorageError:
        return
    if spec.is_sealed:
        build_store(settings, spec).probe()
    else:
        _refuse_sealed(spec, inner)
    with contextlib.suppress(StorageError):  # a read-only disk keeps the judge it has
        lay_verifier(spec.root)


def _refuse_sealed(spec: StoreSpec, inner: Store) -> None:
    if seal_of(inner) is not None:
        raise SettingRefused("CF-010", name=spec.id)


def _sealing_key(settings: Settings, spec: StoreSpec) -> bytes | None:
    try:
        return read_key(settings.data, spec.id)
    except KeyRefused as error:
        raise SettingRefused("CF-009", name=spec.id) from error


def _guest(kind: str) -> Any:
    """Return the class of a guest. Raises SettingRefused where its library is not installed."""
    module, _, name = GUESTS[kind].partition(":")
    try:
        return getattr(importlib.import_module(module), name)
    except ModuleNotFoundError as error:
        raise SettingRefused("CF-007", guest=kind, library=error.name) from error


def _s3_words(settings: Settings, spec: StoreSpec) -> dict[str, str]:
    return {
        "bucket": spec.bucket,
        "prefix": spec.prefix,
        "endpoint": settings.s3_endpoint,
        "key": settings.s3_key,
        "secret": settings.s3_secret,
        "region": settings.s3_region,
    }


def inner_store(settings: Settings, spec: StoreSpec) -> Store:
    """Return the store as its place holds it: what is sealed stays sealed."""
    if spec.kind == "folder":
        return LocalStore(spec.id, spec.root)
    store: Store = _guest(spec.kind)(spec.id, **_s3_words(settings, spec))
    return store


def build_store(settings: Settings, spec: StoreSpec) -> Store:
    """Return the store of a row of the settings; its place must have been laid.

    Raises SettingRefused where the key of a sealed store is not here.
    """
    store = inner_store(settings, spec)
    if not spec.is_sealed:
        return store
    key = _sealing_key(settings, spec)
    if key is None:
        raise SettingRefused("CF-009", name=spec.id)
    return EncryptedStore(store, key)


def key(settings: Settings, name: str) -> str:
    """Return a secret of this installation, made at its first use."""
    path = settings.data / "keys" / name
    keep_new(path, secrets.token_hex(32) + "\n")
    return path.read_text("ascii").strip()


def policy_of(settings: Settings) -> Policy:
    """Return the preservation policy that the settings ask for."""
    return Policy(
        copies_wanted=settings.copies,
        places_wanted=settings.places,
        interval=timedelta(days=settings.fixity_days),
        replica_interval=timedelta(days=settings.replica_days),
        algorithms=settings.algorithms,
    )


def build_stores(settings: Settings) -> dict[str, Store]:
    """Return the stores of the settings, in their order."""
    return {spec.id: build_store(settings, spec) for spec in settings.store_specs}


def build_tools(settings: Settings, *, stores: Mapping[str, Store] | None = None) -> Tools:
    """Return the tools; folders must have been laid. stores stand in for those of the settings."""
    stores = build_stores(settings) if stores is None else stores
    scanner: Scanner = ClamdScanner(settings.clamd) if settings.clamd else NoScanner()
    return Tools(
        settings=settings,
        database=open_database(settings.database_url),
        stores=stores,
        staging=Staging(settings.data / "staging", reserve=reserve_of(settings)),
        index=WhooshEngine(settings.data / "index", seal=key(settings, "index.seal")),
        sandbox=Sandbox(workers=settings.worker_threads),
        scanner=scanner,
        policy=policy_of(settings),
        renditions=settings.data / "renditions",
        scratch=settings.data / "scratch",
        software=system_actor(f"Jingui {software_version()}"),
    )
