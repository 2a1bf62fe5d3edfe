"""Define the English text of each problem code, and format these texts in any language.

If a code has a tuple of texts, they are shown one after the other. The database contains codes and their
parameters. So never rename a code, and keep its text compatible with stored parameters.
"""

from collections.abc import Callable, Mapping
from functools import reduce
from typing import Any, Final

from django.utils.translation import gettext
from django.utils.translation import gettext_noop as _

from classroom_admin.common.chat_texts import TEXTS as CHAT
from classroom_admin.common.cloud_texts import ARGUMENTS, CONFIGURATION, CONNECTION, SENDING
from classroom_admin.common.command_texts import CAPABILITIES, COMMANDS
from classroom_admin.common.lti_texts import TEXTS as LTI
from classroom_admin.common.mail_problems import TEXTS as MAIL
from classroom_admin.common.outbound_texts import TEXTS as OUTBOUND
from classroom_admin.common.problems import Problem, from_json, from_text
from classroom_admin.common.refusal_texts import REFUSALS
from classroom_admin.common.sign_on_texts import TEXTS as SIGN_ON

SYNC: Final[dict[str, str | tuple[str, ...]]] = {
    "poll_unauthorized": _(
        "The cloud rejects the sign-in of this server. Check AGORA_APP_ID, AGORA_APP_CERTIFICATE and "
        "AGORA_AUTH, and the clock of this server."
    ),
    "poll_disk_full": _(
        "The server's disk is almost full, so the dashboard fetches no events until there is space. "
        "No event is lost meanwhile while its class exists in the cloud. Free some space."
    ),
    "poll_rate_limited": _(
        "Too many requests to the cloud. The server waits and then asks again automatically."
    ),
    "poll_unreadable": (
        _("The cloud's answer could not be read. It is kept unchanged in quarantine."),
        "({details})",
    ),
    "poll_no_such_address": _(
        "The cloud does not know this address. Check AGORA_REGION, AGORA_APP_ID and AGORA_BASE_URL."
    ),
    "poll_unreachable": _(
        "The cloud can't be reached. Check AGORA_BASE_URL, the server's network, and its firewall or proxy."
    ),
    "poll_cloud_failed": (
        _("The cloud has an internal problem. The server asks again automatically."),
        "({details})",
    ),
    "poll_refused": (_("The cloud refused the request:"), "{details}"),
    "details": "{text} ({facts})",
}
EXPORTS: Final = {
    "person_gave_up": _("The job did not finish in {attempts} attempts. Start it again."),
    "export_gave_up": _("The export did not finish in {attempts} attempts. Choose a shorter period."),
    "export_not_allowed": _("Your access has changed since you asked for this export. Start a new export."),
    "export_not_stored": _("The file could not be stored. Ask an administrator to check the storage."),
}
TEXTS: Final[Mapping[str, str | tuple[str, ...]]] = {
    **ARGUMENTS,
    **CONFIGURATION,
    **CONNECTION,
    **SENDING,
    **REFUSALS,
    **COMMANDS,
    **CAPABILITIES,
    **SYNC,
    **EXPORTS,
    **SIGN_ON,
    **OUTBOUND,
    **LTI,
    **MAIL,
    **CHAT,
}
_JOINED: Final = _("{what} {next_step}")


def in_words(problem: Problem) -> str:
    """Return the problem's text in the active language. If there is no text, return the code."""
    return _text(problem, gettext)


def capitalised(problem: Problem) -> str:
    """Return the problem's text in the active language with an upper-case first letter."""
    words = in_words(problem)
    return words[:1].upper() + words[1:]


def in_english(problem: Problem) -> str:
    """Return the problem's text in English, for logs and the command line."""
    return _text(problem, str)


def stored_in_words(stored: object) -> str:
    """Return the text of a stored problem in the active language, or "" if nothing is stored.

    Version 0.1.0 stored the English text, either alone or as `sentence`. Return this text unchanged.
    """
    problem = from_text(stored) if isinstance(stored, str) else from_json(stored)
    if problem is not None:
        return in_words(problem)
    return str((stored.get("sentence") if isinstance(stored, Mapping) else stored) or "")


def reason_in(detail: Mapping[str, Any]) -> str:
    """Return the reason for a failure in the active language. `detail` is that of an audit log step."""
    return stored_in_words(detail.get("reason", detail)) or str(detail.get("message") or "")


def _text(problem: Problem, translate: Callable[[str], str]) -> str:
    texts = TEXTS.get(problem.code, ())
    try:
        params = {name: _param(value, translate) for name, value in problem.params.items()}
        parts = [translate(text).format(**params) for text in ((texts,) if isinstance(texts, str) else texts)]
    except (KeyError, IndexError):  # another release may have stored other parameters
        parts = []
    return _join(parts, translate) or str(problem)


def _param(value: Any, translate: Callable[[str], str]) -> Any:
    if isinstance(value, list):
        return _join([str(_param(each, translate)) for each in value], translate)
    return _text(value, translate) if isinstance(value, Problem) else value


def _join(parts: list[str], translate: Callable[[str], str]) -> str:
    return reduce(
        lambda what, next_step: translate(_JOINED).format(what=what, next_step=next_step), parts or [""]
    )
