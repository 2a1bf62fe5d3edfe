"""URLs of the settings pages."""

from django.urls import path

from classroom_admin.web.settings import retention, views

app_name = "settings"
urlpatterns = [
    path("", views.overview, name="overview"),
    path("test/", views.test, name="test"),
    path("capabilities/<name>/", views.test_capability, name="test_capability"),
    path("sync/", views.sync, name="sync"),
    path("retention/", retention.page, name="retention"),
    path("audit/", views.audit, name="audit"),
    path("audit/file.csv", views.audit_file, name="audit_file"),
]
