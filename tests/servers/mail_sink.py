"""A small real mail server: takes what comes, remembers it, or misbehaves as told."""

import socketserver
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import cast


@dataclass(slots=True)
class Sink:
    """What came: messages, who they were for, the AUTH lines; refuse tells what a verb is answered with."""

    port: int = 0
    messages: list[EmailMessage] = field(default_factory=list)
    readers: list[str] = field(default_factory=list)
    passwords: list[str] = field(default_factory=list)
    refuse: dict[str, str] = field(default_factory=dict)
    certificate: ssl.SSLContext | None = None


class _Talk(socketserver.StreamRequestHandler):
    """One conversation (RFC 5321), as far as smtplib needs it."""

    sink: Sink

    def say(self, line: str) -> None:
        self.wfile.write(line.encode() + b"\r\n")

    def handle(self) -> None:
        self.say(self.sink.refuse.get("CONNECT", "220 sink"))
        while line := self.rfile.readline().decode().strip():
            verb = line.split()[0].upper()
            if verb in self.sink.refuse:
                self.say(self.sink.refuse[verb])
            elif verb == "EHLO":
                for word in ("sink", "STARTTLS" if self.sink.certificate else "8BITMIME", "AUTH PLAIN"):
                    self.say(f"250{' ' if word == 'AUTH PLAIN' else '-'}{word}")
            elif verb == "STARTTLS" and self.sink.certificate:
                self.say("220 go on")
                self.request = self.sink.certificate.wrap_socket(self.request, server_side=True)
                self.setup()
            elif verb == "DATA":
                self.say("354 tell")
                self.take()
                self.say("250 kept")
            elif verb == "QUIT":
                self.say("221 bye")
                return
            else:
                self.note(verb, line)
                self.say("235 ok" if verb == "AUTH" else "250 ok")

    def note(self, verb: str, line: str) -> None:
        if verb == "RCPT":
            self.sink.readers.append(line.partition("<")[2].partition(">")[0])
        elif verb == "AUTH":
            self.sink.passwords.append(line)

    def take(self) -> None:
        lines = []
        while (line := self.rfile.readline()) not in (b".\r\n", b""):
            lines.append(line[1:] if line.startswith(b".") else line)
        told = message_from_bytes(b"".join(lines), policy=policy.default)
        self.sink.messages.append(cast(EmailMessage, told))


class _Server(socketserver.ThreadingTCPServer):
    allow_reuse_address, daemon_threads = True, True

    def handle_error(self, request: object, client_address: object) -> None:
        """A conversation that the other side breaks off is no trouble of ours."""


@contextmanager
def running(certificate: ssl.SSLContext | None = None) -> Iterator[Sink]:
    """Yield a sink that listens on loopback; certificate makes it offer STARTTLS."""
    sink = Sink(certificate=certificate)
    talk = type("Talk", (_Talk,), {"sink": sink})
    with _Server(("127.0.0.1", 0), talk) as server:
        sink.port = server.server_address[1]
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
        thread.start()
        yield sink
        server.shutdown()
