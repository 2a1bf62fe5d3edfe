"""Every address of the dashboard, one include an app."""

from django.urls import include, path

urlpatterns = [
    path("", include("classroom_admin.accounts.urls")),
    path("people/", include("classroom_admin.live.people.urls")),
    path("settings/", include("classroom_admin.live.settings.urls")),
    path("", include("classroom_admin.live.urls")),
]
