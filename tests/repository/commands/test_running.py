"""Starting the archive: what is told before anything is promised."""

import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest


@pytest.mark.parametrize("command", [(), ("serve",)])
def test_a_port_that_is_taken_is_told_in_a_sentence(tmp_path: Path, command: tuple[str, ...]) -> None:
    """Nothing is called ready, no token is made, the way out is named, and the exit code is 2."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        told = {**os.environ, "JINGUI_DATA": str(tmp_path / "data"), "JINGUI_PORT": port}
        line = [sys.executable, "-m", "repository", *command]
        done = subprocess.run(line, env=told, capture_output=True, text=True, timeout=60)

    assert done.returncode == 2
    assert done.stdout == "" and "Traceback" not in done.stderr
    assert f"端口 {port} 不能用" in done.stderr and "JINGUI_PORT" in done.stderr
