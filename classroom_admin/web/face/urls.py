"""URLs of the school's face."""

from django.urls import path, re_path

from classroom_admin.web.face import files, views

app_name = "face"
urlpatterns = [
    path("", views.settings_page, name="settings"),
    path("preview/", views.preview, name="preview"),
    path("logo/", views.logo, name="logo"),
    path("dismiss/", views.dismiss, name="dismiss"),
    re_path(r"^(?P<version>\d{1,4})-(?P<colour>[0-9a-f]{6})\.css$", files.palette_file, name="palette"),
    re_path(
        r"^(?P<version>\d{1,4})-(?P<colour>[0-9a-f]{6})-preview\.css$",
        files.preview_file,
        name="preview_file",
    ),
    re_path(r"^logo-(?P<digest>[0-9a-f]{32})$", files.logo_file, name="logo_file"),
]
