"""The table of settings: one row each, nothing else.

Name, kind, default and a sentence in both languages; config.py reads the
environment by it.
"""

from dataclasses import dataclass
from pathlib import Path


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
        "保存副本的文件夹或 s3://桶/前缀，写成 名称=路径，用逗号分开，前面加 sealed+ 就加密；空着就用数据文件夹里的两个",
        "Where copies are: name=path or name=s3://bucket/prefix, sealed+ before it encrypts; empty: two",
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
        "reserve_percent",
        int,
        "5",
        "磁盘至少留下百分之几的空间，不够就不再接收",
        "Per cent of each disk that stays free; below it nothing is taken in",
        most=90,
    ),
    SettingSpec(
        "copies", int, "2", "每件档案应有的副本数", "How many verified copies each item must have", least=1
    ),
    SettingSpec(
        "places",
        int,
        "1",
        "这些副本应分布在几处不同的地点（同一块硬盘算一处）",
        "In how many different places they must be (one disk is one place)",
        least=1,
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
        "replica_days",
        int,
        "90",
        "异地存储（S3 等）里的副本最迟多少天重读一次",
        "Each copy in a store far away (S3) is read back at least every so many days",
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
    SettingSpec(
        "mail_host",
        str,
        "",
        "发通知邮件的 SMTP 服务器；空着就不发",
        "SMTP server of the notices; empty: none are mailed",
    ),
    SettingSpec("mail_port", int, "587", "SMTP 服务器的端口", "Port of the SMTP server", least=1, most=65535),
    SettingSpec(
        "mail_security",
        str,
        "starttls",
        "与 SMTP 服务器之间的加密：starttls、tls 或 none",
        "Encryption towards the SMTP server: starttls, tls or none",
        choices=("starttls", "tls", "none"),
    ),
    SettingSpec(
        "mail_user",
        str,
        "",
        "SMTP 用户名，不需要就空着",
        "User of the SMTP server, empty where none is asked",
    ),
    SettingSpec("mail_password", str, "", "SMTP 密码或授权码", "Password of the SMTP user", is_secret=True),
    SettingSpec(
        "mail_from",
        str,
        "",
        "通知邮件的发件地址；空着就用 SMTP 用户名",
        "Sender of the notices; empty: the SMTP user",
    ),
    SettingSpec("mail_to", str, "", "通知邮件的收件地址，用逗号分开", "Who gets the notices, separated by commas"),
    SettingSpec(
        "webhook",
        str,
        "",
        "把通知同时发到这个网址（企业微信、钉钉、飞书的群机器人，或自己的程序），须为 https 或本机",
        "Notices are posted as JSON to this address, too: https, or this very machine",
        is_secret=True,
    ),
    SettingSpec(
        "webhook_secret",
        str,
        "",
        "给发出的通知签名的口令（X-Jingui-Signature），可空",
        "Secret that signs what is posted (X-Jingui-Signature), may be empty",
        is_secret=True,
    ),
    SettingSpec(
        "digest",
        str,
        "daily",
        "多久发一次小结：daily 每天，weekly 每周一，off 不发（警报总会发）",
        "How often a digest is sent: daily, weekly (Mondays) or off; alarms always are",
        choices=("daily", "weekly", "off"),
    ),
    SettingSpec(
        "backups",
        str,
        "",
        "放备份的文件夹，最好在另一块硬盘上；空着就用数据文件夹里的 backups",
        "Folder of the backups, best on another disk; empty: backups in the data folder",
    ),
    SettingSpec(
        "backup_recipients",
        str,
        "",
        "还能打开备份的 age 公钥（age1…），用逗号分开；金匮自己的备份密钥总能打开",
        "More age public keys that open the backups, separated by commas; our own key always does",
    ),
    SettingSpec(
        "audit_key",
        str,
        "",
        "给日志加封的密钥文件，只有后台程序要读；空着就用数据文件夹里的 keys/audit.key",
        "File of the key that seals the logs, read by the worker only; empty: keys/audit.key in the data",
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
