"""Define the environment variables that announce the providers of school sign-on, and rule it."""

from __future__ import annotations

from classroom_admin.environment.fields import Names, Section, variable


class SignOn(Section):
    title = "School sign-on"
    intro = "See [school sign-on](sign-on.md). Administrators can also add providers in *Settings*."

    OIDC_PROVIDERS: Names = variable(
        "The names of OpenID Connect providers, separated by commas, such as `entra`; "
        "each has variables of its own",
        (),
    )
    SAML_PROVIDERS: Names = variable(
        "The names of SAML providers, separated by commas; each has variables of its own", ()
    )
    SIGN_ON_ONLY: bool = variable(
        "`true`: people sign in only through school sign-on; passwords and passkeys are refused", False
    )
    SIGN_ON_COUNTS_AS_SECOND_FACTOR: bool = variable(
        "`true`: people who come through school sign-on need no second factor here, "
        "because the provider asks for one",
        False,
    )
