"""Settings of the sign-in: passwords, second factors, passkeys and sessions (docs/sign-in.md)."""

import os
from typing import Any

from django.core.exceptions import ImproperlyConfigured

from classroom_admin.environment import variables

_env = variables.read(os.environ)

# --- passwords ------------------------------------------------------------------
AUTHENTICATION_BACKENDS = ["allauth.account.auth_backends.AuthenticationBackend"]
AUTH_PASSWORD_VALIDATORS: list[dict[str, Any]] = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator"},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {"NAME": "django.contrib.auth.password_validation.NumericPasswordValidator"},
]
if _env.PASSWORD_DENY_FILE:
    try:
        _env.PASSWORD_DENY_FILE.read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise ImproperlyConfigured(
            f"PASSWORD_DENY_FILE {_env.PASSWORD_DENY_FILE} can't be read: {error}."
        ) from error
    AUTH_PASSWORD_VALIDATORS.append(
        {
            "NAME": "classroom_admin.accounts.passwords.DeniedPasswords",
            "OPTIONS": {"path": str(_env.PASSWORD_DENY_FILE)},
        }
    )
PASSWORD_LINK_DAYS = _env.PASSWORD_LINK_DAYS

# --- sign-in: only administrators create accounts ------------------------------------
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "live:classes"
ACCOUNT_ADAPTER = "classroom_admin.accounts.adapter.SchoolAccountAdapter"
ACCOUNT_FORMS = {"reset_password": "classroom_admin.accounts.forgotten.ForgottenPasswordForm"}
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_SIGNUP_FIELDS = ["email*", "password1*"]
ACCOUNT_USER_MODEL_USERNAME_FIELD = None
ACCOUNT_EMAIL_VERIFICATION = "none"
ACCOUNT_EMAIL_UNKNOWN_ACCOUNTS = False
ACCOUNT_LOGOUT_REDIRECT_URL = LOGIN_URL
ACCOUNT_SESSION_REMEMBER = True
# accounts.throttling limits attempts. allauth's own limit is a second one for codes, and counts by account.
ACCOUNT_RATE_LIMITS = {"login": None, "login_failed": "20/300s/key", "sign_on": "600/m/ip"}
ACCOUNT_REAUTHENTICATION_TIMEOUT = _env.REAUTHENTICATION_MINUTES * 60  # s

FIRST_RUN = True  # without an administrator, every page leads to the first-run page (accounts/first_run.py)

# --- second factors ------------------------------------------------------------------
SECOND_FACTOR: str = _env.SECOND_FACTOR
MFA_ADAPTER = "classroom_admin.accounts.mfa_adapter.SchoolMFAAdapter"
MFA_FORMS = {
    "authenticate": "classroom_admin.accounts.factor_forms.Code",
    "reauthenticate": "classroom_admin.accounts.factor_forms.ConfirmationCode",
    "add_webauthn": "classroom_admin.accounts.factor_forms.Add",
    "authenticate_webauthn": "classroom_admin.accounts.factor_forms.Authenticate",
    "login_webauthn": "classroom_admin.accounts.factor_forms.SignIn",
    "reauthenticate_webauthn": "classroom_admin.accounts.factor_forms.Confirm",
}
MFA_SUPPORTED_TYPES = ["totp", "webauthn", "recovery_codes"]
MFA_PASSKEY_LOGIN_ENABLED = True
MFA_RECOVERY_CODES_SHOW_ONCE = True
MFA_TOTP_TOLERANCE = 1  # the phone's clock may be 30 s wrong
MFA_ALLOW_UNVERIFIED_EMAIL = True  # administrators enter the addresses

# --- sessions -------------------------------------------------------------------------
SESSION_IDLE_S = _env.SESSION_IDLE_MINUTES * 60
SESSION_COOKIE_AGE = int(_env.SESSION_DAYS * 24 * 3600)
