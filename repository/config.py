"""Settings: one table, read once from the environment.

Each row (setting_rows.py) tells name, kind, default and a sentence; `jingui
settings` prints it, the README lists it and a test compares. An unknown JINGUI_* variable is a
refusal to start: a misspelt setting must not pass for the default.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

from repository.setting_rows import TABLE as TABLE
from repository.setting_rows import SettingSpec as SettingSpec
from repository.store_specs import StoreSpec, are_apart, parse_store
from storage.digests import is_available


class SettingRefused(Exception):
    """A setting is unknown or its value is none; code and facts say which."""

    def __init__(self, code: str, **facts: object) -> None:
        super().__init__(code, facts)
        self.code = code
        self.facts = facts


#: What manifests may be made with: RFC 8493 asks for SHA-256 or SHA-512, SM3 is the Chinese standard.
ALGORITHMS = ("sha256", "sha384", "sha512", "sm3")


@dataclass(frozen=True, slots=True)
class Settings:
    """The settings of one run. Built by from_env, handed in, never global."""

    data: Path
    stores: str
    database: str
    s3_endpoint: str
    s3_key: str = field(repr=False)
    s3_secret: str = field(repr=False)
    s3_region: str
    host: str
    port: int
    https: bool
    language: str
    session_minutes: int
    max_upload_mb: int
    reserve_mb: int
    reserve_percent: int
    copies: int
    places: int
    digests: str
    fixity_days: int
    replica_days: int
    fixity_gb: int
    fixity_mb_per_second: int
    fixity_hour: int
    auto_repair: bool
    clamd: str
    mail_host: str
    mail_port: int
    mail_security: str
    mail_user: str
    mail_password: str = field(repr=False)
    mail_from: str
    mail_to: str
    webhook: str = field(repr=False)
    webhook_secret: str = field(repr=False)
    digest: str
    backups: str
    backup_recipients: str
    audit_key: str
    web_threads: int
    worker_threads: int
    failpoint: str
    corpora: str

    @property
    def database_url(self) -> str:
        """Return the catalogue's SQLAlchemy address."""
        return self.database or f"sqlite:///{self.data / 'catalogue.sqlite'}"

    @property
    def store_specs(self) -> tuple[StoreSpec, ...]:
        """Return the configured stores in order; the first one commits first."""
        if not self.stores:
            return (
                StoreSpec("main", str(self.data / "stores" / "main")),
                StoreSpec("second", str(self.data / "stores" / "second")),
            )
        return tuple(_store_spec(part.strip()) for part in self.stores.split(",") if part.strip())

    @property
    def backups_folder(self) -> Path:
        """Return where sealed backups are kept."""
        return Path(self.backups) if self.backups else self.data / "backups"

    @property
    def audit_key_file(self) -> Path:
        """Return where the worker keeps the key that seals the logs."""
        return Path(self.audit_key) if self.audit_key else self.data / "keys" / "audit.key"

    @property
    def recipients(self) -> tuple[str, ...]:
        """Return whom notices are mailed to."""
        return tuple(name.strip() for name in self.mail_to.split(",") if name.strip())

    @property
    def algorithms(self) -> tuple[str, ...]:
        """Return the digest algorithms, SHA-256 always first."""
        asked = tuple(name.strip().lower() for name in self.digests.split(",") if name.strip())
        return ("sha256", *(name for name in dict.fromkeys(asked) if name != "sha256"))


def _store_spec(text: str) -> StoreSpec:
    try:
        return parse_store(text)
    except ValueError as error:
        raise SettingRefused("CF-003", name="JINGUI_STORES", value=text) from error


HIDDEN = "***"


def shown(spec: SettingSpec, value: object) -> str:
    """Return a value as it may be shown; a secret never is."""
    return HIDDEN if spec.is_secret and value else str(value)


_BOOLEANS = {
    "yes": True,
    "true": True,
    "1": True,
    "on": True,
    "no": False,
    "false": False,
    "0": False,
    "off": False,
}


def _value(spec: SettingSpec, text: str) -> object:
    if spec.kind is bool:
        if text.lower() not in _BOOLEANS:
            raise SettingRefused("CF-002", name=spec.variable, value=text)
        return _BOOLEANS[text.lower()]
    if spec.kind is int:
        if not (text.isascii() and text.isdigit() and len(text) <= 12 and _in_range(spec, int(text))):
            raise SettingRefused("CF-002", name=spec.variable, value=text)
        return int(text)
    if spec.choices and text not in spec.choices:
        raise SettingRefused("CF-002", name=spec.variable, value=text)
    return spec.kind(text)


def _in_range(spec: SettingSpec, number: int) -> bool:
    return spec.least <= number and (spec.most is None or number <= spec.most)


def from_env(environment: Mapping[str, str], **overrides: object) -> Settings:
    """Return the settings of this environment; overrides (already typed) win.

    Raises SettingRefused for an unknown JINGUI_* variable or a wrong value.
    """
    known = {spec.variable for spec in TABLE}
    for name in environment:
        if name.startswith("JINGUI_") and name not in known:
            raise SettingRefused("CF-001", name=name)
    values = {spec.name: _value(spec, environment.get(spec.variable) or spec.default) for spec in TABLE}
    settings = Settings(**{**values, **overrides})  # type: ignore[arg-type]
    _check_stores(settings.store_specs)
    _check_s3(settings)
    _check_notices(settings)
    for algorithm in settings.algorithms:
        if algorithm not in ALGORITHMS or not is_available(algorithm):
            raise SettingRefused("CF-002", name="JINGUI_DIGESTS", value=algorithm)
    return settings


def _check_stores(specs: tuple[StoreSpec, ...]) -> None:
    """Refuse two stores of one name or in one place: a second copy there would be none."""
    if not are_apart(specs):
        raise SettingRefused("CF-004", name="JINGUI_STORES")


def _check_s3(settings: Settings) -> None:
    """Refuse an S3 store without the address and keys of its server."""
    if not any(spec.kind == "s3" for spec in settings.store_specs):
        return
    for name in ("s3_endpoint", "s3_key", "s3_secret"):
        if not getattr(settings, name):
            raise SettingRefused("CF-006", name=f"JINGUI_{name.upper()}")
    if not settings.s3_endpoint.startswith(("https://", "http://")):
        raise SettingRefused("CF-002", name="JINGUI_S3_ENDPOINT", value=settings.s3_endpoint)


LOOPBACK = ("127.0.0.1", "::1", "localhost")


def _check_notices(settings: Settings) -> None:
    """Refuse mail without a sender or a reader, and a webhook that would travel in the open."""
    if settings.mail_host:
        for name in ("mail_to", "mail_from"):
            if not getattr(settings, name) and not (name == "mail_from" and settings.mail_user):
                raise SettingRefused("CF-008", name=f"JINGUI_{name.upper()}")
    if settings.webhook:
        parts = urlsplit(settings.webhook)
        is_near = parts.scheme == "http" and parts.hostname in LOOPBACK
        if not parts.hostname or not (parts.scheme == "https" or is_near):
            raise SettingRefused("CF-002", name="JINGUI_WEBHOOK", value=HIDDEN)
