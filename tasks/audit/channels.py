"""How a message leaves this machine: webhook, Slack, mail; and the heartbeat that somebody misses."""

from __future__ import annotations

import json
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from tasks.audit import message
from tasks.preflight.object_store import innermost

if TYPE_CHECKING:
    from collections.abc import Callable
    from smtplib import SMTP

    from tasks.notices import Notices

TIMEOUT_S: Final = 10.0
ATTEMPTS: Final = 3
PAUSE_S: Final = 2.0
"""Before the second attempt; before the third twice that."""
SMTP_PORT: Final = 25
_LOOPBACK = ("localhost", "127.", "::1")


class Undelivered(Exception):
    """A message did not go through; ``again`` where another attempt may help."""

    def __init__(self, said: str, *, again: bool) -> None:
        super().__init__(said)
        self.again = again


@dataclass(frozen=True, slots=True)
class Channel:
    """One way out: the variables it wants, whether they are there, and how it sends a message's content."""

    name: str
    wants: str
    configured: Callable[[Notices], bool]
    send: Callable[[Notices, str], None]


def send_webhook(notices: Notices, content: str) -> None:
    """POST the content as it is; any answer of 200 to 299 is a delivery."""
    _post(notices.webhook_url, content)


def send_slack(notices: Notices, content: str) -> None:
    """POST it in the form of Slack's incoming webhooks."""
    _post(notices.slack_url, message.slack(content))


def send_mail(notices: Notices, content: str) -> None:
    """Hand a plain text mail to the server; over TLS wherever one offers it, this machine's own left out."""
    import smtplib  # noqa: PLC0415  only who mails pays for it
    from email.message import EmailMessage  # noqa: PLC0415  as above

    mail = EmailMessage()
    mail["Subject"], mail["From"], mail["To"] = message.subject(content), notices.mail_from, ", ".join(notices.mail_to)
    mail.set_content(message.text(content))
    host, _, port = notices.smtp_server.partition(":")
    try:
        with smtplib.SMTP(host, int(port or SMTP_PORT), timeout=TIMEOUT_S) as server:
            _log_in(server, host, notices)
            refused = server.send_message(mail)
    except smtplib.SMTPRecipientsRefused as error:
        refused = error.recipients
    except smtplib.SMTPResponseException as error:
        raise _refusal(error.smtp_code, error.smtp_error) from error
    except (OSError, smtplib.SMTPException) as error:
        raise Undelivered(innermost(error), again=True) from error
    if refused:
        raise _refusal(*next(iter(refused.values())))


def _refusal(code: int, said: bytes | str) -> Undelivered:
    """What a mail server answered; a code below 500 is a refusal that passes."""
    text = said.decode(errors="replace") if isinstance(said, bytes) else said
    return Undelivered(f"{code} {text}", again=code < 500)  # noqa: PLR2004  SMTP's own


def _log_in(server: SMTP, host: str, notices: Notices) -> None:
    import ssl  # noqa: PLC0415  as in send_mail

    server.ehlo()
    if server.has_extn("starttls") and not host.startswith(_LOOPBACK):
        server.starttls(context=ssl.create_default_context())
        server.ehlo()
    if notices.smtp_user:
        if not isinstance(server.sock, ssl.SSLSocket):
            raise Undelivered("the server offers no TLS, and the password is not sent without", again=False)
        server.login(notices.smtp_user, notices.smtp_password)


def beat(notices: Notices) -> None:
    """Ask for the heartbeat's URL; raises ``Undelivered``."""
    _request("GET", notices.heartbeat_url, None)


def _post(url: str, body: str) -> None:
    _request("POST", url, body)


def _request(method: str, url: str, body: str | None) -> None:
    import requests  # noqa: PLC0415  keeps `--help` light

    headers = {"Content-Type": "application/json"} if body is not None else {}
    data = body.encode() if body is not None else None
    try:
        answer = requests.request(method, url, data=data, headers=headers, timeout=TIMEOUT_S, allow_redirects=False)
    except requests.RequestException as error:
        raise Undelivered(innermost(error), again=True) from error
    if not 200 <= answer.status_code < 300:  # noqa: PLR2004  HTTP's own
        again = answer.status_code >= 500 or answer.status_code == 429  # noqa: PLR2004  as above
        raise Undelivered(f"HTTP {answer.status_code}", again=again)


def patiently(attempt: Callable[[], None], sleep: Callable[[float], None] = time.sleep) -> str:
    """Try until it works, up to ``ATTEMPTS`` times; returns what was wrong the last time, empty where nothing was."""
    for number in range(1, ATTEMPTS + 1):
        try:
            attempt()
        except Undelivered as error:
            if not error.again or number == ATTEMPTS:
                return f"{error} (attempt {number})"
            sleep(PAUSE_S * number)
        else:
            return ""
    return ""


CHANNELS: Final = (
    Channel("webhook", "AUDIT_WEBHOOK_URL", lambda it: bool(it.webhook_url), send_webhook),
    Channel("slack", "AUDIT_SLACK_URL", lambda it: bool(it.slack_url), send_slack),
    Channel("mail", "AUDIT_MAIL_TO, AUDIT_MAIL_FROM, AUDIT_SMTP_SERVER", lambda it: bool(it.mail_to), send_mail),
)


def chosen(notices: Notices) -> tuple[Channel, ...]:
    """The channels that this site has set up."""
    return tuple(channel for channel in CHANNELS if channel.configured(notices))


def summary_of(content: str) -> str:
    """What a message says, in a few words."""
    return str(json.loads(content)["summary"])
