"""init, serve, worker, and both beside each other."""

import logging
import os
import signal
import subprocess
import sys
import threading
import time
from types import FrameType

import click
from waitress.server import BaseWSGIServer, create_server

from repository.app import create_app
from repository.commands import guarding
from repository.commands.context import BAD, COULD_NOT, open_archive, say, store_troubles, tell_json
from repository.commands.listening import NO_LIMIT, receive_whole
from repository.commands.soundness import refuse_unsound
from repository.workflow import canaries, founding, reaping, worker
from repository.workflow.errors import LeaseTaken
from repository.workflow.tools import Tools, Work

STOP_WITHIN = 20  # seconds for the worker to end its step
LOG_LINE = "%(asctime)s %(name)s %(levelname)s %(message)s"


def address(tools: Tools) -> str:
    """Return where the archive answers."""
    host = tools.settings.host
    shown = "127.0.0.1" if host in ("0.0.0.0", "::", "") else host
    return f"http://{shown}:{tools.settings.port}/"


def greet(tools: Tools, *, as_json: bool = False) -> None:
    """Print where to go, and the one-time token while nobody has set the archive up."""
    with tools.database.writing.begin() as session:
        token = founding.new_token(session) if founding.needs_setup(session) else ""
    if as_json:
        tell_json({"address": address(tools), "token": token})
        return
    say(f"金匮已就绪，请用浏览器打开：{address(tools)}")
    for name, trouble in store_troubles(tools).items():
        say(f"注意：存储 {name}：{trouble}里面的副本现在不能核验，其余照常。")
    if token:
        say(f"首次设置口令（只能用一次）：{token}")
        say(f"设置页面：{address(tools)}setup")


@click.command("init")
@click.option("--json", "as_json", is_flag=True, help="以 JSON 输出")
def init(as_json: bool) -> None:
    """建立数据文件夹、存储和目录数据库；已有的保持不变。"""
    tools = open_archive()
    with tools.database.writing.begin() as session:
        token = founding.new_token(session) if founding.needs_setup(session) else ""
    told = {
        "data": str(tools.settings.data),
        "stores": {s.id: s.place for s in tools.settings.store_specs},
        "token": token,
    }
    if as_json:
        tell_json(told)
        return
    say(f"数据文件夹：{told['data']}")
    for spec in tools.settings.store_specs:
        say(f"存储 {spec.id}：{spec.place}")
    if token:
        say(f"首次设置口令（只能用一次）：{token}")


@click.command("serve")
@click.option("--json", "as_json", is_flag=True, help="以 JSON 输出网址和口令")
def serve(as_json: bool) -> None:
    """启动网页服务（不含后台程序）。"""
    tools = open_archive()
    refuse_unsound(tools)
    server = listen(tools)
    greet(tools, as_json=as_json)
    stopping = threading.Event()
    guarding.begin(tools, stopping)
    serve_until_stopped(server)
    stopping.set()


def listen(tools: Tools) -> BaseWSGIServer:
    """Return the server on its port, before anything is promised; a port that is taken ends the command."""
    told = tools.settings
    logging.basicConfig(format=LOG_LINE)
    logging.getLogger("jingui").setLevel(logging.INFO)  # jingui.audit: who changed which account
    logging.getLogger("waitress.queue").setLevel(logging.ERROR)  # a short queue is no trouble to tell of
    app = create_app(told, tools)
    try:
        server: BaseWSGIServer = create_server(
            app,
            host=told.host,
            port=told.port,
            threads=told.web_threads,
            ident="Jingui",
            max_request_body_size=NO_LIMIT,
            channel_timeout=120,
        )
    except OSError as failure:
        say(f"网页服务不能启动：{told.host} 的端口 {told.port} 不能用（{failure.strerror}）。", error=True)
        say("可能金匮已经在运行；也可以换一个端口，例如设置 JINGUI_PORT=8081，再启动。", error=True)
        raise SystemExit(COULD_NOT) from failure
    receive_whole(server, told)
    return server


def serve_until_stopped(server: BaseWSGIServer) -> None:
    """Serve pages until a signal asks to stop; a running answer is finished first."""
    for name in (signal.SIGTERM, signal.SIGINT):
        signal.signal(name, _raise_exit)
    try:
        server.run()
    except (SystemExit, KeyboardInterrupt):
        server.close()


def _raise_exit(number: int, frame: FrameType | None) -> None:
    raise SystemExit(0)


@click.command("worker")
@click.option("--json", "as_json", is_flag=True, help="以 JSON 输出不能启动的原因")
def work(as_json: bool) -> None:
    """启动后台程序：打包、复制、核验、索引、缩略图。"""
    tools = open_archive()
    refuse_unsound(tools)
    try:
        run_worker(tools)
    except LeaseTaken as taken:
        if as_json:
            tell_json({"started": False, **taken.facts})
            raise SystemExit(BAD) from taken
        say(f"已有一个后台程序在运行（{taken.facts['host']}，进程 {taken.facts['pid']}），本程序不再启动。")
        raise SystemExit(BAD) from taken


def run_worker(tools: Tools) -> None:
    """Run the worker and its clock until a signal asks to stop. Raises LeaseTaken."""
    logging.basicConfig(level=logging.INFO, format=LOG_LINE)
    logging.getLogger("apscheduler").setLevel(logging.WARNING)
    hired = worker.hire(tools)
    for name in (signal.SIGTERM, signal.SIGINT):
        signal.signal(name, lambda number, frame: hired.stopping.set())
    # No draft of ours can be half-made, the lease is ours alone; the web may be receiving an upload.
    reaping.reap(Work(tools, {}), age_seconds=0, uploads_seconds=reaping.AGE_SECONDS)
    canaries.lay(tools)
    clock = worker.clock(tools)
    try:
        hired.run()
    finally:
        clock.shutdown(wait=False)
        worker.dismiss(hired)
        tools.sandbox.close()


def run_both() -> None:
    """Serve pages and keep a worker running beside them."""
    tools = open_archive()
    refuse_unsound(tools)
    server = listen(tools)
    greet(tools)
    stopping = threading.Event()
    keeper = threading.Thread(target=_keep_worker, args=(stopping,), daemon=True)
    keeper.start()
    guarding.begin(tools, stopping)
    try:
        serve_until_stopped(server)
    finally:
        stopping.set()
        keeper.join(STOP_WITHIN + 5)


def _keep_worker(stopping: threading.Event) -> None:
    """Start the worker process, and start it again with a pause if it dies."""
    while not stopping.is_set():
        child = subprocess.Popen([sys.executable, "-m", "repository", "worker"], env=dict(os.environ))
        while child.poll() is None and not stopping.wait(0.5):
            continue
        if child.poll() is None:
            child.terminate()
            try:
                child.wait(STOP_WITHIN)
            except subprocess.TimeoutExpired:
                child.kill()
            return
        if child.returncode == BAD:  # another worker does the work already
            stopping.wait(60)
        time.sleep(2)
