"""Define the English texts of problems with requests to other systems. `problem_texts` includes them."""

from typing import Final

from django.utils.translation import gettext_noop as _

TEXTS: Final[dict[str, str | tuple[str, ...]]] = {
    "outbound_not_address": _(
        "Enter a full web address that starts with https://, without a name, a password or a “#”."
    ),
    "outbound_not_https": _(
        "The address must start with https://. With http://, only addresses in networks that "
        "OUTBOUND_PRIVATE_NETWORKS allows can be used."
    ),
    "outbound_private": _(
        "{host} is in a private network ({address}). To allow this, add the network to the environment "
        "variable OUTBOUND_PRIVATE_NETWORKS."
    ),
    "outbound_unknown_host": _("The name {host} is unknown to the name servers."),
    "outbound_unreachable": _("{host} can't be reached."),
    "outbound_tls": _("The secure connection to {host} failed: {error}."),
    "outbound_timeout": _("{host} did not answer within {seconds} seconds."),
    "outbound_bad_answer": _("{host} did not answer in HTTP."),
    "webhook_status": _("The receiver answered with status {status}."),
    "webhook_gone": _("The receiver answered that it does not exist any more (status 410)."),
    "webhook_secret_unreadable": _(
        "The secret of the webhook can't be decrypted with the configured keys. Create a new secret."
    ),
}
