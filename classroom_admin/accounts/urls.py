"""Sign-in, sign-out, change of password: those of allauth's pages that a school uses, under their names."""

from allauth.account import views
from django.urls import path

urlpatterns = [
    path("sign-in/", views.login, name="account_login"),
    path("sign-out/", views.logout, name="account_logout"),
    path("account/inactive/", views.account_inactive, name="account_inactive"),
    path("account/password/", views.password_change, name="account_change_password"),
]
