"""Sign in through SAML 2.0. The packages that this needs are imported only if a SAML provider is configured."""
