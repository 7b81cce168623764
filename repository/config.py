"""Settings: one table, read once from the environment.

Each row tells name, kind, default and a sentence; `jingui settings` prints
it, the README lists it and a test compares. An unknown JINGUI_* variable is a
refusal to start: a misspelt setting must not pass for the default.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from repository.store_specs import StoreSpec, are_apart, parse_store
from storage.digests import is_available


class SettingRefused(Exception):
    """A setting is unknown or its value is none; code and facts say which."""

    def __init__(self, code: str, **facts: object) -> None:
        super().__init__(code, facts)
        self.code = code
        self.facts = facts


@dataclass(frozen=True, slots=True)
class SettingSpec:
    """One row of the table."""

    name: str
    kind: type
    default: str
    sentence_zh: str
    sentence_en: str
    least: int = 0
    most: int | None = None
    choices: tuple[str, ...] = ()
    is_secret: bool = False

    @property
    def variable(self) -> str:
        """Return the environment variable's name."""
        return f"JINGUI_{self.name.upper()}"


TABLE = (
    SettingSpec("data", Path, "data", "数据文件夹", "The data folder"),
    SettingSpec(
        "stores",
        str,
        "",
        "保存副本的文件夹或 s3://桶/前缀，写成 名称=路径，用逗号分开；空着就用数据文件夹里的两个",
        "Where copies are, name=path or name=s3://bucket/prefix, commas; empty: two in the data folder",
    ),
    SettingSpec(
        "database",
        str,
        "",
        "目录数据库地址；空着就用数据文件夹里的 SQLite",
        "Address of the catalogue; empty: SQLite in the data folder",
    ),
    SettingSpec("s3_endpoint", str, "", "S3 存储的服务地址（https://…）", "Address of the S3 server"),
    SettingSpec("s3_key", str, "", "S3 存储的访问密钥编号", "Access key of the S3 stores", is_secret=True),
    SettingSpec("s3_secret", str, "", "S3 存储的访问密钥", "Secret key of the S3 stores", is_secret=True),
    SettingSpec("s3_region", str, "us-east-1", "S3 存储的区域名", "Region of the S3 stores"),
    SettingSpec("host", str, "127.0.0.1", "网页服务的监听地址", "Address the web server listens on"),
    SettingSpec("port", int, "8080", "网页服务的端口", "Port of the web server", least=1, most=65535),
    SettingSpec(
        "https",
        bool,
        "no",
        "网站通过 HTTPS 访问时设为 yes，登录凭据只走加密连接",
        "yes if the site is reached through HTTPS: cookies then travel encrypted only",
    ),
    SettingSpec(
        "language",
        str,
        "zh_Hans_CN",
        "默认语言：zh_Hans_CN 或 en",
        "Default language: zh_Hans_CN or en",
        choices=("zh_Hans_CN", "en"),
    ),
    SettingSpec(
        "session_minutes",
        int,
        "30",
        "多少分钟没有操作就要重新登录",
        "Minutes of idleness that end a session",
        least=1,
    ),
    SettingSpec("max_upload_mb", int, "4096", "单个上传文件的上限（MB）", "Largest upload in MB", least=1),
    SettingSpec(
        "reserve_mb",
        int,
        "2048",
        "磁盘至少留下的空间（MB），不够就不再接收",
        "Room in MB that stays free; below it nothing is taken in",
    ),
    SettingSpec(
        "copies", int, "2", "每件档案应有的副本数", "How many verified copies each item must have", least=1
    ),
    SettingSpec(
        "digests",
        str,
        "sha256",
        "清单所用的摘要算法，可加 sha512、sm3，用逗号分开",
        "Digest algorithms of the manifests; sha512 and sm3 may be added, separated by commas",
    ),
    SettingSpec(
        "fixity_days",
        int,
        "30",
        "每份副本最迟多少天重读一次",
        "Each copy is read again at least every so many days",
        least=1,
    ),
    SettingSpec(
        "fixity_gb",
        int,
        "500",
        "每轮定期核验最多读多少 GB（超期的不受此限）",
        "Most GB one scheduled round reads (overdue copies always are)",
    ),
    SettingSpec(
        "fixity_mb_per_second",
        int,
        "100",
        "核验读盘的速度上限（MB/秒），0 为不限",
        "Reading speed of fixity checks in MB per second, 0 for no limit",
    ),
    SettingSpec(
        "fixity_hour",
        int,
        "2",
        "每天几点开始定期核验（当地时间）",
        "Hour of the daily fixity round, local time",
        most=23,
    ),
    SettingSpec(
        "auto_repair",
        bool,
        "yes",
        "定期核验发现损坏后自动用完好的副本修复",
        "Repair by itself what the scheduled round finds damaged",
    ),
    SettingSpec(
        "clamd",
        str,
        "",
        "病毒扫描程序 clamd 的地址：unix:/路径 或 主机:端口；空着就显示“未检测”",
        "Address of a clamd virus scanner, unix:/path or host:port; empty: shown as not run",
    ),
    SettingSpec("web_threads", int, "8", "网页服务的线程数", "Threads of the web server", least=1),
    SettingSpec(
        "worker_threads", int, "2", "后台程序同时做几件事", "How many jobs the worker does at once", least=1
    ),
    SettingSpec(
        "failpoint", str, "", "仅供故障测试：在指定的一步中断", "For fault tests only: stop at a named step"
    ),
    SettingSpec("corpora", str, "", "仅供测试：真实数据所在的文件夹", "For tests only: folder of real data"),
)


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
    copies: int
    digests: str
    fixity_days: int
    fixity_gb: int
    fixity_mb_per_second: int
    fixity_hour: int
    auto_repair: bool
    clamd: str
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
