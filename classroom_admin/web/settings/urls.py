"""URLs of the settings pages."""

from django.urls import path

from classroom_admin.web.settings import views

app_name = "settings"
urlpatterns = [
    path("", views.overview, name="overview"),
    path("test/", views.test, name="test"),
    path("sync/", views.sync, name="sync"),
    path("audit/", views.audit, name="audit"),
]
