"""Serves as another user: `python -m tests.repository.web.other_user UID`, started by root.

Everything is imported and tried before the rights are given away, since the
interpreter itself may lie where that user cannot read.
"""

import os
import re
import sys
import threading
import urllib.error
import urllib.parse
import urllib.request
from http.cookiejar import CookieJar

from repository.commands.running import listen
from repository.config import from_env
from repository.wiring import build_tools


def main(uid: int) -> None:
    """Serve on a port, become the user, and print what the key, a wrong sign-in and a page answer."""
    tools = build_tools(from_env(os.environ, port=0))
    server = listen(tools)
    threading.Thread(target=server.run, daemon=True).start()
    base = f"http://127.0.0.1:{server.effective_port}"
    _try(base, "/login")  # whatever is imported late is imported now
    tools.database.engine.dispose()
    os.setgroups([])
    os.setgid(uid)
    os.setuid(uid)
    try:
        tools.settings.audit_key_file.read_bytes()
        print("key-read")
    except PermissionError:
        print("key-refused")
    for answer in _try(base, "/login"):
        print(answer)


def _try(base: str, address: str) -> tuple[int, int]:
    """Return what a wrong sign-in and the front page answer."""
    browser = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(CookieJar()))
    with browser.open(base + address) as page:
        token = re.findall(r'name="csrf_token" value="([^"]+)"', page.read().decode())[0]
    form = {"username": "guanli", "password": "not-this-one", "csrf_token": token}
    try:
        with browser.open(base + address, urllib.parse.urlencode(form).encode()) as page:
            refused = page.status
    except urllib.error.HTTPError as error:
        refused = error.code
    with browser.open(base + "/") as page:
        return refused, page.status


if __name__ == "__main__":
    main(int(sys.argv[1]))
    os._exit(0)
