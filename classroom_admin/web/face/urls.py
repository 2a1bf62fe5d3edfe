"""URLs of the school's face."""

from django.urls import path

from classroom_admin.web.face import files, views

app_name = "face"
urlpatterns = [
    path("", views.settings_page, name="settings"),
    path("preview/", views.preview, name="preview"),
    path("logo/", views.logo, name="logo"),
    path("dismiss/", views.dismiss, name="dismiss"),
    path("logo/<digest>/", files.logo_file, name="logo_file"),
    path("colours/<version>/<colour>.css", files.palette_file, name="palette"),
    path("colours/<version>/<colour>/preview.css", files.preview_file, name="preview_file"),
]
