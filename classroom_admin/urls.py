"""URL patterns of the whole dashboard."""

from django.urls import include, path

from classroom_admin.operations.probes import healthz
from classroom_admin.web.api.notifications import notifications

urlpatterns = [
    path("healthz", healthz, name="healthz"),
    path("api/notifications/", notifications, name="notifications"),
    path("", include("classroom_admin.accounts.urls")),
    path("people/", include("classroom_admin.web.people.urls")),
    path("settings/", include("classroom_admin.web.settings.urls")),
    path("lists/", include("classroom_admin.web.class_lists.urls")),
    path("", include("classroom_admin.web.urls")),
]
