"""Every address of the dashboard, one include an app."""

from django.urls import include, path

from classroom_admin.core.health_view import healthz
from classroom_admin.live.relay import notifications

urlpatterns = [
    path("healthz", healthz, name="healthz"),
    path("api/notifications/", notifications, name="notifications"),
    path("", include("classroom_admin.accounts.urls")),
    path("people/", include("classroom_admin.live.people.urls")),
    path("settings/", include("classroom_admin.live.settings.urls")),
    path("lists/", include("classroom_admin.live.lists.urls")),
    path("", include("classroom_admin.live.urls")),
]
