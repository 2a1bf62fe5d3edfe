"""URL patterns of the whole dashboard."""

from django.conf import settings
from django.urls import URLPattern, URLResolver, include, path, re_path
from django.urls.resolvers import RoutePattern

from classroom_admin.operations.probes import healthz, livez, metrics, readyz
from classroom_admin.web.api.agora_chat import agora_chat
from classroom_admin.web.api.channel_notifications import channel_notifications
from classroom_admin.web.api.notifications import notifications
from classroom_admin.web.api.v1 import documentation
from classroom_admin.web.api.v1.problems import nothing_here
from classroom_admin.web.sign_on.urls import saml_urlpatterns


class ImportedLater(URLResolver):
    """Addresses in a namespace, whose module is imported with the first request that needs it."""

    def _populate(self) -> None:
        """Do nothing. `URLResolver` would collect the names, but names in a namespace do not need it."""


pages: list[URLPattern | URLResolver] = [
    path("healthz", healthz, name="healthz"),
    path("livez", livez, name="livez"),
    path("readyz", readyz, name="readyz"),
    path("metrics", metrics, name="metrics"),
    path("api/notifications", notifications, name="notifications"),
    path("api/notifications/", notifications, name="notifications"),
    path("api/agora/notifications", channel_notifications, name="channel_notifications"),
    path("api/agora/notifications/", channel_notifications, name="channel_notifications"),
    path("api/agora/chat", agora_chat, name="agora_chat"),
    path("api/agora/chat/", agora_chat, name="agora_chat"),
    path("api/v1", nothing_here, name="api_nothing"),
    path("api/v1/openapi.json", documentation.openapi_json, name="api_document"),
    path("api/v1/docs", documentation.page, name="api_docs"),
    # The API needs 8 MB of memory.
    ImportedLater(
        RoutePattern("api/v1/"), "classroom_admin.web.api.v1.urls", app_name="api_v1", namespace="api_v1"
    ),
    re_path(r"^api/v1/.*$", nothing_here, name="api_nothing"),
    path("", include("classroom_admin.web.api.urls")),
    path("", include("classroom_admin.accounts.urls")),
    path("sign-in/", include("classroom_admin.web.sign_on.urls")),
    path("sign-in/", include(saml_urlpatterns)),
    path("first-run/", include("classroom_admin.web.first_run.urls")),
    path("people/", include("classroom_admin.web.people.urls")),
    path("settings/webhooks/", include("classroom_admin.web.webhooks.urls")),
    path("settings/", include("classroom_admin.web.settings.urls")),
    path("appearance/", include("classroom_admin.web.face.urls")),
    path("lists/", include("classroom_admin.web.class_lists.urls")),
    path("reports/", include("classroom_admin.web.reports.urls")),
    path("privacy/", include("classroom_admin.web.privacy.urls")),
    path("join/", include("classroom_admin.web.joining.urls")),
    path("lti/", include("classroom_admin.web.lti.urls")),
    path("", include("classroom_admin.web.notices.urls")),
    path("", include("classroom_admin.web.urls")),
]

handler500 = "classroom_admin.web.service_unavailable.server_error"

_folder = settings.PATH_PREFIX.removeprefix("/")
urlpatterns = [path(f"{_folder}/", include(pages))] if _folder else pages
