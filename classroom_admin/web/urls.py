"""URLs of the pages. They contain our own keys, never ids of the cloud."""

from django.urls import include, path, re_path

from classroom_admin.web import icons
from classroom_admin.web.class_list import views as classes

app_name = "live"
urlpatterns = [
    path("", classes.page, name="classes"),
    path("live/classes/", classes.changes, name="classes_changes"),
    re_path(r"^live/icons\.(?P<fingerprint>[0-9a-f]{8})\.svg$", icons.sprite_file, name="icons"),
    path("", include("classroom_admin.web.scheduling.urls")),
    path("", include("classroom_admin.web.calendar.urls")),
    path("", include("classroom_admin.web.classroom.urls")),
    path("", include("classroom_admin.web.class_history.urls")),
    path("", include("classroom_admin.web.files.urls")),
    path("", include("classroom_admin.web.class_list.urls")),
    path("", include("classroom_admin.web.bulk.urls")),
]
