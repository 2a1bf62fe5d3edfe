"""Define the English texts of problems with school sign-on. `problem_texts` includes them.

REFUSED contains why a person did not get in, in words for this person. PROVIDER contains what is wrong with a
provider, in words for administrators.
"""

from typing import Final

from django.utils.translation import gettext_noop as _

REFUSED: Final = {
    "sign_on_group_refused": _(
        "Your school's rules don't let your group into this dashboard. If this is a mistake, ask an "
        "administrator to check your groups."
    ),
    "sign_on_no_rule": _(
        "There is no account for {email}, and none of your groups gives you one. Ask an administrator of "
        "your school for an account."
    ),
    "sign_on_no_rule_now": _(
        "You are no longer in a group that may use this dashboard. If this is a mistake, ask an "
        "administrator to check your groups."
    ),
    "sign_on_no_account": _(
        "There is no account for {email}. Ask an administrator of your school for an account with this "
        "address."
    ),
    "sign_on_no_email": _(
        "Your school's sign-on did not send an email address, which an account needs. Ask an administrator "
        "to add the address to your school account."
    ),
    "sign_on_email_not_verified": _(
        "Your school's sign-on did not confirm that {email} is your address. Ask an administrator to "
        "confirm it, or to list its domain as verified."
    ),
    "sign_on_connected_otherwise": _(
        "The account of {email} is connected with another person of your school's sign-on. Ask an "
        "administrator to disconnect it."
    ),
    "sign_on_state": _(
        "This sign-in was not started in this browser, has expired, or was already used. Start again."
    ),
    "sign_on_nonce": _("The answer of your school's sign-on belongs to another sign-in. Start again."),
    "sign_on_clock": _(
        "Your school's sign-on sent an answer that has expired or is not valid yet. The clocks of the two "
        "servers probably differ. Ask an administrator to check both clocks."
    ),
    "sign_on_token_invalid": _(
        "The answer of your school's sign-on could not be verified. Start again. If this happens again, "
        "tell an administrator."
    ),
    "sign_on_cancelled": _("You cancelled the sign-in, or your school's sign-on did not allow it."),
    "sign_on_provider_refused": _(
        "Your school's sign-on refused the sign-in ({error}). Tell an administrator."
    ),
    "sign_on_only": _("This school uses only school sign-on. Passwords and passkeys are not accepted."),
    "sign_on_link_over": _("This link has expired, was already used, or is incomplete."),
}
PROVIDER: Final[dict[str, str | tuple[str, ...]]] = {
    "sign_on_unreachable": _(
        "{address} can't be reached. Check the address, and this server's network, DNS and firewall."
    ),
    "sign_on_timeout": _("{address} did not answer within 5 seconds. Try again later."),
    "sign_on_tls": _(
        "The TLS certificate of {address} is not valid for this server. Check that it has not expired, and "
        "that this server trusts the authority that issued it."
    ),
    "sign_on_status": _(
        "{address} answered with the HTTP status {status}. Check that the issuer address is complete."
    ),
    "sign_on_not_json": _(
        "{address} did not answer with the expected JSON. Check that the issuer address is complete."
    ),
    "sign_on_redirect": _(
        "{address} redirects to another address. Enter the issuer address as the provider states it."
    ),
    "sign_on_too_large": _("The answer of {address} was too large or too slow."),
    "sign_on_not_https": _("{address} must begin with https://."),
    "sign_on_private_address": _(
        "The provider is on the internet, but names an address in a private network: {address}. It was not "
        "called."
    ),
    "sign_on_private_network": _(
        "{address} is in a private network. To allow this, add the network to the environment variable "
        "OUTBOUND_PRIVATE_NETWORKS."
    ),
    "sign_on_other_issuer": _(
        "The provider states another issuer: “{issuer}”. Enter exactly this issuer, if it is yours."
    ),
    "sign_on_no_endpoint": _("The provider's configuration contains no valid {name}."),
    "sign_on_client_refused": _(
        "The provider did not accept the client id and secret ({error}). Check both. The secret may have "
        "expired."
    ),
    "sign_on_code_refused": _(
        "The provider did not accept the sign-in code ({error}). Check that the callback address is "
        "registered there, then start again."
    ),
    "sign_on_saml_invalid": _("The SAML answer could not be verified: {reason}"),
}
TEXTS: Final[dict[str, str | tuple[str, ...]]] = {**REFUSED, **PROVIDER}
