"""Notices over real sockets: a mail server, a webhook, and how both can fail."""

import hashlib
import hmac
import json
import socket
import ssl
import threading
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from sqlalchemy import select

from preservation.checks import Outcome
from repository.config import SettingRefused, Settings, from_env
from repository.models.job import Job
from repository.web.notice_words import Speaker
from repository.workflow import heartbeats, mailing, watching, worker
from repository.workflow.notices import RED, Alarm, Said
from repository.workflow.tools import Tools
from tests.archives import Clock, jingui_here
from tests.servers import mail_sink
from tests.servers.mail_sink import Sink

WORDS = {
    "JINGUI_MAIL_TO": "li@school.invalid, wang@school.invalid",
    "JINGUI_MAIL_FROM": "jingui@school.invalid",
}


@pytest.fixture
def sink() -> Iterator[Sink]:
    """A running mail server without TLS."""
    with mail_sink.running() as found:
        yield found


def told(port: int, **more: str) -> dict[str, str]:
    """Return the environment that sends mail to this very machine."""
    here = {"JINGUI_MAIL_HOST": "127.0.0.1", "JINGUI_MAIL_PORT": str(port), "JINGUI_MAIL_SECURITY": "none"}
    return {**WORDS, **here, **more}


def outcomes(settings: Settings, subject: str = "金匮小结", text: str = "一切正常。") -> dict[str, Outcome]:
    """Send a notice and return what became of it on each way."""
    return {one.channel: one.outcome for one in mailing.send(settings, subject, text)}


def test_a_notice_arrives_in_chinese_at_every_reader(sink: Sink) -> None:
    """Subject and text come whole; both readers are named; it says that a machine wrote it."""
    found = outcomes(from_env(told(sink.port)), "金匮警报：\r\nBcc: x@y.invalid 有 3 份副本损坏")
    [message] = sink.messages

    assert found == {"mail": Outcome.PASSED, "webhook": Outcome.NOT_RUN}
    assert message["Subject"] == "金匮警报： Bcc: x@y.invalid 有 3 份副本损坏" and message["Bcc"] is None
    assert message.get_content().strip() == "一切正常。"
    assert sink.readers == ["li@school.invalid", "wang@school.invalid"]
    assert message["Auto-Submitted"] == "auto-generated"


def test_nothing_is_sent_where_nothing_is_set_up() -> None:
    """Not run is told as such, not as passed."""
    assert outcomes(from_env({})) == {"mail": Outcome.NOT_RUN, "webhook": Outcome.NOT_RUN}


def test_user_and_password_are_given_to_the_server(sink: Sink) -> None:
    """Where a user is set, the server is told who sends."""
    outcomes(from_env(told(sink.port, JINGUI_MAIL_USER="jingui", JINGUI_MAIL_PASSWORD="hush")))

    assert len(sink.passwords) == 1 and sink.passwords[0].startswith("AUTH PLAIN")


@pytest.mark.parametrize(
    ("verb", "answer"),
    [("CONNECT", "554 no"), ("MAIL", "550 no"), ("RCPT", "550 nobody"), ("DATA", "552 full"), ("EHLO", "")],
)
def test_f07_a_server_that_refuses_is_told_and_raises_nothing(sink: Sink, verb: str, answer: str) -> None:
    """Each step of the conversation may fail; the delivery says so."""
    sink.refuse[verb] = answer
    [mail, _] = mailing.send(from_env(told(sink.port)), "x", "y")

    assert (mail.outcome, bool(mail.trouble), sink.messages) == (Outcome.FAILED, True, [])


def test_f07_a_server_that_is_down_is_told(tmp_path: Path) -> None:
    """Nobody listens: the trouble names it."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    [mail, _] = mailing.send(from_env(told(port)), "x", "y")

    assert mail.outcome is Outcome.FAILED and "ConnectionRefused" in mail.trouble


def test_f07_a_server_that_says_nothing_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    """A hung server costs at most the time that is allowed."""
    monkeypatch.setattr(mailing, "TIMEOUT", 0.1)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        [mail, _] = mailing.send(from_env(told(silent.getsockname()[1])), "x", "y")

    assert mail.outcome is Outcome.FAILED and "timed out" in mail.trouble


def certificate_of_a_stranger(folder: Path) -> ssl.SSLContext:
    """Return the context of a server whose certificate nobody vouches for."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "127.0.0.1")])
    now = datetime.now(UTC)
    made = x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
    made = made.serial_number(7).not_valid_before(now - timedelta(days=9))
    made = made.not_valid_after(now + timedelta(days=9))
    pem = made.sign(key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM)
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    (folder / "both.pem").write_bytes(pem + private)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(folder / "both.pem")
    return context


def test_c13_a_certificate_that_nobody_vouches_for_fails_closed(tmp_path: Path) -> None:
    """Neither notice nor password goes to a server that cannot show who it is."""
    more = {"JINGUI_MAIL_SECURITY": "starttls", "JINGUI_MAIL_USER": "a", "JINGUI_MAIL_PASSWORD": "hush"}
    with mail_sink.running(certificate_of_a_stranger(tmp_path)) as sink:
        [mail, _] = mailing.send(from_env(told(sink.port, **more)), "x", "y")

    assert mail.outcome is Outcome.FAILED and "CERTIFICATE_VERIFY_FAILED" in mail.trouble
    assert (sink.messages, sink.passwords) == ([], [])


def test_a_server_without_starttls_gets_nothing_where_it_is_asked_for(sink: Sink) -> None:
    """Encryption that was asked for is never left out."""
    settings = from_env(told(sink.port, JINGUI_MAIL_SECURITY="starttls"))

    assert outcomes(settings)["mail"] is Outcome.FAILED and sink.messages == []


class Hook(BaseHTTPRequestHandler):
    """A program that is posted to; what came stands in `came`."""

    came: list[tuple[dict[str, str], bytes]] = []
    status, answer, location = 200, b"{}", ""

    def do_POST(self) -> None:  # noqa: N802 (the name that http.server calls)
        """Remember and answer."""
        body = self.rfile.read(int(self.headers["Content-Length"]))
        Hook.came.append((dict(self.headers), body))
        self.send_response(Hook.status)
        if Hook.location:
            self.send_header("Location", Hook.location)
        self.send_header("Content-Length", str(len(Hook.answer)))
        self.end_headers()
        self.wfile.write(Hook.answer)

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing on the terminal."""


@pytest.fixture
def hook() -> Iterator[str]:
    """The address of a running webhook."""
    Hook.came, Hook.status, Hook.answer, Hook.location = [], 200, b"{}", ""
    with HTTPServer(("127.0.0.1", 0), Hook) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{server.server_address[1]}/hook"
        server.shutdown()


def test_a_webhook_gets_json_that_is_signed(hook: str) -> None:
    """Chat robots find their words in it; with a secret the body carries its HMAC."""
    settings = from_env({"JINGUI_WEBHOOK": hook, "JINGUI_WEBHOOK_SECRET": "hush"})
    found = outcomes(settings)
    [(headers, body)] = Hook.came
    said = json.loads(body)

    assert found == {"mail": Outcome.NOT_RUN, "webhook": Outcome.PASSED}
    assert (said["subject"], said["message"]) == ("金匮小结", "一切正常。")
    assert said["text"]["content"] == said["content"]["text"] == "金匮小结\n一切正常。"
    assert headers[mailing.SIGNATURE] == "sha256=" + hmac.new(b"hush", body, hashlib.sha256).hexdigest()


@pytest.mark.parametrize(
    ("status", "answer", "location"),
    [(500, b"{}", ""), (302, b"", "http://127.0.0.1:1/elsewhere"), (200, b'{"errcode": 93000}', "")],
    ids=["fails", "redirects", "says no in its answer"],
)
def test_a_webhook_that_does_not_accept_is_told(hook: str, status: int, answer: bytes, location: str) -> None:
    """A redirect is not followed, and a refusal that hides in an answer of 200 is seen."""
    Hook.status, Hook.answer, Hook.location = status, answer, location

    assert outcomes(from_env({"JINGUI_WEBHOOK": hook}))["webhook"] is Outcome.FAILED
    assert len(Hook.came) == 1


@pytest.mark.parametrize(
    "address", ["http://far.invalid/x", "ftp://127.0.0.1/x", "https://", "file:///etc/passwd"]
)
def test_a_webhook_in_the_open_is_refused_at_the_start(address: str) -> None:
    """Plain http goes to this very machine only; the address itself, which holds a key, is not shown."""
    with pytest.raises(SettingRefused) as refusal:
        from_env({"JINGUI_WEBHOOK": address})

    assert refusal.value.facts == {"name": "JINGUI_WEBHOOK", "value": "***"}


@pytest.mark.parametrize("lacking", ["JINGUI_MAIL_TO", "JINGUI_MAIL_FROM"])
def test_mail_without_reader_or_sender_is_refused_at_the_start(lacking: str) -> None:
    """It is found when the archive starts, not when the first alarm comes."""
    with pytest.raises(SettingRefused) as refusal:
        from_env({**told(25), lacking: ""})

    assert (refusal.value.code, refusal.value.facts) == ("CF-008", {"name": lacking})


def test_secrets_of_notices_are_never_shown(tmp_path: Path) -> None:
    """Neither the command nor the settings' own text tells password, robot address or signing secret."""
    more = {"JINGUI_WEBHOOK": "https://robot.invalid/key-123", "JINGUI_WEBHOOK_SECRET": "hush-hush"}
    settings = from_env(told(25, JINGUI_MAIL_PASSWORD="mima-mima", **more))
    shown = jingui_here(tmp_path, "settings", **told(25, JINGUI_MAIL_PASSWORD="mima-mima", **more)).stdout

    assert all(word not in repr(settings) + shown for word in ("mima-mima", "key-123", "hush-hush"))


def test_the_worker_sends_an_alarm_once_and_beats(tools: Tools, clock: Clock, sink: Sink) -> None:
    """From the look to the letter: one mail with the sentence, and the way counts as working."""
    settings = replace(tools.settings, **_mail_words(sink.port))
    speaking = replace(tools, settings=settings, voice=Speaker())
    with speaking.database.writing.begin() as session:
        watching.ask_notify(session, speaking.voice.alarms([Alarm("overdue", RED, "backup")]), clock())
    worker.drain(speaking)

    assert [message["Subject"] for message in sink.messages] == ["金匮警报：“备份”该做而没有做。"]
    with speaking.database.reading() as session:
        told_row = heartbeats.row(session, heartbeats.MAIL)
        assert told_row is not None and (told_row.trouble, told_row.good_at) == ("", clock())


def _mail_words(port: int) -> dict[str, Any]:
    where = {"mail_host": "127.0.0.1", "mail_port": port, "mail_security": "none"}
    return {**where, "mail_to": "a@b.invalid", "mail_from": "c@d.invalid"}


def test_f07_what_did_not_arrive_is_tried_again_on_its_way_alone(
    tools: Tools, clock: Clock, sink: Sink, hook: str
) -> None:
    """The webhook had it; only the mail is sent again, and the trouble is gone afterwards."""
    sink.refuse["MAIL"] = "451 try later"
    settings = replace(tools.settings, webhook=hook, **_mail_words(sink.port))
    speaking = replace(tools, settings=settings)
    with speaking.database.writing.begin() as session:
        watching.ask_notify(session, Said("s", "t"), clock())
    worker.drain(speaking)
    with speaking.database.reading() as session:
        before = heartbeats.trouble_of(session, heartbeats.MAIL)
    sink.refuse.clear()
    clock.move(minutes=16)
    worker.drain(speaking)

    assert "451" in before and len(sink.messages) == 1 and len(Hook.came) == 1
    with speaking.database.reading() as session:
        assert heartbeats.trouble_of(session, heartbeats.MAIL) == ""
        assert session.scalars(select(Job).where(Job.verb == "notify", Job.state == "queued")).all() == []


def test_b26_a_living_web_process_tells_that_nobody_works(tools: Tools, clock: Clock, sink: Sink) -> None:
    """Once a day, and nothing while somebody works."""
    settings = replace(tools.settings, **_mail_words(sink.port))
    web = replace(tools, settings=settings, voice=Speaker())
    worker.drain(web)
    early = watching.guard(web)
    clock.move(minutes=20)
    watching.guard(web)
    watching.guard(web)
    clock.move(hours=25)
    watching.guard(web)

    assert early == ()
    subjects = [message["Subject"] for message in sink.messages]
    assert subjects == ["金匮警报：后台程序没有运行：入库、核验、备份都停着。"] * 2
