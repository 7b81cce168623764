"""A small proxy between a client and a real HTTP server that breaks what it is told to.

It runs in a thread of the test; each fault strikes the next requests that fit it,
once unless told otherwise. Everything that passed is kept for the test to look at.
"""

import asyncio
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from enum import Enum
from urllib.parse import unquote, urlsplit


class Fault(Enum):
    """What goes wrong."""

    CUT = "the connection breaks before the server has everything"
    UNAVAILABLE = "503, and the server never hears of it"
    CUT_AFTER = "the server does it, the answer is lost"
    HANG_AFTER = "the server does it, the answer never comes"
    TRUNCATE = "half of the answer's body comes, with the length of all of it"
    SHORTEN = "half of the body comes, and the length agrees with the half"
    FLIP = "one byte of the answer's body is another"
    ANSWER = "an answer that the test wrote"
    AFTER = "the server does it, then the test does something, then the answer comes"


@dataclass
class Rule:
    """A fault, the requests that it strikes (by words in the target), and how often."""

    fault: Fault
    method: str = ""
    target: str = ""
    times: int = 1
    body: bytes = b""
    status: str = "200 OK"
    act: Callable[[], object] = lambda: None

    def fits(self, request: "Request") -> bool:
        """Return whether this rule still strikes, and this request."""
        return self.times > 0 and self.method in ("", request.method) and self.target in request.target


@dataclass(frozen=True)
class Request:
    """One request as it came; target is path and query, unquoted."""

    method: str
    target: str
    head: bytes
    body: bytes


@dataclass
class FaultProxy:
    """The running proxy."""

    upstream: str
    endpoint: str = ""
    rules: list[Rule] = field(default_factory=list)
    seen: list[Request] = field(default_factory=list)

    def will(self, fault: Fault, method: str = "", target: str = "", **more: object) -> Rule:
        """Let a fault strike the next request that fits; return the rule."""
        rule = Rule(fault, method, target, **more)  # type: ignore[arg-type]
        self.rules.append(rule)
        return rule

    def methods(self, target: str) -> list[str]:
        """Return the methods of the requests whose target has these words."""
        return [request.method for request in self.seen if target in request.target]

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Answer one request and close."""
        try:
            request = await _read_request(reader, writer)
            self.seen.append(request)
            rule = next((rule for rule in self.rules if rule.fits(request)), None)
            if rule is not None:
                rule.times -= 1
            answer = await self._answer(request, rule)
            if answer is not None:
                writer.write(answer)
                await writer.drain()
            elif rule is not None and rule.fault is Fault.HANG_AFTER:
                await reader.read()  # until the client gives up
        except (OSError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.close()

    async def _answer(self, request: Request, rule: Rule | None) -> bytes | None:
        """Return the bytes that the client gets, None where it gets nothing."""
        fault = rule.fault if rule else None
        if fault is Fault.CUT:
            return None
        if fault is Fault.UNAVAILABLE:
            return _response("503 Slow Down", b"<Error><Code>SlowDown</Code></Error>")
        if rule is not None and fault is Fault.ANSWER:
            return _response(rule.status, rule.body)
        answer = await self._forward(request)
        if rule is not None and fault is Fault.AFTER:
            await asyncio.to_thread(rule.act)
        if fault in (Fault.CUT_AFTER, Fault.HANG_AFTER):
            return None
        return _spoiled(answer, fault)

    async def _forward(self, request: Request) -> bytes:
        there = urlsplit(self.upstream)
        reader, writer = await asyncio.open_connection(there.hostname, there.port)
        lines = [line for line in request.head.split(b"\r\n") if line]
        kept = [line for line in lines if not line.lower().startswith((b"connection:", b"expect:"))]
        writer.write(b"\r\n".join([*kept, b"Connection: close", b"", b""]) + request.body)
        try:
            return await reader.read()
        finally:
            writer.close()


def _spoiled(answer: bytes, fault: Fault | None) -> bytes:
    """Return an answer with its body spoiled as asked."""
    head, _, body = answer.partition(b"\r\n\r\n")
    half = body[: len(body) // 2]
    if fault is Fault.TRUNCATE:
        body = half
    elif fault is Fault.SHORTEN:
        lengths = [line for line in head.split(b"\r\n") if line.lower().startswith(b"content-length")]
        head = head.replace(lengths[0], b"Content-Length: %d" % len(half))
        body = half
    elif fault is Fault.FLIP:
        body = body[:-1] + bytes([body[-1] ^ 1])
    return head + b"\r\n\r\n" + body


def _response(status: str, body: bytes) -> bytes:
    lines = f"HTTP/1.1 {status}\r\nContent-Type: application/xml\r\nContent-Length: {len(body)}"
    return f"{lines}\r\nConnection: close\r\n\r\n".encode("ascii") + body


async def _read_request(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> Request:
    head = await reader.readuntil(b"\r\n\r\n")
    lines = head.decode("latin-1").split("\r\n")
    headers = {name.lower(): word.strip() for name, _, word in (line.partition(":") for line in lines[1:])}
    if headers.get("expect"):
        writer.write(b"HTTP/1.1 100 Continue\r\n\r\n")
        await writer.drain()
    body = await reader.readexactly(int(headers.get("content-length", "0")))
    method, target, _ = lines[0].split(" ", 2)
    return Request(method, unquote(target), head, body)


@contextmanager
def between(upstream: str) -> Iterator[FaultProxy]:
    """Run a proxy before the server at upstream ("http://host:port") and yield it."""
    proxy = FaultProxy(upstream)
    loop = asyncio.new_event_loop()
    server = loop.run_until_complete(asyncio.start_server(proxy.serve, "127.0.0.1", 0))
    port = server.sockets[0].getsockname()[1]
    proxy.endpoint = f"http://127.0.0.1:{port}"
    thread = threading.Thread(target=loop.run_forever, daemon=True)
    thread.start()
    try:
        yield proxy
    finally:
        loop.call_soon_threadsafe(server.close)
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        _end(loop)


def _end(loop: asyncio.AbstractEventLoop) -> None:
    waiting = asyncio.all_tasks(loop)
    for task in waiting:
        task.cancel()
    if waiting:
        loop.run_until_complete(asyncio.gather(*waiting, return_exceptions=True))
    loop.close()
