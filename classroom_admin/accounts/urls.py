"""URLs for signing in and out, and for a person's own account. Allauth's pages keep allauth's URL names."""

from allauth.account import views
from django.urls import path

from classroom_admin.accounts import first_steps, own_settings

urlpatterns = [
    path("sign-in/", views.login, name="account_login"),
    path("sign-out/", views.logout, name="account_logout"),
    path("account/inactive/", views.account_inactive, name="account_inactive"),
    path("account/first-steps/", first_steps.page, name="account_first_steps"),
    path("account/settings/", own_settings.own_settings, name="account_settings"),
    path("account/language/", own_settings.choose_language, name="account_language"),
    path("account/password/", views.password_change, name="account_change_password"),
]
