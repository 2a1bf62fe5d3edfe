"""Addresses of the wall, beside the list itself."""

from django.urls import path

from classroom_admin.web.class_list import alert_views

urlpatterns = [
    path("keys/", alert_views.keys, name="keys"),
    path("classes/<key>/snooze/", alert_views.snooze, name="snooze"),
]
