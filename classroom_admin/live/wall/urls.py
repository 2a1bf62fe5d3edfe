"""Addresses of the wall, beside the list itself."""

from django.urls import path

from classroom_admin.live.wall import views

urlpatterns = [
    path("keys/", views.keys, name="keys"),
    path("classes/<key>/snooze/", views.snooze, name="snooze"),
]
