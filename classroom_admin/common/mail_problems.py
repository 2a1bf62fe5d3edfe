"""Say why a mail was not sent: from an error of the mail server to a problem code, its text, and what to do.

`manage.py doctor`, `manage.py send_test_mail` and the page about messages use the same codes.
"""

from __future__ import annotations

import smtplib
import ssl
from typing import Final

from django.conf import settings
from django.utils.translation import gettext_noop as _

from classroom_admin.common.problems import Problem
from classroom_admin.common.redaction import text_without_secrets

TEXTS: Final = {
    "mail_password": _("The mail server {place} refuses the user name or the password ({code})."),
    "mail_no_tls": _("The mail server {place} offers no TLS or no sign-in."),
    "mail_tls": _("No TLS connection to the mail server {place} ({reason})."),
    "mail_no_answer": _("The mail server {place} does not answer ({reason})."),
    "mail_recipient": _("The mail server {place} refuses the recipient ({code}): {reply}"),
    "mail_sender": _("The mail server {place} refuses the sender {sender} ({code}): {reply}"),
    "mail_refused": _("The mail server {place} refuses the mail ({code}): {reply}"),
    "mail_interrupted": _(
        "The connection ended while the mail was sent, so its outcome is unknown. It is not sent again."
    ),
    "mail_not_written": _("The mail could not be written to the folder of EMAIL_URL ({reason})."),
}
FIXES: Final = {
    "mail_password": "Correct them in EMAIL_URL.",
    "mail_no_tls": "Use smtp+tls:// or smtp+ssl:// in EMAIL_URL as the server needs it.",
    "mail_tls": "Check its certificate. Use smtp+tls:// or smtp+ssl:// as the server needs it.",
    "mail_no_answer": "Check EMAIL_URL, the mail server and the network.",
    "mail_recipient": "Check the address, and whether the server may send mail to other domains.",
    "mail_sender": "Set MAIL_FROM to an address that this account may use.",
    "mail_refused": "Read the answer of the server. Its log says more.",
    "mail_interrupted": "Check whether the mail arrived, and the network to the mail server.",
    "mail_not_written": "Check that the folder exists, and that the dashboard may write there.",
}
"""What to do about each problem, in English, for the command line."""
_LONGEST_REPLY: Final = 200


def place() -> str:
    """Return the host and port of the mail server, as in `mail.example:587`."""
    return f"{settings.EMAIL_HOST}:{settings.EMAIL_PORT}"


def is_server() -> bool:
    """Return whether EMAIL_URL names a mail server, and not a folder, the console or nothing."""
    return str(settings.EMAIL_BACKEND).endswith(".smtp.EmailBackend")


def problem_of(error: smtplib.SMTPException | OSError) -> Problem:
    """Return the problem that an error of smtplib or of the connection means."""
    if not is_server():
        return Problem("mail_not_written", {"reason": type(error).__name__})
    if isinstance(error, smtplib.SMTPAuthenticationError):
        return Problem("mail_password", {"place": place(), "code": error.smtp_code})
    if isinstance(error, smtplib.SMTPNotSupportedError):
        return Problem("mail_no_tls", {"place": place()})
    if isinstance(error, ssl.SSLError):
        return Problem("mail_tls", {"place": place(), "reason": error.reason or type(error).__name__})
    if isinstance(error, smtplib.SMTPRecipientsRefused):
        code, reply = next(iter(error.recipients.values()))
        return Problem("mail_recipient", {"place": place(), "code": code, "reply": _shown(reply)})
    if isinstance(error, smtplib.SMTPSenderRefused):
        code, shown = error.smtp_code, _shown(error.smtp_error)
        params = {"place": place(), "sender": error.sender, "code": code, "reply": shown}
        return Problem("mail_sender", params)
    if isinstance(error, smtplib.SMTPDataError):
        code, shown = error.smtp_code, _shown(error.smtp_error)
        return Problem("mail_refused", {"place": place(), "code": code, "reply": shown})
    return Problem("mail_no_answer", {"place": place(), "reason": type(error).__name__})


def is_refusal(error: smtplib.SMTPException | OSError) -> bool:
    """Return whether the mail can't have been sent, because the server or the file system said so."""
    refusals = (smtplib.SMTPRecipientsRefused, smtplib.SMTPSenderRefused, smtplib.SMTPDataError)
    return isinstance(error, refusals) or not is_server()


def is_permanent(problem: Problem) -> bool:
    """Return whether the server refused the recipient or the mail for ever (a code of 500 or more)."""
    code = problem.params.get("code")
    return problem.code in ("mail_recipient", "mail_refused") and isinstance(code, int) and code >= 500


def _shown(reply: bytes | str) -> str:
    """Return the server's reply as one line, without secrets."""
    text = reply.decode(errors="replace") if isinstance(reply, bytes) else reply
    return text_without_secrets(" ".join(text.split()))[:_LONGEST_REPLY]
