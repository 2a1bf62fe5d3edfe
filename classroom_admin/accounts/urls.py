"""URLs for signing in and out, and for a person's own account. Allauth's pages keep allauth's URL names."""

from allauth.account import views
from allauth.mfa.base import views as code
from allauth.mfa.recovery_codes import views as recovery_codes
from allauth.mfa.totp import views as app
from allauth.mfa.webauthn import views as passkeys
from django.urls import path
from django.views.generic import RedirectView

from classroom_admin.accounts import first_steps, forgotten, own_sessions, own_settings, security
from classroom_admin.accounts.recently_signed_in import recently_signed_in

_to_overview = RedirectView.as_view(pattern_name="mfa_index")
urlpatterns = [
    path("sign-in/", views.login, name="account_login"),
    path("sign-in/code/", security.second_step, name="mfa_authenticate"),
    path("sign-in/passkey/", passkeys.login_webauthn, name="mfa_login_webauthn"),
    path("sign-in/forgotten/", forgotten.page, name="account_reset_password"),
    path("sign-in/forgotten/sent/", views.password_reset_done, name="account_reset_password_done"),
    path("sign-in/password/<secret>/", first_steps.set_password, name="account_set_password"),
    path("sign-out/", views.logout, name="account_logout"),
    path("account/inactive/", views.account_inactive, name="account_inactive"),
    path("account/first-steps/", first_steps.page, name="account_first_steps"),
    path("account/second-factor/", security.required, name="account_second_factor"),
    path("account/settings/", own_settings.own_settings, name="account_settings"),
    path("account/language/", own_settings.choose_language, name="account_language"),
    path("account/password/", security.change_password, name="account_change_password"),
    path("account/security/", security.overview, name="mfa_index"),
    path("account/security/app/", recently_signed_in(app.activate_totp), name="mfa_activate_totp"),
    path("account/security/app/remove/", app.deactivate_totp, name="mfa_deactivate_totp"),
    path("account/security/codes/", recovery_codes.view_recovery_codes, name="mfa_view_recovery_codes"),
    path("account/security/codes/new/", recovery_codes.generate_recovery_codes,
         name="mfa_generate_recovery_codes"),
    path("account/security/passkeys/", _to_overview, name="mfa_list_webauthn"),
    path("account/security/passkeys/add/", recently_signed_in(passkeys.add_webauthn),
         name="mfa_add_webauthn"),
    path("account/security/passkeys/<number:pk>/", passkeys.edit_webauthn, name="mfa_edit_webauthn"),
    path("account/security/passkeys/<number:pk>/remove/", passkeys.remove_webauthn,
         name="mfa_remove_webauthn"),
    path("account/sessions/", own_sessions.page, name="usersessions_list"),
    path("account/sessions/<number:pk>/end/", own_sessions.end, name="account_end_session"),
    path("account/sign-in-again/", security.sign_in_again, name="account_sign_in_again"),
    path("account/confirm/", views.reauthenticate, name="account_reauthenticate"),
    path("account/confirm/code/", code.reauthenticate, name="mfa_reauthenticate"),
    path("account/confirm/passkey/", passkeys.reauthenticate_webauthn, name="mfa_reauthenticate_webauthn"),
]  # fmt: skip
