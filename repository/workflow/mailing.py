"""Sends one notice to the people who were named: by mail, by webhook.

A notice that does not arrive is told in its Delivery and never breaks the
work that gave rise to it (case F07). The network is waited for at most
TIMEOUT; nothing is followed elsewhere; certificates are checked (C13).
"""

import hashlib
import hmac
import json
import smtplib
import ssl
from dataclasses import dataclass
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from http.client import HTTPException, HTTPMessage
from typing import IO
from urllib.error import URLError
from urllib.request import HTTPRedirectHandler, ProxyHandler, Request, build_opener

from preservation.checks import Outcome
from repository.config import Settings

TIMEOUT = 20.0  # seconds for each step of the conversation
CHANNELS = MAIL, WEBHOOK = "mail", "webhook"
SIGNATURE = "X-Jingui-Signature"
_MOST_TEXT = 20_000  # characters; a notice is a few sentences


@dataclass(frozen=True, slots=True)
class Delivery:
    """What became of a notice on one way: passed, failed (trouble says why), not_run where none is set up."""

    channel: str
    outcome: Outcome
    trouble: str = ""


def send(
    settings: Settings, subject: str, text: str, *, channels: tuple[str, ...] = CHANNELS
) -> tuple[Delivery, ...]:
    """Send a notice on each of these ways that is set up and return what became of it."""
    subject, text = " ".join(subject.split())[:200], text[:_MOST_TEXT]
    return tuple(_attempt(channel, settings, subject, text) for channel in channels)


def is_set_up(settings: Settings) -> bool:
    """Return whether notices go anywhere."""
    return bool(settings.mail_host or settings.webhook)


def troubles(deliveries: tuple[Delivery, ...]) -> str:
    """Return what went wrong, as one line for people who know networks; "" for nothing."""
    return "; ".join(f"{one.channel}: {one.trouble}" for one in deliveries if one.outcome is Outcome.FAILED)


def _attempt(channel: str, settings: Settings, subject: str, text: str) -> Delivery:
    if not (settings.mail_host if channel == MAIL else settings.webhook):
        return Delivery(channel, Outcome.NOT_RUN)
    try:
        if channel == MAIL:
            _mail(settings, _message(settings, subject, text))
        else:
            _post(settings, subject, text)
    except (OSError, smtplib.SMTPException, HTTPException, URLError, ValueError) as error:
        return Delivery(channel, Outcome.FAILED, f"{type(error).__name__}: {error}"[:300])
    return Delivery(channel, Outcome.PASSED)


def _message(settings: Settings, subject: str, text: str) -> EmailMessage:
    message = EmailMessage(policy=SMTP)
    message["Subject"] = subject
    message["From"] = Address("金匮", addr_spec=settings.mail_from or settings.mail_user)
    message["To"] = ", ".join(settings.recipients)
    message["Auto-Submitted"] = "auto-generated"  # RFC 3834: no holiday notices in return
    message.set_content(text)
    return message


def _mail(settings: Settings, message: EmailMessage) -> None:
    """Hand a message to the server. A password never travels in the open but on this very machine."""
    context = ssl.create_default_context()
    where = (settings.mail_host, settings.mail_port)
    if settings.mail_security == "tls":
        server: smtplib.SMTP = smtplib.SMTP_SSL(*where, timeout=TIMEOUT, context=context)
    else:
        server = smtplib.SMTP(*where, timeout=TIMEOUT)
    with server:
        if settings.mail_security == "starttls":
            server.starttls(context=context)
        if settings.mail_user and settings.mail_password:
            server.login(settings.mail_user, settings.mail_password)
        refused = server.send_message(message)
    if refused:
        raise smtplib.SMTPRecipientsRefused(refused)


class _Stay(HTTPRedirectHandler):
    """Follows no redirect: a notice goes where the settings say, or nowhere."""

    def redirect_request(
        self, req: Request, fp: IO[bytes], code: int, msg: str, headers: HTTPMessage, newurl: str
    ) -> Request | None:
        """Return None: urllib then raises the answer as an error."""
        return None


def _post(settings: Settings, subject: str, text: str) -> None:
    body = json.dumps(_told(subject, text), ensure_ascii=False).encode()
    headers = {"Content-Type": "application/json; charset=utf-8", "User-Agent": "Jingui"}
    if settings.webhook_secret:
        key = settings.webhook_secret.encode()
        headers[SIGNATURE] = "sha256=" + hmac.new(key, body, hashlib.sha256).hexdigest()
    request = Request(settings.webhook, data=body, headers=headers, method="POST")
    is_near = request.type == "http"  # config.py lets plain http go to this very machine only
    proxies = ProxyHandler({}) if is_near else ProxyHandler()
    with build_opener(proxies, _Stay()).open(request, timeout=TIMEOUT) as answer:
        _refuse_refusal(answer.read(10_000))


def _refuse_refusal(answer: bytes) -> None:
    """Raise ValueError where an answer of 200 says that it was not accepted, as chat robots do."""
    try:
        told = json.loads(answer)
    except ValueError:
        return
    if isinstance(told, dict) and any(told.get(name) for name in ("errcode", "code", "StatusCode")):
        raise ValueError(answer.decode("utf-8", "replace")[:200])


def _told(subject: str, text: str) -> dict[str, object]:
    """Return the notice as JSON; robots of WeCom and DingTalk (msgtype), Feishu (msg_type) know it."""
    whole = f"{subject}\n{text}"
    return {
        "subject": subject,
        "message": text,
        "msgtype": "text",
        "text": {"content": whole},
        "msg_type": "text",
        "content": {"text": whole},
    }
