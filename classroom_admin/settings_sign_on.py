"""Django settings of school sign-on."""

import os
from importlib.util import find_spec

from django.core.exceptions import ImproperlyConfigured

from classroom_admin.environment import sign_on, variables

_env = variables.read(os.environ)
OIDC_PROVIDERS = sign_on.read(sign_on.OidcProvider, _env.OIDC_PROVIDERS, os.environ)
"""The values of each OpenID Connect provider in the environment, by its name."""
SAML_PROVIDERS = sign_on.read(sign_on.SamlProvider, _env.SAML_PROVIDERS, os.environ)
SIGN_ON_ONLY = _env.SIGN_ON_ONLY
SIGN_ON_COUNTS_AS_SECOND_FACTOR = _env.SIGN_ON_COUNTS_AS_SECOND_FACTOR
SOCIALACCOUNT_ADAPTER = "classroom_admin.web.sign_on.adapter.SchoolSocialAdapter"
SOCIALACCOUNT_AUTO_SIGNUP = False
SOCIALACCOUNT_EMAIL_AUTHENTICATION = False
SOCIALACCOUNT_STORE_TOKENS = False
if SAML_PROVIDERS and find_spec("onelogin") is None:
    raise ImproperlyConfigured(
        "SAML_PROVIDERS needs the package python3-saml: pip install -r requirements-saml.txt"
    )
