"""URLs of the class list's dialogs."""

from django.urls import path

from classroom_admin.web.class_list import alert_views

urlpatterns = [
    path("keys/", alert_views.keyboard_shortcuts, name="keys"),
    path("classes/<key>/snooze/", alert_views.acknowledge, name="snooze"),
]
