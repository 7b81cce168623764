"""A real OpenStack Swift with its S3 door, once per session.

Three storage nodes and a proxy, each a process of its own on loopback, in a
temporary folder: every object lies on three nodes, and one may be killed.
"""

import importlib.util
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

KEY, SECRET, REGION = "test:tester", "testing", "us-east-1"
KINDS = ("account", "container", "object")
NODES = 3
_PATIENCE = 60.0  # seconds for the slowest start
_PROGRAM = Path(__file__).with_name("swift_node.py")
_SERVER = """[DEFAULT]
devices = {devices}
mount_check = false
disable_fallocate = true
bind_ip = 127.0.0.1
bind_port = {port}
workers = 0
swift_dir = {folder}
log_level = ERROR
[pipeline:main]
pipeline = {kind}-server
[app:{kind}-server]
use = egg:swift#{kind}
recon_cache_path = {folder}
"""
_PROXY = """[DEFAULT]
bind_ip = 127.0.0.1
bind_port = {port}
workers = 0
swift_dir = {folder}
log_level = ERROR
[pipeline:main]
pipeline = catch_errors gatekeeper healthcheck listing_formats bulk
    s3api tempauth copy slo versioned_writes symlink proxy-server
[app:proxy-server]
use = egg:swift#proxy
account_autocreate = true
node_timeout = 10
conn_timeout = 1
[filter:catch_errors]
use = egg:swift#catch_errors
[filter:gatekeeper]
use = egg:swift#gatekeeper
[filter:healthcheck]
use = egg:swift#healthcheck
[filter:listing_formats]
use = egg:swift#listing_formats
[filter:bulk]
use = egg:swift#bulk
[filter:s3api]
use = egg:swift#s3api
min_segment_size = 1
location = us-east-1
[filter:tempauth]
use = egg:swift#tempauth
user_test_tester = testing .admin
[filter:copy]
use = egg:swift#copy
[filter:slo]
use = egg:swift#slo
[filter:versioned_writes]
use = egg:swift#versioned_writes
allow_object_versioning = true
[filter:symlink]
use = egg:swift#symlink
"""


class CannotStart(Exception):
    """Swift cannot run here; the text says why."""


@dataclass
class Swift:
    """A running Swift: where its S3 door is, and its processes (the three nodes, then the proxy)."""

    endpoint: str
    folder: Path
    processes: list["subprocess.Popen[str]"]
    commands: list[list[str]]

    def kill_node(self, number: int) -> None:
        """Kill one storage node (0, 1 or 2) as a power cut would."""
        self.processes[number].kill()
        self.processes[number].wait()

    def start_node(self, number: int) -> None:
        """Start a killed node again."""
        self.processes[number] = _start(self.commands[number], self.folder)
        _wait(self.processes[number])

    def object_files(self, content: bytes) -> list[Path]:
        """Return the files on the nodes' disks that hold exactly this object."""
        found = self.folder.glob("node*/d1/objects/**/*.data")
        return [path for path in found if path.read_bytes() == content]


@contextmanager
def running() -> Iterator[Swift]:
    """Start Swift, yield it and end it. Raises CannotStart with the reason."""
    _check()
    folder = Path(tempfile.mkdtemp(prefix="jingui-swift-", dir=_quick_place()))
    swift = None
    try:
        swift = _begin(folder)
        yield swift
    finally:
        for process in swift.processes if swift else ():
            process.kill()
            process.wait()
        shutil.rmtree(folder, ignore_errors=True)


def _check() -> None:
    for name in ("swift", "boto3"):
        if importlib.util.find_spec(name) is None:
            raise CannotStart(f"the Python package {name} is not installed")


def _quick_place() -> str | None:
    """Return a folder in memory that keeps extended attributes, or None: Swift syncs all it writes."""
    try:
        with tempfile.NamedTemporaryFile(dir="/dev/shm") as file:
            os.setxattr(file.name, "user.jingui", b"1")
        return "/dev/shm" if shutil.disk_usage("/dev/shm").free > 1 << 30 else None
    except (OSError, AttributeError):
        return None


def _begin(folder: Path) -> Swift:
    (folder / "swift.conf").write_text("[swift-hash]\nswift_hash_path_suffix = invented\n", "ascii")
    ports = _free_ports(NODES * len(KINDS) + 1)
    words = [str(port) for port in ports[:-1]]
    rings = [sys.executable, "-P", "-W", "ignore", str(_PROGRAM), "rings", str(folder), *words]
    made = subprocess.run(rings, capture_output=True, text=True, timeout=_PATIENCE, env=_environment())
    if made.returncode:
        raise CannotStart(f"Swift's rings: {made.stderr[-500:]}")
    commands = [[sys.executable, "-P", "-W", "ignore", str(_PROGRAM), "serve"] for _ in range(NODES + 1)]
    for number, port in enumerate(ports[:-1]):
        node, kind = number // len(KINDS), KINDS[number % len(KINDS)]
        (folder / f"node{node}" / "d1").mkdir(parents=True, exist_ok=True)
        conf = folder / f"node{node}-{kind}.conf"
        told = {"devices": folder / f"node{node}", "port": port, "folder": folder, "kind": kind}
        conf.write_text(_SERVER.format(**told), "utf-8")
        commands[node].append(str(conf))
    conf = folder / "front-proxy.conf"
    conf.write_text(_PROXY.format(port=ports[-1], folder=folder), "utf-8")
    commands[NODES].append(str(conf))
    processes = [_start(each, folder) for each in commands]
    swift = Swift(f"http://127.0.0.1:{ports[-1]}", folder, processes, commands)
    try:
        for process in swift.processes:
            _wait(process)
    except CannotStart as error:
        for process in swift.processes:
            process.kill()
        told = (folder / "trouble.log").read_text("utf-8", "replace")
        raise CannotStart(f"{error}: {told[-800:]}") from error
    return swift


def _environment() -> dict[str, str]:
    """Return the environment without settings of ours and without what makes children write coverage."""
    return {name: word for name, word in os.environ.items() if not name.startswith(("JINGUI_", "COV"))}


def _start(command: list[str], folder: Path) -> "subprocess.Popen[str]":
    with open(folder / "trouble.log", "a", encoding="utf-8") as log:
        return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=log, text=True, env=_environment())


def _wait(process: "subprocess.Popen[str]") -> None:
    """Return when the process has opened its ports. Raises CannotStart."""
    assert process.stdout is not None
    begun = time.monotonic()
    while line := process.stdout.readline():
        if line.strip() == "ready":
            return
    raise CannotStart(f"a Swift process ended after {time.monotonic() - begun:.0f} s")


def _free_ports(count: int) -> list[int]:
    sockets = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    try:
        return [each.getsockname()[1] for each in sockets]
    finally:
        for each in sockets:
            each.close()
