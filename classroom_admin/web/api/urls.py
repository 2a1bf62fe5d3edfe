"""URLs of the pages about API tokens."""

from django.urls import path

from classroom_admin.web.api import tokens

app_name = "tokens"
urlpatterns = [
    path("account/tokens/", tokens.page, name="own"),
    path("account/tokens/<number:pk>/revoke/", tokens.revoke, name="revoke"),
    path(
        "people/<number:pk>/tokens/<number:number>/revoke/", tokens.revoke_of_person, name="revoke_of_person"
    ),
]
