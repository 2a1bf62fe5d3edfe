"""URLs of the settings pages."""

from django.urls import path

from classroom_admin.web.settings import retention, sign_on, views

app_name = "settings"
urlpatterns = [
    path("", views.overview, name="overview"),
    path("test/", views.test, name="test"),
    path("capabilities/<name>/", views.test_capability, name="test_capability"),
    path("sync/", views.sync, name="sync"),
    path("sign-on/", sign_on.sign_on, name="sign_on"),
    path("sign-on/new/", sign_on.add_sign_on, name="add_sign_on"),
    path("sign-on/disconnect/", sign_on.disconnect_sign_on, name="disconnect_sign_on"),
    path("sign-on/<slug:key>/", sign_on.change_sign_on, name="change_sign_on"),
    path("sign-on/<slug:key>/test/", sign_on.test_sign_on, name="test_sign_on"),
    path("sign-on/<slug:key>/switch/", sign_on.switch_sign_on, name="switch_sign_on"),
    path("sign-on/<slug:key>/delete/", sign_on.delete_sign_on, name="delete_sign_on"),
    path("retention/", retention.page, name="retention"),
    path("audit/", views.audit, name="audit"),
    path("audit/file.csv", views.audit_file, {"format_": "csv"}, name="audit_file"),
    path("audit/file.json", views.audit_file, {"format_": "json"}, name="audit_json"),
]
