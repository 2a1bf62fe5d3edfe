"""Define the English texts of problems with chat services. `problem_texts` includes them."""

from typing import Final

from django.utils.translation import gettext_noop as _

TEXTS: Final[dict[str, str | tuple[str, ...]]] = {
    "chat_status": _("The chat service refuses the message (status {status})."),
    "chat_not_sent": _("The chat service did not take the message."),
    "chat_secret_unreadable": _(
        "The address can't be decrypted with the configured keys. Enter the address and the token again."
    ),
    "chat_address_wrong": _("The address does not fit the chat service. Enter it again."),
}
